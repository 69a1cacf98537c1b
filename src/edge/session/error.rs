//! Why a session did not start; told by the holder, so it also travels over the socket.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Why a session did not start. Nothing of it is left running.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartError {
    /// The folder to run in is not there.
    #[error("the folder {0} does not exist; the program was not started")]
    NoFolder(PathBuf),
    /// What should be the folder to run in is something else.
    #[error("{0} is not a folder; the program was not started")]
    NotAFolder(PathBuf),
    /// There is no such program.
    #[error("there is no program {0}; is it installed, and in PATH?")]
    NoProgram(PathBuf),
    /// The program is a script whose first line names a program that is not there.
    #[error("{0} is there, but what should run it is not; look at its first line")]
    NoInterpreter(PathBuf),
    /// The system refused to run the program.
    #[error("cannot run {program}: {reason}")]
    Refused {
        /// The program.
        program: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No terminal could be opened for it.
    #[error("cannot open a terminal: {0}")]
    Terminal(String),
    /// A file of the session cannot be written or read.
    #[error("cannot use {path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The socket cannot be made.
    #[error("cannot listen on {path}: {reason}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another holder serves this session.
    #[error("session is running already: a holder listens on {0}")]
    Running(PathBuf),
    /// The holder itself did not start, or ended without a word.
    #[error("the session's holder did not start: {0}")]
    Holder(String),
}

impl StartError {
    /// Returns the error for a file of the session.
    pub(super) fn file(path: impl Into<PathBuf>, reason: &dyn ToString) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }
}
