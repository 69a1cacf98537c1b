//! Moves an attempt through its stages, and decides retry, backoff and giving up.

use std::time::Duration;

use crate::core::book;
use crate::core::effect::{Place, Work};
use crate::core::fact::Fact;
use crate::core::input::{self, Collected, Product, RunOutcome};
use crate::core::live::{Attempt, Cause, JobOwner, Line, Step};
use crate::core::supervisor::Supervisor;
use crate::model::agent::LogLine;
use crate::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::id::{JobId, TaskId};
use crate::model::receipt::Witness;
use crate::model::session::Rung;
use crate::model::task::{DoneReason, FailReason, Task, TaskState};
use crate::model::time::millis;

/// How much of an attempt's diff the journal keeps, in bytes.
pub(crate) const DIFF_KEPT: usize = 16 * 1024;

impl Supervisor {
    pub(crate) fn set_step(&mut self, id: TaskId, step: Step) {
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.step = step;
        }
    }

    /// Enters a stage and says so once.
    pub(crate) fn enter(&mut self, id: TaskId, stage: Stage, step: Step) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let news = attempt.stage != stage;
        attempt.stage = stage;
        attempt.step = step;
        if news {
            self.record(Fact::Staged { task: id, stage });
        }
    }

    pub(crate) fn log(&mut self, id: TaskId, label: &str, text: impl Into<String>) {
        let line = LogLine { label: label.to_owned(), text: text.into() };
        self.record(Fact::Logged { task: id, lines: vec![line] });
    }

    fn give_step(&mut self, id: TaskId, work: Work, step: fn(JobId) -> Step) {
        let job = self.give(JobOwner::Attempt(id), work, None);
        self.set_step(id, step(job));
    }

    /// Takes in the end of a piece of work that an attempt waits for.
    pub(crate) fn attempt_job_done(&mut self, id: TaskId, product: Product) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        match (&attempt.step, attempt.ending.clone()) {
            (Step::TakeBack(_), _) => return self.taken_back(id, &product),
            (Step::Record(_), Some(end)) => return self.rolled_back(id, end, &product),
            (_, Some(end)) => return self.finish(id, end, None),
            (_, None) => {}
        }
        match (attempt.step.clone(), product) {
            (_, Product::Failed(why)) => self.broken(id, why),
            (Step::Snapshot(_), Product::Snapshot(snapshot)) => {
                for note in input::left_out(&snapshot) {
                    self.log(id, "note", note);
                }
                let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
                attempt.base = Some(snapshot.clone());
                match attempt.place {
                    Place::Workspace(slot) => self.give_step(id, Work::Prepare { slot, snapshot }, Step::Prepare),
                    Place::Tree => self.in_place_baseline(id),
                }
            }
            (Step::Prepare(_), Product::Prepared { needs_command, warnings }) => {
                for warning in warnings {
                    self.log(id, "note", warning);
                }
                if needs_command {
                    self.set_step(id, Step::Run(Line::Prepare, None));
                } else {
                    self.enter(id, Stage::Baseline, Step::Run(Line::Baseline, None));
                }
            }
            (Step::Collect(_), Product::Collected(collected)) => self.collected(id, collected),
            (Step::Merge(_), Product::Merged { ours, tree }) => self.merged(id, ours, tree),
            (Step::Merge(_), Product::Conflict { paths, shown }) => self.conflicted(id, paths, &shown),
            (Step::Restore(_), Product::Restored) => self.restored(id),
            (Step::Land(_) | Step::Record(_), Product::Landed(files)) => self.landed(id, files),
            (Step::Land(_), Product::Surprised) => self.merge_again(id),
            (Step::Land(_), Product::Refused(why)) => self.landing_refused(id, why),
            (step, product) => {
                // A product that fits no step is a fault of the shell; the attempt must not hang on it.
                self.broken(id, format!("unexpected {product:?} at {step:?}"));
            }
        }
    }

    fn in_place_baseline(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        let Some(status) = self.book.checks.get(&task.key) else {
            return self.broken(id, "the check never ran".into());
        };
        let red = witness(&task.key, &status.last);
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.red = Some(red);
        }
        self.next_after_baseline(id);
    }

    /// Ends an attempt because something of ours failed.
    pub(crate) fn broken(&mut self, id: TaskId, why: String) {
        self.finish(id, AttemptEnd::Broken { why }, None);
    }

    /// Takes in the end of a command line that an attempt ran.
    pub(crate) fn line_ended(&mut self, id: TaskId, outcome: RunOutcome) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        if let Some(end) = attempt.ending.clone() {
            return self.finish(id, end, None);
        }
        let Step::Run(line, _) = attempt.step.clone() else { return };
        let run = match outcome {
            RunOutcome::Ran(run) => run,
            RunOutcome::NoTests | RunOutcome::NoSource => {
                return self.broken(id, "the check's file is missing in the workspace".to_owned());
            }
        };
        match line {
            Line::Prepare if run.is_green() => self.enter(id, Stage::Baseline, Step::Run(Line::Baseline, None)),
            Line::Prepare => {
                let said = first_line(&run);
                self.finish(id, AttemptEnd::Withdrawn, Some(unusable(format!("workspace.prepare failed: {said}"))));
            }
            Line::Baseline => self.baseline_ran(id, &run),
            Line::Fixer(index) => self.fixer_ran(id, index, &run),
            Line::Verify(key) => self.verify_ran(id, &key, &run),
        }
    }

    fn baseline_ran(&mut self, id: TaskId, run: &CheckRun) {
        let Some(task) = self.task(id) else { return };
        let changed_meanwhile = self.live.burst.is_some() || self.live.is_checking(&task.key);
        if run.is_green() {
            self.log(id, "check", "green in the workspace; running it again in your tree");
            self.set_step(id, Step::SecondOpinion);
            self.want(task.key.clone(), Cause::default());
            return;
        }
        let same = task.failures.iter().any(|failure| run.findings.failures.iter().any(|now| now.same(failure)));
        if same {
            let red = witness(&task.key, run);
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                attempt.red = Some(red);
            }
            return self.next_after_baseline(id);
        }
        if changed_meanwhile {
            // The snapshot is newer than what we know of the tree; begin again when the check has said more.
            return self.finish(id, AttemptEnd::Interrupted, None);
        }
        self.finish(id, AttemptEnd::Withdrawn, Some(unusable(first_line(run))));
    }

    fn next_after_baseline(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        let has_fixers = self.check(&task.key.check).is_some_and(|check| !check.fixers.is_empty());
        if has_fixers && task.charged == 0 {
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                "fixers".clone_into(&mut attempt.by);
                attempt.dirty = true;
            }
            self.enter(id, Stage::Fixers, Step::Run(Line::Fixer(0), None));
        } else {
            self.to_agent(id);
        }
    }

    /// Lets an agent work.
    pub(crate) fn to_agent(&mut self, id: TaskId) {
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.fixers_done = true;
            attempt.dirty = true;
            attempt.queue.clear();
            attempt.green.clear();
            attempt.result = None;
        }
        self.enter(id, Stage::Agent, Step::Agent(None));
    }

    fn fixer_ran(&mut self, id: TaskId, index: usize, run: &CheckRun) {
        let Some(task) = self.task(id) else { return };
        if !run.is_green() {
            self.log(id, "fixer", format!("failed: {}", first_line(run)));
        }
        let count = self.check(&task.key.check).map_or(0, |check| check.fixers.len());
        if index + 1 < count {
            self.set_step(id, Step::Run(Line::Fixer(index + 1), None));
        } else {
            self.collect(id);
        }
    }

    /// Looks at what is in the workspace now.
    pub(crate) fn collect(&mut self, id: TaskId) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let Some(base) = attempt.base.clone() else { return };
        let last_green = self.book.checks.get(&task.key).and_then(|status| status.green_tree.clone());
        let place = attempt.place;
        let named = task.failures.iter().filter_map(|failure| failure.file.clone());
        let blamed = named.chain(self.tests_of(&task.key)).collect();
        let work = Work::Collect { place, base, last_green, blamed };
        self.give_step(id, work, Step::Collect);
    }

    fn collected(&mut self, id: TaskId, collected: Collected) {
        let Some(task) = self.task(id) else { return };
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        let unchanged = attempt.base.as_ref().is_some_and(|base| base.tree == collected.tree);
        if unchanged && !attempt.fixers_done {
            return self.to_agent(id);
        }
        if unchanged {
            return self.finish(id, AttemptEnd::NoChange, None);
        }
        let touched: Vec<_> = collected.changes.iter().map(|change| change.path.clone()).collect();
        attempt.result = Some(collected);
        let mut queue = vec![task.key.clone()];
        let keys = self.keys_touched_by(touched.iter());
        let green = |key: &CheckKey| self.book.checks.get(key).is_some_and(book::CheckStatus::is_green);
        queue.extend(keys.into_iter().filter(|key| *key != task.key && green(key)));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.queue = queue.into();
            attempt.green.clear();
        }
        self.verify_next(id);
    }

    /// Runs the next check on the result, or goes on to landing when all have said yes.
    pub(crate) fn verify_next(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        match attempt.queue.pop_front() {
            Some(key) => {
                let stage = if attempt.fixers_done { Stage::Verify } else { Stage::Fixers };
                self.enter(id, stage, Step::Run(Line::Verify(key), None));
            }
            None if attempt.merged.is_some() => self.land(id),
            None => self.verified(id),
        }
    }

    fn verify_ran(&mut self, id: TaskId, key: &CheckKey, run: &CheckRun) {
        let Some(task) = self.task(id) else { return };
        if self.says_yes(&task, key, run) {
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                attempt.green.push(witness(key, run));
            }
            return self.verify_next(id);
        }
        let fixers_failed = self.live.attempts.get(&id).is_some_and(|attempt| !attempt.fixers_done);
        if fixers_failed {
            self.log(id, "fixer", "not enough; an agent goes on from the untouched snapshot");
            return self.restore_base(id);
        }
        let end = AttemptEnd::Refuted { check: key.to_string(), run: Box::new(run.clone()) };
        self.finish(id, end, None);
    }

    fn restore_base(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        let Some(base) = attempt.base.clone() else { return };
        match attempt.place {
            Place::Workspace(slot) => {
                let tree = base.tree.clone();
                self.give_step(id, Work::Restore { slot, snapshot: base, tree }, Step::Restore);
            }
            Place::Tree => self.to_agent(id),
        }
    }

    /// Whether a run on the result counts as green: nothing fails, or only what failed before and is not the task's business.
    fn says_yes(&self, task: &Task, key: &CheckKey, run: &CheckRun) -> bool {
        if run.is_green() {
            return true;
        }
        let red = self.live.attempts.get(&task.id).and_then(|attempt| attempt.red.as_ref());
        let Some(red) = red.filter(|_| *key == task.key && !task.red_before.is_empty()) else { return false };
        let is_in = |list: &[Fingerprint], failure: &Fingerprint| list.iter().any(|known| known.same(failure));
        run.verdict == Verdict::Red
            && !run.findings.failures.is_empty()
            && run.findings.failures.iter().all(|failure| {
                is_in(&task.red_before, failure) && is_in(&red.failures, failure) && !is_in(&task.failures, failure)
            })
    }

    /// Ends an attempt for a task that is over, or will be. Returns false if it is just landing and cannot be ended.
    pub(crate) fn withdraw(&mut self, id: TaskId) -> bool {
        match self.live.attempts.get(&id).map(|attempt| &attempt.step) {
            Some(Step::Land(_) | Step::Record(_) | Step::TakeBack(_) | Step::Confirm(_)) => false,
            Some(_) => {
                self.end_attempt(id, AttemptEnd::Withdrawn);
                true
            }
            None => true,
        }
    }

    /// Ends an attempt because the supervisor stops; one that is landing goes on.
    pub(crate) fn interrupt_attempt(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        match &attempt.step {
            Step::Land(_) | Step::Record(_) | Step::TakeBack(_) => {}
            Step::Confirm(_) => self.confirm_unseen(id),
            _ => self.end_attempt(id, AttemptEnd::Interrupted),
        }
    }

    /// Ends an attempt as soon as its session or job is over.
    pub(crate) fn end_attempt(&mut self, id: TaskId, end: AttemptEnd) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        if attempt.ending.is_some() {
            return;
        }
        attempt.ending = Some(end.clone());
        let was = std::mem::replace(&mut attempt.step, Step::Ending);
        match was {
            Step::Run(_, Some(session)) => self.end_session(session, Rung::Terminate),
            Step::Agent(Some(session)) => self.end_session(session, Rung::Ask),
            Step::Snapshot(_) | Step::Prepare(_) | Step::Collect(_) | Step::Merge(_) | Step::Restore(_) => {}
            Step::Land(_)
            | Step::Record(_)
            | Step::TakeBack(_)
            | Step::Run(_, None)
            | Step::Agent(None)
            | Step::SecondOpinion
            | Step::Gate
            | Step::Confirm(_)
            | Step::Ending => self.finish(id, end, None),
        }
    }

    /// The check disagreed with the workspace and is red again in the tree.
    pub(crate) fn second_opinion_is_red(&mut self, task: &Task, run: &CheckRun, cause: &Cause) {
        let same = task.failures.iter().any(|failure| run.findings.failures.iter().any(|now| now.same(failure)));
        if cause.files.is_empty() && same {
            self.finish(task.id, AttemptEnd::Withdrawn, Some(TaskState::Failed(FailReason::EnvironmentDiffers)));
        } else {
            self.finish(task.id, AttemptEnd::Interrupted, None);
        }
    }

    /// Ends an attempt now: writes its record and says where the task stands.
    pub(crate) fn finish(&mut self, id: TaskId, end: AttemptEnd, then: Option<TaskState>) {
        if self.must_roll_back(id, &end) {
            return;
        }
        let Some(attempt) = self.live.attempts.remove(&id) else { return };
        let Some(task) = self.task(id) else { return };
        let then = match then {
            Some(then) => then,
            None if task.state.is_final() => task.state.clone(),
            None => self.state_after(&task, &attempt, &end),
        };
        let mut diff = attempt.result.as_ref().map(|result| result.patch.clone()).unwrap_or_default();
        truncate(&mut diff, DIFF_KEPT);
        let record = AttemptRecord {
            number: attempt.number,
            end,
            summary: attempt.said.as_ref().map(|said| said.text.clone()).unwrap_or_default(),
            diff,
            spent: attempt.spent,
            took: self.live.now.wall.since(attempt.began),
        };
        let escalated = matches!(then, TaskState::Failed(FailReason::Escalated { .. }));
        self.record(Fact::AttemptEnded { task: id, record: Box::new(record), then });
        if escalated {
            self.trip_breaker(&book::subject(&task));
        }
    }

    fn state_after(&self, task: &Task, attempt: &Attempt, end: &AttemptEnd) -> TaskState {
        match end {
            AttemptEnd::Verified => match attempt.landing {
                Some(landing) => TaskState::Done(DoneReason::Landed(landing)),
                None => task.state.clone(),
            },
            AttemptEnd::Parked { .. } | AttemptEnd::Interrupted | AttemptEnd::Withdrawn => TaskState::Queued,
            AttemptEnd::Refuted { .. }
            | AttemptEnd::AgentFailed { .. }
            | AttemptEnd::NoChange
            | AttemptEnd::Broken { .. } => {
                let made = task.charged + 1;
                if made >= self.settings.fix.attempts {
                    let tries = if made == 1 { "1 attempt".to_owned() } else { format!("{made} attempts") };
                    return TaskState::Failed(FailReason::Escalated { why: format!("{tries}, the last: {end}") });
                }
                TaskState::Cooling { until: self.live.now.wall.after(self.backoff(task, made)) }
            }
        }
    }

    /// Returns the wait after the given number of failed attempts: doubling, with jitter of up to a quarter, capped.
    fn backoff(&self, task: &Task, made: u32) -> Duration {
        let fix = &self.settings.fix;
        let doubled = fix.backoff.saturating_mul(1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX));
        let capped = millis(doubled.min(fix.backoff_max));
        // A hash of the attempt instead of chance, so that a replay gives the same.
        let mixed = (u64::from(task.id.0) << 32 | u64::from(made)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let jitter = if capped == 0 { 0 } else { mixed % (capped / 4 + 1) };
        Duration::from_millis(capped - jitter)
    }

    /// Leaves a subject alone for a while if it failed too often.
    fn trip_breaker(&mut self, subject: &str) {
        let breaker = self.settings.fix.breaker;
        let now = self.live.now.wall;
        let recent = self
            .book
            .failures
            .get(subject)
            .map_or(0, |failures| failures.iter().filter(|at| now.since(**at) < breaker.window).count());
        let failures = u32::try_from(recent).unwrap_or(u32::MAX);
        let open = self.book.breakers.get(subject).is_some_and(|(_, until)| *until > now);
        if breaker.failures > 0 && failures >= breaker.failures && !open {
            let until = now.after(breaker.window);
            self.record(Fact::BreakerTripped { subject: subject.to_owned(), failures, until });
        }
    }
}

fn unusable(said: String) -> TaskState {
    TaskState::Failed(FailReason::WorkspaceUnusable { said })
}

/// Returns what a red run said, in one line.
fn first_line(run: &CheckRun) -> String {
    let failure = run.findings.failures.first().map(|failure| failure.id.clone());
    let line = || run.findings.excerpt.lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
    failure.or_else(line).unwrap_or_else(|| format!("exit code {}", run.code.unwrap_or(-1)))
}

/// Cuts a text at a character border.
pub(crate) fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        let mut at = limit;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.truncate(at);
        text.push_str("\n[… cut]\n");
    }
}

/// Returns a run as evidence.
pub(crate) fn witness(key: &CheckKey, run: &CheckRun) -> Witness {
    Witness {
        check: key.clone(),
        verdict: run.verdict,
        code: run.code,
        failures: run.findings.failures.clone(),
        tests: run.findings.tests,
        took: run.took,
    }
}
