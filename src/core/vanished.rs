//! What becomes of tasks whose check the settings no longer have: they end, but not with a result that nobody has
//! decided about.

use std::sync::Arc;

use crate::core::fact::Fact;
use crate::core::supervisor::Supervisor;
use crate::model::attempt::AttemptEnd;
use crate::model::check::CheckKey;
use crate::model::id::TaskId;
use crate::model::settings::FixOn;
use crate::model::task::{DoneReason, PendingResult, ReadyReason, ReviewReason, Task, TaskState};
use crate::model::workspace::Suspicion;

impl Supervisor {
    /// Ends tasks whose check is no longer in the settings, and forgets what it said last. What waits for a person goes
    /// on waiting, and says what has become of its check.
    pub(crate) fn forget_vanished(&mut self) {
        let gone = |key: &&CheckKey| !self.is_meaningful(key);
        let statuses: Vec<CheckKey> = self.book.checks.keys().filter(gone).cloned().collect();
        let snoozes: Vec<CheckKey> = self.book.snoozed.keys().filter(gone).cloned().collect();
        for key in statuses.iter().cloned() {
            self.record(Fact::Forgotten { key });
        }
        for key in snoozes {
            self.record(Fact::Unsnoozed { key });
        }
        for task in self.book.open().cloned().collect::<Vec<_>>() {
            let Some(key) = task.check() else { continue };
            if self.is_meaningful(key) {
                self.no_longer_unconfirmed(&task);
                continue;
            }
            if statuses.contains(key) && matches!(task.state, TaskState::Review(_)) {
                self.log(task.id, "check", format!("{key} is no longer in the configuration"));
            }
            self.check_went(&task);
        }
    }

    /// Ends tasks whose check went while they could not be ended: they were landing.
    pub(crate) fn end_what_has_gone(&mut self) {
        let gone = |id: &TaskId| {
            let task = self.book.task(*id);
            task.is_some_and(|task| task.state == TaskState::Running && !self.has_goal(task))
        };
        for id in self.live.attempts.keys().copied().filter(gone).collect::<Vec<_>>() {
            if let Some(task) = self.task(id) {
                self.check_went(&task);
            }
        }
    }

    /// The check of an open task is gone.
    fn check_went(&mut self, task: &Arc<Task>) {
        match &task.state {
            TaskState::Ready(_) | TaskState::Review(ReviewReason::RedTogether(_) | ReviewReason::Unstable) => {
                self.doubt_unconfirmed(task);
            }
            // A person has let it land.
            TaskState::Running if task.result.is_some() => {}
            TaskState::Running if self.keep_verified(task) => {}
            TaskState::Running
            | TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Cooling { .. } => {
                self.close(task.id, TaskState::Done(DoneReason::CheckGone));
            }
            // What is in the tree, or cannot land, is in a person's hands anyway.
            TaskState::Review(
                ReviewReason::Conflict(_)
                | ReviewReason::Baseless(..)
                | ReviewReason::RedAfterLanding(_)
                | ReviewReason::Refused(_),
            )
            | TaskState::Done(_)
            | TaskState::Failed(_) => {}
        }
    }

    /// Lets a verified result that was about to land by itself wait for a person instead. Returns false if there is
    /// none.
    fn keep_verified(&mut self, task: &Task) -> bool {
        let id = task.id;
        let is_verified = self.live.attempts.get(&id).is_some_and(|attempt| attempt.accepted.is_some());
        if !is_verified || !self.may_withdraw(id) {
            return is_verified;
        }
        let Some(mut result) = self.pending(id, String::new()) else { return false };
        let Some(key) = task.check() else { return false };
        let doubts = vec![unconfirmed(key)];
        result.receipt.accepted.clone_from(&doubts);
        self.record(Fact::Ready { task: id, reason: ReadyReason::Suspicious(doubts), result: Box::new(result) });
        self.end_attempt(id, AttemptEnd::Verified);
        true
    }

    /// Says of a result that waits for a yes that nothing will confirm it.
    fn doubt_unconfirmed(&mut self, task: &Task) {
        let Some(result) = &task.result else { return };
        let mut doubts = match &task.state {
            TaskState::Ready(ReadyReason::Suspicious(doubts)) => doubts.clone(),
            TaskState::Review(ReviewReason::RedTogether(key)) => {
                vec![Suspicion { file: None, what: format!("{key} is red together with what you typed meanwhile") }]
            }
            TaskState::Ready(ReadyReason::Asked | ReadyReason::First | ReadyReason::InTurn(_))
            | TaskState::Review(
                ReviewReason::Unstable
                | ReviewReason::Conflict(_)
                | ReviewReason::Baseless(..)
                | ReviewReason::RedAfterLanding(_)
                | ReviewReason::Refused(_),
            )
            | TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Done(_)
            | TaskState::Failed(_) => Vec::new(),
        };
        let Some(key) = task.check() else { return };
        let doubt = unconfirmed(key);
        if !doubts.contains(&doubt) {
            doubts.push(doubt);
            self.wait_with(task.id, result.clone(), doubts);
        }
    }

    /// The check of a result that waits for a yes is back, if it was gone.
    fn no_longer_unconfirmed(&mut self, task: &Task) {
        let (TaskState::Ready(ReadyReason::Suspicious(doubts)), Some(result)) = (&task.state, &task.result) else {
            return;
        };
        let Some(key) = task.check() else { return };
        let doubt = unconfirmed(key);
        if doubts.contains(&doubt) {
            let rest = doubts.iter().filter(|known| **known != doubt).cloned().collect();
            self.wait_with(task.id, result.clone(), rest);
        }
    }

    fn wait_with(&mut self, task: TaskId, mut result: PendingResult, doubts: Vec<Suspicion>) {
        result.receipt.accepted.clone_from(&doubts);
        let reason = if doubts.is_empty() { ReadyReason::Asked } else { ReadyReason::Suspicious(doubts) };
        self.record(Fact::Ready { task, reason, result: Box::new(result) });
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

/// What a person should know before they let a result land whose check is gone.
pub(crate) fn unconfirmed(key: &CheckKey) -> Suspicion {
    Suspicion { file: None, what: format!("{key} is no longer in the configuration, so nothing will confirm it") }
}
