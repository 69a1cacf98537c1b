//! A page over the panes: health, costs, help and others, scrolled as a whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget as _};

use super::{batches, costs, health, help, roles, stats};
use crate::ui::state::{Page, State};
use crate::ui::widget::{bar, framed, note, wrapped_rows, write_lines};

fn lines(state: &State, page: Page) -> Vec<Line<'static>> {
    match page {
        Page::Health => health::lines(state),
        Page::Costs => costs::lines(state),
        Page::Stats => stats::lines(state),
        Page::Roles => roles::lines(state),
        Page::Batches => batches::lines(state),
        Page::Help => help::lines(state),
    }
}

/// Returns how many rows the page takes.
pub(in crate::ui) fn length(state: &State, page: Page) -> usize {
    let body = state.layout().body;
    wrapped_rows(&lines(state, page), usize::from(body.width.saturating_sub(4))) + 2
}

/// Draws the page from row `top` on.
pub(in crate::ui) fn draw(state: &State, page: Page, top: usize, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    let title = match page {
        Page::Health => "Health and statistics",
        Page::Costs => "Costs",
        Page::Stats => "How work went",
        Page::Roles => "Roles",
        Page::Batches => "What was filed together",
        Page::Help => "Keys",
    };
    let inner = framed(state, area, title, true, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = lines(state, page);
    let (rows, all) = (usize::from(inner.height), wrapped_rows(&lines, usize::from(inner.width)));
    let top = top.min(all.saturating_sub(rows));
    write_lines(state, &lines, inner, top, buf);
    if all > rows && rows > 0 {
        bar(state, area, top, rows, all, buf);
        note(state, area, &format!("{} of {all}", top + rows), buf);
    }
}
