//! Moves the selection, the mark and the text, by lines and pages.

use super::settle::list_rows;
use super::{page, terminal};
use crate::ui::event::Intent;
use crate::ui::pane::text_area;
use crate::ui::state::{Focus, Scroll, State};

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// So many lines down, or up if negative.
    Lines(isize),
    /// Half a page down, or up.
    HalfPage(isize),
    /// To the first line.
    Top,
    /// To the last line.
    Bottom,
}

/// Moves whatever has the keys.
pub(super) fn go(state: &mut State, how: Move) -> Vec<Intent> {
    if state.page.is_some() {
        page::go(state, how);
        return Vec::new();
    }
    if state.terminal.is_some() {
        terminal::go(state, how);
        return Vec::new();
    }
    match state.focus {
        Focus::Tasks => select(state, how),
        Focus::Task => {
            if !mark_next(state, how) {
                scroll(state, how);
                mark_in_sight(state);
            }
        }
    }
    Vec::new()
}

/// Turns what lies under the mouse, without moving the selection or the mark.
pub(super) fn wheel(state: &mut State, over: Focus, lines: isize) {
    if state.page.is_some() {
        go(state, Move::Lines(lines));
        return;
    }
    match over {
        Focus::Tasks => {
            let rows = list_rows(state).unwrap_or(0);
            state.list.turn(lines, rows);
        }
        Focus::Task => scroll(state, Move::Lines(lines)),
    }
}

/// Returns the row to begin at after a move.
pub(super) fn target(from: usize, last: usize, rows: usize, how: Move) -> usize {
    match how {
        Move::Lines(lines) => from.saturating_add_signed(lines).min(last),
        Move::HalfPage(way) => from.saturating_add_signed(half_page(rows, way)).min(last),
        Move::Top => 0,
        Move::Bottom => last,
    }
}

fn half_page(rows: usize, way: isize) -> isize {
    way * isize::try_from(rows / 2).unwrap_or(1).max(1)
}

/// Selects another task.
fn select(state: &mut State, how: Move) {
    let rows = list_rows(state).unwrap_or(1);
    state.selected = match how {
        Move::Lines(lines) => state.list.step(state.selected, lines),
        Move::HalfPage(way) => state.list.step(state.selected, half_page(rows, way)),
        Move::Top => state.list.nearest(0),
        Move::Bottom => state.list.nearest(usize::MAX),
    };
}

/// Returns the first and the last row of the text that are in sight, and the last row that can be the first.
fn sight(state: &State) -> Option<(usize, usize, usize)> {
    let area = text_area(state)?;
    let last = state.body.last_top(area.height);
    let scroll = state.scroll();
    let top = if scroll.follow { last } else { scroll.top.min(last) };
    Some((top, (top + usize::from(area.height)).saturating_sub(1), last))
}

/// Scrolls the shown tab; at the end the log follows again.
fn scroll(state: &mut State, how: Move) {
    let Some((top, end, last)) = sight(state) else { return };
    let before = state.scroll();
    let to = target(top, last, end + 1 - top, how);
    let follow = how == Move::Bottom || (to == last && before.follow);
    state.scrolls.insert(state.tab, Scroll { top: to, follow });
}

/// Marks the next spot if it is in sight, as browsers of text do; otherwise the text is to be scrolled.
fn mark_next(state: &mut State, how: Move) -> bool {
    let Some((top, end, _)) = sight(state) else { return false };
    let spots = &state.body.spots;
    let seen = |at: &usize| spots.get(*at).is_some_and(|spot| (top..=end).contains(&spot.row));
    let marked = state.marks.get(&state.tab).copied().filter(seen);
    let next = match (how, marked) {
        (Move::Lines(1), Some(at)) => Some(at + 1).filter(seen),
        (Move::Lines(-1), Some(at)) => at.checked_sub(1).filter(seen),
        (Move::Lines(1), None) => (0..spots.len()).find(seen),
        (Move::Lines(-1), None) => (0..spots.len()).rfind(seen),
        _ => None,
    };
    match next {
        Some(at) => {
            state.marks.insert(state.tab, at);
            true
        }
        None => false,
    }
}

/// Leaves the mark where it is if that can be seen, and else takes it to what can.
fn mark_in_sight(state: &mut State) {
    let Some((top, end, _)) = sight(state) else { return };
    let Some(at) = state.marks.get(&state.tab) else { return };
    let Some(spot) = state.body.spots.get(*at) else { return };
    let near = if spot.row < top {
        state.body.spots.iter().position(|spot| (top..=end).contains(&spot.row))
    } else if spot.row > end {
        state.body.spots.iter().rposition(|spot| (top..=end).contains(&spot.row))
    } else {
        return;
    };
    match near {
        Some(at) => state.marks.insert(state.tab, at),
        None => state.marks.remove(&state.tab),
    };
}

/// Brings a row of the text into sight, with a little of what is above it.
pub(super) fn bring(state: &mut State, row: usize) {
    let Some((top, end, last)) = sight(state) else { return };
    if (top..=end).contains(&row) {
        return;
    }
    let above = (end + 1 - top) / 3;
    state.scrolls.insert(state.tab, Scroll { top: row.saturating_sub(above).min(last), follow: false });
}
