//! A question of an agent: what it asks, what can be said, and what has been said so far.

use std::collections::BTreeSet;

use ratatui::text::{Line, Span};

use super::sheet::{Answer, Sheet};
use crate::core::view::View;
use crate::model::question::{About, Choice, Question, Reply};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Where a person stands in answering a question.
#[derive(Clone, Debug)]
pub struct Replying {
    /// What was asked, as it is shown.
    pub question: Question,
    /// What was said to the parts before this one.
    pub said: Vec<Vec<String>>,
    /// The options of this part that are ticked, where several may be.
    pub ticked: BTreeSet<usize>,
    /// The marked answer; enter takes it.
    pub marked: usize,
    /// The first row of the text that is shown.
    pub top: usize,
    /// The row down to which the text was scrolled.
    pub seen: usize,
    /// A text that is being typed: why not, or an answer in words.
    pub typing: Option<String>,
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// This once; the plan is good.
    Allow,
    /// For this task.
    AllowForTask,
    /// No.
    Deny,
    /// No, and why.
    DenyWhy,
    /// An option, by its place.
    Option(usize),
    /// Something else, in words.
    Words,
}

impl Replying {
    /// Begins with nothing said.
    pub fn new(question: Question) -> Self {
        let mut replying =
            Self { question, said: Vec::new(), ticked: BTreeSet::new(), marked: 0, top: 0, seen: 0, typing: None };
        if replying.part().is_none() {
            // A yes is not what a hasty enter gives.
            replying.marked = replying.sayings().iter().position(|say| *say == Say::Deny).unwrap_or(0);
        }
        replying
    }

    /// Returns the part of a choice that is being answered.
    pub fn part(&self) -> Option<&Choice> {
        match &self.question.ask.about {
            About::Choice { parts } => parts.get(self.said.len()),
            About::Permission { .. } | About::Plan { .. } => None,
        }
    }

    /// Returns what can be said, in the order shown.
    pub fn sayings(&self) -> Vec<Say> {
        match &self.question.ask.about {
            About::Permission { .. } => vec![Say::Allow, Say::AllowForTask, Say::Deny, Say::DenyWhy],
            About::Plan { .. } => vec![Say::Allow, Say::Deny, Say::DenyWhy],
            About::Choice { .. } => {
                let options = self.part().map_or(0, |part| part.options.len());
                (0..options).map(Say::Option).chain([Say::Words, Say::Deny]).collect()
            }
        }
    }

    /// Says why it is not open any more, if so.
    pub fn is_over(&self, view: &View) -> Option<String> {
        if view.questions.contains(&self.question) {
            return None;
        }
        let number = self.question.id.0;
        Some(match &view.head.settled {
            Some((id, how)) if *id == self.question.id => format!("question {number} {how}"),
            Some(_) | None => format!("question {number} is not open any more"),
        })
    }

    /// Returns the letter of an answer, besides its number.
    pub fn letter(say: Say) -> Option<char> {
        match say {
            Say::Allow => Some('y'),
            Say::AllowForTask => Some('t'),
            Say::Deny => Some('D'),
            Say::DenyWhy | Say::Words => Some('w'),
            Say::Option(_) => None,
        }
    }

    /// Takes a text of one's own; returns the whole reply once every part is answered.
    pub fn word(&mut self, text: &str) -> Option<Reply> {
        match &self.question.ask.about {
            About::Permission { .. } | About::Plan { .. } => Some(Reply::Deny { why: text.trim().to_owned() }),
            About::Choice { .. } => {
                let said = self.ticked_labels().into_iter().chain([text.trim().to_owned()]).collect();
                self.choose(said)
            }
        }
    }

    /// Returns what is ticked of this part.
    fn ticked_labels(&self) -> Vec<String> {
        let offers = self.part().map_or(&[][..], |part| &part.options);
        self.ticked.iter().filter_map(|at| offers.get(*at)).map(|offer| offer.label.clone()).collect()
    }

    /// Takes the options of this part, by their places.
    pub fn pick(&mut self, options: &BTreeSet<usize>) -> Option<Reply> {
        self.part()?;
        self.ticked.clone_from(options);
        let labels = self.ticked_labels();
        self.choose(labels)
    }

    fn choose(&mut self, answer: Vec<String>) -> Option<Reply> {
        self.said.push(answer);
        (self.marked, self.top, self.seen) = (0, 0, 0);
        self.ticked.clear();
        self.part().is_none().then(|| Reply::Choose { answers: self.said.clone() })
    }

