//! Where everything of a project lies outside of it: the state folder and the sockets.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::id::SessionId;

/// The program's folder below the roots.
const PROGRAM: &str = "orchestrator-tui";

/// The longest path a socket may have, in bytes: macOS has room for 104 with the final NUL, Linux for 108.
pub const SOCKET_PATH_MAX: usize = 103;

/// How much of a project's own name its folder shows, in characters.
const NAME_MAX: usize = 24;

/// A place that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The project folder does not exist or cannot be entered.
    #[error("the project {} cannot be opened: {source}; start in a folder that exists or name one with --project", path.display())]
    Project {
        /// The project.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no home folder to keep state in.
    #[error("no home folder is known, so there is no place for state; set ORCHESTRATOR_STATE_DIR")]
    NoHome,
    /// The state folder cannot be made or written.
    #[error("the state folder {} cannot be written: {source}; choose another with ORCHESTRATOR_STATE_DIR", path.display())]
    State {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder of the sockets cannot be made.
    #[error("the folder {} for sockets cannot be made: {source}; set XDG_RUNTIME_DIR to a folder of yours", path.display())]
    Sockets {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could put sockets into the folder.
    #[error(
        "{} is not a folder that only you can enter ({found}); remove it, or set XDG_RUNTIME_DIR to a folder of yours",
        path.display()
    )]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// Two projects have the same folder name.
    #[error("the state folder {} belongs to {}; choose another with ORCHESTRATOR_STATE_DIR", path.display(), owner.display())]
    Taken {
        /// The state folder.
        path: PathBuf,
        /// The project it belongs to.
        owner: PathBuf,
    },
}

/// Returns the folder that holds the state of all projects: `chosen` (`ORCHESTRATOR_STATE_DIR`), or
/// `orchestrator-tui` in the user's state folder (`XDG_STATE_HOME`; the data folder where a system has none).
///
/// # Errors
/// [`LayoutError::NoHome`] without either.
pub fn state_root(chosen: Option<&Path>) -> Result<PathBuf, LayoutError> {
    if let Some(chosen) = chosen.filter(|path| !path.as_os_str().is_empty()) {
        let absolute = std::path::absolute(chosen);
        return absolute.map_err(|source| LayoutError::State { path: chosen.to_owned(), source });
    }
    let folders = directories::ProjectDirs::from("", "", PROGRAM).ok_or(LayoutError::NoHome)?;
    Ok(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
}

/// Returns the user's runtime folder (`XDG_RUNTIME_DIR`), if there is one.
pub fn runtime_root() -> Option<PathBuf> {
    let folders = directories::BaseDirs::new()?;
    folders.runtime_dir().filter(|folder| folder.is_dir()).map(Path::to_owned)
}

/// The places of one project. Computing them touches nothing; [`Layout::create`] makes the folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    project: PathBuf,
    root: PathBuf,
    sockets: PathBuf,
}

impl Layout {
    /// Works out the places of the project at `project`.
    ///
    /// Sockets go to the runtime folder, else to the state folder, else to `/tmp/orchestrator-<uid>`: the first whose
    /// paths are short enough. A project that already has a folder for them keeps it, so that a command started
    /// without `XDG_RUNTIME_DIR` finds what runs.
    ///
    /// # Errors
    /// [`LayoutError::Project`] when the project cannot be opened.
    pub fn for_project(project: &Path, state_root: &Path, runtime_root: Option<&Path>) -> Result<Self, LayoutError> {
        let uid = nix::unistd::Uid::effective();
        let last_resort = PathBuf::from(format!("/tmp/orchestrator-{uid}"));
        Self::with_last_resort(project, state_root, runtime_root, &last_resort)
    }

    fn with_last_resort(
        project: &Path,
        state_root: &Path,
        runtime_root: Option<&Path>,
        last_resort: &Path,
    ) -> Result<Self, LayoutError> {
        let project =
            fs::canonicalize(project).map_err(|source| LayoutError::Project { path: project.to_owned(), source })?;
        let digest = hex(&Sha256::digest(project.as_os_str().as_bytes()), 12);
        let root = state_root.join(format!("{}{digest}", readable(&project)));
        let remembered = fs::read(root.join("sockets")).ok().map(|bytes| path_of(&bytes));
        let usable = remembered.filter(|folder| fits(folder) && check_private(folder).is_ok());
        let sockets = usable.unwrap_or_else(|| {
            // The state root is part of the name: two of them (tests, a second installation) must not meet.
            let name = hex(&Sha256::digest(root.as_os_str().as_bytes()), 12);
            let preferred = runtime_root.map(|folder| folder.join(PROGRAM).join(&name));
            let candidates = [preferred, Some(root.join("run"))];
            let fitting = candidates.into_iter().flatten().find(|folder| fits(folder));
            fitting.unwrap_or_else(|| last_resort.join(name))
        });
        Ok(Self { project, root, sockets })
    }

