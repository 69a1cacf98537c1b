//! Brings a verified result into the user's tree, confirms it there, and takes it back.

use crate::core::attempt::{DIFF_KEPT, truncate};
use crate::core::book;
use crate::core::command::{Answer, Refusal};
use crate::core::effect::{Effect, Place, Work};
use crate::core::fact::Fact;
use crate::core::input::Product;
use crate::core::live::{Cause, JobOwner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::{CheckKey, CheckRun, Fingerprint, TestCounts};
use crate::model::id::{LandingId, RequestId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::receipt::{Receipt, Witness};
use crate::model::settings::LandMode;
use crate::model::task::{DoneReason, PendingResult, ReadyReason, ReviewReason, TaskState};
use crate::model::workspace::{FileChange, Snapshot, Suspicion, TreeId};

/// How often a landing is tried when the tree changes under it, before a person is asked to hold still.
const MERGES: u32 = 5;

impl Supervisor {
    /// Every check has said yes to the result: it lands, or asks.
    pub(crate) fn verified(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        attempt.fixers_done = true;
        if attempt.accepted.is_none() {
            let mut doubts = attempt.result.as_ref().map(|result| result.suspicions.clone()).unwrap_or_default();
            doubts.extend(fewer_tests(attempt.red.as_ref(), attempt.green.first()));
            let reason = match (doubts.is_empty(), self.settings.fix.land) {
                (true, LandMode::Auto) => None,
                (true, LandMode::Ask) => Some(ReadyReason::Asked),
                (false, _) => Some(ReadyReason::Suspicious(doubts)),
            };
            if let Some(reason) = reason {
                return self.ready(id, reason);
            }
            attempt.accepted = Some(Vec::new());
        }
        self.enter(id, Stage::Land, Step::Gate);
    }

    fn ready(&mut self, id: TaskId, reason: ReadyReason) {
        let Some(result) = self.pending(id, String::new()) else {
            return self.broken(id, "the result has no evidence".to_owned());
        };
        self.record(Fact::Ready { task: id, reason, result: Box::new(result) });
        self.finish(id, AttemptEnd::Verified, None);
    }

    /// Returns the result of a running attempt as it is kept for a person.
    fn pending(&self, id: TaskId, conflict: String) -> Option<PendingResult> {
        let attempt = self.live.attempts.get(&id)?;
        let mut diff = attempt.result.as_ref()?.patch.clone();
        truncate(&mut diff, DIFF_KEPT);
        Some(PendingResult { receipt: self.receipt(id, LandingId(0))?, base: attempt.base.clone()?, diff, conflict })
    }

    fn receipt(&self, id: TaskId, landing: LandingId) -> Option<Receipt> {
        let task = self.book.task(id)?;
        let attempt = self.live.attempts.get(&id)?;
        let result = attempt.result.as_ref()?;
        let began = task.began.unwrap_or(attempt.began);
        Some(Receipt {
            task: id,
            landing,
            at: self.live.now.wall,
            fixed: task.failures.clone(),
            red: attempt.red.clone()?,
            green: attempt.green.clone(),
            tree_before: attempt.base.as_ref()?.tree.clone(),
            tree_after: attempt.merged.as_ref().map_or(&result.tree, |(_, tree)| tree).clone(),
            files: if attempt.files.is_empty() { result.changes.clone() } else { attempt.files.clone() },
            accepted: attempt.accepted.clone().unwrap_or_default(),
            by: attempt.by.clone(),
            attempts: attempt.number,
            spent: task.total(),
            took: self.live.now.wall.since(began),
        })
    }

    /// Lets a result that waited for a yes land.
    pub(crate) fn land_pending(&mut self, id: TaskId, result: &PendingResult, accepted: Vec<Suspicion>) {
        let receipt = &result.receipt;
        let slot = self.live.free_slot();
        let number = receipt.attempts;
        self.record(Fact::AttemptStarted { task: id, number, slot });
        let mut attempt = self.new_attempt(number, slot, Step::Gate, Stage::Land);
        attempt.place = Place::Workspace(slot);
        attempt.base = Some(result.base.clone());
        attempt.red = Some(receipt.red.clone());
        attempt.green.clone_from(&receipt.green);
        attempt.fixers_done = true;
        attempt.by.clone_from(&receipt.by);
        attempt.accepted = Some(accepted);
        attempt.result = Some(crate::core::input::Collected {
            tree: receipt.tree_after.clone(),
            changes: receipt.files.clone(),
            suspicions: Vec::new(),
            patch: result.diff.clone(),
        });
        self.live.attempts.insert(id, attempt);
        self.record(Fact::Staged { task: id, stage: Stage::Land });
    }

    /// Merges a result with what the user has now.
    pub(crate) fn start_merge(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        let (Some(base), Some(result)) = (attempt.base.clone(), attempt.result.as_ref()) else { return };
        if attempt.place == Place::Tree {
            let landing = self.begin_landing(id);
            let after = Some(self.book.seq);
            let job = self.give(JobOwner::Attempt(id), Work::RecordInPlace { landing, base }, after);
            return self.set_step(id, Step::Record(job));
        }
        let work = Work::Merge { base, theirs: result.tree.clone() };
        let job = self.give(JobOwner::Attempt(id), work, None);
        self.set_step(id, Step::Merge(job));
    }

    pub(crate) fn merged(&mut self, id: TaskId, ours: Snapshot, tree: TreeId) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let Some(result) = attempt.result.as_ref() else { return };
        if tree == ours.tree {
            // The user has typed the very same.
            return self.finish(id, AttemptEnd::Withdrawn, Some(TaskState::Done(DoneReason::FixedByYou)));
        }
        let (slot, is_verified) = (attempt.slot, tree == result.tree);
        attempt.merged = Some((ours.clone(), tree.clone()));
        if is_verified {
            return self.land(id);
        }
        self.log(id, "land", "you changed the tree meanwhile; checking both together");
        let job = self.give(JobOwner::Attempt(id), Work::Restore { slot, snapshot: ours, tree }, None);
        self.set_step(id, Step::Restore(job));
    }

    /// The workspace holds what was asked for: the merged tree, or the untouched snapshot after fixers.
    pub(crate) fn restored(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        if attempt.merged.is_none() {
            return self.to_agent(id);
        }
        let Some(task) = self.task(id) else { return };
        let touched: Vec<ProjectPath> =
            attempt.result.iter().flat_map(|result| &result.changes).map(|change| change.path.clone()).collect();
        let keys = self.keys_touched_by(touched.iter());
        let green = |key: &CheckKey| self.book.checks.get(key).is_some_and(book::CheckStatus::is_green);
        let others = keys.into_iter().filter(|key| *key != task.key && green(key)).collect::<Vec<_>>();
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.queue = std::iter::once(task.key.clone()).chain(others).collect();
            attempt.green.clear();
        }
        self.verify_next(id);
    }

    pub(crate) fn conflicted(&mut self, id: TaskId, paths: Vec<ProjectPath>, shown: &str) {
        self.review(id, ReviewReason::Conflict(paths), shown.to_owned());
    }

    pub(crate) fn landing_refused(&mut self, id: TaskId, why: String) {
        self.record(Fact::LandingFailed { task: id });
        self.review(id, ReviewReason::Refused(why), String::new());
    }

    fn review(&mut self, id: TaskId, reason: ReviewReason, conflict: String) {
        let result = self.pending(id, conflict).map(Box::new);
        self.record(Fact::NeedsReview { task: id, reason, result });
        self.finish(id, AttemptEnd::Verified, None);
    }

    fn begin_landing(&mut self, id: TaskId) -> LandingId {
        let landing = self.book.last_landing.next();
        self.record(Fact::LandingBegan { task: id, landing });
        landing
    }

    /// Writes the merged tree into the user's tree, once the journal knows of it.
    pub(crate) fn land(&mut self, id: TaskId) {
        let Some((ours, tree)) = self.live.attempts.get(&id).and_then(|attempt| attempt.merged.clone()) else { return };
        if self.live.repository.operation.is_some() {
            return self.enter(id, Stage::Land, Step::Gate);
        }
        self.enter(id, Stage::Land, Step::Gate);
        let landing = self.begin_landing(id);
        let after = Some(self.book.seq);
        let job = self.give(JobOwner::Attempt(id), Work::Land { landing, ours, tree }, after);
        self.set_step(id, Step::Land(job));
    }

    pub(crate) fn merge_again(&mut self, id: TaskId) {
        self.record(Fact::LandingFailed { task: id });
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        attempt.merges += 1;
        attempt.merged = None;
        if attempt.merges >= MERGES {
            return self.review(id, ReviewReason::Unstable, String::new());
        }
        self.set_step(id, Step::Gate);
    }

    pub(crate) fn landed(&mut self, id: TaskId, files: Vec<FileChange>) {
        let Some(landing) = self.task(id).and_then(|task| task.landing) else { return };
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        attempt.landing = Some(landing);
        attempt.files.clone_from(&files);
        let in_place = attempt.place == Place::Tree;
        if let Some(receipt) = self.receipt(id, landing) {
            self.record(Fact::Landed { task: id, receipt: Box::new(receipt) });
        }
        if in_place {
            return self.finish(id, AttemptEnd::Verified, None);
        }
        let mut keys = self.keys_touched_by(files.iter().map(|file| &file.path));
        keys.extend(self.task(id).map(|task| task.key.clone()));
        self.enter(id, Stage::Confirm, Step::Confirm(keys.clone()));
        if matches!(self.live.phase, Phase::Stopping { .. }) && self.live.now.moment >= self.stops_at() {
            return self.confirm_unseen(id);
        }
        self.want_touched(keys, id);
    }

    fn stops_at(&self) -> crate::model::time::Moment {
        match self.live.phase {
            Phase::Stopping { until, .. } => until,
            Phase::Asleep | Phase::Up | Phase::Gone => crate::model::time::Moment(u64::MAX),
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
        let work = Work::Undo { landing, only_untouched: true };
        let job = self.give(JobOwner::Attempt(id), work, None);
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

    /// Whether work done in place must be taken back before its attempt can end; if so, that begins.
    pub(crate) fn must_roll_back(&mut self, id: TaskId, end: &AttemptEnd) -> bool {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return false };
        if attempt.place != Place::Tree || !attempt.dirty || attempt.landing.is_some() {
            return false;
        }
        let Some(base) = attempt.base.clone() else { return false };
        attempt.ending = Some(end.clone());
        let landing = self.begin_landing(id);
        let job = self.give(JobOwner::Attempt(id), Work::RecordInPlace { landing, base }, Some(self.book.seq));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.rolling = Some(landing);
            attempt.step = Step::Record(job);
        }
        true
    }

    /// What was done in place is recorded; now it is taken back.
    pub(crate) fn rolled_back(&mut self, id: TaskId, end: AttemptEnd, product: &Product) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        match (attempt.rolling, product) {
            (Some(landing), Product::Landed(files)) if !files.is_empty() => {
                let work = Work::Undo { landing, only_untouched: false };
                let job = self.give(JobOwner::Attempt(id), work, None);
                self.set_step(id, Step::TakeBack(job));
            }
            _ => {
                attempt.dirty = false;
                attempt.rolling = None;
                self.record(Fact::LandingFailed { task: id });
                self.finish(id, end, None);
            }
        }
    }

    /// A landing that a dead supervisor may have begun was looked at.
    pub(crate) fn recovered(&mut self, task: TaskId, landing: LandingId, product: &Product) {
        match product {
            Product::Undone(files) => {
                self.record(Fact::TakenBack { task, landing });
                let keys = self.keys_touched_by(files.iter().map(|file| &file.path));
                self.want_touched(keys, task);
            }
            _ => {
                self.record(Fact::LandingFailed { task });
            }
        }
    }

    /// A landing was taken back for a person, or not.
    pub(crate) fn undo_done(&mut self, task: TaskId, request: RequestId, product: Product) {
        let landing = self.task(task).and_then(|task| task.receipt.as_ref().map(|receipt| receipt.landing));
        let reply = match product {
            Product::Undone(files) => {
                let landing = landing.unwrap_or_default();
                let said = format!("took back {task}: {}", names(&files));
                let keys = self.keys_touched_by(files.iter().map(|file| &file.path));
                self.record(Fact::Undone { task, landing, files });
                if !self.live.one_command && self.is_up() {
                    self.want_touched(keys, task);
                }
                Ok(Answer { said })
            }
            Product::UndoConflict(paths) => {
                let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
                Err(Refusal::because(format!(
                    "{task} cannot be taken back: you edited the same lines since, in {}; nothing was written",
                    names.join(", ")
                )))
            }
            Product::NothingToUndo => Err(Refusal::because(format!("the landing of {task} was taken back before"))),
            Product::Failed(why) => Err(Refusal::because(format!("{task} could not be taken back: {why}"))),
            other => Err(Refusal::because(format!("{task} could not be taken back: unexpected {other:?}"))),
        };
        self.reply(request, reply);
    }

    /// Answers a request.
    pub(crate) fn reply(&mut self, request: RequestId, reply: Result<Answer, Refusal>) {
        if self.live.one_command {
            self.live.commanded = Some(u8::from(reply.is_err()));
        }
        self.out.push(Effect::Reply(request, reply));
    }
}

