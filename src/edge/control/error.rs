//! How it goes wrong to ask a supervisor: nobody is there, or no reply comes that can be read.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// How long a reply may take. The supervisor answers from memory; this is for a machine that swaps.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The largest reply or line that is read, in bytes: a history of 10,000 tasks several times over.
pub(super) const REPLY_MAX: usize = 64 * 1024 * 1024;

/// Nobody answers.
#[derive(Debug, thiserror::Error)]
pub enum NotRunning {
    /// There is no socket.
    #[error("no supervisor runs in this project (no socket at {}); start one with `orchestrator-tui`", socket.display())]
    NoSocket {
        /// Where it was looked for.
        socket: PathBuf,
    },
    /// A supervisor died and left its socket.
    #[error(
        "no supervisor runs in this project: the last one ended without removing {}; start one with `orchestrator-tui`",
        socket.display()
    )]
    Stale {
        /// The socket.
        socket: PathBuf,
    },
    /// The socket cannot be opened.
    #[error("the supervisor at {} cannot be reached: {source}; is it another user's?", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ClientError {
    /// Whether the supervisor came to its end, as far as can be seen: it said so, or it went away while it was asked.
    pub fn is_its_end(&self) -> bool {
        match self {
            Self::NotRunning(NotRunning::NoSocket { .. } | NotRunning::Stale { .. })
            | Self::Broken { .. }
            | Self::Refused { status: 503, .. }
            | Self::Ended { .. } => true,
            Self::NotRunning(NotRunning::Unreachable { .. })
            | Self::Late
            | Self::Unreadable { .. }
            | Self::BadRequest { .. }
            | Self::Refused { .. }
            | Self::OtherVersion { .. } => false,
        }
    }
}

/// A request that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody was there to ask.
    #[error(transparent)]
    NotRunning(#[from] NotRunning),
    /// The connection broke; a command may have been carried out or not.
    #[error("the supervisor went away before it answered ({cause}); `orchestrator-tui status` shows what came of it")]
    Broken {
        /// What was seen.
        cause: String,
    },
    /// No reply came.
    #[error("the supervisor has not answered for {} s; look at it, or stop it", PATIENCE.as_secs())]
    Late,
    /// What came is not what a supervisor sends.
    #[error("the reply cannot be read ({cause}); are this program and the supervisor the same version?")]
    Unreadable {
        /// What is wrong with it.
        cause: String,
    },
    /// The path or the name cannot be part of a request.
    #[error("{text:?} cannot be asked for: {cause}")]
    BadRequest {
        /// What was given.
        text: String,
        /// What is wrong with it.
        cause: String,
    },
    /// It was refused.
    #[error("{reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason and the hint.
        reason: String,
    },
    /// The supervisor is of another version, and may show and mean other things.
    #[error(
        "supervisor {theirs} runs, this is {ours}; end it with `orchestrator-tui stop` and start again, or use {theirs}"
    )]
    OtherVersion {
        /// The supervisor's.
        theirs: String,
        /// Ours.
        ours: &'static str,
    },
    /// The supervisor came to its end just then.
    #[error("the supervisor has just ended{}", said.lines().next().map(|said| format!(": {said}")).unwrap_or_default())]
    Ended {
        /// What it said, if anything.
        said: String,
    },
}
