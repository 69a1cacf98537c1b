//! Which waiting tasks are looked at for the next turn, and which stand behind something and are left alone until it goes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::core::book::{Index, Line, Wait, line};
use crate::core::fact::Fact;
use crate::core::radar::{are_alike, first_common};
use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::id::TaskId;
use crate::model::task::Task;
use crate::model::time::Wall;

/// Waiting tasks by where they wait.
type Lines = BTreeMap<Line, BTreeMap<TaskId, Wait>>;

/// What keeps a task from starting for as long as it stands there, whatever else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// A breaker, until then.
    Breaker(Wall),
    /// The queue is off, until it is on, or a person starts the task.
    QueueOff,
    /// A task that is worked on.
    AtWork(TaskId),
    /// A task whose result is to land first, or to be refused.
    Reserved(TaskId),
    /// A task that goes first: it is worked on, its result is to land, or it waits and will have its turn.
    First(TaskId),
}

/// Waiting tasks, sorted into those that are looked at and those that are not. It follows from the book and from what is
/// under way, and may be forgotten at any time: then all that waits is looked at once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Waiters {
    is_known: bool,
    looked_at: Lines,
    behind: BTreeMap<Obstacle, Lines>,
    /// Where each of them was put last; what it stood behind may have gone since.
    places: BTreeMap<TaskId, (Line, Option<Obstacle>)>,
    /// Tasks that may stand elsewhere than when they were sorted.
    turned: BTreeSet<TaskId>,
}

impl Waiters {
    fn of(index: &Index) -> Self {
        let mut waiters = Self { is_known: true, ..Self::default() };
        for (line, tasks) in index.lines() {
            for (task, wait) in tasks {
                waiters.put(line, *task, *wait, None);
            }
        }
        waiters
    }

    /// Takes note of what a fact may change for those that wait. What is rare makes it forget all it knows.
    pub(crate) fn note(&mut self, fact: &Fact) {
        let is_rare = matches!(
            fact,
            Fact::Started { .. }
                | Fact::Reconfigured { .. }
                | Fact::BreakerTripped { .. }
                | Fact::Lane { .. }
                | Fact::BatchLimited { .. }
        );
        if is_rare {
            *self = Self::default();
        }
        // Which files it is about, and what is left of its money.
        let is_about = matches!(fact, Fact::Merged { .. } | Fact::PlannerUsed { .. });
        self.turned.extend(fact.turns().or_else(|| fact.task().filter(|_| is_about)));
    }

    /// Returns the tasks of a line that are looked at.
    pub(crate) fn looked_at(&self, line: &Line) -> Option<&BTreeMap<TaskId, Wait>> {
        self.looked_at.get(line)
    }

    /// Leaves a task alone until what it stands behind goes.
    pub(crate) fn leave(&mut self, task: TaskId, obstacle: Obstacle) {
        if let Some((line, wait)) = self.take(task) {
            self.put(line, task, wait, Some(obstacle));
        }
    }

    fn put(&mut self, line: Line, task: TaskId, wait: Wait, obstacle: Option<Obstacle>) {
        let lines = obstacle.map_or(&mut self.looked_at, |obstacle| self.behind.entry(obstacle).or_default());
        lines.entry(line).or_default().insert(task, wait);
        self.places.insert(task, (line, obstacle));
    }

    /// Takes a task out of wherever it is.
    fn take(&mut self, task: TaskId) -> Option<(Line, Wait)> {
        let (line, obstacle) = self.places.remove(&task)?;
        if let Some(obstacle) = obstacle
            && let Some(lines) = self.behind.get_mut(&obstacle)
            && let Some(wait) = take(lines, &line, task)
        {
            if lines.is_empty() {
                self.behind.remove(&obstacle);
            }
            return Some((line, wait));
        }
        Some((line, take(&mut self.looked_at, &line, task)?))
    }

    /// What tasks stood behind has gone: they are looked at again. The fewer are added to the more.
    fn release(&mut self, obstacle: Obstacle) {
        for (line, mut fewer) in self.behind.remove(&obstacle).unwrap_or_default() {
            let more = self.looked_at.entry(line).or_default();
            if fewer.len() > more.len() {
                std::mem::swap(&mut fewer, more);
            }
            more.extend(fewer);
        }
    }

