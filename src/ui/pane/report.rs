//! The page with the report of a day, as `report FILE` writes it, and where it lies.

use ratatui::text::Line;

use super::markdown;
use crate::ui::body::Item;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns the lines of the page.
pub(super) fn items(state: &State, columns: usize) -> Vec<Item> {
    let dim = state.theme.style(Role::Dim);
    let told = match state.report.as_ref().and_then(|report| report.told.as_ref()) {
        None => return vec![Line::styled(format!("on its way {}", state.glyphs.more), dim).into()],
        Some(Err(why)) => return vec![Line::styled(plain(why), state.theme.style(Role::Bad)).into()],
        Some(Ok(told)) => told,
    };
    let path = plain(&told.path);
    let (place, rest) = if told.is_written {
        (format!("It lies in {path}"), "as it was last written; this is how it stands now.")
    } else {
        (format!("It will lie in {path}"), "when the day is over, or whenever you say orchestrator-tui report FILE.")
    };
    let mut items = vec![
        Item { line: Line::styled(place, dim), hang: 2, target: None },
        Line::styled(rest, dim).into(),
        Line::default().into(),
    ];
    items.extend(markdown::items(state, &told.text, columns));
    items
}
