//! What a probe found, and all of it together.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::time::Wall;

/// How a probe went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was proved.
    Ok,
    /// It works, with less than it could.
    Warning,
    /// It does not work.
    Fault,
    /// Whether it works cannot be known.
    Unknown,
    /// It was not tried, because something else does not work.
    Skipped,
    /// Nothing to be good or bad.
    Info,
}

impl State {
    /// Returns the sign that stands before the line.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Warning | Self::Unknown => "!",
            Self::Fault => "✗",
            Self::Skipped | Self::Info => "·",
        }
    }

    /// Returns the word that JSON uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::Info => "info",
        }
    }
}

/// What one probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it went.
    pub state: State,
    /// What was proved, or why not.
    pub said: String,
    /// The command or the edit that mends it; empty if there is nothing to mend.
    pub mend: String,
    /// Since when it is known to be broken.
    pub since: Option<Wall>,
    /// How long it took to find out.
    pub took: Duration,
}

impl Finding {
    fn new(name: &'static str, state: State, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, state, said: said.into(), mend: mend.into(), since: None, took: Duration::ZERO }
    }

    /// It works.
    pub(super) fn ok(name: &'static str, said: impl Into<String>) -> Self {
        Self::new(name, State::Ok, said, "")
    }

    /// It is so.
    pub(super) fn info(name: &'static str, said: impl Into<String>) -> Self {
        Self::new(name, State::Info, said, "")
    }

    /// It works, with less than it could.
    pub(super) fn warning(name: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Warning, said, mend)
    }

    /// It does not work.
    pub(super) fn fault(name: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Fault, said, mend)
    }

    /// It does not work, as an error says, whose text ends with what mends it after a semicolon.
    pub(super) fn fault_of(name: &'static str, error: &impl ToString, mend: &str) -> Self {
        let text = error.to_string();
        match text.rsplit_once("; ") {
            Some((said, mend)) => Self::fault(name, said, mend),
            None => Self::fault(name, text, mend),
        }
    }

    /// Whether it works cannot be known.
    pub(super) fn unknown(name: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Unknown, format!("unknown: {}", said.into()), mend)
    }

    /// It was not tried, because `other` does not work.
    pub(super) fn skipped(name: &'static str, other: &str) -> Self {
        Self::new(name, State::Skipped, format!("not tried without {other}"), "")
    }
}

/// All findings, in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One for each thing that was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is broken.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.state != State::Fault)
    }

    /// As `doctor --json` gives it out.
    pub fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "name": finding.name,
                "state": finding.state.name(),
                "said": finding.said,
                "mend": (!finding.mend.is_empty()).then_some(&finding.mend),
                "since": finding.since.map(Wall::iso),
                "took_ms": crate::model::time::millis(finding.took),
            })
        };
        json!({ "healthy": self.is_healthy(), "findings": self.findings.iter().map(finding).collect::<Vec<_>>() })
    }

    /// As `doctor` prints it.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for finding in &self.findings {
            let since = finding.since.map(|since| format!(" (since {})", since.iso())).unwrap_or_default();
            lines.push(format!("{} {:<13} {}{since}", finding.state.glyph(), finding.name, finding.said));
            if !finding.mend.is_empty() {
                lines.push(format!("{:<16}→ {}", "", finding.mend));
            }
        }
        let broken = self.findings.iter().filter(|finding| finding.state == State::Fault).count();
        lines.push(match broken {
            0 => "\nEverything that is needed works here.".to_owned(),
            1 => "\n1 thing does not work.".to_owned(),
            more => format!("\n{more} things do not work."),
        });
        lines.join("\n")
    }
}

/// Writes a short time in milliseconds.
pub(super) fn ms(took: Duration) -> String {
    format!("{} ms", took.as_millis().max(1))
}
