//! Which result lands before which: what was made from another one lands after it, or not at all.

use crate::core::depend::after;
use crate::core::supervisor::Supervisor;
use crate::model::hold::HoldReason;
use crate::model::id::TaskId;
use crate::model::path::ProjectPath;
use crate::model::task::{FailReason, ReviewReason, Task, TaskState};

/// What a result that another one was made from has still to go through before that one may land.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// It is just landing.
    Lands(TaskId),
    /// A person has to say what becomes of it.
    Waits(TaskId),
}

impl Supervisor {
    /// Returns what must land before a result that was made from it; what waits for a person goes before what is just
    /// landing.
    pub(crate) fn lands_after(&self, task: &Task) -> Option<Before> {
        let mut lands = None;
        for id in after(task) {
            let makers = self.makers(task, *id).filter_map(|maker| self.before(maker));
            for before in self.before(*id).or_else(|| self.made_anew(*id)).into_iter().chain(makers) {
                match before {
                    Before::Waits(_) => return Some(before),
                    Before::Lands(_) => lands = lands.or(Some(before)),
                }
            }
        }
        lands
    }

    /// Says where a result stands that others were made from; `None`: it is in the user's tree, or there is none.
    fn before(&self, id: TaskId) -> Option<Before> {
        let other = self.book.task(id)?;
        match &other.state {
            TaskState::Ready(_) => Some(Before::Waits(id)),
            // Red after its landing, it is in the tree.
            TaskState::Review(reason) => {
                let is_there = matches!(reason, ReviewReason::RedAfterLanding(_)) || other.result.is_none();
                (!is_there).then_some(Before::Waits(id))
            }
            TaskState::Running => match self.live.attempts.get(&id) {
                Some(attempt) if attempt.accepted.is_some() => Some(Before::Lands(id)),
                // What a supervisor that died has begun is looked at by the next one.
                Some(_) | None => other.result.is_some().then_some(Before::Waits(id)),
            },
            TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Cooling { .. }
            | TaskState::Done(_)
            | TaskState::Failed(_) => None,
        }
    }

    /// Says of what was done once, and is to be done again, that it has not landed.
    fn made_anew(&self, id: TaskId) -> Option<Before> {
        match &self.book.task(id)?.state {
            // What was passed on is held until those that it was passed on to are done.
            TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled)
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => None,
            TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Cooling { .. }
            | TaskState::Running => Some(Before::Waits(id)),
        }
    }

    /// Returns what a result was made from that came to nothing: it was refused, say, while an agent went on with it.
    pub(crate) fn failed_from_under(&self, task: &Task) -> Option<TaskId> {
        let has_failed =
            |id: &&TaskId| self.book.task(**id).is_some_and(|other| matches!(other.state, TaskState::Failed(_)));
        after(task).iter().find(has_failed).copied()
    }

    /// Returns what a result was made from that is not in the user's tree any more, if it has to do with these files.
    pub(crate) fn gone_from_under(&self, task: &Task, paths: &[ProjectPath]) -> Option<TaskId> {
        let is_gone = |id: &&TaskId| {
            let Some(other) = self.book.task(**id) else { return false };
            match &other.state {
                TaskState::Failed(FailReason::Undone) => {
                    let landed = other.receipt.iter().flat_map(|receipt| &receipt.files);
                    landed.into_iter().any(|file| paths.contains(&file.path))
                }
                // What was in it is not known any more.
                TaskState::Failed(FailReason::Refused | FailReason::Killed) => true,
                TaskState::Queued
                | TaskState::Pending(_)
                | TaskState::Blocked(_)
                | TaskState::Held(_)
                | TaskState::Running
                | TaskState::Cooling { .. }
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => false,
            }
        };
        after(task).iter().find(is_gone).copied()
    }
}
