//! What jest says.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report, tallies};
use crate::core::findings::place::Files;

/// Reads jest's failure blocks: `FAIL a.test.js`, then `  ● suite › test`.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut suite: Option<&str> = None;
    let mut open: Option<(String, &str, usize)> = None;
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        let word = line.trim_start();
        if let Some(rest) = word.strip_prefix("FAIL ").filter(|_| line.len() - word.len() < 2) {
            close(&mut report, output, files, open.take(), index);
            suite = rest
                .split(" (")
                .next()
                .and_then(|names| names.split_whitespace().last())
                .filter(|path| files.plausible(path));
        } else if let Some(title) = line.strip_prefix("  ● ").filter(|title| !title.starts_with("Console")) {
            close(&mut report, output, files, open.take(), index);
            if let Some(suite) = suite {
                open = Some((title.trim_end_matches(':').to_owned(), suite, index));
            }
        } else if word.starts_with("PASS ")
            || line.starts_with("Test Suites:")
            || line.starts_with("Snapshot Summary")
            || line.starts_with(" › ")
            || line.starts_with("-----")
        {
            close(&mut report, output, files, open.take(), index);
        } else if let Some(counts) = line.strip_prefix("Tests: ") {
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
        } else if line.starts_with("No tests found, exiting with code 1") {
            report.found.push(Found::new("jest: No tests found", None, index..index + 1));
        } else if line.starts_with(" › ") && line.contains(" obsolete") {
            report.found.push(
                Found::new(line.trim_start_matches(" › "), None, index..index + 1)
                    .with(crate::core::findings::found::Strength::Warning),
            );
        }
    }
    close(&mut report, output, files, open, output.len());
    report
}

fn close(report: &mut Report, output: &Output, files: &Files<'_>, open: Option<(String, &str, usize)>, end: usize) {
    let Some((title, suite, start)) = open else { return };
    let block = start..end.min(start + BLOCK);
    let place = files.first(output, start + 1..block.end);
    let mut found = Found::new(format!("{suite} › {title}"), place, block);
    found.file = found.file.or_else(|| files.resolve(suite));
    report.found.push(found);
}
