//! What goes over a holder's socket.
//!
//! A frame is its length (`u32`, little endian, counts what follows), its kind (one byte) and its body. Numbers in
//! bodies are little endian; what is small and may grow is JSON. Both sides skip kinds they do not know, so that an
//! old holder and a new supervisor understand each other; [`VERSION`] is for what cannot be skipped.
//!
//! | kind | from the client | body |
//! |---|---|---|
//! | 1 | attach: send me the output from this offset on, and all of standard error | JSON `{version, from}` |
//! | 2 | write to the program's input | the bytes |
//! | 3 | close the program's input after what is still to be written | – |
//! | 4 | resize the terminal | columns `u16`, rows `u16` |
//! | 5 | end it, this hard | one byte: 0 ask, 1 interrupt, 2 terminate, 3 kill |
//! | 6 | let its time limit stand still, or run again | one byte: 1 stand still, 0 run |
//! | 7 | write, unless others have typed more than I know of | how many bytes of theirs I know of `u64`, the bytes |
//! | 8 | write what a terminal says by itself; the others are not told | the bytes |
//!
//! | kind | from the holder | body |
//! |---|---|---|
//! | 65 | hello, the reply to attach | JSON `{version, holder, leader, end, terminal}` |
//! | 66 | the program did not start; the connection ends | JSON [`StartError`] |
//! | 67 | output | offset `u64`, the bytes |
//! | 68 | output that is not kept any more | from `u64`, to `u64` |
//! | 69 | standard error | the bytes |
//! | 70 | the program's input has taken so many more of this client's bytes | `u64` |
//! | 71 | the program's input is closed; what was not taken never will be | – |
//! | 73 | another client has typed into the terminal | the bytes |
//! | 74 | what was to be written unless others had typed was not written | – |
//! | 72 | the whole tree has ended, and this was the last frame | JSON [`Exit`] |

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::session::{Exit, Rung, Terminal};

use super::error::StartError;
use super::process::ProcessId;

/// The version of the protocol that this program speaks.
pub(super) const VERSION: u16 = 1;
/// The most bytes a frame may carry; a longer one is no frame of ours.
const LONGEST: usize = 1024 * 1024;
/// The most bytes that one write or output frame is filled with.
pub(super) const PIECE: usize = 64 * 1024;

/// How hard a session is told to end, by their bytes.
const RUNGS: [Rung; 4] = [Rung::Ask, Rung::Interrupt, Rung::Terminate, Rung::Kill];

/// A client's first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attach {
    /// The version the client speaks.
    pub(super) version: u16,
    /// The offset of the first byte of output it wants.
    pub(super) from: u64,
}

/// The holder's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    /// The version the holder speaks.
    pub(super) version: u16,
    /// The holder.
    pub(super) holder: ProcessId,
    /// The program.
    pub(super) leader: ProcessId,
    /// How much it has written so far.
    #[serde(default)]
    pub(super) end: u64,
    /// Its terminal.
    #[serde(default)]
    pub(super) terminal: Terminal,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Send me the output.
    Attach(Attach),
    /// Write to the program's input.
    Write(Vec<u8>),
    /// Write to the program's input, unless other clients have typed more than this one knows of.
    WriteUnless {
        /// So many bytes of others it knows of.
        typed: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Write what a terminal says by itself; it counts as typed by nobody.
    Respond(Vec<u8>),
    /// Close the program's input.
    CloseInput,
    /// Resize the terminal.
    Resize {
        /// Its width in columns.
        columns: u16,
        /// Its height in rows.
        rows: u16,
    },
    /// End it, this hard.
    Signal(Rung),
    /// Let its time limit stand still, or run again.
    HoldClock(bool),
}

/// What the holder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The program runs.
    Hello(Hello),
    /// The program does not run.
    Failed(StartError),
    /// Output.
    Output {
        /// The offset of its first byte.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Output that is not kept any more.
    Hole {
        /// The offset of its first byte.
        from: u64,
        /// The offset after its last byte.
        to: u64,
    },
    /// Standard error.
    Errors(Vec<u8>),
    /// So many more bytes of this client are taken.
    Taken(u64),
    /// Another client has typed this into the terminal.
    Typed(Vec<u8>),
    /// Others have typed meanwhile, and nothing was written.
    NotWritten,
    /// The program's input is closed.
    InputClosed,
    /// The whole tree has ended.
    Ended(Exit),
}

