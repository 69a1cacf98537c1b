//! What an output says: every reader's findings put together.

use std::collections::{BTreeMap, BTreeSet};

use super::clean::Output;
use super::found::{Claims, Found, Reader, Strength, sum};
use super::normalise::normalise;
use super::place::Files;
use super::{coverage, diagnostic, excerpt, runner};
use crate::model::check::{Findings, Fingerprint, TestCounts};
use crate::model::path::ProjectPath;

/// More failures than this are one cause, and nobody reads them one by one.
const FAILURES: usize = 1000;

/// Test runners first: they claim their blocks, so that a traceback in a test is not taken for an error of its own.
const READERS: [Reader; 20] = [
    runner::nextest::read,
    runner::libtest::read,
    runner::pytest::read,
    runner::unittest::read,
    runner::vitest::read,
    runner::jest::read,
    runner::mocha::read,
    runner::node::read,
    runner::tap::read,
    runner::go::read,
    runner::rspec::read,
    runner::phpunit::read,
    coverage::thresholds,
    diagnostic::arrow::read,
    diagnostic::format::read,
    diagnostic::group::read,
    diagnostic::trace::read,
    diagnostic::line::read,
    diagnostic::link::read,
    diagnostic::echo::read,
];

/// Reads the output of a finished check.
///
/// `exit_code` is `None` if there was none (a signal, a time limit). `known` says whether the project has such a file.
/// `root_hints` are the absolute folders that the command may have printed (the project, the workspace): they are taken
/// out, so that the same failure has the same fingerprint wherever it ran. The work is linear in the output, of which
/// the first 2 MB and the last 6 MB are looked at.
///
/// The failures are empty if and only if the exit code is 0.
pub fn read(
    output: &[u8],
    exit_code: Option<i32>,
    known: &dyn Fn(&ProjectPath) -> bool,
    root_hints: &[&str],
) -> Findings {
    let output = Output::new(output, root_hints);
    let files = Files::new(known);
    let mut claims = Claims::new(output.len());
    let mut tests: Option<TestCounts> = None;
    let mut found = Vec::new();
    for reader in READERS {
        let report = reader(&output, &files, &claims);
        for lines in report.claimed.iter().chain(report.found.iter().map(|found| &found.block)) {
            claims.add(lines);
        }
        if let Some(counts) = report.counts {
            tests = Some(tests.map_or(counts, |tests| sum(tests, counts)));
        }
        found.extend(report.found);
    }
    let coverage = coverage::read(&output);
    if exit_code == Some(0) {
        return Findings { failures: Vec::new(), tests, coverage, excerpt: excerpt::of_green(&output) };
    }
    if let Some(strongest) = found.iter().map(|found| found.strength).max() {
        found.retain(|found| found.strength == strongest);
    }
    if found.is_empty() || found.iter().all(|found| found.strength == Strength::Echo) {
        found = vec![last_words(&output, &files, exit_code, found)];
    }
    let found = without_repeats(found);
    let excerpt = excerpt::of_red(&output, &found);
    let failures =
        found.into_iter().map(|(id, found)| Fingerprint { id, file: found.file, line: found.line }).collect();
    Findings { failures, tests, coverage, excerpt }
}

/// Normalises the ids, in the order of the output; a repeat goes, a second failure with the same id gets a number.
fn without_repeats(mut found: Vec<Found>) -> Vec<(String, Found)> {
    found.sort_by_key(|found| found.block.start);
    let mut seen: BTreeSet<(String, Option<u32>)> = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unique = Vec::new();
    for failure in found {
        let id = normalise(&failure.id);
        if !seen.insert((id.clone(), failure.line)) {
            continue;
        }
        let count = counts.entry(id.clone()).or_default();
        *count += 1;
        let id = if *count > 1 { format!("{id} ({count})") } else { id };
        unique.push((id, failure));
        if unique.len() == FAILURES {
            break;
        }
    }
    unique
}

/// Makes one failure of an output that nobody understands: the exit code, and the last line that says something.
fn last_words(output: &Output, files: &Files<'_>, exit_code: Option<i32>, echoes: Vec<Found>) -> Found {
    /// How far up a line that speaks of an error is looked for.
    const NEAR: usize = 40;
    let end = output.len();
    let meaningful =
        |line: &str| line.chars().filter(|c| c.is_alphanumeric()).count() >= 3 && !diagnostic::echo::is_echo(line);
    let speaks = |line: &str| {
        let line = line.to_lowercase();
        ["error", "fail", "fatal", "not found", "cannot", "can't", "no such", "denied", "panic", "invalid", "missing"]
            .iter()
            .any(|word| line.contains(word))
    };
    let near = end.saturating_sub(NEAR);
    let last = |fits: &dyn Fn(&str) -> bool, from: usize| {
        (from..end).rev().find(|index| meaningful(output.line(*index)) && fits(output.line(*index)))
    };
    let line = last(&speaks, near);
    let exit = exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit {code}"));
    // "make: *** [test] Error 1" names at least the step; a line that speaks of an error says more.
    if let (None, Some(echo)) = (line, echoes.into_iter().next_back()) {
        return echo;
    }
    match line.or_else(|| last(&|_| true, 0)) {
        Some(line) => {
            Found::new(format!("{exit}: {}", output.line(line).trim()), files.within(output.line(line)), line..line + 1)
        }
        None => Found::new(exit, None, end..end),
    }
}
