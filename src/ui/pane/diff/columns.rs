//! Draws a diff in two columns: what was on the left, what is on the right.

use ratatui::text::{Line, Span};

use super::parse::DiffLine;
use super::show::{coloured, emphasis, heading};
use crate::ui::body::Item;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, wrap};

/// One side of a row.
type Cell = Line<'static>;

/// Writes one line, or the lines that are removed and those that are added in their place.
pub(super) fn rows(
    state: &State,
    first: &DiffLine,
    removed: &[&DiffLine],
    added: &[&DiffLine],
    numbers: usize,
    width: usize,
) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let cell = |number: u32, sign: &str, spans: Vec<Span<'static>>, role: Role| -> Cell {
        let mut all = vec![
            Span::styled(format!("{number:>numbers$} "), style(Role::Dim)),
            Span::styled(format!("{sign} "), style(role)),
        ];
        all.extend(spans);
        Line::from(all)
    };
    let room = (width - 3) / 2;
    if removed.is_empty() && added.is_empty() {
        return match first {
            DiffLine::Same { old, new, text } => {
                let text = || vec![Span::raw(plain(text))];
                let (left, right) = (cell(*old, " ", text(), Role::Text), cell(*new, " ", text(), Role::Text));
                beside(state, Some(left), Some(right), room, numbers + 3)
            }
            other => heading(state, other, width),
        };
    }
    let (gone, came) = emphasis(removed, added);
    let mut items = Vec::new();
    for number in 0..removed.len().max(added.len()) {
        let left = removed.get(number).and_then(|line| match line {
            DiffLine::Removed { old, text } => {
                let spans = coloured(text, &gone[number], style(Role::Removed), style(Role::RemovedWord));
                Some(cell(*old, "-", spans, Role::Removed))
            }
            _ => None,
        });
        let right = added.get(number).and_then(|line| match line {
            DiffLine::Added { new, text } => {
                let spans = coloured(text, &came[number], style(Role::Added), style(Role::AddedWord));
                Some(cell(*new, "+", spans, Role::Added))
            }
            _ => None,
        });
        items.extend(beside(state, left, right, room, numbers + 3));
    }
    items
}

/// Puts two cells side by side; a long one goes on in the next rows.
fn beside(state: &State, left: Option<Cell>, right: Option<Cell>, room: usize, hang: usize) -> Vec<Item> {
    let rows = |cell: Option<Cell>| cell.map(|cell| wrap(&cell, room, hang)).unwrap_or_default();
    let (left, right) = (rows(left), rows(right));
    let between = if state.glyphs.lines { " │ " } else { " | " };
    (0..left.len().max(right.len()))
        .map(|number| {
            let mut spans = Vec::new();
            let mut used = 0;
            if let Some(row) = left.get(number) {
                used = row.width();
                spans.extend(row.spans.iter().cloned());
            }
            spans.push(Span::raw(" ".repeat(room.saturating_sub(used))));
            spans.push(Span::styled(between, state.theme.style(Role::Border)));
            spans.extend(right.get(number).map(|row| row.spans.clone()).unwrap_or_default());
            Line::from(spans).into()
        })
        .collect()
}
