//! What a planner advised for an attempt, and what the planner is doing.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::agent::Violation;
use crate::model::cost::Spent;
use crate::model::id::{PlanId, SessionId, TaskId};
use crate::model::question::Ask;

/// What came of asking the planner for one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// For which attempt.
    pub attempt: u32,
    /// What it advised.
    pub advice: Advice,
    /// How long the attempt waited for it.
    pub took: Duration,
}

/// What an attempt goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The planner's words, handed to the fixer.
    Strategy(String),
    /// The planner advised nothing: the fixer goes by its own rules.
    Basic {
        /// Why, for a person to read.
        why: String,
    },
}

impl Plan {
    /// Returns the strategy, if there is one.
    pub fn strategy(&self) -> Option<&str> {
        match &self.advice {
            Advice::Strategy(text) => Some(text),
            Advice::Basic { .. } => None,
        }
    }
}

/// What the planner is doing, as far as structured signs tell; its screen is never read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannerState {
    /// It does not run; it starts when it is needed.
    #[default]
    Asleep,
    /// It has been started and takes no question yet; it may show a dialog of its own, such as that for trust.
    Starting,
    /// It takes a question.
    Idle,
    /// It works on our question.
    Asked,
    /// It works on something that a person asked in its terminal.
    Busy,
    /// A person has a half-written line there.
    Typing,
    /// A dialog is open there, or may be.
    Dialog,
}

impl PlannerState {
    /// Says why a question waited in vain.
    pub fn in_the_way(self) -> &'static str {
        match self {
            Self::Asleep => "the planner does not run",
            Self::Starting => "the planner is not ready; its terminal may show a dialog, such as that for trust",
            Self::Idle => "the planner was not free in time",
            Self::Asked => "no answer in time",
            Self::Busy => "the planner works on what was asked in its terminal",
            Self::Typing => "somebody has a half-written line in the planner's terminal",
            Self::Dialog => "a dialog is open in the planner's terminal",
        }
    }
}

impl fmt::Display for PlannerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asleep => "asleep",
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Asked => "works on a plan",
            Self::Busy => "works for you",
            Self::Typing => "you are typing",
            Self::Dialog => "a dialog is open",
        })
    }
}

/// What a planner talks about, and where that can be read again, with what it has used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Where its program writes it down.
    pub transcript: PathBuf,
    /// For which task it works; none: for a person in its terminal.
    pub task: Option<TaskId>,
    /// What is paid of what it has used.
    pub billed: Spent,
}

/// Something that the planner's keeper tells the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannerNews {
    /// It is doing this now, in this session; none when it is asleep.
    Is(PlannerState, Option<SessionId>),
    /// It has answered a question.
    Answered(PlanId, String),
    /// It will not answer a question, for this reason.
    Silent(PlanId, String),
    /// It cannot run before a person changes something, for this reason.
    Unable(PlanId, String),
    /// So much more was spent, for this task or for what a person asked there.
    Used(Option<TaskId>, Spent),
    /// It talks about something else now, or somewhere else.
    Talks(Conversation),
    /// It was told to end after this question, and it is gone; all that it used was said before.
    Ended(PlanId),
    /// In the turn of a question a dialog is open, which a person can answer here or there.
    Asks(PlanId, Ask),
    /// A dialog, by our name for it, was answered there.
    AnsweredThere(String),
    /// In the turn of a question it wanted what a safety rule forbids; it was stopped.
    Violated(PlanId, Violation),
}
