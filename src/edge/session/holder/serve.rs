//! The holder's loop: one thread, one `poll(2)` over all that it holds.
//!
//! In each turn everything that happened is taken in first, then the tree is moved on, and only then is written what
//! there is to write, to the program and to the clients. So nothing that was heard waits for the next event.
#![expect(clippy::disallowed_methods, reason = "the holder is a process of its own, with its own clock")]

use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::model::session::Rung;
use crate::model::time::millis;

use super::super::place::ExitRecord;
use super::super::process::{ProcessId, is_from_session};
use super::super::wire::{Hello, PIECE, Report, Request, VERSION};
use super::peer::Peer;
use super::program::{Program, unblock};
use super::stream::{Stream, Times};
use super::tree::Tree;

/// The most clients at a time; more are turned away.
const CLIENTS: usize = 32;
/// How long the holder stays for clients that have not got everything, once all is over.
const LINGER: Duration = Duration::from_secs(1);
/// The most output read in one turn, so that the others have theirs.
const TURN: usize = 4 * PIECE;
/// More than a terminal and a pipe can hold together: what may be read after the end, when somebody still writes.
const LAST: usize = 4 * 1024 * 1024;
/// How often it is looked whether the program has opened its terminal again, after it had closed it altogether.
const REOPENED: Duration = Duration::from_millis(100);

/// A session that runs, and everything the holder needs for it.
pub(super) struct Serve {
    /// The holder itself.
    pub(super) holder: ProcessId,
    /// What marks the sessions of its project.
    pub(super) of_project: String,
    /// When the program started.
    pub(super) started: Instant,
    /// The program.
    pub(super) program: Program,
    /// Its processes.
    pub(super) tree: Tree,
    /// What it has written.
    pub(super) output: Stream,
    /// When.
    pub(super) times: Times,
    /// Its standard error, when that is a pipe of its own.
    pub(super) errors: Option<Stream>,
    /// Where clients come in; does not block.
    pub(super) listener: UnixListener,
    /// The signals that the holder gets, as bytes.
    pub(super) signals: PipeReader,
    /// The clients.
    pub(super) peers: Vec<Peer>,
    /// How the output's end of the terminal is.
    pub(super) line: Line,
}

/// How the output's end of the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Somebody has it open.
    Open,
    /// Nobody has it open; looked at again at this time, since the program can open its terminal by name.
    HungUp(Instant),
}

/// What something can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Signals,
    Listener,
    Peer(u64),
    Output,
    Errors,
    /// There may be room for more input; it is tried in each turn anyway.
    InputRoom,
    /// The program has closed its end of the input's pipe.
    InputEnd,
}

impl Serve {
    /// Holds the session until it has ended; `write` puts down how. Returns after the clients have been told.
    ///
    /// # Errors
    /// When `poll` fails for another reason than a signal.
    pub(super) fn serve(&mut self, write: &dyn Fn(&ExitRecord)) -> io::Result<()> {
        let mut number = self.peers.len() as u64;
        let mut leave_at = None;
        loop {
            let ready = self.wait(leave_at)?;
            let now = Instant::now();
            for source in ready {
                match source {
                    Source::Signals => self.hear_signals(now),
                    Source::Listener => self.accept(&mut number),
                    Source::Peer(number) => self.hear_peer(number, now),
                    Source::Output => self.read_output(TURN, now),
                    Source::Errors => self.read_errors(TURN),
                    Source::InputRoom => {}
                    Source::InputEnd => self.program.input.give_up(),
                }
            }
            if matches!(self.line, Line::HungUp(look) if now >= look) {
                self.read_output(TURN, now);
            }
            if leave_at.is_none() {
                let silent = self.line != Line::Open && self.program.errors.is_none();
                self.tree.advance(now, silent);
                if self.tree.is_over() {
                    self.read_output(LAST, now);
                    self.read_errors(LAST);
                    self.program.input.give_up();
                    self.output.finish();
                    if let Some(errors) = &mut self.errors {
                        errors.finish();
                    }
                    write(&self.record(now));
                    leave_at = Some(now + LINGER);
                }
            }
            for taken in self.program.input.flush() {
                if let Some(peer) = self.peers.iter_mut().find(|peer| peer.number == taken.from) {
                    peer.tell(&Report::Taken(taken.bytes));
                }
            }
            let closed = self.program.input.is_closed();
            let ended = leave_at.map(|_| self.tree.exit());
            for peer in &mut self.peers {
                peer.pump(&self.output, self.errors.as_ref(), closed, ended);
            }
            self.peers.retain(|peer| !peer.is_gone());
            if leave_at.is_some_and(|at| self.peers.is_empty() || now >= at) {
                return Ok(());
            }
        }
    }