    /// Makes the folders, for the user alone, and proves that they can be written.
    ///
    /// # Errors
    /// [`LayoutError`] when a folder cannot be made or written, or is not safe.
    pub fn create(&self) -> Result<(), LayoutError> {
        let marker = self.root.join("project");
        match fs::read(&marker).map(|bytes| path_of(&bytes)) {
            Ok(owner) if owner != self.project => {
                return Err(LayoutError::Taken { path: self.root.clone(), owner });
            }
            Ok(_) | Err(_) => {}
        }
        for folder in [self.root.clone(), self.sessions(), self.work(), self.landings()] {
            make(&folder).map_err(|source| LayoutError::State { path: folder, source })?;
        }
        replace(&marker, self.project.as_os_str().as_bytes())
            .map_err(|source| LayoutError::State { path: marker, source })?;
        self.create_sockets()?;
        let remembered = self.root.join("sockets");
        replace(&remembered, self.sockets.as_os_str().as_bytes())
            .map_err(|source| LayoutError::State { path: remembered, source })
    }

    /// Makes the folder of the sockets, for the user alone.
    ///
    /// # Errors
    /// [`LayoutError`] when it cannot be made, or is not safe.
    pub fn create_sockets(&self) -> Result<(), LayoutError> {
        // The folder above is shared by projects and, in /tmp, could be anyone's: both must be ours.
        if let Some(above) = self.sockets.parent().filter(|above| *above != self.root) {
            make(above).map_err(|source| LayoutError::Sockets { path: above.to_owned(), source })?;
            check_private(above)?;
        }
        make(&self.sockets).map_err(|source| LayoutError::Sockets { path: self.sockets.clone(), source })?;
        check_private(&self.sockets)
    }

    /// The project, without links.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// The state folder of the project; `purge` removes it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// The folder of the sessions' transcripts.
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// The shadow repository.
    pub fn shadow(&self) -> PathBuf {
        self.root.join("shadow.git")
    }

    /// The folder of the workspaces.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// The folder of the landings' images.
    pub fn landings(&self) -> PathBuf {
        self.root.join("landings")
    }

    /// The project lock, unless `LOCK_FILE` moves it.
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The supervisor's own log.
    pub fn log(&self) -> PathBuf {
        self.root.join("orchestrator.log")
    }

    /// The folder of the sockets; `purge` removes it too.
    pub fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// The control socket, at most [`SOCKET_PATH_MAX`] bytes.
    pub fn control_socket(&self) -> PathBuf {
        self.sockets.join("control.sock")
    }

    /// The socket of a session's holder, at most [`SOCKET_PATH_MAX`] bytes.
    pub fn session_socket(&self, session: SessionId) -> PathBuf {
        session_socket(&self.sockets, session)
    }
}

fn session_socket(folder: &Path, session: SessionId) -> PathBuf {
    folder.join(format!("s{}.sock", session.0))
}

/// Whether even the longest socket name fits below `folder`.
fn fits(folder: &Path) -> bool {
    session_socket(folder, SessionId(u64::MAX)).as_os_str().len() <= SOCKET_PATH_MAX
}

/// Returns what a person recognises the project by, with a dash, or nothing.
fn readable(project: &Path) -> String {
    let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "._".contains(letter) { letter } else { '-' };
    let short: String = name.chars().map(plain).take(NAME_MAX).collect();
    match short.trim_matches(['-', '.']) {
        "" => String::new(),
        name => format!("{name}-"),
    }
}

fn hex(bytes: &[u8], digits: usize) -> String {
    let mut text = bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    text.truncate(digits);
    text
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()))
}

/// Makes a folder that only the user can enter; one that is there stays as it is.
fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a whole file at once, so that a reader sees the old or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Makes sure that a folder is a real one, ours, and closed to everyone else.
fn check_private(folder: &Path) -> Result<(), LayoutError> {
    let not_safe = |found: String| LayoutError::Unsafe { path: folder.to_owned(), found };
    let there =
        fs::symlink_metadata(folder).map_err(|source| LayoutError::Sockets { path: folder.to_owned(), source })?;
    if !there.is_dir() {
        return Err(not_safe("it is no folder".to_owned()));
    }
    if there.uid() != nix::unistd::Uid::effective().as_raw() {
        return Err(not_safe(format!("it belongs to user {}", there.uid())));
    }
    if there.mode() & 0o077 != 0 {
        return Err(not_safe(format!("its mode is {:03o}, not 700", there.mode() & 0o777)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