/// Bytes that are no frames of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    /// A frame says it is longer than frames can be, or empty.
    #[error("a frame of {0} bytes; not a holder's socket?")]
    Length(usize),
    /// The body does not fit its kind.
    #[error("a frame of kind {0} that cannot be read")]
    Body(u8),
}

impl Request {
    /// Appends the frame.
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Self::Attach(attach) => frame(into, 1, &[&json(attach)]),
            Self::Write(bytes) => frame(into, 2, &[bytes]),
            Self::WriteUnless { typed, bytes } => frame(into, 7, &[&typed.to_le_bytes(), bytes]),
            Self::Respond(bytes) => frame(into, 8, &[bytes]),
            Self::CloseInput => frame(into, 3, &[]),
            Self::Resize { columns, rows } => frame(into, 4, &[&columns.to_le_bytes(), &rows.to_le_bytes()]),
            Self::Signal(rung) => {
                let byte = (0..).zip(RUNGS).find(|(_, known)| known == rung).map_or(0, |(byte, _)| byte);
                frame(into, 5, &[&[byte]]);
            }
            Self::HoldClock(held) => frame(into, 6, &[&[u8::from(*held)]]),
        }
    }

    /// Reads a frame; `None` for a kind that is not known here.
    fn decode(kind: u8, body: &[u8]) -> Result<Option<Self>, WireError> {
        let bad = WireError::Body(kind);
        Ok(Some(match (kind, body) {
            (1, body) => Self::Attach(parse(kind, body)?),
            (2, body) => Self::Write(body.to_vec()),
            (3, _) => Self::CloseInput,
            (4, &[c0, c1, r0, r1]) => {
                Self::Resize { columns: u16::from_le_bytes([c0, c1]), rows: u16::from_le_bytes([r0, r1]) }
            }
            (5, &[byte]) => Self::Signal(*RUNGS.get(usize::from(byte)).ok_or(bad)?),
            (6, [0]) => Self::HoldClock(false),
            (6, [1]) => Self::HoldClock(true),
            (4..=6, _) => return Err(bad),
            (7, body) => {
                let (typed, bytes) = number(body).ok_or(bad)?;
                Self::WriteUnless { typed, bytes: bytes.to_vec() }
            }
            (8, body) => Self::Respond(body.to_vec()),
            _ => return Ok(None),
        }))
    }
}

impl Report {
    /// Appends the frame.
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Self::Hello(hello) => frame(into, 65, &[&json(hello)]),
            Self::Failed(error) => frame(into, 66, &[&json(error)]),
            Self::Output { offset, bytes } => frame(into, 67, &[&offset.to_le_bytes(), bytes]),
            Self::Hole { from, to } => frame(into, 68, &[&from.to_le_bytes(), &to.to_le_bytes()]),
            Self::Errors(bytes) => frame(into, 69, &[bytes]),
            Self::Taken(count) => frame(into, 70, &[&count.to_le_bytes()]),
            Self::InputClosed => frame(into, 71, &[]),
            Self::Typed(bytes) => frame(into, 73, &[bytes]),
            Self::NotWritten => frame(into, 74, &[]),
            Self::Ended(exit) => frame(into, 72, &[&json(exit)]),
        }
    }

    /// Reads a frame; `None` for a kind that is not known here.
    fn decode(kind: u8, body: &[u8]) -> Result<Option<Self>, WireError> {
        let bad = WireError::Body(kind);
        Ok(Some(match kind {
            65 => Self::Hello(parse(kind, body)?),
            66 => Self::Failed(parse(kind, body)?),
            67 => {
                let (offset, bytes) = number(body).ok_or(bad)?;
                Self::Output { offset, bytes: bytes.to_vec() }
            }
            68 => {
                let (from, rest) = number(body).ok_or(bad)?;
                let (to, _) = number(rest).ok_or(bad)?;
                Self::Hole { from, to }
            }
            69 => Self::Errors(body.to_vec()),
            70 => Self::Taken(number(body).ok_or(bad)?.0),
            71 => Self::InputClosed,
            73 => Self::Typed(body.to_vec()),
            74 => Self::NotWritten,
            72 => Self::Ended(parse(kind, body)?),
            _ => return Ok(None),
        }))
    }
}

