//! One process tree under a holder: what to start, how to end it, how it ended.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::id::SessionId;
use crate::model::secret::Secret;

/// What the program's standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stdin {
    /// Nothing (`/dev/null`).
    Null,
    /// A pipe that the supervisor writes to; Claude's headless mode refuses a terminal here.
    Pipe,
    /// The terminal, for interactive programs.
    Terminal,
}

/// What to run and where; everything a holder needs, as one JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSpec {
    /// Which session this is; also the value of `ORCHESTRATOR_SESSION` in its environment, after `mark`.
    pub id: SessionId,
    /// What marks this project's sessions, so that leftovers are known after a crash: a hash of the state folder.
    pub mark: String,
    /// The program, by path or to be found in `PATH` of `env`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The folder it runs in; must exist.
    pub folder: PathBuf,
    /// Its whole environment; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// What it reads.
    pub stdin: Stdin,
    /// Whether standard error is a pipe of its own (appended to `<id>.err`) instead of the terminal.
    pub own_stderr: bool,
    /// Whether the terminal is raw: bytes come as written, no echo, no `\r\n`.
    pub raw: bool,
    /// The terminal's size, columns and rows.
    pub size: (u16, u16),
    /// Where `<id>.out`, `<id>.err`, `<id>.times` and `<id>.exit` are written.
    pub logs: PathBuf,
    /// The holder's socket, a short path.
    pub socket: PathBuf,
    /// How much of the output is kept in `<id>.out`, in bytes; what comes later is counted and dropped.
    pub log_cap: u64,
    /// How long it may run before the holder itself ends it, even without a supervisor.
    pub limit: Duration,
    /// Whether processes that outlive the program are left alone (shared build daemons).
    pub keep_daemons: bool,
    /// What is covered in what is kept of the output.
    #[serde(default)]
    pub secrets: Vec<Secret>,
}

/// The terminal of a session, as whoever looks at it must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Whether what is typed there reaches the program: it reads its terminal ([`Stdin::Terminal`]).
    pub typing: bool,
    /// Whether it is raw: a line feed only goes down.
    pub raw: bool,
    /// Its columns and rows.
    pub size: (u16, u16),
}

impl Default for Terminal {
    /// Returns one that nobody can type into.
    fn default() -> Self {
        Self { typing: false, raw: true, size: (80, 24) }
    }
}

/// How hard a session is told to end; each rung is given some time before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A request in the program's own protocol, or the end of its input.
    Ask,
    /// SIGINT to the program's process group.
    Interrupt,
    /// SIGTERM to the whole tree.
    Terminate,
    /// SIGKILL to the whole tree, in rounds, until nothing is left.
    Kill,
}

impl Rung {
    /// Returns the next harder one; the last has none.
    pub fn harder(self) -> Option<Self> {
        match self {
            Self::Ask => Some(Self::Interrupt),
            Self::Interrupt => Some(Self::Terminate),
            Self::Terminate => Some(Self::Kill),
            Self::Kill => None,
        }
    }

    /// Returns how long it is given before the next.
    pub fn patience(self) -> Duration {
        match self {
            Self::Ask | Self::Interrupt => Duration::from_secs(2),
            Self::Terminate => Duration::from_secs(3),
            Self::Kill => Duration::from_secs(5),
        }
    }
}

/// Who is no person, or cannot be told from one who is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stranger {
    /// A process of this session.
    Session(SessionId),
    /// A process of a session of another project.
    Elsewhere,
    /// A process that had ended before it was looked at, or that cannot be seen from here.
    Unknown,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It ran longer than its limit and the holder ended it.
    TimedOut,
    /// The holder is gone without a word; how the program ended is not known.
    Unknown,
}

impl Exit {
    /// Returns the number that a shell would have: 128 and more for a signal. What reached its time limit has none, as what
    /// ended it then is not its own doing.
    pub fn number(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal(signal) => Some(128 + signal),
            Self::TimedOut | Self::Unknown => None,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut => f.write_str("time limit"),
            Self::Unknown => f.write_str("unknown end"),
        }
    }
}