    fn release_breakers(&mut self, now: Wall) {
        let over: Vec<Obstacle> = self.behind.range(..=Obstacle::Breaker(now)).map(|(obstacle, _)| *obstacle).collect();
        for obstacle in over {
            self.release(obstacle);
        }
    }
}

/// Takes a task out of its line.
fn take(lines: &mut Lines, line: &Line, task: TaskId) -> Option<Wait> {
    let tasks = lines.get_mut(line)?;
    let wait = tasks.remove(&task);
    if tasks.is_empty() {
        lines.remove(line);
    }
    wait
}

impl Supervisor {
    /// Sorts those that wait by what has turned since they were sorted last. It costs a few lookups for each task that has
    /// turned, and for each whose files a result that has just come is about.
    pub(crate) fn sort_waiters(&mut self) {
        let mut waiters = std::mem::take(&mut self.live.waiters);
        if !waiters.is_known {
            waiters = Waiters::of(&self.book.index);
        }
        waiters.release_breakers(self.live.now.wall);
        // What is worked on may be forgotten before that has ended.
        let unknown = self.live.attempts.keys().filter(|id| self.book.task(**id).is_none());
        waiters.turned.extend(unknown);
        for id in std::mem::take(&mut waiters.turned) {
            waiters.take(id);
            if let Some(task) = self.book.task(id) {
                if let Some(wait) = Wait::of(task) {
                    waiters.put(line(task), id, wait, None);
                }
                // Those near it may wait for it now, and go before nobody.
                let near = Index::reserved(task).into_iter().flat_map(|path| self.book.index.near_file(&path));
                for other in near.filter(|other| !self.stands(Obstacle::First(*other))) {
                    waiters.release(Obstacle::First(other));
                }
            }
            for obstacle in [Obstacle::AtWork(id), Obstacle::Reserved(id), Obstacle::First(id)] {
                if !self.stands(obstacle) {
                    waiters.release(obstacle);
                }
            }
        }
        self.live.waiters = waiters;
    }

    /// Returns what a task stands behind, of all that it waits for, if that alone says when it must be looked at again.
    /// Where many wait for each other they stand in a row: each behind the one before it, so that each turn moves one.
    pub(crate) fn obstacle_of(&self, task: &Task, waiting: &Waiting) -> Option<Obstacle> {
        let all = match waiting {
            Waiting::Breaker(_, until) => vec![Obstacle::Breaker(*until)],
            Waiting::QueueOff(_) => vec![Obstacle::QueueOff],
            Waiting::Behind(other, _) => {
                let last = self.last_before(task).map(Obstacle::First);
                let at_work = self.live.attempts.keys().map(|id| Obstacle::AtWork(*id));
                last.into_iter().chain([Obstacle::First(*other)]).chain(at_work).collect()
            }
            Waiting::Unlanded(other, _) => vec![Obstacle::First(*other), Obstacle::Reserved(*other)],
            Waiting::Down
            | Waiting::Paused
            | Waiting::LanePaused(..)
            | Waiting::Parked(..)
            | Waiting::Budget(..)
            | Waiting::Operation(_)
            | Waiting::Checking
            | Waiting::Cooling(_)
            | Waiting::Quiet(_)
            | Waiting::Ending
            | Waiting::Batch(_)
            | Waiting::Slots => Vec::new(),
        };
        all.into_iter().find(|obstacle| self.stands_behind(task, *obstacle))
    }

    /// Returns the last task filed before this one that goes before it.
    fn last_before(&self, task: &Task) -> Option<TaskId> {
        let is_before = |other: &TaskId| self.stands_behind(task, Obstacle::First(*other));
        task.files.iter().find_map(|file| self.book.index.near_file_before(file, task.id).find(is_before))
    }

