//! Copies what is selected: a task of the list, the marked entry, place or hunk, or else the whole text of the tab.

use super::arrive::say;
use crate::ui::body::Target;
use crate::ui::event::Intent;
use crate::ui::state::{Focus, State};
use crate::ui::toast::Tone;
use crate::ui::widget::plain;

/// Copies, and says what was copied.
pub(super) fn copy(state: &mut State) -> Vec<Intent> {
    let text = match state.focus {
        Focus::Tasks => state.row().map(|row| plain(&format!("{} {}: {}", row.id, row.title, row.why))),
        Focus::Task => marked(state).or_else(|| whole(state)),
    };
    let Some(text) = text else {
        say(state, Tone::Note, "there is nothing to copy");
        return Vec::new();
    };
    let said = match text.lines().count() {
        0 | 1 => format!("copied: {text}"),
        lines => format!("copied {lines} lines"),
    };
    say(state, Tone::Note, said);
    vec![Intent::Copy(text)]
}

/// Returns what is marked: a place by its name, everything else with what belongs to it.
fn marked(state: &State) -> Option<String> {
    let spot = state.spot()?;
    let at = state.body.spots.iter().position(|known| known == spot)?;
    let is_hunk = state.tab == crate::ui::state::Tab::Diff;
    match &spot.target {
        Target::Place(file, line) if !is_hunk => {
            Some(line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}")))
        }
        Target::Place(..)
        | Target::Fold(_)
        | Target::Task(_)
        | Target::Branch(_)
        | Target::Event(..)
        | Target::Batch(_) => {
            let end = state.body.spots.get(at + 1).map_or(state.body.rows.len(), |next| next.row);
            Some(text(state, spot.row, end))
        }
    }
}

fn whole(state: &State) -> Option<String> {
    let text = text(state, 0, state.body.rows.len());
    (!text.is_empty()).then_some(text)
}

fn text(state: &State, start: usize, end: usize) -> String {
    let rows = state.body.rows.get(start..end).unwrap_or_default();
    rows.iter().map(|row| row.to_string().trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
