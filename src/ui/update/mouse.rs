//! Turns clicks, drags and the wheel into what the keys would do.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::act::{fold, open_spot};
use super::page;
use super::scroll::wheel;
use crate::ui::body::Target;
use crate::ui::event::Intent;
use crate::ui::pane::{row_at, tab_at, text_area};
use crate::ui::state::{Focus, State};

/// How many lines a notch of the wheel turns.
const NOTCH: isize = 3;

/// Takes in a move of the mouse.
pub(super) fn moved(state: &mut State, event: MouseEvent) -> Vec<Intent> {
    let at = Position { x: event.column, y: event.row };
    let layout = state.layout();
    let over = if layout.tasks.is_some_and(|area| area.contains(at)) { Focus::Tasks } else { Focus::Task };
    match event.kind {
        MouseEventKind::ScrollDown => wheel(state, over, NOTCH),
        MouseEventKind::ScrollUp => wheel(state, over, -NOTCH),
        MouseEventKind::Drag(MouseButton::Left) if state.shape.is_dragging => state.shape.split = Some(at.x),
        MouseEventKind::Up(MouseButton::Left) => state.shape.is_dragging = false,
        MouseEventKind::Down(MouseButton::Left) if state.page.is_some() && layout.body.contains(at) => {
            return match at.y.checked_sub(layout.body.y + 1) {
                Some(row) if at.y + 1 < layout.body.bottom() => page::clicked(state, usize::from(row)),
                Some(_) | None => Vec::new(),
            };
        }
        MouseEventKind::Down(MouseButton::Left) if state.page.is_none() && layout.body.contains(at) => {
            return pressed(state, at, over);
        }
        _ => {}
    }
    Vec::new()
}

fn pressed(state: &mut State, at: Position, over: Focus) -> Vec<Intent> {
    let layout = state.layout();
    if let (Some(tasks), Some(_)) = (layout.tasks, layout.task)
        && (at.x + 1 == tasks.right() || at.x == tasks.right())
    {
        // Both borders between the panes are the divider.
        state.shape.is_dragging = true;
        return Vec::new();
    }
    let was = std::mem::replace(&mut state.focus, over);
    if let Some(task) = layout.tasks.filter(|_| over == Focus::Tasks).and_then(|area| row_at(state, area, at.y)) {
        if state.selected == Some(task) && was == Focus::Tasks {
            // A second click opens it.
            state.focus = Focus::Task;
        }
        state.selected = Some(task);
        return Vec::new();
    }
    if let Some(tab) = tab_at(state, at.x, at.y) {
        state.tab = tab;
        return Vec::new();
    }
    clicked_text(state, at)
}

/// Marks the spot that was clicked; a fold opens at once, a branch by its sign, a place at the second click.
fn clicked_text(state: &mut State, at: Position) -> Vec<Intent> {
    let Some(area) = text_area(state).filter(|area| area.contains(at)) else { return Vec::new() };
    let scroll = state.scroll();
    let last = state.body.last_top(area.height);
    let top = if scroll.follow { last } else { scroll.top.min(last) };
    let row = top + usize::from(at.y - area.y);
    let Some(spot) = state.body.spots.iter().position(|spot| spot.row == row) else { return Vec::new() };
    let again = state.marks.insert(state.tab, spot) == Some(spot);
    let is_branch = matches!(state.body.spots[spot].target, Target::Branch(_));
    if is_branch && fold_sign(state, row) == Some(usize::from(at.x - area.x)) {
        return fold(state);
    }
    open_spot(state, again)
}

/// Returns the column of the sign that says whether a branch is folded; before it stand only lines.
fn fold_sign(state: &State, row: usize) -> Option<usize> {
    let is_sign = |letter: char| [state.glyphs.open, state.glyphs.folded].iter().any(|sign| sign.starts_with(letter));
    state.body.rows.get(row)?.to_string().chars().position(is_sign)
}
