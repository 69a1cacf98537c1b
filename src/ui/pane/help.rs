//! The page that lists the keys, from the table of actions.

use ratatui::text::{Line, Span};

use crate::ui::action::TABLE;
use crate::ui::state::State;
use crate::ui::theme::Role;

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    TABLE
        .iter()
        .map(|entry| {
            let keys = state.keymap.keys_of(entry.action).join(" ");
            Line::from(vec![
                Span::styled(format!("{keys:<14} "), state.theme.style(Role::Accent)),
                Span::raw(format!("{:<58} ", entry.doc)),
                Span::styled(entry.name, state.theme.style(Role::Dim)),
            ])
        })
        .collect()
}
