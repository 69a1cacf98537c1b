//! The log of a task: one line for each thing that happened.

use ratatui::text::{Line, Span};

use crate::core::fact::Fact;
use crate::core::lines;
use crate::model::time::Wall;
use crate::ui::state::{State, Story};
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Writes the time of day, in the person's own time zone.
pub(super) fn clock(state: &State, at: Wall) -> String {
    let seconds = i64::try_from(at.0 / 1000).unwrap_or(i64::MAX).saturating_add(state.offset).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Returns the lines of the log.
pub(super) fn lines(state: &State, story: &Story) -> Vec<Line<'static>> {
    let dim = state.theme.style(Role::Dim);
    let mut out = Vec::new();
    if story.cut {
        out.push(Line::styled("(the beginning is not shown; `orchestrator-tui logs` has it)", dim));
    }
    for recorded in &story.facts {
        let time = clock(state, recorded.at);
        match &recorded.fact {
            Fact::Logged { lines, .. } => {
                for (number, line) in lines.iter().enumerate() {
                    let time = if number == 0 { time.clone() } else { " ".repeat(time.len()) };
                    out.push(Line::from(vec![
                        Span::styled(format!("{time} "), dim),
                        Span::styled(format!("{:<8} ", plain(&line.label)), state.theme.style(Role::Accent)),
                        Span::raw(plain(&line.text)),
                    ]));
                }
            }
            fact => {
                let Some(text) = lines::line(fact, recorded.at) else { continue };
                for line in text.lines() {
                    out.push(Line::from(vec![Span::styled(format!("{time} "), dim), Span::styled(plain(line), dim)]));
                }
            }
        }
    }
    out
}
