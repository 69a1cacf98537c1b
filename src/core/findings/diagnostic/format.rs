//! Files that a formatter would change: rustfmt, black, ruff, prettier, or a plain diff.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{Claims, Found, Report};
use crate::core::findings::place::{Files, tidy};

/// Reads the names of files that are not formatted; several places in one file are one failure.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let prettier = output
        .lines()
        .any(|(_, line)| line.starts_with("[warn] Code style issues") || line.starts_with("Checking formatting..."));
    let mut index = 0;
    while index < output.len() {
        let line = output.line(index);
        let named = (!claims.has(index)).then(|| unformatted(line, output.line(index + 1), prettier, files)).flatten();
        let Some((path, what, line_number)) = named else {
            index += 1;
            continue;
        };
        let mut end = index + 1;
        while what != "not formatted" && end < output.len() && is_diff(output.line(end), output.line(end + 1)) {
            end += 1;
        }
        let path = tidy(path);
        let id = format!("{path}: {what}");
        if let Some(earlier) = report.found.iter_mut().rev().take(1).find(|found| found.id == id) {
            earlier.block.end = end;
        } else {
            let mut found = Found::new(id, None, index..end);
            found.file = files.resolve(&path);
            // No line: the first place moves with every edit, and the whole file is to be formatted.
            found.line = line_number.filter(|_| found.file.is_some());
            report.found.push(found);
        }
        index = end;
    }
    report
}

fn unformatted<'t>(
    line: &'t str,
    next: &'t str,
    prettier: bool,
    files: &Files<'_>,
) -> Option<(&'t str, &'static str, Option<u32>)> {
    if let Some(rest) = line.strip_prefix("Diff in ") {
        let rest = rest.trim_end_matches(':');
        if let Some((path, number)) = rest.split_once(" at line ") {
            return Some((path, "not formatted (rustfmt)", number.parse().ok()));
        }
        let (path, number) = rest.rsplit_once(':')?;
        return Some((path, "not formatted (rustfmt)", number.parse().ok()));
    }
    for prefix in ["would reformat ", "Would reformat: "] {
        if let Some(path) = line.strip_prefix(prefix) {
            return Some((path, "not formatted", None));
        }
    }
    if let Some(path) = line.strip_prefix("[warn] ").filter(|path| prettier && files.plausible(path)) {
        return Some((path, "not formatted", None));
    }
    let new = next.strip_prefix("+++ ").filter(|_| line.starts_with("--- "))?;
    let path = new.split('\t').next()?.trim_start_matches("b/");
    files.plausible(path).then_some((path, "would be changed", None))
}

fn is_diff(line: &str, next: &str) -> bool {
    let another = line.starts_with("--- ") && next.starts_with("+++ ");
    (line.starts_with(['+', '-', ' ', '@', '\\']) || line.is_empty() && next.starts_with(['+', '-', ' '])) && !another
}
