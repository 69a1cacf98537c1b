//! What becomes of a task that was passed on and done when a person does not want what was made for it, until that is made again.

use crate::core::events::subject_of;
use crate::core::fact::Fact;
use crate::core::supervisor::Supervisor;
use crate::model::hold::HoldReason;
use crate::model::id::TaskId;
use crate::model::task::{DoneReason, FailReason, TaskState};

impl Supervisor {
    /// A person does not want what a task has made: the one that it was passed on from has failed with it, even if it was
    /// done. What waits for that one is blocked then, as behind any failure, and does not begin without what was made.
    pub(crate) fn not_wanted(&mut self, maker: TaskId) {
        let Some(subject) = self.book.task(maker).map(|task| subject_of(task)).filter(|subject| *subject != maker)
        else {
            return;
        };
        if self.book.task(subject).is_some_and(|task| task.state == TaskState::Done(DoneReason::Finished)) {
            self.record(Fact::Ended { task: subject, state: TaskState::Failed(FailReason::NotWanted(maker)) });
        }
    }

    /// What was not wanted is being made again: the task that it is made for is passed on as before, and what waits for that
    /// one waits again. It is not done by this alone: it was the other result that was looked at and found good.
    pub(crate) fn wanted_again(&mut self, subject: TaskId) {
        let Some(TaskState::Failed(FailReason::NotWanted(maker))) = self.book.task(subject).map(|task| &task.state)
        else {
            return;
        };
        if self.book.index.is_open(*maker) {
            self.record(Fact::Held { task: subject, reason: HoldReason::PassedOn });
        }
    }
}
