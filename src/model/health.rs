//! How well each part works, and what mends it.

use serde::{Deserialize, Serialize};

use crate::model::time::Wall;

/// A part of the supervisor whose health is watched; the names are those of `health --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The journal.
    StateManager,
    /// The file watcher.
    FileWatcher,
    /// The runner of checks.
    TestRunner,
    /// The agents.
    ClaudeInstances,
}

impl Part {
    /// Every part, in the order shown.
    pub const ALL: [Self; 4] = [Self::StateManager, Self::FileWatcher, Self::TestRunner, Self::ClaudeInstances];

    /// Returns the name that output uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::StateManager => "state_manager",
            Self::FileWatcher => "file_watcher",
            Self::TestRunner => "test_runner",
            Self::ClaudeInstances => "claude_instances",
        }
    }
}

/// How well a part works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "level")]
pub enum Level {
    /// As it should.
    Up,
    /// With less than it should have.
    Degraded {
        /// What is wrong and what mends it.
        reason: String,
        /// Since when.
        since: Wall,
    },
    /// Not at all.
    Down {
        /// What is wrong and what mends it.
        reason: String,
        /// Since when.
        since: Wall,
    },
}
