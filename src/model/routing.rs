//! Which work an event starts: the rules, as data.

use serde::{Deserialize, Serialize};

/// The longest name of an event, in bytes.
const LONGEST: usize = 80;

/// When this happens, do that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The type of an event: `task.assigned`, `pr.created`.
    pub event: String,
    /// What follows.
    pub does: Does,
}

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// A task for a role is filed.
    Start {
        /// The role.
        role: String,
        /// The workflow that it goes through.
        workflow: String,
    },
    /// The subject of the event is done.
    Complete,
    /// The subject of the event is over, and what went wrong is filed as a bug.
    FileBug,
}

/// Whether a text can be the type of an event: lower-case words with dots between them, at least two.
pub fn is_event(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|letter: char| letter.is_ascii_lowercase())
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter))
    };
    text.len() <= LONGEST && text.contains('.') && text.split('.').all(word)
}

/// Returns what follows from an event, in order; nothing if no rule names it.
pub fn follows<'a>(rules: &'a [Rule], event: &str) -> impl Iterator<Item = &'a Does> {
    rules.iter().filter(move |rule| rule.event == event).map(|rule| &rule.does)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_words_with_dots() {
        for good in ["task.assigned", "pr.changes.requested", "file.changed", "a.b2_c-d"] {
            assert!(is_event(good), "{good}");
        }
        let long = format!("a.{}", "b".repeat(LONGEST));
        for bad in ["", "pr", "pr.", ".created", "Pr.Created", "pr created", "pr..x", "pr.2", "pr.cré", &long] {
            assert!(!is_event(bad), "{bad}");
        }
    }
}
