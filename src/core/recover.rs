//! Picks up what a supervisor left that died or was ended.

use std::time::Duration;

use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::finish::uncharged;
use crate::core::live::JobOwner;
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, AttemptRecord, Stage};
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
        let agent = self.settings.roles.get("fixer").map(|role| role.agent.as_str()).unwrap_or_default();
        let is_unpriced = self.is_price_unknown(task, agent, task.running, &end);
        let record = AttemptRecord {
            number: task.result.as_ref().map_or(task.charged + 1, |result| result.receipt.attempts),
            end,
            summary: String::new(),
            diff: String::new(),
            spent: task.running,
            took: Duration::ZERO,
            landing: task.result.is_some(),
        };
        self.record(Fact::AttemptEnded { task: task.id, record: Box::new(record), then });
        if is_unpriced {
            self.hold_unpriced(task.id);
        }
    }
}
