//! What the planner has used: for its tasks, and of the conversation in which it did.

use super::durable::Book;
use crate::model::cost::Spent;
use crate::model::id::TaskId;

impl Book {
    /// The planner has used so much more, for a task or for a person.
    pub(super) fn planner_used(&mut self, task: Option<TaskId>, spent: Spent) {
        self.statistics.spent += spent;
        self.this_run.spent += spent;
        self.ledger.planner_used(task, spent);
        self.tally.planner_used(spent);
        if let Some(talk) = &mut self.planner {
            talk.billed += spent;
        }
        if let Some(task) = task {
            self.change_task(task, |task| task.spent += spent);
        }
    }
}
