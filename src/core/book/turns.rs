//! Which source has its turn: those who file work take turns, so that many tasks of one do not keep one of another waiting.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::core::lanes::lane;
use crate::model::assignment::Lane;
use crate::model::id::{BatchId, TaskId};
use crate::model::task::{Goal, Origin, Task};

use super::durable::Book;

/// Who files tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Red checks.
    Checks,
    /// A person, task by task.
    Person,
    /// Events.
    Events,
    /// A task file or an orchestration.
    Batch(BatchId),
}

impl Source {
    /// Returns who filed a task.
    pub fn of(task: &Task) -> Self {
        match &task.goal {
            Goal::Check(_) => Self::Checks,
            Goal::Assignment(assignment) => match (assignment.batch, task.origin) {
                (Some(batch), _) => Self::Batch(batch),
                (None, Origin::Event(_)) => Self::Events,
                (None, Origin::Person | Origin::Start | Origin::Change(_)) => Self::Person,
            },
        }
    }
}

impl Source {
    /// Returns a number for each source, in their order.
    pub fn number(self) -> u64 {
        match self {
            Self::Checks => 0,
            Self::Person => 1,
            Self::Events => 2,
            Self::Batch(BatchId(batch)) => 3 + u64::from(batch),
        }
    }
}

impl Book {
    /// Lets sources have turns only where something of them waits.
    pub(super) fn take_turns(&mut self, lines: impl IntoIterator<Item = Line>) {
        for line in lines {
            self.turns.wait(line, self.index.waits(&line));
        }
    }

    /// Returns the tasks of a lane that wait, in the order in which they have their turns if nothing comes between.
    pub fn in_turn(&self, lane: Lane) -> Vec<TaskId> {
        let mut all = Vec::new();
        for (class, sources) in self.index.waiting_in(lane) {
            let order = self.turns.in_order(lane, class);
            let mut lines: Vec<_> =
                order.filter_map(|source| sources.get(&source)).map(|tasks| tasks.keys().copied()).collect();
            while !lines.is_empty() {
                lines.retain_mut(|line| line.next().map(|task| all.push(task)).is_some());
            }
        }
        all
    }
}

/// Tasks of which none goes before another for what it is: what a person asked for goes first, then what is more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    unforced: bool,
    priority: Reverse<i32>,
}

impl Class {
    /// Returns the class of a task.
    pub fn of(task: &Task) -> Self {
        Self::with(task.forced, task.priority)
    }

    /// Returns the class of what a person asked for first, or did not, with a priority.
    pub fn with(forced: bool, priority: i32) -> Self {
        Self { unforced: !forced, priority: Reverse(priority) }
    }
}

/// Where tasks of a source wait.
pub type Line = (Lane, Class, Source);

/// Returns where a task would wait.
pub fn line(task: &Task) -> Line {
    (lane(task), Class::of(task), Source::of(task))
}

/// The order in which sources have their turns, in each lane and class: whoever was served longest ago. It follows from the
/// facts; a source of which nothing waits has no turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    served: u64,
    stamps: BTreeMap<Line, u64>,
    order: BTreeMap<(Lane, Class), BTreeSet<(u64, Source)>>,
}

impl Turns {
    /// Returns the sources of which something waits, in turn.
    pub fn in_order(&self, lane: Lane, class: Class) -> impl Iterator<Item = Source> {
        self.order.get(&(lane, class)).into_iter().flatten().map(|(_, source)| *source)
    }

    /// Returns when a line has its turn among those of its lane and class: the lowest first, of the same the first source.
    pub fn stamp(&self, line: &Line) -> Option<u64> {
        self.stamps.get(line).copied()
    }

    /// Returns every line that has a turn.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.stamps.keys()
    }

    /// Takes in whether something of a source waits. A new one comes after those that wait longer, and before the one that
    /// was served last.
    pub(super) fn wait(&mut self, line: Line, waits: bool) {
        match (waits, self.stamps.contains_key(&line)) {
            (true, false) => self.put(line, self.served.saturating_mul(2)),
            (false, true) => self.drop(line),
            (true, true) | (false, false) => {}
        }
    }

    /// A task of a source begins.
    pub(super) fn serve(&mut self, line: Line) {
        self.served += 1;
        if self.stamps.contains_key(&line) {
            self.drop(line);
            self.put(line, self.served.saturating_mul(2).saturating_add(1));
        }
    }

    fn put(&mut self, line: Line, stamp: u64) {
        let (queue, class, source) = line;
        self.stamps.insert(line, stamp);
        self.order.entry((queue, class)).or_default().insert((stamp, source));
    }

    fn drop(&mut self, line: Line) {
        let (queue, class, source) = line;
        let Some(stamp) = self.stamps.remove(&line) else { return };
        if let Some(order) = self.order.get_mut(&(queue, class)) {
            order.remove(&(stamp, source));
            if order.is_empty() {
                self.order.remove(&(queue, class));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::Recorded;
    use crate::core::fact::Fact;
    use crate::model::assignment::Assignment;
    use crate::model::id::Slot;
    use crate::model::time::Wall;

    fn apply(book: &mut Book, fact: Fact) {
        let seq = book.seq.next();
        book.apply(&Recorded { seq, at: Wall(0), fact });
    }

    fn file(book: &mut Book, number: u32, batch: Option<u32>, priority: i32) {
        let assignment = Assignment::new("work", Lane::Queue, "task", "coding");
        let goal = Goal::Assignment(Box::new(Assignment { batch: batch.map(BatchId), ..assignment }));
        let task = Task { priority, ..Task::new(TaskId(number), goal, Origin::Person, Wall(0)) };
        apply(book, Fact::Filed { task: Box::new(task) });
    }

    fn next(book: &mut Book) -> u32 {
        let task = book.in_turn(Lane::Queue)[0];
        apply(book, Fact::AttemptStarted { task, number: 1, slot: Slot(0), landing: false });
        task.0
    }

    #[test]
    fn many_of_one_source_keep_none_of_another_waiting() {
        let mut book = Book::default();
        (1..=500).for_each(|number| file(&mut book, number, Some(1), 0));
        assert_eq!([next(&mut book), next(&mut book)], [1, 2]);
        file(&mut book, 501, None, 0);
        file(&mut book, 502, None, 0);
        file(&mut book, 503, Some(2), 0);
        let order: Vec<u32> = (0..6).map(|_| next(&mut book)).collect();
        assert_eq!(order, [501, 503, 3, 502, 4, 5], "each source in turn, each in its own order");
        file(&mut book, 504, Some(1), 7);
        assert_eq!([next(&mut book), next(&mut book)], [504, 6], "priority goes before turns");
        assert_eq!(book.in_turn(Lane::Queue).len(), 494);
    }

    #[test]
    fn one_that_files_again_and_again_gets_every_second_turn() {
        let mut book = Book::default();
        (1..=50).for_each(|number| file(&mut book, number, Some(1), 0));
        let mut last = 100;
        let order: Vec<bool> = (0..10)
            .map(|_| {
                last += 1;
                file(&mut book, last, None, 0);
                next(&mut book) > 100
            })
            .collect();
        let theirs = order.iter().filter(|is_new| **is_new).count();
        assert!((4..=6).contains(&theirs), "{order:?}");
    }
}
