//! Asks before anything that cannot be taken back easily, and shows what it is about.

use ratatui::text::Line;

use super::act::command;
use super::arrive::say;
use crate::core::command::Command;
use crate::core::view::{Allowed, Row};
use crate::model::id::TaskId;
use crate::ui::action::Action;
use crate::ui::event::{Intent, Leave};
use crate::ui::pane::diff_lines;
use crate::ui::popup::{Ask, Choice, Popup};
use crate::ui::state::{State, Tone};

fn choice(key: char, text: &str, intents: Vec<Intent>) -> Choice {
    Choice { key, text: text.to_owned(), intents }
}

fn wish(command: Command) -> Vec<Intent> {
    vec![Intent::Command(command)]
}

/// Asks what to do with a result that waits for a person.
pub(super) fn answer(state: &mut State) -> Vec<Intent> {
    let Some(row) = state.row().cloned() else { return Vec::new() };
    let task = row.id;
    let mut choices = Vec::new();
    if row.allowed.land {
        choices.push(choice('l', "land it", wish(Command::Land { task })));
    }
    if row.allowed.undo {
        choices.push(choice('u', "take the landing back", wish(Command::Undo { task })));
    }
    if row.allowed.refuse {
        choices.push(choice('d', "throw it away", wish(Command::Refuse { task })));
    }
    if row.allowed.retry {
        choices.push(choice('r', "try again", wish(Command::Retry { task })));
    }
    if !choices.is_empty() {
        open(state, &row, &row.why, choices);
    }
    Vec::new()
}

fn open(state: &mut State, row: &Row, what: &str, choices: Vec<Choice>) {
    let mut body = vec![Line::from(what.to_owned()), Line::default()];
    body.extend(diff_lines(state));
    state.popups.push(Popup::Ask(Ask::new(format!("{} {}", row.id, row.key), body, choices)));
}

/// Asks about the selected task.
pub(super) fn about(state: &mut State, action: Action) -> Vec<Intent> {
    type Question = (fn(&Allowed) -> bool, fn(TaskId) -> Command, &'static str, &'static str, char);
    let question: Question = match action {
        Action::Kill => (|a| a.kill, |task| Command::Kill { task }, "kill", "End it and whatever works on it.", 'x'),
        Action::Undo => {
            (|a| a.undo, |task| Command::Undo { task }, "undo", "Take back what it landed. Your later edits stay.", 'u')
        }
        Action::Land => {
            (|a| a.land, |task| Command::Land { task }, "land", "Land this verified result in your tree.", 'l')
        }
        Action::Refuse => (|a| a.refuse, |task| Command::Refuse { task }, "refuse", "Throw this result away.", 'd'),
        _ => return Vec::new(),
    };
    let (is_allowed, make, verb, text, key) = question;
    let intents = command(state, is_allowed, make, verb);
    let Some(row) = state.row().cloned().filter(|_| !intents.is_empty()) else { return Vec::new() };
    let yes = format!("yes, {verb} {}", row.id);
    open(state, &row, text, vec![choice(key, &yes, intents), choice('n', "no", Vec::new())]);
    Vec::new()
}

/// Leaves at once, or asks how while work runs.
pub(super) fn quit(state: &mut State) -> Vec<Intent> {
    if state.gone.is_some() || !state.is_working() {
        return vec![Intent::Leave(Leave::Finish)];
    }
    let working: Vec<String> = state
        .view
        .rows
        .iter()
        .filter(|row| row.group == crate::core::view::Group::Working)
        .map(|row| format!("{} {}", row.id, row.key))
        .collect();
    let body = vec![Line::from(format!("At work: {}", working.join(", ")))];
    let choices = vec![
        choice('f', "finish: wait for what runs, then end", vec![Intent::Leave(Leave::Finish)]),
        choice('s', "stop: end it now; it begins again the next time, uncharged", vec![Intent::Leave(Leave::Stop)]),
        choice('l', "leave running: go on without a screen", vec![Intent::Leave(Leave::LeaveRunning)]),
    ];
    state.popups.push(Popup::Ask(Ask::new("Leave?", body, choices)));
    say(state, Tone::Note, "work is under way".to_owned());
    Vec::new()
}
