//! The holder's loop: one thread, one `poll(2)` over all that it holds.
//!
//! In each turn everything that happened is taken in first, then the tree is moved on, and only then is written what
//! there is to write, to the program and to the clients. So nothing that was heard waits for the next event.

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
use super::super::process::ProcessId;
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

/// What is ready.
#[derive(Debug, Default)]
struct Ready {
    signals: bool,
    listener: bool,
    output: bool,
    errors: bool,
    input_gone: bool,
    peers: Vec<u64>,
}

impl Serve {
    /// Holds the session until it has ended; `write` puts down how. Returns after the clients have been told.
    ///
    /// # Errors
    /// When `poll` fails for another reason than a signal.
    pub(super) fn serve(mut self, write: &dyn Fn(&ExitRecord)) -> io::Result<()> {
        let mut number = self.peers.len() as u64;
        let mut leave_at = None;
        loop {
            let ready = self.wait(leave_at)?;
            let now = Instant::now();
            if ready.signals {
                self.hear_signals(now);
            }
            if ready.listener {
                self.accept(&mut number);
            }
            for request in self.hear_peers(&ready.peers) {
                self.obey(request, now);
            }
            if ready.input_gone {
                self.program.input.give_up();
            }
            if ready.output || matches!(self.line, Line::HungUp(look) if now >= look) {
                self.read_output(TURN, now);
            }
            if ready.errors {
                self.read_errors(TURN);
            }
            if leave_at.is_none() {
                let silent = self.line != Line::Open && self.program.errors.is_none();
                self.tree.advance(now, silent);
                if self.tree.is_over() {
                    self.read_output(LAST, now);
                    self.read_errors(LAST);
                    self.program.input.give_up();
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

    /// Waits until something happens or is due.
    fn wait(&self, leave_at: Option<Instant>) -> io::Result<Ready> {
        let look = if let Line::HungUp(look) = self.line { Some(look) } else { None };
        let due = match leave_at {
            Some(at) => Some(at),
            None => [self.tree.next_wake(), look].into_iter().flatten().min(),
        };
        let due = due.map(|due| {
            // Rounded up: a timeout of zero would spin.
            let left = due.saturating_duration_since(Instant::now());
            let ms = millis(left.saturating_add(Duration::from_micros(999)));
            PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX)
        });

        let mut fds = vec![
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.listener.as_fd(), PollFlags::POLLIN),
        ];
        let over = leave_at.is_some();
        let output =
            add(&mut fds, (self.line == Line::Open && !over).then_some(&self.program.output), PollFlags::POLLIN);
        let errors = add(&mut fds, self.program.errors.as_ref().filter(|_| !over), PollFlags::POLLIN);
        add(&mut fds, self.program.input.waits_for(), PollFlags::POLLOUT);
        let input = add(&mut fds, self.program.input.pipe(), PollFlags::empty());
        let first_peer = fds.len();
        for peer in &self.peers {
            let flags = if peer.has_more() { PollFlags::POLLIN | PollFlags::POLLOUT } else { PollFlags::POLLIN };
            fds.push(PollFd::new(peer.socket.as_fd(), flags));
        }

        match poll(&mut fds, due) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let any = |index: usize| fds.get(index).and_then(PollFd::any).unwrap_or(false);
        let gone = PollFlags::POLLERR | PollFlags::POLLHUP;
        let is_gone = |index: usize| fds.get(index).and_then(PollFd::revents).is_some_and(|f| f.intersects(gone));
        let heard = |index: usize| {
            let flags = fds.get(index).and_then(PollFd::revents).unwrap_or(PollFlags::empty());
            flags.intersects(PollFlags::POLLIN | gone)
        };
        Ok(Ready {
            signals: any(0),
            listener: any(1),
            output: output.is_some_and(any),
            errors: errors.is_some_and(any),
            input_gone: input.is_some_and(is_gone),
            peers: (self.peers.iter().enumerate())
                .filter(|(index, _)| heard(first_peer + index))
                .map(|(_, peer)| peer.number)
                .collect(),
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
            if let Ok(socket) = unblock(socket)
                && self.peers.len() < CLIENTS
            {
                *number += 1;
                self.peers.push(Peer::new(*number, socket));
            }
        }
    }

    fn hear_peers(&mut self, ready: &[u64]) -> Vec<(u64, Request)> {
        let mut requests = Vec::new();
        for peer in self.peers.iter_mut().filter(|peer| ready.contains(&peer.number)) {
            let number = peer.number;
            requests.extend(peer.receive().into_iter().map(|request| (number, request)));
        }
        requests
    }

    fn obey(&mut self, (number, request): (u64, Request), now: Instant) {
        let hello = Report::Hello(Hello { version: VERSION, holder: self.holder, leader: self.tree.leader() });
        let peer = self.peers.iter_mut().find(|peer| peer.number == number);
        match request {
            Request::Attach(attach) => {
                if let Some(peer) = peer {
                    peer.tell(&hello);
                    peer.attach(attach);
                }
            }
            Request::Write(bytes) => {
                if !self.program.input.write(number, bytes)
                    && let Some(peer) = peer
                {
                    peer.leave();
                }
            }
            Request::CloseInput | Request::Signal(Rung::Ask) => self.program.input.close(),
            Request::Resize { columns, rows } => self.program.resize(columns, rows),
            Request::Signal(rung) => self.tree.signal(rung, now),
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

/// Adds a file to what is waited for; returns its place in the list.
fn add<'a>(fds: &mut Vec<PollFd<'a>>, file: Option<&'a File>, flags: PollFlags) -> Option<usize> {
    fds.push(PollFd::new(file?.as_fd(), flags));
    Some(fds.len() - 1)
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
