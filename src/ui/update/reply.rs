//! Takes the keys that answer a question of an agent.

use std::collections::BTreeSet;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::arrive::say;
use super::key::typed;
use crate::core::command::Command;
use crate::model::id::TaskId;
use crate::model::question::Reply;
use crate::ui::event::Intent;
use crate::ui::popup::{Popup, Replying, Say, room};
use crate::ui::state::State;
use crate::ui::toast::Tone;

/// Opens the oldest question of a task; returns whether there is one.
pub(super) fn open(state: &mut State, task: TaskId) -> bool {
    let question = state.view.questions.iter().find(|question| question.task == task).cloned();
    let found = question.is_some();
    state.popups.extend(question.map(|question| Popup::Reply(Box::new(Replying::new(question)))));
    found
}

/// Takes a key; the question stays open unless the key answers or closes it.
pub(super) fn pressed(state: &mut State, mut replying: Box<Replying>, key: KeyEvent) -> Vec<Intent> {
    if let Some(text) = &mut replying.typing {
        match key.code {
            KeyCode::Esc => replying.typing = None,
            KeyCode::Enter if text.trim().is_empty() => say(state, Tone::Note, "write something first"),
            KeyCode::Enter => {
                let text = std::mem::take(text);
                replying.typing = None;
                let reply = replying.word(&text);
                return go_on(state, replying, reply);
            }
            code => {
                typed(text, code, key.modifiers);
            }
        }
        state.popups.push(Popup::Reply(replying));
        return Vec::new();
    }
    let sayings = replying.sayings();
    let last = sayings.len().saturating_sub(1);
    let is_plain = key.modifiers.is_empty() || key.modifiers == KeyModifiers::SHIFT;
    let several = replying.part().is_some_and(|part| part.several);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter if several && !replying.ticked.is_empty() => {
            let ticked = replying.ticked.clone();
            let reply = replying.pick(&ticked);
            return go_on(state, replying, reply);
        }
        KeyCode::Enter => {
            return {
                let said = sayings.get(replying.marked).copied();
                take(state, replying, said)
            };
        }
        KeyCode::Char(letter) if is_plain => {
            let by_number = letter.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
            let by_letter = || sayings.iter().position(|say| Replying::letter(*say) == Some(letter));
            match by_number.filter(|at| *at <= last).or_else(by_letter).and_then(|at| sayings.get(at)) {
                Some(said) => return take(state, replying, Some(*said)),
                None if letter == 'j' => scroll(state, &mut replying, 1),
                None if letter == 'k' => scroll(state, &mut replying, -1),
                None if letter == ' ' => page(state, &mut replying, 1),
                None => {}
            }
        }
        KeyCode::Down | KeyCode::Tab => replying.marked = (replying.marked + 1).min(last),
        KeyCode::Up | KeyCode::BackTab => replying.marked = replying.marked.saturating_sub(1),
        KeyCode::PageDown => page(state, &mut replying, 1),
        KeyCode::PageUp => page(state, &mut replying, -1),
        KeyCode::End => scroll(state, &mut replying, isize::MAX),
        KeyCode::Home => replying.top = 0,
        _ => {}
    }
    state.popups.push(Popup::Reply(replying));
    Vec::new()
}

/// Takes the answer that was clicked.
pub(super) fn clicked(state: &mut State, replying: Box<Replying>, at: usize) -> Vec<Intent> {
    let said = replying.sayings().get(at).copied();
    take(state, replying, said)
}

/// Takes an answer, ticks an option, or begins to take a text.
fn take(state: &mut State, mut replying: Box<Replying>, said: Option<Say>) -> Vec<Intent> {
    let several = replying.part().is_some_and(|part| part.several);
    let reply = match said {
        Some(Say::Allow | Say::AllowForTask) if !is_read(state, &replying) => {
            say(state, Tone::Note, "it goes on below; pgdn shows the rest");
            None
        }
        Some(Say::Allow) => Some(Reply::Allow),
        Some(Say::AllowForTask) => Some(Reply::AllowForTask),
        Some(Say::Deny) => Some(Reply::Deny { why: String::new() }),
        Some(Say::DenyWhy | Say::Words) => {
            replying.typing = Some(String::new());
            None
        }
        Some(Say::Option(at)) if several => {
            if !replying.ticked.remove(&at) {
                replying.ticked.insert(at);
            }
            replying.marked = at;
            None
        }
        Some(Say::Option(at)) => replying.pick(&BTreeSet::from([at])),
        None => None,
    };
    go_on(state, replying, reply)
}

/// Sends a whole reply, or keeps the question open.
fn go_on(state: &mut State, replying: Box<Replying>, reply: Option<Reply>) -> Vec<Intent> {
    let Some(reply) = reply else {
        state.popups.push(Popup::Reply(replying));
        return Vec::new();
    };
    let (question, shown) = (replying.question.id, replying.question.shown.clone());
    vec![Intent::Command(Command::Answer { question, shown, reply, by: "the dashboard".to_owned() })]
}

/// Whether all of what is asked was in sight: a yes is a yes to the end of the line too.
fn is_read(state: &State, replying: &Replying) -> bool {
    replying.seen >= replying.sheet(state).last_top(room(state))
}

fn page(state: &State, replying: &mut Replying, pages: isize) {
    let rows = isize::try_from(replying.sheet(state).page(room(state))).unwrap_or(1);
    scroll(state, replying, rows * pages);
}

/// Scrolls the text.
pub(super) fn scroll(state: &State, replying: &mut Replying, lines: isize) {
    let last = replying.sheet(state).last_top(room(state));
    replying.top = replying.top.min(last).saturating_add_signed(lines).min(last);
    replying.seen = replying.seen.max(replying.top);
}
