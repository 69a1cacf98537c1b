//! What mocha's usual reporters say.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number};

/// Reads mocha: counts, then numbered failures with one line for each level of the title.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let (mut passed, mut pending, mut failed) = (None, 0, 0);
    let mut end = None;
    let mut titles: Vec<(String, usize)> = Vec::new();
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        if let Some((count, word)) = tally(line) {
            match word {
                "passing" => {
                    (passed, pending, failed) = (Some(count), 0, 0);
                    report.claimed.push(index..index + 1);
                }
                "pending" => pending = count,
                _ => failed = count,
            }
            end = (word == "failing").then_some(index).or(end);
        } else if end.is_some() && passed.is_some() {
            let text = line.trim_start();
            let numbered =
                number(text).and_then(|(_, rest)| rest.strip_prefix(") ")).filter(|_| line.len() - text.len() == 2);
            if let Some(title) = numbered {
                titles.push((title.to_owned(), index));
            } else if let Some((title, start)) = titles.last_mut() {
                // A title ends with a colon; its lines are indented by one more level each.
                if !title.ends_with(':') && index - *start < 12 && !text.is_empty() {
                    title.push_str(" > ");
                    title.push_str(text);
                }
            }
        }
    }
    if let Some(passed) = passed {
        report.count(passed, failed, pending);
    }
    let starts: Vec<usize> = titles.iter().skip(1).map(|(_, start)| *start).chain([output.len()]).collect();
    for ((title, start), end) in titles.into_iter().zip(starts) {
        let block = start..end.min(start + BLOCK);
        let place = files.first(output, block.clone());
        report.found.push(Found::new(title.trim_end_matches(':'), place, block));
    }
    report
}

/// Reads `  3 failing`.
fn tally(line: &str) -> Option<(u32, &str)> {
    let (count, rest) = number(line.strip_prefix("  ")?)?;
    let word = rest.strip_prefix(' ')?.split(' ').next()?;
    ["passing", "pending", "failing"].contains(&word).then_some((count, word))
}
