//! Finds open tasks by check, file, change and turn, so that no input looks at every task.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::lanes::lane;
use crate::core::made::Made;
use crate::model::assignment::{Assignment, Lane};
use crate::model::check::CheckKey;
use crate::model::id::{BatchId, ChangeId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::task::{Origin, Task, TaskState};
use crate::model::time::Wall;

use super::turns::{Class, Line, Source};

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
    turn: Option<(Class, Wait)>,
    files: usize,
    reserved: Vec<ProjectPath>,
}

/// What each source has filed that waits.
pub type Sources = BTreeMap<Source, BTreeMap<TaskId, Wait>>;

/// Where to find open tasks. It follows from the tasks and is never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    open: BTreeSet<TaskId>,
    checks: BTreeMap<CheckKey, TaskId>,
    files: BTreeMap<ProjectPath, BTreeSet<TaskId>>,
    changes: BTreeMap<ChangeId, BTreeSet<TaskId>>,
    /// What is left alone until a person has said what becomes of a result.
    reserved: BTreeMap<ProjectPath, BTreeSet<TaskId>>,
    /// Tasks whose results land by themselves, in their turn.
    in_turn: BTreeSet<TaskId>,
    waiting: BTreeMap<Lane, BTreeMap<Class, Sources>>,
    /// Waiting tasks by the end of their pause, and by when they were filed.
    cooling: BTreeSet<(Wall, TaskId)>,
    typed: BTreeSet<(Wall, TaskId)>,
    labels: BTreeMap<String, BTreeSet<TaskId>>,
    dependents: BTreeMap<TaskId, BTreeSet<TaskId>>,
    /// What tasks were passed on to, also when that is over, as long as it is remembered.
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

    /// Returns the open tasks that may touch a file or folder, something in it, or a folder that it lies in.
    pub fn near_file<'a>(&'a self, file: &ProjectPath) -> impl Iterator<Item = TaskId> + use<'a> {
        near(&self.files, file).flat_map(|(_, tasks)| tasks).copied()
    }

    /// Returns those of them that were filed before a task, the last first in each place.
    pub fn near_file_before<'a>(&'a self, file: &ProjectPath, task: TaskId) -> impl Iterator<Item = TaskId> + use<'a> {
        near(&self.files, file).flat_map(move |(_, tasks)| tasks.range(..task).rev()).copied()
    }

    /// Returns the tasks whose results changed something there and wait for a person, or that were to, each with the path.
    pub fn reserved_near<'a>(
        &'a self,
        file: &ProjectPath,
    ) -> impl Iterator<Item = (&'a ProjectPath, TaskId)> + use<'a> {
        near(&self.reserved, file).flat_map(|(path, tasks)| tasks.iter().map(move |task| (path, *task)))
    }

    /// Returns the newest task with a label.
    pub fn labelled(&self, label: &str) -> Option<TaskId> {
        self.labels.get(label)?.last().copied()
    }

    /// Returns the tasks that wait for their turn, lane by lane, the most urgent of each first.
    pub fn waiting(&self) -> impl Iterator<Item = TaskId> {
        self.waiting
            .values()
            .flat_map(|classes| classes.values().flat_map(BTreeMap::values))
            .flat_map(BTreeMap::keys)
            .copied()
    }

    /// Returns the tasks of a lane that wait for their turn: by class and source, in the order they were filed.
    pub fn waiting_in(&self, lane: Lane) -> impl Iterator<Item = (Class, &Sources)> {
        self.waiting.get(&lane).into_iter().flatten().map(|(class, sources)| (*class, sources))
    }

    /// Returns the tasks that wait in a line, in the order they were filed.
    pub fn waiting_at(&self, (lane, class, source): &Line) -> Option<&BTreeMap<TaskId, Wait>> {
        self.waiting.get(lane)?.get(class)?.get(source)
    }

    /// Returns every line in which something waits.
    pub fn lines(&self) -> impl Iterator<Item = (Line, &BTreeMap<TaskId, Wait>)> {
        let classes = self.waiting.iter().flat_map(|(lane, classes)| classes.iter().map(move |at| (*lane, at)));
        classes.flat_map(|(lane, (class, sources))| {
            sources.iter().map(move |(source, tasks)| ((lane, *class, *source), tasks))
        })
    }

    /// Whether something of a source waits there.
    pub(super) fn waits(&self, line: &Line) -> bool {
        self.waiting_at(line).is_some()
    }

    /// Returns when the next pause after a failed attempt ends.
    pub fn cools(&self, now: Wall) -> Option<Wall> {
        self.cooling.range((now, TaskId(u32::MAX))..).map(|(until, _)| *until).find(|until| *until > now)
    }

    /// Returns when the first task was filed that starts only after a pause of the user, of those filed after `since`.
    pub fn typed(&self, since: Wall) -> Option<Wall> {
        self.typed.range((since, TaskId(u32::MAX))..).map(|(filed, _)| *filed).find(|filed| *filed > since)
    }

    /// Returns the open tasks that wait for a task.
    pub fn dependents(&self, task: TaskId) -> impl Iterator<Item = TaskId> {
        self.dependents.get(&task).into_iter().flatten().copied()
    }

    /// Returns the open tasks that a task was passed on to.
    pub fn of_subject(&self, subject: TaskId) -> impl Iterator<Item = TaskId> {
        self.remembered_of_subject(subject).filter(|id| self.is_open(*id))
    }

    /// Returns the tasks that a task was passed on to, those that are over and remembered with them.
    pub(super) fn remembered_of_subject(&self, subject: TaskId) -> impl Iterator<Item = TaskId> {
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

    /// Returns the tasks whose results land by themselves as soon as it is their turn.
    pub fn in_turn(&self) -> impl Iterator<Item = TaskId> {
        self.in_turn.iter().copied()
    }

    /// Returns what the result of a task changed, or was to change, if it waits to land: others leave it alone until then. A
    /// fix lands by a merge and reserves nothing.
    pub fn reserved(task: &Task) -> Vec<ProjectPath> {
        if task.check().is_some() || !Made::of(task).reserves() {
            return Vec::new();
        }
        let changed = task.result.iter().flat_map(|result| result.receipt.files.iter().map(|file| &file.path));
        let all: BTreeSet<&ProjectPath> = task.files.iter().chain(changed).collect();
        all.into_iter().cloned().collect()
    }

    /// Adds a task that is not in it.
    pub(super) fn add(&mut self, task: &Task) {
        if let Some(assignment) = task.assignment().filter(|known| !known.label.is_empty()) {
            self.labels.entry(assignment.label.clone()).or_default().insert(task.id);
        }
        if let Some(subject) = subject_of(task) {
            self.subjects.entry(subject).or_default().insert(task.id);
        }
        self.changed(&Before { open: false, turn: None, files: 0, reserved: Vec::new() }, task);
    }

    /// Takes out a task that is over and not remembered any more.
    pub(super) fn forget(&mut self, task: &Task) {
        if let Some(assignment) = task.assignment() {
            take(&mut self.labels, &assignment.label, task.id);
        }
        if let Some(subject) = subject_of(task) {
            take(&mut self.subjects, &subject, task.id);
        }
    }

    /// Returns what it says about a task; to be taken before the task changes.
    pub(super) fn before(task: &Task) -> Before {
        Before {
            open: !task.state.is_final(),
            turn: Wait::of(task).map(|wait| (Class::of(task), wait)),
            files: task.files.len(),
            reserved: Self::reserved(task),
        }
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
        self.in_turn.remove(&task.id);
        self.in_turn.extend((Made::of(task) == Made::InTurn).then_some(task.id));
        let reserved = Self::reserved(task);
        if before.reserved != reserved {
            for file in &before.reserved {
                take(&mut self.reserved, file, task.id);
            }
            for file in reserved {
                self.reserved.entry(file).or_default().insert(task.id);
            }
        }
        let (lane, source) = (lane(task), Source::of(task));
        if let Some((class, wait)) = &before.turn {
            self.leave(lane, *class, source, task.id);
            for (known, at) in [(&mut self.cooling, wait.cooling), (&mut self.typed, wait.filed)] {
                if let Some(at) = at {
                    known.remove(&(at, task.id));
                }
            }
        }
        if let Some(wait) = Wait::of(task) {
            self.cooling.extend(wait.cooling.map(|until| (until, task.id)));
            self.typed.extend(wait.filed.map(|filed| (filed, task.id)));
            let sources = self.waiting.entry(lane).or_default().entry(Class::of(task)).or_default();
            sources.entry(source).or_default().insert(task.id, wait);
        }
    }

    fn leave(&mut self, lane: Lane, class: Class, source: Source, task: TaskId) {
        let Some(classes) = self.waiting.get_mut(&lane) else { return };
        let Some(sources) = classes.get_mut(&class) else { return };
        if let Some(tasks) = sources.get_mut(&source) {
            tasks.remove(&task);
            if tasks.is_empty() {
                sources.remove(&source);
            }
        }
        if sources.is_empty() {
            classes.remove(&class);
        }
        if classes.is_empty() {
            self.waiting.remove(&lane);
        }
    }

    fn opened(&mut self, task: TaskId, assignment: &Assignment) {
        for other in &assignment.after {
            self.dependents.entry(*other).or_default().insert(task);
        }
        if let Some(batch) = assignment.batch {
            self.batches.entry(batch).or_default().insert(task);
        }
    }

    fn closed(&mut self, task: TaskId, assignment: &Assignment) {
        for other in &assignment.after {
            take(&mut self.dependents, other, task);
        }
        if let Some(batch) = assignment.batch {
            take(&mut self.batches, &batch, task);
        }
    }
}

/// Returns what is kept under a path, below it, or under a folder that it lies in.
pub fn near<'a, V>(
    map: &'a BTreeMap<ProjectPath, V>,
    path: &ProjectPath,
) -> impl Iterator<Item = (&'a ProjectPath, &'a V)> + use<'a, V> {
    let at: Vec<_> =
        std::iter::once(path.clone()).chain(path.folders()).filter_map(|at| map.get_key_value(&at)).collect();
    at.into_iter().chain(map.range(path.within()))
}

/// Returns the task that another one works on for, if that is not itself.
fn subject_of(task: &Task) -> Option<TaskId> {
    task.assignment()?.subject.filter(|subject| *subject != task.id)
}

fn take<K: Ord>(map: &mut BTreeMap<K, BTreeSet<TaskId>>, key: &K, task: TaskId) {
    if let Some(tasks) = map.get_mut(key) {
        tasks.remove(&task);
        if tasks.is_empty() {
            map.remove(key);
        }
    }
}
