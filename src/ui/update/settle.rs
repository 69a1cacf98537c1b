//! Puts right, after every event, what follows from the rest: the list, the selection, what is in sight, the laid out text.

use super::arrive::fetch_if_new;
use super::page;
use crate::ui::event::Intent;
use crate::ui::state::State;

/// What was so before the event.
pub(super) struct Before {
    selected: Option<crate::model::id::TaskId>,
    size: (u16, u16),
}

impl Before {
    /// Remembers it.
    pub(super) fn of(state: &State) -> Self {
        Self { selected: state.selected, size: state.size }
    }
}

/// Puts everything right.
pub(super) fn settle(state: &mut State, before: &Before) -> Vec<Intent> {
    if !state.list.is_filtered_by(&state.filter.text) {
        state.relist();
    }
    let intents = fetch_if_new(state, false);
    page::settle(state);
    if before.selected != state.selected || before.size != state.size {
        state.list.is_loose = false;
    }
    if !state.list.is_loose
        && let Some(rows) = list_rows(state)
    {
        let line = state.selected.and_then(|task| state.list.line_of(task)).unwrap_or(0);
        state.list.show(line, rows);
    }
    if !state.body.fits(state) {
        let marked = state.spot().map(|spot| spot.target.clone());
        let mut body = std::mem::take(&mut state.body);
        body.renew(state);
        state.body = body;
        // The mark stays on what it marked, wherever that is now.
        let at = marked.and_then(|target| state.body.spots.iter().position(|spot| spot.target == target));
        match at {
            Some(at) => state.marks.insert(state.tab, at),
            None => state.marks.remove(&state.tab),
        };
    }
    intents
}

/// Returns how many lines of the list are shown.
pub(super) fn list_rows(state: &State) -> Option<usize> {
    state.layout().tasks.map(|area| usize::from(area.height.saturating_sub(2)))
}
