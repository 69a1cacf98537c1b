//! Brings a verified result into the user's tree, or asks a person first.

use std::time::Duration;

use crate::core::command::Answer;
use crate::core::effect::{Place, Work};
use crate::core::fact::Fact;
use crate::core::finish::{DIFF_KEPT, truncate};
use crate::core::landing_order::Before;
use crate::core::live::{JobOwner, Step};
use crate::core::supervisor::Supervisor;
use crate::model::agent::LogLine;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::TestCounts;
use crate::model::id::{LandingId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::receipt::{Receipt, Witness};
use crate::model::settings::{LandBy, LandMode};
use crate::model::task::{DoneReason, PendingResult, ReadyReason, ReviewReason, TaskState};
use crate::model::workspace::{FileChange, Snapshot, Suspicion, TreeId};

/// How often a landing is tried when the tree changes under it, before a person is asked to hold still.
const MERGES: u32 = 5;

impl Supervisor {
    /// Every check has said yes to the result: it lands, or asks.
    pub(crate) fn verified(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        attempt.fixers_done = true;
        if self.brings_nothing(id) {
            return self.nothing_to_land(id);
        }
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        if attempt.accepted.is_none() {
            let mut doubts = attempt.result.as_ref().map(|result| result.suspicions.clone()).unwrap_or_default();
            doubts.extend(fewer_tests(attempt.red.as_ref(), attempt.green.first()));
            attempt.accepted = Some(Vec::new());
            let reason = if doubts.is_empty() { self.why_ask_for(id) } else { Some(ReadyReason::Suspicious(doubts)) };
            if let Some(reason) = reason {
                return self.ready(id, reason);
            }
        }
        self.enter(id, Stage::Land, Step::Gate);
    }

    /// Says why the result of a task without doubts waits for a yes, if it does.
    fn why_ask_for(&self, id: TaskId) -> Option<ReadyReason> {
        let Some(task) = self.book.task(id) else { return self.why_ask() };
        match task.assignment().map(|assignment| assignment.land) {
            None => self.why_ask(),
            Some(LandMode::Auto) if self.built_from(task).is_empty() => None,
            Some(LandMode::Auto | LandMode::Ask) => Some(ReadyReason::Asked),
        }
    }

    /// Says why the fix of a check without doubts waits for a yes, if it does.
    fn why_ask(&self) -> Option<ReadyReason> {
        match self.lands() {
            None => Some(ReadyReason::First),
            Some(LandMode::Ask) => Some(ReadyReason::Asked),
            Some(LandMode::Auto) => None,
        }
    }

    /// Returns what becomes of verified results, if anybody has said so. A flag goes first; else a person's answer for
    /// this project and the files count, whichever is the more careful.
    fn lands(&self) -> Option<LandMode> {
        let (land, agreed) = (self.settings.fix.land, self.book.agreed);
        match (self.settings.fix.land_by, land, agreed) {
            (LandBy::Flag, land, _) => Some(land),
            (LandBy::File, LandMode::Ask, _) | (LandBy::File, LandMode::Auto, Some(LandMode::Ask)) => {
                Some(LandMode::Ask)
            }
            (LandBy::File, LandMode::Auto, Some(LandMode::Auto) | None) => Some(LandMode::Auto),
            (LandBy::Nobody, LandMode::Ask, None) => Some(LandMode::Ask),
            (LandBy::Nobody, _, agreed) => agreed,
        }
    }

    /// Remembers for this project whether verified results land by themselves.
    pub(crate) fn agree(&mut self, land: LandMode) -> Answer {
        if self.book.agreed != Some(land) {
            self.record(Fact::Agreed { land });
        }
        let said = match land {
            LandMode::Auto => "from now on verified fixes land by themselves",
            LandMode::Ask => "from now on verified fixes wait for a yes",
        };
        let but = match self.settings.fix.land_by {
            LandBy::Flag if self.lands() != Some(land) => "; but --land goes before it in this run",
            LandBy::File if self.lands() != Some(land) => {
                "; but fix.land = \"ask\" in the configuration goes before it"
            }
            LandBy::Flag | LandBy::File | LandBy::Nobody => "",
        };
        Answer::said(format!("{said}{but}"))
    }

    fn ready(&mut self, id: TaskId, reason: ReadyReason) {
        let Some(mut result) = self.pending(id, String::new()) else {
            return self.broken(id, "the result has no evidence".to_owned());
        };
        if let ReadyReason::Suspicious(doubts) = &reason {
            result.receipt.accepted.clone_from(doubts);
        }
        self.record(Fact::Ready { task: id, reason, result: Box::new(result) });
        self.finish(id, AttemptEnd::Verified, None);
    }

    /// Returns the result of a running attempt as it is kept for a person.
    pub(crate) fn pending(&self, id: TaskId, conflict: String) -> Option<PendingResult> {
        let attempt = self.live.attempts.get(&id)?;
        let result = attempt.result.as_ref()?;
        let mut diff = result.patch.clone();
        truncate(&mut diff, DIFF_KEPT);
        let mut receipt = self.receipt(id, LandingId(0))?;
        receipt.tree_after = result.tree.clone();
        // Of a fix, its check has said that it is whole.
        let is_fix = self.book.task(id).is_some_and(|task| task.check().is_some());
        let unfinished = match self.book.task(id).and_then(|task| task.result.as_ref()) {
            Some(known) if attempt.only_lands => known.unfinished,
            Some(_) | None => !is_fix && self.stopped_at(id).is_some(),
        };
        Some(PendingResult { receipt, base: attempt.base.clone()?, diff, conflict, unfinished })
    }

    fn receipt(&self, id: TaskId, landing: LandingId) -> Option<Receipt> {
        let task = self.book.task(id)?;
        let attempt = self.live.attempts.get(&id)?;
        let result = attempt.result.as_ref()?;
        if task.check().is_some() && attempt.red.is_none() {
            return None;
        }
        let (now, before) = (self.live.now.wall, task.attempts.iter().map(|attempt| attempt.took).sum::<Duration>());
        Some(Receipt {
            task: id,
            landing,
            at: self.live.now.wall,
            fixed: task.failures.clone(),
            red: attempt.red.clone(),
            green: attempt.green.clone(),
            tree_before: attempt.base.as_ref()?.tree.clone(),
            tree_after: attempt.merged.as_ref().map_or(&result.tree, |(_, tree)| tree).clone(),
            files: if attempt.files.is_empty() { result.changes.clone() } else { attempt.files.clone() },
            accepted: attempt.accepted.clone().unwrap_or_default(),
            by: attempt.by.clone(),
            attempts: attempt.number,
            spent: task.total(),
            took: before + now.since(attempt.began).saturating_sub(attempt.waited),
        })
    }

    /// Lets a result that waited for a yes land.
    pub(crate) fn land_pending(&mut self, id: TaskId, result: &PendingResult, accepted: Vec<Suspicion>) {
        let receipt = &result.receipt;
        let slot = self.live.free_slot();
        let number = receipt.attempts;
        self.record(Fact::AttemptStarted { task: id, number, slot, landing: true });
        let Some(task) = self.task(id) else { return };
        let mut attempt = self.new_attempt(&task, number, slot, Step::Gate, Stage::Land);
        attempt.place = Place::Workspace(slot);
        attempt.base = Some(result.base.clone());
        attempt.red.clone_from(&receipt.red);
        attempt.green.clone_from(&receipt.green);
        attempt.fixers_done = true;
        attempt.only_lands = true;
        attempt.by.clone_from(&receipt.by);
        attempt.accepted = Some(accepted);
        attempt.result = Some(crate::core::input::Collected {
            tree: receipt.tree_after.clone(),
            changes: receipt.files.clone(),
            suspicions: Vec::new(),
            patch: result.diff.clone(),
        });
        self.live.attempts.insert(id, attempt);
        self.record(self.staged(id, Stage::Land));
    }

    /// Lets a result land that waited for its turn.
    pub(crate) fn land_by_itself(&mut self, id: TaskId, result: &PendingResult) {
        self.land_pending(id, result, Vec::new());
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.unasked = true;
        }
    }

    /// Lets a result go on that is to land: after what it was made from, and not before that has. Without a yes nothing
    /// lands that was made from what came to nothing.
    pub(crate) fn pass_gate(&mut self, id: TaskId) {
        let Some(task) = self.book.task(id) else { return };
        let has_yes = self.live.attempts.get(&id).is_some_and(|attempt| attempt.only_lands && !attempt.unasked);
        let failed = self.failed_from_under(task).filter(|_| !has_yes);
        match (self.lands_after(task), failed) {
            (None, None) => self.start_merge(id),
            (Some(Before::Lands(_)), _) if has_yes => {}
            // It is kept, so that it is neither made nor paid for twice, whatever happens until then.
            (Some(Before::Lands(first)), _) => self.ready(id, ReadyReason::InTurn(first)),
            (Some(Before::Waits(first)), _) => {
                self.wait_for_yes(id, format!("it was made from {first}, which has not landed"));
            }
            (None, Some(base)) => self.wait_for_yes(id, format!("it was made from {base}, which came to nothing")),
        }
    }

    /// Keeps the result of an attempt that is about to land for a person, instead.
    pub(crate) fn wait_for_yes(&mut self, id: TaskId, why: String) {
        self.log(id, "land", why);
        let doubts = self.live.attempts.get(&id).and_then(|attempt| attempt.accepted.clone()).unwrap_or_default();
        self.ready(id, if doubts.is_empty() { ReadyReason::Asked } else { ReadyReason::Suspicious(doubts) });
    }

    /// Merges a result with what the user has now.
    fn start_merge(&mut self, id: TaskId) {
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
            // The very same is there: typed by the user, or brought by another task.
            let paths: Vec<ProjectPath> = result.changes.iter().map(|change| change.path.clone()).collect();
            let reason = self.last_landed(id, &paths).map_or(DoneReason::FixedByYou, DoneReason::FixedBy);
            return self.finish(id, AttemptEnd::Withdrawn, Some(TaskState::Done(reason)));
        }
        let (slot, is_verified) = (attempt.slot, tree == result.tree);
        attempt.merged = Some((ours.clone(), tree.clone()));
        if is_verified {
            return self.land(id);
        }
        self.log(id, "land", "the tree has changed meanwhile; checking both together");
        let job = self.give(JobOwner::Attempt(id), Work::Restore { slot, snapshot: ours, tree }, None);
        self.set_step(id, Step::Restore(job));
    }

    /// The workspace holds what was asked for: the merged tree, or the untouched snapshot after fixers, or after an agent
    /// of which nothing is taken.
    pub(crate) fn restored(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        if attempt.merged.is_none() && !attempt.fixers_done {
            return self.proceed(id, Stage::Fixers);
        }
        self.verify(id);
    }

    pub(crate) fn conflicted(&mut self, id: TaskId, paths: Vec<ProjectPath>, shown: &str) {
        let shown = self.landed_meanwhile(id, &paths).into_iter().chain([shown.to_owned()]).collect::<Vec<_>>();
        let gone = self.book.task(id).and_then(|task| self.gone_from_under(task, &paths));
        let reason = gone.map_or(ReviewReason::Conflict(paths.clone()), |base| ReviewReason::Baseless(base, paths));
        self.review(id, reason, shown.join("\n"));
    }

    /// Returns the task that was the last to land changes of these files since another one was filed.
    fn last_landed(&self, id: TaskId, paths: &[ProjectPath]) -> Option<TaskId> {
        let filed = self.book.task(id)?.filed;
        let landed = self.book.tasks.values().filter(|other| other.id != id).filter_map(|other| {
            let receipt = other.receipt.as_ref().filter(|receipt| receipt.at >= filed)?;
            let is_its = receipt.files.iter().any(|file| paths.contains(&file.path));
            let stands = matches!(other.state, TaskState::Done(_)) && is_its;
            stands.then_some((receipt.at, other.id))
        });
        landed.max().map(|(_, other)| other)
    }

    /// Says which other tasks have landed changes of these files since a task was filed: what stands against its result
    /// may be theirs, and not what a person typed.
    fn landed_meanwhile(&self, id: TaskId, paths: &[ProjectPath]) -> Vec<String> {
        let Some(filed) = self.book.task(id).map(|task| task.filed) else { return Vec::new() };
        let others = self.book.tasks.values().filter(|other| other.id != id);
        let landed = others.filter_map(|other| {
            let receipt = other.receipt.as_ref().filter(|receipt| receipt.at >= filed)?;
            let changed = receipt.files.iter().find(|file| paths.contains(&file.path))?;
            Some(format!("{} changed {} meanwhile: {}", other.id, changed.path, other.title()))
        });
        landed.collect()
    }

    pub(crate) fn landing_refused(&mut self, id: TaskId, why: String) {
        self.record(Fact::LandingFailed { task: id });
        self.review(id, ReviewReason::Refused(why), String::new());
    }

    pub(crate) fn review(&mut self, id: TaskId, reason: ReviewReason, conflict: String) {
        let result = self.pending(id, conflict).map(Box::new);
        self.record(Fact::NeedsReview { task: id, reason, result });
        self.finish(id, AttemptEnd::Verified, None);
    }

    pub(crate) fn begin_landing(&mut self, id: TaskId) -> LandingId {
        let landing = self.book.last_landing.max(self.live.last_landing).next();
        self.live.last_landing = landing;
        self.record(Fact::LandingBegan { task: id, landing });
        landing
    }

    /// Writes the merged tree into the user's tree, once the journal knows of it.
    pub(crate) fn land(&mut self, id: TaskId) {
        let Some((ours, tree)) = self.live.attempts.get(&id).and_then(|attempt| attempt.merged.clone()) else { return };
        // What it was made from may be about to be made anew by now.
        let waits = self.book.task(id).is_some_and(|task| self.lands_after(task).is_some());
        if waits && let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.merged = None;
        }
        self.enter(id, Stage::Land, Step::Gate);
        if waits || self.live.repository.operation.is_some() {
            return;
        }
        let landing = self.begin_landing(id);
        let after = Some(self.book.seq);
        let job = self.give(JobOwner::Attempt(id), Work::Land { landing, ours, tree }, after);
        self.set_step(id, Step::Land(job));
    }

    /// A landing failed in the middle: what it may have written is taken back.
    pub(crate) fn landing_broke(&mut self, id: TaskId, why: String) {
        let Some(landing) = self.task(id).and_then(|task| task.landing) else { return self.broken(id, why) };
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.landing = Some(landing);
        }
        self.begin_taking_back(id, landing, false, AttemptEnd::Broken { why });
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

    pub(crate) fn landed(&mut self, id: TaskId, files: &[FileChange], warnings: &[String]) {
        let Some(landing) = self.task(id).and_then(|task| task.landing) else { return };
        self.wrote(files);
        let mut keys = self.keys_touched_by(files.iter().map(|file| &file.path));
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        attempt.landing = Some(landing);
        attempt.files = files.to_vec();
        if let Some(receipt) = self.receipt(id, landing) {
            self.record(Fact::Landed { task: id, receipt: Box::new(receipt) });
        }
        for warning in warnings {
            self.log(id, LogLine::EDITOR, warning);
        }
        keys.extend(self.task(id).and_then(|task| self.own_check(&task)).filter(|key| self.is_meaningful(key)));
        self.enter(id, Stage::Confirm, Step::Confirm(keys.clone()));
        if keys.is_empty() {
            return self.finish(id, AttemptEnd::Verified, None);
        }
        if self.is_hurried() {
            return self.confirm_unseen(id);
        }
        self.want_touched(keys, id);
    }
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
    use crate::model::check::{CheckKey, CheckName, Verdict};

    fn counted(passed: u32, failed: u32) -> Witness {
        Witness {
            check: CheckKey { check: CheckName("unit".into()), file: None },
            verdict: Verdict::Red,
            code: Some(1),
            failures: Vec::new(),
            tests: Some(TestCounts { passed, failed, skipped: 0 }),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn fewer_tests_than_before_are_doubtful() {
        assert!(fewer_tests(Some(&counted(3, 1)), Some(&counted(3, 0))).is_some());
        assert!(fewer_tests(Some(&counted(3, 1)), Some(&counted(4, 0))).is_none());
        assert!(fewer_tests(Some(&counted(3, 1)), Some(&counted(5, 0))).is_none());
    }
}
