//! A question with a few answers; what it is about is shown whole and scrolls.

use super::sheet::{Answer, Sheet};
use super::subject::{self, Subject};
use crate::core::command::Command;
use crate::model::id::TaskId;
use crate::model::workspace::TreeId;
use crate::ui::event::Intent;
use crate::ui::state::State;

/// One of the answers.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The key that takes it, besides its number.
    pub key: char,
    /// What it says.
    pub text: String,
    /// The same for a narrow screen; empty: the same words.
    pub short: &'static str,
    /// What follows.
    pub intents: Vec<Intent>,
    /// Whether it is an answer to what is shown, and so has to wait until that is there.
    pub informed: bool,
}

impl Choice {
    /// An answer that may be given at any time.
    pub fn new(key: char, text: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { key, text: text.into(), short: "", intents, informed: false }
    }

    /// An answer that may be given once what it is about is shown.
    pub fn informed(key: char, text: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { informed: true, ..Self::new(key, text, intents) }
    }

    /// The same answer, with fewer words where there is little room.
    #[must_use]
    pub fn or(self, short: &'static str) -> Self {
        Self { short, ..self }
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What it is about.
    pub subject: Subject,
    /// The answers; `esc` is always another one, and changes nothing.
    pub choices: Vec<Choice>,
    /// The marked answer; enter takes it.
    pub marked: usize,
    /// The first row of the text that is shown.
    pub top: usize,
    /// The result that was shown, so that no answer goes to another one.
    pub shown: Option<TreeId>,
}

impl Ask {
    /// Asks; the first choice is marked.
    pub fn new(subject: Subject, choices: Vec<Choice>) -> Self {
        Self { subject, choices, marked: 0, top: 0, shown: None }
    }

    /// Returns what follows from an answer. A yes or a no to a result names the one that was shown: another may have
    /// come by the time it is heard.
    pub fn follows(&self, choice: &Choice) -> Vec<Intent> {
        let mut intents = choice.intents.clone();
        for intent in &mut intents {
            if let Intent::Command(Command::Land { result, .. } | Command::Refuse { result, .. }) = intent {
                result.clone_from(&self.shown);
            }
        }
        intents
    }

    /// Returns the task it is about, if it is about one.
    pub fn task(&self) -> Option<TaskId> {
        self.subject.task().map(|row| row.id)
    }

    /// Returns it as it is drawn now.
    pub(in crate::ui) fn sheet(&self, state: &State) -> Sheet {
        let is_informed = subject::is_informed(state, self);
        let answer = |choice: &Choice| Answer {
            key: Some(choice.key),
            text: choice.text.clone(),
            short: choice.short,
            is_dim: choice.informed && !is_informed,
        };
        Sheet {
            title: self.subject.title(state),
            lines: subject::lines(state, self),
            answers: self.choices.iter().map(answer).collect(),
            marked: Some(self.marked),
            top: self.top,
            hints: ("key or number answers   enter takes   esc not now", "enter takes   esc not now"),
        }
    }
}
