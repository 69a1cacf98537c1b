//! Decides where a key goes: to the popup on top, to the text that is typed, or to the keymap.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::act;
use super::arrive::fetch_if_new;
use crate::ui::event::Intent;
use crate::ui::keymap::{Chord, Found};
use crate::ui::popup::{Ask, Popup};
use crate::ui::state::{Filter, State};

/// Takes in a key.
pub(super) fn pressed(state: &mut State, key: KeyEvent) -> Vec<Intent> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if is_interrupt {
        // Whatever lies over the screen, this one always works.
        return vec![Intent::Interrupt];
    }
    match state.popups.pop() {
        Some(Popup::Ask(ask)) => return answer(state, ask, key),
        Some(Popup::Palette(mut palette)) => {
            match key.code {
                KeyCode::Esc => return Vec::new(),
                KeyCode::Enter => return palette.taken().map(|action| act::act(state, action)).unwrap_or_default(),
                KeyCode::Down => palette.marked = (palette.marked + 1).min(palette.found().len().saturating_sub(1)),
                KeyCode::Up => palette.marked = palette.marked.saturating_sub(1),
                code => {
                    if typed(&mut palette.text, code, key.modifiers) {
                        palette.marked = 0;
                    }
                }
            }
            state.popups.push(Popup::Palette(palette));
            return Vec::new();
        }
        None => {}
    }
    if state.filter.editing {
        return type_filter(state, key);
    }
    if state.search.editing {
        edit(&mut state.search, key);
        return Vec::new();
    }
    let Some(chord) = Chord::of(key) else { return Vec::new() };
    state.pending.push(chord);
    match state.keymap.find(state.context(), &state.pending) {
        Found::Action(action) => {
            state.pending.clear();
            act::act(state, action)
        }
        Found::More(_) => Vec::new(),
        Found::Nothing if state.pending.len() > 1 => {
            // The sequence came to nothing; the last key may mean something by itself.
            state.pending.clear();
            pressed(state, key)
        }
        Found::Nothing => {
            state.pending.clear();
            Vec::new()
        }
    }
}

/// Takes a key for a question; it stays open unless the key answers or closes it.
fn answer(state: &mut State, mut ask: Ask, key: KeyEvent) -> Vec<Intent> {
    let last = ask.choices.len().saturating_sub(1);
    let taken = match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => Some(ask.marked),
        KeyCode::Char(letter) if key.modifiers.is_empty() || key.modifiers == KeyModifiers::SHIFT => {
            let by_number =
                letter.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1)).filter(|at| *at <= last);
            by_number.or_else(|| ask.choices.iter().position(|choice| choice.key == letter))
        }
        _ => None,
    };
    if let Some(choice) = taken.and_then(|at| ask.choices.get(at)) {
        return choice.intents.clone();
    }
    let page = usize::from(state.size.1 / 2).max(1);
    match key.code {
        KeyCode::Down | KeyCode::Tab => ask.marked = (ask.marked + 1).min(last),
        KeyCode::Up | KeyCode::BackTab => ask.marked = ask.marked.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char(' ') => ask.top = ask.last_top(state).min(ask.top + page),
        KeyCode::PageUp => ask.top = ask.top.saturating_sub(page),
        KeyCode::Char('j') => ask.top = ask.last_top(state).min(ask.top + 1),
        KeyCode::Char('k') => ask.top = ask.top.saturating_sub(1),
        _ => {}
    }
    state.popups.push(Popup::Ask(ask));
    Vec::new()
}

fn type_filter(state: &mut State, key: KeyEvent) -> Vec<Intent> {
    edit(&mut state.filter, key);
    if !state.rows().any(|row| Some(row.id) == state.selected) {
        state.selected = state.task_at(0);
    }
    fetch_if_new(state, false)
}

/// Takes a key for a text that narrows: enter keeps it, escape drops it.
fn edit(filter: &mut Filter, key: KeyEvent) {
    match key.code {
        KeyCode::Esc => *filter = Filter::default(),
        KeyCode::Enter => filter.editing = false,
        code => {
            typed(&mut filter.text, code, key.modifiers);
        }
    }
}

/// Types a key into a text; says whether the text changed.
fn typed(text: &mut String, code: KeyCode, modifiers: KeyModifiers) -> bool {
    match code {
        KeyCode::Char('u') if modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
        KeyCode::Char(letter) if !modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => text.push(letter),
        KeyCode::Backspace => {
            text.pop();
        }
        _ => return false,
    }
    true
}
