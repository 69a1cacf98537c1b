//! A task file as work to be filed.

use std::path::PathBuf;

use crate::config::task_file::read::{TaskEntry, TaskFile};
use crate::model::assignment::BatchKind;
use crate::model::filing::{After, Filing, NewBatch, NewTask, Redo};

impl TaskFile {
    /// Returns the work of the day. `file` is where it was read from, `folder` where its status, logs and report lie.
    pub fn filing(&self, file: PathBuf, folder: PathBuf) -> Filing {
        let kind = BatchKind::Day { file, folder, date: self.date.clone() };
        let batch = NewBatch { kind, budget: self.budget, again: None, redo: Redo::Changed };
        Filing { batch: Some(batch), tasks: self.tasks.iter().map(new_task).collect() }
    }
}

fn new_task(entry: &TaskEntry) -> NewTask {
    NewTask {
        assignment: Box::new(entry.assignment.clone()),
        after: entry.depends_on.iter().cloned().map(After::Label).collect(),
        priority: entry.priority,
        held: false,
    }
}
