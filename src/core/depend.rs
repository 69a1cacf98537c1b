//! Lets tasks wait for others: pending until all of them are done, blocked when one fails, free again when it is retried.

use std::collections::BTreeSet;

use crate::core::events::subject_of;
use crate::core::fact::Fact;
use crate::core::landing_order::Before;
use crate::core::made::Made;
use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Batch;
use crate::model::hold::HoldReason;
use crate::model::id::TaskId;
use crate::model::path::ProjectPath;
use crate::model::task::{FailReason, ReadyReason, Task, TaskState};
use crate::model::workspace::{Snapshot, TreeId};

impl Supervisor {
    /// Returns where a task stands because of those it waits for; `None` if nothing of them is in its way.
    pub(crate) fn gate(&self, task: &Task) -> Option<TaskState> {
        let waits = self.begins_after_landing(task);
        let mut pending = None;
        for id in after(task) {
            match self.gate_of(task, *id, waits) {
                Some(TaskState::Pending(first)) => pending = pending.or(Some(TaskState::Pending(first))),
                Some(blocked) => return Some(blocked),
                None => {}
            }
        }
        pending
    }

    /// Returns the same for a task of which it is known that nothing before this one is in its way, and that nothing it waits
    /// for has failed unless it has just turned. One that waits for thousands is not looked at whole for each of them.
    fn gate_from(&self, task: &Task, at: TaskId) -> Option<TaskState> {
        let (waits, after) = (self.begins_after_landing(task), after(task));
        let at = after.binary_search(&at).unwrap_or_default();
        after[at..].iter().find_map(|id| self.gate_of(task, *id, waits))
    }

