//! The supervisor's end of a session: starts its holder, or finds it again, and says what the program shall do.
#![expect(
    clippy::disallowed_methods,
    reason = "only what a person or the machine asks goes through it: a few requests for each session"
)]

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::model::session::{Rung, SessionSpec, Terminal};

use super::error::StartError;
use super::follow::Follower;
use super::link::Link;
use super::output::{Output, SessionGone};
use super::place::{HOLDER_VARIABLE, Place, SESSION_VARIABLE};
use super::process::{self, ProcessId};
use super::window::Window;
use super::wire::{Hello, PIECE, Request};

/// How long a holder may take to say that the program runs; it takes milliseconds, on a machine out of breath more.
const HELLO: Duration = Duration::from_secs(30);
/// How many pieces of output, of at most 64 KB, may wait to be received before reading from the holder stops.
const QUEUE: usize = 64;

/// A handle on one session; cheap to clone. Dropping it ends nothing.
#[derive(Clone, Debug)]
pub struct Session {
    place: Arc<Place>,
    hello: Arc<OnceLock<Hello>>,
    requests: mpsc::UnboundedSender<Request>,
    window: Arc<Window>,
}

impl Session {
    /// Starts a session under a holder, `program holder`, where `program` is this program's own file.
    ///
    /// The holder outlives this process. The returned output begins at the first byte. Not to be cancelled half-way:
    /// the session might run then, to be found again by [`attach`](Self::attach).
    ///
    /// # Errors
    /// When the program does not start, with the true reason; nothing is left running.
    pub async fn start(program: &Path, spec: &SessionSpec) -> Result<(Self, Output), StartError> {
        let place = Place::of(spec);
        let (link, hello) = start_holder(program, &place, spec).await?;
        Ok(Self::follow(place, Some((link, hello)), 0))
    }

    /// Finds a session again and follows its output from the byte at `from`.
    ///
    /// Of a session that has ended it tells what the log holds, and how it ended if its holder wrote that down.
    /// Must be called within a runtime.
    pub async fn attach(place: Place, from: u64) -> (Self, Output) {
        let link = match UnixStream::connect(&place.socket).await {
            Ok(stream) => Link::open(stream, from).await.ok(),
            Err(_) => None,
        };
        Self::follow(place, link, from)
    }

    fn follow(place: Place, link: Option<(Link, Hello)>, from: u64) -> (Self, Output) {
        let (requests, to_write) = mpsc::unbounded_channel();
        let (out, output) = mpsc::channel(QUEUE);
        let session = Self {
            place: Arc::new(place),
            hello: Arc::new(OnceLock::new()),
            requests,
            window: Arc::new(Window::new()),
        };
        let hello = link.as_ref().map(|(_, hello)| *hello);
        if let Some(hello) = hello {
            // Set only here.
            let _ = session.hello.set(hello);
        }
        let follower = Follower {
            place: Arc::clone(&session.place),
            holder: hello.map(|hello| hello.holder),
            window: Arc::clone(&session.window),
            out,
            next_output: from,
            next_errors: 0,
        };
        tokio::spawn(follower.run(link.map(|(link, _)| link), to_write));
        (session, output)
    }

    /// Returns where the session's files are.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the holder; `None` when it was gone before this handle was made.
    pub fn holder(&self) -> Option<ProcessId> {
        self.hello.get().map(|hello| hello.holder)
    }

    /// Returns the program; `None` when its holder was gone before this handle was made.
    pub fn leader(&self) -> Option<ProcessId> {
        self.hello.get().map(|hello| hello.leader)
    }

    /// Returns its terminal, and how much it had written when this handle was made; `None` when its holder was gone
    /// before.
    pub fn terminal(&self) -> Option<(Terminal, u64)> {
        self.hello.get().map(|hello| (hello.terminal, hello.end))
    }

    /// Writes to the program's input, as one piece whatever other writers do. Waits only while 4 MB are on their way
    /// to a program that does not read; then the output must be received meanwhile, or both may wait for ever.
    ///
    /// # Errors
    /// When the session has ended or the input is closed.
    pub async fn write(&self, bytes: &[u8]) -> Result<(), SessionGone> {
        self.window.enter(bytes.len()).await?;
        for piece in bytes.chunks(PIECE) {
            self.send(Request::Write(piece.to_vec()))?;
        }
        Ok(())
    }

