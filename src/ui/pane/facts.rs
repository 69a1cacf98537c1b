//! The journal of a task, fact by fact, as it is kept.

use ratatui::text::{Line, Span};

use crate::ui::state::{State, Story};
use crate::ui::theme::Role;
use crate::ui::widget::{clip, plain};

/// How much of one fact is shown.
const LONGEST: usize = 400;

/// Returns the lines of the journal.
pub(super) fn lines(state: &State, story: &Story) -> Vec<Line<'static>> {
    let dim = state.theme.style(Role::Dim);
    let facts = story.facts.iter().map(|recorded| {
        // Facts are made to be written; what cannot be is shown as Rust sees it.
        let text = serde_json::to_string(&recorded.fact).unwrap_or_else(|_| format!("{:?}", recorded.fact));
        Line::from(vec![
            Span::styled(format!("{:>6} {} ", recorded.seq.0, super::log::clock(state, recorded.at)), dim),
            Span::raw(clip(&plain(&text), LONGEST, state.glyphs.more)),
        ])
    });
    facts.collect()
}
