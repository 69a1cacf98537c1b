//! What agents had used when their supervisor died: read again from what they wrote, which their holders kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::core::book::Book;
use crate::edge::agent::claude::Tally;
use crate::model::cost::Spent;
use crate::model::id::SessionId;

/// How much is read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// Returns what the agents used in all that the journal knows to have been at work, as far as their transcripts in this
/// folder tell. Their sessions must be over.
pub fn used(book: &Book, transcripts: &Path) -> BTreeMap<SessionId, Spent> {
    let read = |session: SessionId| match tally(&transcripts.join(format!("{}.out", session.0))) {
        Ok(spent) => spent,
        Err(error) => {
            tracing::warn!(session = session.0, %error, "what a run used at its end cannot be read again");
            None
        }
    };
    book.agents.values().filter_map(|session| Some((*session, read(*session)?))).collect()
}

fn tally(transcript: &Path) -> io::Result<Option<Spent>> {
    let mut file = File::open(transcript)?;
    let mut tally = Tally::default();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(tally.finish()),
            count => tally.feed(piece.get(..count).unwrap_or_default()),
        }
    }
}
