//! Picks up what a supervisor left that died or was ended, and what the settings have made meaningless since.

use std::sync::Arc;
use std::time::Duration;

use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::finish::uncharged;
use crate::core::live::JobOwner;
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use crate::model::check::CheckKey;
use crate::model::cost::Spent;
use crate::model::settings::FixOn;
use crate::model::task::{DoneReason, Task, TaskState};

impl Supervisor {
    /// Queues what the last supervisor was working on, and takes back landings that it may have begun.
    pub(crate) fn recover(&mut self) {
        for task in self.book.tasks.values().cloned().collect::<Vec<_>>() {
            // While it is being taken back, its stage is that of landing again.
            let stands = task.stage != Some(Stage::Land) || task.state != TaskState::Running;
            let written = task.receipt.as_ref().map(|receipt| receipt.landing).filter(|_| stands);
            let begun = task.landing.filter(|landing| written != Some(*landing));
            if task.state == TaskState::Running {
                match task.landing {
                    // It is in the tree, and was only not confirmed; the checks run now anyway.
                    Some(landing) if begun.is_none() => {
                        self.ended_before(&task, AttemptEnd::Verified, TaskState::Done(DoneReason::Landed(landing)));
                    }
                    Some(_) | None => self.ended_before(&task, AttemptEnd::Interrupted, uncharged(&task)),
                }
            }
            if let Some(landing) = begun {
                let work = Work::Undo { landing, only_untouched: false };
                self.give(JobOwner::Recover(task.id, landing), work, None);
            }
        }
    }

    /// Writes down what attempts used that were only ending when the last supervisor died: their tasks stood elsewhere
    /// already.
    pub(crate) fn recover_money(&mut self) {
        for (id, spent) in self.book.ledger.counting().collect::<Vec<_>>() {
            match self.task(id) {
                Some(task) => self.ended_before(&task, AttemptEnd::Interrupted, task.state.clone()),
                None => self.bury(id, 0, AttemptEnd::Interrupted, spent),
            }
        }
    }

    /// Writes the record of an attempt of which nobody can tell more.
    pub(crate) fn ended_before(&mut self, task: &Task, end: AttemptEnd, then: TaskState) {
        // The agent may have been in the middle of a call, which nobody can tell the price of.
        let is_cut = end == AttemptEnd::Interrupted && task.stage == Some(Stage::Agent);
        let cut = is_cut && task.running != Spent::default();
        let spent = Spent { unpriced: task.running.unpriced || cut, ..task.running };
        let record = AttemptRecord {
            number: task.result.as_ref().map_or(task.charged + 1, |result| result.receipt.attempts),
            end,
            summary: String::new(),
            diff: String::new(),
            spent,
            took: Duration::ZERO,
        };
        self.record(Fact::AttemptEnded { task: task.id, record: Box::new(record), then });
    }

    /// Ends tasks whose check is no longer in the settings, and forgets what it said last.
    pub(crate) fn forget_vanished(&mut self) {
        let gone = |key: &&CheckKey| !self.is_meaningful(key);
        let statuses: Vec<CheckKey> = self.book.checks.keys().filter(gone).cloned().collect();
        let snoozes: Vec<CheckKey> = self.book.snoozed.keys().filter(gone).cloned().collect();
        for key in statuses {
            self.record(Fact::Forgotten { key });
        }
        for key in snoozes {
            self.record(Fact::Unsnoozed { key });
        }
        let tasks: Vec<Arc<Task>> = self.book.open().filter(|task| !self.is_meaningful(&task.key)).cloned().collect();
        for task in tasks {
            self.close(task.id, TaskState::Done(DoneReason::CheckGone));
        }
    }

    /// Whether the settings have such a check, for such a file or for the project.
    pub(crate) fn is_meaningful(&self, key: &CheckKey) -> bool {
        let any_file = self.settings.fix.on == FixOn::Change;
        self.check(&key.check).is_some_and(|check| match &key.file {
            Some(file) if check.is_per_file() => self.is_source(check, file),
            Some(file) => any_file && self.matcher.concerned(file).any(|(name, _)| *name == check.name),
            None => any_file || !check.is_per_file(),
        })
    }
}
