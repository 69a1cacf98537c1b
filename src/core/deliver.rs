//! Judges whether an assignment is done: what it was to bring is there, changed by this task, before any check is asked.

use std::path::PathBuf;

use crate::core::effect::Place;
use crate::core::input::Collected;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Deliverable};
use crate::model::attempt::AttemptEnd;
use crate::model::id::TaskId;
use crate::model::task::Task;
use crate::model::workspace::{FileChange, Suspicion};

impl Supervisor {
    /// Takes in what an agent left that worked on an assignment.
    pub(crate) fn delivered(&mut self, id: TaskId, assignment: &Assignment, mut collected: Collected, unchanged: bool) {
        let missing = missing(&assignment.deliverables, &collected.changes);
        if !missing.is_empty() {
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                attempt.result = Some(collected);
            }
            return self.finish(id, AttemptEnd::Undelivered { missing }, None);
        }
        // Who is to bring something could edit when the work began; what is configured since takes nothing from it.
        let is_maker = !assignment.deliverables.is_empty();
        let edits = is_maker || self.settings.roles.get(&assignment.role).is_none_or(|role| role.edits);
        if let Some(line) = self.stopped_at(id) {
            let why = format!("stopped at {} before it said that it was done", line.key());
            if unchanged || !edits {
                return self.finish(id, AttemptEnd::AgentFailed { why }, None);
            }
            // What it changed may be all of it, or half. No check knows; a person does.
            collected.suspicions.push(Suspicion { file: None, what: why });
        }
        if let Some(why) = self.is_no_plan(id) {
            return self.finish(id, AttemptEnd::AgentFailed { why }, None);
        }
        if !edits && !unchanged {
            self.log(id, "note", format!("the role {} only reads: what it changed is not taken", assignment.role));
        }
        if edits && !unchanged {
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                attempt.result = Some(collected);
            }
            return self.verify(id);
        }
        self.required(id, unchanged);
    }

    /// Asks the check that a task must have green where nothing is taken: a promise holds also for who does nothing.
    fn required(&mut self, id: TaskId, unchanged: bool) {
        let own = self.task(id).and_then(|task| self.own_check(&task));
        let Some(attempt) = self.live.attempts.get_mut(&id).filter(|_| own.is_some()) else {
            return self.nothing_to_land(id);
        };
        let base = attempt.base.as_ref().map(|base| base.tree.clone());
        let nothing = |tree| Collected { tree, changes: Vec::new(), suspicions: Vec::new(), patch: String::new() };
        attempt.result = base.map(nothing);
        match attempt.place {
            // It is to be green without what is not taken.
            Place::Workspace(_) if !unchanged => self.restore_base(id),
            Place::Workspace(_) | Place::Tree => self.verify(id),
        }
    }

    /// Whether a running attempt brings nothing into the tree, as far as is known.
    pub(crate) fn brings_nothing(&self, id: TaskId) -> bool {
        let attempt = self.live.attempts.get(&id);
        let trees = attempt.and_then(|attempt| Some((attempt.base.as_ref()?, attempt.result.as_ref()?)));
        trees.is_some_and(|(base, result)| base.tree == result.tree)
    }

    /// Ends an attempt that came through and changed nothing.
    pub(crate) fn nothing_to_land(&mut self, id: TaskId) {
        let then = self.book.task(id).and_then(|task| Some(self.finished(id, task.assignment()?)));
        self.finish(id, AttemptEnd::Verified, then);
        self.file_components(id);
    }

    /// Returns the folder of a task's day, if it is of a task file.
    pub(crate) fn day_of(&self, task: &Task) -> Option<PathBuf> {
        self.book.batches.get(&task.assignment()?.batch?)?.folder().cloned()
    }
}

/// Returns what is missing, as written: a path that was not made or changed, or no file of it if it is a folder.
fn missing(wanted: &[Deliverable], changes: &[FileChange]) -> Vec<String> {
    let is_missing = |deliverable: &&Deliverable| !deliverable.is_among(changes);
    wanted.iter().filter(is_missing).map(|deliverable| deliverable.said.clone()).collect()
}
