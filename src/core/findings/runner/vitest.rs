//! What vitest says.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report, tallies};
use crate::core::findings::place::Files;

/// Reads vitest's failure blocks: ` FAIL  a.test.ts > suite > test` up to the next rule.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    // Several tests that failed in the same way share one block.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut detailed = false;
    let mut section = false;
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        let text = line.trim_start();
        if text.starts_with("⎯⎯⎯") {
            close(&mut report, output, files, &mut open, index);
            section |= text.contains("Failed Tests") || text.contains("Failed Suites");
        } else if let Some(name) = text.strip_prefix("FAIL ").filter(|name| section || name.contains(" > ")) {
            if detailed {
                close(&mut report, output, files, &mut open, index);
            }
            detailed = false;
            open.push((test_name(name.trim()), index));
        } else if !open.is_empty() {
            detailed = true;
        }
        if let Some(counts) = text
            .strip_prefix("Tests ")
            .filter(|counts| counts.contains(" passed") || counts.contains(" failed") || counts.contains(" skipped"))
        {
            // Jest writes "Tests:", and so does nobody else.
            let mut sums = (0, 0, 0);
            for (count, word) in tallies(counts) {
                match word {
                    "passed" => sums.0 += count,
                    "failed" => sums.1 += count,
                    "skipped" | "todo" => sums.2 += count,
                    _ => {}
                }
            }
            report.count(sums.0, sums.1, sums.2);
            close(&mut report, output, files, &mut open, index);
            section = false;
        }
        if text.starts_with("No test files found, exiting with code 1") {
            report.found.push(Found::new("vitest: No test files found", None, index..index + 1));
        }
        // The progress above the blocks tells the same failures once more.
        if line.starts_with(" ❯ ") && text.contains(" failed") || text.starts_with("× ") || text.starts_with("→ ")
        {
            report.claimed.push(index..index + 1);
        }
    }
    close(&mut report, output, files, &mut open, output.len());
    report
}

fn close(report: &mut Report, output: &Output, files: &Files<'_>, open: &mut Vec<(String, usize)>, end: usize) {
    let Some((_, start)) = open.first() else { return };
    let block = *start..end.min(start + BLOCK);
    let place = files.first(output, start + open.len()..block.end);
    for (name, _) in open.drain(..) {
        let mut found = Found::new(name.clone(), place.clone(), block.clone());
        let file = || files.resolve(name.split(" > ").next().unwrap_or_default());
        found.file = found.file.or_else(file);
        report.found.push(found);
    }
}

/// Takes the project's badge, the repeated file name and the retries from a name.
fn test_name(name: &str) -> String {
    let name = name.split(" (retry x").next().unwrap_or(name);
    match name.split_once(" [ ") {
        Some((suite, rest)) if rest.ends_with(" ]") => suite.trim().to_owned(),
        _ => name.to_owned(),
    }
}
