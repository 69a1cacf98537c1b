//! How to watch.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// How to watch, where the usual way is not wanted.
#[derive(Clone, Debug)]
pub struct Options {
    /// Look the project through at intervals from the start and never use the system's notices (network folders).
    pub only_poll: bool,
    /// The interval between looks; large projects add to it.
    pub interval: Duration,
    /// Behave as if the system had only so many watches; it may be changed while the watcher runs.
    pub watch_limit: Option<Arc<AtomicUsize>>,
    /// A folder of ours outside of the project, watched besides, so that [`Watcher::prove`](super::Watcher::prove) can write into it.
    pub proving_ground: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { only_poll: false, interval: Duration::from_secs(2), watch_limit: None, proving_ground: None }
    }
}
