//! What one tool's output was read as, before the tools' readings are put together.

use std::ops::Range;

use super::clean::Output;
use super::place::Files;
use crate::model::check::TestCounts;
use crate::model::path::ProjectPath;

/// The longest block of output that belongs to one failure, in lines.
pub(super) const BLOCK: usize = 200;

/// How sure it is that something made the check red; only the surest of a run count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Says that something failed, not what: `make: *** [test] Error 1`.
    Echo,
    /// A warning; red only for tools told to be strict.
    Warning,
    /// Looks like a message about a place, without saying that it is an error.
    Message,
    /// A failed test or an error.
    Failure,
}

/// One failure as a tool printed it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What failed; still to be normalised.
    pub(super) id: String,
    /// The file to look at.
    pub(super) file: Option<ProjectPath>,
    /// The line in that file.
    pub(super) line: Option<u32>,
    /// The lines of output that tell about it.
    pub(super) block: Range<usize>,
    /// How sure this is.
    pub(super) strength: Strength,
}

impl Found {
    /// Describes a failure at a place.
    pub(super) fn new(id: impl Into<String>, place: Option<(ProjectPath, u32)>, block: Range<usize>) -> Self {
        let (file, line) = place.map_or((None, None), |(file, line)| (Some(file), Some(line)));
        Self { id: id.into(), file, line, block, strength: Strength::Failure }
    }

    /// Sets the strength.
    pub(super) fn with(mut self, strength: Strength) -> Self {
        self.strength = strength;
        self
    }
}

/// Which lines a reader has understood, so that the next ones leave them alone.
pub(super) struct Claims(Vec<bool>);

impl Claims {
    pub(super) fn new(lines: usize) -> Self {
        Self(vec![false; lines])
    }

    /// Whether a line is taken.
    pub(super) fn has(&self, line: usize) -> bool {
        self.0.get(line).copied().unwrap_or(false)
    }

    /// Takes lines.
    pub(super) fn add(&mut self, lines: &Range<usize>) {
        let end = lines.end.min(self.0.len());
        self.0[lines.start.min(end)..end].fill(true);
    }
}

/// What one reader made of an output.
#[derive(Default)]
pub(super) struct Report {
    /// The failures it saw.
    pub(super) found: Vec<Found>,
    /// What it counted; readings of several runs are added up.
    pub(super) counts: Option<TestCounts>,
    /// The lines it understood, beyond the blocks of the failures.
    pub(super) claimed: Vec<Range<usize>>,
}

impl Report {
    /// Adds test counts of one more run.
    pub(super) fn count(&mut self, passed: u32, failed: u32, skipped: u32) {
        let counts = self.counts.get_or_insert_with(TestCounts::default);
        *counts = sum(*counts, TestCounts { passed, failed, skipped });
    }
}

/// Adds test counts.
pub(super) fn sum(left: TestCounts, right: TestCounts) -> TestCounts {
    TestCounts {
        passed: left.passed.saturating_add(right.passed),
        failed: left.failed.saturating_add(right.failed),
        skipped: left.skipped.saturating_add(right.skipped),
    }
}

/// Reads the failures of one kind of tool from an output.
pub(super) type Reader = fn(&Output, &Files<'_>, &Claims) -> Report;

/// Returns the numbers and the words after them: `2 failed | 1 passed (3)` → (2, failed), (1, passed).
pub(super) fn tallies(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.split([',', '|', ';', '(']).filter_map(|part| {
        let (count, word) = part.trim().split_once(' ')?;
        Some((count.parse().ok()?, word.trim().trim_end_matches(')')))
    })
}
