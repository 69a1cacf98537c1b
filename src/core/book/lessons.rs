//! Where lessons are written, and which of them a person has dropped.

use std::path::PathBuf;

use crate::model::lesson::LessonId;

use super::durable::Book;

impl Book {
    /// Returns the folders of the days that are remembered, the newest first, each once.
    pub fn days(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in self.batches.values().rev().filter_map(|batch| batch.folder()) {
            if !folders.contains(folder) {
                folders.push(folder.clone());
            }
        }
        folders
    }

    /// Takes in that a person drops a lesson, or keeps it after all.
    pub(super) fn lesson(&mut self, lesson: LessonId, dropped: bool) {
        if dropped {
            self.dropped.insert(lesson);
        } else {
            self.dropped.remove(&lesson);
        }
    }
}
