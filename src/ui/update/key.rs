//! Decides where a key goes: to the popup on top, to the text that is typed, or to the keymap.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::arrive::{fetch_if_new, say};
use super::{act, page, reply, terminal, write};
use crate::ui::action::{Action, Context};
use crate::ui::event::Intent;
use crate::ui::keymap::{Chord, Found};
use crate::ui::popup::{Ask, Palette, Popup, Subject, Target, elsewhere, is_informed, room};
use crate::ui::state::{Filter, State};
use crate::ui::toast::Tone;

/// Takes in a key.
pub(super) fn pressed(state: &mut State, key: KeyEvent) -> Vec<Intent> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    if terminal::is_on_top(state) && state.context() == Context::Typing {
        return terminal::pressed(state, key);
    }
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if is_interrupt {
        // Whatever lies over the screen, this one always works.
        return vec![Intent::Interrupt];
    }
    if state.now < state.deaf_until {
        return Vec::new();
    }
    match state.popups.pop() {
        Some(Popup::Ask(ask)) => return answer(state, ask, key),
        Some(Popup::Reply(replying)) => return reply::pressed(state, replying, key),
        Some(Popup::Write(writing)) => return write::pressed(state, writing, key),
        Some(Popup::Palette(palette)) => return find(state, palette, key),
        None => {}
    }
    if state.filter.editing {
        return type_filter(state, key);
    }
    if state.page_filter.editing {
        edit(&mut state.page_filter, key);
        page::turn_to_top(state);
        return Vec::new();
    }
    if state.search.editing {
        edit(&mut state.search, key);
        return Vec::new();
    }
    if key.code == KeyCode::Esc && !state.pending.is_empty() {
        state.pending.clear();
        return Vec::new();
    }
    if guided(state, key) {
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
            if let Some(why) = elsewhere(state, chord) {
                say(state, Tone::Note, why);
            }
            Vec::new()
        }
    }
}

/// Takes a key for the tour, if it would do nothing else: the tour is the lowest layer.
fn guided(state: &mut State, key: KeyEvent) -> bool {
    let Some(tour) = state.tour.filter(|_| key.modifiers.is_empty() && state.pending.is_empty()) else { return false };
    if state.context() != Context::Tasks {
        return false;
    }
    match key.code {
        KeyCode::Enter => state.tour = tour.skipped(state),
        KeyCode::Esc if state.filter == Filter::default() => state.tour = None,
        _ => return false,
    }
    true
}

/// Takes a key for a question; it stays open unless the key answers or closes it.
fn answer(state: &mut State, mut ask: Ask, key: KeyEvent) -> Vec<Intent> {
    let last = ask.choices.len().saturating_sub(1);
    let is_letter = key.modifiers.is_empty() || key.modifiers == KeyModifiers::SHIFT;
    let is_quit = || matches!(ask.subject, Subject::Leave) && Chord::of(key).is_some_and(|chord| is_quit(state, chord));
    let taken = match key.code {
        KeyCode::Esc => return Vec::new(),
        // Whoever asks twice to leave means it.
        _ if is_quit() => Some(ask.marked),
        KeyCode::Enter => Some(ask.marked),
        KeyCode::Char(letter) if is_letter => {
            let by_number =
                letter.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1)).filter(|at| *at <= last);
            by_number.or_else(|| ask.choices.iter().position(|choice| choice.key == letter))
        }
        _ => None,
    };
    if let Some(at) = taken {
        return take(state, ask, at);
    }
    let is_scroll = key.modifiers.is_empty();
    let page = isize::try_from(ask.sheet(state).page(room(state))).unwrap_or(1);
    match key.code {
        KeyCode::Down | KeyCode::Tab => ask.marked = (ask.marked + 1).min(last),
        KeyCode::Up | KeyCode::BackTab => ask.marked = ask.marked.saturating_sub(1),
        KeyCode::PageDown => scroll(state, &mut ask, page),
        KeyCode::PageUp => scroll(state, &mut ask, -page),
        KeyCode::Char(' ') if is_scroll => scroll(state, &mut ask, page),
        KeyCode::Char('d') if key.modifiers == KeyModifiers::CONTROL => scroll(state, &mut ask, page / 2),
        KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => scroll(state, &mut ask, -page / 2),
        KeyCode::Char('j') if is_scroll => scroll(state, &mut ask, 1),
        KeyCode::Char('k') if is_scroll => scroll(state, &mut ask, -1),
        KeyCode::Home => ask.top = 0,
        KeyCode::End => scroll(state, &mut ask, isize::MAX),
        KeyCode::Char(letter) if is_letter && !letter.is_control() => {
            say(state, Tone::Note, format!("{letter} is no answer here; the letters in brackets are"));
        }
        _ => {}
    }
    state.popups.push(Popup::Ask(ask));
    Vec::new()
}