    /// Waits until something happens or is due; returns what may have something.
    fn wait(&self, leave_at: Option<Instant>) -> io::Result<Vec<Source>> {
        let mut sources = vec![
            (Source::Signals, self.signals.as_fd(), PollFlags::POLLIN),
            (Source::Listener, self.listener.as_fd(), PollFlags::POLLIN),
        ];
        for peer in &self.peers {
            let room = if peer.has_more() { PollFlags::POLLOUT } else { PollFlags::empty() };
            sources.push((Source::Peer(peer.number), peer.socket.as_fd(), PollFlags::POLLIN | room));
        }
        if leave_at.is_none() {
            if self.line == Line::Open {
                sources.push((Source::Output, self.program.output.as_fd(), PollFlags::POLLIN));
            }
            if let Some(errors) = &self.program.errors {
                sources.push((Source::Errors, errors.as_fd(), PollFlags::POLLIN));
            }
            if let Some(input) = self.program.input.waits_for() {
                sources.push((Source::InputRoom, input.as_fd(), PollFlags::POLLOUT));
            } else if let Some(pipe) = self.program.input.pipe() {
                sources.push((Source::InputEnd, pipe.as_fd(), PollFlags::empty()));
            }
        }
        let mut fds: Vec<PollFd> = sources.iter().map(|&(_, fd, flags)| PollFd::new(fd, flags)).collect();
        match poll(&mut fds, self.timeout(leave_at)) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let ready = sources.iter().zip(&fds).filter(|(_, fd)| fd.any().unwrap_or(true));
        Ok(ready.map(|(&(source, ..), _)| source).collect())
    }

    /// Returns how long may be waited, for ever if nothing is due.
    fn timeout(&self, leave_at: Option<Instant>) -> PollTimeout {
        let look = if let Line::HungUp(look) = self.line { Some(look) } else { None };
        let due = leave_at.or_else(|| [self.tree.next_wake(), look].into_iter().flatten().min());
        due.map_or(PollTimeout::NONE, |due| {
            // Rounded up: a timeout of zero would spin.
            let left = due.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
            PollTimeout::try_from(millis(left)).unwrap_or(PollTimeout::MAX)
        })
    }

    /// SIGCHLD only wakes; SIGHUP is nothing to a process without a terminal; the others end the session.
    fn hear_signals(&mut self, now: Instant) {
        let mut bytes = [0; 256];
        while let Ok(count) = self.signals.read(&mut bytes) {
            for &byte in bytes.iter().take(count) {
                if matches!(Signal::try_from(i32::from(byte)), Ok(Signal::SIGTERM | Signal::SIGINT)) {
                    self.tree.end(now);
                }
            }
            if count < bytes.len() {
                return;
            }
        }
    }

    fn accept(&mut self, number: &mut u64) {
        while let Ok((socket, _)) = self.listener.accept() {
            // Only a supervisor has something to say to a holder; what runs in a session could type for a person.
            if !is_from_session(&socket, &self.of_project)
                && let Ok(socket) = unblock(socket)
                && self.peers.len() < CLIENTS
            {
                *number += 1;
                self.peers.push(Peer::new(*number, socket));
            }
        }
    }

    fn hear_peer(&mut self, number: u64, now: Instant) {
        let Some(at) = self.peers.iter().position(|peer| peer.number == number) else { return };
        let Some(requests) = self.peers.get_mut(at).map(Peer::receive) else { return };
        for request in requests {
            self.obey(at, request, now);
        }
    }

