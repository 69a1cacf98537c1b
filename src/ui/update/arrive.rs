//! Takes in what comes from the supervisor.

use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::core::view::{Detail, View};
use crate::model::id::TaskId;
use crate::ui::event::Intent;
use crate::ui::state::{State, Story, TOAST, Toast, Tone};

/// How many facts of a task are kept for its pane.
const STORY_MAX: usize = 2000;

/// Takes in a new view; the selection stays on its task, or goes to its neighbour.
pub(super) fn seen(state: &mut State, view: View) -> Vec<Intent> {
    let place = state.rows().position(|row| Some(row.id) == state.selected);
    let before = state.row().cloned();
    state.view = view;
    state.seen = true;
    if !state.rows().any(|row| Some(row.id) == state.selected) {
        let count = state.rows().count();
        let next = place.unwrap_or(0).min(count.saturating_sub(1));
        state.selected = state.task_at(next);
    }
    fetch_if_new(state, before.as_ref() != state.row())
}

/// Asks for all about the selected task if it is another one, or if it changed.
pub(super) fn fetch_if_new(state: &mut State, changed: bool) -> Vec<Intent> {
    let is_other = state.story.0 != state.selected;
    if is_other {
        state.story = (state.selected, Story::default());
        state.scrolls.clear();
    }
    match state.selected {
        Some(task) if is_other || changed => vec![Intent::Fetch(task)],
        Some(_) | None => Vec::new(),
    }
}

/// Takes in all about a task.
pub(super) fn detailed(state: &mut State, detail: Detail) {
    if state.story.0 == Some(detail.task.id) {
        state.story.1.detail = Some(detail);
    }
}

/// Takes in the past of a task; what happened while it was on its way is not lost.
pub(super) fn told(state: &mut State, task: TaskId, mut facts: Vec<Recorded>, cut: bool) {
    if state.story.0 != Some(task) {
        return;
    }
    let last = facts.last().map(|fact| fact.seq);
    facts.extend(state.story.1.facts.drain(..).filter(|fact| Some(fact.seq) > last));
    state.story.1.facts = facts;
    state.story.1.cut = cut;
    shorten(&mut state.story.1);
}

fn shorten(story: &mut Story) {
    if story.facts.len() > STORY_MAX {
        story.facts.drain(..story.facts.len() - STORY_MAX);
        story.cut = true;
    }
}

/// Takes in something that just became true.
pub(super) fn happened(state: &mut State, recorded: Recorded) {
    let toast = match &recorded.fact {
        Fact::Landed { task, receipt } => {
            let places: Vec<String> = receipt.files.iter().map(|file| file.path.to_string()).collect();
            Some((Tone::Good, format!("{task} landed: {}", places.join(", "))))
        }
        Fact::Undone { task, .. } => Some((Tone::Note, format!("{task} undone"))),
        Fact::TakenBack { task, .. } => Some((Tone::Bad, format!("{task} landing taken back"))),
        _ => None,
    };
    if let Some((tone, text)) = toast {
        say(state, tone, text);
    }
    if recorded.fact.task().is_some() && recorded.fact.task() == state.story.0 {
        let story = &mut state.story.1;
        if story.facts.last().is_none_or(|last| last.seq < recorded.seq) {
            story.facts.push(recorded);
            shorten(story);
        }
    }
}

/// Takes in the answer to a command.
pub(super) fn answered(state: &mut State, answer: Result<String, String>) {
    match answer {
        Ok(said) => say(state, Tone::Note, said),
        Err(why) => say(state, Tone::Bad, why),
    }
}

/// Shows a line for a while.
pub(super) fn say(state: &mut State, tone: Tone, text: String) {
    let until = state.now.after(TOAST);
    state.toasts.retain(|toast| toast.text != text);
    state.toasts.push(Toast { text, tone, until });
}
