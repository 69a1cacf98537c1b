//! Judges whether an assignment is done: what it was to bring is there, changed by this task, before any check is asked.

use crate::core::input::Collected;
use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Deliverable};
use crate::model::attempt::AttemptEnd;
use crate::model::cost::Spent;
use crate::model::id::TaskId;
use crate::model::task::{DoneReason, Task, TaskState};
use crate::model::workspace::FileChange;

impl Supervisor {
    /// Takes in what an agent left that worked on an assignment.
    pub(crate) fn delivered(&mut self, id: TaskId, assignment: &Assignment, collected: Collected, unchanged: bool) {
        let missing = missing(&assignment.deliverables, &collected.changes);
        if !missing.is_empty() {
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                attempt.result = Some(collected);
            }
            return self.finish(id, AttemptEnd::Undelivered { missing }, None);
        }
        let edits = self.settings.roles.get(&assignment.role).is_none_or(|role| role.edits);
        if !edits && !unchanged {
            self.log(id, "note", format!("the role {} only reads: what it changed is not taken", assignment.role));
        }
        if unchanged || !edits {
            return self.finish(id, AttemptEnd::Verified, Some(TaskState::Done(DoneReason::Finished)));
        }
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.result = Some(collected);
        }
        self.verify(id);
    }

    /// Says what stands against a task because what it was filed together with has used up what it may cost.
    pub(crate) fn batch_line(&self, task: &Task) -> Option<Waiting> {
        let batch = self.book.batches.get(&task.assignment()?.batch?)?;
        let limit = batch.budget?;
        let spent = batch.tasks.iter().filter_map(|id| self.book.task(*id)).map(|task| task.total());
        let used = spent.fold(Spent::default(), |sum, spent| sum + spent).usd;
        (used >= limit).then(|| Waiting::Batch(format!("parked: {used} of {limit} for all of its file are used up")))
    }
}

/// Returns what is missing, as written: a path that was not made or changed, or no file of it if it is a folder.
fn missing(wanted: &[Deliverable], changes: &[FileChange]) -> Vec<String> {
    let is_missing = |deliverable: &&Deliverable| !deliverable.is_among(changes);
    wanted.iter().filter(is_missing).map(|deliverable| deliverable.said.clone()).collect()
}
