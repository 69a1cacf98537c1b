//! One numbered try at a task, and the stages it goes through.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::agent::Violation;
use crate::model::check::CheckRun;
use crate::model::cost::Spent;
use crate::model::outcome::Outcome;
use crate::model::session::Exit;
use crate::model::time::brief;

/// A stage of a workflow. Workflows are lists of these; see [`Workflow`](crate::model::task::Workflow).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Take a snapshot and make a workspace of it.
    Prepare,
    /// Run the check in the workspace on the untouched snapshot.
    Baseline,
    /// Run the free, deterministic fixers, then the check.
    Fixers,
    /// Ask for a strategy.
    Plan,
    /// Let an agent work.
    Agent,
    /// Run the check on the result, and every other green check that concerns a touched file.
    Verify,
    /// Merge the result into the user's tree.
    Land,
    /// Run the same checks in the user's tree.
    Confirm,
}

impl Stage {
    /// Returns the word that rows and logs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Baseline => "baseline",
            Self::Fixers => "fixers",
            Self::Plan => "plan",
            Self::Agent => "fix",
            Self::Verify => "verify",
            Self::Land => "land",
            Self::Confirm => "confirm",
        }
    }

    /// Returns the word for a task that is to bring something, or else is to mend a check: there nothing is fixed.
    pub fn name_for(self, brings: bool) -> &'static str {
        if brings && self == Self::Agent { "work" } else { self.name() }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnd {
    /// Its result passed every check and landed, or waits for a yes to land.
    Verified,
    /// The check, or another one that was green, said no.
    Refuted {
        /// Which check, as shown.
        check: String,
        /// What it said.
        run: Box<CheckRun>,
    },
    /// The agent ended without a result.
    AgentFailed {
        /// Why, for a person to read.
        why: String,
    },
    /// The agent took longer than its limit, and was ended.
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// The agent changed nothing.
    NoChange,
    /// What it was to bring is not there, or was not changed by it.
    Undelivered {
        /// What, as written.
        missing: Vec<String>,
    },
    /// Something of ours failed: workspace, disk, git.
    Broken {
        /// Why, for a person to read.
        why: String,
    },
    /// The agent broke a safety rule and was stopped.
    Violation(Violation),
    /// The service refused for now (rate limit) or for good (login); no fault of the attempt.
    Parked {
        /// Why, for a person to read.
        why: String,
    },
    /// The supervisor stopped or died meanwhile; no fault of the attempt.
    Interrupted,
    /// The task ended meanwhile for another reason: killed, fixed by the user, source deleted.
    Withdrawn,
}

impl AttemptEnd {
    /// Whether it uses up one of the task's attempts.
    pub fn is_charged(&self) -> bool {
        match self {
            Self::Refuted { .. }
            | Self::AgentFailed { .. }
            | Self::TimedOut { .. }
            | Self::NoChange
            | Self::Undelivered { .. }
            | Self::Broken { .. }
            | Self::Violation(_) => true,
            Self::Verified | Self::Parked { .. } | Self::Interrupted | Self::Withdrawn => false,
        }
    }
}

impl fmt::Display for AttemptEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified => f.write_str("verified"),
            Self::Refuted { check, run } => match run.findings.failures.len() {
                0 => write!(f, "refuted by {check}"),
                1 => write!(f, "refuted by {check}: {}", run.findings.failures[0].id),
                more => write!(f, "refuted by {check}: {} and {} more", run.findings.failures[0].id, more - 1),
            },
            Self::AgentFailed { why } => write!(f, "agent failed: {why}"),
            Self::TimedOut { limit } => write!(f, "the agent reached its time limit, {}", brief(*limit)),
            Self::NoChange => f.write_str("the agent changed nothing"),
            Self::Undelivered { missing } => write!(f, "not delivered: {}", missing.join(", ")),
            Self::Broken { why } => write!(f, "could not work: {why}"),
            Self::Violation(violation) => write!(f, "stopped: it broke {violation}"),
            Self::Parked { why } => write!(f, "parked: {why}"),
            Self::Interrupted => f.write_str("interrupted with the supervisor"),
            Self::Withdrawn => f.write_str("withdrawn"),
        }
    }
}

/// A finished attempt, as the task remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Its number, from 1; numbers of attempts that were not charged are used again.
    pub number: u32,
    /// How it ended.
    pub end: AttemptEnd,
    /// What the agent said last, shortened; empty if nothing.
    pub summary: String,
    /// What it changed, as a shortened unified diff; empty if nothing.
    pub diff: String,
    /// What it used.
    pub spent: Spent,
    /// How long it took, from the snapshot to the end.
    pub took: Duration,
    /// Whether it only brought in, after a yes, what the attempt of this number had made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub landing: bool,
    /// Who worked: an agent, or `fixers`; empty if nobody had begun, or nobody knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// What its agent handed over to others, if it was asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Box<Outcome>>,
    /// How the process of its agent ended; none if none ran to its end before us, or nobody wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
}
