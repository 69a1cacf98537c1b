//! What is looked at, in the order shown, and what all probes share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::app::project::setup::Site;
use crate::config::Loaded;

/// How the folder begins in which everything is tried.
pub const SCRATCH: &str = "doctor-";

/// Everything that is looked at, in the order shown.
pub(super) const ORDER: [&str; 17] = [
    "configuration",
    "project",
    "state",
    "disk",
    "socket",
    "watcher",
    "watches",
    "holder",
    "undo",
    "git",
    "open files",
    "agent",
    "login",
    "fence",
    "reflink",
    "terminal",
    "supervisor",
];

/// How long a look at files or at the system may take; milliseconds, on a machine that swaps some seconds.
pub(super) const QUICK: Duration = Duration::from_secs(10);

/// How long a probe with processes and hundreds of files may take; a second or less, as a rule.
pub(super) const SLOW: Duration = Duration::from_secs(40);

/// What all probes share.
pub(super) struct Ground {
    /// The project and its state.
    pub(super) site: Arc<Site>,
    /// Its configuration, if it can be read.
    pub(super) loaded: Option<Loaded>,
    /// Our own program.
    pub(super) program: PathBuf,
    /// A folder to try things in: where the state lies, or where that cannot be, in the system's temporary folder.
    pub(super) scratch: PathBuf,
}

impl Ground {
    /// Returns a new folder for one probe.
    pub(super) fn folder(&self, name: &str) -> std::io::Result<PathBuf> {
        let folder = self.scratch.join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Returns a variable of the user's environment, if it is set.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.site.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Returns what exists of a path: itself or the nearest folder above it.
pub(super) fn existing(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"))
}
