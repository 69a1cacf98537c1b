//! Follows one session to its end: passes on what is said both ways, and finds out what was not heard.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::model::session::Exit;

use super::link::{Link, next};
use super::output::SessionOutput;
use super::place::Place;
use super::process::{self, ProcessId};
use super::window::Window;
use super::wire::{Decoder, PIECE, Report, Request};

/// Passes on what clients of the handle want; ends when all handles are gone or the holder is.
async fn write_requests(mut write: OwnedWriteHalf, mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut frame = Vec::new();
    while let Some(request) = requests.recv().await {
        frame.clear();
        request.encode(&mut frame);
        if write.write_all(&frame).await.is_err() {
            return;
        }
    }
    // Dropped, it would close the connection, and the output may still be followed.
    write.forget();
}

/// Follows one session to its end.
pub(super) struct Follower {
    pub(super) place: Arc<Place>,
    pub(super) holder: Option<ProcessId>,
    pub(super) window: Arc<Window>,
    pub(super) out: mpsc::Sender<SessionOutput>,
    pub(super) next_output: u64,
    pub(super) next_errors: u64,
}

impl Follower {
    pub(super) async fn run(mut self, link: Option<Link>, requests: mpsc::UnboundedReceiver<Request>) {
        let mut told = None;
        match link {
            Some(Link { mut read, write, mut decoder, mut buffer }) => {
                let mut writer = tokio::spawn(write_requests(write, requests));
                told = self.listen(&mut read, &mut decoder, &mut buffer, &mut writer).await;
                writer.abort();
            }
            None => drop(requests),
        }
        self.window.close();
        let exit = match told {
            Some(exit) => exit,
            None => self.find_out().await,
        };
        self.tell(SessionOutput::Ended(exit)).await;
    }

    /// Passes on what the holder says; returns how the session ended, or `None` when the connection did first.
    async fn listen(
        &mut self,
        read: &mut OwnedReadHalf,
        decoder: &mut Decoder,
        buffer: &mut [u8],
        writer: &mut JoinHandle<()>,
    ) -> Option<Exit> {
        loop {
            let unheard = self.out.is_closed();
            let report = tokio::select! {
                report = next(read, decoder, buffer) => report?,
                // Nobody listens, and nobody can say anything any more.
                _ = &mut *writer, if unheard => return None,
                // Whoever listened has gone; a program that says nothing must not keep the connection for ever.
                () = self.out.closed(), if !unheard => continue,
            };
            match report {
                Report::Output { offset, bytes } => {
                    self.next_output = offset + bytes.len() as u64;
                    self.tell(SessionOutput::Bytes { offset, bytes }).await;
                }
                Report::Hole { from, to } => {
                    self.next_output = to;
                    self.tell(SessionOutput::Hole { from, to }).await;
                }
                Report::Errors(bytes) => {
                    self.next_errors += bytes.len() as u64;
                    self.tell(SessionOutput::Errors(bytes)).await;
                }
                Report::Typed(bytes) => self.tell(SessionOutput::Typed(bytes)).await,
                Report::NotWritten => self.tell(SessionOutput::NotWritten).await,
                Report::Taken(bytes) => self.window.taken(bytes),
                Report::InputClosed => self.window.close(),
                Report::Ended(exit) => return Some(exit),
                Report::Hello(_) | Report::Failed(_) => {}
            }
        }
    }

    /// Nobody receiving is no error.
    async fn tell(&self, what: SessionOutput) {
        let _ = self.out.send(what).await;
    }

    /// Finds out how a session ended whose socket is gone: by the exit file; else its holder may still be at it, and
    /// is waited for; else it is not known. What was not heard is read from the log.
    async fn find_out(&mut self) -> Exit {
        let mut record = self.place.exit_record();
        if record.is_none() && !self.out.is_closed() {
            let place = Arc::clone(&self.place);
            let known = self.holder;
            let holder = spawn_blocking(move || known.or_else(|| process::holder_of(&place))).await.ok().flatten();
            if let Some(holder) = holder {
                process::wait_gone(holder).await;
                record = self.place.exit_record();
            }
        }
        let (mut output, mut errors) = (self.next_output, self.next_errors);
        while let Some(bytes) = read_log(self.place.output(), output).await {
            let offset = output;
            output += bytes.len() as u64;
            self.tell(SessionOutput::Bytes { offset, bytes }).await;
        }
        while let Some(bytes) = read_log(self.place.errors(), errors).await {
            errors += bytes.len() as u64;
            self.tell(SessionOutput::Errors(bytes)).await;
        }
        let Some(record) = record else { return Exit::Unknown };
        if output < record.output {
            self.tell(SessionOutput::Hole { from: output, to: record.output }).await;
        }
        record.exit
    }
}

/// Reads the next piece of a log; `None` at its end, and when it cannot be read.
async fn read_log(path: PathBuf, offset: u64) -> Option<Vec<u8>> {
    let read = move || {
        let mut bytes = vec![0; PIECE];
        let count = File::open(path)?.read_at(&mut bytes, offset)?;
        bytes.truncate(count);
        io::Result::Ok(bytes)
    };
    spawn_blocking(read).await.ok()?.ok().filter(|bytes| !bytes.is_empty())
}
