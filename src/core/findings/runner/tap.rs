//! What the Test Anything Protocol says: node --test in a pipe, tap, mocha and vitest with a TAP reporter, prove.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number, tidy};

/// Reads TAP, with node's `# Subtest:` nesting.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, _: &Claims) -> Report {
    let mut report = Report::default();
    let plan =
        |line: &str| line.strip_prefix("1..").is_some_and(|rest| number(rest).is_some_and(|(_, rest)| rest.is_empty()));
    // The plan may come first or last.
    if !output.lines().any(|(_, line)| line.starts_with("TAP version 1") || plan(line)) {
        return report;
    }
    let begins = |line: &str| {
        line.starts_with("TAP version 1") || line.starts_with("# Subtest: ") || plan(line) || result(line).is_some()
    };
    let Some(start) = output.lines().find(|(_, line)| begins(line)).map(|(index, _)| index) else { return report };
    // The open subtests by depth, and whether one inside has failed: then the outer failure is an echo.
    let mut suites: Vec<(usize, String, bool)> = Vec::new();
    let (mut passed, mut failed, mut skipped) = (0u32, 0u32, 0u32);
    let mut end = start;
    for (index, line) in output.lines().skip(start) {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            suites.retain(|(open, ..)| *open < depth);
            suites.push((depth, name.to_owned(), false));
            continue;
        }
        let Some((ok, rest)) = result(text) else { continue };
        end = index;
        let (name, directive) = split_directive(rest);
        let had_inner = suites.iter().any(|(open, _, inner)| *open == depth && *inner);
        let path = || {
            let outer = suites.iter().filter(|(open, ..)| *open < depth).map(|(_, name, _)| name.as_str());
            outer.chain([name]).collect::<Vec<_>>().join(" > ")
        };
        let block_end = yaml_end(output, index, depth);
        let is_suite = output.slice(index + 1..block_end).any(|line| line.trim() == "type: 'suite'");
        if directive.starts_with("skip") || directive.starts_with("todo") {
            skipped += 1;
        } else if ok {
            passed += u32::from(!is_suite);
        } else if had_inner {
            report.claimed.push(index..block_end);
        } else {
            failed += 1;
            let location = output.slice(index..block_end).find_map(|line| {
                let value = line.trim().strip_prefix("location: ")?.trim_matches(['\'', '"']);
                files.leading(value).map(|(place, _)| tidy(place.path))
            });
            let id = match location {
                Some(path_of_test) if !name.starts_with(&path_of_test) => format!("{path_of_test}: {}", path()),
                _ => path(),
            };
            let place = stack(output, files, index, block_end).or_else(|| files.first(output, index..block_end));
            report.found.push(Found::new(id, place, index..block_end.min(index + BLOCK)));
            for (open, _, inner) in &mut suites {
                *inner |= *open < depth;
            }
        }
        suites.retain(|(open, ..)| *open < depth);
    }
    report.count(passed, failed, skipped);
    report.claimed.push(start..end + 1);
    report
}

/// Reads `not ok 2 - name`.
fn result(text: &str) -> Option<(bool, &str)> {
    let (ok, rest) = match text.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim_start();
    let rest = number(rest).map_or(rest, |(_, rest)| rest.trim_start());
    Some((ok, rest.strip_prefix("- ").unwrap_or(rest)))
}

/// Takes `# SKIP why`, `# TODO` and `# time=5ms` from a name.
fn split_directive(rest: &str) -> (&str, String) {
    let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
    (name.trim(), directive.to_lowercase())
}

/// Returns the end of the `---` … `...` block after a result, or of the deeper lines.
fn yaml_end(output: &Output, index: usize, depth: usize) -> usize {
    let mut end = index + 1;
    while end < output.len() && end < index + BLOCK * 4 {
        let line = output.line(end);
        let text = line.trim_start();
        if !text.is_empty() && line.len() - text.len() <= depth {
            break;
        }
        end += 1;
        if text == "..." {
            break;
        }
    }
    end
}

/// Returns the innermost frame of a stack that is in the project.
fn stack(
    output: &Output,
    files: &Files<'_>,
    start: usize,
    end: usize,
) -> Option<(crate::model::path::ProjectPath, u32)> {
    let at = output.slice(start..end).position(|line| line.trim_start().starts_with("stack: "))?;
    files.first(output, start + at..end)
}
