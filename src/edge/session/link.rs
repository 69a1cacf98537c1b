//! A connection to a holder: its first words, and how reports are read from it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::error::StartError;
use super::wire::{Attach, Decoder, Hello, PIECE, Report, Request, VERSION};

/// A connection to a holder.
pub(super) struct Link {
    pub(super) read: OwnedReadHalf,
    pub(super) write: OwnedWriteHalf,
    pub(super) decoder: Decoder,
    pub(super) buffer: Vec<u8>,
}

impl Link {
    /// Says the first word and waits for the reply.
    pub(super) async fn open(stream: UnixStream, from: u64) -> Result<(Self, Hello), StartError> {
        let (read, write) = stream.into_split();
        let mut link = Self { read, write, decoder: Decoder::default(), buffer: vec![0; PIECE] };
        let mut frame = Vec::new();
        Request::Attach(Attach { version: VERSION, from }).encode(&mut frame);
        // A holder that has failed already does not hear it, but has said why.
        let written = link.write.write_all(&frame).await;
        match next(&mut link.read, &mut link.decoder, &mut link.buffer).await {
            Some(Report::Hello(hello)) => Ok((link, hello)),
            Some(Report::Failed(error)) => Err(error),
            _ => Err(StartError::Holder(
                written.err().map_or_else(|| "it ended without a word".into(), |error| error.to_string()),
            )),
        }
    }
}

/// Returns the next report; `None` when the connection has ended or is of no use. May be cancelled.
pub(super) async fn next(read: &mut OwnedReadHalf, decoder: &mut Decoder, buffer: &mut [u8]) -> Option<Report> {
    loop {
        if let Some(report) = decoder.report().ok()? {
            return Some(report);
        }
        match read.read(buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => decoder.push(buffer.get(..count)?),
        }
    }
}
