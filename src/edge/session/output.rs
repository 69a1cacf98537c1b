//! What a session says.

use tokio::sync::mpsc;

use crate::model::session::Exit;

/// What a session says, in order; [`SessionOutput::Ended`] comes exactly once, and last.
///
/// Not receiving costs the program nothing: the holder keeps the output. Dropping it is fine, too.
pub type Output = mpsc::Receiver<SessionOutput>;

/// What a session says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOutput {
    /// Output.
    Bytes {
        /// The offset of the first byte.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Standard error, when it is a pipe of its own; always from its beginning, also after an attach.
    Errors(Vec<u8>),
    /// Another client has typed this into the terminal.
    Typed(Vec<u8>),
    /// Others have typed meanwhile, and what [`write_unless`](super::Session::write_unless) was to write was not written.
    NotWritten,
    /// Output that is not kept any more: the log was full and the reader too slow.
    Hole {
        /// The offset of the first byte that is lost.
        from: u64,
        /// The offset after the last one.
        to: u64,
    },
    /// The whole tree has ended.
    Ended(Exit),
}

/// The session has ended, or its program takes no more input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session has ended or takes no more input")]
pub struct SessionGone;
