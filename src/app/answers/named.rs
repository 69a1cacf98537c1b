//! Tasks and batches as a person names them: by number, or by a UUID, which is of this project or unknown.

use std::str::FromStr;

use crate::app::failure::Failure;
use crate::app::project::mark::space_of;
use crate::app::project::setup::Site;
use crate::core::command::Refusal;
use crate::model::id::{BatchId, TaskId, is_uuid};

/// What was named, before it is known in which project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named<T> {
    /// By its number, which each project has.
    Number(T),
    /// By a UUID, which is one project's.
    Uuid(String),
}

impl<T: FromStr> FromStr for Named<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if is_uuid(text) { Ok(Self::Uuid(text.to_ascii_lowercase())) } else { text.parse().map(Self::Number) }
    }
}

impl Named<TaskId> {
    /// Returns the task of a project.
    ///
    /// # Errors
    /// If it is named by a UUID that is none of the project's sessions.
    pub fn at(&self, site: &Site) -> Result<TaskId, Failure> {
        match self {
            Self::Number(task) => Ok(*task),
            Self::Uuid(text) => TaskId::of_uuid(space_of(&site.layout), text)
                .ok_or_else(|| Failure::refused(Refusal::no_task(text).message)),
        }
    }
}

impl Named<BatchId> {
    /// Returns the batch of a project.
    ///
    /// # Errors
    /// If it is named by a UUID that is none of the project's orchestrations.
    pub fn at(&self, site: &Site) -> Result<BatchId, Failure> {
        match self {
            Self::Number(batch) => Ok(*batch),
            Self::Uuid(text) => BatchId::of_uuid(space_of(&site.layout), text).ok_or_else(|| {
                Failure::refused(format!(
                    "there is no orchestration {text}\nhint: `orchestrator-tui session list` shows the sessions of all"
                ))
            }),
        }
    }
}
