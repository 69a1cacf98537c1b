//! What the tasks that a task waited for have brought, for its agent to read.

use crate::core::book::Book;
use crate::model::outcome::Outcome;
use crate::model::task::Task;

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
    /// Returns what the tasks have brought that a task waits for, in their order; of those that are not over, nothing.
    pub fn for_task(book: &Book, task: &Task) -> Vec<Self> {
        let after = task.assignment().map(|assignment| assignment.after.as_slice()).unwrap_or_default();
        let brought = after.iter().filter_map(|id| book.task(*id)).map(|other| Self {
            title: other.title(),
            outcome: other.outcome().cloned().unwrap_or_default(),
            diff: other.made().map(|attempt| attempt.diff.clone()).unwrap_or_default(),
        });
        brought.collect()
    }
}
