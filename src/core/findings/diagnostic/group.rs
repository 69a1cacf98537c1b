//! Messages below the name of their file: eslint's usual format, stylelint, markdownlint.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{Claims, Found, Report, Strength};
use crate::core::findings::place::{Files, number, tidy};

/// Reads a line with a path, then `  1:5  error  message  rule` for each message.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut file: Option<&str> = None;
    for (index, line) in output.lines() {
        if claims.has(index) || line.is_empty() {
            file = None;
        } else if !line.starts_with([' ', '\t']) {
            file = files.plausible(line).then_some(line);
        } else if let Some((path, (number, id, strength))) = file.zip(message(line)) {
            let path = tidy(path);
            let place = files.resolve(&path).map(|file| (file, number));
            let start = if index > 0 && output.line(index - 1) == file.unwrap_or_default() { index - 1 } else { index };
            report.found.push(Found::new(format!("{path}: {id}"), place, start..index + 1).with(strength));
        }
    }
    report
}

fn message(line: &str) -> Option<(u32, String, Strength)> {
    let (line, rest) = number(line.trim_start())?;
    let (_, rest) = number(rest.strip_prefix(':')?)?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let (word, rest) = rest.split_once("  ").or_else(|| rest.split_once(' '))?;
    let strength = match word.trim() {
        "error" | "✖" | "×" => Strength::Failure,
        "warning" | "⚠" | "‼" => Strength::Warning,
        _ => return None,
    };
    let rest = rest.trim();
    // The rule stands in a column of its own.
    let id = match rest.rsplit_once("  ") {
        Some((message, rule)) if !rule.contains(' ') => format!("{} ({rule})", message.trim_end()),
        _ => rest.to_owned(),
    };
    Some((line, id, strength))
}
