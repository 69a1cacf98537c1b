//! Leaves a check and file alone for a while, because a person said so.

use crate::core::command::{Answer, Refusal};
use crate::core::fact::Fact;
use crate::core::supervisor::Supervisor;
use crate::model::hold::{Snooze, SnoozeEnd};
use crate::model::id::TaskId;

impl Supervisor {
    /// Leaves the check and file of a task alone.
    ///
    /// # Errors
    /// If there is no such task, or nothing that would ever end the snooze.
    pub(crate) fn snooze(&mut self, id: TaskId, until: Snooze) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let until = self.end_of(until)?;
        let said = format!("{} is snoozed {until}", task.key);
        self.record(Fact::Snoozed { key: task.key.clone(), until });
        Ok(Answer { said })
    }

    fn end_of(&self, until: Snooze) -> Result<SnoozeEnd, Refusal> {
        match until {
            Snooze::For(seconds) => {
                Ok(SnoozeEnd::At(self.live.now.wall.after(std::time::Duration::from_secs(seconds))))
            }
            Snooze::UntilGreen => Ok(SnoozeEnd::Green),
            Snooze::OnBranch => match &self.live.repository.branch {
                Some(branch) => Ok(SnoozeEnd::LeavingBranch(branch.clone())),
                None => Err(Refusal::because("no branch is checked out; snooze it for a time, or until it is green")),
            },
        }
    }

    /// Ends the snooze of a task's check and file.
    ///
    /// # Errors
    /// If there is no such task, or no snooze.
    pub(crate) fn unsnooze(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if !self.book.snoozed.contains_key(&task.key) {
            return Err(Refusal::because(format!("{} is not snoozed", task.key)));
        }
        self.record(Fact::Unsnoozed { key: task.key.clone() });
        Ok(Answer { said: format!("{} is no longer snoozed", task.key) })
    }
}
