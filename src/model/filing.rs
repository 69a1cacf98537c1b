//! Work that a person or a program files: tasks with assignments, what they wait for, what they were filed together with.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::model::assignment::{Assignment, BatchKind};
use crate::model::cost::Usd;
use crate::model::id::{BatchId, TaskId};

/// The priorities that a person can give; higher goes first.
pub const PRIORITIES: RangeInclusive<i32> = -100..=100;

/// What a task waits for, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// A task of the same filing, or of the same batch, by its label.
    Label(String),
    /// A task that is known already.
    Task(TaskId),
}

/// A task to be filed; its number is given when it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTask {
    /// What it is to bring. Its `after` and `batch` are filled in when it is filed.
    pub assignment: Box<Assignment>,
    /// What must be done before it begins.
    #[serde(default)]
    pub after: Vec<After>,
    /// Higher goes first.
    #[serde(default)]
    pub priority: i32,
    /// Whether it waits for a start, should it not wait for another task: it was only created.
    #[serde(default)]
    pub held: bool,
}

/// What the tasks of a filing have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBatch {
    /// Where they come from.
    pub kind: BatchKind,
    /// What all of them may cost.
    #[serde(default)]
    pub budget: Option<Usd>,
    /// The day that this is again, also if that is over by now: what is new goes to it, and nothing of it is done twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<BatchId>,
    /// What of a day is done again that was done before.
    #[serde(default)]
    pub redo: Redo,
}

/// What of a day is done again that was done before; agents cost money, so nothing is unless it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redo {
    /// Only what is new in its file, or ended and says something else now.
    #[default]
    Changed,
    /// That, and what failed without a person's doing.
    Failed,
    /// All of it, as a day of its own.
    All,
}

/// Tasks that are filed together: all of them, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// What they have in common, if anything.
    #[serde(default)]
    pub batch: Option<NewBatch>,
    /// The tasks, in any order.
    pub tasks: Vec<NewTask>,
}
