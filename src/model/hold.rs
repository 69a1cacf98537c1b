//! Why a task waits for a person although it could start, and how long a check is left alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::agent::Violation;
use crate::model::id::TaskId;
use crate::model::time::Wall;
use crate::model::workspace::GitOperation;

/// Why a task does not start although it could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// It was red before the supervisor started.
    RedBefore,
    /// HEAD moved: branch switched, pulled, committed.
    HeadMoved,
    /// The repository is in the middle of something.
    Operation(GitOperation),
    /// One change made more tasks than a person would expect.
    TooMany(u32),
    /// The fix of this very failure was undone.
    Undone(TaskId),
    /// The fix of this very failure was refused by a person.
    Refused(TaskId),
    /// `fix.enabled` is off.
    FixingOff,
    /// It was red before `fix.enabled` was turned on.
    RedBeforeFixing,
    /// A person leaves this check and file alone.
    Snoozed {
        /// What ends it.
        until: SnoozeEnd,
        /// Why it is held then all the same, if it is.
        then: Option<Box<HoldReason>>,
    },
    /// Its agent broke a safety rule.
    Violation(Violation),
    /// A run of its agent ended without a price, so that nobody knows what is left of its budget.
    PriceUnknown,
    /// A person said so about this task.
    ByYou,
    /// It asked something, and nobody answered in time.
    Unanswered,
    /// It was created, and not yet started.
    Created,
    /// It passes from role to role: what events start works on it.
    PassedOn,
    /// It was passed on, and nobody works on it any more.
    Stalled,
    /// By what is configured now it cannot be done, for this reason.
    Unfit(String),
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RedBefore => f.write_str("held: was red before you started"),
            Self::HeadMoved => f.write_str("held: HEAD moved"),
            Self::Operation(operation) => write!(f, "held: {operation} under way"),
            Self::TooMany(count) => write!(f, "held: one change made {count} tasks"),
            Self::Undone(task) => write!(f, "held: the fix {task} of this failure was undone"),
            Self::Refused(task) => write!(f, "held: the fix {task} of this failure was refused"),
            Self::FixingOff => f.write_str("held: fixing is off (fix.enabled, --checks-only)"),
            Self::RedBeforeFixing => f.write_str("held: was red before fixing was turned on"),
            Self::Snoozed { until, .. } => write!(f, "held: snoozed {until}"),
            Self::Violation(violation) => write!(f, "held: the agent broke {violation}"),
            Self::PriceUnknown => {
                f.write_str("held: its last run ended without a price, so what is left of its budget is not known")
            }
            Self::ByYou => f.write_str("held: by you"),
            Self::Unanswered => f.write_str("held: nobody answered its question in time"),
            Self::Created => f.write_str("created, not started"),
            Self::PassedOn => f.write_str("passed on: other roles work on it, started by events"),
            Self::Stalled => f.write_str("held: it was passed on, and nobody goes on with it; see `events`"),
            Self::Unfit(why) => write!(f, "held: by the configuration of now {why}"),
        }
    }
}

/// How long a person leaves a check and file alone, as it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Snooze {
    /// For so many seconds.
    For(u64),
    /// Until it is green.
    UntilGreen,
    /// As long as the branch that is checked out now stays so.
    OnBranch,
}

/// What ends a snooze.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnoozeEnd {
    /// This time.
    At(Wall),
    /// The first green run.
    Green,
    /// Another branch than this one.
    LeavingBranch(String),
}

impl fmt::Display for SnoozeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(until) => write!(f, "until {}", until.iso()),
            Self::Green => f.write_str("until it is green"),
            Self::LeavingBranch(branch) => write!(f, "while you are on {branch}"),
        }
    }
}
