//! The journal: an append-only list of facts that survives the process.
//!
//! It only grows, and a start reads all of it: 100,000 facts take a fifth of a second, 300,000 two thirds of one, and a
//! quarter more memory meanwhile than they take on disk (28 and 85 MiB); `benches/journal.rs` measures it. A task that is
//! mended leaves some forty of them, so 300,000 are the work of years; leaving out what is old would save less than it costs.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::StoreError;
use super::record::{self, Page, Replay, StoredFact, Tail};
use super::schema;
use super::tables::{self, RowChange};
use super::writer::{Confirm, Job, Rows, Writer};
use crate::model::id::{Seq, TaskId};

/// The journal of one project, open for its one writer. The project lock must be held.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// The last fact that was queued.
    queued: Seq,
    /// Whether the tables said what the facts say when it was opened.
    has_tables: bool,
    queue: Option<Arc<Sender<Job>>>,
    writer: Option<JoinHandle<Result<Seq, StoreError>>>,
}

impl Journal {
    /// Opens or creates the journal and returns what it holds.
    ///
    /// `confirm` is called on the writer's thread with the last fact that is on disk, after each transaction, and
    /// once with an error when an outage begins. During an outage everything is kept and tried again each second; the
    /// next confirmation ends it.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened, is damaged, or was written by a newer version.
    pub fn open(
        path: &Path,
        confirm: impl FnMut(Result<Seq, StoreError>) + Send + 'static,
    ) -> Result<(Self, Replay), StoreError> {
        let connection = schema::open_to_write(path)?;
        let replay = record::replay(&connection, path)?;
        let stored = replay.last();
        let has_tables = tables::prepare(&connection, path, stored)?;
        let confirm: Confirm = Box::new(confirm);
        let writer = Writer { path: path.to_owned(), connection, confirm, stored };
        let (queue, jobs) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&jobs))
            .map_err(|error| StoreError::Other { path: path.to_owned(), cause: error.to_string() })?;
        let journal = Self {
            path: path.to_owned(),
            queued: stored,
            has_tables,
            queue: Some(Arc::new(queue)),
            writer: Some(writer),
        };
        Ok((journal, replay))
    }

    /// Opens a journal that lives as long as the process, for when the one on disk cannot be opened.
    ///
    /// # Errors
    /// [`StoreError`] when there is no memory for it.
    pub fn in_memory(confirm: impl FnMut(Result<Seq, StoreError>) + Send + 'static) -> Result<Self, StoreError> {
        Self::open(Path::new(":memory:"), confirm).map(|(journal, _)| journal)
    }

    /// Reads the journal without the lock, also while a supervisor writes it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, another [`StoreError`] when it cannot be read.
    pub fn read(path: &Path) -> Result<Replay, StoreError> {
        record::replay(&schema::open_to_read(path)?, path)
    }

    /// Reads at most `limit` facts after `after`, of one task if one is named, without the lock.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn page(path: &Path, after: Seq, task: Option<TaskId>, limit: usize) -> Result<Page, StoreError> {
        record::page(&schema::open_to_read(path)?, path, after, task, limit)
    }

    /// Finds where the last `count` facts behind the first position and up to the second begin, of one task if one is
    /// named, without the lock.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn tail(path: &Path, range: (Seq, Seq), task: Option<TaskId>, count: usize) -> Result<Tail, StoreError> {
        record::tail(&schema::open_to_read(path)?, path, range, task, count)
    }

    /// Queues facts to be appended, all or none, and returns at once.
    ///
    /// # Errors
    /// [`StoreError::OutOfOrder`] when they do not follow what was queued before, [`StoreError::TooLarge`] for numbers
    /// the format cannot hold (nothing is queued then), [`StoreError::Closed`] when the writer is gone.
    pub fn append(&mut self, facts: Vec<StoredFact>) -> Result<(), StoreError> {
        self.append_rows(facts, None)
    }

    /// Queues facts to be appended, and in the same transaction what follows from them for the tables.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_with(&mut self, facts: Vec<StoredFact>, changes: Vec<RowChange>) -> Result<(), StoreError> {
        self.append_rows(facts, Some(changes))
    }

    /// Returns whether the tables said what the facts say when it was opened; if not, they are to be filled anew.
    pub fn has_tables(&self) -> bool {
        self.has_tables
    }

    /// Fills the tables anew with what follows from all facts that were queued so far.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the writer is gone.
    pub fn fill_tables(&mut self, changes: Vec<RowChange>) -> Result<(), StoreError> {
        self.send(Job::Fill(Rows { seq: self.queued, changes }))
    }

    fn append_rows(&mut self, facts: Vec<StoredFact>, changes: Option<Vec<RowChange>>) -> Result<(), StoreError> {
        let mut last = self.queued;
        for fact in &facts {
            let expected = last.next();
            if fact.seq != expected {
                return Err(StoreError::OutOfOrder { expected, found: fact.seq });
            }
            // Checked here, because a fact that can never be written would be an outage that never ends.
            record::signed(fact.seq, fact.seq.0)?;
            record::signed(fact.seq, fact.wall.0)?;
            last = fact.seq;
        }
        if facts.is_empty() {
            return Ok(());
        }
        self.send(Job::Append(facts, changes.map(|changes| Rows { seq: last, changes })))?;
        self.queued = last;
        Ok(())
    }

    /// Returns a handle by which others see whether it is still written.
    pub fn pulse(&self) -> Pulse {
        Pulse { path: self.path.clone(), queue: self.queue.as_ref().map(Arc::downgrade).unwrap_or_default() }
    }

    /// Writes what is queued, closes the file and returns the last fact on disk.
    ///
    /// # Errors
    /// The reason why not everything could be written.
    pub fn close(mut self) -> Result<Seq, StoreError> {
        self.finish()
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let closed = || StoreError::Closed { path: self.path.clone() };
        self.queue.as_ref().ok_or_else(closed)?.send(job).map_err(|_| closed())
    }

    fn finish(&mut self) -> Result<Seq, StoreError> {
        self.queue = None;
        match self.writer.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(StoreError::Closed { path: self.path.clone() }),
        }
    }
}

/// Proves that the journal of another thread is still written; does not keep it open.
#[derive(Clone, Debug)]
pub struct Pulse {
    path: PathBuf,
    queue: Weak<Sender<Job>>,
}

impl Pulse {
    /// Makes the writer write and sync something that changes nothing, and waits for that, at most so long.
    ///
    /// # Errors
    /// The reason why it could not be written; [`StoreError::Silent`] when there was no answer in time.
    pub fn beat(&self, limit: Duration) -> Result<(), StoreError> {
        let closed = || StoreError::Closed { path: self.path.clone() };
        let (answer, answered) = mpsc::channel();
        // Not kept while waiting: the journal must be able to close.
        self.queue.upgrade().ok_or_else(closed)?.send(Job::Prove(answer)).map_err(|_| closed())?;
        match answered.recv_timeout(limit) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(StoreError::Silent { path: self.path.clone(), limit }),
            Err(RecvTimeoutError::Disconnected) => Err(closed()),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.writer.is_some() {
            // Nobody is left to hear the reason; who wants it calls `close`.
            let _ = self.finish();
        }
    }
}

#[cfg(test)]
mod tests;
