//! Identities that cannot be mixed up: one newtype for each kind of thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// Returns the identity after this one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }
    )+};
}

ids! {
    /// The position of a fact in the journal, from 1.
    Seq(u64),
    /// Something to get done; shown as `#14`, written as `task_0000000e`.
    TaskId(u32),
    /// One process tree in one PTY, an agent's or a check's.
    SessionId(u64),
    /// One piece of work that the shell does for the machine.
    JobId(u64),
    /// One landing of a verified result, the unit of undo.
    LandingId(u32),
    /// One settled batch of changes.
    ChangeId(u32),
    /// A place in the pool of workspaces; also exported as `ORCHESTRATOR_SLOT`.
    Slot(u16),
    /// One question to the planner.
    PlanId(u64),
    /// A question of an agent, numbered for people: `answer 7`.
    QuestionId(u32),
    /// Tasks that were filed together: a task file, an orchestration.
    BatchId(u32),
    /// Something that happened in the user's world: `task.assigned`, `pr.created`.
    EventId(u32),
    /// The request of a person or program that waits for a reply.
    RequestId(u64),
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl TaskId {
    /// Returns the long form that JSON output uses: `task_` and eight hex digits.
    pub fn long(self) -> String {
        format!("task_{:08x}", self.0)
    }

    /// Returns the UUID by which a project's sessions are named; always the same for a number.
    pub fn uuid(self, space: Space) -> String {
        space.uuid(SESSION, self.0)
    }

    /// Returns the session of a project that has this UUID; `None` if it is no session of it.
    pub fn of_uuid(space: Space, text: &str) -> Option<Self> {
        let id = Self(number_in(text)?);
        (id.uuid(space) == text).then_some(id)
    }
}

/// What tells a project's UUIDs from those of all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space(pub u64);

/// What stands in the UUIDs of sessions and of orchestrations, which are numbered apart.
const SESSION: u64 = 0x5e5;
const ORCHESTRATION: u64 = 0x0c4;

impl Space {
    /// Writes a UUID of version 8, whose bits are ours: the project, what it names, and its number.
    fn uuid(self, what: u64, number: u32) -> String {
        let Self(project) = self;
        let (high, middle, low) = (project >> 32, project >> 16 & 0xffff, project & 0xffff);
        format!("{high:08x}-{middle:04x}-8{what:03x}-8{:03x}-{:01x}000{number:08x}", low >> 4, low & 0xf)
    }
}

/// Whether a text has the form of a UUID.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// Returns the number in a UUID of ours, whichever project's it is.
pub fn number_in(uuid: &str) -> Option<u32> {
    is_uuid(uuid).then(|| u32::from_str_radix(uuid.get(28..)?, 16).ok())?
}

impl BatchId {
    /// Returns the UUID by which a project's orchestrations are named; always the same for a number.
    pub fn uuid(self, space: Space) -> String {
        space.uuid(ORCHESTRATION, self.0)
    }

    /// Returns the orchestration of a project that has this UUID; `None` if it is none of it.
    pub fn of_uuid(space: Space, text: &str) -> Option<Self> {
        let id = Self(number_in(text)?);
        (id.uuid(space) == text).then_some(id)
    }
}

/// A text that names no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no batch or orchestration; write its number, 3, or its id")]
pub struct BadBatchId(String);

impl FromStr for BatchId {
    type Err = BadBatchId;

    fn from_str(text: &str) -> Result<Self, BadBatchId> {
        text.parse().map(BatchId).map_err(|_| BadBatchId(text.to_owned()))
    }
}

/// A text that names no task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a task; write 14, #14 or task_0000000e")]
pub struct BadTaskId(String);

impl FromStr for TaskId {
    type Err = BadTaskId;

    fn from_str(text: &str) -> Result<Self, BadTaskId> {
        let number = match text.strip_prefix("task_") {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => text.strip_prefix('#').unwrap_or(text).parse(),
        };
        number.map(TaskId).map_err(|_| BadTaskId(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_named_in_several_ways() {
        for text in ["14", "#14", "task_0000000e"] {
            assert_eq!(text.parse(), Ok(TaskId(14)));
        }
        assert_eq!(TaskId(14).long(), "task_0000000e");
        assert!("fourteen".parse::<TaskId>().is_err());
    }
    #[test]
    fn a_uuid_names_one_thing_of_one_project() {
        let (here, there) = (Space(0x0123_4567_89ab_cdef), Space(0x0123_4567_89ab_cdee));
        let session = TaskId(14).uuid(here);
        assert_eq!(session, "01234567-89ab-85e5-8cde-f0000000000e");
        assert!(is_uuid(&session) && number_in(&session) == Some(14));
        assert_eq!(TaskId::of_uuid(here, &session), Some(TaskId(14)));
        assert_eq!(TaskId::of_uuid(there, &session), None);
        assert_eq!(BatchId::of_uuid(here, &session), None);
        assert_eq!(BatchId::of_uuid(here, &BatchId(3).uuid(here)), Some(BatchId(3)));
        assert_ne!(TaskId(14).uuid(there), session);
        assert!(session.parse::<TaskId>().is_err() && !is_uuid("01234567-89ab-85e5-8cde-f0000000000g"));
    }
}
