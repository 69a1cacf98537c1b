//! What an agent hands over when it is done, besides the files that it changed.

use serde::{Deserialize, Serialize};

use crate::model::path::ProjectPath;

/// What an agent handed over. Every part may be empty: an agent that names nothing has still done its work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it did or found, in a few sentences.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What it made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// What should be done after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_steps: Vec<String>,
    /// What a requirement was taken apart into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
}

/// Something that an agent says it made; whether it is there is for others to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Artifact {
    /// A file or folder of the project.
    File {
        /// Where.
        path: ProjectPath,
    },
    /// A commit.
    Commit {
        /// Its name.
        sha: String,
    },
}

/// One part of a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its name, by which others name it.
    pub name: String,
    /// The role that is to do it: `analysis`, `implementation`, `testing`, `review`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is to be done, complete: whoever does it reads nothing else.
    pub description: String,
    /// The names of those that must be done before.
    #[serde(default)]
    pub dependencies: Vec<String>,
}
