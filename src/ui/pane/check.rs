//! What the check of a task says: the failures first, with the places they name, then its output.

use std::fmt::Write as _;

use ratatui::text::{Line, Span};

use super::time::short;
use crate::model::check::{CheckRun, Fingerprint, Verdict};
use crate::model::path::ProjectPath;
use crate::ui::body::{Item, Target};
use crate::ui::state::{State, Story};
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns the lines of the tab.
pub(super) fn items(state: &State, story: &Story) -> Vec<Item> {
    let Some(detail) = &story.detail else { return Vec::new() };
    let style = |role| state.theme.style(role);
    let mut items: Vec<Item> = Vec::new();
    match &detail.run {
        Some(run) => items.push(Item { hang: 2, ..Item::from(said(state, run)) }),
        None => {
            items.push(Line::styled("it has not run in your tree since the start; c runs it", style(Role::Dim)).into());
        }
    }
    let task = &detail.task;
    for (title, failures) in [("to mend", &task.failures), ("red before, not its business", &task.red_before)] {
        if failures.is_empty() {
            continue;
        }
        items.push(Line::default().into());
        items.push(Line::styled(title, style(Role::Heading)).into());
        for failure in failures {
            items.extend(failed(state, failure));
        }
    }
    let output = detail.run.as_ref().filter(|run| !run.is_green()).map_or(&task.excerpt, |run| &run.findings.excerpt);
    if !output.is_empty() {
        let is_old = detail.run.as_ref().is_none_or(CheckRun::is_green);
        items.push(Line::default().into());
        items.push(Line::styled(if is_old { "output when it was red" } else { "output" }, style(Role::Heading)).into());
        let known: Vec<&ProjectPath> =
            task.failures.iter().filter_map(|failure| failure.file.as_ref()).chain(&task.files).collect();
        items.extend(output.lines().map(|line| output_line(state, &known, &plain(line))));
    }
    items
}

fn said(state: &State, run: &CheckRun) -> Line<'static> {
    let (glyph, role, word) = match run.verdict {
        Verdict::Green => (state.glyphs.good, Role::Good, "green"),
        Verdict::Red => (state.glyphs.bad, Role::Bad, "red"),
        Verdict::TimedOut => (state.glyphs.bad, Role::Bad, "ended after its time limit"),
        Verdict::Broken => (state.glyphs.bad, Role::Bad, "cannot run"),
    };
    let mut text = format!(" in your tree, {}", short(run.took));
    if let Some(tests) = run.findings.tests {
        let _ = write!(text, ", {} passed, {} failed", tests.passed, tests.failed);
        if tests.skipped > 0 {
            let _ = write!(text, ", {} skipped", tests.skipped);
        }
    }
    if let Some(code) = run.code.filter(|code| *code != 0) {
        let _ = write!(text, ", exit code {code}");
    }
    let style = state.theme.style(role);
    Line::from(vec![Span::styled(format!("{glyph} {word}"), style), Span::raw(text)])
}

/// Writes a failure: what failed, and below it the place, which a key opens.
fn failed(state: &State, failure: &Fingerprint) -> Vec<Item> {
    let what = Line::from(vec![
        Span::styled(format!("  {} ", state.glyphs.bad), state.theme.style(Role::Bad)),
        Span::raw(plain(&failure.id)),
    ]);
    let mut items = vec![Item { hang: 2, ..Item::from(what) }];
    if let Some(file) = &failure.file {
        let line = failure.line.map(|line| format!(":{line}")).unwrap_or_default();
        let place = format!("{file}{line}");
        // A failure that begins with its place is the place.
        if failure.id.starts_with(&place) {
            items[0].target = Some(Target::Place(file.clone(), failure.line));
        } else {
            let text = Line::styled(format!("    {place}"), state.theme.style(Role::Accent));
            items.push(Item { target: Some(Target::Place(file.clone(), failure.line)), ..Item::from(text) });
        }
    }
    items
}

/// Colours a line of output by the words that runners use for what went wrong; one that names a place leads there.
fn output_line(state: &State, known: &[&ProjectPath], text: &str) -> Item {
    let first = text.trim_start();
    let is_bad = ["FAIL", "✗", "×", "error", "Error", "AssertionError", "panicked", "E  ", "--- FAIL"]
        .iter()
        .any(|word| first.starts_with(word));
    let style = state.theme.style(if is_bad { Role::Bad } else { Role::Text });
    let Some((start, end, file, line)) = known.iter().find_map(|file| place(text, file)) else {
        return Line::styled(text.to_owned(), style).into();
    };
    let spans = vec![
        Span::styled(text[..start].to_owned(), style),
        Span::styled(text[start..end].to_owned(), state.theme.style(Role::Accent)),
        Span::styled(text[end..].to_owned(), style),
    ];
    Item { target: Some(Target::Place(file.clone(), Some(line))), ..Item::from(Line::from(spans)) }
}

/// Finds `file:12` in a text: where it stands, and what it names.
fn place<'a>(text: &str, file: &'a ProjectPath) -> Option<(usize, usize, &'a ProjectPath, u32)> {
    let name = format!("{file}:");
    let start = text.find(&name)?;
    let number: String = text[start + name.len()..].chars().take_while(char::is_ascii_digit).collect();
    Some((start, start + name.len() + number.len(), file, number.parse().ok()?))
}
