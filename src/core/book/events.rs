//! How facts change what is known of events: those that wait, all of them, and the last ones that are over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::core::fact::Fact;
use crate::model::attempt::AttemptEnd;
use crate::model::event::{By, Consequence, Event, EventFile};
use crate::model::id::{EventId, TaskId};
use crate::model::time::Wall;

use super::index::Index;

/// The time in which the events of a subject are counted.
const RATE_WINDOW: Duration = Duration::from_secs(60 * 60);

/// So many are counted for a subject; no limit is higher.
const COUNTED: usize = 10_000;

/// So many files are remembered that were taken in.
const FILES: usize = 1_000;

/// Whether the word of an agent counts: what it reports holds only if its work was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its attempt is still under way.
    Open,
    /// It counts.
    Good,
    /// Its attempt came to nothing.
    Void,
}

/// An event, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What happened.
    pub event: Event,
    /// Whether its word counts.
    pub standing: Standing,
    /// The tasks that were filed because of it, in order.
    pub filed: Vec<TaskId>,
    /// What came of it; `None` as long as it waits.
    pub outcomes: Option<Vec<Consequence>>,
}

impl Known {
    /// Whether it waits.
    pub fn is_pending(&self) -> bool {
        self.outcomes.is_none()
    }

    /// Whether a person should look at what came of it.
    pub fn has_failed(&self) -> bool {
        self.outcomes.iter().flatten().any(Consequence::is_failure)
    }
}

/// All that is known of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    known: BTreeMap<EventId, Known>,
    pending: BTreeSet<EventId>,
    /// Those that nothing waits for any more and that no open task came from.
    free: BTreeSet<EventId>,
    /// The tasks that the queue has passed on.
    passed: BTreeSet<TaskId>,
    /// When each subject had events, the last hour.
    rates: BTreeMap<TaskId, VecDeque<Wall>>,
    /// The same in the order in which they came, so that those that are too old are found.
    recent: VecDeque<(Wall, TaskId)>,
    files: VecDeque<(EventFile, EventId)>,
    /// Files that lie where they are, and why.
    left: BTreeMap<String, (EventFile, String)>,
    last: EventId,
}

impl Events {
    /// Returns those that are remembered, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Known> {
        self.known.values()
    }

    /// Returns how many are remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Returns how many wait.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Returns one of them.
    pub fn get(&self, id: EventId) -> Option<&Known> {
        self.known.get(&id)
    }

    /// Returns those that wait, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = &Known> {
        self.pending.iter().filter_map(|id| self.known.get(id))
    }

    /// Whether the queue has said that it passes a task on, as far as is remembered.
    pub fn is_passed_on(&self, task: TaskId) -> bool {
        self.passed.contains(&task)
    }

    /// Returns the number that the next one gets.
    pub fn next(&self) -> EventId {
        self.last.next()
    }

    /// Returns the event that a file brought.
    pub fn of_file(&self, file: &EventFile) -> Option<EventId> {
        self.files.iter().rev().find(|(known, _)| known == file).map(|(_, id)| *id)
    }

    /// Returns how many events a subject had within the last hour.
    pub fn rate(&self, subject: TaskId, now: Wall) -> usize {
        let times = self.rates.get(&subject).into_iter().flatten();
        times.filter(|at| now.since(**at) < RATE_WINDOW).count()
    }

    /// Returns why a file was not taken in, if that was said about this very one.
    pub fn why_left(&self, file: &EventFile) -> Option<&str> {
        self.left.get(&file.name).filter(|(known, _)| known == file).map(|(_, why)| why.as_str())
    }

    /// Returns the files that were not taken in, and why.
    pub fn left(&self) -> impl Iterator<Item = (&str, &str)> {
        self.left.iter().map(|(name, (_, why))| (name.as_str(), why.as_str()))
    }

    pub(super) fn file_left(&mut self, file: &EventFile, why: &str) {
        self.left.insert(file.name.clone(), (file.clone(), why.to_owned()));
        if self.left.len() > FILES {
            self.left.pop_first();
        }
    }

    pub(super) fn emitted(&mut self, event: &Event) {
        self.last = self.last.max(event.id);
        let standing = match &event.by {
            By::Task(_) => Standing::Open,
            By::Person | By::File(_) | By::Queue => Standing::Good,
        };
        if let By::File(file) = &event.by {
            self.left.remove(&file.name);
            self.files.push_back((file.clone(), event.id));
            if self.files.len() > FILES {
                self.files.pop_front();
            }
        }
        self.age(event.at);
        if let Some(subject) = event.subject {
            let times = self.rates.entry(subject).or_default();
            times.push_back(event.at);
            if times.len() > COUNTED {
                times.pop_front();
            }
            self.recent.push_back((event.at, subject));
            if event.by == By::Queue {
                self.passed.insert(subject);
            }
        }
        self.pending.insert(event.id);
        let known = Known { event: event.clone(), standing, filed: Vec::new(), outcomes: None };
        self.known.insert(event.id, known);
    }

    /// Counts no more what is older than the time in which events are counted.
    fn age(&mut self, now: Wall) {
        let is_old = |at: &Wall| now.since(*at) >= RATE_WINDOW;
        while let Some((_, subject)) = self.recent.front().copied().filter(|(at, _)| is_old(at)) {
            self.recent.pop_front();
            let Some(times) = self.rates.get_mut(&subject) else { continue };
            while times.front().is_some_and(is_old) {
                times.pop_front();
            }
            if times.is_empty() {
                self.rates.remove(&subject);
            }
        }
    }

    pub(super) fn routed(&mut self, id: EventId, outcomes: &[Consequence], index: &Index) {
        self.pending.remove(&id);
        if let Some(known) = self.known.get_mut(&id) {
            known.outcomes = Some(outcomes.to_vec());
        }
        self.weigh(id, index);
    }

    /// Looks again whether something needs an event: a task that came from it is over now, or open again.
    pub(super) fn weigh(&mut self, id: EventId, index: &Index) {
        let is_free = |known: &Known| !known.is_pending() && !known.filed.iter().any(|task| index.is_open(*task));
        if self.known.get(&id).is_some_and(is_free) {
            self.free.insert(id);
        } else {
            self.free.remove(&id);
        }
    }

    /// Takes in what says something about events without being about one: a task that one of them filed, and the end of
    /// an attempt whose agent has reported some.
    pub(super) fn heed(&mut self, fact: &Fact) {
        if let Fact::Filed { task } = fact
            && let Some(event) = task.assignment().and_then(|assignment| assignment.event)
            && let Some(known) = self.known.get_mut(&event)
        {
            known.filed.push(task.id);
        }
        if let Fact::AttemptEnded { task, record, .. } = fact {
            let standing = if record.end == AttemptEnd::Verified { Standing::Good } else { Standing::Void };
            for id in &self.pending {
                if let Some(known) = self.known.get_mut(id)
                    && known.standing == Standing::Open
                    && known.event.by == By::Task(*task)
                {
                    known.standing = standing;
                }
            }
        }
    }

    /// Forgets the oldest that nothing waits for any more and that no open task came from.
    pub(super) fn forget(&mut self, limit: u32) {
        let surplus = (self.known.len() - self.pending.len()).saturating_sub(limit as usize);
        for _ in 0..surplus {
            let Some(id) = self.free.pop_first() else { return };
            let Some(Known { event, .. }) = self.known.remove(&id) else { continue };
            if event.by == By::Queue
                && let Some(subject) = event.subject
            {
                self.passed.remove(&subject);
            }
        }
    }
}
