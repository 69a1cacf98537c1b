//! The checks and what they said: what the list shows while there is no task.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::time::{count, short};
use crate::core::view::CheckRow;
use crate::model::check::Verdict;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, plain, width, write_lines};

/// The widest that the names become.
const NAME_MAX: usize = 36;

/// The columns that it has on the page of health.
const NAME_MIN: usize = 17;

/// Draws the checks, and what comes next.
pub(super) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let style = |role| state.theme.style(role);
    let mut lines = Vec::new();
    if state.filter.text.is_empty() {
        lines.extend(self::lines(state, ""));
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let next = if !state.seen {
            "the supervisor starts: it reads the journal and looks at the project"
        } else if state.view.checks.iter().any(|check| check.running.is_some() || check.wanted) {
            "the checks run; what they find stands here"
        } else if state.view.checks.iter().any(|check| check.verdict.is_some_and(|verdict| verdict != Verdict::Green)) {
            "red, and no task is open: save a file, or press c to run the checks again"
        } else {
            "all green, nothing to do: go on typing; what turns red stands here. c runs all checks now"
        };
        lines.push(Line::styled(next, style(Role::Dim)));
    } else {
        lines.push(Line::styled("no task matches; esc drops the filter, / types another one", style(Role::Dim)));
    }
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    write_lines(state, &lines, area, 0, buf);
}

/// Returns one line for each check.
pub(super) fn lines(state: &State, indent: &'static str) -> Vec<Line<'static>> {
    let names: Vec<String> = state.view.checks.iter().map(|check| plain(&check.key.to_string())).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    // On the page of health they stand below the names of its parts.
    let widest = widest.max(if indent.is_empty() { 0 } else { NAME_MIN }).min(NAME_MAX);
    let lines = state.view.checks.iter().zip(&names);
    lines.map(|(check, name)| line(state, check, &clip(name, widest, state.glyphs.more), widest, indent)).collect()
}

fn line(state: &State, check: &CheckRow, name: &str, widest: usize, indent: &'static str) -> Line<'static> {
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
        (None, false, Some(_)) => format!("  {}", short(took)),
        (None, false, None) => String::new(),
    };
    let busy = check.running.is_some();
    Line::from(vec![
        Span::raw(indent),
        Span::styled(
            if busy { state.glyphs.busy } else { glyph },
            state.theme.style(if busy { Role::Busy } else { role }),
        ),
        Span::raw(format!(" {name}{}  ", " ".repeat(widest.saturating_sub(width(name))))),
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
