//! The one thread that writes: groups what is queued into transactions, tells what is on disk, retries an outage.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::StoreError;
use super::record::{self, StoredFact};
use super::tables::{self, RowChange};
use crate::model::id::Seq;

/// How long the writer waits before it tries again by itself; short enough that a freed disk is noticed at a glance.
const RETRY: Duration = Duration::from_secs(1);

/// Called on the writer's thread: all facts up to here are on disk, or an outage began.
pub(super) type Confirm = Box<dyn FnMut(Result<Seq, StoreError>) + Send>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Append these facts with what follows from them for the tables, all or none.
    Append(Vec<StoredFact>, Option<Rows>),
    /// Fill the tables anew.
    Fill(Rows),
    /// Write something that changes nothing, and say how that went.
    Prove(Sender<Result<(), StoreError>>),
}

/// What follows from the facts up to one for the tables.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) seq: Seq,
    pub(super) changes: Vec<RowChange>,
}

/// The writer's own state.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) confirm: Confirm,
    /// The last fact on disk.
    pub(super) stored: Seq,
}

impl Writer {
    /// Writes until the queue is closed, then tries once more what is left. Returns the last fact on disk.
    ///
    /// # Errors
    /// The reason why the rest could not be written.
    pub(super) fn run(mut self, queue: &Receiver<Job>) -> Result<Seq, StoreError> {
        // What is still to be written; it survives an outage, so that nothing is lost while the process lives.
        let mut waiting: Vec<Job> = Vec::new();
        let mut outage = false;
        let mut open = true;
        while open {
            let next = if waiting.is_empty() {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(RETRY)
            };
            match next {
                Ok(job) => waiting.push(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => open = false,
            }
            waiting.extend(queue.try_iter());
            if waiting.is_empty() {
                continue;
            }
            match self.commit(&waiting) {
                Ok(stored) => {
                    self.stored = stored;
                    outage = false;
                    (self.confirm)(Ok(stored));
                    answer(&mut waiting, &Ok(()));
                    waiting.clear();
                }
                Err(error) if open => {
                    if !outage {
                        outage = true;
                        (self.confirm)(Err(error.clone()));
                    }
                    answer(&mut waiting, &Err(error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.stored)
    }

    /// Writes all of it in one transaction. Each batch stays whole, because the whole lot does.
    fn commit(&self, jobs: &[Job]) -> Result<Seq, StoreError> {
        let wrap = |error: rusqlite::Error| StoreError::from_database(&self.path, &error);
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).map_err(wrap)?;
        let mut last = self.stored;
        for job in jobs {
            match job {
                Job::Append(facts, rows) => {
                    record::insert(&transaction, &self.path, facts)?;
                    if let Some(rows) = rows {
                        tables::write(&transaction, &self.path, rows.seq, &rows.changes)?;
                    }
                    last = facts.last().map_or(last, |fact| fact.seq);
                }
                Job::Fill(rows) => {
                    tables::empty(&transaction, &self.path)?;
                    tables::write(&transaction, &self.path, rows.seq, &rows.changes)?;
                }
                Job::Prove(_) => record::touch(&transaction, &self.path)?,
            }
        }
        transaction.commit().map_err(wrap)?;
        Ok(last)
    }
}

/// Answers those who wanted to know, once: they do not wait for the end of an outage.
fn answer(waiting: &mut Vec<Job>, result: &Result<(), StoreError>) {
    waiting.retain(|job| {
        let Job::Prove(answer) = job else { return true };
        // Whoever asked may have given up.
        let _ = answer.send(result.clone());
        false
    });
}
