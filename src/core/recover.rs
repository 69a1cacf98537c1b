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
use crate::model::hold::HoldReason;
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

    /// Writes the record of an attempt of which nobody can tell more.
    pub(crate) fn ended_before(&mut self, task: &Task, end: AttemptEnd, then: TaskState) {
        let record = AttemptRecord {
            number: task.result.as_ref().map_or(task.charged + 1, |result| result.receipt.attempts),
            end,
            summary: String::new(),
            diff: String::new(),
            spent: task.running,
            took: Duration::ZERO,
        };
        self.record(Fact::AttemptEnded { task: task.id, record: Box::new(record), then });
    }

    /// Ends tasks whose check is no longer in the settings, and forgets what it said last.
    pub(crate) fn forget_vanished(&mut self) {
        let gone = |key: &&CheckKey| !self.is_meaningful(key);
        for key in self.book.checks.keys().filter(gone).cloned().collect::<Vec<_>>() {
            self.record(Fact::Forgotten { key });
        }
        let tasks: Vec<Arc<Task>> = self.book.open().filter(|task| !self.is_meaningful(&task.key)).cloned().collect();
        for task in tasks {
            self.close(task.id, TaskState::Done(DoneReason::CheckGone));
        }
    }

    /// Whether the settings have such a check, for a file or for the project.
    fn is_meaningful(&self, key: &CheckKey) -> bool {
        let any_file = self.settings.fix.on == FixOn::Change;
        self.check(&key.check).is_some_and(|check| any_file || check.is_per_file() == key.file.is_some())
    }

    /// Releases what an earlier start held for a reason that does not hold for this one.
    pub(crate) fn release_held(&mut self) {
        if !self.settings.fix.enabled {
            let waits = |task: &&Arc<Task>| matches!(task.state, TaskState::Queued | TaskState::Cooling { .. });
            for task in self.book.open().filter(waits).map(|task| task.id).collect::<Vec<_>>() {
                self.record(Fact::Held { task, reason: HoldReason::FixingOff });
            }
        }
        let held: Vec<Arc<Task>> =
            self.book.open().filter(|task| matches!(task.state, TaskState::Held(_))).cloned().collect();
        for task in held {
            let TaskState::Held(reason) = &task.state else { continue };
            let enabled = self.settings.fix.enabled;
            let released = match reason {
                HoldReason::FixingOff if enabled && !self.live.until_idle => {
                    self.record(Fact::Held { task: task.id, reason: HoldReason::RedBefore });
                    continue;
                }
                HoldReason::RedBefore
                | HoldReason::HeadMoved
                | HoldReason::Operation(_)
                | HoldReason::TooMany(_)
                | HoldReason::FixingOff => self.live.until_idle && enabled,
                HoldReason::Undone(_) | HoldReason::Refused(_) | HoldReason::Snoozed { .. } | HoldReason::ByYou => {
                    false
                }
            };
            if released {
                self.record(Fact::Released { task: task.id, forced: false });
            }
        }
    }
}
