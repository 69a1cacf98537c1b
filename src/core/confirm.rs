//! Confirms a landing by the checks in the user's tree, and takes it back.

use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::input::Product;
use crate::core::live::{Cause, JobOwner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::{CheckKey, CheckRun, Fingerprint};
use crate::model::id::TaskId;
use crate::model::task::{ReviewReason, TaskState};
use crate::model::time::Moment;

impl Supervisor {
    pub(crate) fn stops_at(&self) -> Moment {
        match self.live.phase {
            Phase::Stopping { until, .. } => until,
            Phase::Asleep | Phase::Up | Phase::Gone => Moment(u64::MAX),
        }
    }

    /// Ends an attempt that has landed without waiting for the checks in the tree; they run at the next start.
    pub(crate) fn confirm_unseen(&mut self, id: TaskId) {
        let Some(Step::Confirm(keys)) = self.live.attempts.get(&id).map(|attempt| attempt.step.clone()) else { return };
        for key in keys {
            self.live.wanted.remove(&key);
            self.drop_tree_run(&key);
        }
        self.log(id, "land", "landed; not yet checked in your tree, because the supervisor stops");
        self.finish(id, AttemptEnd::Verified, None);
    }

    /// A check that a landing waits for ran in the tree. Returns whether the landing is being taken back for it.
    pub(crate) fn confirmed(&mut self, key: &CheckKey, run: &CheckRun, known: &[Fingerprint], cause: &Cause) -> bool {
        let waiting = self.live.attempts.iter().find_map(|(id, attempt)| match &attempt.step {
            Step::Confirm(keys) if keys.contains(key) => Some(*id),
            _ => None,
        });
        let Some(id) = waiting else { return false };
        let Some(task) = self.task(id) else { return false };
        let is_in = |list: &[Fingerprint], failure: &Fingerprint| list.iter().any(|old| old.same(failure));
        let newly = run.findings.failures.iter().any(|failure| !is_in(known, failure));
        let not_fixed = *key == task.key && run.findings.failures.iter().any(|failure| is_in(&task.failures, failure));
        let silent = run.findings.failures.is_empty();
        if !run.is_green() && (newly || not_fixed || silent) && cause.files.is_empty() {
            self.take_back(id, key, run);
            return true;
        }
        self.confirmed_gone(key);
        false
    }

    /// A check that a landing may wait for has nothing left to say.
    pub(crate) fn confirmed_gone(&mut self, key: &CheckKey) {
        let mut complete = Vec::new();
        for (id, attempt) in &mut self.live.attempts {
            if let Step::Confirm(keys) = &mut attempt.step {
                keys.remove(key);
                if keys.is_empty() {
                    complete.push(*id);
                }
            }
        }
        for id in complete {
            self.finish(id, AttemptEnd::Verified, None);
        }
    }

    fn take_back(&mut self, id: TaskId, key: &CheckKey, run: &CheckRun) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let Some(landing) = attempt.landing else { return };
        attempt.ending = Some(AttemptEnd::Refuted { check: key.to_string(), run: Box::new(run.clone()) });
        self.log(id, "land", format!("{key} turned red in your tree; taking the landing back"));
        // The journal must know: a start after a crash takes a landing at the stage of confirming for one that stands.
        self.enter(id, Stage::Land, Step::Gate);
        let work = Work::Undo { landing, only_untouched: true };
        let job = self.give(JobOwner::Attempt(id), work, Some(self.book.seq));
        self.set_step(id, Step::TakeBack(job));
    }

    pub(crate) fn taken_back(&mut self, id: TaskId, product: &Product) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let Some(end) = attempt.ending.clone() else { return };
        attempt.dirty = false;
        let rolling = attempt.rolling.take();
        let landing = rolling.or(attempt.landing.take());
        if let Product::Undone(files) = product {
            if let Some(landing) = landing {
                self.record(Fact::TakenBack { task: id, landing });
            }
            let keys = self.keys_touched_by(files.iter().map(|file| &file.path));
            if self.is_up() {
                self.want_touched(keys, id);
            }
            return self.finish(id, end, None);
        }
        if rolling.is_some() {
            self.record(Fact::LandingFailed { task: id });
            self.log(id, "note", "what the agent did in place could not be taken back completely");
            return self.finish(id, end, None);
        }
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.landing = landing;
        }
        let key = self.task(id).map(|task| task.key.clone());
        let Some(key) = key else { return };
        let state = TaskState::Review(ReviewReason::RedAfterLanding(key));
        self.finish(id, end, Some(state));
    }
}
