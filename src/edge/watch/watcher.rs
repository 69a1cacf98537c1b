//! The thread that watches: how it is started, asked to end, and waited for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::edge::watch::event::{WatchError, WatchEvent};
use crate::edge::watch::native::Message;
use crate::edge::watch::observe::Loop;
use crate::edge::watch::options::Options;
use crate::model::settings::Watch;

/// A running watcher. It ends, and its thread with it, when dropped; not from within its own sink.
#[derive(Debug)]
pub struct Watcher {
    sender: Sender<Message>,
    thread: Option<JoinHandle<()>>,
    wakeups: Arc<AtomicU64>,
    watched: usize,
}

/// A watcher that cannot be shown to see anything; for a person to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blind {
    /// Its thread has ended.
    #[error("the watcher has ended")]
    Ended,
    /// A file was written where it watches, and it did not notice.
    #[error("the watcher did not notice a file that was written, within {} s", .0.as_secs())]
    Unseen(Duration),
}

impl Watcher {
    /// Proves that it still sees: a file is written into [`Options::proving_ground`], and is waited for at most so
    /// long to be noticed like any other. Without such a folder, or while it looks at intervals, that it answers at
    /// all must do.
    ///
    /// # Errors
    /// If it does not.
    pub fn prove(&self, limit: Duration) -> Result<(), Blind> {
        let (seen, told) = channel();
        self.sender.send(Message::Prove(seen)).map_err(|_| Blind::Ended)?;
        told.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => Blind::Unseen(limit),
            RecvTimeoutError::Disconnected => Blind::Ended,
        })
    }

    /// Returns how many folders it began to watch by the system's notices; 0 if it looks at intervals.
    pub fn watched(&self) -> usize {
        self.watched
    }

    /// Returns how often the thread has woken up: nothing happens, nothing is counted.
    pub fn wakeups(&self) -> u64 {
        self.wakeups.load(Ordering::Relaxed)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.sender.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // Fails if the sink panicked; that was said then.
            let _ = thread.join();
        }
    }
}

/// Watches `project` as [`start_with`] does, in the usual way.
///
/// # Errors
/// As [`start_with`].
pub fn start(
    project: &Path,
    settings: &Watch,
    git_files: Vec<PathBuf>,
    sink: impl Fn(WatchEvent) + Send + 'static,
) -> Result<Watcher, WatchError> {
    start_with(project, settings, git_files, Options::default(), sink)
}

/// Watches `project`; everything that changes after this returns is handed to `sink`, on the watcher's own thread.
///
/// `git_files` are files and folders of the repository, absolute, whose change is a [`WatchEvent::GitMoved`]; nothing
/// else of `.git` is looked at. Changes come as soon as they are noticed, unsettled and possibly more than once.
/// Changes of mode, owner or times alone are not reported, as far as the system tells them apart.
///
/// # Errors
/// If the project cannot be read, a glob cannot be understood, or there is no thread to be had. A system without
/// watches left is no error: it is reported as [`WatchEvent::Degraded`].
pub fn start_with(
    project: &Path,
    settings: &Watch,
    git_files: Vec<PathBuf>,
    options: Options,
    sink: impl Fn(WatchEvent) + Send + 'static,
) -> Result<Watcher, WatchError> {
    let (sender, receiver) = channel();
    let wakeups = Arc::new(AtomicU64::new(0));
    let (watching, trouble) = Loop::open(project, settings, git_files, options, sender.clone(), sink)?;
    let watched = watching.watched();
    let counter = Arc::clone(&wakeups);
    let thread = std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || watching.run(trouble, &receiver, &counter))
        .map_err(WatchError::Thread)?;
    Ok(Watcher { sender, thread: Some(thread), wakeups, watched })
}
