//! A stream of lines: as a body that is filled, and as one that is read.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use tokio::sync::mpsc;

use super::error::{ClientError, REPLY_MAX};

/// A body that is filled line by line.
pub(super) struct Lines(pub(super) mpsc::Receiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

/// Ends a text as a line.
pub(super) fn line(text: &str) -> Bytes {
    let mut line = Vec::with_capacity(text.len() + 1);
    line.extend_from_slice(text.as_bytes());
    line.push(b'\n');
    Bytes::from(line)
}

/// Takes a body apart into its lines.
#[derive(Debug)]
pub(super) struct LineReader {
    body: Incoming,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where there is no end of a line.
    scanned: usize,
}

impl LineReader {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, buffer: Vec::new(), start: 0, scanned: 0 }
    }

    /// Waits for the next line, and returns it without its end; nothing when the body has ended in an orderly way.
    /// May be cancelled.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        loop {
            let rest = self.buffer.get(self.scanned..).unwrap_or_default();
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let end = self.scanned + end;
                let line = self.buffer.get(self.start..end).unwrap_or_default().to_vec();
                self.start = end + 1;
                self.scanned = self.start;
                return Ok(Some(line));
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            self.scanned = self.buffer.len();
            if self.buffer.len() > REPLY_MAX {
                return Err(ClientError::Unreadable { cause: "a line has no end".to_owned() });
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.buffer.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(ClientError::Broken { cause: error.to_string() }),
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(ClientError::Broken { cause: "its last line is cut".to_owned() }),
            }
        }
    }
}
