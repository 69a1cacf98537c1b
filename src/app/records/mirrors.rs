//! What is kept true outside the state folder because somebody asked for it: the state file, the files beside task files.

use std::path::PathBuf;

use crate::app::answers::report::Reporter;
use crate::app::day::mirror::DayMirror;
use crate::app::records::mirror;
use crate::core::book::Book;
use crate::core::effect::Recorded;

/// The mirrors, and whether they lag behind.
pub struct Mirrors {
    state: Option<PathBuf>,
    day: DayMirror,
    is_stale: bool,
}

impl Mirrors {
    /// Mirrors the state into a file, if one is named, and days into their folders.
    pub fn new(state: Option<PathBuf>, day: DayMirror) -> Self {
        Self { state, day, is_stale: false }
    }

    /// Takes in a fact that has become true.
    pub fn learn(&mut self, book: &Book, recorded: &Recorded) {
        self.is_stale = true;
        self.day.learn(book, recorded);
    }

    /// Lets the end of the run be written, even if nothing happened since.
    pub fn tell_the_end(&mut self) {
        self.is_stale = true;
    }

    /// Returns whether something happened since they were last written.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Writes what happened since, once for all of it.
    pub fn reflect(&mut self, reporter: &Reporter<'_>) {
        self.is_stale = false;
        self.day.reflect(reporter);
        if let Some(path) = &self.state
            && let Err(error) = mirror::write(path, &reporter.status())
        {
            tracing::warn!(%error, path = %path.display(), "the state file cannot be written");
        }
    }
}
