//! What may follow the keys pressed so far, in a small box above the footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::ui::keymap::Found;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::framed;

/// Draws the box, if a sequence of keys has begun.
pub(in crate::ui) fn draw(state: &State, screen: Rect, buf: &mut Buffer) {
    if state.pending.is_empty() {
        return;
    }
    let Found::More(more) = state.keymap.find(state.context(), &state.pending) else { return };
    let lines: Vec<Line<'_>> = more
        .into_iter()
        .map(|(chord, action)| {
            let doc = action.entry().map(|entry| entry.doc).unwrap_or_default();
            Line::from(vec![
                Span::styled(format!(" {chord}  "), state.theme.style(Role::Accent)),
                Span::raw(format!("{doc} ")),
            ])
        })
        .chain([Line::from(vec![
            Span::styled(" esc  ", state.theme.style(Role::Accent)),
            Span::styled("Nothing ", state.theme.style(Role::Dim)),
        ])])
        .collect();
    let wide = lines.iter().map(Line::width).max().unwrap_or(0) + 2;
    let wide = u16::try_from(wide).unwrap_or(u16::MAX).min(screen.width);
    let high = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(screen.height.saturating_sub(1));
    let area =
        Rect { x: screen.right() - wide, y: screen.bottom().saturating_sub(high + 1), width: wide, height: high };
    Clear.render(area, buf);
    let title: String = state.pending.iter().map(ToString::to_string).collect();
    let inner = framed(state, area, &title, true, buf);
    for (y, line) in (inner.y..inner.bottom()).zip(&lines) {
        buf.set_line(inner.x, y, line, inner.width);
    }
}
