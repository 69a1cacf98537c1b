//! Takes the keys of a message to an agent.

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::arrive::say;
use super::key::typed;
use crate::core::command::Command;
use crate::ui::event::Intent;
use crate::ui::popup::{Popup, Writing};
use crate::ui::state::State;
use crate::ui::toast::Tone;

/// Begins a message to the agent of the selected task.
pub(super) fn open(state: &mut State) -> Vec<Intent> {
    let writing = state.row().map(|row| Writing { task: row.id, text: String::new() });
    state.popups.extend(writing.map(Popup::Write));
    Vec::new()
}

/// Takes a key; the message stays open until it is sent or dropped.
pub(super) fn pressed(state: &mut State, mut writing: Writing, key: KeyEvent) -> Vec<Intent> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter if writing.text.trim().is_empty() => say(state, Tone::Note, "write something first"),
        KeyCode::Enter => {
            let Writing { task, text } = writing;
            return vec![Intent::Command(Command::Message { task, text, by: "the dashboard".to_owned() })];
        }
        code => {
            typed(&mut writing.text, code, key.modifiers);
        }
    }
    state.popups.push(Popup::Write(writing));
    Vec::new()
}
