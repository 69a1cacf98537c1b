//! Messages that start with their place: gcc, clang, go, tsc, mypy, pyright, flake8, ruff and most others.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{Claims, Found, Report, Strength};
use crate::core::findings::place::{Files, number, tidy};

/// The longest source excerpt below a message, in lines.
const LONGEST: usize = 14;

/// Reads `src/a.c:3:36: error: …`, `src/a.ts(2,3): error TS2322: …`, `src/a.py:1:1: F401 …`.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut index = 0;
    while index < output.len() {
        let line = output.line(index);
        let text = ["vet: ", "[ERROR] ", "ERROR in ", "ERROR: "]
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix))
            .unwrap_or(line);
        let found = if claims.has(index) { None } else { message(text.trim_start(), files) };
        let Some((path, number, message, strength)) = found else {
            index += 1;
            continue;
        };
        // ruff marks what it can fix.
        let mut message = message.replacen("[*] ", "", 1);
        let mut end = index + 1;
        // mypy --pretty breaks long messages at the width of the terminal; they end with a [code].
        if strength == Strength::Failure && !message.ends_with(']') {
            let rest = output.line(end);
            if !rest.is_empty() && !rest.starts_with(' ') && rest.ends_with(']') && files.leading(rest).is_none() {
                message = format!("{} {rest}", message.trim_end());
                end += 1;
            }
        }
        while end < output.len()
            && end < index + LONGEST
            && !claims.has(end)
            && belongs(output.line(end), output.line(end + 1))
        {
            if files.leading(output.line(end).trim_start()).is_some() {
                break;
            }
            end += 1;
        }
        if let Some(strength) = strength_if_any(strength) {
            let path = tidy(path);
            let place = files.resolve(&path).map(|file| (file, number));
            report.found.push(Found::new(format!("{path}: {message}"), place, index..end).with(strength));
        }
        index = end;
    }
    report
}

/// Notes are told by `None`.
fn strength_if_any(strength: Strength) -> Option<Strength> {
    (strength != Strength::Echo).then_some(strength)
}

/// Whether a line is the source excerpt of the message above it.
fn belongs(line: &str, next: &str) -> bool {
    line.starts_with([' ', '\t']) || (line.is_empty() && next.starts_with([' ', '\t']) && next.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '|' || c == '~'))
        // tsc's pretty excerpts: "7 const x = 1;", then "  ~~~".
        || (number(line).is_some_and(|(_, rest)| rest.starts_with(' ')) && next.trim_start().starts_with('~'))
        || (line.is_empty() && number(next).is_some_and(|(_, rest)| rest.starts_with(' ')))
}

fn message<'t>(text: &'t str, files: &Files<'_>) -> Option<(&'t str, u32, &'t str, Strength)> {
    let (place, rest) = files.leading(text)?;
    let rest = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(" - ")).or_else(|| rest.strip_prefix(' '))?;
    let rest = rest.trim();
    if !rest.contains(char::is_alphabetic) {
        return None;
    }
    let word = rest.split([':', ' ', '[']).next().unwrap_or_default().to_lowercase();
    // eslint's unix format has the severity at the end: "message [Error/no-var]".
    let last = rest.rsplit_once('[').map_or("", |(_, last)| last);
    let strength = match word.as_str() {
        "error" | "fatal" => Strength::Failure,
        "warning" | "warn" => Strength::Warning,
        "note" | "info" | "information" | "help" | "remark" | "hint" => Strength::Echo,
        _ if last.starts_with("Error/") => Strength::Failure,
        _ if last.starts_with("Warning/") => Strength::Warning,
        _ if coded(rest) => Strength::Failure,
        _ => Strength::Message,
    };
    Some((place.path, place.line, rest, strength))
}

/// Whether a message starts with a rule's code: `E302 expected 2 blank lines`, `SC2086: Double quote`.
fn coded(message: &str) -> bool {
    let word = message.split([' ', ':']).next().unwrap_or_default();
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = word.len() - letters;
    (1..=6).contains(&letters) && (2..=5).contains(&digits) && word.bytes().skip(letters).all(|b| b.is_ascii_digit())
}
