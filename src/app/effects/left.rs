//! What a supervisor leaves that dies: its agents are ended, what was made for them is removed, what they used is read from
//! what they wrote.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::app::effects::{file_questions, guarding};
use crate::core::book::Book;
use crate::edge::agent::claude::Tally;
use crate::edge::agent::claude::planner::{Bill, Past};
use crate::edge::session;
use crate::edge::store::Layout;
use crate::model::cost::Spent;
use crate::model::id::SessionId;

/// How much is read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// Ends what runs, and removes what was made for runs that are over now: their folders may hold what is covered elsewhere.
pub fn end(layout: &Layout, mark: &str) {
    let swept = session::sweep(mark);
    if !swept.ended.is_empty() {
        tracing::warn!(?swept, "ended what an earlier supervisor left");
    }
    remove(layout, mark);
}

/// Removes the folders of runs; none of them may go on.
pub fn remove(layout: &Layout, mark: &str) {
    guarding::remove_temporary(layout, mark);
    for folder in [guarding::folder(layout), file_questions::folder(layout)] {
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %folder.display(), %error, "what was made for runs stays");
        }
    }
}

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

/// Returns what the planner used that was not paid when its supervisor died, as far as its own transcript tells: it goes on
/// until it is ended. Its session must be over.
pub fn planner_used(book: &Book) -> Option<Spent> {
    let talk = book.planner.as_ref()?;
    Past::of(talk.billed).settle(Bill::of(&talk.transcript))
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;
    use crate::core::effect::Recorded;
    use crate::core::fact::Fact;
    use crate::model::cost::Usd;
    use crate::model::id::{Seq, TaskId};
    use crate::model::plan::Conversation;
    use crate::model::time::Wall;

    #[test]
    fn what_the_planner_used_is_paid_once_as_far_as_its_transcript_tells() {
        let folder = tempfile::tempdir().unwrap();
        let transcript = folder.path().join("c.jsonl");
        let line = |id: &str, input: u64| {
            format!(
                "{{\"type\":\"assistant\",\"message\":{{\"id\":\"{id}\",\"usage\":{{\"input_tokens\":{input},\"output_tokens\":1}}}}}}\n"
            )
        };
        std::fs::write(&transcript, line("a", 100) + &line("b", 50)).unwrap();
        let spent = |usd: u64, tokens_in: u64, tokens_out: u64, unpriced: bool| Spent {
            usd: Usd(usd),
            unpriced,
            tokens_in,
            tokens_out,
        };
        let task = Some(TaskId(1));
        let begun = Conversation { transcript, task, billed: Spent::default() };
        let mut facts = vec![
            Fact::PlannerTalks { talk: Some(begun) },
            Fact::PlannerUsed { task, spent: spent(20_000, 100, 1, false) },
        ];
        let book = |facts: &[Fact]| {
            let numbered = facts.iter().cloned().zip(1..);
            Book::replay(numbered.map(|(fact, seq)| Recorded { seq: Seq(seq), at: Wall(0), fact }))
        };
        let left = spent(0, 50, 1, true);
        assert_eq!(planner_used(&book(&facts)), Some(left));
        facts.push(Fact::PlannerUsed { task, spent: left });
        assert_eq!(planner_used(&book(&facts)), None, "also when the supervisor dies in the middle of that");
        facts.push(Fact::PlannerTalks { talk: None });
        assert_eq!(planner_used(&book(&facts)), None);
    }
}
