//! Where the files of a session are, and what its holder leaves in them.
//!
//! | file | content |
//! |---|---|
//! | `<id>.out` | the output, its first `log_cap` bytes; secrets are covered by as many other bytes |
//! | `<id>.err` | standard error, when it is a pipe of its own, in the same way |
//! | `<id>.times` | lines `OFFSET MS`: the byte of the output at OFFSET came MS milliseconds after the start |
//! | `<id>.exit` | the [`ExitRecord`] as JSON; there only when the whole tree has ended |

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::model::id::SessionId;
use crate::model::session::{Exit, SessionSpec};

/// The variable that marks every process of a session, and its holder: `<mark>/<id>`.
pub(super) const SESSION_VARIABLE: &str = "ORCHESTRATOR_SESSION";
/// The variable that tells a holder from what it holds.
pub(super) const HOLDER_VARIABLE: &str = "ORCHESTRATOR_HOLDER";
/// The variable of sessions whose daemons may outlive them; [`sweep`](super::sweep()) leaves those alone.
pub(super) const DAEMONS_VARIABLE: &str = "ORCHESTRATOR_DAEMONS";

/// What is needed to find a session again: all that a supervisor has to remember of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which session.
    pub id: SessionId,
    /// What marks the project's sessions.
    pub mark: String,
    /// The folder of its files.
    pub logs: PathBuf,
    /// Its holder's socket.
    pub socket: PathBuf,
}

impl Place {
    /// Returns where a session of this specification is.
    pub fn of(spec: &SessionSpec) -> Self {
        Self { id: spec.id, mark: spec.mark.clone(), logs: spec.logs.clone(), socket: spec.socket.clone() }
    }

    /// Returns what its processes carry in their environment.
    pub fn marked(&self) -> String {
        format!("{}/{}", self.mark, self.id.0)
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.logs.join(format!("{}.{extension}", self.id.0))
    }

    /// Returns the transcript.
    pub fn output(&self) -> PathBuf {
        self.file("out")
    }

    /// Returns the standard error.
    pub fn errors(&self) -> PathBuf {
        self.file("err")
    }

    /// Returns the time index of the transcript.
    pub fn times(&self) -> PathBuf {
        self.file("times")
    }

    /// Returns how it ended.
    pub fn exit(&self) -> PathBuf {
        self.file("exit")
    }

    /// Reads how the session ended; `None` while it runs, or when its holder died.
    pub fn exit_record(&self) -> Option<ExitRecord> {
        serde_json::from_slice(&fs::read(self.exit()).ok()?).ok()
    }
}

/// How a session ended, as its holder wrote it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// How the program ended.
    pub exit: Exit,
    /// How long it ran, in milliseconds.
    pub ran_ms: u64,
    /// How many bytes of output there were.
    pub output: u64,
    /// How many of them, the last ones, are not in `<id>.out`.
    pub output_dropped: u64,
    /// How many bytes of standard error there were, when it is a pipe of its own.
    pub errors: u64,
    /// How many of them, the last ones, are not in `<id>.err`.
    pub errors_dropped: u64,
    /// What the program left running and the holder ended; at most 100 are named.
    pub swept: Vec<Ended>,
    /// What could not be ended, not even by SIGKILL (a process that waits for a dead disk, for example).
    pub left: Vec<Ended>,
    /// What went wrong in the holder itself, for a reader.
    pub notes: Vec<String>,
}

/// A process that was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its number.
    pub pid: i32,
    /// Its name, cut by the kernel to 15 bytes.
    pub name: String,
}

/// Replaces a file whole: a reader sees the old one or the new one, never a part.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    File::create(&temporary)?.write_all(bytes)?;
    fs::rename(&temporary, path)
}
