//! A program that died of an error: a traceback of Python, a stack of JavaScript or Java, a panic of Rust or Go.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, python_frame};

/// Reads uncaught errors outside of tests.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut index = 0;
    while index < output.len() {
        let found = if claims.has(index) { None } else { one(output, files, index) };
        match found {
            Some(found) => {
                index = found.block.end.max(index + 1);
                report.found.push(found);
            }
            None => index += 1,
        }
    }
    report
}

fn one(output: &Output, files: &Files<'_>, index: usize) -> Option<Found> {
    let line = output.line(index);
    if line.starts_with("Traceback (most recent call last)")
        || python_frame(line).is_some_and(|_| line.starts_with("  File "))
    {
        return python(output, files, index);
    }
    if line.starts_with("thread '") && line.contains(" panicked at ") {
        let end = block_end(output, index + 1, str::is_empty);
        let place = files.first(output, index..end);
        let message = line
            .split_once(" panicked at '")
            .map_or(output.line(index + 1), |(_, rest)| rest.split("', ").next().unwrap_or(rest));
        return Some(named(&format!("panicked: {message}"), place, index..end));
    }
    if (line.starts_with("panic: ") || line.starts_with("fatal error: "))
        && (1..4).any(|n| output.line(index + n).starts_with("goroutine "))
    {
        let end = block_end(output, index + 1, |line| line.starts_with("exit status "));
        let place = files.first(output, index..end);
        return Some(named(line, place, index..end));
    }
    javascript(output, files, index)
}

/// Reads a traceback; of a chain of causes only the last one, which reached the user.
fn python(output: &Output, files: &Files<'_>, start: usize) -> Option<Found> {
    let mut at = start;
    let mut place = None;
    while at < output.len() && at < start + BLOCK {
        let line = output.line(at);
        if let Some((path, line)) = python_frame(line) {
            place = files.resolve(path).map(|path| (path, line)).or(place);
        } else if at > start && !line.starts_with(' ') && !line.is_empty() {
            let chained = output.slice(at + 1..at + 4).any(|line| {
                line.starts_with("During handling of the above exception")
                    || line.starts_with("The above exception was the direct cause")
            });
            if !chained
                && !line.starts_with("During ")
                && !line.starts_with("The above ")
                && !line.starts_with("Traceback ")
            {
                return Some(named(line, place, start..at + 1));
            }
        }
        at += 1;
    }
    None
}

/// Reads `TypeError: message` with frames below it: `    at f (a.js:1:2)`, ` ❯ a.ts:1:2`, `\tat com.x.A.f(A.java:3)`.
fn javascript(output: &Output, files: &Files<'_>, index: usize) -> Option<Found> {
    /// How long a message may be before its frames begin, in lines.
    const MESSAGE: usize = 12;
    let line = output.line(index);
    let text =
        line.strip_prefix("Exception in thread ").and_then(|rest| rest.split_once(' ')).map_or(line, |(_, rest)| rest);
    let (name, _) = text.split_once(": ").unwrap_or((text, ""));
    let name = name.trim_start_matches("Uncaught ").split(" [").next().unwrap_or_default();
    let kind = name.rsplit('.').next().unwrap_or_default();
    let is_error = (kind.ends_with("Error") || kind.ends_with("Exception") || kind.ends_with("Failure"))
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '$'));
    if !is_error {
        return None;
    }
    let frame = |line: &str| {
        let text = line.trim_start();
        text.len() < line.len() && (text.starts_with("at ") || text.starts_with("❯ "))
    };
    let first = (index + 1..(index + MESSAGE).min(output.len())).find(|at| frame(output.line(*at)))?;
    let end = block_end(output, first, |line| !frame(line));
    let place = files.first(output, first..end);
    // Node prints the place and the source line above the message.
    let above = (index.saturating_sub(6)..index).find(|at| files.within(output.line(*at)).is_some());
    let place = place.or_else(|| files.within(output.line(above?)));
    Some(named(text, place, above.unwrap_or(index)..end))
}

fn named(message: &str, place: Option<(crate::model::path::ProjectPath, u32)>, block: std::ops::Range<usize>) -> Found {
    let id = place.as_ref().map_or_else(|| message.to_owned(), |(path, _)| format!("{path}: {message}"));
    Found::new(id, place, block)
}

fn block_end(output: &Output, start: usize, ends: impl Fn(&str) -> bool) -> usize {
    (start..output.len().min(start + BLOCK))
        .find(|at| ends(output.line(*at)))
        .unwrap_or(output.len().min(start + BLOCK))
}
