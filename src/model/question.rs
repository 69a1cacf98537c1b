//! What an agent waits for a person to say, and what a person may say to it.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::model::id::{QuestionId, SessionId, TaskId};
use crate::model::time::Wall;

/// The longest text of a question that is kept, in characters; what is longer ends in a mark.
pub const LONGEST: usize = 16_000;

/// What a run asks, as it comes from the edge: control characters are stripped, secrets are covered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ask {
    /// The agent's own name for this request; together with its session it is the identity.
    pub request: String,
    /// Stands for exactly what was asked for, with what is covered or cut where it is shown; empty: nothing does.
    #[serde(default)]
    pub exact: String,
    /// What is asked.
    pub about: About,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum About {
    /// Whether a tool may be used.
    Permission {
        /// The tool: `Bash`, `WebFetch`.
        tool: String,
        /// All of what it wants to do: the whole command, the whole request.
        wants: String,
        /// Why it is not simply allowed.
        why: String,
    },
    /// Which way to go.
    Choice {
        /// One or more questions, answered together.
        parts: Vec<Choice>,
    },
    /// Whether a plan is good.
    Plan {
        /// The plan.
        plan: String,
    },
}

/// One question with its options; a free text is always an answer too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Choice {
    /// A word or two to tell it from the others.
    pub header: String,
    /// The question.
    pub text: String,
    /// What the agent offers, in order.
    pub options: Vec<Offer>,
    /// Whether several may be chosen.
    pub several: bool,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Offer {
    /// What is chosen.
    pub label: String,
    /// What it would mean.
    pub description: String,
}

/// A question that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// The task it is about.
    pub task: TaskId,
    /// The run that asks.
    pub session: SessionId,
    /// The name of the agent in the settings.
    pub agent: String,
    /// What it asks.
    pub ask: Ask,
    /// Stands for exactly what is shown: who answers says by it what was read.
    pub shown: String,
    /// Since when it waits.
    pub since: Wall,
}

/// A question of a task, as it is remembered: for its report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number.
    pub question: QuestionId,
    /// What was asked, in one line.
    pub text: String,
    /// What was said, or why nobody did; none: nothing yet.
    pub answer: Option<String>,
    /// Through which face; empty if nobody said anything.
    #[serde(default)]
    pub by: String,
}

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// This once; also: the plan is good.
    Allow,
    /// This, word for word, for as long as the task is open.
    AllowForTask,
    /// No.
    Deny {
        /// What the agent is told; may be empty.
        #[serde(default)]
        why: String,
    },
    /// For each question what was chosen: labels of options, or a text of one's own.
    Choose {
        /// In the order of the questions.
        answers: Vec<Vec<String>>,
    },
}

/// Why a question is closed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// The agent did not want to know any more.
    Withdrawn,
    /// Its run is over, or is told to end.
    RunOver,
    /// Nobody answered in time: the task waits, nothing was allowed or denied.
    Unanswered,
    /// The supervisor that ran it is gone.
    Restarted,
    /// A person has answered the dialog in the terminal of the agent.
    There,
}

impl Closed {
    /// Returns it as part of a sentence about the question.
    pub fn text(self) -> &'static str {
        match self {
            Self::Withdrawn => "the agent took it back",
            Self::RunOver => "its run is over",
            Self::Unanswered => "nobody answered in time",
            Self::Restarted => "the supervisor was started again meanwhile",
            Self::There => "answered in its terminal",
        }
    }
}

impl About {
    /// Returns the kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Permission { .. } => "permission",
            Self::Choice { .. } => "choice",
            Self::Plan { .. } => "plan",
        }
    }

    /// Returns what is asked in one line.
    pub fn brief(&self) -> String {
        let first = |text: &str| text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("").to_owned();
        match self {
            Self::Permission { tool, wants, .. } if tool == "Bash" => format!("wants to run: {}", first(wants)),
            Self::Permission { tool, wants, .. } => format!("wants to use {tool}: {}", first(wants)),
            Self::Choice { parts } => parts.first().map_or_else(String::new, |part| first(&part.text)),
            Self::Plan { plan } => format!("asks whether its plan is good: {}", first(plan)),
        }
    }
}

