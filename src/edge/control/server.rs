//! The server's life: binds the socket, answers until it is told to stop, and ends in bounded time.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use super::archive::Archive;
use super::attach::AttachCall;
use super::call::{ControlCall, FactLine, Farewell};
use super::caller::{Doorkeeper, Entrance, Peer};
use super::door::Door;
use super::once::Replies;
use super::routes;
use super::views::Views;

/// How long open requests may take to end when the server stops; a person waits for the terminal meanwhile.
const DRAIN: Duration = Duration::from_millis(200);

/// A socket that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another supervisor answers there.
    #[error("another supervisor answers at {}; `orchestrator-tui status` asks it", path.display())]
    Answered {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket lies there.
    #[error("{} is in the way of the control socket; move it away", path.display())]
    InTheWay {
        /// What lies there.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("the control socket {} cannot be made: {source}; check its folder", path.display())]
    Refused {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What a server gives out, and where it passes requests on to.
pub struct Sources {
    /// Our version, which clients compare with theirs.
    pub version: &'static str,
    /// Takes requests.
    pub calls: mpsc::Sender<ControlCall>,
    /// Takes those who want to look at a session's terminal.
    pub attach: mpsc::Sender<AttachCall>,
    /// Gives out new facts.
    pub facts: broadcast::Sender<FactLine>,
    /// Knows the old ones.
    pub archive: Arc<dyn Archive>,
    /// Has the newest view.
    pub views: Views,
    /// Knows who may do what.
    pub keeper: Arc<dyn Doorkeeper>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    stop: watch::Sender<Option<Farewell>>,
    running: JoinHandle<()>,
}

impl Server {
    /// Serves the socket at `path`, readable and writable for the user alone, in a folder that only the user can
    /// enter.
    ///
    /// Must be called within a tokio runtime and while the project lock is held: a socket that a killed supervisor
    /// left there is removed.
    ///
    /// # Errors
    /// [`BindError`] when somebody answers there, or the socket cannot be made.
    pub fn start(path: &Path, sources: Sources) -> Result<Self, BindError> {
        let refused = |source: io::Error| BindError::Refused { path: path.to_owned(), source };
        remove_stale(path)?;
        let listener = UnixListener::bind(path).map_err(refused)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(refused)?;
        let (stop, stopping) = watch::channel(None);
        let Sources { version, calls, attach, facts, archive, views, keeper } = sources;
        let replies = Replies::default();
        let entrance = Entrance { listener, keeper: Arc::clone(&keeper) };
        let stopping_too = stopping.clone();
        let door = Door { calls, attach, facts, archive, views, keeper, version, stopping: stopping_too, replies };
        let router = routes::router(door).into_make_service_with_connect_info::<Peer>();
        let running = tokio::spawn(async move {
            let mut told = stopping.clone();
            let drained = axum::serve(entrance, router).with_graceful_shutdown({
                async move {
                    let _ = told.wait_for(Option::is_some).await;
                }
            });
            let mut stopping = stopping;
            let give_up = async {
                let _ = stopping.wait_for(Option::is_some).await;
                tokio::time::sleep(DRAIN).await;
            };
            tokio::select! {
                _ = drained => {}
                () = give_up => {}
            }
        });
        Ok(Self { path: path.to_owned(), stop, running })
    }

    /// Stops: takes no more requests, ends the streams, refuses what is unanswered (503), waits at most 200 ms for the
    /// replies to leave, and removes the socket. Those who look at the view hear `farewell` last.
    pub async fn stop(self, farewell: Farewell) {
        self.stop.send_replace(Some(farewell));
        let _ = self.running.await;
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes a socket on which nobody listens. To be asked before anything else is touched: whoever holds a lock that was
/// moved with `LOCK_FILE` is found only here.
///
/// # Errors
/// [`BindError`] when somebody answers there, or something else is in the way.
pub fn remove_stale(path: &Path) -> Result<(), BindError> {
    let refused = |source: io::Error| BindError::Refused { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => return Err(BindError::InTheWay { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(error)),
    }
    match std::os::unix::net::UnixStream::connect(path) {
        // The lock says there is nobody, the socket says there is: somebody moved the lock, and must be left alone.
        Ok(_) => Err(BindError::Answered { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(refused),
        Err(error) => Err(refused(error)),
    }
}
