//! What a person, or a failure, does to one queue of its own.

use serde::{Deserialize, Serialize};

/// What is done to a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneChange {
    /// Nothing more of it starts, and why.
    Paused {
        /// For a person to read.
        why: String,
    },
    /// It goes on.
    Resumed,
    /// What is over is shown no more.
    Cleared,
}

/// What a person wants of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneWish {
    /// Start nothing more of it until told.
    Pause,
    /// Go on.
    Resume,
    /// Show no more of what is over.
    Clear,
}
