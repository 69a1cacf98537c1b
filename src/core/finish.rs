//! Ends attempts: their record, retry and backoff, giving up, the breaker.

use std::time::Duration;

use crate::core::book;
use crate::core::fact::Fact;
use crate::core::hold::unpriced;
use crate::core::live::{Attempt, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::cost::{Spent, Usd};
use crate::model::hold::HoldReason;
use crate::model::id::TaskId;
use crate::model::question::Closed;
use crate::model::session::{Exit, Rung};
use crate::model::settings::AgentKind;
use crate::model::task::{DoneReason, FailReason, ReadyReason, Task, TaskState};
use crate::model::time::millis;

/// How much of an attempt's diff the journal keeps, in bytes.
pub(crate) const DIFF_KEPT: usize = 16 * 1024;

impl Supervisor {
    /// Whether nothing stands against ending what works on a task: it is not just landing. What is only being taken back
    /// out of the user's tree is at its end already.
    pub(crate) fn may_withdraw(&self, id: TaskId) -> bool {
        let Some(attempt) = self.live.attempts.get(&id) else { return true };
        let lands = matches!(attempt.step, Step::Land(_) | Step::Record(_) | Step::TakeBack(_) | Step::Confirm(_));
        !lands || attempt.rolling.is_some()
    }

    /// Ends an attempt for a task that is over, held, or will be. Returns false if it is just landing and cannot be
    /// ended.
    pub(crate) fn withdraw(&mut self, id: TaskId) -> bool {
        let may = self.may_withdraw(id);
        if may {
            self.end_attempt(id, AttemptEnd::Withdrawn);
        }
        may
    }

    /// Ends an attempt because the supervisor stops; one that is landing goes on.
    pub(crate) fn interrupt_attempt(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        match &attempt.step {
            Step::Land(_) | Step::Record(_) | Step::TakeBack(_) => {}
            Step::Confirm(_) => self.confirm_unseen(id),
            // It is verified and paid for, and waits for another one to land.
            Step::Gate if self.is_paid_result(id) => {
                self.wait_for_yes(id, "the supervisor stopped before it landed".to_owned());
            }
            Step::Snapshot(_)
            | Step::Prepare(_)
            | Step::Run(..)
            | Step::SecondOpinion
            | Step::Plan(..)
            | Step::Agent(_)
            | Step::Collect(_)
            | Step::Gate
            | Step::Merge(_)
            | Step::Restore(_)
            | Step::Ending => self.end_attempt(id, AttemptEnd::Interrupted),
        }
    }

    /// Whether an attempt waits until it may land.
    pub(crate) fn is_at_gate(&self, id: TaskId) -> bool {
        self.live.attempts.get(&id).is_some_and(|attempt| attempt.step == Step::Gate && attempt.ending.is_none())
    }

    /// Whether the attempt at an assignment has a verified result that is about to land and nowhere written down.
    pub(crate) fn is_paid_result(&self, id: TaskId) -> bool {
        let is_new =
            self.live.attempts.get(&id).is_some_and(|attempt| attempt.accepted.is_some() && !attempt.only_lands);
        is_new && self.book.task(id).is_some_and(|task| task.check().is_none() && task.state == TaskState::Running)
    }

    /// Ends an attempt as soon as its session or job is over.
    pub(crate) fn end_attempt(&mut self, id: TaskId, end: AttemptEnd) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        if attempt.ending.is_some() {
            return;
        }
        attempt.ending = Some(end.clone());
        let was = std::mem::replace(&mut attempt.step, Step::Ending);
        self.withdraw_plan(id);
        self.close_questions(id, Closed::RunOver);
        match was {
            Step::Run(_, Some(session)) => self.end_session(session, Rung::Terminate),
            Step::Agent(Some(session)) => self.end_session(session, Rung::Ask),
            Step::Snapshot(_) | Step::Prepare(_) | Step::Collect(_) | Step::Merge(_) | Step::Restore(_) => {}
            Step::Land(_)
            | Step::Record(_)
            | Step::TakeBack(_)
            | Step::Run(_, None)
            | Step::Plan(..)
            | Step::Agent(None)
            | Step::SecondOpinion
            | Step::Gate
            | Step::Confirm(_)
            | Step::Ending => self.finish(id, end, None),
        }
    }

    /// Ends an attempt now: writes its record and says where the task stands.
    pub(crate) fn finish(&mut self, id: TaskId, end: AttemptEnd, then: Option<TaskState>) {
        if self.must_roll_back(id, &end) {
            return;
        }
        let end = self.cut_short(id, end);
        let Some(attempt) = self.live.attempts.remove(&id) else { return };
        let Some(task) = self.task(id) else {
            return self.bury(id, attempt.number, end, (attempt.spent, attempt.exit));
        };
        let then = match then {
            Some(then) => then,
            // A person has said meanwhile where it stands.
            None if task.state != TaskState::Running => task.state.clone(),
            None => match (self.state_after(&task, &attempt, &end), attempt.held_after.clone()) {
                (TaskState::Queued | TaskState::Cooling { .. }, Some(reason)) => TaskState::Held(reason),
                (then, _) => then,
            },
        };
        let is_unpriced = self.is_price_unknown(&task, &attempt.by, attempt.spent, &end);
        let is_open = matches!(then, TaskState::Queued | TaskState::Cooling { .. } | TaskState::Held(_));
        // Who withdraws it says where it stands.
        let is_gone = is_open && end != AttemptEnd::Withdrawn && !self.has_goal(&task);
        let then = match unpriced(&then).filter(|_| is_unpriced) {
            _ if is_gone => TaskState::Done(DoneReason::CheckGone),
            Some(reason) => TaskState::Held(reason),
            None => then,
        };
        let mut diff = attempt.result.as_ref().map(|result| result.patch.clone()).unwrap_or_default();
        truncate(&mut diff, DIFF_KEPT);
        let said = attempt.said.as_ref().map(|said| said.text.clone()).unwrap_or_default();
        // The rest of what was said is in it, read.
        let summary = attempt.outcome.as_ref().map_or(said, |outcome| outcome.summary.clone());
        let record = AttemptRecord {
            number: attempt.number,
            end,
            summary,
            diff,
            spent: attempt.spent,
            took: self.live.now.wall.since(attempt.began).saturating_sub(attempt.waited),
            landing: attempt.only_lands,
            by: attempt.by.clone(),
            outcome: attempt.outcome,
            exit: attempt.exit,
        };
        let escalated = matches!(then, TaskState::Failed(FailReason::Escalated { .. }));
        self.record(Fact::AttemptEnded { task: id, record: Box::new(record), then });
        if escalated && task.check().is_some() {
            self.trip_breaker(&book::subject(&task));
        }
    }

    /// Writes the record of an attempt whose task is forgotten: what it used was used all the same.
    pub(crate) fn bury(&mut self, id: TaskId, number: u32, end: AttemptEnd, (spent, exit): (Spent, Option<Exit>)) {
        let (summary, diff, took, landing) = (String::new(), String::new(), Duration::ZERO, false);
        let (by, outcome) = (String::new(), None);
        let record = AttemptRecord { number, end, summary, diff, spent, took, landing, by, outcome, exit };
        let then = TaskState::Failed(FailReason::Killed);
        self.record(Fact::AttemptEnded { task: id, record: Box::new(record), then });
    }

    /// Whether a run of a task that ended like this may have cost more than is known, although there is a limit. A missing
    /// price is not zero; but one run that we ended ourselves, or left when we died, is made up for without asking.
    pub(crate) fn is_price_unknown(&self, task: &Task, agent: &str, spent: Spent, end: &AttemptEnd) -> bool {
        let is_excused = match end {
            AttemptEnd::Interrupted => !task.spent.unpriced,
            // Its task waits for a person anyway, and for a graver reason.
            AttemptEnd::Violation(_) => true,
            // A request that was turned away is free.
            AttemptEnd::Parked { .. } => spent.tokens_in + spent.tokens_out == 0,
            AttemptEnd::Verified
            | AttemptEnd::Withdrawn
            | AttemptEnd::Refuted { .. }
            | AttemptEnd::AgentFailed { .. }
            | AttemptEnd::TimedOut { .. }
            | AttemptEnd::NoChange
            | AttemptEnd::Undelivered { .. }
            | AttemptEnd::Broken { .. } => false,
        };
        // A program without prices has none in any run, and no limit in dollars.
        let names_prices = self.settings.agents.get(agent).is_some_and(|agent| agent.kind == AgentKind::Claude);
        let budget = &self.settings.budget;
        // Where tokens hold the line, what is not priced comes to it all the same.
        let by_tokens = budget.day_tokens > 0 || budget.task_tokens > 0;
        let in_dollars = self.budget_of(task).task > Usd(0) || self.batch_money(task).is_some();
        let has_line = in_dollars || budget.day > Usd(0) && !by_tokens;
        spent.unpriced && names_prices && !is_excused && has_line
    }

    fn state_after(&self, task: &Task, attempt: &Attempt, end: &AttemptEnd) -> TaskState {
        match end {
            AttemptEnd::Verified => match attempt.landing {
                Some(landing) => TaskState::Done(DoneReason::Landed(landing)),
                // Nothing waits for a yes: there was nothing to land.
                None if task.state == TaskState::Running => TaskState::Done(DoneReason::Finished),
                None => task.state.clone(),
            },
            AttemptEnd::Parked { .. } | AttemptEnd::Interrupted | AttemptEnd::Withdrawn => uncharged(task),
            // It is not tried again before a person has looked.
            AttemptEnd::Violation(violation) => TaskState::Held(HoldReason::Violation(violation.clone())),
            AttemptEnd::Refuted { .. }
            | AttemptEnd::AgentFailed { .. }
            | AttemptEnd::TimedOut { .. }
            | AttemptEnd::NoChange
            | AttemptEnd::Undelivered { .. }
            | AttemptEnd::Broken { .. } => {
                let is_share = attempt.allowance.is_some_and(|allowance| allowance.is_share);
                if attempt.over.is_some_and(|line| !line.parks() || !is_share) {
                    return TaskState::Failed(FailReason::Budget);
                }
                let made = attempt.number;
                if made >= self.attempts_of(task) {
                    let tries = if made == 1 { "1 attempt".to_owned() } else { format!("{made} attempts") };
                    return TaskState::Failed(FailReason::Escalated { why: format!("{tries}, the last: {end}") });
                }
                TaskState::Cooling { until: self.live.now.wall.after(self.backoff(task, made)) }
            }
        }
    }

    /// Returns the wait after the given number of failed attempts: doubling, with jitter of up to a quarter, capped.
    fn backoff(&self, task: &Task, made: u32) -> Duration {
        let fix = &self.settings.fix;
        let doubled = fix.backoff.saturating_mul(1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX));
        let capped = millis(doubled.min(fix.backoff_max));
        // A hash of the attempt instead of chance, so that a replay gives the same.
        let mixed = (u64::from(task.id.0) << 32 | u64::from(made)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let jitter = if capped == 0 { 0 } else { mixed % (capped / 4 + 1) };
        Duration::from_millis(capped - jitter)
    }

    /// Leaves a subject alone for a while if it failed too often.
    fn trip_breaker(&mut self, subject: &str) {
        let breaker = self.settings.fix.breaker;
        let now = self.live.now.wall;
        let recent = self
            .book
            .failures
            .get(subject)
            .map_or(0, |failures| failures.iter().filter(|at| now.since(**at) < breaker.window).count());
        let failures = u32::try_from(recent).unwrap_or(u32::MAX);
        let open = self.book.breakers.get(subject).is_some_and(|(_, until)| *until > now);
        if breaker.failures > 0 && failures >= breaker.failures && !open {
            let until = now.after(breaker.window);
            self.record(Fact::BreakerTripped { subject: subject.to_owned(), failures, until });
        }
    }
}

/// Returns where a task stands after an attempt that was no fault of it: it waits again for its turn, or for the yes that
/// it had got. One that was ended or held meanwhile stays so.
pub(crate) fn uncharged(task: &Task) -> TaskState {
    match &task.result {
        _ if task.state != TaskState::Running => task.state.clone(),
        None => TaskState::Queued,
        Some(result) if result.receipt.accepted.is_empty() => TaskState::Ready(ReadyReason::Asked),
        Some(result) => TaskState::Ready(ReadyReason::Suspicious(result.receipt.accepted.clone())),
    }
}

/// Cuts a text at a character border.
pub(crate) fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        let mut at = limit;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.truncate(at);
        text.push_str("\n[… cut]\n");
    }
}
