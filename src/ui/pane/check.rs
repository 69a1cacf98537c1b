//! What the check of a task says: the failures first, with the places they name, then its output.

use ratatui::text::{Line, Span};

use super::time::short;
use crate::model::check::{CheckRun, Fingerprint, Verdict};
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
            items.push(Line::styled("it has not run in your tree since the start; c runs it", style(Role::Dim)).into())
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
        items.extend(output.lines().map(|line| output_line(state, &plain(line)).into()));
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
        text.push_str(&format!(", {} passed, {} failed", tests.passed, tests.failed));
        if tests.skipped > 0 {
            text.push_str(&format!(", {} skipped", tests.skipped));
        }
    }
    if let Some(code) = run.code.filter(|code| *code != 0) {
        text.push_str(&format!(", exit code {code}"));
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

/// Colours a line of output by the words that runners use for what went wrong.
fn output_line(state: &State, text: &str) -> Line<'static> {
    let first = text.trim_start();
    let is_bad = ["FAIL", "✗", "×", "error", "Error", "AssertionError", "panicked", "E  ", "--- FAIL"]
        .iter()
        .any(|word| first.starts_with(word));
    let role = if is_bad { Role::Bad } else { Role::Text };
    Line::styled(text.to_owned(), state.theme.style(role))
}
