//! Which landing wrote a file last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::core::book::Book;
use crate::core::fact::Fact;
use crate::model::id::{LandingId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::receipt::Receipt;
use crate::model::task::{DoneReason, Task, TaskState};

/// The last landing of each file that is still there, as far as is known.
#[derive(Debug, Default)]
pub struct Landings {
    table: Mutex<BTreeMap<ProjectPath, (TaskId, LandingId)>>,
}

/// The files of one landing.
pub(in crate::app) type Touched = BTreeMap<(TaskId, LandingId), Vec<ProjectPath>>;

impl Landings {
    /// Learns what landed before the supervisor began.
    pub fn restore(&self, book: &Book) {
        let stands = |task: &&Arc<Task>| {
            matches!(task.state, TaskState::Done(DoneReason::Landed(_))) && task.replaced.is_empty()
        };
        let mut receipts: Vec<&Receipt> =
            book.tasks.values().filter(stands).filter_map(|task| task.receipt.as_ref()).collect();
        receipts.sort_by_key(|receipt| receipt.landing);
        for receipt in receipts {
            self.landed(receipt);
        }
    }

    /// Learns from what just became true.
    pub fn learn(&self, fact: &Fact) {
        match fact {
            Fact::Landed { receipt, .. } => self.landed(receipt),
            Fact::Undone { landing, .. } | Fact::TakenBack { landing, .. } | Fact::Replaced { landing, .. } => {
                self.with(|table| table.retain(|_, (_, known)| known != landing));
            }
            _ => {}
        }
    }

    fn landed(&self, receipt: &Receipt) {
        let by = (receipt.task, receipt.landing);
        self.with(|table| table.extend(receipt.files.iter().map(|file| (file.path.clone(), by))));
    }

    /// Returns which landings wrote these files last.
    pub(in crate::app) fn touched<'a>(&self, files: impl Iterator<Item = &'a ProjectPath>) -> Touched {
        self.with(|table| {
            let mut touched = Touched::new();
            for file in files {
                if let Some(by) = table.get(file) {
                    touched.entry(*by).or_default().push(file.clone());
                }
            }
            touched
        })
    }

    /// Runs `work` on the table. A poisoned lock is no reason to stop: a table that misses an entry says less.
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<ProjectPath, (TaskId, LandingId)>) -> T) -> T {
        work(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
