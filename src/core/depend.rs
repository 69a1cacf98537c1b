//! Lets tasks wait for others: pending until all of them are done, blocked when one fails, free again when it is retried.

use std::collections::BTreeSet;

use crate::core::fact::Fact;
use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Batch;
use crate::model::hold::HoldReason;
use crate::model::id::TaskId;
use crate::model::path::ProjectPath;
use crate::model::task::{Task, TaskState};
use crate::model::workspace::{Snapshot, TreeId};

impl Supervisor {
    /// Returns where a task stands because of those it waits for; `None` if nothing of them is in its way.
    pub(crate) fn gate(&self, task: &Task) -> Option<TaskState> {
        let after = task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default();
        let mut pending = None;
        for id in after {
            let Some(other) = self.book.task(*id) else { continue };
            match &other.state {
                TaskState::Ready(_) if is_unfinished(other) => pending = pending.or(Some(TaskState::Pending(*id))),
                TaskState::Done(_) | TaskState::Ready(_) => {}
                // It waits for what it has led to, and not the other way round.
                TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled) if is_passed_on(task, *id) => {}
                TaskState::Failed(_) => return Some(TaskState::Blocked(*id)),
                // What it waits for in the end.
                TaskState::Blocked(root) => return Some(TaskState::Blocked(*root)),
                TaskState::Queued
                | TaskState::Pending(_)
                | TaskState::Held(_)
                | TaskState::Running
                | TaskState::Cooling { .. }
                | TaskState::Review(_) => pending = pending.or(Some(TaskState::Pending(*id))),
            }
        }
        pending
    }

    /// Returns the results of what a task waited for that have not landed, each with what it was made from.
    pub(crate) fn brought(&self, id: TaskId) -> Vec<(Snapshot, TreeId)> {
        let Some(task) = self.book.task(id) else { return Vec::new() };
        let mut all = BTreeSet::new();
        self.collect_unlanded(task, &mut all);
        let results = all.into_iter().filter_map(|id| self.book.task(id)?.result.as_ref());
        results.map(|result| (result.base.clone(), result.receipt.tree_after.clone())).collect()
    }

    /// Returns the first of what a task builds on that has not landed.
    pub(crate) fn unlanded(&self, task: &Task) -> Option<TaskId> {
        let mut all = BTreeSet::new();
        self.collect_unlanded(task, &mut all);
        all.pop_first()
    }

    fn collect_unlanded(&self, task: &Task, all: &mut BTreeSet<TaskId>) {
        let after = task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default();
        for id in after {
            let Some(other) = self.book.task(*id) else { continue };
            if matches!(other.state, TaskState::Ready(_)) && all.insert(*id) {
                self.collect_unlanded(other, all);
            }
        }
    }

    /// Whether something of a batch is at work, or will be without a person: else it is over for now.
    pub fn goes_on(&self, batch: &Batch) -> bool {
        let moves = |task: &Task| match &task.state {
            TaskState::Running => true,
            TaskState::Queued | TaskState::Cooling { .. } => {
                !matches!(self.waiting(task), Some(Waiting::Batch(_) | Waiting::Budget(..)))
            }
            TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => false,
        };
        batch.tasks.iter().filter_map(|id| self.book.task(*id)).any(|task| moves(task))
    }

    /// Whether every task that waits for others stands where they leave it.
    ///
    /// # Errors
    /// Which does not.
    pub(crate) fn gates_hold(&self) -> Result<(), String> {
        if !self.is_up() || self.live.one_command {
            return Ok(());
        }
        for task in self.book.open() {
            let gate = self.gate(task);
            let holds = match &task.state {
                TaskState::Queued | TaskState::Cooling { .. } => gate.is_none(),
                TaskState::Pending(_) | TaskState::Blocked(_) => gate.as_ref() == Some(&task.state),
                TaskState::Held(_)
                | TaskState::Running
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => true,
            };
            if !holds {
                return Err(format!("{} is {} and should be {gate:?}", task.id, task.state.name()));
            }
        }
        Ok(())
    }

    /// Moves the tasks that wait for what has just changed.
    pub(crate) fn regate(&mut self) {
        while let Some(turned) = self.live.turned.pop_first() {
            self.note_passed(turned);
            self.stop_on_failure(turned);
            let dependents: Vec<TaskId> = self.book.index.dependents(turned).collect();
            for id in dependents.into_iter().chain([turned]) {
                self.regate_task(id);
            }
        }
    }

    fn regate_task(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        let now = match &task.state {
            TaskState::Queued | TaskState::Pending(_) | TaskState::Blocked(_) | TaskState::Cooling { .. } => {
                self.gate(&task)
            }
            TaskState::Held(_)
            | TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => return,
        };
        match (now, &task.state) {
            (Some(state), known) if state != *known => {
                self.record(Fact::Gated { task: id, state });
            }
            (None, TaskState::Pending(_) | TaskState::Blocked(_)) => {
                self.record(Fact::Gated { task: id, state: TaskState::Queued });
            }
            (_, _) => {}
        }
    }
}

/// Whether the result of a task may be half of what it is to bring.
fn is_unfinished(task: &Task) -> bool {
    task.result.as_ref().is_some_and(|result| result.unfinished)
}

/// Whether a task is one of those that another one was passed on to.
fn is_passed_on(task: &Task, subject: TaskId) -> bool {
    task.assignment().is_some_and(|assignment| assignment.subject == Some(subject))
}

/// Names files for a sentence.
pub(crate) fn listed(paths: &[ProjectPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
