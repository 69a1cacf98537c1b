//! Puts the screen together.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{Layout, SMALLEST};
use super::pane;
use super::popup::{self, Popup};
use super::state::State;
use super::tour;

/// Returns the whole screen as an area.
pub fn screen(state: &State) -> Rect {
    Rect { x: 0, y: 0, width: state.size.0, height: state.size.1 }
}

/// Draws everything.
pub fn draw(state: &State, frame: &mut Frame) {
    let area = frame.area();
    paint(state, area, frame.buffer_mut());
}

/// Draws everything into a buffer.
pub fn paint(state: &State, area: Rect, buf: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        buf.set_stringn(area.x, area.y, "too small", usize::from(area.width), ratatui::style::Style::new());
        return;
    }
    let layout = Layout::of(state, area);
    pane::draw_header(state, layout.header, buf);
    if let Some((page, top)) = state.page {
        pane::draw_page(state, page, top, layout.body, buf);
    } else {
        if let Some(area) = layout.tasks {
            pane::draw_tasks(state, area, buf);
        }
        if let Some(area) = layout.task {
            pane::draw_task(state, area, buf);
        }
    }
    if let Some(area) = layout.question {
        popup::draw_strip(state, area, buf);
    }
    if let Some(area) = layout.tour {
        tour::draw(state, area, buf);
    }
    pane::draw_footer(state, layout.footer, buf);
    pane::draw_toasts(state, layout.body, buf);
    popup::draw_which(state, area, buf);
    for popup in &state.popups {
        match popup {
            Popup::Ask(ask) => ask.sheet(state).draw(state, area, buf),
            Popup::Palette(palette) => palette.draw(state, area, buf),
        }
    }
}
