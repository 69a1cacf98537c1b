//! What shows for a while, in the lower right corner over the panes, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::ui::state::{State, Toast, Tone};
use crate::ui::theme::Role;
use crate::ui::widget::{plain, put, wrap};

/// The most rows they take together, as a part of the screen.
const PART: u16 = 3;

/// The widest they become.
const WIDEST: u16 = 72;

/// Draws them; older ones give way.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let width = area.width.saturating_sub(4).min(WIDEST);
    if width < 10 || area.height < 3 {
        return;
    }
    let mut bottom = area.bottom().saturating_sub(1);
    let highest = area.bottom().saturating_sub((area.height / PART).max(2));
    for toast in state.toasts.iter().rev() {
        let text = line(state, toast);
        let rows = wrap(&text, usize::from(width - 2), 2);
        let high = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        if bottom.saturating_sub(high) < highest {
            break;
        }
        let wide = rows.iter().map(Line::width).max().unwrap_or(0);
        let wide = u16::try_from(wide).unwrap_or(width).min(width - 2) + 2;
        let place = Rect { x: area.right() - wide - 2, y: bottom - high, width: wide, height: high };
        Clear.render(place.intersection(buf.area), buf);
        for (y, row) in (place.y..).zip(&rows) {
            put(row, Rect { x: place.x + 1, y, width: wide - 1, height: 1 }, buf);
        }
        bottom -= high;
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
