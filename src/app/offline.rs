//! Reads the book without a supervisor: from the journal alone.

use crate::app::failure::Failure;
use crate::app::setup::{self, Site};
use crate::core::book::Book;
use crate::core::effect::Recorded;
use crate::edge::store::{Journal, StoreError};

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
    replay.facts.iter().map(setup::fact_of).collect::<Result<_, _>>().map_err(Failure::usage)
}

/// Folds all facts of a project.
///
/// # Errors
/// If the journal cannot be read.
pub fn book(site: &Site) -> Result<Book, Failure> {
    facts(site).map(Book::replay)
}
