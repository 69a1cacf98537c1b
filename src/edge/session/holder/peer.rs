//! One client at the holder's socket: what it said, what it still has to hear.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use crate::model::session::Exit;

use super::super::wire::{Attach, Decoder, PIECE, Report, Request};
use super::stream::{Piece, Stream};

/// The most bytes read from, or written to, one client before the others have their turn.
const TURN: usize = 1024 * 1024;

/// One client.
///
/// It has no queue of output: it has a place in the output, and is sent what comes there when its socket has room.
/// So a client that does not read costs nothing and slows nobody; it finds what it has missed in the log, and where
/// the log was full, it is told the hole.
#[derive(Debug)]
pub(super) struct Peer {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its connection; read for as long as it lives.
    pub(super) socket: UnixStream,
    /// How many bytes others have typed since it came.
    pub(super) typed: u64,
    decoder: Decoder,
    out: Vec<u8>,
    sent: usize,
    next_output: Option<u64>,
    next_errors: u64,
    told_closed: bool,
    told_end: bool,
    gone: bool,
}

impl Peer {
    /// Takes a connection that does not block.
    pub(super) fn new(number: u64, socket: UnixStream) -> Self {
        Self {
            number,
            socket,
            typed: 0,
            decoder: Decoder::default(),
            out: Vec::new(),
            sent: 0,
            next_output: None,
            next_errors: 0,
            told_closed: false,
            told_end: false,
            gone: false,
        }
    }

    /// Returns whether the connection is of no more use.
    pub(super) fn is_gone(&self) -> bool {
        self.gone || (self.told_end && !self.has_more())
    }

    /// Ends the connection.
    pub(super) fn leave(&mut self) {
        self.gone = true;
    }

    /// Returns whether something waits for room in the socket.
    pub(super) fn has_more(&self) -> bool {
        self.sent < self.out.len()
    }

    /// Reads what the client has said.
    pub(super) fn receive(&mut self) -> Vec<Request> {
        let mut buffer = vec![0; PIECE];
        let mut requests = Vec::new();
        let mut total = 0;
        while total < TURN {
            match self.socket.read(&mut buffer) {
                Ok(0) => {
                    self.gone = true;
                    break;
                }
                Ok(count) => {
                    total += count;
                    self.decoder.push(buffer.get(..count).unwrap_or_default());
                    loop {
                        match self.decoder.request() {
                            Ok(Some(request)) => requests.push(request),
                            Ok(None) => break,
                            Err(_) => {
                                self.gone = true;
                                return requests;
                            }
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.gone = true;
                    break;
                }
            }
        }
        requests
    }

    /// Starts to send it the output from where it wants it.
    pub(super) fn attach(&mut self, attach: Attach) {
        self.next_output = Some(attach.from);
    }

    /// Queues a frame.
    pub(super) fn tell(&mut self, report: &Report) {
        report.encode(&mut self.out);
    }

    /// Sends what there is until the socket has no more room; `ended` is told when all else is.
    pub(super) fn pump(&mut self, output: &Stream, errors: Option<&Stream>, closed: bool, ended: Option<Exit>) {
        if closed && !self.told_closed && self.next_output.is_some() {
            self.told_closed = true;
            self.tell(&Report::InputClosed);
        }
        let mut total = 0;
        while !self.gone {
            if !self.has_more() {
                self.out.clear();
                self.sent = 0;
                self.fill(output, errors, ended);
            }
            // A turn ends with something left to send, so that the room for it is waited for.
            if !self.has_more() || total >= TURN {
                return;
            }
            match self.socket.write(self.out.get(self.sent..).unwrap_or_default()) {
                Ok(count) => {
                    self.sent += count;
                    total += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.gone = true,
            }
        }
    }

    fn fill(&mut self, output: &Stream, errors: Option<&Stream>, ended: Option<Exit>) {
        let Some(from) = self.next_output else { return };
        match output.read(from, PIECE) {
            Piece::Bytes(bytes) => {
                self.next_output = Some(from + bytes.len() as u64);
                self.tell(&Report::Output { offset: from, bytes });
            }
            Piece::Hole { to } => {
                self.next_output = Some(to);
                self.tell(&Report::Hole { from, to });
            }
            Piece::Nothing => {}
        }
        match errors.map_or(Piece::Nothing, |errors| errors.read(self.next_errors, PIECE)) {
            Piece::Bytes(bytes) => {
                self.next_errors += bytes.len() as u64;
                self.tell(&Report::Errors(bytes));
            }
            // Standard error has no offsets for the client; what is missing is counted in the exit record.
            Piece::Hole { to } => self.next_errors = to,
            Piece::Nothing => {}
        }
        let all = self.next_output.is_some_and(|at| at >= output.end())
            && errors.is_none_or(|errors| self.next_errors >= errors.end());
        if let (Some(exit), true, false) = (ended, all, self.told_end) {
            self.told_end = true;
            self.tell(&Report::Ended(exit));
        }
    }
}
