//! Where what a task has made stands on its way into the user's tree: the one table for all who ask whether it has landed.
//!
//! Four questions are asked of it. They are different ones, and each has its place:
//!
//! | question | asked by |
//! |---|---|
//! | May a task begin that comes after another one? | `gate_of` in `core/depend.rs` |
//! | From which results is one made that begins now? | `built_from` in `core/depend.rs` |
//! | May a result land that was made from others? | `lands_after` in `core/landing_order.rs` |
//! | Which files are left alone until it is known what becomes of a result? | `reserved_by` in `core/radar.rs` |
//!
//! They differ in two places. What has landed and turned a check red is in the tree, so that what was made from it may land;
//! but it may be undone, so that nothing new begins on it. And what is to be made anew keeps what was made from it before from
//! landing, though it keeps no files from anybody.

use crate::model::hold::HoldReason;
use crate::model::task::{ReadyReason, ReviewReason, Task, TaskState};

/// Where what a task has made stands, as the journal knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// It is yet to be made, or to be made anew.
    NotYet,
    /// Others make it, to which it was passed on.
    ByOthers,
    /// It is just being made, or was and is on its way without the journal having heard of it.
    UnderWay,
    /// It is verified, and kept until a person lets it land. Others can be made from it.
    Kept,
    /// It is verified, and kept until what it was made from has landed: then it lands by itself. Nothing is made from it.
    InTurn,
    /// It is verified and kept, but does not get in without a person's hands. Nothing is made from it.
    Stuck,
    /// It is just landing.
    Landing,
    /// It is in the user's tree, and a check is red by it: a person says whether it stays.
    InDoubt,
    /// It is in the user's tree, or there was nothing to land.
    There,
    /// It came to nothing.
    Nothing,
}

impl Made {
    /// Reads the table.
    pub(crate) fn of(task: &Task) -> Self {
        match &task.state {
            TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled) => Self::ByOthers,
            TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Cooling { .. } => Self::NotYet,
            TaskState::Running if task.result.is_some() || task.landing.is_some() => Self::Landing,
            TaskState::Running => Self::UnderWay,
            TaskState::Ready(ReadyReason::InTurn(_)) => Self::InTurn,
            TaskState::Ready(ReadyReason::Asked | ReadyReason::First | ReadyReason::Suspicious(_)) => Self::Kept,
            TaskState::Review(ReviewReason::RedAfterLanding(_)) => Self::InDoubt,
            // What may be half in the tree is no result that could land.
            TaskState::Review(_) if task.result.is_none() => Self::InDoubt,
            TaskState::Review(_) => Self::Stuck,
            TaskState::Done(_) => Self::There,
            TaskState::Failed(_) => Self::Nothing,
        }
    }

    /// Whether it keeps its files from others until it has landed, or a person has said what else becomes of it.
    pub(crate) fn reserves(self) -> bool {
        match self {
            Self::Kept | Self::InTurn | Self::Stuck | Self::InDoubt => true,
            Self::NotYet | Self::ByOthers | Self::UnderWay | Self::Landing | Self::There | Self::Nothing => false,
        }
    }
}