    fn obey(&mut self, at: usize, request: Request, now: Instant) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        match request {
            Request::Attach(attach) => {
                let (holder, leader) = (self.holder, self.tree.leader());
                let (end, terminal) = (self.output.end(), self.program.terminal);
                peer.tell(&Report::Hello(Hello { version: VERSION, holder, leader, end, terminal }));
                peer.attach(attach);
            }
            Request::Write(bytes) => self.write(at, bytes),
            Request::WriteUnless { typed, bytes } if peer.typed == typed => self.write(at, bytes),
            Request::WriteUnless { bytes, .. } => {
                // Nothing of it waits, so that the client may write as much again.
                peer.tell(&Report::Taken(bytes.len() as u64));
                peer.tell(&Report::NotWritten);
            }
            Request::Respond(bytes) => self.put(at, bytes),
            Request::CloseInput | Request::Signal(Rung::Ask) => self.program.input.close(),
            Request::Resize { columns, rows } => self.program.resize(columns, rows),
            Request::Signal(rung) => self.tree.signal(rung, now),
            Request::HoldClock(held) => self.tree.hold_clock(held, now),
        }
    }

    /// Writes for one client; what is typed into a terminal the others hear, in the order in which it is written.
    fn write(&mut self, at: usize, bytes: Vec<u8>) {
        if self.program.input.is_terminal() {
            let others = self.peers.iter_mut().enumerate().filter(|(other, _)| *other != at);
            for (_, other) in others {
                other.typed += bytes.len() as u64;
                other.tell(&Report::Typed(bytes.clone()));
            }
        }
        self.put(at, bytes);
    }

    fn put(&mut self, at: usize, bytes: Vec<u8>) {
        let Some(peer) = self.peers.get_mut(at) else { return };
        if !self.program.input.write(peer.number, bytes) {
            peer.leave();
        }
    }

    fn read_output(&mut self, most: usize, now: Instant) {
        let mut total = 0;
        while total < most {
            let (bytes, end) = read_piece(&mut self.program.output);
            if !bytes.is_empty() {
                self.times.note(self.output.end(), millis(now.saturating_duration_since(self.started)));
                self.output.push(&bytes);
                total += bytes.len();
            }
            match end {
                PieceEnd::Full => {}
                PieceEnd::NoMoreYet => {
                    self.line = Line::Open;
                    return;
                }
                PieceEnd::Closed => {
                    self.line = Line::HungUp(now + REOPENED);
                    return;
                }
            }
        }
    }

    fn read_errors(&mut self, most: usize) {
        let (Some(file), Some(stream)) = (&mut self.program.errors, &mut self.errors) else { return };
        let mut total = 0;
        while total < most {
            let (bytes, end) = read_piece(file);
            stream.push(&bytes);
            total += bytes.len();
            match end {
                PieceEnd::Full => {}
                PieceEnd::NoMoreYet => return,
                PieceEnd::Closed => {
                    self.program.errors = None;
                    return;
                }
            }
        }
    }

    fn record(&self, now: Instant) -> ExitRecord {
        let streams = [Some(&self.output), self.errors.as_ref()];
        ExitRecord {
            exit: self.tree.exit(),
            ran_ms: millis(now.saturating_duration_since(self.started)),
            output: self.output.end(),
            output_dropped: self.output.dropped(),
            errors: self.errors.as_ref().map_or(0, Stream::end),
            errors_dropped: self.errors.as_ref().map_or(0, Stream::dropped),
            swept: self.tree.swept(),
            left: self.tree.left(),
            notes: (streams.into_iter().flatten())
                .filter_map(|stream| Some(format!("the log ends early: {}", stream.trouble()?)))
                .collect(),
        }
    }
}

/// Why a piece ends where it does.
enum PieceEnd {
    Full,
    NoMoreYet,
    Closed,
}

/// Reads what there is, at most [`PIECE`] bytes; a terminal yields only a few kilobytes at a time.
fn read_piece(file: &mut File) -> (Vec<u8>, PieceEnd) {
    let mut bytes = vec![0; PIECE];
    let mut length = 0;
    let end = loop {
        if length == PIECE {
            break PieceEnd::Full;
        }
        match file.read(bytes.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break PieceEnd::Closed,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break PieceEnd::NoMoreYet,
            // EIO: nobody has the terminal open.
            Err(_) => break PieceEnd::Closed,
        }
    };
    bytes.truncate(length);
    (bytes, end)
}

/// Takes the connection that the holder was born with as its first client.
pub(super) fn first_peer(socket: UnixStream) -> Option<Peer> {
    unblock(socket).ok().map(|socket| Peer::new(1, socket))
}