fn names(files: &[FileChange]) -> String {
    let names: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
    names.join(", ")
}

/// Fewer tests ran on the result than on the untouched snapshot: something a person should see.
fn fewer_tests(red: Option<&Witness>, green: Option<&Witness>) -> Option<Suspicion> {
    let ran = |witness: Option<&Witness>| {
        witness.and_then(|witness| witness.tests).map(|TestCounts { passed, failed, .. }| passed + failed)
    };
    let (before, after) = (ran(red)?, ran(green)?);
    (after < before).then(|| Suspicion { file: None, what: format!("runs {after} tests where {before} ran before") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::attempt::witness;
    use crate::model::check::Verdict;

    fn counted(passed: u32, failed: u32) -> Witness {
        let key = CheckKey { check: crate::model::check::CheckName("unit".into()), file: None };
        let findings = crate::model::check::Findings {
            tests: Some(TestCounts { passed, failed, skipped: 0 }),
            ..Default::default()
        };
        let run = CheckRun { verdict: Verdict::Red, code: Some(1), took: std::time::Duration::ZERO, findings };
        witness(&key, &run)
    }

    #[test]
    fn fewer_tests_than_before_are_doubtful() {
        assert!(fewer_tests(Some(&counted(3, 1)), Some(&counted(3, 0))).is_some());
        assert!(fewer_tests(Some(&counted(3, 1)), Some(&counted(4, 0))).is_none());
        assert!(fewer_tests(Some(&counted(3, 1)), Some(&counted(5, 0))).is_none());
    }
}
