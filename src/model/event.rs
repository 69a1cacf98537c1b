//! Something that happened in the user's world and may start work: what, reported by whom, about which task.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::id::{EventId, SessionId, TaskId};
use crate::model::time::Wall;

/// The most that the data of an event may be, in bytes: it is kept for ever, and read by agents.
pub const MOST_DATA: usize = 64 * 1024;

/// Why a file is not taken in that an agent could have written: nobody knows whose word it is.
pub const EXPOSED: &str = "agents may write in this folder by themselves, and it may be of one; \
                           report it with `orchestrator-tui emit`, or let EVENT_DIR be another folder";

/// Who reports an event, as it reaches the machine.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reporter {
    /// A person, or a program that one runs.
    #[default]
    Person,
    /// The agent of a session.
    Session(SessionId),
    /// A file that was dropped into the folder for events.
    File(EventFile),
}

/// A file with an event, told from all others: a restart must not take it twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFile {
    /// Its name.
    pub name: String,
    /// What tells it from another file of that name: where it is on disk, when it was written, what it holds.
    pub mark: String,
}

/// Who reported an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person, or a program that one runs.
    Person,
    /// The agent that worked on a task.
    Task(TaskId),
    /// A file that was dropped into the folder for events.
    File(EventFile),
    /// The queue, in place of starting the task itself.
    Queue,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => f.write_str("you"),
            Self::Task(task) => write!(f, "{task}"),
            Self::File(file) => write!(f, "the file {}", file.name),
            Self::Queue => f.write_str("the queue"),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number.
    pub id: EventId,
    /// Its type: `task.assigned`, `pr.created`. Not `kind`, which is the word for facts.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is known about it, as JSON.
    pub data: String,
    /// Who reported it.
    pub by: By,
    /// What it is about: the task that passes from role to role.
    pub subject: Option<TaskId>,
    /// How many events led to it, itself included.
    pub depth: u32,
    /// When it was reported.
    pub at: Wall,
}

/// What came of an event, by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// A role was put to work.
    Started(TaskId),
    /// Its subject is done.
    Completed(TaskId),
    /// Its subject is over, and this was filed about what went wrong.
    Bug(TaskId),
    /// No rule is about it.
    Nobody(String),
    /// It was not followed, for this reason.
    Failed(String),
}

impl Consequence {
    /// Returns the task that it filed.
    pub fn filed(&self) -> Option<TaskId> {
        match self {
            Self::Started(task) | Self::Bug(task) => Some(*task),
            Self::Completed(_) | Self::Nobody(_) | Self::Failed(_) => None,
        }
    }

    /// Whether a person should look at it.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Nobody(_) | Self::Failed(_))
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(task) => write!(f, "started {task}"),
            Self::Completed(task) => write!(f, "{task} is done"),
            Self::Bug(task) => write!(f, "filed the bug {task}"),
            Self::Nobody(why) => write!(f, "nobody: {why}"),
            Self::Failed(why) => write!(f, "not followed: {why}"),
        }
    }
}

impl Event {
    /// Returns the task that it is about, or that has reported it.
    pub fn about(&self) -> Option<TaskId> {
        match self.by {
            By::Task(task) => Some(task),
            By::Person | By::File(_) | By::Queue => self.subject,
        }
    }
}
