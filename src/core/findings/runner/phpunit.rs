//! What `PHPUnit` says.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number};

/// Reads the numbered blocks under `There were 2 failures:` and the counts.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut red = false;
    let mut open: Option<(String, usize)> = None;
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        if (line.starts_with("There was 1 ") || line.starts_with("There were ")) && line.ends_with(':') {
            close(&mut report, output, files, open.take(), index);
            red = line.contains("error") || line.contains("failure");
        } else if let Some(counts) = line.strip_prefix("Tests: ").filter(|counts| counts.contains("Assertions: ")) {
            close(&mut report, output, files, open.take(), index.saturating_sub(1));
            let of = |name: &str| {
                format!("Tests: {counts}")
                    .split(", ")
                    .find_map(|part| part.strip_prefix(name).and_then(number).map(|(count, _)| count))
                    .unwrap_or(0)
            };
            let failed = of("Errors: ") + of("Failures: ");
            let skipped = of("Skipped: ") + of("Incomplete: ");
            report.count(of("Tests: ").saturating_sub(failed + skipped), failed, skipped);
            red = false;
        } else if let Some((count, _)) =
            line.strip_prefix("OK (").filter(|rest| rest.contains("assertion")).and_then(number)
        {
            report.count(count, 0, 0);
        } else if let Some(name) = number(line).filter(|_| red).and_then(|(_, rest)| rest.strip_prefix(") ")) {
            close(&mut report, output, files, open.take(), index);
            open = Some((test_name(name).to_owned(), index));
        }
    }
    close(&mut report, output, files, open, output.len());
    report
}

fn close(report: &mut Report, output: &Output, files: &Files<'_>, open: Option<(String, usize)>, end: usize) {
    let Some((name, start)) = open else { return };
    let block = start..end.min(start + BLOCK);
    // The last frame is the test's own; the first one in the project is the innermost.
    let place = files.first(output, block.clone());
    report.found.push(Found::new(name, place, block));
}

/// Takes the arguments from `CartTest::testMany with data set "one" (1)`.
fn test_name(name: &str) -> &str {
    let Some((start, _)) = name.split_once(" with data set ") else { return name };
    let set = start.len() + " with data set ".len();
    let rest = &name[set..];
    let end = match rest.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or(rest.len(), |end| end + 2),
        None => rest.find(' ').unwrap_or(rest.len()),
    };
    &name[..set + end]
}
