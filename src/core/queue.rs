//! Keeps one queue apart from the others: pauses it, lets it go on, clears it; a failure pauses it if it is set so.

use crate::core::book::Source;
use crate::core::command::Answer;
use crate::core::fact::Fact;
use crate::core::lanes::lane;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::id::TaskId;
use crate::model::lane::{LaneChange, LaneWish};
use crate::model::task::{FailReason, Task, TaskState};

/// Why the queue starts nothing by itself.
pub(crate) const QUEUE_OFF: &str = "queue.enabled is false (ENABLE_QUEUE_PROCESSOR)";

impl Supervisor {
    /// Whether a task waits for a person to start it, because the queue is off. What events start is not the queue's
    /// doing, and what only cools down was started.
    pub(crate) fn is_off(&self, task: &Task) -> bool {
        !self.settings.lanes.enabled
            && !task.forced
            && task.state == TaskState::Queued
            && lane(task) == Lane::Queue
            && Source::of(task) == Source::Person
    }

    /// Does to a queue what a person wants.
    pub(crate) fn lane_wish(&mut self, lane: Lane, wish: LaneWish) -> Answer {
        let (change, said) = match wish {
            LaneWish::Pause => (
                LaneChange::Paused { why: "by you".to_owned() },
                format!("the {lane} lane is paused: nothing more of it starts"),
            ),
            LaneWish::Resume => {
                let is_off = lane == Lane::Queue && !self.settings.lanes.enabled;
                let but = if is_off {
                    format!(", but {QUEUE_OFF}: `orchestrator-tui fix ID` starts a task")
                } else {
                    String::new()
                };
                (LaneChange::Resumed, format!("the {lane} lane goes on{but}"))
            }
            LaneWish::Clear => (LaneChange::Cleared, format!("what is over in the {lane} lane is cleared")),
        };
        self.record(Fact::Lane { lane, change });
        Answer::said(said)
    }

    /// Pauses the queue of tasks whose failure is to stop it.
    pub(crate) fn stop_on_failure(&mut self, id: TaskId) {
        if !self.settings.lanes.stop_on_failure || self.book.lanes.is_paused(Lane::Queue) {
            return;
        }
        let Some(task) = self.book.task(id).filter(|task| lane(task) == Lane::Queue) else { return };
        let failed = match &task.state {
            TaskState::Failed(
                FailReason::Escalated { .. }
                | FailReason::EnvironmentDiffers
                | FailReason::WorkspaceUnusable { .. }
                | FailReason::Budget
                | FailReason::CheckBroken { .. },
            ) => true,
            // A person has ended it, or what went wrong is in the queue itself, as a task of its own.
            TaskState::Failed(
                FailReason::Killed
                | FailReason::Undone
                | FailReason::Refused
                | FailReason::NotWanted(_)
                | FailReason::NotVerified(_),
            )
            | TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_) => false,
        };
        if failed {
            let why = format!("{id} failed (queue.stop_on_failure)");
            self.record(Fact::Lane { lane: Lane::Queue, change: LaneChange::Paused { why } });
        }
    }
}
