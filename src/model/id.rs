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

    /// Returns the UUID by which sessions are named (version 8: its bits are ours); always the same for a number.
    pub fn uuid(self) -> String {
        format!("{SESSION}{:012x}", self.0)
    }
}

/// How the UUIDs of sessions begin.
const SESSION: &str = "5e551000-0000-8000-8000-";

/// How the UUIDs of orchestrations begin.
const ORCHESTRATION: &str = "0c4e5700-0000-8000-8000-";

impl BatchId {
    /// Returns the UUID by which orchestrations are named; always the same for a number.
    pub fn uuid(self) -> String {
        format!("{ORCHESTRATION}{:012x}", self.0)
    }
}

/// A text that names no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no batch or orchestration; write its number, 3, or its id")]
pub struct BadBatchId(String);

impl FromStr for BatchId {
    type Err = BadBatchId;

    fn from_str(text: &str) -> Result<Self, BadBatchId> {
        let number = match text.strip_prefix(ORCHESTRATION) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => text.parse(),
        };
        number.map(BatchId).map_err(|_| BadBatchId(text.to_owned()))
    }
}

/// A text that names no task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a task; write 14, #14 or task_0000000e")]
pub struct BadTaskId(String);

impl FromStr for TaskId {
    type Err = BadTaskId;

    fn from_str(text: &str) -> Result<Self, BadTaskId> {
        let number = match text.strip_prefix("task_").or_else(|| text.strip_prefix(SESSION)) {
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
        for text in ["14", "#14", "task_0000000e", &TaskId(14).uuid()] {
            assert_eq!(text.parse(), Ok(TaskId(14)));
        }
        assert_eq!(BatchId(3).uuid().parse(), Ok(BatchId(3)));
        assert!(BatchId(3).uuid().parse::<TaskId>().is_err() && TaskId(3).uuid().parse::<BatchId>().is_err());
        assert_eq!(TaskId(14).long(), "task_0000000e");
        assert!("fourteen".parse::<TaskId>().is_err());
    }
}
