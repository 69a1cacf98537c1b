//! What of this process runs where: checks, their places, and the workspace that is free.

use crate::core::effect::Place;
use crate::core::live::{Attempt, Live, Owner, Running, Step};
use crate::model::check::{CheckKey, CheckName};
use crate::model::id::{SessionId, Slot};

impl Attempt {
    /// Whether something works for it that costs, what is only ending included.
    pub fn costs(&self) -> bool {
        matches!(self.step, Step::Agent(Some(_)) | Step::Ending)
    }
}

impl Live {
    /// Returns the sessions that run a check, with their numbers.
    pub fn checks(&self) -> impl Iterator<Item = (&SessionId, &Running)> {
        self.sessions.iter().filter(|(_, running)| running.check.is_some())
    }

    /// Returns the session that runs a check in the user's tree and still counts.
    pub fn tree_run(&self, key: &CheckKey) -> Option<SessionId> {
        self.sessions
            .iter()
            .find(|(_, running)| {
                running.check.as_ref() == Some(key) && matches!(running.owner, Owner::Tree { stale: false, .. })
            })
            .map(|(id, _)| *id)
    }

    /// Whether a check is running or about to run in the user's tree.
    pub fn is_checking(&self, key: &CheckKey) -> bool {
        self.wanted.contains_key(key) || self.tree_run(key).is_some()
    }

    /// Whether any check is running or about to run in the user's tree.
    pub fn is_tree_busy(&self) -> bool {
        !self.wanted.is_empty() || self.sessions.values().any(|running| matches!(running.owner, Owner::Tree { .. }))
    }

    /// Returns the places where a check of this name runs, any file.
    pub fn places_of<'a>(&'a self, name: &'a CheckName) -> impl Iterator<Item = Place> + 'a {
        self.sessions
            .values()
            .filter(|running| running.check.as_ref().is_some_and(|key| key.check == *name))
            .map(|running| running.place)
    }

    /// Returns the lowest workspace that nobody uses.
    pub fn free_slot(&self) -> Slot {
        let mut slot = Slot(1);
        while self.attempts.values().any(|attempt| attempt.slot == slot) {
            slot = slot.next();
        }
        slot
    }
}
