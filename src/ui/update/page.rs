//! Opens pages, moves through them, and goes where a marked line leads.

use super::arrive::{fetch_if_new, say};
use super::question;
use super::scroll::{Move, target};
use crate::core::view::BatchRow;
use crate::model::id::{BatchId, EventId, TaskId};
use crate::ui::body::{Spot, Target};
use crate::ui::event::Intent;
use crate::ui::pane::{event_leads_to, page_laid, page_rows};
use crate::ui::state::{Filter, Focus, Opened, Page, Report, State, Tab};
use crate::ui::toast::Tone;

/// Opens a page, or closes it if it is open.
pub(super) fn toggle(state: &mut State, page: Page) -> Vec<Intent> {
    if state.page.is_some_and(|(shown, _)| shown == page) {
        state.page = None;
    } else {
        show(state, page);
    }
    Vec::new()
}

fn show(state: &mut State, page: Page) {
    state.page_filter = Filter::default();
    state.page = Some((page, 0));
    state.page_mark = page_laid(state, page).spots.first().map(|spot| spot.target.clone());
}

/// Shows the page from its first row, as after its filter became another one.
pub(super) fn turn_to_top(state: &mut State) {
    state.page = state.page.map(|(page, _)| (page, 0));
}

/// Closes the page on top, or first what narrows it; returns whether there was one.
pub(super) fn close(state: &mut State) -> bool {
    if state.page.is_some() && state.page_filter != Filter::default() {
        state.page_filter = Filter::default();
        turn_to_top(state);
        return true;
    }
    let Some((page, _)) = state.page.take() else { return false };
    if page == Page::Event
        && let Some((below, top, mark, filter)) = state.event.as_mut().and_then(|opened| opened.below.take())
    {
        (state.page, state.page_mark, state.page_filter) = (Some((below, top)), mark, filter);
    }
    if page == Page::Report
        && let Some((below, top, mark)) = state.report.as_mut().and_then(|report| report.below.take())
    {
        (state.page, state.page_mark) = (Some((below, top)), mark);
    }
    true
}

/// Moves the mark to the next line that leads somewhere if it is in sight, and else the text.
pub(super) fn go(state: &mut State, how: Move) {
    let Some((page, top)) = state.page else { return };
    let (laid, rows) = (page_laid(state, page), page_rows(state));
    let last = laid.rows.len().saturating_sub(rows);
    let top = top.min(last);
    let spots = &laid.spots;
    let is_seen = |spot: &&Spot, top: usize| (top..top + rows).contains(&spot.row);
    let marked = state.page_mark.as_ref().and_then(|mark| spots.iter().position(|spot| spot.target == *mark));
    let marked_in_sight = marked.filter(|at| is_seen(&&spots[*at], top));
    let next = match (how, marked_in_sight) {
        (Move::Lines(1), Some(at)) => spots.get(at + 1),
        (Move::Lines(-1), Some(at)) => at.checked_sub(1).and_then(|at| spots.get(at)),
        _ => None,
    };
    if let Some(next) = next.filter(|spot| is_seen(spot, top)) {
        state.page_mark = Some(next.target.clone());
        return;
    }
    let top = target(top, last, rows, how);
    state.page = Some((page, top));
    let nearest = match (how, marked) {
        (Move::Top, _) => spots.first(),
        (Move::Bottom, _) => spots.last(),
        (_, Some(at)) if is_seen(&&spots[at], top) => return,
        (_, Some(at)) if spots[at].row < top => spots.iter().find(|spot| is_seen(spot, top)),
        (_, _) => spots.iter().rev().find(|spot| is_seen(spot, top)),
    };
    // A long stretch without such lines leaves the mark where it was, out of sight.
    state.page_mark = nearest.map(|spot| spot.target.clone()).or(state.page_mark.take());
}

/// Returns where the marked row stands, so that the text can stay where it is while lines come above it.
pub(super) fn marked_row(state: &State) -> Option<usize> {
    page_laid(state, state.page?.0).marked(state)
}

/// Keeps what is marked where it was on the screen although lines came or went above it.
pub(super) fn hold(state: &mut State, before: Option<usize>) {
    let (Some(before), Some(after), Some((page, top))) = (before, marked_row(state), state.page) else { return };
    if top > 0 {
        state.page = Some((page, (top + after).saturating_sub(before)));
    }
}

