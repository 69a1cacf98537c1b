//! What pytest says: its short summary, or its blocks where the summary is switched off.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report, tallies};
use crate::core::findings::place::Files;

/// A block under `= FAILURES =` or `= ERRORS =`.
struct Block {
    title: String,
    lines: Range<usize>,
}

/// Reads pytest.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, _: &Claims) -> Report {
    let mut report = Report::default();
    let mut section = None;
    let mut start = None;
    let mut blocks: Vec<Block> = Vec::new();
    let mut summary: Vec<(String, usize)> = Vec::new();
    let mut places: Vec<usize> = Vec::new();
    let mut titled = false;
    for (index, line) in output.lines() {
        if let Some(title) = banner(line, '=') {
            if totals(&mut report, title).is_some() {
                let lines = start.take().unwrap_or(index)..index + 1;
                finish(&mut report, output, files, &mut blocks, &mut summary, &mut places, lines);
                empty(&mut report, title, index);
                section = None;
                continue;
            }
            titled = false;
            section = match title {
                "FAILURES" | "ERRORS" => Some("blocks"),
                "short test summary info" => Some("summary"),
                "test session starts" | "warnings summary" | "PASSES" => Some("other"),
                _ if start.is_some() => Some("other"),
                _ => None,
            };
            if section.is_some() {
                start.get_or_insert(index);
            }
            continue;
        }
        // With -q the last line has no banner.
        if totals(&mut report, line).is_some() {
            let lines = start.take().unwrap_or(index)..index + 1;
            finish(&mut report, output, files, &mut blocks, &mut summary, &mut places, lines);
            empty(&mut report, line, index);
            section = None;
            continue;
        }
        match section {
            Some("blocks") => {
                if let Some(title) = banner(line, '_').filter(|title| !title.chars().all(|c| "_ ".contains(c))) {
                    blocks.push(Block { title: title.to_owned(), lines: index..index + 1 });
                    titled = true;
                } else if let Some(block) = blocks.last_mut().filter(|_| titled) {
                    block.lines.end = index + 1;
                } else if files.leading(line).is_some() {
                    places.push(index);
                }
            }
            Some("summary") => summary.extend(summary_id(line).map(|id| (id, index))),
            _ => {}
        }
        if section.is_none() && start.is_none() {
            // Only pytest starts a line so, and what follows is all it says: a wrong option, no such file.
            let wrong = line.strip_prefix("ERROR: ").filter(|rest| {
                rest.starts_with("file or directory not found")
                    || rest.starts_with("not found: ")
                    || rest.starts_with("usage: ")
            });
            let internal = line
                .strip_prefix("INTERNALERROR> ")
                .filter(|rest| !rest.starts_with([' ', '/']) && rest.contains(": "));
            if let Some(text) = wrong.or(internal) {
                report.found.push(Found::new(format!("pytest: {text}"), None, index..index + 1));
            }
        }
    }
    if let Some(start) = start {
        // Ended in the middle: killed, or a session that cannot start.
        finish(&mut report, output, files, &mut blocks, &mut summary, &mut places, start..output.len());
    }
    report
}

/// Adds the failures of one session: from its summary, with the blocks as their text; else from the blocks.
fn finish(
    report: &mut Report,
    output: &Output,
    files: &Files<'_>,
    blocks: &mut Vec<Block>,
    summary: &mut Vec<(String, usize)>,
    places: &mut Vec<usize>,
    lines: Range<usize>,
) {
    let mut by_title: BTreeMap<String, Vec<Block>> = BTreeMap::new();
    if summary.is_empty() {
        // With --tb=line and no summary, a place and a message is all there is for a failed test.
        for index in places.drain(..) {
            let line = output.line(index);
            let path = files.leading(line).map(|(place, _)| place.path.len()).unwrap_or_default();
            let place = files.within(line);
            report.found.push(Found::new(format!("{}{}", &line[..path], &line[path..]), place, index..index + 1));
        }
        for block in blocks.drain(..) {
            let (title, setup) = plain_title(&block.title);
            let inside = block.lines.start..block.lines.end.min(block.lines.start + BLOCK);
            let test_file = output.slice(inside.clone()).find_map(|line| {
                let (place, rest) = files.leading(line)?;
                rest.starts_with(':').then(|| place.path.to_owned())
            });
            let place = files.last(output, inside.clone());
            let id = match test_file {
                _ if setup == Some("collecting") => title,
                Some(path) => format!("{path}::{}", outside_brackets(&title)),
                None => title,
            };
            report.found.push(Found::new(id, place, inside));
        }
    }
    for block in blocks.drain(..) {
        by_title.entry(outside_brackets(&plain_title(&block.title).0)).or_default().push(block);
    }
    for found in by_title.values_mut() {
        found.reverse();
    }
    for (id, index) in summary.drain(..) {
        let title = id.split_once("::").map_or(id.as_str(), |(_, title)| title);
        let block = by_title.get_mut(title).and_then(Vec::pop).map(|block| block.lines);
        let block = block.map(|lines| lines.start..lines.end.min(lines.start + BLOCK));
        let file = id.split("::").next().and_then(|path| files.resolve(path));
        let place = block.clone().and_then(|lines| files.last(output, lines));
        let mut found = Found::new(id, place, block.unwrap_or(index..index + 1));
        found.file = found.file.or(file);
        report.found.push(found);
    }
    report.claimed.push(lines);
}

