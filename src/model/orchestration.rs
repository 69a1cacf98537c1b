//! A requirement that is to be taken apart into sessions, as a person or a program asks for it.

use serde::{Deserialize, Serialize};

use crate::model::assignment::{Mode, Project};

/// What is to be orchestrated, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The project; its requirements are what is taken apart.
    pub project: Project,
    /// How the sessions follow each other.
    #[serde(default)]
    pub mode: Mode,
    /// Whether they start at once, without a yes to the plan.
    #[serde(default)]
    pub start: bool,
    /// Whether an agent takes it apart; else it is done by the words of the requirement alone.
    #[serde(default = "yes")]
    pub agent: bool,
}

fn yes() -> bool {
    true
}
