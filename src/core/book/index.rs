//! Finds open tasks by check, file, change and turn, so that no input looks at every task.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::lanes::lane;
use crate::model::assignment::{Assignment, Lane};
use crate::model::check::CheckKey;
use crate::model::id::{BatchId, ChangeId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::task::{Origin, Task, TaskState};
use crate::model::time::Wall;

/// A task's turn among those that wait: what a person asked for first, then by priority, then by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    unforced: bool,
    priority: Reverse<i32>,
    /// The task.
    pub task: TaskId,
}

impl Rank {
    /// Returns the turn of a task.
    pub fn of(task: &Task) -> Self {
        Self { unforced: !task.forced, priority: Reverse(task.priority), task: task.id }
    }
}

/// What a waiting task waits for, as far as time is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The end of its pause after a failed attempt.
    pub cooling: Option<Wall>,
    /// When it was filed, if it starts only after a pause of the user.
    pub filed: Option<Wall>,
}

impl Wait {
    /// Returns what a task waits for; `None` if it does not wait for its turn at all.
    pub fn of(task: &Task) -> Option<Self> {
        let cooling = match &task.state {
            TaskState::Queued => None,
            TaskState::Cooling { until } => Some(*until),
            TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => return None,
        };
        // Only a fix waits for a pause of the user: it may be about to be typed.
        let filed = (!task.forced && task.charged == 0 && task.check().is_some()).then_some(task.filed);
        Some(Self { cooling, filed })
    }
}

/// What the index says about a task before it changes.
pub(super) struct Before {
    open: bool,
    turn: Option<Rank>,
    files: usize,
}

/// Where to find open tasks. It follows from the tasks and is never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    open: BTreeSet<TaskId>,
    checks: BTreeMap<CheckKey, TaskId>,
    files: BTreeMap<ProjectPath, BTreeSet<TaskId>>,
    changes: BTreeMap<ChangeId, BTreeSet<TaskId>>,
    waiting: BTreeMap<Lane, BTreeMap<Rank, Wait>>,
    dependents: BTreeMap<TaskId, BTreeSet<TaskId>>,
    subjects: BTreeMap<TaskId, BTreeSet<TaskId>>,
    batches: BTreeMap<BatchId, BTreeSet<TaskId>>,
}

impl Index {
    /// Builds the index of these tasks anew; what it says must always be this.
    pub fn of(tasks: &BTreeMap<TaskId, Arc<Task>>) -> Self {
        let mut index = Self::default();
        for task in tasks.values() {
            index.add(task);
        }
        index
    }

    /// Returns the tasks that are not over, in the order they were filed.
    pub fn open(&self) -> impl Iterator<Item = TaskId> {
        self.open.iter().copied()
    }

    /// Whether a task is not over.
    pub fn is_open(&self, task: TaskId) -> bool {
        self.open.contains(&task)
    }

    /// Returns the open task of a check.
    pub fn of_check(&self, key: &CheckKey) -> Option<TaskId> {
        self.checks.get(key).copied()
    }

    /// Returns every check that has an open task, in order, with that task.
    pub fn checks(&self) -> impl Iterator<Item = (&CheckKey, TaskId)> {
        self.checks.iter().map(|(key, task)| (key, *task))
    }

    /// Returns the open tasks that may touch a file, in the order they were filed.
    pub fn of_file(&self, file: &ProjectPath) -> impl Iterator<Item = TaskId> {
        self.files.get(file).into_iter().flatten().copied()
    }

    /// Returns the open tasks that a change made, in the order they were filed.
    pub fn of_change(&self, change: ChangeId) -> impl Iterator<Item = TaskId> {
        self.changes.get(&change).into_iter().flatten().copied()
    }

    /// Returns the tasks that wait for their turn, lane by lane, each in turn.
    pub fn waiting(&self) -> impl Iterator<Item = (&Rank, &Wait)> {
        self.waiting.values().flatten()
    }

    /// Returns the tasks of a lane that wait for their turn, in turn.
    pub fn waiting_in(&self, lane: Lane) -> impl Iterator<Item = (&Rank, &Wait)> {
        self.waiting.get(&lane).into_iter().flatten()
    }

