//! Judges by checks: the baseline, the second opinion, the results of fixers and agents.

use std::collections::{BTreeSet, VecDeque};

use crate::core::book::CheckStatus;
use crate::core::effect::{Place, Work};
use crate::core::input::Collected;
use crate::core::live::{Cause, Line, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::id::TaskId;
use crate::model::receipt::Witness;
use crate::model::task::{FailReason, ReviewReason, Task, TaskState};

/// The longest line of output that a reason repeats, in characters.
const LINE_CAP: usize = 200;

impl Supervisor {
    pub(crate) fn baseline_ran(&mut self, id: TaskId, run: &CheckRun) {
        let Some(task) = self.task(id) else { return };
        let Some(key) = task.check() else { return };
        let changed_meanwhile = self.live.burst.is_some() || self.live.is_checking(key);
        if run.is_green() {
            return self.ask_again(id, "green in the workspace");
        }
        if run.verdict == Verdict::Broken && self.is_broken(key) {
            // Neither here nor there: no agent can mend what is not even looked at.
            return self.finish(id, AttemptEnd::Withdrawn, Some(check_broken(run)));
        }
        if is_same(&task.failures, run) {
            let red = witness(key, run);
            if let Some(attempt) = self.live.attempts.get_mut(&id) {
                attempt.red = Some(red);
            }
            return self.proceed(id, Stage::Baseline);
        }
        if changed_meanwhile {
            // The snapshot is newer than what we know of the tree; begin again when the check has said more.
            return self.finish(id, AttemptEnd::Interrupted, None);
        }
        let lacks = self.live.attempts.get(&id).map(|attempt| attempt.lacks.clone()).unwrap_or_default();
        let said = std::iter::once(what_is_missing(run)).chain(lacks).collect::<Vec<_>>().join("; ");
        self.finish(id, AttemptEnd::Withdrawn, Some(unusable(said)));
    }

    /// The workspace says something else than the user's tree did: the tree is asked again.
    fn ask_again(&mut self, id: TaskId, what: &str) {
        let Some(key) = self.task(id).and_then(|task| task.check().cloned()) else { return };
        self.log(id, "check", format!("{what}; running it again in your tree"));
        self.set_step(id, Step::SecondOpinion);
        self.want(key, Cause::default());
    }

    /// The workspace has nothing to run the check on.
    pub(crate) fn baseline_gone(&mut self, id: TaskId) {
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.lacks_file = true;
        }
        self.ask_again(id, "the check's file is missing in the workspace");
    }

    pub(crate) fn in_place_baseline(&mut self, id: TaskId) {
        let Some(task) = self.task(id) else { return };
        let Some(key) = task.check() else { return self.proceed(id, Stage::Prepare) };
        let Some(status) = self.book.checks.get(key) else {
            return self.broken(id, "the check never ran".into());
        };
        if status.verdict == Verdict::Broken {
            let why = check_broken(&status.last);
            return self.finish(id, AttemptEnd::Withdrawn, Some(why));
        }
        let red = witness(key, &status.last);
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.red = Some(red);
        }
        self.proceed(id, Stage::Baseline);
    }

    /// Whether a check could not even run the last time in the user's tree.
    fn is_broken(&self, key: &CheckKey) -> bool {
        self.book.checks.get(key).is_some_and(|status| status.verdict == Verdict::Broken)
    }

    pub(crate) fn collected(&mut self, id: TaskId, collected: Collected) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        let unchanged = attempt.base.as_ref().is_some_and(|base| base.tree == collected.tree);
        if unchanged && !attempt.fixers_done {
            return self.proceed(id, Stage::Fixers);
        }
        if let Some(task) = self.task(id)
            && let Some(assignment) = task.assignment()
        {
            return self.delivered(id, assignment, collected, unchanged);
        }
        if unchanged {
            return self.finish(id, AttemptEnd::NoChange, None);
        }
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.result = Some(collected);
        }
        self.verify(id);
    }

    /// Runs the task's check on what is in the workspace, and every other green check that concerns a touched file.
    pub(crate) fn verify(&mut self, id: TaskId) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let touched = attempt.result.iter().flat_map(|result| &result.changes).map(|change| &change.path);
        let green = |key: &CheckKey| self.book.checks.get(key).is_some_and(CheckStatus::is_green);
        let own = self.own_check(&task);
        let mut lines: BTreeSet<String> = own.iter().map(|key| self.line_of(key)).collect();
        let mut queue: VecDeque<CheckKey> = own.into_iter().collect();
        for key in self.keys_touched_by(touched).into_iter().filter(green) {
            // With `fix.on = "change"` a check of the project has a key for every file and is the same for all.
            if lines.insert(self.line_of(&key)) {
                queue.push_back(key);
            }
        }
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.queue = queue;
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

    pub(crate) fn verify_ran(&mut self, id: TaskId, key: &CheckKey, run: &CheckRun) {
        let Some(task) = self.task(id) else { return };
        if !task.is_about(key) && !self.is_meaningful(key) {
            // Read again meanwhile, the settings have it no more.
            return self.verify_next(id);
        }
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
        if self.live.attempts.get(&id).is_some_and(|attempt| attempt.merged.is_some()) {
            // Green alone, red with what the user typed meanwhile: nobody's fault, and no reason to pay again.
            return self.review(id, ReviewReason::RedTogether(key.clone()), String::new());
        }
        let end = AttemptEnd::Refuted { check: key.to_string(), run: Box::new(run.clone()) };
        self.finish(id, end, None);
    }

    /// A check has nothing to run on the result: its file is gone there.
    pub(crate) fn verify_gone(&mut self, id: TaskId, key: &CheckKey) {
        let Some(task) = self.task(id) else { return };
        let is_required = self.own_check(&task).as_ref() == Some(key);
        if !is_required {
            // A renamed or deleted file needs no check of its own; the others say whether that was right.
            return self.verify_next(id);
        }
        let why = if task.is_about(key) {
            "it removed what the check is for, or its test".to_owned()
        } else {
            format!("{key} has nothing to run, and is to be green")
        };
        self.finish(id, AttemptEnd::AgentFailed { why }, None);
    }

    /// Puts the workspace back to what the attempt began from.
    pub(crate) fn restore_base(&mut self, id: TaskId) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        let Some(base) = attempt.base.clone() else { return };
        match attempt.place {
            Place::Workspace(slot) => {
                let tree = base.tree.clone();
                self.give_step(id, Work::Restore { slot, snapshot: base, tree }, Step::Restore);
            }
            Place::Tree => self.proceed(id, Stage::Fixers),
        }
    }

    /// Whether a run on the result counts as green: nothing fails, or only what failed before and is not the task's business.
    fn says_yes(&self, task: &Task, key: &CheckKey, run: &CheckRun) -> bool {
        if run.is_green() {
            return true;
        }
        if !task.is_about(key) || run.verdict != Verdict::Red || run.findings.failures.is_empty() {
            return false;
        }
        let Some(attempt) = self.live.attempts.get(&task.id) else { return false };
        let Some(red) = attempt.red.as_ref() else { return false };
        let is_in = |list: &[Fingerprint], failure: &Fingerprint| list.iter().any(|known| known.same(failure));
        run.findings.failures.iter().all(|failure| {
            // What the user has broken meanwhile is in the merged tree and was not in the snapshot.
            let was_there = is_in(&red.failures, failure) || attempt.merged.is_some();
            is_in(&task.red_before, failure) && was_there && !is_in(&task.failures, failure)
        })
    }

    /// The check disagreed with the workspace and is red again in the tree.
    pub(crate) fn second_opinion_is_red(&mut self, task: &Task, run: &CheckRun, cause: &Cause) {
        if !cause.is_by_somebody() && is_same(&task.failures, run) {
            let lacks_file = self.live.attempts.get(&task.id).is_some_and(|attempt| attempt.lacks_file);
            let why = if lacks_file {
                unusable("the check's file is not there, as it is ignored or too big".to_owned())
            } else {
                TaskState::Failed(FailReason::EnvironmentDiffers)
            };
            self.finish(task.id, AttemptEnd::Withdrawn, Some(why));
        } else {
            self.finish(task.id, AttemptEnd::Interrupted, None);
        }
    }
}