fn frame(into: &mut Vec<u8>, kind: u8, body: &[&[u8]]) {
    let length = 1 + body.iter().map(|part| part.len()).sum::<usize>();
    // Pieces are at most PIECE bytes and JSON bodies are small, so that the length always fits.
    into.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    into.push(kind);
    for part in body {
        into.extend_from_slice(part);
    }
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // Only for types of ours, whose serialisation cannot fail; an empty body would be refused by the other side.
    serde_json::to_vec(value).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(kind: u8, body: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(body).map_err(|_| WireError::Body(kind))
}

fn number(body: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = body.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

/// Puts frames together again from what a socket yields.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
    read: usize,
}

impl Decoder {
    /// Takes in what was received.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next whole frame that a client sent.
    ///
    /// # Errors
    /// When the bytes are no frames; the connection is of no use then.
    pub(super) fn request(&mut self) -> Result<Option<Request>, WireError> {
        self.next(Request::decode)
    }

    /// Returns the next whole frame that a holder sent.
    ///
    /// # Errors
    /// When the bytes are no frames; the connection is of no use then.
    pub(super) fn report(&mut self) -> Result<Option<Report>, WireError> {
        self.next(Report::decode)
    }

    fn next<T>(&mut self, decode: fn(u8, &[u8]) -> Result<Option<T>, WireError>) -> Result<Option<T>, WireError> {
        loop {
            let Some((head, rest)) = self.bytes.get(self.read..).and_then(<[u8]>::split_first_chunk::<4>) else {
                return Ok(None);
            };
            let length = usize::try_from(u32::from_le_bytes(*head)).unwrap_or(usize::MAX);
            if length == 0 || length > LONGEST {
                return Err(WireError::Length(length));
            }
            let Some((&kind, body)) = rest.get(..length).and_then(<[u8]>::split_first) else { return Ok(None) };
            let known = decode(kind, body)?;
            self.read += 4 + length;
            if known.is_some() {
                return Ok(known);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use super::*;

    fn requests() -> Vec<Request> {
        vec![
            Request::Attach(Attach { version: VERSION, from: u64::MAX }),
            Request::Write(vec![0, 255, 10]),
            Request::Write(Vec::new()),
            Request::WriteUnless { typed: 7, bytes: vec![1] },
            Request::Respond(b"\x1b[?62c".to_vec()),
            Request::CloseInput,
            Request::Resize { columns: 300, rows: 2 },
            Request::Signal(RUNGS[1]),
            Request::Signal(RUNGS[3]),
            Request::HoldClock(true),
            Request::HoldClock(false),
        ]
    }

    fn reports() -> Vec<Report> {
        let process = ProcessId { pid: 7, start: 9 };
        let terminal = Terminal::default();
        let hello = Hello { version: VERSION, holder: process, leader: process, end: 12, terminal };
        vec![
            Report::Hello(hello),
            Report::Failed(StartError::NoProgram("x".into())),
            Report::Output { offset: 1 << 40, bytes: vec![7; PIECE] },
            Report::Hole { from: 3, to: 1 << 33 },
            Report::Errors(b"oops".to_vec()),
            Report::Taken(2),
            Report::InputClosed,
            Report::Typed(b"x".to_vec()),
            Report::NotWritten,
            Report::Ended(Exit::Signal(9)),
            Report::Ended(Exit::TimedOut),
        ]
    }

    #[test]
    fn every_request_comes_back_however_the_bytes_are_cut() {
        let mut bytes = Vec::new();
        for request in requests() {
            request.encode(&mut bytes);
        }
        for size in [1, 2, 3, 7, bytes.len()] {
            let mut decoder = Decoder::default();
            let mut seen = Vec::new();
            for piece in bytes.chunks(size) {
                decoder.push(piece);
                while let Some(request) = decoder.request().unwrap() {
                    seen.push(request);
                }
            }
            assert_eq!(seen, requests());
        }
    }

    #[test]
    fn every_report_comes_back_and_unknown_kinds_are_skipped() {
        let mut bytes = Vec::new();
        for report in reports() {
            frame(&mut bytes, 200, &[b"from the future"]);
            report.encode(&mut bytes);
        }
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        let mut seen = Vec::new();
        while let Some(report) = decoder.report().unwrap() {
            seen.push(report);
        }
        assert_eq!(seen, reports());
    }

    #[test]
    fn what_is_no_frame_is_an_error_and_not_a_large_allocation() {
        let mut decoder = Decoder::default();
        decoder.push(b"GET / HTTP/1.1\r\n");
        assert!(matches!(decoder.request(), Err(WireError::Length(_))));
        let mut bytes = Vec::new();
        frame(&mut bytes, 68, &[b"short"]);
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        assert_eq!(decoder.report(), Err(WireError::Body(68)));
    }
}
