//! What can be said before a supervisor runs, and how a person answers it.

use super::problem::Problem;
use crate::model::time::Wall;

/// What a person agreed to before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing: this is the first time.
    Nothing,
    /// To run something else.
    Other,
    /// To run the same, without agents.
    Checks,
}

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Front {
    /// The project would make us run something, and nobody has said yes to that.
    Trust {
        /// The project's name.
        project: String,
        /// What would run, a line for each thing.
        running: Vec<String>,
        /// What was agreed to before.
        before: Before,
        /// What kinds of project it looks like: `Rust`, `Node`.
        kinds: Vec<String>,
        /// The file that says what would run; nothing if it was detected.
        file: Option<String>,
        /// The agent that is not installed, and how to get it.
        missing_agent: Option<(String, String)>,
        /// Whether the project is no git repository.
        without_git: bool,
    },
    /// Nothing says what is green or red.
    NoChecks {
        /// The project's name.
        project: String,
        /// What was looked for, a line for each thing.
        looked_for: Vec<String>,
        /// What an `orchestrator.toml` could say.
        example: String,
    },
    /// The configuration cannot be used; it is read again whenever its file changes.
    BadConfig {
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// Another supervisor holds the project.
    Held {
        /// The project.
        project: String,
        /// Its process.
        pid: u32,
        /// Since when.
        since: Wall,
    },
    /// It cannot start.
    Failed {
        /// In a few words.
        title: String,
        /// What is wrong.
        message: String,
        /// What helps; empty if nothing is known.
        hint: String,
    },
    /// It starts, and that takes long.
    Starting {
        /// What is being done.
        what: String,
        /// How much of it is done, and how much there is, if that is known.
        progress: Option<(u64, u64)>,
        /// Since when.
        since: Wall,
    },
}

/// What a person answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontAnswer {
    /// Agrees to what would run.
    Agree,
    /// Agrees to the checks only: no agent starts by itself.
    ChecksOnly,
    /// Wants an `orchestrator.toml` written.
    Init,
    /// Wants the configuration opened in the editor.
    Edit,
    /// Wants it tried again.
    Retry,
    /// Wants the running supervisor shown.
    Attach,
    /// Leaves.
    Quit,
    /// Stops, as a signal would.
    Interrupt,
    /// Wants everything drawn anew.
    Redraw,
    /// Goes to the background of the shell.
    Suspend,
}

/// An answer that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The key that gives it.
    pub(super) key: char,
    /// What it says.
    pub(super) text: String,
    /// The same for a narrow screen; empty: the same words.
    pub(super) short: &'static str,
    /// What it comes to.
    pub(super) answer: FrontAnswer,
}

fn offer(key: char, text: impl Into<String>, short: &'static str, answer: FrontAnswer) -> Offer {
    Offer { key, text: text.into(), short, answer }
}

impl Front {
    /// Returns the answers that fit.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let quit = || offer('q', "leave", "", FrontAnswer::Quit);
        let init = || {
            offer(
                'i',
                "write an orchestrator.toml, to choose what runs",
                "write an orchestrator.toml",
                FrontAnswer::Init,
            )
        };
        match self {
            Self::Trust { file, before, .. } => vec![
                match before {
                    Before::Checks => offer('y', "agree to agents as well, and start", "", FrontAnswer::Agree),
                    Before::Nothing | Before::Other => offer('y', "agree, and start", "", FrontAnswer::Agree),
                },
                match before {
                    Before::Checks => offer(
                        'c',
                        "only run checks this time, too: no agent, no cost",
                        "checks only",
                        FrontAnswer::ChecksOnly,
                    ),
                    Before::Nothing | Before::Other => offer(
                        'c',
                        "agree, and only run checks this time: no agent, no cost",
                        "agree, checks only",
                        FrontAnswer::ChecksOnly,
                    ),
                },
                match file {
                    Some(file) => offer('e', format!("open {file} first"), "", FrontAnswer::Edit),
                    None => init(),
                },
                offer('q', "leave; nothing was run", "leave", FrontAnswer::Quit),
            ],
            Self::NoChecks { .. } => vec![
                init(),
                offer('e', "write it yourself, in your editor", "write it yourself", FrontAnswer::Edit),
                offer('r', "look again", "", FrontAnswer::Retry),
                quit(),
            ],
            Self::BadConfig { .. } => vec![
                offer('e', "open it in your editor, where it is wrong", "open your editor", FrontAnswer::Edit),
                offer('r', "read it again", "", FrontAnswer::Retry),
                quit(),
            ],
            Self::Held { .. } => vec![offer('a', "attach: show what it does", "", FrontAnswer::Attach), quit()],
            Self::Failed { .. } => vec![offer('r', "try again", "", FrontAnswer::Retry), quit()],
            Self::Starting { .. } => vec![quit()],
        }
    }

    /// Returns how many lines at the beginning of its text must have been shown before a yes is one.
    pub(super) fn must_see(&self) -> usize {
        match self {
            Self::Trust { running, .. } => running.len() + 1,
            Self::NoChecks { .. }
            | Self::BadConfig { .. }
            | Self::Held { .. }
            | Self::Failed { .. }
            | Self::Starting { .. } => 0,
        }
    }

    /// Returns the answer that is marked at first, so that enter gives it: only where it commits to nothing.
    pub(super) fn marked(&self) -> Option<usize> {
        match self {
            Self::Held { .. } => Some(0),
            Self::Trust { .. }
            | Self::NoChecks { .. }
            | Self::BadConfig { .. }
            | Self::Failed { .. }
            | Self::Starting { .. } => None,
        }
    }
}

impl FrontAnswer {
    /// Whether it is a yes to what is shown.
    pub(super) fn is_yes(self) -> bool {
        matches!(self, Self::Agree | Self::ChecksOnly)
    }
}
