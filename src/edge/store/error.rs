//! What can go wrong with the journal, and what the reader can do about it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::model::id::Seq;

/// A journal that cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no journal at this place.
    #[error("there is no journal at {}; it appears when the supervisor has run once in this project", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file, its folder or the whole file system refuses writes.
    #[error(
        "the journal {} cannot be written ({cause}); make its folder writable or choose another with ORCHESTRATOR_STATE_DIR",
        path.display()
    )]
    ReadOnly {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The disk or the quota is used up.
    #[error("the journal {} cannot be written: the disk is full; free some space, it is tried again by itself", path.display())]
    Full {
        /// The journal.
        path: PathBuf,
    },
    /// The file is damaged, or no journal at all.
    #[error("the journal {} is damaged ({cause}); move it away to start with an empty history", path.display())]
    Corrupt {
        /// The journal.
        path: PathBuf,
        /// What was found.
        cause: String,
    },
    /// A newer version of this program wrote it.
    #[error(
        "the journal {} has format {found}, this program knows formats up to {known}; use the newer orchestrator-tui that wrote it",
        path.display()
    )]
    Newer {
        /// The journal.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// Another program holds the journal's write lock for longer than the busy time-out.
    #[error("the journal {} is held by another program; close what has it open (a SQLite shell, a backup)", path.display())]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// A fact does not follow the one before it.
    #[error("fact {} was given to the journal where {} was expected; please report this", found.0, expected.0)]
    OutOfOrder {
        /// The position that comes next.
        expected: Seq,
        /// The position it had.
        found: Seq,
    },
    /// A number is beyond what the file format holds (2^63 − 1).
    #[error("fact {} has a position or time beyond 2^63 − 1; please report this", seq.0)]
    TooLarge {
        /// The fact.
        seq: Seq,
    },
    /// The writer has stopped, so nothing can be appended any more.
    #[error("the journal {} is closed; restart the supervisor", path.display())]
    Closed {
        /// The journal.
        path: PathBuf,
    },
    /// The disk takes a write and does not come back.
    #[error("the journal {} was not written within {} s; look at its disk: `dmesg | tail` shows its errors", path.display(), limit.as_secs())]
    Silent {
        /// The journal.
        path: PathBuf,
        /// How long was waited.
        limit: Duration,
    },
    /// Anything else the database said.
    #[error("the journal {} failed: {cause}; `orchestrator-tui doctor` looks at its folder", path.display())]
    Other {
        /// The journal.
        path: PathBuf,
        /// What the database said.
        cause: String,
    },
}

impl StoreError {
    /// Reads what the database said about the journal at `path`.
    pub(super) fn from_database(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let cause = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly { path, cause }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch) => {
                Self::Corrupt { path, cause }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => match error {
                rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::IntegralValueOutOfRange(..) => {
                    Self::Corrupt { path, cause }
                }
                _ => Self::Other { path, cause },
            },
        }
    }
}
