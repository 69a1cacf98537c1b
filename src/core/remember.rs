//! How much of the past is kept: a setting that must be known to replay what was forgotten.

use serde::{Deserialize, Serialize};

/// How much of the past a book remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remember {
    /// Completed tasks.
    pub completed: u32,
    /// Failed tasks.
    pub failed: u32,
    /// Events and test results.
    pub history: u32,
}
