//! What is said between a session's terminal and whoever looks at it.

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::edge::control::call::ControlReply;
use crate::model::id::SessionId;
use crate::model::session::Terminal;

/// Somebody wants to look at a session.
#[derive(Debug)]
pub struct AttachCall {
    /// Which.
    pub session: SessionId,
    /// Takes the two ends, or the refusal.
    pub reply: oneshot::Sender<Result<Attached, ControlReply>>,
}

/// The two ends of a session's terminal. Dropping them lets it go; the session does not mind.
#[derive(Debug)]
pub struct Attached {
    /// What it shows; first [`Shown::About`].
    pub shown: mpsc::Receiver<Shown>,
    /// What is wanted of it.
    pub wishes: mpsc::Sender<Wish>,
}

/// What a terminal shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// What it is like.
    About(About),
    /// Output.
    Output {
        /// The offset of its first byte.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Output that is left out.
    Hole {
        /// The offset of its first byte.
        from: u64,
        /// The offset after its last byte.
        to: u64,
    },
    /// Its columns and rows are others from here on.
    Size(u16, u16),
    /// It has ended, in words for a person.
    Ended(String),
}

/// What a terminal is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The terminal.
    pub terminal: Terminal,
    /// Output from this offset on is new; what it asks before was asked of somebody else.
    pub end: u64,
}

/// What somebody who looks wants of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To type this.
    Keys(Vec<u8>),
    /// To tell it this of the mouse, as it has asked for that.
    Mouse(Vec<u8>),
    /// To answer this to what it asked before that offset; only one of those who look does.
    Answer {
        /// The offset after the question.
        offset: u64,
        /// The answer.
        bytes: Vec<u8>,
    },
    /// To have it in so many columns and rows. Whoever said so, or typed, last is the one who answers.
    Size(u16, u16),
}
