//! What a task may cost: by its own line, that of its role, and that of what it was filed together with.

use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::budget::{Budget, Limit};
use crate::model::cost::{Spent, Usd};
use crate::model::task::Task;

impl Supervisor {
    /// Returns the budget that holds for a task today. An assignment has the line that was written for it, else that of its
    /// role; else what it was filed together with has one for all of them, or it is a task as any other.
    pub(crate) fn budget_of(&self, task: &Task) -> Budget {
        let mut budget = self.budget();
        if let Some(assignment) = task.assignment() {
            let role = self.settings.roles.get(&assignment.role).and_then(|role| role.budget);
            budget.task = match assignment.budget.or(role) {
                Some(own) => own,
                None if self.batch_money(task).is_some() => Usd(0),
                None => budget.task,
            };
        }
        budget
    }

    /// Returns what was used of what all tasks may cost that a task was filed together with, and how much that is.
    pub(crate) fn batch_money(&self, task: &Task) -> Option<(Spent, Usd)> {
        let batch = self.book.batches.get(&task.assignment()?.batch?)?;
        let limit = batch.budget?;
        Some((self.book.ledger.of_batch(batch.id), limit))
    }

    /// Returns the line of all that it was filed together with, if it is reached.
    pub(crate) fn batch_line(&self, task: &Task) -> Option<(Limit, Spent)> {
        let (used, limit) = self.batch_money(task)?;
        (used.usd >= limit).then_some((Limit::BatchUsd, used))
    }

    /// Says what stands against a task because what it was filed together with has used up what it may cost.
    pub(crate) fn waits_for_batch(&self, task: &Task) -> Option<Waiting> {
        let (line, used) = self.batch_line(task)?;
        Some(Waiting::Batch(format!("parked: {}; `costs` shows where it went", self.used_up_by(task, line, used))))
    }

    /// Says how far a line of a task is used up: `max_cost_usd is used up ($5.20 of $5.00)`.
    pub(crate) fn used_up_by(&self, task: &Task, line: Limit, used: Spent) -> String {
        let limit = match line {
            Limit::BatchUsd => self.batch_money(task).map_or(0, |(_, limit)| limit.0),
            Limit::DayUsd | Limit::DayTokens | Limit::TaskUsd | Limit::TaskTokens => self.budget_of(task).limit(line),
        };
        format!("{} is used up ({})", line.key(), line.share(line.measure(used), limit))
    }
}
