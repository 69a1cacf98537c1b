//! Checks: what says green or red, and what it said.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::path::ProjectPath;

/// The name of a `[[check]]` in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckName(pub String);

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What can be red or green by itself: a project check, or a per-file check for one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckKey {
    /// Which check.
    pub check: CheckName,
    /// The source file it runs for, if its command has placeholders.
    pub file: Option<ProjectPath>,
}

impl fmt::Display for CheckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{} · {}", file.file_name(), self.check),
            None => write!(f, "{}", self.check),
        }
    }
}

/// One failure, reduced to what stays the same from run to run: a test's id, or a normalised `file:line message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// What failed, comparable between runs: `tests/test_a.py::test_sum`, `src/lib.rs: unused variable x`.
    pub id: String,
    /// The file to blame or to look at, where the output names one inside the project.
    pub file: Option<ProjectPath>,
    /// The line in that file; not part of the comparison by [`same`](Self::same).
    pub line: Option<u32>,
}

impl Fingerprint {
    /// Whether both name the same failure; lines may have moved.
    pub fn same(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// How many tests a run counted, where its output says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TestCounts {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed or could not be set up.
    pub failed: u32,
    /// Tests that were skipped, ignored or expected to fail.
    pub skipped: u32,
}

/// What the supervisor read from the output of a finished check.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Findings {
    /// The failures, in the order of the output, without repeats.
    pub failures: Vec<Fingerprint>,
    /// Test counts, if the output has them.
    pub tests: Option<TestCounts>,
    /// Coverage in hundredths of a percent, if the output has it.
    pub coverage: Option<u32>,
    /// The part of the output that a person or an agent should read: failures first, at most a few kilobytes.
    pub excerpt: String,
}

/// What a run of a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It ended with exit code 0.
    Green,
    /// It ended with another exit code, or by a signal of its own.
    Red,
    /// It ran longer than its limit and was ended.
    TimedOut,
    /// It could not be started at all: no shell, no folder, no holder.
    Broken,
}

/// A finished run of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// Green or red.
    pub verdict: Verdict,
    /// The exit code, if there was one.
    pub code: Option<i32>,
    /// How long it ran.
    pub took: Duration,
    /// What its output said.
    pub findings: Findings,
}

impl CheckRun {
    /// Returns the ids of the failures, for comparison with another run.
    pub fn ids(&self) -> BTreeSet<&str> {
        self.findings.failures.iter().map(|failure| failure.id.as_str()).collect()
    }

    /// Whether the check said yes.
    pub fn is_green(&self) -> bool {
        self.verdict == Verdict::Green
    }
}
