//! What the check of a task says: the failures first, then its output.

use ratatui::text::{Line, Span};

use crate::model::check::Fingerprint;
use crate::model::time::brief;
use crate::ui::state::{State, Story};
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns the lines of the tab.
pub(super) fn lines(state: &State, story: &Story) -> Vec<Line<'static>> {
    let Some(detail) = &story.detail else { return Vec::new() };
    let style = |role| state.theme.style(role);
    let mut out = Vec::new();
    if let Some(run) = &detail.run {
        let (glyph, role, word) = if run.is_green() {
            (state.glyphs.good, Role::Good, "green")
        } else {
            (state.glyphs.bad, Role::Bad, "red")
        };
        let tests = run
            .findings
            .tests
            .map(|tests| format!(", {} passed, {} failed", tests.passed, tests.failed))
            .unwrap_or_default();
        out.push(Line::from(vec![
            Span::styled(format!("{glyph} "), style(role)),
            Span::raw(format!("{} {word} in your tree, {}{tests}", detail.task.key, brief(run.took))),
        ]));
    }
    for (title, failures) in
        [("to mend", &detail.task.failures), ("red before, not its business", &detail.task.red_before)]
    {
        if !failures.is_empty() {
            out.push(Line::styled(title, style(Role::Heading)));
            out.extend(failures.iter().map(|failure| failure_line(state, failure)));
        }
    }
    let output =
        detail.run.as_ref().filter(|run| !run.is_green()).map_or(&detail.task.excerpt, |run| &run.findings.excerpt);
    if !output.is_empty() {
        out.push(Line::default());
        out.extend(output.lines().map(|line| Line::from(plain(line))));
    }
    out
}

fn failure_line(state: &State, failure: &Fingerprint) -> Line<'static> {
    let mut spans = vec![
        Span::styled(format!("  {} ", state.glyphs.bad), state.theme.style(Role::Bad)),
        Span::raw(plain(&failure.id)),
    ];
    if let Some(file) = &failure.file {
        let line = failure.line.map(|line| format!(":{line}")).unwrap_or_default();
        spans.push(Span::styled(format!("  {file}{line}"), state.theme.style(Role::Accent)));
    }
    Line::from(spans)
}
