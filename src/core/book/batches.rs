//! Which tasks that were filed together are remembered, whole, and what is remembered of those that are forgotten.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::assignment::{Batch, BatchKind};
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

    /// Whether an open task waits for this one or for what was passed on to it, or it is part of what is remembered whole.
    pub(crate) fn is_needed(&self, id: TaskId) -> bool {
        let assignment = self.tasks.get(&id).and_then(|task| task.assignment());
        let (batch, subject) = assignment.map_or((None, None), |known| (known.batch, known.subject));
        let is_whole = |batch| self.index.is_open_batch(batch) || self.over_batches.whole.contains(&batch);
        self.index.has_dependents(id)
            || subject.is_some_and(|subject| self.index.has_dependents(subject))
            || batch.is_some_and(is_whole)
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
    /// Counts a task that is over.
    fn count(&mut self, task: &Task) {
        let is_failed = matches!(task.state, TaskState::Failed(_));
        *(if is_failed { &mut self.failed } else { &mut self.done }) += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::Recorded;
    use crate::core::fact::Fact;
    use crate::model::assignment::{Assignment, BatchKind, Lane};
    use crate::model::task::{DoneReason, FailReason, Goal, Origin};
    use crate::model::time::Wall;

    fn apply(book: &mut Book, fact: Fact) {
        let seq = book.seq.next();
        book.apply(&Recorded { seq, at: Wall(seq.0), fact });
    }

    /// Files tasks from a number on as a batch, in a folder of its own.
    fn file(book: &mut Book, id: u32, first: u32, count: u32) {
        let kind = BatchKind::Day { file: "day.yaml".into(), folder: format!("day{id}").into(), date: "d".into() };
        let (id, tasks) = (BatchId(id), first..first + count);
        let batch = Batch { id, kind, budget: None, tasks: tasks.clone().map(TaskId).collect() };
        apply(book, Fact::BatchBegan { batch: Box::new(batch) });
        for number in tasks {
            let mut assignment = Assignment::new(format!("task {number}"), Lane::Day, "task", "coding");
            assignment.batch = Some(id);
            let goal = Goal::Assignment(Box::new(assignment));
            let task = Task::new(TaskId(number), goal, Origin::Person, Wall(0));
            apply(book, Fact::Filed { task: Box::new(task) });
        }
    }

    fn end(book: &mut Book, tasks: std::ops::Range<u32>) {
        for number in tasks {
            let state = match number % 10 {
                0 => TaskState::Failed(FailReason::Killed),
                _ => TaskState::Done(DoneReason::Finished),
            };
            apply(book, Fact::Ended { task: TaskId(number), state });
        }
    }

    #[test]
    fn a_batch_is_remembered_whole_when_its_last_task_ends_and_its_folder_and_figures_after_it_is_forgotten() {
        let mut book = Book::default();
        file(&mut book, 1, 1, 120);
        end(&mut book, 1..121);
        assert_eq!(book.tasks.len(), 120, "more than are remembered of tasks that belong to nothing");
        file(&mut book, 2, 1_001, 60);
        end(&mut book, 1_001..1_061);
        assert_eq!(book.tasks.len(), 180);
        let whole = u32::try_from(WHOLE).unwrap_or_default();
        file(&mut book, 3, 10_001, whole);
        end(&mut book, 10_001..10_001 + whole);
        let batch = book.batches[&BatchId(1)].clone();
        assert!(book.forgotten_of(&batch) > 0, "the oldest make room");
        assert!((10_001..10_001 + whole).all(|number| book.tasks.contains_key(&TaskId(number))));
        file(&mut book, 4, 50_001, 2 * whole);
        end(&mut book, 50_001..50_001 + 2 * whole);
        assert!((50_001..50_001 + 2 * whole).all(|number| book.tasks.contains_key(&TaskId(number))));
        assert_eq!(book.figures(BatchId(1)), Figures { done: 108, failed: 12 });
        assert_eq!(book.remembered_batches().last().map(|batch| batch.id), Some(BatchId(4)));
        assert!(book.remembered_batches().all(|batch| batch.id != BatchId(1)));
        let folders: Vec<String> = book.days().iter().map(|folder| folder.display().to_string()).collect();
        assert_eq!(folders, ["day4", "day3", "day2", "day1"]);
    }

    #[test]
    fn of_very_many_batches_the_oldest_are_forgotten() {
        let mut book = Book::default();
        let many = u32::try_from(BATCHES).unwrap_or_default() + 2_000;
        for id in 1..=many {
            file(&mut book, id, id * 10 + 1, 1);
            end(&mut book, id * 10 + 1..id * 10 + 2);
        }
        assert!(book.batches.len() <= WHOLE + 51, "{} batches", book.batches.len());
        assert!(book.batches.contains_key(&BatchId(many)) && !book.batches.contains_key(&BatchId(1)));
    }
}

impl Book {
    /// What is left of a plan starts as it can.
    pub(super) fn batch_approved(&mut self, batch: BatchId) {
        if let Some(batch) = self.batches.get_mut(&batch)
            && let BatchKind::Orchestration { start, .. } = &mut Arc::make_mut(batch).kind
        {
            *start = true;
        }
    }
}
