//! Which lines a task has: its own, that of its role, or a share of what was filed together; what is left of that, and when it is used up.

use crate::core::book::Wait;
use crate::core::budget::Pot;
use crate::core::lanes::lane;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::BatchKind;
use crate::model::budget::{Budget, Limit};
use crate::model::cost::{Spent, Usd};
use crate::model::id::TaskId;
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

    /// Returns what is left of what all may cost that a task was filed together with.
    pub(crate) fn batch_pot(&self, task: &Task) -> Option<Pot> {
        let (used, limit) = self.batch_money(task)?;
        let left = limit.minus(used.usd).minus(self.promised(|id| self.is_filed_with(task, id)));
        let room = self.room(lane(task));
        // There may be room for more than there are to take of it.
        let others = self.others(task).filter(|id| self.may_begin_beside(task, *id)).take(room.saturating_sub(1));
        let room = others.count() + 1;
        Some(Pot { left, line: Limit::BatchUsd, room, is_busy: self.is_at_work_beside(task) })
    }

    fn others(&self, task: &Task) -> impl Iterator<Item = TaskId> {
        let batch = task.assignment().and_then(|assignment| assignment.batch);
        batch.into_iter().flat_map(|batch| self.book.index.of_batch(batch)).filter(|id| *id != task.id)
    }

    /// Whether an agent will begin at a task while that of another one works: its turn comes, or has come.
    fn may_begin_beside(&self, task: &Task, other: TaskId) -> bool {
        if let Some(attempt) = self.live.attempts.get(&other) {
            return attempt.allowance.is_none() && !attempt.only_lands && attempt.ending.is_none();
        }
        let waits = |other: &Task| Wait::of(other).is_some() && lane(other) == lane(task);
        self.book.task(other).is_some_and(|other| waits(other))
    }

    fn is_filed_with(&self, task: &Task, other: TaskId) -> bool {
        let batch = |task: &Task| task.assignment().and_then(|assignment| assignment.batch);
        batch(task).is_some() && self.book.task(other).is_some_and(|other| batch(other) == batch(task))
    }

    /// Whether an agent is at work at what a task was filed together with.
    pub(crate) fn is_at_work_beside(&self, task: &Task) -> bool {
        let mut running = self.live.attempts.iter().filter(|(_, attempt)| attempt.costs());
        running.any(|(id, _)| self.is_filed_with(task, *id))
    }

    /// Says what stands against a task because what it was filed together with has used up what it may cost, and what
    /// mends it.
    pub(crate) fn waits_for_batch(&self, task: &Task) -> Option<String> {
        let (line, used) = self.batch_line(task)?;
        let why = self.used_up_by(task, line, used);
        let batch = task.assignment().and_then(|assignment| self.book.batches.get(&assignment.batch?));
        let hint = match batch.map(|batch| &batch.kind) {
            Some(BatchKind::Day { file, .. }) => {
                let name = file.file_name().unwrap_or_default().display();
                format!("raise it in {name} and `start` that again")
            }
            Some(BatchKind::Orchestration { .. }) | None => "`costs` shows where it went".to_owned(),
        };
        Some(format!("{why}; {hint}"))
    }

    /// Says that what a task was filed together with has used up what it may cost, if it has.
    pub(crate) fn batch_over(&self, id: TaskId) -> Option<String> {
        let task = self.book.task(id)?;
        let (line, used) = self.batch_line(task)?;
        Some(self.used_up_by(task, line, used))
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
