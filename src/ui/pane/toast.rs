//! What shows for a while, the newest first: over the end of the list, or over the oldest lines where there is no list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use super::text_area;
use crate::ui::layout::Layout;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::toast::{Toast, Tone};
use crate::ui::widget::{clip, plain, put, wrap};

/// The most rows they take together, as a part of the screen.
const PART: u16 = 3;

/// The widest they become.
const WIDEST: u16 = 72;

/// Draws them; older ones give way. What is newest in a log, and the line of keys, stay in sight.
pub(in crate::ui) fn draw(state: &State, layout: &Layout, buf: &mut Buffer) {
    let (area, at_top) = match (state.page, layout.tasks, text_area(state)) {
        (None, Some(list), _) => (list, false),
        (None, None, Some(text)) => (Rect { x: text.x.saturating_sub(2), width: text.width + 4, ..text }, true),
        (Some(_), ..) | (None, None, None) => (layout.body, false),
    };
    let width = area.width.saturating_sub(4).min(WIDEST);
    if width < 10 || area.height < 3 {
        return;
    }
    let most = usize::from((area.height / PART).max(2).min(area.height - 1));
    let mut shown: Vec<Vec<Line<'_>>> = Vec::new();
    let lines: Vec<Line<'_>> = state.toasts.iter().rev().map(|toast| line(state, toast)).collect();
    for line in &lines {
        let mut rows = wrap(line, usize::from(width - 2), 2);
        let taken: usize = shown.iter().map(Vec::len).sum();
        if shown.is_empty() && rows.len() > most {
            // The newest is shown in any case, with a mark where it is cut.
            rows.truncate(most);
            if let Some(last) = rows.pop() {
                let text = clip(last.to_string().trim_end(), usize::from(width - 4), "");
                rows.push(Line::styled(format!("{text} {}", state.glyphs.more), last.style));
            }
        }
        if taken + rows.len() > most {
            break;
        }
        shown.push(rows);
    }
    let taken: usize = shown.iter().map(Vec::len).sum();
    let taken = u16::try_from(taken).unwrap_or(u16::MAX);
    let mut y = if at_top { area.y } else { area.bottom().saturating_sub(taken.saturating_add(1)) };
    // All of one width: a ragged edge over the panes is hard to read.
    let wide = shown.iter().flatten().map(Line::width).max().unwrap_or(0);
    let wide = u16::try_from(wide).unwrap_or(width).min(width - 2) + 2;
    for rows in &shown {
        let high = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let place = Rect { x: area.right() - wide - 2, y, width: wide, height: high };
        Clear.render(place.intersection(buf.area), buf);
        for (y, row) in (place.y..).zip(rows) {
            put(row, Rect { x: place.x + 1, y, width: wide - 1, height: 1 }, buf);
        }
        y += high;
    }
}

/// Writes one of them as a line.
pub(super) fn line(state: &State, toast: &Toast) -> Line<'static> {
    let (sign, role) = match toast.tone {
        Tone::Note => (state.glyphs.note, Role::Accent),
        Tone::Good => (state.glyphs.good, Role::Good),
        Tone::Bad => (state.glyphs.bad, Role::Bad),
    };
    Line::from(vec![
        Span::styled(format!("{sign} "), state.theme.style(role)),
        Span::styled(plain(&toast.text), state.theme.style(if toast.tone == Tone::Bad { role } else { Role::Text })),
    ])
}
