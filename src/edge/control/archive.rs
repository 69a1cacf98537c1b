//! Where the facts are read that became true before somebody asked.

use super::call::FactLine;
use crate::model::id::{Seq, TaskId};

/// Which facts somebody wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those after this one.
    pub after: Seq,
    /// Only those about this task.
    pub task: Option<TaskId>,
    /// Only so many, the last ones.
    pub limit: Option<usize>,
}

impl Wanted {
    /// Whether a fact is about what is wanted; its position is not looked at.
    pub fn fits(&self, fact: &FactLine) -> bool {
        self.task.is_none_or(|task| fact.task == Some(task))
    }
}

/// Where to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// Behind this fact.
    pub after: Seq,
    /// How many facts that fit are left out because only the last ones are wanted.
    pub left_out: u64,
}

/// A stretch of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// It begins behind this fact; what lies between it and the asked position is lost.
    pub from: Seq,
    /// The facts that fit, in order.
    pub facts: Vec<FactLine>,
    /// Everything up to here was looked at.
    pub to: Seq,
    /// Whether there may be more after it.
    pub more: bool,
}

/// What knows the past. Its methods block; they are called on threads for that.
pub trait Archive: Send + Sync + 'static {
    /// Returns where the wanted facts begin.
    ///
    /// # Errors
    /// Why the past cannot be read, for a person.
    fn begin(&self, wanted: &Wanted) -> Result<Beginning, String>;

    /// Returns the next stretch after `after`, of bounded size.
    ///
    /// # Errors
    /// Why the past cannot be read, for a person.
    fn read(&self, wanted: &Wanted, after: Seq) -> Result<Batch, String>;
}
