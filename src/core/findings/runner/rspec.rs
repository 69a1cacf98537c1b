//! What `RSpec` says.

use std::collections::BTreeMap;

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number, tidy};

/// Reads the list of failed examples, with the numbered blocks above it as text.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut blocks: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut ends: Vec<usize> = Vec::new();
    let mut failures = None;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        if line == "Failures:" {
            failures = Some(index);
        } else if let Some(rest) = line.strip_prefix("An error occurred while loading ") {
            let path = rest.trim_end_matches('.');
            let end =
                (index + 1..output.len()).find(|at| output.line(*at).is_empty() && output.line(at + 1).is_empty());
            let block = index..end.unwrap_or(output.len()).min(index + BLOCK);
            let place = files.first(output, index + 1..block.end);
            report.found.push(Found::new(format!("{}: cannot be loaded", tidy(path)), place, block));
        } else if let Some((examples, rest)) = line.split_once(" examples, ").or_else(|| line.split_once(" example, "))
        {
            let Ok(examples) = examples.parse::<u32>() else { continue };
            let of = |word: &str| {
                rest.split(", ").find(|part| part.contains(word)).and_then(number).map_or(0, |(count, _)| count)
            };
            let (failed, pending) = (of("failure"), of("pending"));
            report.count(examples.saturating_sub(failed + pending), failed + of("error"), pending);
            report.claimed.push(failures.unwrap_or(index)..index + 1);
            ends.push(index);
            failures = None;
        } else if let Some(rest) = failures.and_then(|_| line.strip_prefix("  ")) {
            if let Some((_, title)) = number(rest).and_then(|(n, rest)| Some((n, rest.strip_prefix(") ")?))) {
                blocks.entry(title.to_owned()).or_default().push(index);
                ends.push(index);
            }
        } else if let Some((place, title)) = line.strip_prefix("rspec ").and_then(|rest| rest.split_once(" # ")) {
            let path = tidy(place.split([':', '[']).next().unwrap_or_default());
            let starts = blocks.get_mut(title).filter(|starts| !starts.is_empty());
            let start = starts.map_or(index, |starts| starts.remove(0));
            let end = ends.iter().copied().find(|end| *end > start).unwrap_or(index + 1).min(start + BLOCK);
            let at = files.first(output, start..end);
            // Examples made in a loop share title and line.
            let id = format!("{path}: {title}");
            let nth = seen.entry(id.clone()).or_insert(0);
            *nth += 1;
            let id = if *nth > 1 { format!("{id} ({nth})") } else { id };
            report.found.push(Found::new(id, at, start..end.max(start + 1)));
            report.claimed.push(index..index + 1);
        }
    }
    report
}