/// Returns the words in a line like `==== words ====`.
fn banner(line: &str, mark: char) -> Option<&str> {
    let inner = line.strip_prefix(mark)?.strip_suffix(mark)?.trim_matches(mark);
    (inner.starts_with(' ') && inner.ends_with(' ') && inner.len() > 2).then(|| inner.trim())
}

/// Takes `ERROR at setup of` and the like from a block's title.
fn plain_title(title: &str) -> (String, Option<&str>) {
    for (prefix, kind) in [
        ("ERROR collecting ", "collecting"),
        ("ERROR at setup of ", "setup"),
        ("ERROR at teardown of ", "teardown"),
        ("ERROR in ", "other"),
    ] {
        if let Some(rest) = title.strip_prefix(prefix) {
            return (rest.to_owned(), Some(kind));
        }
    }
    (title.to_owned(), None)
}

/// Writes `TestCart.test_add[a.b]` as the summary does: `TestCart::test_add[a.b]`.
fn outside_brackets(title: &str) -> String {
    let (name, parameters) = title.find('[').map_or((title, ""), |at| title.split_at(at));
    let is_path = name.contains(".py") || name.contains('/');
    if is_path { title.to_owned() } else { format!("{}{parameters}", name.replace('.', "::")) }
}

/// Reads `FAILED tests/test_a.py::test_x[1 - 2] - assert 4 == 3`.
fn summary_id(line: &str) -> Option<String> {
    let (word, rest) = line.split_once(' ')?;
    if !(word == "FAILED" || word == "ERROR" || word.starts_with("SUBFAIL")) {
        return None;
    }
    let end = match rest.find('[').filter(|at| !rest[..*at].contains(" - ")) {
        Some(open) => rest[open..].find("] - ").map_or(rest.len(), |at| open + at + 1),
        None => rest.find(" - ").unwrap_or(rest.len()),
    };
    let id = rest[..end].trim();
    let subtest = word.find(['(', '[']).map_or("", |at| &word[at..]);
    (!id.is_empty()).then(|| format!("{id}{subtest}"))
}

/// Reads `5 failed, 2 passed in 0.07s`; returns whether it was that.
fn totals(report: &mut Report, line: &str) -> Option<()> {
    let (counts, time) = line.rsplit_once(" in ")?;
    if !time.starts_with(|c: char| c.is_ascii_digit()) || !time.split(' ').next()?.ends_with('s') {
        return None;
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut any = counts == "no tests ran";
    for (count, word) in tallies(counts) {
        match word {
            "passed" | "xpassed" => passed += count,
            "failed" | "error" | "errors" => failed += count,
            "skipped" | "xfailed" => skipped += count,
            "deselected" | "warning" | "warnings" | "rerun" | "subtests passed" | "subtests failed" => {}
            _ => return None,
        }
        any = true;
    }
    any.then(|| report.count(passed, failed, skipped))
}

/// A session in which nothing ran is red, too.
fn empty(report: &mut Report, title: &str, index: usize) {
    let nothing = title.starts_with("no tests ran") || (title.contains(" deselected in ") && !title.contains(','));
    if nothing && report.found.is_empty() {
        report.found.push(
            Found::new("pytest: no tests ran", None, index..index + 1)
                .with(crate::core::findings::found::Strength::Message),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_end_where_the_message_starts() {
        let id = |line| summary_id(line).unwrap_or_default();
        assert_eq!(id("FAILED t/test_a.py::test_x[a - b] - assert 1 == 2"), "t/test_a.py::test_x[a - b]");
        assert_eq!(id("FAILED t/test_a.py::test_x - assert a[0] - 1"), "t/test_a.py::test_x");
        assert_eq!(id("ERROR t/test_a.py"), "t/test_a.py");
        assert_eq!(id("FAILED t/test_a.py::test_x[a[0]]"), "t/test_a.py::test_x[a[0]]");
    }
}
