//! Turns clicks and the wheel into what the keys would do.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::arrive::fetch_if_new;
use super::scroll::{Move, go};
use crate::ui::draw;
use crate::ui::event::Intent;
use crate::ui::layout::Layout;
use crate::ui::pane::row_at;
use crate::ui::state::{Focus, State};

/// Takes in a move of the mouse; popups are answered with keys only.
pub(super) fn moved(state: &mut State, event: MouseEvent) -> Vec<Intent> {
    if !state.popups.is_empty() {
        return Vec::new();
    }
    let at = Position { x: event.column, y: event.row };
    let layout = Layout::of(draw::screen(state), state.focus);
    let over = if layout.tasks.is_some_and(|area| area.contains(at)) { Focus::Tasks } else { Focus::Task };
    match event.kind {
        MouseEventKind::ScrollDown => wheel(state, over, 3),
        MouseEventKind::ScrollUp => wheel(state, over, -3),
        MouseEventKind::Down(MouseButton::Left) if state.page.is_none() => {
            state.focus = over;
            match layout.tasks.filter(|_| over == Focus::Tasks).and_then(|area| row_at(state, area, at.y)) {
                Some(task) => {
                    state.selected = Some(task);
                    fetch_if_new(state, false)
                }
                None => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn wheel(state: &mut State, over: Focus, lines: isize) -> Vec<Intent> {
    let focus = std::mem::replace(&mut state.focus, over);
    let intents = go(state, Move::Lines(lines));
    state.focus = focus;
    intents
}