    /// Returns the open tasks that wait for a task.
    pub fn dependents(&self, task: TaskId) -> impl Iterator<Item = TaskId> {
        self.dependents.get(&task).into_iter().flatten().copied()
    }

    /// Returns the open tasks that a task was passed on to.
    pub fn of_subject(&self, subject: TaskId) -> impl Iterator<Item = TaskId> {
        self.subjects.get(&subject).into_iter().flatten().copied()
    }

    /// Whether an open task waits for this one, or did.
    pub fn has_dependents(&self, task: TaskId) -> bool {
        self.dependents.contains_key(&task)
    }

    /// Returns the open tasks of a batch.
    pub fn of_batch(&self, batch: BatchId) -> impl Iterator<Item = TaskId> + '_ {
        self.batches.get(&batch).into_iter().flatten().copied()
    }

    /// Whether a task of a batch is open.
    pub fn is_open_batch(&self, batch: BatchId) -> bool {
        self.batches.contains_key(&batch)
    }

    /// Adds a task that is not in it.
    pub(super) fn add(&mut self, task: &Task) {
        self.changed(&Before { open: false, turn: None, files: 0 }, task);
    }

    /// Returns what it says about a task; to be taken before the task changes.
    pub(super) fn before(task: &Task) -> Before {
        Before { open: !task.state.is_final(), turn: Wait::of(task).map(|_| Rank::of(task)), files: task.files.len() }
    }

    /// Takes in how a task is now. The files of a task only ever become more.
    pub(super) fn changed(&mut self, before: &Before, task: &Task) {
        let open = !task.state.is_final();
        let known = if before.open { before.files } else { 0 };
        if open {
            if !before.open {
                self.open.insert(task.id);
                if let Some(key) = task.check() {
                    self.checks.insert(key.clone(), task.id);
                }
                if let Origin::Change(change) = task.origin {
                    self.changes.entry(change).or_default().insert(task.id);
                }
                if let Some(assignment) = task.assignment() {
                    self.opened(task.id, assignment);
                }
            }
            for file in &task.files[known..] {
                self.files.entry(file.clone()).or_default().insert(task.id);
            }
        } else if before.open {
            self.open.remove(&task.id);
            if let Some(key) = task.check() {
                self.checks.remove(key);
            }
            if let Origin::Change(change) = task.origin {
                take(&mut self.changes, &change, task.id);
            }
            for file in &task.files[..known] {
                take(&mut self.files, file, task.id);
            }
            if let Some(assignment) = task.assignment() {
                self.closed(task.id, assignment);
            }
        }
        let lane = lane(task);
        if let Some(turn) = &before.turn
            && let Some(waiting) = self.waiting.get_mut(&lane)
        {
            waiting.remove(turn);
            if waiting.is_empty() {
                self.waiting.remove(&lane);
            }
        }
        if let Some(wait) = Wait::of(task) {
            self.waiting.entry(lane).or_default().insert(Rank::of(task), wait);
        }
    }

    fn opened(&mut self, task: TaskId, assignment: &Assignment) {
        for other in &assignment.after {
            self.dependents.entry(*other).or_default().insert(task);
        }
        if let Some(subject) = assignment.subject.filter(|subject| *subject != task) {
            self.subjects.entry(subject).or_default().insert(task);
        }
        if let Some(batch) = assignment.batch {
            self.batches.entry(batch).or_default().insert(task);
        }
    }

    fn closed(&mut self, task: TaskId, assignment: &Assignment) {
        for other in &assignment.after {
            take(&mut self.dependents, other, task);
        }
        if let Some(subject) = assignment.subject.filter(|subject| *subject != task) {
            take(&mut self.subjects, &subject, task);
        }
        if let Some(batch) = assignment.batch {
            take(&mut self.batches, &batch, task);
        }
    }
}

fn take<K: Ord>(map: &mut BTreeMap<K, BTreeSet<TaskId>>, key: &K, task: TaskId) {
    if let Some(tasks) = map.get_mut(key) {
        tasks.remove(&task);
        if tasks.is_empty() {
            map.remove(key);
        }
    }
}
