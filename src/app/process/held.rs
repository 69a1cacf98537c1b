//! What waits until its facts are on disk: work that cannot be taken back, and answers, which are promises.

use crate::core::command::{Answer, Refusal};
use crate::core::effect::Work;
use crate::edge::store::StoreError;
use crate::model::id::{JobId, RequestId, Seq};

/// What the journal's writer last said.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The last fact on disk.
    pub seq: Seq,
    /// Why nothing more gets there, if so.
    pub outage: Option<StoreError>,
}

/// What is kept back, in the order in which it came.
#[derive(Debug, Default)]
pub struct Held {
    /// The last fact that was handed to the journal.
    last: Seq,
    work: Vec<(Seq, JobId, Work)>,
    replies: Vec<(Seq, RequestId, Result<Answer, Refusal>)>,
}

/// What may go.
#[derive(Debug, Default)]
pub struct Free {
    /// Work, by job.
    pub work: Vec<(JobId, Work)>,
    /// Answers, by request.
    pub replies: Vec<(RequestId, Result<Answer, Refusal>)>,
}

impl Held {
    /// Takes note that facts up to this one were handed to the journal.
    pub fn appended(&mut self, seq: Seq) {
        self.last = seq;
    }

    /// Keeps work back until this fact is on disk.
    pub fn work(&mut self, after: Seq, job: JobId, work: Work) {
        self.work.push((after, job, work));
    }

    /// Keeps an answer back until everything is on disk that was true when it was given.
    pub fn reply(&mut self, request: RequestId, reply: Result<Answer, Refusal>) {
        self.replies.push((self.last, request, reply));
    }

    /// Returns what may go by now, oldest first. With a broken store everything goes on in memory, and nothing waits.
    pub fn free(&mut self, stored: &Stored) -> Free {
        let may_go = |seq: Seq| seq <= stored.seq || stored.outage.is_some();
        Free {
            work: self.work.extract_if(.., |(seq, ..)| may_go(*seq)).map(|(_, job, work)| (job, work)).collect(),
            replies: self
                .replies
                .extract_if(.., |(seq, ..)| may_go(*seq))
                .map(|(_, request, reply)| (request, reply))
                .collect(),
        }
    }

    /// Returns the answers that still wait, at the end: nothing is written any more.
    pub fn replies(&mut self) -> Vec<(RequestId, Result<Answer, Refusal>)> {
        self.replies.drain(..).map(|(_, request, reply)| (request, reply)).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn stored(seq: u64) -> Stored {
        Stored { seq: Seq(seq), outage: None }
    }

    fn refusal() -> Result<Answer, Refusal> {
        Err(Refusal { kind: crate::core::command::Refused::State, message: "no".to_owned() })
    }

    #[test]
    fn an_answer_waits_for_all_that_was_true_before_it() {
        let mut held = Held::default();
        held.reply(RequestId(1), refusal());
        held.appended(Seq(7));
        held.reply(RequestId(2), refusal());
        let gone = |free: Free| free.replies.into_iter().map(|(request, _)| request.0).collect::<Vec<_>>();
        assert_eq!(gone(held.free(&stored(6))), [1]);
        assert!(gone(held.free(&stored(6))).is_empty());
        assert_eq!(gone(held.free(&stored(7))), [2]);
    }

    #[test]
    fn nothing_waits_for_a_broken_store_and_at_the_end_all_is_answered() {
        let mut held = Held::default();
        held.appended(Seq(3));
        held.reply(RequestId(1), refusal());
        let outage = Some(StoreError::Busy { path: "journal.db".into() });
        assert_eq!(held.free(&Stored { seq: Seq(0), outage }).replies.len(), 1);
        held.reply(RequestId(2), refusal());
        assert_eq!(held.replies().first().unwrap().0, RequestId(2));
    }
}
