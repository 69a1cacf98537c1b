//! Any one of the things that lie over the panes.

use ratatui::layout::Rect;

use super::{Ask, Palette, Replying, Writing};
use crate::ui::draw::screen;
use crate::ui::state::State;

/// On a screen with fewer rows, a popup needs all of them.
const LOW: u16 = 10;

/// Something over the panes that takes the keys.
#[derive(Clone, Debug)]
pub enum Popup {
    /// A question with choices.
    Ask(Ask),
    /// A question of an agent.
    Reply(Box<Replying>),
    /// A message to an agent.
    Write(Writing),
    /// A list of actions to find one in.
    Palette(Palette),
}

/// Returns where there is room for it: the last line stays in sight, as it says what came of a key, and so does the tour.
pub(in crate::ui) fn room(state: &State) -> Rect {
    let (screen, layout) = (screen(state), state.layout());
    if screen.height < LOW {
        return screen;
    }
    let bottom = layout.tour.map_or(layout.footer.y, |tour| tour.y);
    Rect { height: bottom.saturating_sub(screen.y), ..screen }
}