/// Takes an answer, if it may be given already.
fn take(state: &mut State, ask: Ask, at: usize) -> Vec<Intent> {
    match ask.choices.get(at) {
        Some(choice) if !choice.informed || is_informed(state, &ask) => ask.follows(choice),
        Some(_) | None => {
            // A yes is a yes to something that was shown.
            say(state, Tone::Note, "what it changes is not here yet; a moment");
            state.popups.push(Popup::Ask(ask));
            Vec::new()
        }
    }
}

/// Whether a key is the one that leaves.
fn is_quit(state: &State, chord: Chord) -> bool {
    state.keymap.find(state.context(), &[chord]) == Found::Action(Action::Quit)
}

fn scroll(state: &State, ask: &mut Ask, lines: isize) {
    let last = ask.sheet(state).last_top(room(state));
    ask.top = ask.top.min(last).saturating_add_signed(lines).min(last);
}

/// Scrolls the popup on top.
pub(super) fn scrolled(state: &mut State, lines: isize) {
    match state.popups.pop() {
        Some(Popup::Ask(mut ask)) => {
            scroll(state, &mut ask, lines);
            state.popups.push(Popup::Ask(ask));
        }
        Some(Popup::Reply(mut replying)) => {
            reply::scroll(state, &mut replying, lines);
            state.popups.push(Popup::Reply(replying));
        }
        Some(popup @ Popup::Write(_)) => state.popups.push(popup),
        Some(Popup::Palette(mut palette)) => {
            mark(state, &mut palette, lines);
            state.popups.push(Popup::Palette(palette));
        }
        None => {}
    }
}

/// Takes the answer, or the line of the palette, that was clicked.
pub(super) fn clicked(state: &mut State, at: usize) -> Vec<Intent> {
    if state.now < state.deaf_until {
        return Vec::new();
    }
    match state.popups.pop() {
        Some(Popup::Ask(ask)) => take(state, ask, at),
        Some(Popup::Reply(replying)) => reply::clicked(state, replying, at),
        Some(popup @ Popup::Write(_)) => {
            state.popups.push(popup);
            Vec::new()
        }
        Some(Popup::Palette(palette)) => choose(state, Palette { marked: at, ..palette }),
        None => Vec::new(),
    }
}

/// Takes a key for the palette.
fn find(state: &mut State, mut palette: Palette, key: KeyEvent) -> Vec<Intent> {
    let is_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let page = isize::try_from(Palette::page(room(state))).unwrap_or(1);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => return choose(state, palette),
        KeyCode::Down | KeyCode::Tab => mark(state, &mut palette, 1),
        KeyCode::Up | KeyCode::BackTab => mark(state, &mut palette, -1),
        KeyCode::Char('n' | 'j') if is_ctrl => mark(state, &mut palette, 1),
        KeyCode::Char('p' | 'k') if is_ctrl => mark(state, &mut palette, -1),
        KeyCode::PageDown => mark(state, &mut palette, page),
        KeyCode::PageUp => mark(state, &mut palette, -page),
        code => {
            if typed(&mut palette.text, code, key.modifiers) {
                palette.marked = 0;
            }
        }
    }
    state.popups.push(Popup::Palette(palette));
    Vec::new()
}

fn mark(state: &State, palette: &mut Palette, lines: isize) {
    let last = palette.found(state).len().saturating_sub(1);
    palette.marked = palette.marked.min(last).saturating_add_signed(lines).min(last);
}

/// Does what is marked; what would do nothing says so and leaves the palette open.
fn choose(state: &mut State, palette: Palette) -> Vec<Intent> {
    match palette.taken(state) {
        Some(Target::Action(action, None)) => {
            let intents = act::act(state, action);
            if !state.popups.is_empty() {
                // The key that chose must not answer the question that it asked, when it is held or pressed twice.
                state.be_deaf(state.now);
            }
            intents
        }
        Some(Target::Action(action, Some(reason))) => {
            let name = action.entry().map(|entry| entry.name).unwrap_or_default();
            say(state, Tone::Note, format!("{name} would do nothing: {reason}"));
            state.popups.push(Popup::Palette(palette));
            Vec::new()
        }
        Some(Target::Task(task)) => {
            state.filter = Filter::default();
            state.page = None;
            state.selected = Some(task);
            fetch_if_new(state, false)
        }
        None => {
            state.popups.push(Popup::Palette(palette));
            Vec::new()
        }
    }
}

fn type_filter(state: &mut State, key: KeyEvent) -> Vec<Intent> {
    edit(&mut state.filter, key);
    state.relist();
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
pub(super) fn typed(text: &mut String, code: KeyCode, modifiers: KeyModifiers) -> bool {
    match code {
        KeyCode::Char('u') if modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
        KeyCode::Char('w') if modifiers.contains(KeyModifiers::CONTROL) => {
            let words = text.trim_end();
            let end = words.rfind(' ').map_or(0, |space| space + 1);
            text.truncate(end);
        }
        KeyCode::Char(letter) if !modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => text.push(letter),
        KeyCode::Backspace => {
            text.pop();
        }
        _ => return false,
    }
    true
}
