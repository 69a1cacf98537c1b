//! What can go wrong with the shadow repository, said so that a person can act.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::id::LandingId;

/// The result of everything in this folder.
pub(super) type Result<T> = std::result::Result<T, WorkspaceError>;

/// Why a snapshot, a workspace, a landing or an undo did not come about.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The program `git` is not on the `PATH`.
    #[error("git is not installed or not on the PATH; install git 2.38 or newer")]
    GitMissing,
    /// The installed git cannot merge trees in memory.
    #[error("git {found} is too old: 2.38 or newer is needed (for `git merge-tree --write-tree`)")]
    GitTooOld {
        /// What `git --version` said.
        found: String,
    },
    /// The project or its repository cannot be read.
    #[error("{} cannot be read: {source}; check its permissions", path.display())]
    NotReadable {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Our own state folder cannot be written.
    #[error("{} cannot be written: {source}; check permissions and free space of the state folder", path.display())]
    StateReadOnly {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A git command failed.
    #[error("`git {command}` failed ({status}): {stderr}")]
    Git {
        /// The command and its first arguments.
        command: String,
        /// How it ended.
        status: String,
        /// The first line of what it wrote to standard error.
        stderr: String,
    },
    /// A git command printed something that is not in its documented format.
    #[error("`git {command}` answered in an unknown format; please report this with the output of `git --version`")]
    Unreadable {
        /// The command.
        command: String,
    },
    /// A file operation failed.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There are no images of this landing.
    #[error("there is no landing {}; its images may have been removed", .0.0)]
    NoLanding(LandingId),
    /// This landing was rolled back or never got to its end, so there is nothing to undo.
    #[error("landing {} was not completed, there is nothing to undo", .0.0)]
    NotLanded(LandingId),
    /// A landing of this number is on disk already.
    #[error("landing {} exists already", .0.0)]
    LandingTaken(LandingId),
    /// The images of a landing are damaged.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Names the operation and the path of an input/output error.
pub(super) trait At<T> {
    /// Turns the error into [`WorkspaceError::Io`].
    fn at(self, what: &'static str, path: &Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| match source.kind() {
            io::ErrorKind::ReadOnlyFilesystem => WorkspaceError::StateReadOnly { path: path.to_owned(), source },
            _ => WorkspaceError::Io { what, path: path.to_owned(), source },
        })
    }
}
