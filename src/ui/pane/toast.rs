//! What shows for a while, the newest first: in rows of its own below the panes, so that nothing that is read is covered.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::toast::{Toast, Tone};
use crate::ui::widget::{clip, plain, put, wrap};

/// The most rows they take together, as a part of the room for the panes.
const PART: u16 = 5;

/// With fewer rows than this for the panes, the last line of the screen has to say it.
const ROOM: u16 = 6;

/// The widest they become: a line across a wide screen is hard to read.
const WIDEST: u16 = 100;

/// Returns how many rows they take of the room for the panes; none while something lies over these.
pub(in crate::ui) fn height(state: &State, body: Rect) -> u16 {
    let is_shown = state.popups.is_empty() && body.height >= ROOM;
    let most = usize::from(body.height / PART).max(1);
    if is_shown { u16::try_from(rows(state, body.width, most).len()).unwrap_or(0) } else { 0 }
}

/// Draws them; older ones give way.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    for (y, row) in (area.y..area.bottom()).zip(rows(state, area.width, usize::from(area.height))) {
        put(&row, Rect { x: area.x + 1, y, width: area.width.saturating_sub(1), height: 1 }, buf);
    }
}

/// Returns them as so many rows at most.
fn rows(state: &State, width: u16, most: usize) -> Vec<Line<'static>> {
    let columns = usize::from(width.saturating_sub(2).min(WIDEST));
    let mut shown: Vec<Line<'static>> = Vec::new();
    for toast in state.toasts.iter().rev() {
        let line = line(state, toast);
        let mut rows = wrap(&line, columns, 2);
        if shown.is_empty() && rows.len() > most {
            // The newest is shown in any case, with a mark where it is cut.
            rows.truncate(most);
            if let Some(last) = rows.pop() {
                let text = clip(last.to_string().trim_end(), columns.saturating_sub(2), "");
                rows.push(Line::styled(format!("{text} {}", state.glyphs.more), last.style));
            }
        }
        if shown.len() + rows.len() > most {
            break;
        }
        shown.extend(rows);
    }
    shown
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
