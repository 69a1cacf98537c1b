//! The past in short: statistics, the last events, the last runs of checks.

use std::collections::VecDeque;

use crate::core::fact::{Fact, Remember};
use crate::model::check::{CheckKey, CheckRun, Verdict};
use crate::model::cost::Spent;
use crate::model::counts::Counts;
use crate::model::id::TaskId;
use crate::model::path::ProjectPath;
use crate::model::task::TaskState;
use crate::model::time::{Wall, millis};

use super::durable::Book;

/// Numbers of some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Tasks that ended.
    pub counts: Counts,
    /// What all finished attempts and the planner used.
    pub spent: Spent,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When.
    pub at: Wall,
    /// What: `task_created`, `attempt_started`, …
    pub what: &'static str,
    /// Which task.
    pub task: TaskId,
    /// The file it is about, if one.
    pub file: Option<ProjectPath>,
}

/// One run of a check, as the statistics remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// For which task, if one was open.
    pub task: Option<TaskId>,
    /// When.
    pub at: Wall,
    /// Which check.
    pub key: CheckKey,
    /// What it said, without its output.
    pub verdict: Verdict,
    /// How long it ran, in milliseconds.
    pub millis: u64,
    /// The test file it ran, if its command names one.
    pub tests: Option<ProjectPath>,
    /// Coverage in hundredths of a percent, if it printed it.
    pub coverage: Option<u32>,
}

impl Book {
    /// Writes a fact into the history, if it belongs there.
    pub(super) fn note(&mut self, at: Wall, fact: &Fact) {
        let (Some(what), Some(task)) = (past_name(fact), fact.task()) else { return };
        let file = if let Fact::Filed { task } = fact {
            task.files.first().cloned()
        } else {
            self.task(task).and_then(|task| task.files.first().cloned())
        };
        push(&mut self.history, Past { at, what, task, file }, self.remember.history);
    }

    /// Writes a run of a check in the user's tree into the list of the last runs.
    pub(super) fn note_run(&mut self, at: Wall, key: &CheckKey, run: &CheckRun, tests: Option<&ProjectPath>) {
        let result = TestResult {
            task: self.open_task(key).map(|task| task.id),
            at,
            key: key.clone(),
            verdict: run.verdict,
            millis: millis(run.took),
            tests: tests.cloned(),
            coverage: run.findings.coverage,
        };
        push(&mut self.results, result, self.remember.history);
    }

    /// Remembers as much as is asked for from now on.
    pub(super) fn remember_so_much(&mut self, remember: Remember) {
        self.remember = remember;
        self.forget_oldest();
        let limit = remember.history as usize;
        let surplus = |len: usize| len.saturating_sub(limit);
        self.history.drain(..surplus(self.history.len()));
        self.results.drain(..surplus(self.results.len()));
        self.events.forget(remember.history);
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, limit: u32) {
    list.push_back(item);
    while list.len() > limit as usize {
        list.pop_front();
    }
}

/// Returns the word that the history uses for a fact that belongs into it.
fn past_name(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Filed { .. } => Some("task_created"),
        Fact::AttemptStarted { .. } => Some("attempt_started"),
        Fact::AttemptEnded { then, .. } if then.is_final() => Some("task_ended"),
        Fact::AttemptEnded { .. } => Some("attempt_ended"),
        Fact::Gated { state: TaskState::Blocked(_), .. } => Some("task_blocked"),
        Fact::Violated { .. } | Fact::Trespassed { .. } => Some("safety_rule_broken"),
        Fact::Held { .. } => Some("task_held"),
        Fact::Released { .. } => Some("task_released"),
        Fact::Retried { .. } => Some("task_retried"),
        Fact::Ready { .. } => Some("task_ready"),
        Fact::NeedsReview { .. } => Some("task_needs_review"),
        Fact::Landed { .. } => Some("task_landed"),
        Fact::TakenBack { .. } => Some("landing_taken_back"),
        Fact::Undone { .. } => Some("task_undone"),
        Fact::Ended { .. } => Some("task_ended"),
        Fact::Questioned { .. } => Some("question_asked"),
        Fact::Answered { .. } => Some("question_answered"),
        Fact::Closed { .. } => Some("question_closed"),
        Fact::Emitted { .. } => Some("event_emitted"),
        Fact::Started { .. }
        | Fact::Stopped
        | Fact::Beat
        | Fact::BatchBegan { .. }
        | Fact::EventFileLeft { .. }
        | Fact::Routed { .. }
        | Fact::BatchGrew { .. }
        | Fact::BatchApproved { .. }
        | Fact::BatchLimited { .. }
        | Fact::Lane { .. }
        | Fact::Gated { .. }
        | Fact::Changed { .. }
        | Fact::Ran { .. }
        | Fact::Forgotten { .. }
        | Fact::GreenAt { .. }
        | Fact::Merged { .. }
        | Fact::Staged { .. }
        | Fact::AgentStarted { .. }
        | Fact::AgentUp { .. }
        | Fact::Used { .. }
        | Fact::Planned { .. }
        | Fact::PlannerUsed { .. }
        | Fact::PlannerTalks { .. }
        | Fact::Logged { .. }
        | Fact::Messaged { .. }
        | Fact::LandingBegan { .. }
        | Fact::LandingFailed { .. }
        | Fact::Parked { .. }
        | Fact::Unparked
        | Fact::BreakerTripped { .. }
        | Fact::Paused
        | Fact::Resumed
        | Fact::Replaced { .. }
        | Fact::Snoozed { .. }
        | Fact::Unsnoozed { .. }
        | Fact::Agreed { .. }
        | Fact::Lesson { .. }
        | Fact::Reconfigured { .. }
        | Fact::ConfigRefused { .. }
        | Fact::DayBegan { .. }
        | Fact::Neared { .. }
        | Fact::Raised { .. }
        | Fact::Felt { .. } => None,
    }
}
