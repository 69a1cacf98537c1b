//! Puts the screen together.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::Line;

use super::layout::{Layout, SMALLEST};
use super::pane;
use super::popup::{self, Popup};
use super::state::State;
use super::theme::Role;
use super::tour;
use super::widget::put;

/// The signs that words of ours hold, and what stands for them in ASCII.
const SIGNS: [(&str, &str); 8] =
    [("·", "-"), ("−", "-"), ("…", "~"), ("─", "-"), ("→", ">"), ("✓", "+"), ("✗", "x"), ("×", "x")];

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
    layers(state, area, buf);
    finish(state, area, buf);
}

fn layers(state: &State, area: Rect, buf: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        put(&Line::from("too small"), area, buf);
        return;
    }
    let layout = Layout::of(state, area);
    if let Some(terminal) = state.terminal.as_ref().filter(|_| state.page.is_none()) {
        pane::draw_terminal(state, terminal, area, buf);
        popups(state, area, buf);
        return;
    }
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
    if let Some(area) = layout.toasts {
        pane::draw_toasts(state, area, buf);
    }
    pane::draw_footer(state, layout.footer, layout.toasts.is_none(), buf);
    popups(state, area, buf);
}

fn popups(state: &State, area: Rect, buf: &mut Buffer) {
    popup::draw_which(state, area, buf);
    let room = popup::room(state).intersection(area);
    for popup in &state.popups {
        match popup {
            Popup::Ask(ask) => ask.sheet(state).draw(state, room, buf),
            Popup::Reply(replying) => replying.sheet(state).draw(state, room, buf),
            Popup::Write(writing) => writing.sheet(state).draw(state, room, buf),
            Popup::Palette(palette) => palette.draw(state, room, buf),
        }
    }
}

/// Gives everything that has no colour of its own the colours of ordinary text, where a theme has some, and leaves no sign
/// of ours beyond ASCII where that is wanted.
pub fn finish(state: &State, area: Rect, buf: &mut Buffer) {
    let style = state.theme.style(Role::Text);
    let is_ascii = !state.glyphs.lines;
    if style.fg.is_none() && style.bg.is_none() && !is_ascii {
        return;
    }
    for at in area.intersection(buf.area).positions() {
        let cell = &mut buf[at];
        if is_ascii && let Some((_, plain)) = SIGNS.iter().find(|(sign, _)| *sign == cell.symbol()) {
            cell.set_symbol(plain);
        }
        if cell.fg == Color::Reset {
            cell.fg = style.fg.unwrap_or_default();
        }
        if cell.bg == Color::Reset {
            cell.bg = style.bg.unwrap_or_default();
        }
    }
}
