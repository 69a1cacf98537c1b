//! Which tasks that were filed together are remembered, whole, and what is remembered of those that are forgotten.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::assignment::Batch;
use crate::model::id::{BatchId, TaskId};
use crate::model::task::{Task, TaskState};

use super::durable::Book;

/// So many tasks of batches that are over are remembered, or all of the last one if those are more.
const WHOLE: usize = 2_000;

/// Of so many batches it is remembered where they lay, what they cost and how they ended.
const BATCHES: usize = 500;

/// How the tasks of a batch ended that are forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Well.
    pub done: u32,
    /// Not well.
    pub failed: u32,
}

/// Batches that are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Over {
    /// Those that are remembered whole.
    whole: BTreeSet<BatchId>,
    /// The same, the first that ended first.
    order: VecDeque<BatchId>,
    figures: BTreeMap<BatchId, Figures>,
}

impl Book {
    /// Returns how the tasks of a batch ended that are forgotten.
    pub fn figures(&self, batch: BatchId) -> Figures {
        self.over_batches.figures.get(&batch).copied().unwrap_or_default()
    }

    /// Returns how many tasks of a batch are forgotten.
    pub fn forgotten_of(&self, batch: &Batch) -> usize {
        let Figures { done, failed } = self.figures(batch.id);
        (done + failed) as usize
    }

    /// Returns the batches of which a task is remembered, the oldest first.
    pub fn remembered_batches(&self) -> impl Iterator<Item = &Arc<Batch>> {
        self.batches.values().filter(|batch| self.forgotten_of(batch) < batch.tasks.len())
    }

    /// Whether an open task waits for this one, or it is part of what is remembered whole.
    pub(crate) fn is_needed(&self, id: TaskId) -> bool {
        let batch = self.tasks.get(&id).and_then(|task| task.assignment()?.batch);
        self.index.has_dependents(id)
            || batch.is_some_and(|batch| self.index.is_open_batch(batch) || self.over_batches.whole.contains(&batch))
    }

    pub(super) fn batch_began(&mut self, batch: &Batch) {
        self.last_batch = self.last_batch.max(batch.id);
        self.batches.insert(batch.id, Arc::new(batch.clone()));
        while self.batches.len() > BATCHES {
            let is_forgotten = |batch: &&Arc<Batch>| batch.tasks.iter().all(|task| !self.tasks.contains_key(task));
            let Some(old) = self.batches.values().find(is_forgotten).map(|batch| batch.id) else { break };
            if old == batch.id {
                break;
            }
            self.batches.remove(&old);
            self.over_batches.figures.remove(&old);
            self.ledger.batch_forgotten(old);
        }
    }

    pub(super) fn batch_grew(&mut self, batch: BatchId, tasks: &[TaskId]) {
        if let Some(batch) = self.batches.get_mut(&batch) {
            Arc::make_mut(batch).tasks.extend(tasks);
        }
    }

    /// The last open task of a batch is over: all of it is remembered, and less of those before it.
    pub(super) fn batch_over(&mut self, batch: BatchId) {
        if !self.over_batches.whole.insert(batch) {
            self.over_batches.order.retain(|known| *known != batch);
        }
        self.over_batches.order.push_back(batch);
        let size = |known: &BatchId| self.batches.get(known).map_or(0, |batch| batch.tasks.len());
        let mut sum: usize = self.over_batches.order.iter().map(size).sum();
        while sum > WHOLE && self.over_batches.order.len() > 1 {
            let Some(old) = self.over_batches.order.pop_front() else { break };
            sum = sum.saturating_sub(self.batches.get(&old).map_or(0, |batch| batch.tasks.len()));
            self.over_batches.whole.remove(&old);
        }
        // What was needed may not be any more.
        self.kept = (0, 0);
    }

    pub(super) fn forget_task(&mut self, id: TaskId) {
        let Some(task) = self.tasks.remove(&id) else { return };
        self.index.forget(&task);
        let Some(batch) = task.assignment().and_then(|assignment| assignment.batch) else { return };
        if self.batches.contains_key(&batch) {
            self.over_batches.figures.entry(batch).or_default().count(&task);
        }
    }
}

impl Figures {
    fn count(&mut self, task: &Task) {
        match &task.state {
            TaskState::Failed(_) => self.failed += 1,
            TaskState::Done(_)
            | TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Ready(_)
            | TaskState::Review(_) => self.done += 1,
        }
    }
}