    /// Returns it as it is drawn now.
    pub(in crate::ui) fn sheet(&self, state: &State) -> Sheet {
        let Question { task, agent, ask, .. } = &self.question;
        let title = match (&ask.about, self.part()) {
            (About::Choice { parts }, Some(part)) if parts.len() > 1 => {
                format!("{task} {agent} asks   {} of {}: {}", self.said.len() + 1, parts.len(), part.header)
            }
            (about, _) => format!("{task} {agent} asks   {}", about.kind()),
        };
        let mut lines = self.lines(state);
        if let Some(text) = &self.typing {
            let what = match &ask.about {
                About::Choice { .. } => "your answer: ",
                About::Permission { .. } | About::Plan { .. } => "why not: ",
            };
            lines.push(Line::default());
            lines.extend(self.ticked_labels().iter().map(|label| Line::from(plain(&format!("[x] {label}")))));
            lines.push(Line::from(vec![
                Span::styled(what, state.theme.style(Role::Accent)),
                Span::raw(plain(text)),
                Span::styled("_", state.theme.style(Role::Accent)),
            ]));
        }
        let hints = match (&self.typing, self.part().is_some_and(|part| part.several)) {
            (Some(_), true) if !self.ticked.is_empty() => {
                ("enter sends it with what is ticked   esc back", "enter sends all   esc back")
            }
            (Some(_), _) => ("enter sends it   esc back", "enter sends   esc back"),
            (None, true) => {
                ("number ticks   enter sends what is ticked   esc not now", "number ticks   enter sends   esc not now")
            }
            (None, false) => ("number or letter answers   enter takes   esc not now", "enter takes   esc not now"),
        };
        let is_typing = self.typing.is_some();
        let answers = if is_typing { Vec::new() } else { self.answers() };
        let top = if is_typing { usize::MAX } else { self.top };
        Sheet { title, lines, answers, marked: (!is_typing).then_some(self.marked), top, hints }
    }

    fn lines(&self, state: &State) -> Vec<Line<'static>> {
        let text = |text: &str| text.lines().map(|line| Line::from(plain(line))).collect::<Vec<_>>();
        match (&self.question.ask.about, self.part()) {
            (About::Permission { tool, wants, why }, _) => {
                let head =
                    if tool == "Bash" { "It wants to run:".to_owned() } else { format!("It wants to use {tool}:") };
                let mut lines = vec![Line::from(plain(&head)), Line::default()];
                let bold = state.theme.style(Role::Accent);
                lines.extend(wants.lines().map(|line| Line::styled(format!("  {}", plain(line)), bold)));
                lines.push(Line::default());
                lines.push(Line::styled(plain(&format!("Asked because {why}.")), state.theme.style(Role::Dim)));
                lines
            }
            (About::Plan { plan }, _) => {
                let mut lines = vec![Line::from("Is this plan good?"), Line::default()];
                lines.extend(text(plan));
                lines
            }
            (About::Choice { .. }, Some(part)) => text(&part.text),
            (About::Choice { .. }, None) => Vec::new(),
        }
    }

    fn answers(&self) -> Vec<Answer> {
        let several = self.part().is_some_and(|part| part.several);
        let answer = |say: &Say| {
            let text = match (say, self.part()) {
                (Say::Allow, _) if matches!(self.question.ask.about, About::Plan { .. }) => "yes, go on".to_owned(),
                (Say::Allow, _) => "yes, allow once".to_owned(),
                (Say::AllowForTask, _) => format!("allow exactly this for {}", self.question.task),
                (Say::Deny, Some(_)) => "I do not want to say".to_owned(),
                (Say::Deny, None) => "deny".to_owned(),
                (Say::DenyWhy, _) => "deny and say why …".to_owned(),
                (Say::Words, _) => "something else …".to_owned(),
                (Say::Option(at), Some(part)) => part.options.get(*at).map_or_else(String::new, |offer| {
                    let more =
                        if offer.description.is_empty() { String::new() } else { format!(" · {}", offer.description) };
                    let tick = match (several, self.ticked.contains(at)) {
                        (true, true) => "[x] ",
                        (true, false) => "[ ] ",
                        (false, _) => "",
                    };
                    format!("{tick}{}{more}", offer.label)
                }),
                (Say::Option(_), None) => String::new(),
            };
            Answer { key: Self::letter(*say), text, short: "", is_dim: false }
        };
        self.sayings().iter().map(answer).collect()
    }
}
