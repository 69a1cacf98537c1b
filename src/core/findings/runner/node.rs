//! What `node --test` says with its spec reporter, the one for terminals.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number};

/// Reads the counts and the list under `✖ failing tests:`.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut counts = (0, 0, 0, false);
    let mut failing: Vec<usize> = Vec::new();
    let mut listed = false;
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        if let Some((count, rest)) =
            line.strip_prefix("ℹ ").and_then(|rest| rest.split_once(' ')).map(|(word, n)| (n, word))
        {
            let count = number(count).map_or(0, |(count, _)| count);
            match rest {
                "pass" => (counts.0, counts.3) = (count, true),
                "fail" | "cancelled" => counts.1 += count,
                "skipped" | "todo" => counts.2 += count,
                _ => {}
            }
        } else if line == "✖ failing tests:" {
            listed = true;
            report.claimed.push(0..index + 1);
        } else if listed && line.starts_with("test at ") {
            failing.push(index);
        }
    }
    if counts.3 {
        report.count(counts.0, counts.1, counts.2);
    }
    for (nth, start) in failing.iter().enumerate() {
        let end = failing.get(nth + 1).copied().unwrap_or(output.len()).min(start + BLOCK);
        let place = output.line(*start).trim_start_matches("test at ");
        let path = files.leading(place).map_or("", |(place, _)| place.path);
        let name = output.line(start + 1).trim_start_matches("✖ ");
        let name = name.rsplit_once(" (").filter(|(_, rest)| rest.ends_with("ms)")).map_or(name, |(name, _)| name);
        let deepest = files.first(output, start + 2..end).or_else(|| files.within(place));
        let block = story(output, *start, output.line(start + 1)).unwrap_or(*start..end);
        report.found.push(Found::new(format!("{path}: {name}"), deepest, block));
    }
    report
}

/// Returns what was said about a file that failed as a whole, because it could not even be loaded: the list says only
/// `'test failed'` then, and the reason stands further up, before the same headline.
fn story(output: &Output, start: usize, headline: &str) -> Option<std::ops::Range<usize>> {
    if output.len() <= start + 2 || output.line(start + 2).trim() != "'test failed'" {
        return None;
    }
    let told = (0..start).rev().find(|index| output.line(*index) == headline)?;
    let is_mark = |index: &usize| output.line(*index).starts_with(['✖', '✔', 'ℹ', '▶', '﹣']);
    let first = (told.saturating_sub(BLOCK)..told).rev().find(is_mark).map_or(told.saturating_sub(BLOCK), |at| at + 1);
    Some(first..told + 1)
}