pub(crate) fn unusable(said: String) -> TaskState {
    TaskState::Failed(FailReason::WorkspaceUnusable { said })
}

fn check_broken(run: &CheckRun) -> TaskState {
    TaskState::Failed(FailReason::CheckBroken { why: first_line(run) })
}

/// Whether a run is red in the way a task is about; one that could not even start is red in no way.
fn is_same(failures: &[Fingerprint], run: &CheckRun) -> bool {
    let now = &run.findings.failures;
    // Some checks fail without saying what.
    let silent = failures.is_empty() && now.is_empty();
    !matches!(run.verdict, Verdict::Green | Verdict::Broken)
        && (silent || failures.iter().any(|failure| now.iter().any(|other| other.same(failure))))
}

/// Returns what a red run said, in one line.
pub(crate) fn first_line(run: &CheckRun) -> String {
    let failure = run.findings.failures.first().map(|failure| failure.id.clone());
    let line = || run.findings.excerpt.lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
    failure.or_else(line).unwrap_or_else(|| format!("exit code {}", run.code.unwrap_or(-1)))
}

/// Words by which programs say that something is not there; they tell more than the name of the test that missed it.
const MISSING: [&str; 4] = ["cannot find", "no module named", "not found", "no such file"];

/// Returns what a run in a workspace said that fails in another way than in the tree, in one line.
fn what_is_missing(run: &CheckRun) -> String {
    let says = |line: &&str| MISSING.iter().any(|words| line.to_ascii_lowercase().contains(words));
    let line = run.findings.excerpt.lines().map(str::trim).find(says);
    line.map_or_else(|| first_line(run), |line| line.chars().take(LINE_CAP).collect())
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
