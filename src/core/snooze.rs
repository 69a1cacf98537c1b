//! Leaves a check and file alone for a while, because a person said so.

use std::time::Duration;

use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::core::live::Cause;
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;
use crate::model::hold::{HoldReason, Snooze, SnoozeEnd};
use crate::model::id::TaskId;
use crate::model::task::{Task, TaskState};
use crate::model::time::Moment;

impl Supervisor {
    /// Whether the check and file of a task can be left alone, for a time at least.
    pub(crate) fn may_snooze(&self, task: &Task) -> bool {
        task.check().is_some() && self.is_current(task)
    }

    /// Leaves the check and file of a task alone; an attempt at its open task ends and does not count.
    ///
    /// # Errors
    /// If there is no such task, or nothing would ever end the snooze.
    pub(crate) fn snooze(&mut self, id: TaskId, until: Snooze) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let Some(key) = task.check() else { return Err(no_check(id)) };
        if !self.may_snooze(&task) {
            return Err(Refusal::because(format!("{key} is no longer in the configuration; nothing would run")));
        }
        let until = self.end_of(key, until)?;
        self.record(Fact::Snoozed { key: key.clone(), until: until.clone() });
        let open = self.book.open_task(key).cloned();
        let goes_on = open.filter(|open| !self.hold_snoozed(open, &until));
        let rest = goes_on.map(|open| format!("; {} goes on: {}", open.id, open.state.reason(self.live.now.wall)));
        Ok(Answer::said(format!("{key} is snoozed {until}{}", rest.unwrap_or_default())))
    }

    /// Works out what ends a snooze.
    fn end_of(&self, key: &CheckKey, until: Snooze) -> Result<SnoozeEnd, Refusal> {
        let is_green = || self.book.checks.get(key).is_some_and(crate::core::book::CheckStatus::is_green);
        match until {
            Snooze::For(0) => Err(Refusal::because("a snooze lasts a second at least")),
            Snooze::For(seconds) => Ok(SnoozeEnd::At(self.live.now.wall.after(Duration::from_secs(seconds)))),
            Snooze::UntilGreen if is_green() => Err(Refusal::because(format!("{key} is green already"))),
            Snooze::UntilGreen => Ok(SnoozeEnd::Green),
            Snooze::OnBranch => match &self.live.repository.branch {
                Some(branch) => Ok(SnoozeEnd::LeavingBranch(branch.clone())),
                None => Err(Refusal::because("no branch is checked out; snooze it for a time, or until it is green")),
            },
        }
    }

    /// Holds the open task of a snoozed check. Returns false for one that goes on, because it has a result.
    fn hold_snoozed(&mut self, task: &Task, until: &SnoozeEnd) -> bool {
        let then = match &task.state {
            TaskState::Held(HoldReason::Snoozed { then, .. }) => then.clone(),
            TaskState::Held(reason) => Some(Box::new(reason.clone())),
            TaskState::Queued | TaskState::Cooling { .. } => None,
            TaskState::Running if self.may_hold(task) => None,
            TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => return false,
        };
        let reason = HoldReason::Snoozed { until: until.clone(), then };
        self.record(Fact::Held { task: task.id, reason });
        self.withdraw(task.id);
        true
    }

    /// Ends the snooze of a task's check and file.
    ///
    /// # Errors
    /// If there is no such task, or no snooze.
    pub(crate) fn unsnooze(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let Some(key) = task.check() else { return Err(no_check(id)) };
        if !self.book.snoozed.contains_key(key) {
            return Err(Refusal::because(format!("{key} is not snoozed")));
        }
        self.end_snooze(key);
        Ok(Answer::said(format!("{key} is no longer snoozed")))
    }

    /// Ends the snoozes whose time has come, or whose branch was left.
    pub(crate) fn end_snoozes(&mut self) {
        if !self.is_up() || self.live.one_command {
            return;
        }
        let is_over = |until: &SnoozeEnd| match until {
            SnoozeEnd::At(until) => *until <= self.live.now.wall,
            SnoozeEnd::Green => false,
            SnoozeEnd::LeavingBranch(branch) => self.has_left(branch),
        };
        let over = self.book.snoozed.iter().filter(|(_, until)| is_over(until));
        let over: Vec<(CheckKey, SnoozeEnd)> = over.map(|(key, until)| (key.clone(), until.clone())).collect();
        for (key, until) in over {
            self.end_snooze(&key);
            if matches!(until, SnoozeEnd::LeavingBranch(_)) {
                // What is known of it is known of another branch.
                self.want(key, Cause { head_moved: true, ..Cause::default() });
            }
        }
    }

    /// Returns when the next snooze ends by time.
    pub(crate) fn snooze_wakes(&self) -> impl Iterator<Item = Moment> {
        let now = self.live.now;
        let works = self.is_up() && !self.live.one_command;
        self.book.snoozed.values().filter(move |_| works).filter_map(move |until| match until {
            SnoozeEnd::At(until) => Some(now.moment.after(until.since(now.wall))),
            SnoozeEnd::Green | SnoozeEnd::LeavingBranch(_) => None,
        })
    }

    /// Whether another branch is checked out for good: a rebase leaves every branch for a while, and where git could not
    /// be asked nothing is known.
    fn has_left(&self, branch: &str) -> bool {
        let now = &self.live.repository;
        let is_known = now.branch.is_some() || now.head.is_some();
        is_known && now.operation.is_none() && now.branch.as_deref() != Some(branch)
    }

    /// Ends a snooze that lasts until its check is green, or has nothing to be red about.
    pub(crate) fn green_ends_snooze(&mut self, key: &CheckKey) {
        if self.book.snoozed.get(key) == Some(&SnoozeEnd::Green) {
            // Its task ends with it.
            self.record(Fact::Unsnoozed { key: key.clone() });
        }
    }

    fn end_snooze(&mut self, key: &CheckKey) {
        self.record(Fact::Unsnoozed { key: key.clone() });
        let Some(task) = self.book.open_task(key).cloned() else { return };
        if let TaskState::Held(HoldReason::Snoozed { then, .. }) = &task.state {
            let reason = self.reason_now(then.as_deref().cloned());
            self.hold_or_release(task.id, reason);
        }
    }
}

fn no_check(id: TaskId) -> Refusal {
    Refusal::because(format!("{id} is about no check; `hold` makes it wait"))
}
