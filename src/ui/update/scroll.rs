//! Moves the selection and scrolls texts, by lines and pages.

use super::arrive::fetch_if_new;
use crate::ui::event::Intent;
use crate::ui::layout::Layout;
use crate::ui::pane::{last_line, page_length};
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
    if let Some((page, top)) = state.page {
        let lines = page_length(state, page);
        let rows = usize::from(body(state).body.height);
        state.page = Some((page, target(top, lines.saturating_sub(rows), rows, how)));
        return Vec::new();
    }
    match state.focus {
        Focus::Tasks => select(state, how),
        Focus::Task => {
            scroll(state, how);
            Vec::new()
        }
    }
}

fn body(state: &State) -> Layout {
    Layout::of(crate::ui::draw::screen(state), state.focus)
}

fn target(from: usize, last: usize, rows: usize, how: Move) -> usize {
    match how {
        Move::Lines(lines) => from.saturating_add_signed(lines).min(last),
        Move::HalfPage(way) => {
            from.saturating_add_signed(way * isize::try_from(rows / 2).unwrap_or(1).max(1)).min(last)
        }
        Move::Top => 0,
        Move::Bottom => last,
    }
}

/// Selects another task.
fn select(state: &mut State, how: Move) -> Vec<Intent> {
    let count = state.rows().count();
    let from = state.rows().position(|row| Some(row.id) == state.selected).unwrap_or(0);
    let rows = usize::from(body(state).body.height);
    let to = target(from, count.saturating_sub(1), rows, how);
    state.selected = state.task_at(to);
    fetch_if_new(state, false)
}

/// Scrolls the shown tab; at the end it follows again.
fn scroll(state: &mut State, how: Move) {
    let Some(last) = last_line(state) else { return };
    let scroll = state.scroll();
    let from = if scroll.follow { last } else { scroll.top.min(last) };
    let rows = usize::from(body(state).body.height);
    let top = target(from, last, rows, how);
    let follow = how == Move::Bottom || (top == last && scroll.follow);
    state.scrolls.insert(state.tab, Scroll { top, follow });
}