    /// Types into the terminal, unless others have typed more than these many bytes since this handle was made: all that
    /// [`SessionOutput::Typed`](super::SessionOutput::Typed) has told. Whether it was done follows from [`SessionOutput::NotWritten`](super::SessionOutput::NotWritten).
    ///
    /// # Errors
    /// When the session has ended, the input is closed, or it is more than one piece of 64 KB.
    pub async fn write_unless(&self, typed: u64, bytes: &[u8]) -> Result<(), SessionGone> {
        if bytes.len() > PIECE {
            return Err(SessionGone);
        }
        self.window.enter(bytes.len()).await?;
        self.send(Request::WriteUnless { typed, bytes: bytes.to_vec() })
    }

    /// Writes what a terminal says by itself: an answer to a query, a move of the mouse. Nobody hears of it as
    /// [`SessionOutput::Typed`](super::SessionOutput::Typed), and it does not count for [`write_unless`](Self::write_unless).
    ///
    /// # Errors
    /// When the session has ended or the input is closed.
    pub async fn respond(&self, bytes: &[u8]) -> Result<(), SessionGone> {
        self.window.enter(bytes.len()).await?;
        for piece in bytes.chunks(PIECE) {
            self.send(Request::Respond(piece.to_vec()))?;
        }
        Ok(())
    }

    /// Closes the program's input after what was written; a terminal is sent Ctrl-D.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn close_input(&self) -> Result<(), SessionGone> {
        self.send(Request::CloseInput)
    }

    /// Tells the session to end, this hard; its end is told by the output.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn signal(&self, rung: Rung) -> Result<(), SessionGone> {
        self.send(Request::Signal(rung))
    }

    /// Lets the session's time limit stand still, or run again.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn hold_clock(&self, held: bool) -> Result<(), SessionGone> {
        self.send(Request::HoldClock(held))
    }

    /// Changes the size of the terminal.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn resize(&self, columns: u16, rows: u16) -> Result<(), SessionGone> {
        self.send(Request::Resize { columns, rows })
    }

    fn send(&self, request: Request) -> Result<(), SessionGone> {
        self.requests.send(request).map_err(|_| SessionGone)
    }
}

/// Starts the holder; its standard output is a socket whose other end is ours. So it is heard from its first word on,
/// and there is nothing to wait or to look for.
///
/// Its standard input is the specification, which holds secrets: it is in no file and in no list of processes, and gone
/// with whichever of the two dies.
async fn start_holder(program: &Path, place: &Place, spec: &SessionSpec) -> Result<(Link, Hello), StartError> {
    let failed = |error: io::Error| StartError::Holder(error.to_string());
    let json = serde_json::to_vec(spec).map_err(|error| failed(error.into()))?;
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(failed)?;
    ours.set_nonblocking(true).map_err(failed)?;
    let ours = UnixStream::from_std(ours).map_err(failed)?;
    let mut child = {
        let mut command = Command::new(program);
        // Which session it holds is for whoever lists processes; what it is told comes on its input.
        let held = place.logs.join(place.id.0.to_string());
        command.arg("holder").arg(held).stdin(Stdio::piped()).stderr(Stdio::null());
        command.stdout(Stdio::from(OwnedFd::from(theirs)));
        command.env_clear().env(SESSION_VARIABLE, place.marked()).env(HOLDER_VARIABLE, "1");
        command.spawn().map_err(|error| StartError::Holder(format!("{}: {error}", program.display())))?
    };
    let pid = child.id();
    if let Some(mut input) = child.stdin.take() {
        // Beside the waiting for its first word: it may be more than a pipe holds.
        tokio::spawn(async move { input.write_all(&json).await });
    }
    // Waited for whenever it ends, while this process lives; after that it is the system's.
    tokio::spawn(async move { child.wait().await });
    if let Ok(opened) = tokio::time::timeout(HELLO, Link::open(ours, 0)).await {
        return opened;
    }
    // It must not start the program any more, after this was reported as failed.
    if let Some(id) = pid.and_then(|pid| ProcessId::of(i32::try_from(pid).ok()?)) {
        process::kill(id);
    }
    Err(StartError::Holder(format!("it said nothing for {} s", HELLO.as_secs())))
}
