//! Confirms a landing by the checks in the user's tree, and takes it back.

use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::live::{Cause, JobOwner, Step};
use crate::core::supervisor::Supervisor;
use crate::core::undo::Undone;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::id::{LandingId, TaskId};
use crate::model::task::{ReviewReason, TaskState};

impl Supervisor {
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

    /// A check that a landing waits for ran in the tree. Returns whether that settles what its outcome means.
    pub(crate) fn confirmed(&mut self, key: &CheckKey, run: &CheckRun, known: &[Fingerprint], cause: &Cause) -> bool {
        let Some(id) = self.confirming(key) else { return false };
        if self.was_turned_red(id, key, run, known) {
            if cause.files.is_empty() {
                self.take_back(id, key, run);
                self.run_for_the_next(key);
                return true;
            }
            if self.is_not_fixed(id, key, run) || self.was_landed_on(id, cause) {
                self.red_after_landing(id, key, run);
                self.run_for_the_next(key);
                return true;
            }
            // The user has changed something else meanwhile; this red is theirs.
        }
        self.confirmed_gone(key);
        false
    }

    /// Runs a check again for another landing that waits for it: what it said last was about the first.
    fn run_for_the_next(&mut self, key: &CheckKey) {
        if let Some(next) = self.confirming(key) {
            self.want(key.clone(), Cause { by: Some(next), ..Cause::default() });
        }
    }

    /// Returns the attempt whose landing waits for a check in the tree.
    fn confirming(&self, key: &CheckKey) -> Option<TaskId> {
        let waits = |step: &Step| matches!(step, Step::Confirm(keys) if keys.contains(key));
        self.live.attempts.iter().find(|(_, attempt)| waits(&attempt.step)).map(|(id, _)| *id)
    }

    /// Whether a run says something bad that it did not say before the landing.
    fn was_turned_red(&self, id: TaskId, key: &CheckKey, run: &CheckRun, known: &[Fingerprint]) -> bool {
        let failures = &run.findings.failures;
        let is_new = |failure: &Fingerprint| !known.iter().any(|old| old.same(failure));
        // A check that could not even run says nothing about the landing.
        !run.is_green()
            && run.verdict != Verdict::Broken
            && (failures.is_empty() || failures.iter().any(is_new) || self.is_not_fixed(id, key, run))
    }

    /// Whether the failures that a landing was to mend are still there.
    fn is_not_fixed(&self, id: TaskId, key: &CheckKey, run: &CheckRun) -> bool {
        let Some(task) = self.book.task(id).filter(|task| task.is_about(key)) else { return false };
        run.findings.failures.iter().any(|now| task.failures.iter().any(|old| old.same(now)))
    }

    /// Whether somebody saved a file that a landing has written.
    fn was_landed_on(&self, id: TaskId, cause: &Cause) -> bool {
        let Some(attempt) = self.live.attempts.get(&id) else { return false };
        attempt.files.iter().any(|file| cause.files.contains(&file.path))
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
        let Some(landing) = self.live.attempts.get(&id).and_then(|attempt| attempt.landing) else { return };
        self.log(id, "land", format!("{key} turned red in your tree; taking the landing back"));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.turned_red = Some(key.clone());
        }
        // The journal must know: a start after a crash takes a landing at the stage of confirming for one that stands.
        self.enter(id, Stage::Land, Step::Gate);
        self.begin_taking_back(id, landing, true, refuted(key, run));
    }

    /// Takes files back out of the user's tree; the attempt ends as given when that is done.
    pub(crate) fn begin_taking_back(
        &mut self,
        id: TaskId,
        landing: LandingId,
        only_untouched: bool,
        ending: AttemptEnd,
    ) {
        let after = Some(self.book.seq);
        let job = self.give(JobOwner::Attempt(id), Work::Undo { landing, only_untouched }, after);
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.ending = Some(ending);
            attempt.step = Step::TakeBack(job);
        }
    }

    fn red_after_landing(&mut self, id: TaskId, key: &CheckKey, run: &CheckRun) {
        self.log(id, "land", format!("{key} turned red in your tree, where you have edited what landed"));
        self.finish_with_review(id, refuted(key, run), ReviewReason::RedAfterLanding(key.clone()));
    }

    fn finish_with_review(&mut self, id: TaskId, end: AttemptEnd, reason: ReviewReason) {
        if self.task(id).is_none_or(|task| task.state.is_final()) {
            return self.finish(id, end, None);
        }
        self.record(Fact::NeedsReview { task: id, reason: reason.clone(), result: None });
        self.finish(id, end, Some(TaskState::Review(reason)));
    }

    /// Files were taken back out of the user's tree, or not.
    pub(crate) fn taken_back(&mut self, id: TaskId, outcome: Undone) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let Some(end) = attempt.ending.clone() else { return };
        attempt.dirty = false;
        let in_place = attempt.rolling.take();
        let Some(landing) = in_place.or(attempt.landing) else { return };
        let turned_red = attempt.turned_red.clone();
        let reason = match (outcome, turned_red) {
            (Undone::Files(files), _) => {
                attempt.landing = None;
                self.record(Fact::TakenBack { task: id, landing });
                self.wrote(&files);
                self.wants_checks_of(&files, id);
                return self.finish(id, end, None);
            }
            (Undone::Nothing, None) => {
                attempt.landing = None;
                self.record(Fact::LandingFailed { task: id });
                return self.finish(id, end, None);
            }
            (_, Some(key)) => return self.finish_with_review(id, end, ReviewReason::RedAfterLanding(key)),
            (Undone::Edited(paths), None) => ReviewReason::Conflict(paths),
            (Undone::Failed(why), None) => ReviewReason::Refused(why),
        };
        self.log(id, "note", "what was written could not be taken back completely; see what your tree holds");
        let attempt = self.live.attempts.get(&id);
        let written = attempt.map(|attempt| match &attempt.result {
            Some(result) if attempt.files.is_empty() => result.changes.clone(),
            Some(_) | None => attempt.files.clone(),
        });
        self.wants_checks_of(&written.unwrap_or_default(), id);
        self.finish_with_review(id, end, reason);
    }
}

fn refuted(key: &CheckKey, run: &CheckRun) -> AttemptEnd {
    AttemptEnd::Refuted { check: key.to_string(), run: Box::new(run.clone()) }
}