impl Question {
    /// Returns what stands for exactly this: the run, its request, and all that is shown.
    pub fn stamp(session: SessionId, ask: &Ask) -> String {
        // Kept with the question and compared with itself only, so a later version may hash otherwise.
        let mut hasher = DefaultHasher::new();
        (session, ask).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Says why a reply is none to this question.
    ///
    /// # Errors
    /// What a person can say instead.
    pub fn fits(&self, reply: &Reply) -> Result<(), String> {
        match (&self.ask.about, reply) {
            (About::Permission { .. }, Reply::Allow | Reply::AllowForTask | Reply::Deny { .. })
            | (About::Plan { .. }, Reply::Allow | Reply::Deny { .. })
            | (About::Choice { .. }, Reply::Deny { .. }) => Ok(()),
            (About::Permission { .. }, Reply::Choose { .. }) => {
                Err("it asks for a permission: allow it, allow it for the task, or deny it".to_owned())
            }
            (About::Plan { .. }, Reply::AllowForTask | Reply::Choose { .. }) => {
                Err("it asks whether a plan is good: allow it, or deny it and say why".to_owned())
            }
            (About::Choice { .. }, Reply::Allow | Reply::AllowForTask) => {
                Err("it asks which way to go: choose an option or write a text".to_owned())
            }
            (About::Choice { parts }, Reply::Choose { answers }) => fit(parts, answers),
        }
    }
}

fn fit(parts: &[Choice], answers: &[Vec<String>]) -> Result<(), String> {
    if parts.len() != answers.len() {
        return Err(format!("it asks {} questions, and {} are answered", parts.len(), answers.len()));
    }
    for (part, answer) in parts.iter().zip(answers) {
        if answer.is_empty() || answer.iter().any(|text| text.trim().is_empty()) {
            return Err(format!("{:?} has no answer", part.header));
        }
        if answer.len() > 1 && !part.several {
            return Err(format!("{:?} has one answer only", part.header));
        }
    }
    Ok(())
}

impl Reply {
    /// Says it in a few words.
    pub fn brief(&self) -> String {
        match self {
            Self::Allow => "allowed once".to_owned(),
            Self::AllowForTask => "allowed for this task".to_owned(),
            Self::Deny { why } if why.is_empty() => "denied".to_owned(),
            Self::Deny { why } => format!("denied: {why}"),
            Self::Choose { answers } => {
                let parts: Vec<String> = answers.iter().map(|answer| answer.join(", ")).collect();
                parts.join("; ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(about: About) -> Question {
        let ask = Ask { request: "r".to_owned(), exact: "x".to_owned(), about };
        let session = SessionId(3);
        let shown = Question::stamp(session, &ask);
        Question { id: QuestionId(1), task: TaskId(1), session, agent: "claude".to_owned(), ask, shown, since: Wall(0) }
    }

    fn choice(several: bool) -> Choice {
        let options = ["one", "two"].map(|label| Offer { label: label.to_owned(), description: String::new() });
        Choice { header: "way".to_owned(), text: "Which?".to_owned(), options: options.to_vec(), several }
    }

    #[test]
    fn a_reply_fits_only_its_kind_of_question() {
        let permission = question(About::Permission {
            tool: "Bash".to_owned(),
            wants: "make".to_owned(),
            why: "no rule allows it".to_owned(),
        });
        let plan = question(About::Plan { plan: "first this".to_owned() });
        let one = question(About::Choice { parts: vec![choice(false)] });
        let many = question(About::Choice { parts: vec![choice(true), choice(false)] });
        let choose = |answers: &[&[&str]]| Reply::Choose {
            answers: answers.iter().map(|answer| answer.iter().map(|&text| text.to_owned()).collect()).collect(),
        };
        let deny = Reply::Deny { why: String::new() };
        for asked in [&permission, &plan, &one, &many] {
            assert_eq!(asked.fits(&deny), Ok(()), "one can always say no");
        }
        assert!(permission.fits(&Reply::AllowForTask).is_ok() && permission.fits(&choose(&[&["x"]])).is_err());
        assert!(plan.fits(&Reply::Allow).is_ok() && plan.fits(&Reply::AllowForTask).is_err());
        assert!(one.fits(&Reply::Allow).is_err());
        for (asked, answers, fits) in [
            (&one, choose(&[&["one"]]), true),
            (&one, choose(&[&["something else"]]), true),
            (&one, choose(&[&["one", "two"]]), false),
            (&one, choose(&[&[]]), false),
            (&one, choose(&[&[" "]]), false),
            (&many, choose(&[&["one"]]), false),
            (&many, choose(&[&["one", "two"], &["two"]]), true),
        ] {
            assert_eq!(asked.fits(&answers).is_ok(), fits, "{answers:?}");
        }
    }

    #[test]
    fn the_stamp_stands_for_run_request_and_text() {
        let ask = |request: &str, plan: &str| Ask {
            request: request.to_owned(),
            exact: String::new(),
            about: About::Plan { plan: plan.to_owned() },
        };
        let stamp = Question::stamp(SessionId(1), &ask("a", "x"));
        assert_eq!(stamp, Question::stamp(SessionId(1), &ask("a", "x")));
        for other in [
            Question::stamp(SessionId(2), &ask("a", "x")),
            Question::stamp(SessionId(1), &ask("b", "x")),
            Question::stamp(SessionId(1), &ask("a", "y")),
        ] {
            assert_ne!(stamp, other);
        }
    }

    #[test]
    fn replies_are_written_as_json_in_one_way() {
        for (reply, json) in [
            (Reply::Allow, r#"{"reply":"allow"}"#),
            (Reply::Deny { why: "no".to_owned() }, r#"{"reply":"deny","why":"no"}"#),
            (Reply::Choose { answers: vec![vec!["a".to_owned()]] }, r#"{"reply":"choose","answers":[["a"]]}"#),
        ] {
            assert_eq!(serde_json::to_string(&reply).ok().as_deref(), Some(json));
            assert_eq!(serde_json::from_str::<Reply>(json).ok(), Some(reply));
        }
        assert_eq!(serde_json::from_str::<Reply>(r#"{"reply":"deny"}"#).ok(), Some(Reply::Deny { why: String::new() }));
    }
}