/// Marks something where nothing is marked, and notes which events were seen.
pub(super) fn settle(state: &mut State) {
    let Some((page, top)) = state.page else { return };
    if page == Page::Events {
        let newest = state.view.events.rows.first().map(|event| event.id);
        state.events_seen = state.events_seen.max(newest.unwrap_or_default());
    }
    let laid = page_laid(state, page);
    if state.page_mark.is_none() || laid.marked(state).is_none() {
        state.page_mark = laid.spots.first().filter(|_| top == 0).map(|spot| spot.target.clone());
    }
}

/// Takes the click on a row of the page: marks what leads somewhere, and goes there at the second click.
pub(super) fn clicked(state: &mut State, row: usize) -> Vec<Intent> {
    let Some((page, top)) = state.page else { return Vec::new() };
    let spots = page_laid(state, page).spots;
    let Some(spot) = spots.into_iter().find(|spot| spot.row == top + row) else { return Vec::new() };
    if state.page_mark.as_ref() == Some(&spot.target) {
        return open(state);
    }
    state.page_mark = Some(spot.target);
    Vec::new()
}

/// Goes where the marked line leads.
pub(super) fn open(state: &mut State) -> Vec<Intent> {
    match state.page_mark.clone() {
        Some(Target::Task(task)) => to_task(state, task, None),
        Some(Target::Event(event, 0)) => whole(state, event),
        Some(Target::Event(event, place)) => {
            let known = state.view.events.rows.iter().find(|row| row.id == event);
            match known.and_then(|row| event_leads_to(row, place)) {
                Some(task) => to_task(state, task, None),
                None => Vec::new(),
            }
        }
        Some(Target::Batch(batch)) => to_batch(state, batch),
        Some(Target::Fold(_) | Target::Place(..) | Target::Branch(_)) | None => Vec::new(),
    }
}

/// Shows an event whole.
pub(super) fn whole(state: &mut State, id: EventId) -> Vec<Intent> {
    let filter = std::mem::take(&mut state.page_filter);
    let below = state.page.map(|(page, top)| (page, top, state.page_mark.take(), filter));
    state.event = Some(Box::new(Opened { id, told: None, below }));
    show(state, Page::Event);
    vec![Intent::Event(id)]
}

fn to_batch(state: &mut State, id: BatchId) -> Vec<Intent> {
    let batch = state.view.batches.iter().find(|batch| batch.id == id);
    match batch {
        Some(BatchRow { date: Some(_), .. }) => return ask_for(state, id),
        Some(BatchRow { planned: 1.., .. }) => question::plan(state, id),
        Some(_) | None => {
            let is_its = |row: &&crate::core::view::Row| row.work.as_ref().is_some_and(|work| work.batch == Some(id));
            let first = state.view.rows.iter().filter(is_its).map(|row| row.id).min();
            return first.map(|first| to_task(state, first, Some(Tab::Tree))).unwrap_or_default();
        }
    }
    Vec::new()
}

fn to_task(state: &mut State, task: TaskId, tab: Option<Tab>) -> Vec<Intent> {
    if !state.view.rows.iter().any(|row| row.id == task) {
        say(state, Tone::Note, format!("{task} is over, and no longer remembered"));
        return Vec::new();
    }
    state.page = None;
    if state.list.line_of(task).is_none() {
        state.filter = Filter::default();
    }
    state.selected = Some(task);
    state.focus = Focus::Task;
    state.tab = tab.unwrap_or(state.tab);
    fetch_if_new(state, false)
}

/// Shows the report of a day: of the marked one, of the one that the selected task belongs to, or of the last one.
pub(super) fn report(state: &mut State) -> Vec<Intent> {
    if state.page.is_some_and(|(page, _)| page == Page::Report) {
        close(state);
        return Vec::new();
    }
    let day = day(state);
    day.map(|day| ask_for(state, day)).unwrap_or_default()
}

/// Returns the day whose report is meant now.
fn day(state: &State) -> Option<BatchId> {
    let days = || state.view.batches.iter().filter(|batch| batch.date.is_some()).map(|batch| batch.id);
    let marked = match (&state.page, &state.page_mark) {
        (Some(_), Some(Target::Batch(batch))) => Some(*batch),
        (Some(_), _) => None,
        (None, _) => state.row().and_then(|row| row.work.as_ref()?.batch),
    };
    marked.filter(|marked| days().any(|day| day == *marked)).or_else(|| days().next_back())
}

fn ask_for(state: &mut State, batch: BatchId) -> Vec<Intent> {
    let below = state.page.map(|(page, top)| (page, top, state.page_mark.take()));
    state.report = Some(Box::new(Report { batch, told: None, below }));
    show(state, Page::Report);
    vec![Intent::Report(batch)]
}
