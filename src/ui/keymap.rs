//! Which keys do what: built from the table of actions, changed by the user's file, asked chord by chord.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Context, TABLE};

/// One key with its modifiers. Shift is part of a letter: `G` is not `shift+g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chord {
    code: Key,
    ctrl: bool,
    alt: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Char(char),
    F(u8),
    Named(&'static str),
}

/// The names of keys that are no character, as files write them.
const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
];

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key; write `x`, `ctrl+d`, `alt+enter`, `f5`, `space`, `g>g`")]
pub struct BadKey(pub String);

impl Chord {
    /// Returns the chord of a key press; `None` for keys that cannot be bound.
    pub fn of(event: KeyEvent) -> Option<Self> {
        let code = match event.code {
            KeyCode::Char(letter) => Key::Char(letter),
            KeyCode::F(number) => Key::F(number),
            other => Key::Named(NAMED.iter().find(|(_, code)| *code == other)?.0),
        };
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match code {
            // Some terminals say ctrl+shift+d as ctrl+D.
            Key::Char(letter) if ctrl => Key::Char(letter.to_ascii_lowercase()),
            other => other,
        };
        Some(Self { code, ctrl, alt: event.modifiers.contains(KeyModifiers::ALT) })
    }
}

impl Chord {
    /// Whether it is the key that always stops.
    pub fn is_interrupt(&self) -> bool {
        *self == Self { code: Key::Char('c'), ctrl: true, alt: false }
    }

    /// Returns the names of keys that are no character.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name).chain(["space"])
    }
}

impl FromStr for Chord {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let (mut rest, mut ctrl, mut alt) = (text, false, false);
        loop {
            if let Some(after) = rest.strip_prefix("ctrl+") {
                (rest, ctrl) = (after, true);
            } else if let Some(after) = rest.strip_prefix("alt+") {
                (rest, alt) = (after, true);
            } else {
                break;
            }
        }
        let bad = || BadKey(text.to_owned());
        let mut letters = rest.chars();
        let code = match (letters.next(), letters.next()) {
            (Some(letter), None) => Key::Char(if ctrl { letter.to_ascii_lowercase() } else { letter }),
            (Some('f'), Some(_)) if rest[1..].parse::<u8>().is_ok_and(|number| (1..=24).contains(&number)) => {
                Key::F(rest[1..].parse().map_err(|_| bad())?)
            }
            _ if rest == "space" => Key::Char(' '),
            _ => Key::Named(NAMED.iter().find(|(name, _)| *name == rest).ok_or_else(bad)?.0),
        };
        Ok(Self { code, ctrl, alt })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl+")?;
        }
        if self.alt {
            f.write_str("alt+")?;
        }
        match self.code {
            Key::Char(' ') => f.write_str("space"),
            Key::Char(letter) => write!(f, "{letter}"),
            Key::F(number) => write!(f, "f{number}"),
            Key::Named(name) => f.write_str(name),
        }
    }
}

/// What a sequence of chords comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An action.
    Action(Action),
    /// More must follow; these may.
    More(Vec<(Chord, Action)>),
    /// Nothing.
    Nothing,
}

/// Which keys do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: BTreeMap<Vec<Chord>, Vec<Action>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let mut bindings: BTreeMap<Vec<Chord>, Vec<Action>> = BTreeMap::new();
        for entry in TABLE {
            for keys in entry.keys.split(' ') {
                // The table's own keys are tested to be readable.
                if let Ok(chords) = sequence(keys) {
                    bindings.entry(chords).or_default().push(entry.action);
                }
            }
        }
        Self { bindings }
    }
}

/// Keys that mean two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The keys, as they are shown.
    pub keys: String,
    /// What they do.
    pub one: Action,
    /// What they do as well, or what they hide because its keys begin with them.
    pub other: Action,
}

fn shown(chords: &[Chord]) -> String {
    chords.iter().map(ToString::to_string).collect()
}

/// Reads a sequence of chords: `g>g`.
///
/// # Errors
/// Which part of it is no key.
pub fn sequence(text: &str) -> Result<Vec<Chord>, BadKey> {
    if text == ">" {
        return Ok(vec![text.parse()?]);
    }
    text.split('>').map(str::parse).collect()
}

impl Keymap {
    /// Binds an action to these keys and no others.
    ///
    /// # Errors
    /// Which text names no key.
    pub fn bind(&mut self, action: Action, keys: &[String]) -> Result<(), BadKey> {
        let sequences = keys.iter().map(|keys| sequence(keys)).collect::<Result<Vec<_>, _>>()?;
        for actions in self.bindings.values_mut() {
            actions.retain(|known| *known != action);
        }
        for chords in sequences {
            self.bindings.entry(chords).or_default().push(action);
        }
        self.bindings.retain(|_, actions| !actions.is_empty());
        Ok(())
    }

