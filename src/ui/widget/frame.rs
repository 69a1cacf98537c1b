//! The border of a pane or popup, with its title, what stands at its foot, and how far it is scrolled.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget as _};

use super::text::{clip, clip_line, put, width};
use crate::ui::state::State;
use crate::ui::theme::Role;

/// The border without lines.
const PLAIN: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Draws a border with a title and returns what is inside.
pub fn framed(state: &State, area: Rect, title: &str, focused: bool, buf: &mut Buffer) -> Rect {
    let area = area.intersection(buf.area);
    let role = if focused { Role::Accent } else { Role::Border };
    let title = clip(title, usize::from(area.width.saturating_sub(4)), state.glyphs.more);
    let title = if title.is_empty() { String::new() } else { format!(" {title} ") };
    let block = Block::bordered()
        .border_set(if state.glyphs.lines { border::ROUNDED } else { PLAIN })
        .border_style(state.theme.style(role))
        .title(Span::styled(title, state.theme.style(if focused { Role::Accent } else { Role::Text })));
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// Writes a few words into the lower border, at its right end.
pub fn note(state: &State, area: Rect, text: &str, buf: &mut Buffer) {
    let text = format!(" {text} ");
    let wide = u16::try_from(width(&text)).unwrap_or(u16::MAX);
    if text.trim().is_empty() || area.height == 0 || wide.saturating_add(4) > area.width {
        return;
    }
    let at = Rect { x: area.right() - wide - 2, y: area.bottom() - 1, width: wide, height: 1 };
    over(&Line::styled(text, state.theme.style(Role::Dim)), at, buf);
}

/// Writes a line into the lower border, at its left end; `kept` columns at the right end are for something else.
pub fn foot(state: &State, area: Rect, line: Line<'static>, kept: u16, buf: &mut Buffer) {
    let room = area.width.saturating_sub(4 + kept);
    if area.height == 0 || room == 0 {
        return;
    }
    let line = clip_line(line, usize::from(room), state.glyphs.more);
    over(&line, Rect { x: area.x + 2, y: area.bottom() - 1, width: room, height: 1 }, buf);
}

/// Writes a line over a border, without the colour of the border.
fn over(line: &Line<'_>, area: Rect, buf: &mut Buffer) {
    let wide = u16::try_from(line.width()).unwrap_or(u16::MAX).min(area.width);
    let covered = Rect { width: wide, height: 1, ..area }.intersection(buf.area);
    for cell in covered.positions() {
        buf[cell].reset();
    }
    put(line, area, buf);
}

/// Draws into the right border which part of a longer text is shown.
pub fn bar(state: &State, area: Rect, top: usize, rows: usize, all: usize, buf: &mut Buffer) {
    if all <= rows || rows == 0 || area.width == 0 {
        return;
    }
    let long = (rows * rows / all).max(1);
    let last = all - rows;
    // It touches an end of the border only when there is nothing beyond.
    let free = rows - long;
    let start = match top.min(last) {
        0 => 0,
        top if top == last => free,
        top => (top * free / last).clamp(usize::from(free > 1), free.saturating_sub(usize::from(free > 1))),
    };
    for row in start..start + long {
        let y = area.y + 1 + u16::try_from(row).unwrap_or(u16::MAX - 1 - area.y);
        let at = Rect { x: area.right() - 1, y, width: 1, height: 1 };
        over(&Line::styled(state.glyphs.thumb, state.theme.style(Role::Dim)), at, buf);
    }
}

/// Draws a line across a pane, from border to border, with what stands in it.
pub fn divider(state: &State, area: Rect, y: u16, what: &Line<'_>, focused: bool, buf: &mut Buffer) {
    let style = state.theme.style(if focused { Role::Accent } else { Role::Border });
    let (left, middle, right) = if state.glyphs.lines { ("├", "─", "┤") } else { ("+", "-", "+") };
    let line = format!("{left}{}{right}", middle.repeat(usize::from(area.width.saturating_sub(2))));
    put(&Line::styled(line, style), Rect { y, height: 1, ..area }, buf);
    let inner = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 };
    over(what, inner, buf);
}
