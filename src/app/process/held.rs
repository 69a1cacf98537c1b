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
    /// Whether nothing may go on in memory.
    only_on_disk: bool,
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
    /// From now on nothing goes on in memory: what cannot be kept is not done.
    pub fn only_on_disk(&mut self) {
        self.only_on_disk = true;
    }

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
        let in_memory = stored.outage.is_some() && !self.only_on_disk;
        let may_go = |seq: Seq| seq <= stored.seq || in_memory;
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

/// Returns an answer that was still waiting when the journal was closed: a promise, if it is kept.
///
/// # Errors
/// If the journal could not be written.
pub fn kept(answer: Answer, closed: &Result<(), StoreError>) -> Result<Answer, Refusal> {
    match closed {
        Ok(()) => Ok(answer),
        Err(error) => Err(Refusal::because(format!("the journal cannot be written: {error}; this may be forgotten"))),
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

    #[test]
    fn one_command_goes_on_in_no_memory_and_what_is_not_kept_is_refused() {
        let mut held = Held::default();
        held.only_on_disk();
        held.appended(Seq(3));
        held.reply(RequestId(1), refusal());
        let busy = StoreError::Busy { path: "journal.db".into() };
        assert!(held.free(&Stored { seq: Seq(0), outage: Some(busy.clone()) }).replies.is_empty());
        assert!(kept(Answer::said("done"), &Ok(())).is_ok());
        assert!(kept(Answer::said("done"), &Err(busy)).unwrap_err().message.contains("forgotten"));
    }
}
