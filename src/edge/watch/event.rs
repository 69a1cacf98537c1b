//! What a watcher says.

use std::io;
use std::path::PathBuf;

use crate::model::path::ProjectPath;

/// What became of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A file or link is there, new or with other content. It may have been said before.
    Written,
    /// Nothing is there any more. If it was a folder, everything below it is gone, too, and is not named one by one.
    Removed,
}

/// Something a watcher noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// These paths changed, each named once, in their order; ignored ones are never among them.
    Changed(Vec<(ProjectPath, Kind)>),
    /// One of the repository's own files that were named at the start changed. Comes before the files that changed
    /// with it.
    GitMoved,
    /// Changes were missed; compare the project with what is known.
    Rescan {
        /// Why, for a person to read.
        reason: String,
    },
    /// The system's notices cannot be used; the project is looked through at intervals until they can.
    Degraded {
        /// Why, for a person to read.
        reason: String,
        /// What mends it: the command to type.
        hint: String,
    },
    /// The system's notices work again.
    Recovered,
}

/// Why nothing can be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The folder is not there, or no folder, or not readable.
    #[error("cannot watch {path}: {source}")]
    Project {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A glob of `[watch] ignore` cannot be understood.
    #[error("bad glob in watch.ignore: {0}")]
    Glob(String),
    /// The system has no watch for it.
    #[error("the system watches no more: {0}")]
    System(String),
    /// The system has no thread for it.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}
