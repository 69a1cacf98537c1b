//! The border of a pane or popup, with its title.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::Span;
use ratatui::widgets::{Block, Widget as _};

use super::text::clip;
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
    let role = if focused { Role::Accent } else { Role::Border };
    let title = clip(title, usize::from(area.width.saturating_sub(4)), state.glyphs.more);
    let block = Block::bordered()
        .border_set(if state.glyphs.lines { border::ROUNDED } else { PLAIN })
        .border_style(state.theme.style(role))
        .title(Span::styled(format!(" {title} "), state.theme.style(if focused { Role::Accent } else { Role::Text })));
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}
