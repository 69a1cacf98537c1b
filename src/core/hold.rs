//! Decides which red checks wait for a person instead of being fixed unasked.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::fact::Fact;
use crate::core::live::Cause;
use crate::core::supervisor::Supervisor;
use crate::model::check::{CheckKey, Fingerprint};
use crate::model::hold::HoldReason;
use crate::model::id::{ChangeId, TaskId};
use crate::model::task::{FailReason, Task, TaskState};

/// One change that makes more tasks than this is not fixed unasked: a broken build, a switched branch.
const EXPECTED_TASKS: usize = 5;

impl Supervisor {
    /// Says why a red check is not fixed unasked, if so.
    pub(crate) fn hold_reason(&self, key: &CheckKey, failures: &[Fingerprint], cause: &Cause) -> Option<HoldReason> {
        if !self.settings.fix.enabled {
            return Some(HoldReason::FixingOff);
        }
        if let Some(operation) = self.live.repository.operation {
            return Some(HoldReason::Operation(operation));
        }
        if !failures.is_empty() && failures.iter().all(|failure| self.is_unwanted(key, failure)) {
            return failures.iter().find_map(|failure| self.unwanted(key, failure));
        }
        if let Some(task) = cause.by.filter(|task| cause.files.is_empty() && self.was_undone(*task)) {
            // What a person took back on purpose is red again; nobody asked to have it mended.
            return Some(HoldReason::Undone(task));
        }
        if cause.head_moved {
            return Some(HoldReason::HeadMoved);
        }
        (cause.start && !self.live.until_idle).then_some(HoldReason::RedBefore)
    }

    /// Whether a person did not want the fix of a failure.
    pub(crate) fn is_unwanted(&self, key: &CheckKey, failure: &Fingerprint) -> bool {
        self.unwanted(key, failure).is_some()
    }

    fn unwanted(&self, key: &CheckKey, failure: &Fingerprint) -> Option<HoldReason> {
        let is_it =
            |(known, ids, ..): &&(CheckKey, Vec<String>, TaskId, bool)| known == key && ids.contains(&failure.id);
        let (_, _, task, undone) = self.book.unwanted.iter().rev().find(is_it)?;
        Some(if *undone { HoldReason::Undone(*task) } else { HoldReason::Refused(*task) })
    }

    fn was_undone(&self, task: TaskId) -> bool {
        self.book.task(task).is_some_and(|task| task.state == TaskState::Failed(FailReason::Undone))
    }

    /// Whether a held task is about what was there before, so that news of the same check may start.
    pub(crate) fn may_be_released(task: &Task) -> bool {
        match &task.state {
            TaskState::Held(
                HoldReason::RedBefore
                | HoldReason::HeadMoved
                | HoldReason::Operation(_)
                | HoldReason::Undone(_)
                | HoldReason::Refused(_)
                | HoldReason::FixingOff,
            ) => true,
            TaskState::Held(HoldReason::TooMany(_) | HoldReason::Snoozed { .. } | HoldReason::ByYou)
            | TaskState::Queued
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => false,
        }
    }

    /// Holds what one change has made if it is more than a person would expect.
    pub(crate) fn hold_a_flood(&mut self, change: ChangeId) {
        let from = self.made_by(change);
        if self.live.until_idle || from.len() <= EXPECTED_TASKS {
            return;
        }
        let reason = HoldReason::TooMany(u32::try_from(from.len()).unwrap_or(u32::MAX));
        self.hold_queued(&from, &reason);
    }

    /// Holds what the last change has made, because HEAD moved right after it.
    pub(crate) fn hold_moved(&mut self, change: ChangeId) {
        let from = self.made_by(change);
        self.hold_queued(&from, &HoldReason::HeadMoved);
    }

    fn made_by(&self, change: ChangeId) -> Vec<Arc<Task>> {
        let tasks = self.book.index.of_change(change).filter_map(|id| self.book.task(id));
        tasks.filter(|task| !task.forced).cloned().collect()
    }

    fn hold_queued(&mut self, tasks: &[Arc<Task>], reason: &HoldReason) {
        for task in tasks.iter().filter(|task| task.state == TaskState::Queued) {
            self.record(Fact::Held { task: task.id, reason: reason.clone() });
        }
    }

    /// Whether the last task of this check failed on these very failures, so that nothing begins anew.
    pub(crate) fn was_given_up(&self, key: &CheckKey, failures: &[Fingerprint]) -> bool {
        let last = self.book.over().filter(|task| task.key == *key).max_by_key(|task| task.id);
        let known: BTreeSet<&str> =
            last.iter().flat_map(|task| &task.failures).map(|failure| failure.id.as_str()).collect();
        last.is_some_and(|task| matches!(task.state, TaskState::Failed(_)))
            && failures.iter().all(|failure| known.contains(failure.id.as_str()))
    }
}
