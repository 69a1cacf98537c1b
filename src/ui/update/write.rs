//! Takes the keys of a message to an agent, and of a new task.

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::arrive::say;
use super::key::typed;
use crate::core::command::Command;
use crate::model::assignment::{Assignment, Lane};
use crate::model::filing::{Filing, NewTask};
use crate::ui::event::Intent;
use crate::ui::popup::{Popup, To, Writing};
use crate::ui::state::State;
use crate::ui::toast::Tone;

/// The longest name that a text becomes, in characters.
const NAME: usize = 80;

/// Begins a message to the agent of the selected task.
pub(super) fn open(state: &mut State) -> Vec<Intent> {
    let writing = state.row().map(|row| Writing { to: To::Agent(row.id), text: String::new() });
    state.popups.extend(writing.map(Popup::Write));
    Vec::new()
}

/// Begins a new task.
pub(super) fn begin(state: &mut State) -> Vec<Intent> {
    state.popups.push(Popup::Write(Writing { to: To::Task, text: String::new() }));
    Vec::new()
}

/// Asks for a task that does what a person wrote in a line; its result waits for a yes, as it was not checked for anything
/// but what was green before.
fn filing(text: &str) -> Command {
    let text = text.trim();
    let assignment =
        Assignment { description: text.to_owned(), ..Assignment::new(shortened(text), Lane::Queue, "task", "coding") };
    let task = NewTask { assignment: Box::new(assignment), after: Vec::new(), priority: 0, held: false };
    Command::File { filing: Box::new(Filing { batch: None, tasks: vec![task] }) }
}

/// Returns what a list calls it: the beginning, up to a whole word.
fn shortened(text: &str) -> String {
    if text.chars().count() <= NAME {
        return text.to_owned();
    }
    let head: String = text.chars().take(NAME).collect();
    let end = head.rfind(' ').filter(|end| *end > 0).unwrap_or(head.len());
    format!("{} …", head[..end].trim_end())
}

/// Takes a key; the message stays open until it is sent or dropped.
pub(super) fn pressed(state: &mut State, mut writing: Writing, key: KeyEvent) -> Vec<Intent> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter if writing.text.trim().is_empty() => say(state, Tone::Note, "write something first"),
        KeyCode::Enter => {
            let Writing { to, text } = writing;
            return vec![Intent::Command(match to {
                To::Agent(task) => Command::Message { task, text, by: "the dashboard".to_owned() },
                To::Task => filing(&text),
            })];
        }
        code => {
            typed(&mut writing.text, code, key.modifiers);
        }
    }
    state.popups.push(Popup::Write(writing));
    Vec::new()
}
