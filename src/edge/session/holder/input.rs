//! What waits to be written to the program.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};

/// The most bytes that may wait. Clients keep far below it by waiting for what was taken.
const MOST: usize = 256 * 1024 * 1024;
/// The most bytes written in one turn, so that a program that reads as fast does not keep the holder from all else.
const TURN: usize = 1024 * 1024;
/// What a terminal takes as the end of input, unless the program has changed it (`VEOF`, Ctrl-D).
const END_OF_INPUT: u8 = 4;

/// Where the program's input goes in.
#[derive(Debug)]
pub(super) enum Door {
    /// Nowhere (any more).
    Closed,
    /// A pipe.
    Pipe(File),
    /// The terminal.
    Terminal(File),
}

/// The program's input.
#[derive(Debug)]
pub(super) struct Input {
    door: Door,
    waiting: VecDeque<Waiting>,
    size: usize,
    closing: bool,
    /// Whether the last byte typed ended a line.
    fresh_line: bool,
}

#[derive(Debug)]
struct Waiting {
    from: u64,
    bytes: Vec<u8>,
    taken: usize,
}

/// So many bytes of this client were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Which client.
    pub(super) from: u64,
    /// How many bytes.
    pub(super) bytes: u64,
}

impl Input {
    /// Returns an input with nothing waiting; the file must not block.
    pub(super) fn new(door: Door) -> Self {
        Self { door, waiting: VecDeque::new(), size: 0, closing: false, fresh_line: true }
    }

    /// Returns whether nothing can be written any more.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.door, Door::Closed)
    }

    /// Returns whether it is a terminal, into which several can type.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.door, Door::Terminal(_))
    }

    /// Returns the file that must become writable before [`flush`](Self::flush) can do more.
    pub(super) fn waits_for(&self) -> Option<&File> {
        match &self.door {
            Door::Pipe(file) | Door::Terminal(file) if !self.waiting.is_empty() => Some(file),
            _ => None,
        }
    }

    /// Returns the pipe, to learn that the program has closed its end.
    pub(super) fn pipe(&self) -> Option<&File> {
        if let Door::Pipe(file) = &self.door { Some(file) } else { None }
    }

    /// Queues what a client wrote; returns whether there was room for it. What comes after the end is dropped.
    pub(super) fn write(&mut self, from: u64, bytes: Vec<u8>) -> bool {
        if self.is_closed() || self.closing || bytes.is_empty() {
            return true;
        }
        if self.size + bytes.len() > MOST {
            return false;
        }
        self.size += bytes.len();
        self.waiting.push_back(Waiting { from, bytes, taken: 0 });
        true
    }

    /// Closes the input after what waits. A terminal cannot be closed: it is sent the end of input, twice in the
    /// middle of a line, where the first only hands over the line so far.
    pub(super) fn close(&mut self) {
        if self.closing || self.is_closed() {
            return;
        }
        if matches!(self.door, Door::Terminal(_)) {
            let last = self.waiting.back().and_then(|waiting| waiting.bytes.last()).copied();
            let fresh = last.map_or(self.fresh_line, ends_line);
            let bytes = if fresh { vec![END_OF_INPUT] } else { vec![END_OF_INPUT; 2] };
            // Typed by no client: the first one is number 1.
            self.write(0, bytes);
        } else {
            self.closing = true;
        }
    }

    /// Closes the input at once and forgets what waits: the program is gone, or reads no more.
    pub(super) fn give_up(&mut self) {
        self.door = Door::Closed;
        self.waiting.clear();
        self.size = 0;
    }

    /// Writes what goes in without blocking, up to a turn's worth; returns what was taken.
    pub(super) fn flush(&mut self) -> Vec<Taken> {
        let mut taken: Vec<Taken> = Vec::new();
        let mut total = 0;
        while total < TURN
            && let Some(first) = self.waiting.front_mut()
        {
            let (Door::Pipe(file) | Door::Terminal(file)) = &mut self.door else { break };
            match file.write(first.bytes.get(first.taken..).unwrap_or_default()) {
                Ok(count) => {
                    first.taken += count;
                    self.size -= count;
                    total += count;
                    match taken.last_mut() {
                        Some(last) if last.from == first.from => last.bytes += count as u64,
                        _ => taken.push(Taken { from: first.from, bytes: count as u64 }),
                    }
                    if let Some(&last) = first.bytes.get(..first.taken).and_then(<[u8]>::last) {
                        self.fresh_line = ends_line(last);
                    }
                    if first.taken == first.bytes.len() {
                        self.waiting.pop_front();
                    } else if count == 0 {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // EPIPE: the program has closed its end. EIO: nobody has the terminal open.
                Err(_) => self.give_up(),
            }
        }
        if self.closing && self.waiting.is_empty() {
            self.door = Door::Closed;
        }
        taken
    }
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | END_OF_INPUT)
}
