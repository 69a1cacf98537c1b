//! What became of each queue: whether it is paused and why, and up to when it was cleared.

use std::collections::BTreeMap;

use crate::model::assignment::Lane;
use crate::model::lane::LaneChange;
use crate::model::time::Wall;

/// What became of the queues; one that is not in it was never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    paused: BTreeMap<Lane, String>,
    cleared: BTreeMap<Lane, Wall>,
}

impl Lanes {
    /// Takes in what became of one.
    pub(super) fn change(&mut self, at: Wall, lane: Lane, change: &LaneChange) {
        match change {
            LaneChange::Paused { why } => {
                self.paused.insert(lane, why.clone());
            }
            LaneChange::Resumed => {
                self.paused.remove(&lane);
            }
            LaneChange::Cleared => {
                self.cleared.insert(lane, at);
            }
        }
    }

    /// Whether nothing of it starts.
    pub fn is_paused(&self, lane: Lane) -> bool {
        self.paused.contains_key(&lane)
    }

    /// Says why nothing of it starts.
    pub fn why(&self, lane: Lane) -> Option<&str> {
        self.paused.get(&lane).map(String::as_str)
    }

    /// Returns up to when what is over is shown no more.
    pub fn cleared(&self, lane: Lane) -> Option<Wall> {
        self.cleared.get(&lane).copied()
    }
}
