//! A screen with a name, and the way to it: events and keys, as a person and a supervisor would send them.

use orchestrator_tui::core::view::View;
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::ui::event::{Event, Intent};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::update::update;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixture::{NOW, detail};
use super::past::story;

/// A screen with a name.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) make: fn((u16, u16)) -> State,
}

/// A person before the screen, with a supervisor behind it that answers what it is asked for.
pub(crate) struct Person {
    pub(crate) state: State,
    pub(crate) intents: Vec<Intent>,
}

impl Person {
    /// Sits down before a screen that has seen nothing yet.
    pub(crate) fn new(size: (u16, u16)) -> Self {
        Self { state: State::new("justice-companion", size, NOW), intents: Vec::new() }
    }

    /// Sits down before a supervisor that looks like this, with this task selected.
    pub(crate) fn before(view: View, task: Option<u32>, size: (u16, u16)) -> Self {
        let mut person = Self::new(size);
        person.state.selected = task.map(TaskId);
        person.sends(Event::Seen(Box::new(view)))
    }

    /// Something reaches the screen now.
    #[must_use]
    pub(crate) fn sends(mut self, event: Event) -> Self {
        let intents = update(&mut self.state, NOW, event);
        for intent in &intents {
            if let Intent::Fetch(task) = intent {
                let view = self.state.view.clone();
                let detail = detail(&view, task.0);
                update(&mut self.state, NOW, Event::Detailed(Box::new(detail)));
                let facts = story(&view, task.0);
                update(&mut self.state, NOW, Event::Told { task: *task, facts, cut: false });
            }
        }
        self.intents.extend(intents);
        self
    }

    /// Presses keys: letters as they are, others by name in angle brackets: `gg<enter>`.
    #[must_use]
    pub(crate) fn types(mut self, text: &str) -> Self {
        for key in keys(text) {
            self = self.sends(key);
        }
        self
    }
}

/// Reads keys: letters as they are, others by name in angle brackets.
pub(crate) fn keys(text: &str) -> Vec<Event> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
        let (key, after) = match named {
            Some((name, after)) => (named_key(name), after),
            None => (KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE), &rest[letter.len_utf8()..]),
        };
        keys.push(Event::Key(key));
        rest = after;
    }
    keys
}

fn named_key(name: &str) -> KeyEvent {
    let (name, modifiers) = match name.strip_prefix("ctrl+") {
        Some(rest) => (rest, KeyModifiers::CONTROL),
        None => (name, KeyModifiers::NONE),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        letter => KeyCode::Char(letter.chars().next().expect("a key")),
    };
    KeyEvent::new(code, modifiers)
}
