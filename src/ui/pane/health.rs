//! The page that says how well each part works, and the numbers.

use std::time::Duration;

use ratatui::text::{Line, Span};

use crate::model::health::{Level, Part};
use crate::model::time::hours;
use crate::ui::state::State;
use crate::ui::theme::Role;

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let head = &state.view.head;
    let mut lines = vec![Line::styled("Health", state.theme.style(Role::Heading))];
    for part in Part::ALL {
        let (glyph, role, word, reason) = match head.health.get(&part).unwrap_or(&Level::Up) {
            Level::Up => (state.glyphs.good, Role::Good, "up", String::new()),
            Level::Degraded { reason, since } => {
                (state.glyphs.needs, Role::Warn, "degraded", since_text(state, *since, reason))
            }
            Level::Down { reason, since } => (state.glyphs.bad, Role::Bad, "down", since_text(state, *since, reason)),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("  {glyph} "), state.theme.style(role)),
            Span::raw(format!("{:<18} {word}", part.name())),
        ]));
        if !reason.is_empty() {
            lines.push(Line::from(format!("      {reason}")));
        }
    }
    let beat = if state.is_late() {
        let late = Duration::from_millis(state.now.0.saturating_sub(head.beat.0));
        Line::styled(
            format!("  {} heartbeat is late: the last was {} ago", state.glyphs.bad, hours(late)),
            state.theme.style(Role::Bad),
        )
    } else {
        Line::from(format!(
            "  {} heartbeat every {} s, process {}",
            state.glyphs.heart,
            head.heartbeat / 1000,
            head.pid
        ))
    };
    lines.push(beat);
    lines.push(Line::default());
    lines.push(Line::styled("Statistics", state.theme.style(Role::Heading)));
    let numbers = head.numbers;
    let rate =
        if numbers.processed == 0 { 0.0 } else { f64::from(numbers.succeeded) * 100.0 / f64::from(numbers.processed) };
    let uptime = Duration::from_millis(state.now.0.saturating_sub(head.started.0));
    for (name, value) in [
        ("uptime", hours(uptime)),
        ("tasks processed", numbers.processed.to_string()),
        ("tasks succeeded", numbers.succeeded.to_string()),
        ("tasks failed", numbers.failed.to_string()),
        ("tasks escalated", numbers.escalated.to_string()),
        ("success rate", format!("{rate:.1}%")),
        ("cost", head.spent.to_string()),
        ("files watched", head.files.to_string()),
        ("agents", format!("{} of {} at work", head.agents.0, head.agents.1)),
    ] {
        lines.push(Line::from(format!("  {name:<18} {value}")));
    }
    lines
}

fn since_text(state: &State, since: crate::model::time::Wall, reason: &str) -> String {
    format!("since {}: {reason}", super::time::clock(state, since))
}
