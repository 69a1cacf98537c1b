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
        let mut pending = None;
        for id in after(task) {
            match self.gate_of(task, *id) {
                Some(TaskState::Pending(first)) => pending = pending.or(Some(TaskState::Pending(first))),
                Some(blocked) => return Some(blocked),
                None => {}
            }
        }
        pending
    }

    /// Returns the same for a task of which it is known that nothing before `first` is in its way, and that nothing it waits
    /// for has failed unless it has just turned. One that waits for thousands is not looked at whole for each of them.
    fn gate_from(&self, task: &Task, first: TaskId) -> Option<TaskState> {
        let after = after(task);
        let at = after.binary_search(&first).unwrap_or_default();
        after[at..].iter().find_map(|id| self.gate_of(task, *id))
    }

    /// Returns where a task stands because of one that it waits for.
    fn gate_of(&self, task: &Task, id: TaskId) -> Option<TaskState> {
        match &self.book.task(id)?.state {
            TaskState::Done(_) | TaskState::Ready(_) => None,
            // It waits for what it has led to, and not the other way round.
            TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled) if is_passed_on(task, id) => None,
            TaskState::Failed(_) => Some(TaskState::Blocked(id)),
            // What it waits for in the end.
            TaskState::Blocked(root) => Some(TaskState::Blocked(*root)),
            TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Review(_) => Some(TaskState::Pending(id)),
        }
    }

    /// Returns the results of what a task waited for that have not landed, each with what it was made from.
    pub(crate) fn brought(&self, id: TaskId) -> Vec<(Snapshot, TreeId)> {
        let Some(task) = self.book.task(id) else { return Vec::new() };
        let results = self.built_from(task).into_iter().filter_map(|id| self.book.task(id)?.result.as_ref());
        results.map(|result| (result.base.clone(), result.receipt.tree_after.clone())).collect()
    }

    /// Returns the first of what a task builds on that has not landed.
    pub(crate) fn unlanded(&self, task: &Task) -> Option<TaskId> {
        self.built_from(task).pop_first()
    }

    /// Returns all that a task builds on that has not landed.
    pub(crate) fn built_from(&self, task: &Task) -> BTreeSet<TaskId> {
        let mut all = BTreeSet::new();
        self.collect_unlanded(task, &mut all);
        all
    }

    fn collect_unlanded(&self, task: &Task, all: &mut BTreeSet<TaskId>) {
        for id in after(task) {
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
                !matches!(self.waiting(task), Some(Waiting::Batch(_) | Waiting::Budget(..) | Waiting::Unlanded(..)))
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
        let whole = std::mem::take(&mut self.live.restored);
        while let Some(turned) = self.live.turned.pop_first() {
            self.note_passed(turned);
            self.stop_on_failure(turned);
            let dependents: Vec<TaskId> =
                self.book.index.dependents(turned).filter(|id| whole || self.may_move(*id, turned)).collect();
            for id in dependents.into_iter().chain([turned]) {
                self.regate_task(id, (!whole).then_some(turned));
            }
        }
    }

    /// Whether a task may stand elsewhere because another one does that it waits for.
    fn may_move(&self, id: TaskId, turned: TaskId) -> bool {
        let (Some(task), Some(other)) = (self.book.task(id), self.book.task(turned)) else { return true };
        let is_met = matches!(other.state, TaskState::Done(_) | TaskState::Ready(_));
        match &task.state {
            // The first that is not done; a later one makes a difference only by its failure.
            TaskState::Pending(first) if *first < turned => {
                matches!(other.state, TaskState::Failed(_) | TaskState::Blocked(_))
            }
            TaskState::Pending(waits) | TaskState::Blocked(waits) => *waits == turned || !is_met,
            TaskState::Queued | TaskState::Cooling { .. } => true,
            TaskState::Held(_)
            | TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => false,
        }
    }

    fn regate_task(&mut self, id: TaskId, turned: Option<TaskId>) {
        let Some(task) = self.task(id) else { return };
        let now = match &task.state {
            TaskState::Pending(first) if turned == Some(*first) || turned == Some(id) => self.gate_from(&task, *first),
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

/// Returns what a task waits for, by number.
fn after(task: &Task) -> &[TaskId] {
    task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default()
}

/// Whether a task is one of those that another one was passed on to.
fn is_passed_on(task: &Task, subject: TaskId) -> bool {
    task.assignment().is_some_and(|assignment| assignment.subject == Some(subject))
}

/// Names files for a sentence.
pub(crate) fn listed(paths: &[ProjectPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