    /// Returns keys that mean two things at the same place, or begin the keys of something else there.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let meets = |one: Action, other: Action| {
            let contexts = |action: Action| action.entry().map_or(&[][..], |entry| entry.contexts);
            one != other && contexts(one).iter().any(|context| contexts(other).contains(context))
        };
        let mut conflicts = Vec::new();
        for (keys, actions) in &self.bindings {
            let longer = self.bindings.range(keys.clone()..).take_while(|(other, _)| other.starts_with(keys));
            for (other, others) in longer {
                for action in actions {
                    for second in others.iter().filter(|second| meets(*action, **second)) {
                        // Two actions of one key conflict once.
                        if other != keys || action < second {
                            conflicts.push(Conflict { keys: shown(keys), one: *action, other: *second });
                        }
                    }
                }
            }
        }
        conflicts
    }

    /// Says what the chords so far come to in a context.
    pub fn find(&self, context: Context, chords: &[Chord]) -> Found {
        let fits = |action: &&Action| action.entry().is_some_and(|entry| entry.contexts.contains(&context));
        if let Some(action) = self.bindings.get(chords).and_then(|actions| actions.iter().find(fits)) {
            return Found::Action(*action);
        }
        let more: Vec<(Chord, Action)> = self
            .bindings
            .iter()
            .filter(|(keys, _)| keys.len() > chords.len() && keys.starts_with(chords))
            .filter_map(|(keys, actions)| Some((keys[chords.len()], *actions.iter().find(fits)?)))
            .collect();
        if more.is_empty() { Found::Nothing } else { Found::More(more) }
    }

    /// Returns the first key of an action, as it is shown; empty if it has none.
    pub fn key_of(&self, action: Action) -> String {
        self.keys_of(action).into_iter().next().unwrap_or_default()
    }

    /// Returns all keys of an action, as they are shown, those of the table first and in its order.
    pub fn keys_of(&self, action: Action) -> Vec<String> {
        let listed: Vec<&str> = action.entry().map(|entry| entry.keys.split(' ').collect()).unwrap_or_default();
        let place = |keys: &Vec<Chord>| {
            let written = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(">");
            listed.iter().position(|listed| *listed == written).unwrap_or(listed.len())
        };
        let mut keys: Vec<&Vec<Chord>> =
            self.bindings.iter().filter(|(_, actions)| actions.contains(&action)).map(|(chords, _)| chords).collect();
        keys.sort_by_key(|keys| place(keys));
        keys.into_iter().map(|chords| shown(chords)).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_read_and_means_one_thing_in_each_context() {
        for entry in TABLE {
            for keys in entry.keys.split(' ') {
                let chords = sequence(keys).unwrap();
                for context in entry.contexts {
                    assert_eq!(Keymap::default().find(*context, &chords), Found::Action(entry.action), "{keys}");
                }
            }
        }
    }

    #[test]
    fn a_first_chord_says_what_may_follow() {
        let found = Keymap::default().find(Context::Tasks, &["g".parse().unwrap()]);
        assert_eq!(found, Found::More(vec![("g".parse().unwrap(), Action::Top)]));
    }

    #[test]
    fn keys_that_mean_two_things_are_found() {
        assert_eq!(Keymap::default().conflicts(), []);
        let mut keymap = Keymap::default();
        keymap.bind(Action::Kill, &["k".to_owned()]).unwrap();
        keymap.bind(Action::Fix, &["g".to_owned()]).unwrap();
        // The other pane's keys are its own.
        keymap.bind(Action::NextMatch, &["n".to_owned()]).unwrap();
        let conflicts: Vec<_> =
            keymap.conflicts().into_iter().map(|found| (found.keys, found.one, found.other)).collect();
        let expected = [("g".to_owned(), Action::Fix, Action::Top), ("k".to_owned(), Action::Up, Action::Kill)];
        assert_eq!(conflicts, expected);
    }

    #[test]
    fn an_action_can_be_bound_to_another_key() {
        let mut keymap = Keymap::default();
        keymap.bind(Action::Kill, &["ctrl+k".to_owned(), "f8".to_owned()]).unwrap();
        assert_eq!(keymap.find(Context::Tasks, &["x".parse().unwrap()]), Found::Nothing);
        assert_eq!(keymap.find(Context::Tasks, &["ctrl+k".parse().unwrap()]), Found::Action(Action::Kill));
        assert_eq!(keymap.bind(Action::Kill, &["hyper+x".to_owned()]), Err(BadKey("hyper+x".to_owned())));
        assert_eq!(keymap.key_of(Action::Kill), "ctrl+k");
    }
}
