//! What cargo-nextest says.

use std::collections::BTreeMap;
use std::ops::Range;

use super::libtest::panic_place;
use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report, tallies};
use crate::core::findings::place::Files;

/// Words with which nextest says how a test ended.
const ENDED: [&str; 13] = [
    "PASS",
    "FAIL",
    "SLOW",
    "TIMEOUT",
    "ABORT",
    "LEAK",
    "LEAK-FAIL",
    "SIGSEGV",
    "SIGABRT",
    "SIGKILL",
    "SIGBUS",
    "XFAIL",
    "FLAKY",
];

/// Reads cargo-nextest.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, _: &Claims) -> Report {
    let mut report = Report::default();
    let mut start = None;
    let mut blocks: BTreeMap<String, Range<usize>> = BTreeMap::new();
    let mut failing: Vec<(String, usize)> = Vec::new();
    let mut open: Option<String> = None;
    let mut summary = false;
    let mut end = (0, 0);
    for (index, line) in output.lines() {
        let text = line.trim_start();
        if text.starts_with("Nextest run ID ") {
            start = Some(index);
            continue;
        }
        if start.is_none() {
            continue;
        }
        if let Some((_, counts)) = text.strip_prefix("Summary [").and_then(|rest| rest.split_once("] ")) {
            tally(&mut report, counts);
            // What failed in the end; a test that passed when tried again is not in it.
            failing.clear();
            summary = true;
            open = None;
        } else if let Some((word, name)) = status(text) {
            open = None;
            if !matches!(word, "PASS" | "SLOW" | "LEAK" | "FLAKY" | "XFAIL") {
                failing.push((name.clone(), index));
                if !summary {
                    blocks.entry(name.clone()).or_insert(index..index + 1);
                    open = Some(name);
                }
            }
        } else if summary && !text.is_empty() {
            break;
        } else if let Some(block) = open.as_ref().and_then(|name| blocks.get_mut(name)) {
            if text.starts_with("────") {
                open = None;
            } else {
                block.end = index + 1;
            }
        }
        if let Some(start) = start {
            end = (start, index + 1);
        }
    }
    report.claimed.push(end.0..end.1);
    for (name, index) in failing {
        let block = blocks.remove(&name).unwrap_or(index..index + 1);
        let block = block.start..block.end.min(block.start + BLOCK);
        let place = panic_place(output, files, block.clone());
        report.found.push(Found::new(name, place, block));
    }
    report
}

/// Reads `FAIL [   0.005s] (2/7) shop::bin/shop tests::adds`.
fn status(text: &str) -> Option<(&str, String)> {
    let (word, rest) = match text.strip_prefix("TRY ") {
        Some(rest) => rest.split_once(' ')?.1.split_once(' ')?,
        None => text.split_once(' ')?,
    };
    if !ENDED.contains(&word) {
        return None;
    }
    let (_, name) = rest.trim_start().strip_prefix('[')?.split_once(']')?;
    let name = name.trim_start();
    let name = match name.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((count, name)) if count.contains('/') => name.trim_start(),
        _ => name,
    };
    Some((word, name.to_owned()))
}

/// Reads `7 tests run: 1 passed (1 slow), 6 failed, 1 skipped`.
fn tally(report: &mut Report, counts: &str) {
    let (_, counts) = counts.split_once(": ").unwrap_or_default();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (count, word) in tallies(counts) {
        match word {
            "passed" => passed += count,
            "skipped" => skipped += count,
            "slow" | "flaky" | "leaky" => {}
            _ => failed += count,
        }
    }
    report.count(passed, failed, skipped);
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn status_lines_of_old_and_new_versions() {
        let name = |line| status(line).map(|(_, name)| name).unwrap_or_default();
        assert_eq!(name("FAIL [   0.005s] (2/7) shop::bin/shop tests::adds"), "shop::bin/shop tests::adds");
        assert_eq!(name("FAIL [   0.005s] shop tests::adds"), "shop tests::adds");
        assert_eq!(name("TRY 2 FAIL [   0.005s] shop tests::adds"), "shop tests::adds");
        assert_eq!(status("Starting 7 tests"), None);
    }
}
