//! What goes over an attached connection, both ways.
//!
//! A frame is its length (`u32`, little endian, counts what follows), its kind (one byte) and its body. Both sides skip
//! kinds they do not know.
//!
//! | kind | from whoever looks | body |
//! |---|---|---|
//! | 1 | type | the bytes |
//! | 2 | answer to a question of the program | offset after it `u64`, the bytes |
//! | 3 | have it in this size | columns `u16`, rows `u16` |
//! | 4 | tell it what the mouse does | the bytes |
//!
//! | kind | from the supervisor | body |
//! |---|---|---|
//! | 65 | what the terminal is like; the first frame | JSON [`About`](super::About) |
//! | 66 | output | offset `u64`, the bytes |
//! | 67 | output that is left out | from `u64`, to `u64` |
//! | 68 | it has another size from here on | columns `u16`, rows `u16` |
//! | 69 | it has ended | text |

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::call::{Shown, Wish};

/// The most bytes a frame may carry.
const LONGEST: usize = 1024 * 1024;

/// What can be sent as a frame.
pub(super) trait Frame: Sized + Send + Sync {
    /// Returns its kind and the parts of its body.
    fn encode(&self) -> (u8, Vec<u8>);
    /// Reads it; nothing: not known here.
    fn decode(kind: u8, body: &[u8]) -> Option<Self>;
}

impl Frame for Wish {
    fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Keys(bytes) => (1, bytes.clone()),
            Self::Answer { offset, bytes } => (2, [&offset.to_le_bytes()[..], bytes].concat()),
            Self::Size(columns, rows) => (3, pair(*columns, *rows)),
            Self::Mouse(bytes) => (4, bytes.clone()),
        }
    }

    fn decode(kind: u8, body: &[u8]) -> Option<Self> {
        match kind {
            1 => Some(Self::Keys(body.to_vec())),
            2 => number(body).map(|(offset, bytes)| Self::Answer { offset, bytes: bytes.to_vec() }),
            3 => unpair(body).map(|(columns, rows)| Self::Size(columns, rows)),
            4 => Some(Self::Mouse(body.to_vec())),
            _ => None,
        }
    }
}

impl Frame for Shown {
    fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            // Plain numbers, whose JSON cannot fail.
            Self::About(about) => (65, serde_json::to_vec(about).unwrap_or_default()),
            Self::Output { offset, bytes } => (66, [&offset.to_le_bytes()[..], bytes].concat()),
            Self::Hole { from, to } => (67, [from.to_le_bytes(), to.to_le_bytes()].concat()),
            Self::Size(columns, rows) => (68, pair(*columns, *rows)),
            Self::Ended(text) => (69, text.clone().into_bytes()),
        }
    }

    fn decode(kind: u8, body: &[u8]) -> Option<Self> {
        match kind {
            65 => serde_json::from_slice(body).ok().map(Self::About),
            66 => number(body).map(|(offset, bytes)| Self::Output { offset, bytes: bytes.to_vec() }),
            67 => {
                let (from, rest) = number(body)?;
                Some(Self::Hole { from, to: number(rest)?.0 })
            }
            68 => unpair(body).map(|(columns, rows)| Self::Size(columns, rows)),
            69 => Some(Self::Ended(String::from_utf8_lossy(body).into_owned())),
            _ => None,
        }
    }
}

fn pair(columns: u16, rows: u16) -> Vec<u8> {
    [columns.to_le_bytes(), rows.to_le_bytes()].concat()
}

fn unpair(body: &[u8]) -> Option<(u16, u16)> {
    let &[c0, c1, r0, r1] = body else { return None };
    Some((u16::from_le_bytes([c0, c1]), u16::from_le_bytes([r0, r1])))
}

