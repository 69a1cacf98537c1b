//! How a watcher proves that it still sees: a file of ours is written where it watches, and must be noticed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use crate::edge::watch::native::Message;

/// The proving ground, and who waits for a proof.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    ground: Option<PathBuf>,
    waiting: Vec<Sender<()>>,
}

impl Proofs {
    /// Takes a folder that lies outside of the project, where ours may be written.
    pub(crate) fn new(ground: Option<PathBuf>) -> Self {
        // Notices name folders as they are without links.
        let ground = ground.map(|ground| ground.canonicalize().unwrap_or(ground));
        Self { ground, waiting: Vec::new() }
    }

    /// Returns the folder to watch besides the project.
    pub(crate) fn ground(&self) -> Option<&Path> {
        self.ground.as_deref()
    }

    /// Takes those who ask for a proof out of what has arrived. By the system's notices the proof comes from the file
    /// that is written now; without them, to answer is all.
    pub(crate) fn take(&mut self, batch: Vec<Message>, has_notices: bool) -> Vec<Message> {
        let mut rest = Vec::with_capacity(batch.len());
        for message in batch {
            match message {
                Message::Prove(seen) => self.waiting.push(seen),
                other @ (Message::At(..) | Message::Lost(_) | Message::Full | Message::Stop) => rest.push(other),
            }
        }
        if self.waiting.is_empty() {
            return rest;
        }
        let ground = self.ground.as_ref().filter(|_| has_notices);
        // A folder that cannot be written is no fault of the watcher's.
        if ground.is_none_or(|ground| fs::write(ground.join("seen"), "to be noticed\n").is_err()) {
            self.done();
        }
        rest
    }

    /// Whether a notice is about the proving ground; then those who wait are told.
    pub(crate) fn is_proof(&mut self, path: &Path) -> bool {
        let is_proof = self.ground.as_ref().is_some_and(|ground| path.starts_with(ground));
        if is_proof {
            self.done();
        }
        is_proof
    }

    fn done(&mut self) {
        for seen in self.waiting.drain(..) {
            // Whoever asked may have given up.
            let _ = seen.send(());
        }
    }
}
