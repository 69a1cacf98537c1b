//! Decides which red checks wait for a person instead of being fixed unasked.

use std::collections::BTreeSet;

use crate::core::fact::Fact;
use crate::core::live::Cause;
use crate::core::supervisor::Supervisor;
use crate::model::check::{CheckKey, Fingerprint};
use crate::model::id::{ChangeId, TaskId};
use crate::model::task::{HoldReason, Origin, TaskState};

/// One change that makes more tasks than this is not fixed unasked: a broken build, a switched branch.
const EXPECTED_TASKS: usize = 5;

impl Supervisor {
    pub(crate) fn hold_reason(&self, key: &CheckKey, failures: &[Fingerprint], cause: &Cause) -> Option<HoldReason> {
        if !self.settings.fix.enabled {
            return Some(HoldReason::FixingOff);
        }
        if let Some(operation) = self.live.repository.operation {
            return Some(HoldReason::Operation(operation));
        }
        let ids: BTreeSet<&str> = failures.iter().map(|failure| failure.id.as_str()).collect();
        let unwanted = self.book.unwanted.iter().rev().find(|(known, old, _, _)| {
            known == key && !ids.is_empty() && ids.iter().all(|id| old.iter().any(|old| old == id))
        });
        if let Some((_, _, task, undone)) = unwanted {
            return Some(if *undone { HoldReason::Undone(*task) } else { HoldReason::Refused(*task) });
        }
        if cause.head_moved {
            return Some(HoldReason::HeadMoved);
        }
        (cause.start && !self.live.until_idle).then_some(HoldReason::RedBefore)
    }

    pub(crate) fn hold_a_flood(&mut self, change: ChangeId) {
        if self.live.until_idle {
            return;
        }
        let from: Vec<TaskId> = self
            .book
            .open()
            .filter(|task| task.origin == Origin::Change(change) && !task.forced)
            .map(|task| task.id)
            .collect();
        if from.len() <= EXPECTED_TASKS {
            return;
        }
        let count = u32::try_from(from.len()).unwrap_or(u32::MAX);
        for task in from {
            let waits = self.task(task).is_some_and(|task| task.state == TaskState::Queued);
            if waits {
                self.record(Fact::Held { task, reason: HoldReason::TooMany(count) });
            }
        }
    }

    /// Whether the last task of this check failed on these very failures, so that a restart does not begin anew.
    pub(crate) fn was_given_up(&self, key: &CheckKey, failures: &[Fingerprint]) -> bool {
        let last = self.book.tasks.values().rev().find(|task| task.key == *key);
        last.is_some_and(|task| {
            matches!(task.state, TaskState::Failed(_))
                && failures.iter().all(|failure| task.failures.iter().any(|old| old.same(failure)))
        })
    }
}
