//! What an agent's session tells the machine; byte streams are read at the edge.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::cost::Spent;
use crate::model::outcome::Outcome;
use crate::model::question::{Ask, Reply};
use crate::model::time::Wall;

/// One line of an agent's log, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Who or what speaks: `Claude`, `Bash`, `Edit`, `error`.
    pub label: String,
    /// What is said or done, one line, control characters stripped.
    pub text: String,
}

impl LogLine {
    /// The label of lines about editors that hold a landed file open.
    pub const EDITOR: &str = "editor";
    /// The label of the words of Claude.
    pub const CLAUDE: &str = "Claude";
    /// The label of the words of an agent that has no name of its own.
    pub const AGENT: &str = "agent";

    /// Whether it is what an agent says, and not what it does.
    pub fn is_words(&self) -> bool {
        [Self::CLAUDE, Self::AGENT].contains(&self.label.as_str())
    }
}

/// Something the machine must know about a running agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentReport {
    /// Its program runs; it has said nothing yet.
    Began,
    /// It is up and speaks its protocol; the id is its own name for the conversation.
    Ready {
        /// The agent's own session id, for resuming.
        conversation: String,
        /// The model it says it uses.
        model: String,
    },
    /// Lines for the log, gathered over a short while.
    Log(Vec<LogLine>),
    /// What this run has used so far in all (not since the last report).
    Used(Spent),
    /// A permission was refused by policy.
    Refused {
        /// What it wanted, one line.
        what: String,
    },
    /// It wanted what a safety rule forbids; it was not let, or it must end for having done it.
    Violation(Violation),
    /// It waits for what a person says.
    Asks(Ask),
    /// It does not wait for that any more.
    Withdrew {
        /// Its own name for the request.
        request: String,
    },
    /// A person has answered it in a place that it reads itself.
    Answered {
        /// Its own name for the request.
        request: String,
        /// What was said.
        reply: Reply,
        /// Where.
        by: String,
    },
    /// What it hands over to others, read from its last words; comes before [`AgentReport::Done`].
    HandsOver(Box<Outcome>),
    /// It has said that it is done, in its own protocol.
    Done(AgentResult),
    /// The service turned it away.
    Trouble(Trouble),
}

/// A wish that broke a safety rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which rule: `guard.git`.
    pub rule: String,
    /// What it wanted, one line; empty if that is in `why`.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what.as_str() {
            "" => write!(f, "{}: {}", self.rule, self.why),
            what => write!(f, "{}: {what} ({})", self.rule, self.why),
        }
    }
}

/// What an agent says at its end; never proof of anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentResult {
    /// Whether it says that it went well.
    pub ok: bool,
    /// Its last words, or the error.
    pub text: String,
}

/// Why the service turned an agent away, from structured fields only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 429: too many requests; wait until the given time if the service named one.
    RateLimit {
        /// When to try again.
        until: Option<Wall>,
    },
    /// 401 or 403, or not logged in: no run can succeed before a person acts.
    Login {
        /// What the service or the program said.
        message: String,
    },
    /// 529 or 503: busy; the agent retries by itself, this is for the log only.
    Overloaded,
    /// The budget handed to the agent is used up.
    Budget,
}
