//! Keeps the files beside a task file true while its tasks are worked on.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::app::answers::report::Reporter;
use crate::app::clock;
use crate::app::day::folder::{Folder, Written};
use crate::app::day::gather;
use crate::app::effects::tools::Tools;
use crate::core::book::Book;
use crate::core::effect::{AgentOrder, Recorded};
use crate::core::fact::Fact;
use crate::core::lines;
use crate::model::assignment::{Assignment, BatchKind};
use crate::model::id::TaskId;
use crate::model::plain;
use crate::model::task::Task;

/// How many things to write may wait for a slow disk; then the loop waits, and nothing is left out.
const AHEAD: usize = 256;

/// Something to be written into a folder.
enum Wish {
    Prepare(Vec<String>),
    Status(String, serde_json::Value),
    Log(String, String),
    Summary(String, String),
}

/// Writes the files of days, on a thread of its own.
pub struct DayMirror {
    wishes: Option<SyncSender<(PathBuf, Wish)>>,
    writer: Option<JoinHandle<()>>,
    stale: BTreeSet<TaskId>,
}

impl DayMirror {
    /// Starts the writer; `tell` hears of each file that it wrote.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(tell: impl Fn(&[PathBuf]) + Send + 'static) -> io::Result<Self> {
        let (wishes, waiting) = sync_channel(AHEAD);
        let writer = std::thread::Builder::new().name("day".to_owned()).spawn(move || carry_out(&waiting, &tell))?;
        Ok(Self { wishes: Some(wishes), writer: Some(writer), stale: BTreeSet::new() })
    }

    /// Takes in a fact that has become true.
    pub fn learn(&mut self, book: &Book, recorded: &Recorded) {
        let new = match &recorded.fact {
            Fact::BatchBegan { batch } => Some((&batch.kind, &batch.tasks)),
            Fact::BatchGrew { batch, tasks } => book.batches.get(batch).map(|batch| (&batch.kind, tasks)),
            _ => None,
        };
        if let Some((BatchKind::Day { folder, .. }, tasks)) = new {
            let labels = tasks.iter().filter_map(|id| Some(book.task(*id)?.assignment()?.label.clone()));
            self.wish(folder, Wish::Prepare(labels.collect()));
        }
        let Some(id) = recorded.fact.task() else { return };
        let Some((folder, assignment)) = book.task(id).and_then(|task| place(book, task)) else { return };
        self.stale.insert(id);
        if let Some(line) = lines::line(&recorded.fact, recorded.at) {
            let line = lines::stamped(recorded.at, clock::offset(recorded.at), &line);
            self.wish(folder, Wish::Log(assignment.label.clone(), format!("{}\n", plain::text(&line))));
        }
        if let Fact::AttemptEnded { record, .. } = &recorded.fact
            && !record.summary.is_empty()
        {
            self.wish(folder, Wish::Summary(assignment.label.clone(), plain::text(&record.summary).into_owned()));
        }
    }

    /// Writes how those tasks stand of which something was learnt since.
    pub fn reflect(&mut self, reporter: &Reporter<'_>) {
        for id in std::mem::take(&mut self.stale) {
            let Some(task) = reporter.book.task(id) else { continue };
            if let Some((folder, assignment)) = place(reporter.book, task) {
                let status = gather::status(reporter, task, assignment);
                self.wish(folder, Wish::Status(assignment.label.clone(), status.json()));
            }
        }
    }

    fn wish(&self, folder: &std::path::Path, wish: Wish) {
        if let Some(wishes) = &self.wishes {
            // Fails only if the writer broke, which is in the log.
            let _ = wishes.send((folder.to_owned(), wish));
        }
    }
}

impl Drop for DayMirror {
    fn drop(&mut self) {
        self.wishes = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Writes what an agent is told beside its task file, if it works on one.
pub fn write_instructions(tools: &Tools, order: &AgentOrder, prompt: &str) {
    let Some((day, assignment)) = order.day.as_ref().zip(order.task.assignment()) else { return };
    match Folder::at(day.clone()).write_instructions(&assignment.label, prompt) {
        Ok(written) => tools.wrote_ourselves(&written.files),
        Err(error) => tracing::warn!(%error, "what the agent is told cannot be written beside its task file"),
    }
}

/// Returns the folder of a task's day; nothing for a task of none.
pub fn place<'a>(book: &'a Book, task: &'a Task) -> Option<(&'a std::path::Path, &'a Assignment)> {
    let assignment = task.assignment()?;
    match &book.batches.get(&assignment.batch?)?.kind {
        BatchKind::Day { folder, .. } => Some((folder, assignment)),
        BatchKind::Orchestration { .. } => None,
    }
}

fn carry_out(wishes: &Receiver<(PathBuf, Wish)>, tell: &dyn Fn(&[PathBuf])) {
    while let Ok((folder, wish)) = wishes.recv() {
        match write(&Folder::at(folder.clone()), &wish) {
            Ok(Written { files, kept }) => {
                tell(&files);
                for kept in kept {
                    tracing::info!(file = %kept.display(), "a person's file was kept under this name");
                }
            }
            Err(error) => tracing::warn!(%error, folder = %folder.display(), "the day's files cannot be written"),
        }
    }
}

fn write(folder: &Folder, wish: &Wish) -> io::Result<Written> {
    match wish {
        Wish::Prepare(labels) => folder.prepare(labels.iter().map(String::as_str)),
        Wish::Status(label, status) => folder.write_status(label, status),
        Wish::Log(label, lines) => folder.append_log(label, lines),
        Wish::Summary(label, text) => folder.write_summary(label, text),
    }
}