    /// Whether an obstacle is still there.
    fn stands(&self, obstacle: Obstacle) -> bool {
        let task = |id: TaskId| self.book.task(id).map(AsRef::as_ref);
        match obstacle {
            Obstacle::Breaker(until) => until > self.live.now.wall,
            Obstacle::QueueOff => !self.settings.lanes.enabled,
            Obstacle::AtWork(id) => self.live.attempts.contains_key(&id) && task(id).is_some(),
            Obstacle::Reserved(id) => task(id).is_some_and(|task| !Index::reserved(task).is_empty()),
            Obstacle::First(id) => {
                let waits = |task: &Task| builds_on_nothing(task) && self.will_wait_its_turn(task);
                self.stands(Obstacle::AtWork(id)) || self.stands(Obstacle::Reserved(id)) || task(id).is_some_and(waits)
            }
        }
    }

    /// Whether a task cannot start for as long as an obstacle is there. What decides that never changes for the two of them
    /// but by a fact about the task itself.
    fn stands_behind(&self, task: &Task, obstacle: Obstacle) -> bool {
        let other = |id: TaskId| self.book.task(id).filter(|other| other.id != task.id && are_alike(task, other));
        let meets = |other: &Task| first_common(&task.files, &other.files).is_some();
        let is_behind = match obstacle {
            Obstacle::Breaker(_) => !task.forced,
            Obstacle::QueueOff => self.is_off(task),
            Obstacle::AtWork(id) => other(id).is_some_and(|other| meets(other)),
            Obstacle::Reserved(id) => {
                let is_near = |other: &Task| first_common(&task.files, &Index::reserved(other)).is_some();
                other(id).is_some_and(|other| !task.forced && is_news(task, other) && is_near(other))
            }
            Obstacle::First(id) => other(id).is_some_and(|other| {
                let place = |task: &Task| (Reverse(task.priority), task.id);
                let is_before = !task.forced && place(other) < place(task);
                is_before && meets(other) && is_news(task, other) && self.shares_money(task, other)
            }),
        };
        is_behind && self.stands(obstacle)
    }

    /// Whether the line of what another task was filed together with cannot be reached without this one's.
    fn shares_money(&self, task: &Task, other: &Task) -> bool {
        let batch = |task: &Task| task.assignment().and_then(|assignment| assignment.batch);
        self.batch_money(other).is_none() || batch(task) == batch(other)
    }

    /// Whether all that waits is sorted, and what is not looked at stands behind what it is said to stand behind.
    ///
    /// # Errors
    /// Which task is not where it should be.
    pub(crate) fn waiters_hold(&self) -> Result<(), String> {
        let waiters = &self.live.waiters;
        if !waiters.is_known || !waiters.turned.is_empty() || !self.is_up() {
            return Ok(());
        }
        let mut known = waiters.looked_at.clone();
        for (obstacle, lines) in &waiters.behind {
            for (line, tasks) in lines {
                for (id, wait) in tasks {
                    let is_over = matches!(obstacle, Obstacle::Breaker(until) if *until <= self.live.now.wall);
                    // Nor does what has no money left, until it has some.
                    let stands = |task: &Task| self.batch_line(task).is_some() || self.stands_behind(task, *obstacle);
                    if !is_over && !self.book.task(*id).is_some_and(|task| stands(task)) {
                        return Err(format!("{id} is left alone and does not stand behind {obstacle:?}"));
                    }
                    if known.entry(*line).or_default().insert(*id, *wait).is_some() {
                        return Err(format!("{id} is left alone and looked at, or left alone twice"));
                    }
                }
            }
        }
        known.retain(|_, tasks| !tasks.is_empty());
        let waiting: Lines = self.book.index.lines().map(|(line, tasks)| (line, tasks.clone())).collect();
        if known != waiting {
            return Err("what is looked at and what is left alone is not what waits".to_owned());
        }
        Ok(())
    }
}

/// Whether what a task builds on never is another one's result.
fn builds_on_nothing(task: &Task) -> bool {
    task.assignment().is_none_or(|assignment| assignment.after.is_empty())
}

/// Whether the result of a task would be news to another one as long as it has not landed; between two fixes nothing is, and
/// nothing is in the way.
fn is_news(task: &Task, other: &Task) -> bool {
    let (Some(own), Some(theirs)) = (task.assignment(), other.assignment()) else { return true };
    let same = own.subject.is_some_and(|id| id == other.id || theirs.subject == Some(id));
    own.after.is_empty() && !theirs.after.contains(&task.id) && !same
}