fn number(body: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = body.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

/// Carries frames both ways until this side has said all, or the other side is gone. What nobody here wants to hear any
/// more is dropped: there may still be something to say, how it ended at least.
pub(super) async fn carry<In: Frame, Out: Frame>(
    stream: impl AsyncRead + AsyncWrite,
    heard: mpsc::Sender<In>,
    to_say: mpsc::Receiver<Out>,
) {
    let (read, write) = tokio::io::split(stream);
    tokio::select! {
        () = hear(read, &heard) => {}
        // One that takes nothing more may still have said something that is to be heard.
        Ok(()) = say(write, to_say) => {}
    }
}

async fn say<Out: Frame>(mut write: impl AsyncWrite + Unpin, mut to_say: mpsc::Receiver<Out>) -> io::Result<()> {
    while let Some(frame) = to_say.recv().await {
        let (kind, body) = frame.encode();
        let length = u32::try_from(body.len() + 1).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(body.len() + 5);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.push(kind);
        bytes.extend_from_slice(&body);
        write.write_all(&bytes).await?;
        write.flush().await?;
    }
    write.shutdown().await
}

async fn hear<In: Frame>(mut read: impl AsyncRead + Unpin, heard: &mpsc::Sender<In>) {
    let mut prefix = [0; 5];
    while read.read_exact(&mut prefix).await.is_ok() {
        let [l0, l1, l2, l3, kind] = prefix;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        if length == 0 || length > LONGEST {
            return;
        }
        let mut body = vec![0; length - 1];
        if read.read_exact(&mut body).await.is_err() {
            return;
        }
        if let Some(frame) = In::decode(kind, &body) {
            let _ = heard.send(frame).await;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use super::*;
    use crate::edge::control::attach::About;
    use crate::model::session::Terminal;

    fn comes_back<T: Frame + PartialEq + std::fmt::Debug>(frame: &T) {
        let (kind, body) = frame.encode();
        assert_eq!(T::decode(kind, &body).as_ref(), Some(frame));
        assert!(T::decode(200, &body).is_none());
    }

    #[test]
    fn every_frame_comes_back() {
        for wish in [
            Wish::Keys(vec![0, 255]),
            Wish::Mouse(vec![27]),
            Wish::Answer { offset: 1 << 40, bytes: b"x".to_vec() },
            Wish::Size(1, 500),
        ] {
            comes_back(&wish);
        }
        let about = About { terminal: Terminal { typing: true, raw: false, size: (80, 24) }, end: 7 };
        for shown in [
            Shown::About(about),
            Shown::Output { offset: 3, bytes: vec![27] },
            Shown::Hole { from: 1, to: u64::MAX },
            Shown::Size(2, 3),
            Shown::Ended("exit code 0".to_owned()),
        ] {
            comes_back(&shown);
        }
        for body in [&b"short"[..], b""] {
            assert!(Shown::decode(67, body).is_none() && Wish::decode(2, body).is_none());
        }
    }

    #[tokio::test]
    async fn an_end_on_either_side_ends_both() {
        let (one, other) = tokio::io::duplex(64);
        let (heard, mut listener) = mpsc::channel::<Shown>(4);
        let (wishes, to_say) = mpsc::channel::<Wish>(4);
        let here = tokio::spawn(carry(one, heard, to_say));
        let (heard, mut wanted) = mpsc::channel::<Wish>(4);
        let (shows, to_say) = mpsc::channel::<Shown>(4);
        let there = tokio::spawn(carry(other, heard, to_say));
        wishes.send(Wish::Keys(vec![7; 1000])).await.unwrap();
        assert_eq!(wanted.recv().await, Some(Wish::Keys(vec![7; 1000])));
        shows.send(Shown::Ended("bye".to_owned())).await.unwrap();
        drop(shows);
        assert_eq!(listener.recv().await, Some(Shown::Ended("bye".to_owned())));
        assert_eq!(listener.recv().await, None);
        there.await.unwrap();
        here.await.unwrap();
    }

    #[tokio::test]
    async fn the_last_word_is_said_also_when_nobody_listens_any_more() {
        let (one, other) = tokio::io::duplex(64);
        let (heard, mut listener) = mpsc::channel::<Shown>(4);
        let (wishes, to_say) = mpsc::channel::<Wish>(4);
        tokio::spawn(carry(one, heard, to_say));
        let (heard, wanted) = mpsc::channel::<Wish>(4);
        let (shows, to_say) = mpsc::channel::<Shown>(4);
        tokio::spawn(carry(other, heard, to_say));
        drop(wanted);
        for _ in 0..10 {
            wishes.send(Wish::Keys(vec![7; 1000])).await.unwrap();
        }
        shows.send(Shown::Ended("bye".to_owned())).await.unwrap();
        drop(shows);
        assert_eq!(listener.recv().await, Some(Shown::Ended("bye".to_owned())));
    }
}
