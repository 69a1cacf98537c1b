//! Looks at the open questions again whenever news came: is each still asked, and about the same thing? And rings once for
//! each new one.

use std::collections::BTreeSet;

use super::arrive::fetch_if_new;
use crate::core::view::{Group, View};
use crate::model::id::TaskId;
use crate::model::workspace::TreeId;
use crate::ui::event::Intent;
use crate::ui::popup::{Ask, Popup, To};
use crate::ui::state::State;
use crate::ui::toast::Tone;

/// Opens a question that the person did not ask for with a key.
pub(super) fn open_unasked(state: &mut State, ask: Ask) {
    state.popups.push(Popup::Ask(ask));
    state.pending.clear();
    state.be_deaf(state.now);
}

/// Returns the result of a task, as far as it is shown.
fn result(state: &State, task: TaskId) -> Option<TreeId> {
    let detail = state.told()?.detail.as_ref().filter(|detail| detail.task.id == task)?;
    detail.task.result.as_ref().map(|result| result.receipt.tree_after.clone())
}

/// Remembers which result the question on top shows, once one is there.
pub(super) fn remember_shown(state: &mut State) {
    let task = match state.popups.last() {
        Some(Popup::Ask(ask)) if ask.shown.is_none() && ask.subject.is_about_result() => ask.task(),
        Some(Popup::Ask(_) | Popup::Reply(_) | Popup::Write(_) | Popup::Palette(_)) | None => None,
    };
    let shown = task.and_then(|task| result(state, task));
    if let Some(Popup::Ask(ask)) = state.popups.last_mut() {
        ask.shown = ask.shown.take().or(shown);
    }
}

/// Closes the questions that are no longer asked, and says why.
pub(super) fn review(state: &mut State) -> Vec<Intent> {
    remember_shown(state);
    let popups = std::mem::take(&mut state.popups);
    for popup in popups {
        let over = match &popup {
            Popup::Ask(ask) => ask.subject.is_over(state).or_else(|| is_another(state, ask)),
            Popup::Reply(replying) => replying.is_over(&state.view),
            Popup::Write(_) | Popup::Palette(_) => None,
        };
        match over {
            Some(why) => {
                state.toast(Tone::Note, &why, false);
                state.be_deaf(state.now);
            }
            None => state.popups.push(popup),
        }
    }
    let asked = state.popups.iter().rev().find_map(|popup| match popup {
        Popup::Ask(ask) => ask.task(),
        Popup::Reply(replying) => Some(replying.question.task),
        Popup::Write(writing) => match writing.to {
            To::Agent(task) => Some(task),
            To::Task => None,
        },
        Popup::Palette(_) => None,
    });
    let is_there = |task: &TaskId| state.view.rows.iter().any(|row| row.id == *task);
    if asked.is_some_and(|task| is_there(&task)) {
        // A filter may have taken the selection elsewhere; what is asked about stays in sight.
        state.selected = asked;
    }
    fetch_if_new(state, false)
}

/// Says that what is shown is not what was asked about, if so.
fn is_another(state: &State, ask: &Ask) -> Option<String> {
    let (shown, task) = (ask.shown.as_ref()?, ask.task()?);
    let now = result(state, task)?;
    (now != *shown).then(|| format!("the result of {task} is another one now; look at it again"))
}

/// Returns what waits for a person, and why.
pub(super) fn waiting(view: &View) -> BTreeSet<(TaskId, String)> {
    let rows = view.rows.iter().filter(|row| row.group == Group::NeedsYou);
    rows.map(|row| (row.id, row.why.clone())).collect()
}

/// Rings for what waits now and did not before.
pub(super) fn attention(state: &State, before: &BTreeSet<(TaskId, String)>) -> Vec<Intent> {
    let now = waiting(&state.view);
    let new = now.difference(before);
    let title = |task: TaskId| {
        let row = state.view.rows.iter().find(|row| row.id == task);
        row.map(|row| row.title.clone()).unwrap_or_default()
    };
    new.map(|(task, why)| Intent::Attention(format!("{task} {}: {why}", title(*task)))).collect()
}
