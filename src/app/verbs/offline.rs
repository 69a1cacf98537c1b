//! Reads the book without a supervisor: from the journal alone.

use crate::app::failure::Failure;
use crate::app::project::setup::{self, Site};
use crate::core::book::Book;
use crate::core::effect::Recorded;
use crate::edge::store::{Journal, StoreError};
use crate::model::task::{Task, TaskState};
use crate::model::time::Wall;

/// Reads all facts of a project; none if no supervisor ever ran there.
///
/// # Errors
/// If the journal cannot be read.
pub fn facts(site: &Site) -> Result<Vec<Recorded>, Failure> {
    let replay = match Journal::read(&site.layout.journal()) {
        Ok(replay) => replay,
        Err(StoreError::Missing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(Failure::usage(error)),
    };
    replay.facts.into_iter().map(|fact| setup::fact_of(&fact)).collect::<Result<_, _>>().map_err(Failure::usage)
}

/// Folds all facts of a project.
///
/// # Errors
/// If the journal cannot be read.
pub fn book(site: &Site) -> Result<Book, Failure> {
    facts(site).map(Book::replay)
}

/// Says why a task is where it is while no supervisor runs.
pub fn reason(book: &Book, task: &Task, now: Wall) -> String {
    match &task.state {
        TaskState::Queued | TaskState::Cooling { .. } => match &book.parked {
            Some((Some(until), why)) if *until > now => format!("parked until {}: {why}", until.iso()),
            Some((None, why)) => format!("parked: {why}"),
            Some((Some(_), _)) | None if book.paused => "paused".to_owned(),
            Some((Some(_), _)) | None => "queued; no supervisor runs".to_owned(),
        },
        TaskState::Running => "was under way when the supervisor ended; it begins again with the next".to_owned(),
        TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Held(_)
        | TaskState::Ready(_)
        | TaskState::Review(_)
        | TaskState::Done(_)
        | TaskState::Failed(_) => task.reason(now),
    }
}
