//! Who is at the other end of a connection.

use std::io;
use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::model::session::Stranger;

/// Who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// A person, or a program that one runs.
    #[default]
    Person,
    /// What an agent or a check runs, or somebody who cannot be told from that.
    Stranger(Stranger),
}

/// Tells callers apart, and says what they may do.
pub trait Doorkeeper: Send + Sync + 'static {
    /// Returns who a process is; `None`: the system does not say which process it is. May block for a moment.
    fn who(&self, pid: Option<i32>) -> Caller;

    /// Whether somebody may ask for this path below `/api/v1/`.
    fn admits(&self, caller: Caller, method: &str, path: &str) -> bool;
}

/// A listener that looks at everybody who comes in: later, the number of a process that has ended may be another's.
pub(super) struct Entrance {
    pub(super) listener: UnixListener,
    pub(super) keeper: Arc<dyn Doorkeeper>,
}

/// Who connected, once that is known.
#[derive(Clone, Debug)]
pub(super) struct Peer(watch::Receiver<Option<Caller>>);

impl Peer {
    fn of(stream: &UnixStream, keeper: &Arc<dyn Doorkeeper>) -> Self {
        let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()).filter(|pid| *pid > 0);
        let (known, peer) = watch::channel(None);
        let keeper = Arc::clone(keeper);
        tokio::task::spawn_blocking(move || known.send_replace(Some(keeper.who(pid))));
        Self(peer)
    }

    pub(super) async fn caller(mut self) -> Caller {
        let known = self.0.wait_for(Option::is_some).await.ok().and_then(|caller| *caller);
        known.unwrap_or(Caller::Stranger(Stranger::Unknown))
    }
}

impl Listener for Entrance {
    type Io = UnixStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        let (stream, _) = Listener::accept(&mut self.listener).await;
        let peer = Peer::of(&stream, &self.keeper);
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Entrance>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Entrance>) -> Self {
        stream.remote_addr().clone()
    }
}