    /// Returns where a task stands because of one that it waits for; `waits`: for its landing, too.
    fn gate_of(&self, task: &Task, id: TaskId, waits: bool) -> Option<TaskState> {
        let other = self.book.task(id)?;
        match &other.state {
            TaskState::Ready(_) if is_unfinished(other) => Some(TaskState::Pending(id)),
            // It lands in a moment, and what is made from what has landed needs no yes for that.
            TaskState::Ready(ReadyReason::InTurn(_)) => Some(TaskState::Pending(id)),
            TaskState::Done(_) | TaskState::Ready(_) => {
                let kept = if waits { self.kept_of(task, id).next() } else { None };
                kept.or_else(|| self.in_between(task, id)).map(TaskState::Pending)
            }
            // It waits for what it has led to, and not the other way round.
            TaskState::Held(HoldReason::PassedOn | HoldReason::Stalled) if is_passed_on(task, id) => None,
            // To make that again helps, and leaves as it is what others did for it.
            TaskState::Failed(FailReason::NotWanted(maker)) if self.book.task(*maker).is_some() => {
                Some(TaskState::Blocked(*maker))
            }
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

    /// Whether a task begins only when all that it builds on has landed.
    fn begins_after_landing(&self, task: &Task) -> bool {
        let role = task.assignment().and_then(|assignment| self.settings.roles.get(&assignment.role));
        role.is_some_and(|role| role.after_landing)
    }

    /// Returns what a task that comes after another one gets from it that has not landed: its result, or, if it was passed
    /// on, the results of those that worked on it. Those are no news to each other.
    fn kept_of(&self, task: &Task, other: TaskId) -> impl Iterator<Item = TaskId> {
        let all = std::iter::once(other).chain(self.makers(task, other));
        all.filter(|id| self.made(*id) == Some(Made::Kept))
    }

    /// Returns the first of those that another task was passed on to that is just landing, or did not get through with it:
    /// nothing can be made from it, and the tree is no good beginning without it either.
    fn in_between(&self, task: &Task, other: TaskId) -> Option<TaskId> {
        let is_between = |made: Made| match made {
            Made::Landing | Made::InTurn | Made::Stuck | Made::InDoubt => true,
            Made::NotYet | Made::ByOthers | Made::UnderWay | Made::Kept | Made::There | Made::Nothing => false,
        };
        self.makers(task, other).find(|id| self.made(*id).is_some_and(is_between))
    }

    /// Returns where what a task has made stands.
    pub(crate) fn made(&self, id: TaskId) -> Option<Made> {
        self.book.task(id).map(|task| Made::of(task))
    }

    /// Returns the open tasks that another one was passed on to, as far as a task that waits for it cares.
    pub(crate) fn makers(&self, task: &Task, other: TaskId) -> impl Iterator<Item = TaskId> {
        let makers = (!is_passed_on(task, other)).then(|| self.book.index.of_subject(other));
        makers.into_iter().flatten()
    }

    /// Returns the results of what a task waited for that have not landed, each with what it was made from.
    pub(crate) fn brought(&self, id: TaskId) -> Vec<(Snapshot, TreeId)> {
        let Some(task) = self.book.task(id) else { return Vec::new() };
        let results = self.built_from(task).into_iter().filter_map(|id| self.book.task(id)?.result.as_ref());
        results.map(|result| (result.base.clone(), result.receipt.tree_after.clone())).collect()
    }

    /// Returns all results that a task is made from if it begins now: those it comes after, and those that these were made
    /// from, as far as they have not landed.
    pub(crate) fn built_from(&self, task: &Task) -> BTreeSet<TaskId> {
        let mut all = BTreeSet::new();
        self.collect_kept(task, &mut all);
        all
    }

    fn collect_kept(&self, task: &Task, all: &mut BTreeSet<TaskId>) {
        for id in after(task).iter().flat_map(|id| self.kept_of(task, *id)) {
            if let Some(other) = self.book.task(id).filter(|_| all.insert(id)) {
                self.collect_kept(other, all);
            }
        }
    }

    /// Whether something of a batch is at work, or will be without a person: else it is over for now.
    pub fn goes_on(&self, batch: &Batch) -> bool {
        let moves = |task: &Task| match &task.state {
            TaskState::Running => true,
            TaskState::Ready(ReadyReason::InTurn(_)) => !matches!(self.lands_after(task), Some(Before::Waits(_))),
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

    /// Moves all tasks that wait for others: after a restart nothing is known of where they stand.
    pub(crate) fn regate_all(&mut self) {
        for id in self.book.index.open().collect::<Vec<_>>() {
            self.regate_task(id, None);
        }
    }

    /// Moves the tasks that wait for what has just changed.
    pub(crate) fn regate(&mut self) {
        while let Some(turned) = self.live.turned.pop_first() {
            self.note_passed(turned);
            self.stop_on_failure(turned);
            let index = &self.book.index;
            let subject = self.book.task(turned).map(|task| subject_of(task)).filter(|subject| *subject != turned);
            let passed = subject.into_iter().flat_map(|subject| index.dependents(subject));
            let dependents: Vec<TaskId> =
                index.dependents(turned).chain(passed).filter(|id| self.may_move(*id, turned)).collect();
            for id in dependents.into_iter().chain([turned]) {
                self.regate_task(id, Some(turned));
            }
        }
    }

    /// Whether a task may stand elsewhere because another one does that it waits for.
    fn may_move(&self, id: TaskId, turned: TaskId) -> bool {
        let Some(task) = self.book.task(id) else { return false };
        let TaskState::Pending(first) = &task.state else { return true };
        match (self.waited_for(task, turned), self.waited_for(task, *first)) {
            (Some(turned), Some(first)) if turned != first => {
                match self.gate_of(task, turned, self.begins_after_landing(task)) {
                    // What comes after the first that is in its way makes a difference only by its failure.
                    Some(TaskState::Pending(_)) => turned < first,
                    Some(_) => true,
                    None => false,
                }
            }
            (_, _) => true,
        }
    }

    /// Returns the one that a task waits for which another one is, or was passed on from; `None` if it is both or neither.
    fn waited_for(&self, task: &Task, other: TaskId) -> Option<TaskId> {
        let subject = self.book.task(other).map_or(other, |other| subject_of(other));
        let is_waited_for = |id: &TaskId| after(task).binary_search(id).is_ok();
        let mut known = BTreeSet::from([other, subject]).into_iter().filter(is_waited_for);
        let only = known.next();
        only.filter(|_| known.next().is_none())
    }

    /// Returns where to look on for what is in a task's way, if only this or the first such thing has turned.
    fn stops_at(&self, task: &Task, first: TaskId, turned: Option<TaskId>) -> Option<TaskId> {
        let (turned, at) = (turned?, self.waited_for(task, first)?);
        (turned == task.id || self.waited_for(task, turned) == Some(at)).then_some(at)
    }

    fn regate_task(&mut self, id: TaskId, turned: Option<TaskId>) {
        let Some(task) = self.task(id) else { return };
        let now = match &task.state {
            TaskState::Pending(first) if let Some(at) = self.stops_at(&task, *first, turned) => {
                self.gate_from(&task, at)
            }
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
                // A plan starts by a yes, or one by one.
                let waits = self.is_planned_only(&task).is_some();
                let state = if waits { TaskState::Held(HoldReason::Created) } else { TaskState::Queued };
                self.record(Fact::Gated { task: id, state });
            }
            (_, _) => {}
        }
    }
}

/// Returns what a task waits for, by number.
pub(crate) fn after(task: &Task) -> &[TaskId] {
    task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default()
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
