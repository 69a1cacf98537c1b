//! What faces show of events: the last ones and what came of them, how many wait, and how many nobody followed.

use serde::{Deserialize, Serialize};

use crate::core::book::{Book, Known};
use crate::core::supervisor::Supervisor;
use crate::model::event::By;
use crate::model::id::{EventId, TaskId};
use crate::model::time::Wall;

/// So many of the last events are shown, besides older ones that still wait.
const LAST: usize = 60;

/// So many older ones that wait are shown; more are only counted.
const WAITING: usize = 20;

/// So many files that were left where they are.
const FILES: usize = 10;

/// What there is to see of events.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Events {
    /// The newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<EventRow>,
    /// How many more are remembered.
    #[serde(default)]
    pub earlier: usize,
    /// How many wait, of all that are remembered.
    #[serde(default)]
    pub pending: usize,
    /// Files that were not taken in, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<(String, String)>,
    /// How many more of them.
    #[serde(default)]
    pub more_left: usize,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// It waits.
    Pending,
    /// Something came of it.
    Processed,
    /// It was not followed, or not all of it; also if no rule is about it.
    Failed,
}

/// An event, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its number.
    pub id: EventId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who reported it: `you`, `#14`, `the file x.json`.
    pub by: String,
    /// The task whose agent reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<TaskId>,
    /// The task that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<TaskId>,
    /// When it was reported.
    pub at: Wall,
    /// Where it stands.
    pub state: EventState,
    /// What came of it, or what it waits for; each with the task that it leads to.
    pub came: Vec<(String, Option<TaskId>)>,
}

/// An event, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// As a list shows it.
    pub row: EventRow,
    /// What was reported with it, as JSON.
    pub data: String,
}

impl Supervisor {
    /// Returns all about one event.
    pub fn happening(&self, id: EventId) -> Option<Happening> {
        self.book.events.get(id).map(|known| Happening { row: EventRow::of(known), data: known.event.data.clone() })
    }
}

impl Events {
    /// Returns what there is to see in a book.
    pub(super) fn of(book: &Book) -> Self {
        let mut shown: Vec<&Known> = book.events.all().rev().take(LAST).collect();
        let first = shown.last().map(|known| known.event.id);
        let mut older: Vec<&Known> = book.events.pending().take_while(|known| Some(known.event.id) < first).collect();
        older.reverse();
        shown.extend(older.into_iter().take(WAITING));
        let left = book.events.left().take(FILES).map(|(file, why)| (file.to_owned(), why.to_owned()));
        Self {
            earlier: book.events.len() - shown.len(),
            pending: book.events.waiting(),
            left: left.collect(),
            more_left: book.events.left().count().saturating_sub(FILES),
            rows: shown.into_iter().map(EventRow::of).collect(),
        }
    }
}

impl EventRow {
    fn of(known: &Known) -> Self {
        let event = &known.event;
        let outcomes = known.outcomes.as_deref();
        let came = match (outcomes, &event.by) {
            (Some(outcomes), _) => outcomes.iter().map(|outcome| (outcome.to_string(), outcome.filed())).collect(),
            (None, By::Task(task)) => vec![(format!("waits for the end of the attempt at {task}"), Some(*task))],
            (None, By::Person | By::File(_) | By::Queue) => vec![("waits for the supervisor".to_owned(), None)],
        };
        Self {
            id: event.id,
            kind: event.kind.clone(),
            by: event.by.to_string(),
            from: if let By::Task(task) = &event.by { Some(*task) } else { None },
            subject: event.subject,
            at: event.at,
            state: match outcomes {
                None => EventState::Pending,
                Some(_) if known.has_failed() => EventState::Failed,
                Some(_) => EventState::Processed,
            },
            came,
        }
    }

    /// Whether a person should look at it.
    pub fn is_trouble(&self) -> bool {
        match self.state {
            EventState::Failed => true,
            EventState::Pending | EventState::Processed => false,
        }
    }
}
