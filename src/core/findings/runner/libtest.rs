//! What `cargo test` says, with the binary each test is in.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number};

/// One test binary's part of the output.
#[derive(Default)]
struct Section {
    start: Option<usize>,
    label: Option<String>,
    failing: Vec<(String, usize)>,
    marked: Vec<(String, usize)>,
    blocks: BTreeMap<String, Range<usize>>,
    open: Option<String>,
    listing: bool,
}

/// Reads libtest's output, as cargo frames it.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut section = Section::default();
    // Failures of a section without a header get its name from the line that says how to run it again.
    let mut unnamed: Range<usize> = 0..0;
    for (index, line) in output.lines() {
        if claims.has(index) {
            continue;
        }
        if let Some(label) = running(line) {
            crashed(&mut report, &mut section, output, index);
            section = Section { label: Some(label), ..Section::default() };
        } else if line.starts_with("running ") && (line.ends_with(" test") || line.ends_with(" tests")) {
            section.start = Some(index);
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            let first = report.found.len();
            let named = section.label.is_some();
            close(&mut report, output, files, std::mem::take(&mut section), index);
            unnamed = if named { 0..0 } else { first..report.found.len() };
            let (mut passed, mut failed, mut ignored) = (0, 0, 0);
            for part in rest.split(['.', ';']) {
                match part.trim().split_once(' ') {
                    Some((count, "passed")) => passed = count.parse().unwrap_or(0),
                    Some((count, "failed")) => failed = count.parse().unwrap_or(0),
                    Some((count, "ignored")) => ignored = count.parse().unwrap_or(0),
                    _ => {}
                }
            }
            report.count(passed, failed, ignored);
        } else if let Some(target) =
            line.split_once("test failed, to rerun pass `").map(|(_, rest)| rest.trim_end_matches('`'))
        {
            for found in &mut report.found[unnamed.clone()] {
                found.id = format!("{target} {}", found.id);
            }
            unnamed = 0..0;
            if section.start.is_some() {
                section.label.get_or_insert_with(|| target.to_owned());
                crashed(&mut report, &mut section, output, index);
                section = Section::default();
            }
            report.claimed.push(index..index + 1);
        } else if section.start.is_some() {
            inside(&mut section, index, line);
        }
    }
    crashed(&mut report, &mut section, output, output.len());
    report
}

/// Reads a line between `running 3 tests` and `test result:`.
fn inside(section: &mut Section, index: usize, line: &str) {
    if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----")) {
        let name = name.trim_end_matches(" stdout").trim_end_matches(" stderr").to_owned();
        section.blocks.entry(name.clone()).or_insert(index..index + 1);
        section.open = Some(name);
        section.listing = false;
    } else if line == "failures:" {
        section.open = None;
        section.listing = true;
    } else if section.listing && line.starts_with("    ") {
        section.failing.push((line.trim().to_owned(), index));
    } else if let Some(block) = section.open.as_ref().and_then(|name| section.blocks.get_mut(name)) {
        block.end = index + 1;
    } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
        section.marked.push((name.trim_end_matches(" - should panic").to_owned(), index));
    }
}

/// Adds a section's failures.
fn close(report: &mut Report, output: &Output, files: &Files<'_>, mut section: Section, end: usize) {
    let Some(start) = section.start else { return };
    let failing = if section.failing.is_empty() { section.marked } else { section.failing };
    for (name, index) in failing {
        let block = section.blocks.remove(&name).unwrap_or(index..index + 1);
        let block = block.start..block.end.min(block.start + BLOCK);
        let (shown, documented) = documented(&name, files);
        // The place of the panic; in a doc test that is a place in made-up code.
        let place = documented.or_else(|| panic_place(output, files, block.clone()));
        let id = section.label.as_ref().map_or_else(|| shown.clone(), |label| format!("{label} {shown}"));
        let mut found = Found::new(id, place, block);
        // Without a place at least the binary's main file is known.
        let main =
            || section.label.as_ref().and_then(|label| files.resolve(label.rsplit(' ').next().unwrap_or_default()));
        found.file = found.file.or_else(main);
        report.found.push(found);
    }
    report.claimed.push(start..end + 1);
}

/// A binary that stopped in the middle (abort, stack overflow, a killed process) is one failure.
fn crashed(report: &mut Report, section: &mut Section, output: &Output, end: usize) {
    let Some(start) = section.start.take() else { return };
    let label = section.label.clone().unwrap_or_else(|| "a test binary".to_owned());
    let tail = end.saturating_sub(BLOCK).max(start);
    report.found.push(Found::new(format!("{label} did not finish"), None, tail..end.min(output.len())));
    report.claimed.push(start..end);
}

/// Returns where a test panicked, or else the innermost frame that is in the project.
pub(super) fn panic_place(
    output: &Output,
    files: &Files<'_>,
    block: Range<usize>,
) -> Option<(crate::model::path::ProjectPath, u32)> {
    let panicked =
        output.slice(block.clone()).find(|line| line.contains(" panicked at ")).and_then(|line| files.within(line));
    panicked.or_else(|| files.first(output, block))
}

/// Takes the line out of a doc test's name, and reads its place: `src/lib.rs - total (line 5)`.
fn documented(name: &str, files: &Files<'_>) -> (String, Option<(crate::model::path::ProjectPath, u32)>) {
    let Some((item, rest)) = name.rsplit_once(" (line ") else { return (name.to_owned(), None) };
    let path = item.split(" - ").next().unwrap_or_default();
    let place = files.resolve(path).zip(number(rest).map(|(line, _)| line));
    (item.to_owned(), place)
}

/// Reads `Running unittests src/lib.rs (target/debug/deps/shop-0123)` and `Doc-tests shop`.
fn running(line: &str) -> Option<String> {
    let text = line.trim_start();
    if let Some(name) = text.strip_prefix("Doc-tests ") {
        return Some(format!("{name} doc"));
    }
    let rest = text.strip_prefix("Running ")?;
    let (target, program) = rest.rsplit_once(" (")?;
    let binary = program.trim_end_matches(')').rsplit('/').next()?;
    let name = binary.rsplit_once('-').map_or(binary, |(name, _)| name);
    let target = target.trim_start_matches("unittests ");
    // An integration test's file and binary have the same name.
    let same = target.rsplit('/').next().is_some_and(|file| file.trim_end_matches(".rs") == name);
    Some(if same { target.to_owned() } else { format!("{name} {target}") })
}

#[cfg(test)]
mod tests {
    use super::running;

    #[test]
    fn binaries_have_stable_names() {
        let name = |line| running(line).unwrap_or_default();
        assert_eq!(
            name("     Running unittests src/lib.rs (target/debug/deps/shop-d2503d320876bb89)"),
            "shop src/lib.rs"
        );
        assert_eq!(name("     Running tests/whole.rs (/x/deps/whole-8d4a7dc7a9a5cc29)"), "tests/whole.rs");
        assert_eq!(name("   Doc-tests shop"), "shop doc");
    }
}
