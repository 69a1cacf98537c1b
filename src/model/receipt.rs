//! The evidence for a landed fix.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::check::{CheckKey, Fingerprint, TestCounts, Verdict};
use crate::model::cost::Spent;
use crate::model::id::{LandingId, TaskId};
use crate::model::time::Wall;
use crate::model::workspace::{FileChange, Suspicion, TreeId};

/// One run of a check by the supervisor, as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Which check.
    pub check: CheckKey,
    /// What it said.
    pub verdict: Verdict,
    /// The exit code, if there was one.
    pub code: Option<i32>,
    /// What failed.
    pub failures: Vec<Fingerprint>,
    /// Test counts, if the output had them.
    pub tests: Option<TestCounts>,
    /// How long it ran.
    pub took: Duration,
}

/// Why a landed fix counts: same failure red before, green after, nothing else newly red.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The task that was done.
    pub task: TaskId,
    /// The landing that undo takes back.
    pub landing: LandingId,
    /// When it landed.
    pub at: Wall,
    /// The failures that the task was about.
    pub fixed: Vec<Fingerprint>,
    /// The run that was red, in the workspace, on the untouched snapshot; none for what is about no check.
    pub red: Option<Witness>,
    /// The runs that were green on the result: the check first, then others that concern a touched file.
    pub green: Vec<Witness>,
    /// The snapshot that the work began from.
    pub tree_before: TreeId,
    /// The result as it was verified.
    pub tree_after: TreeId,
    /// The files that the landing wrote.
    pub files: Vec<FileChange>,
    /// What a person was asked to accept, if anything.
    pub accepted: Vec<Suspicion>,
    /// Who did it: `claude`, `fixers`, the name of another agent.
    pub by: String,
    /// How many attempts it took.
    pub attempts: u32,
    /// What they used.
    pub spent: Spent,
    /// How long they took, until it landed: without the time that a person was waited for, and without pauses.
    pub took: Duration,
}
