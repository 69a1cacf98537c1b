//! A page over the panes: health, costs, events, help and others, scrolled as a whole; some lines lead somewhere.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use super::{batches, costs, events, happening, health, help, report, roles, stats};
use crate::ui::body::{Item, Spot};
use crate::ui::state::{Page, State};
use crate::ui::theme::Role;
use crate::ui::widget::{bar, framed, note, put, wrap};

/// A page in rows of the width of the screen.
#[derive(Debug, Default)]
pub(in crate::ui) struct Laid {
    /// The rows.
    pub(in crate::ui) rows: Vec<Line<'static>>,
    /// The lines that lead somewhere, from top to bottom.
    pub(in crate::ui) spots: Vec<Spot>,
}

impl Laid {
    /// Returns the row of what is marked, if it is there.
    pub(in crate::ui) fn marked(&self, state: &State) -> Option<usize> {
        let mark = state.page_mark.as_ref()?;
        self.spots.iter().find(|spot| spot.target == *mark).map(|spot| spot.row)
    }
}

/// Lays out a page.
pub(in crate::ui) fn laid(state: &State, page: Page) -> Laid {
    let columns = usize::from(state.layout().body.width.saturating_sub(4));
    let plain = |lines: Vec<Line<'static>>| lines.into_iter().map(Item::from).collect();
    let items: Vec<Item> = match page {
        Page::Health => plain(health::lines(state)),
        Page::Costs => plain(costs::lines(state)),
        Page::Stats => plain(stats::lines(state)),
        Page::Roles => plain(roles::lines(state)),
        Page::Batches => batches::items(state, columns),
        Page::Report => report::items(state, columns),
        Page::Events => events::items(state, columns),
        Page::Event => happening::items(state),
        Page::Help => plain(help::lines(state)),
    };
    let mut laid = Laid::default();
    for Item { line, hang, target } in items {
        laid.spots.extend(target.map(|target| Spot { row: laid.rows.len(), target }));
        laid.rows.extend(wrap(&line, columns, hang));
    }
    laid
}

/// Returns how many rows of a page are seen at once.
pub(in crate::ui) fn rows(state: &State) -> usize {
    usize::from(state.layout().body.height.saturating_sub(2))
}

/// Draws the page from row `top` on.
pub(in crate::ui) fn draw(state: &State, page: Page, top: usize, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    let (found, known) = events::found(state);
    let narrowed = format!("Events {found} of {known}");
    let whole = state.event.as_ref().map(|opened| format!("Event {}", opened.id.0)).unwrap_or_default();
    let title = match page {
        Page::Event => &whole,
        Page::Events if !state.page_filter.text.is_empty() => &narrowed,
        Page::Health => "Health and statistics",
        Page::Costs => "Costs",
        Page::Stats => "How work went",
        Page::Roles => "Roles",
        Page::Batches => "What was filed together",
        Page::Report => "The report of the day",
        Page::Events => "Events",
        Page::Help => "Keys",
    };
    let inner = framed(state, area, title, true, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let laid = laid(state, page);
    let (rows, all) = (usize::from(inner.height), laid.rows.len());
    let top = top.min(all.saturating_sub(rows));
    let marked = laid.marked(state);
    for (y, (number, row)) in (inner.y..inner.bottom()).zip(laid.rows.iter().enumerate().skip(top)) {
        put(row, Rect { y, height: 1, ..inner }, buf);
        if marked == Some(number) {
            let cursor = Span::styled(state.glyphs.cursor, state.theme.style(Role::Accent));
            put(&Line::from(cursor), Rect { x: inner.x.saturating_sub(1), y, width: 1, height: 1 }, buf);
        }
    }
    if all > rows && rows > 0 {
        bar(state, area, top, rows, all, buf);
        note(state, area, &format!("{} of {all}", top + rows), buf);
    }
}
