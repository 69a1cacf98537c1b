//! Decides what waits for a person instead of being started unasked: red checks, and all work while fixing is off.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::core::live::Cause;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Assignment;
use crate::model::check::{CheckKey, Fingerprint};
use crate::model::hold::HoldReason;
use crate::model::id::{ChangeId, TaskId};
use crate::model::task::{FailReason, Goal, ReadyReason, Task, TaskState};

/// One change that makes more tasks than this is not fixed unasked: a broken build, a switched branch.
const EXPECTED_TASKS: usize = 5;

/// Why nobody can have an agent started.
pub(crate) const CHECKS_ONLY: &str = "you have agreed to checks only; `orchestrator-tui trust` asks about agents";

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

    /// Whether a person did not want this failure of a task's check mended.
    pub(crate) fn is_unwanted_of(&self, task: &Task, failure: &Fingerprint) -> bool {
        task.check().is_some_and(|key| self.is_unwanted(key, failure))
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

    /// Says why a red check is held, which has this reason of its own to be held, if any.
    pub(crate) fn or_snoozed(&self, key: &CheckKey, reason: Option<HoldReason>) -> Option<HoldReason> {
        match self.book.snoozed.get(key) {
            Some(until) => Some(HoldReason::Snoozed { until: until.clone(), then: reason.map(Box::new) }),
            None => reason,
        }
    }

    /// Whether a held task is about what was there before, so that news of the same check may start.
    pub(crate) fn may_be_released(task: &Task) -> bool {
        match &task.state {
            TaskState::Held(reason) => is_about_before(reason),
            TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
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
        for task in tasks {
            let reason = match &task.state {
                TaskState::Queued => reason.clone(),
                TaskState::Held(HoldReason::Snoozed { until, then: None }) => {
                    HoldReason::Snoozed { until: until.clone(), then: Some(Box::new(reason.clone())) }
                }
                TaskState::Pending(_)
                | TaskState::Blocked(_)
                | TaskState::Held(_)
                | TaskState::Running
                | TaskState::Cooling { .. }
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => continue,
            };
            self.record(Fact::Held { task: task.id, reason });
        }
    }

    /// Holds what would start although nobody has asked for it and nothing starts by itself: an event, the end of what it
    /// waited for, and a supervisor that died have made it ready.
    pub(crate) fn hold_unasked(&mut self) {
        if self.settings.fix.enabled || self.live.one_command || !self.is_up() {
            return;
        }
        let waiting = self.book.index.waiting().filter_map(|id| self.book.task(id));
        let unasked: Vec<TaskId> = waiting.filter(|task| is_unasked(task)).map(|task| task.id).collect();
        for task in unasked {
            self.record(Fact::Held { task, reason: HoldReason::FixingOff });
        }
    }

    /// Whether what nobody has asked for is held while nothing starts by itself.
    ///
    /// # Errors
    /// What is not.
    pub(crate) fn unasked_is_held(&self) -> Result<(), String> {
        if self.settings.fix.enabled || self.live.one_command || !self.is_up() {
            return Ok(());
        }
        match self.book.open().find(|task| is_unasked(task)) {
            Some(task) => Err(format!("{} is queued, and nobody has asked for it while fixing is off", task.id)),
            None => Ok(()),
        }
    }

    /// Whether an agent is started for a person who asks. While nothing starts by itself, the project was perhaps agreed
    /// to for its checks only.
    pub(crate) fn may_run_agents(&self) -> bool {
        self.settings.fix.enabled || self.settings.fix.agents
    }

    /// Takes over what an earlier start, or other settings, held or let wait for a reason that does not hold any more.
    pub(crate) fn hold_anew(&mut self) {
        for task in self.book.open().cloned().collect::<Vec<_>>() {
            let before = match &task.state {
                TaskState::Queued | TaskState::Cooling { .. } => None,
                TaskState::Held(reason) => Some(reason.clone()),
                TaskState::Pending(_)
                | TaskState::Blocked(_)
                | TaskState::Running
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => continue,
            };
            let reason = match &task.goal {
                Goal::Check(_) => self.reason_now(before.clone()),
                Goal::Assignment(assignment) => self.assignment_held(assignment, before.clone()),
            };
            if reason != before {
                self.hold_or_release(task.id, reason);
            }
        }
    }

    /// Holds an assignment that cannot be done by what is configured now, before anything is paid for it. It could when
    /// it was filed. Returns whether it is held.
    pub(crate) fn hold_unfit(&mut self, task: TaskId) -> bool {
        let assignment = self.book.task(task).and_then(|task| task.assignment());
        let Some((why, _)) = assignment.and_then(|assignment| self.unfit(assignment)) else { return false };
        self.record(Fact::Held { task, reason: HoldReason::Unfit(why) });
        true
    }

    /// Looks again at what could not be done by what was configured before.
    pub(crate) fn hold_unfit_anew(&mut self) {
        let held = self.book.open().filter_map(|task| {
            let TaskState::Held(before @ HoldReason::Unfit(_)) = &task.state else { return None };
            let now = self.assignment_held(task.assignment()?, Some(before.clone()));
            (now.as_ref() != Some(before)).then_some((task.id, now))
        });
        for (task, reason) in held.collect::<Vec<_>>() {
            self.hold_or_release(task, reason);
        }
    }

    /// Returns why an assignment is held now that was held for this reason, or waited for its turn.
    fn assignment_held(&self, assignment: &Assignment, before: Option<HoldReason>) -> Option<HoldReason> {
        match before {
            Some(HoldReason::Unfit(_)) => match self.unfit(assignment) {
                None => self.assignment_held(assignment, None),
                Some((why, _)) => Some(HoldReason::Unfit(why)),
            },
            None | Some(HoldReason::FixingOff) => (!self.settings.fix.enabled).then_some(HoldReason::FixingOff),
            Some(reason) => Some(reason),
        }
    }

    /// Returns why the task of a check is held now that was held for this reason, or waited for its turn.
    pub(crate) fn reason_now(&self, before: Option<HoldReason>) -> Option<HoldReason> {
        let enabled = self.settings.fix.enabled;
        let Some(reason) = before else { return (!enabled).then_some(HoldReason::FixingOff) };
        match reason {
            HoldReason::FixingOff if enabled && !self.live.until_idle => Some(HoldReason::RedBeforeFixing),
            HoldReason::RedBefore
            | HoldReason::RedBeforeFixing
            | HoldReason::HeadMoved
            | HoldReason::Operation(_)
            | HoldReason::TooMany(_)
            | HoldReason::FixingOff => (!self.live.until_idle || !enabled).then_some(reason),
            HoldReason::Undone(_)
            | HoldReason::Refused(_)
            | HoldReason::Violation(_)
            | HoldReason::PriceUnknown
            | HoldReason::ByYou
            | HoldReason::Created
            | HoldReason::PassedOn
            | HoldReason::Stalled
            | HoldReason::Unfit(_)
            | HoldReason::Unanswered => Some(reason),
            HoldReason::Snoozed { until, then } => {
                let then = then.and_then(|then| self.reason_now(Some(*then))).map(Box::new);
                Some(HoldReason::Snoozed { until, then })
            }
        }
    }

    pub(crate) fn hold_or_release(&mut self, task: TaskId, reason: Option<HoldReason>) {
        self.record(match reason {
            Some(reason) => Fact::Held { task, reason },
            None => Fact::Released { task, forced: false },
        });
    }

    /// Holds a task that would go on, because nobody knows what it may still spend.
    pub(crate) fn hold_unpriced(&mut self, id: TaskId) {
        if let Some(reason) = self.task(id).and_then(|task| unpriced(&task.state)) {
            self.record(Fact::Held { task: id, reason });
        }
    }

    /// Whether a person can hold a task: it waits, or is worked on and not just landing.
    pub(crate) fn may_hold(&self, task: &Task) -> bool {
        match &task.state {
            TaskState::Queued | TaskState::Cooling { .. } | TaskState::Ready(ReadyReason::InTurn(_)) => true,
            TaskState::Held(reason) => *reason != HoldReason::ByYou,
            // With a result it was let land by a person.
            TaskState::Running => task.result.is_none() && self.may_withdraw(task.id),
            TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => false,
        }
    }

    /// Holds a task until a person lets it go; what works on it ends and does not count. What only has to land is kept.
    ///
    /// # Errors
    /// If there is no such task, it is landing, waits for a person anyway, or is over.
    pub(crate) fn hold_now(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if !self.may_hold(&task) {
            let why = match &task.state {
                TaskState::Running => "it is just landing; undo it afterwards".to_owned(),
                TaskState::Held(_) => "you hold it already".to_owned(),
                TaskState::Queued
                | TaskState::Pending(_)
                | TaskState::Blocked(_)
                | TaskState::Cooling { .. }
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => task.state.reason(self.live.now.wall),
            };
            return Err(Refusal::because(format!("{id} cannot be held: {why}")));
        }
        let why = "you held it before it landed".to_owned();
        let waits = Answer::said(format!("{id} waits for your yes; `orchestrator-tui land {}` lets it in", id.0));
        if matches!(task.state, TaskState::Ready(_)) {
            self.ask_instead(&task, why);
            return Ok(waits);
        }
        if self.is_at_gate(id) && self.is_paid_result(id) {
            self.wait_for_yes(id, why);
            return Ok(waits);
        }
        self.record(Fact::Held { task: id, reason: HoldReason::ByYou });
        self.withdraw(id);
        Ok(Answer::said(format!("{id} is held; `orchestrator-tui fix {}` starts it", id.0)))
    }

    /// Whether the last task of this check failed on these very failures, so that nothing begins anew.
    pub(crate) fn was_given_up(&self, key: &CheckKey, failures: &[Fingerprint]) -> bool {
        let last = self.book.over().filter(|task| task.is_about(key)).max_by_key(|task| task.id);
        let known: BTreeSet<&str> =
            last.iter().flat_map(|task| &task.failures).map(|failure| failure.id.as_str()).collect();
        last.is_some_and(|task| matches!(task.state, TaskState::Failed(_)))
            && failures.iter().all(|failure| known.contains(failure.id.as_str()))
    }
}

/// Whether a task waits for its turn without anybody having asked for it. One that cools was begun before.
fn is_unasked(task: &Task) -> bool {
    task.state == TaskState::Queued && !task.forced
}

/// Whether a task is held for what was there before, or for what a person did not want; a change that breaks more is
/// another matter.
fn is_about_before(reason: &HoldReason) -> bool {
    match reason {
        HoldReason::RedBefore
        | HoldReason::RedBeforeFixing
        | HoldReason::HeadMoved
        | HoldReason::Operation(_)
        | HoldReason::Undone(_)
        | HoldReason::Refused(_)
        | HoldReason::FixingOff => true,
        HoldReason::Snoozed { then, .. } => then.as_deref().is_some_and(is_about_before),
        HoldReason::TooMany(_)
        | HoldReason::Violation(_)
        | HoldReason::PriceUnknown
        | HoldReason::ByYou
        | HoldReason::Created
        | HoldReason::PassedOn
        | HoldReason::Stalled
        | HoldReason::Unfit(_)
        | HoldReason::Unanswered => false,
    }
}

/// Returns why a task is held of which nobody knows what it may still spend; nothing, if it does not go on by itself.
pub(crate) fn unpriced(state: &TaskState) -> Option<HoldReason> {
    match state {
        TaskState::Queued | TaskState::Cooling { .. } => Some(HoldReason::PriceUnknown),
        TaskState::Held(HoldReason::Snoozed { until, then: None }) => {
            Some(HoldReason::Snoozed { until: until.clone(), then: Some(Box::new(HoldReason::PriceUnknown)) })
        }
        TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Held(_)
        | TaskState::Running
        | TaskState::Ready(_)
        | TaskState::Review(_)
        | TaskState::Done(_)
        | TaskState::Failed(_) => None,
    }
}
