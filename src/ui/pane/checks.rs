//! The checks and what they said: what the list shows while there is no task.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::time::count;
use crate::core::view::CheckRow;
use crate::model::check::Verdict;
use crate::model::time::brief;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, write_lines};

/// Draws the checks, and what comes next.
pub(super) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let style = |role| state.theme.style(role);
    let mut lines = Vec::new();
    if state.filter.text.is_empty() {
        lines.extend(state.view.checks.iter().map(|check| line(state, check)));
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let next = if !state.seen {
            "waiting for the supervisor"
        } else if state.view.checks.iter().any(|check| check.running.is_some() || check.wanted) {
            "the checks run; what they find stands here"
        } else if state.view.checks.iter().any(|check| check.verdict.is_some_and(|verdict| verdict != Verdict::Green)) {
            "red, and no task is open: save a file, or press c to run the checks again"
        } else {
            "nothing to do: go on typing; what you break stands here"
        };
        lines.push(Line::styled(next, style(Role::Dim)));
    } else {
        lines.push(Line::styled("no task matches; esc drops the filter", style(Role::Dim)));
    }
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    write_lines(state, &lines, area, 0, buf);
}

fn line(state: &State, check: &CheckRow) -> Line<'static> {
    let (glyph, role, word) = match check.verdict {
        None => (state.glyphs.quiet, Role::Dim, "has not run".to_owned()),
        Some(Verdict::Green) => (state.glyphs.good, Role::Good, "green".to_owned()),
        Some(Verdict::Red) => (state.glyphs.bad, Role::Bad, format!("red: {}", failures(check.failures))),
        Some(Verdict::TimedOut) => (state.glyphs.bad, Role::Bad, "took too long".to_owned()),
        Some(Verdict::Broken) => (state.glyphs.bad, Role::Bad, "cannot run".to_owned()),
    };
    let took = std::time::Duration::from_millis(check.took);
    let now = match (check.running, check.wanted, check.verdict) {
        (Some(since), _, _) => format!("  running {}", count(since, state.now)),
        (None, true, _) => "  runs next".to_owned(),
        (None, false, Some(_)) => format!("  {}", brief(took)),
        (None, false, None) => String::new(),
    };
    let busy = check.running.is_some();
    Line::from(vec![
        Span::styled(
            if busy { state.glyphs.busy } else { glyph },
            state.theme.style(if busy { Role::Busy } else { role }),
        ),
        Span::raw(format!(" {:<16} ", plain(&check.key.to_string()))),
        Span::styled(word, state.theme.style(role)),
        Span::styled(now, state.theme.style(Role::Dim)),
    ])
}

fn failures(count: usize) -> String {
    match count {
        0 => "see its output".to_owned(),
        1 => "1 failure".to_owned(),
        more => format!("{more} failures"),
    }
}
