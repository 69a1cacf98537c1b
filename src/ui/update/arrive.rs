//! Takes in what comes from the supervisor.

use super::page;
use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::core::lines;
use crate::core::view::{Detail, View};
use crate::model::agent::LogLine;
use crate::model::id::TaskId;
use crate::model::receipt::Receipt;
use crate::model::workspace::FileChange;
use crate::ui::event::Intent;
use crate::ui::state::{State, Story};
use crate::ui::toast::Tone;

/// How many facts of a task are kept for its pane.
const STORY_MAX: usize = 2000;

/// Takes in a new view.
pub(super) fn seen(state: &mut State, view: View) -> Vec<Intent> {
    let before = state.row().cloned();
    let marked = page::marked_row(state);
    state.view = view;
    state.views += 1;
    state.seen = true;
    state.relist();
    page::hold(state, marked);
    fetch_if_new(state, before.as_ref() != state.row())
}

/// Asks for all about the selected task if it is another one, or if it changed.
pub(super) fn fetch_if_new(state: &mut State, changed: bool) -> Vec<Intent> {
    let is_other = state.story.0 != state.selected;
    if is_other {
        let version = state.story.1.version + 1;
        state.story = (state.selected, Story { version, past: version, ..Story::default() });
        state.scrolls.clear();
        state.marks.clear();
        state.unfolded.clear();
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
        state.story.1.version += 1;
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
    state.story.1.version += 1;
    state.story.1.past = state.story.1.version;
    shorten(&mut state.story.1);
}

fn shorten(story: &mut Story) {
    if story.facts.len() > STORY_MAX {
        // Many at once: the text has to be laid out anew, and that not for each fact.
        story.facts.drain(..story.facts.len() - STORY_MAX * 3 / 4);
        story.cut = true;
        story.version += 1;
        story.past = story.version;
    }
}

/// Takes in something that just became true.
pub(super) fn happened(state: &mut State, recorded: Recorded) {
    if matches!(recorded.fact, Fact::Reconfigured { .. }) {
        // What was refused before has been mended.
        state.toasts.retain(|toast| toast.is_answer || !toast.text.starts_with("configuration"));
    }
    let toast = match &recorded.fact {
        Fact::Landed { task, receipt } => Some((Tone::Good, landed(*task, receipt))),
        Fact::Undone { task, .. } => Some((Tone::Note, format!("{task} undone"))),
        Fact::TakenBack { task, .. } => Some((Tone::Bad, format!("{task} landing taken back"))),
        Fact::Reconfigured { .. } => lines::line(&recorded.fact, recorded.at).map(|line| (Tone::Note, line)),
        Fact::Neared { .. } => lines::line(&recorded.fact, recorded.at).map(|line| (Tone::Bad, line)),
        Fact::ConfigRefused { .. } | Fact::Replaced { .. } | Fact::Trespassed { .. } => {
            lines::line(&recorded.fact, recorded.at).map(|line| (Tone::Bad, line))
        }
        // An editor may still hold what was there before: its next save would take the fix away again.
        Fact::Logged { task, lines } => lines
            .iter()
            .find(|line| line.label == LogLine::EDITOR)
            .map(|line| (Tone::Bad, format!("{task} landed, but {}", line.text))),
        _ => None,
    };
    if let Some((tone, text)) = toast {
        // Whoever takes something back is answered; once is enough.
        state.toast(tone, &text, matches!(recorded.fact, Fact::Undone { .. }));
    }
    if recorded.fact.task().is_some() && recorded.fact.task() == state.story.0 {
        let story = &mut state.story.1;
        if story.facts.last().is_none_or(|last| last.seq < recorded.seq) {
            story.facts.push(recorded);
            story.version += 1;
            shorten(story);
        }
    }
}

/// Says what landed, and where to look.
fn landed(task: TaskId, receipt: &Receipt) -> String {
    let row = |file: &FileChange| format!("{} +{} −{}", file.place(), file.added, file.removed);
    let places: Vec<String> = receipt.files.iter().map(row).collect();
    format!("{task} landed: {}", places.join(", "))
}

/// Takes in the answer to a command.
pub(super) fn answered(state: &mut State, answer: Result<String, String>) {
    match answer {
        Ok(said) => say(state, Tone::Note, said),
        Err(why) => say(state, Tone::Bad, why),
    }
}

/// Answers what a person did, in a line.
pub(super) fn say(state: &mut State, tone: Tone, text: impl AsRef<str>) {
    state.toast(tone, text.as_ref(), true);
}
