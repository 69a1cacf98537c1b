//! What the tasks that a task waited for have brought, for its agent to read.

use crate::core::book::Book;
use crate::model::outcome::Outcome;
use crate::model::task::{Task, TaskState};

/// What a task has brought, for those who waited for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Its title.
    pub title: String,
    /// What its agent handed over.
    pub outcome: Outcome,
    /// What it changed, as a shortened unified diff; empty if nothing.
    pub diff: String,
}

impl Brought {
    /// Returns what the tasks have brought that a task waits for, in their order; of those that are not over, nothing. One
    /// that was passed on has brought what those did that worked on it.
    pub fn for_task(book: &Book, task: &Task) -> Vec<Self> {
        let Some(assignment) = task.assignment() else { return Vec::new() };
        let of = |other: &Task| other.assignment().and_then(|assignment| assignment.subject);
        let mut all = Vec::new();
        for other in assignment.after.iter().filter_map(|id| book.task(*id)) {
            // Those that work on the same are no news to each other.
            let is_its =
                |maker: &&Task| maker.id != other.id && of(maker) == Some(other.id) && of(task) != Some(other.id);
            let makers: Vec<&Task> = book.tasks.values().map(|task| &**task).filter(is_its).collect();
            let came_through = |maker: &&&Task| is_over_well(maker) && maker.made().is_some();
            let last = makers.iter().rev().find(came_through).map(|maker| maker.id);
            // Whoever changed something, and whoever had the last word on it.
            let counts = |maker: &&&Task| {
                came_through(maker)
                    && (Some(maker.id) == last || maker.made().is_some_and(|made| !made.diff.is_empty()))
            };
            if other.made().is_some() || last.is_none() {
                all.push(Self::of(other));
            }
            all.extend(makers.iter().filter(counts).map(|maker| Self::of(maker)));
        }
        all
    }

    fn of(task: &Task) -> Self {
        Self {
            title: task.title(),
            outcome: task.outcome().cloned().unwrap_or_default(),
            diff: task.made().map(|attempt| attempt.diff.clone()).unwrap_or_default(),
        }
    }
}

/// Whether what a task has brought stands: it was not refused, taken back or given up.
fn is_over_well(task: &Task) -> bool {
    matches!(task.state, TaskState::Done(_) | TaskState::Ready(_))
}
