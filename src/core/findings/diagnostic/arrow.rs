//! Messages with an arrow to their place, as rustc, clippy, cargo, ruff and uv print them.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{Claims, Found, Report, Strength};
use crate::core::findings::place::Files;

/// The longest message of this kind, in lines.
const LONGEST: usize = 60;

/// Reads `error[E0308]: mismatched types` and the `--> src/a.rs:3:21` below it.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut index = 0;
    while index < output.len() {
        let header = output.line(index);
        let arrow = (index + 1..index + 4).find(|at| output.line(*at).trim_start().starts_with("--> "));
        let spoken = strength(header);
        let titled = !header.is_empty() && !header.starts_with([' ', '|', '=']) && !is_note(header);
        if claims.has(index) || !titled || (arrow.is_none() && spoken != Some(Strength::Failure)) {
            index += 1;
            continue;
        }
        // A place one line below belongs to any title; further down only to one that is known as such.
        let arrow = arrow.filter(|at| *at == index + 1 || spoken.is_some());
        let place = arrow.and_then(|at| files.leading(output.line(at).trim_start().trim_start_matches("--> ")));
        let Some(strength) = spoken.or(place.map(|_| Strength::Failure)) else {
            index += 1;
            continue;
        };
        if place.is_none() && (super::echo::is_echo(header) || !header.starts_with("error")) {
            index += 1;
            continue;
        }
        let mut end = arrow.map_or(index + 1, |at| at + 1);
        while end < output.len()
            && end < index + LONGEST
            && !output.line(end).is_empty()
            && !starts_another(output, end)
        {
            end += 1;
        }
        let (id, at) = match place {
            Some((place, _)) => {
                let path = crate::core::findings::place::tidy(place.path);
                let at = files.resolve(&path).map(|file| (file, place.line));
                // ruff marks what it can fix.
                (format!("{path}: {}", header.replacen("[*] ", "", 1)), at)
            }
            None => (header.to_owned(), None),
        };
        report.found.push(Found::new(id, at, index..end).with(strength));
        index = end;
    }
    report
}

fn starts_another(output: &Output, index: usize) -> bool {
    strength(output.line(index)).is_some()
}

/// What comes below a message and has places of its own.
fn is_note(header: &str) -> bool {
    ["note:", "help:", "note[", "...", "info:"].iter().any(|word| header.starts_with(word))
}

fn strength(header: &str) -> Option<Strength> {
    let said =
        |word: &str| header.strip_prefix(word).is_some_and(|rest| rest.starts_with(": ") || rest.starts_with('['));
    if said("error") || header.starts_with("error: internal compiler error") {
        Some(Strength::Failure)
    } else if said("warning") {
        Some(Strength::Warning)
    } else {
        None
    }
}
