//! Checks in the user's tree: what their outcome means for tasks, old and new.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::command_line;
use crate::core::fact::Fact;
use crate::core::input::RunOutcome;
use crate::core::live::{Cause, Owner, Step};
use crate::core::supervisor::Supervisor;
use crate::core::verify::first_line;
use crate::model::attempt::AttemptEnd;
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::hold::HoldReason;
use crate::model::id::{SessionId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::session::Rung;
use crate::model::settings::FixOn;
use crate::model::task::{DoneReason, FailReason, Goal, Origin, Task, TaskState};
use crate::model::workspace::FileChange;

/// How many of the changed files a task is about; a switched branch changes thousands, and those say nothing.
const CHANGED_FILES: usize = 100;

/// The failures of a run: those that are a task's business, and those that were there before.
type Split = (Vec<Fingerprint>, Vec<Fingerprint>);

impl Supervisor {
    /// Wants a check run in the user's tree; a run under way is ended and begins anew.
    pub(crate) fn want(&mut self, key: CheckKey, mut cause: Cause) {
        if let Some(session) = self.live.tree_run(&key)
            && let Some(running) = self.live.sessions.get_mut(&session)
            && let Owner::Tree { cause: old, stale } = &mut running.owner
        {
            *stale = true;
            let mut both = old.clone();
            both.merge(cause);
            cause = both;
            self.end_session(session, Rung::Terminate);
        }
        self.live.wanted.entry(key).or_default().merge(cause);
    }

    /// Wants the checks of files that we wrote ourselves, unless nothing new begins.
    pub(crate) fn wants_checks_of(&mut self, files: &[FileChange], by: TaskId) {
        if self.is_up() && !self.live.one_command {
            let keys = self.keys_touched_by(files.iter().map(|file| &file.path));
            self.want_touched(keys, by);
        }
    }

    /// Wants checks for what a task wrote.
    pub(crate) fn want_touched(&mut self, keys: impl IntoIterator<Item = CheckKey>, by: TaskId) {
        for key in keys {
            self.want(key, Cause { by: Some(by), ..Cause::default() });
        }
    }

    /// Ends a run in the user's tree whose outcome does not matter any more.
    pub(crate) fn drop_tree_run(&mut self, key: &CheckKey) {
        if let Some(session) = self.live.tree_run(key) {
            if let Some(running) = self.live.sessions.get_mut(&session)
                && let Owner::Tree { stale, .. } = &mut running.owner
            {
                *stale = true;
            }
            self.end_session(session, Rung::Terminate);
        }
    }

    /// Takes in the end of any command line.
    pub(crate) fn run_ended(&mut self, session: SessionId, outcome: RunOutcome) {
        self.keep_run_in_mind(session);
        let Some(running) = self.live.sessions.remove(&session) else { return };
        match running.owner {
            Owner::Tree { stale: true, .. } => {}
            Owner::Tree { cause, stale: false } => {
                let Some(key) = running.check else { return };
                match outcome {
                    RunOutcome::Ran(run) => self.tree_ran(&key, &run, &cause),
                    RunOutcome::NoTests => self.nothing_to_run(&key, DoneReason::NoTests, &cause),
                    RunOutcome::NoSource => self.nothing_to_run(&key, DoneReason::SourceDeleted, &cause),
                }
            }
            Owner::Attempt(task) => self.line_ended(task, outcome),
        }
    }

    fn nothing_to_run(&mut self, key: &CheckKey, reason: DoneReason, cause: &Cause) {
        if self.book.checks.contains_key(key) {
            self.record(Fact::Forgotten { key: key.clone() });
        }
        self.green_ends_snooze(key);
        if let Some(task) = self.book.open_task(key).map(|task| task.id) {
            self.close(task, TaskState::Done(reason));
        } else if reason == DoneReason::NoTests {
            self.answer_change(key, reason, cause);
        }
        self.confirmed_gone(key);
    }

    /// With `fix.on = "change"` a change that needs no work is told of all the same.
    fn answer_change(&mut self, key: &CheckKey, reason: DoneReason, cause: &Cause) {
        if self.settings.fix.on == FixOn::Change && !cause.files.is_empty() {
            let task = self.file(key, String::new(), (Vec::new(), Vec::new()), cause);
            self.record(Fact::Ended { task, state: TaskState::Done(reason) });
        }
    }

    /// Ends a task whatever its attempt is doing, unless it is just landing.
    pub(crate) fn close(&mut self, task: TaskId, state: TaskState) {
        if self.withdraw(task) {
            self.record(Fact::Ended { task, state });
        }
    }

    fn tree_ran(&mut self, key: &CheckKey, run: &CheckRun, cause: &Cause) {
        let before = self.book.checks.get(key);
        let known: Vec<Fingerprint> = before.map(|status| status.failures.clone()).unwrap_or_default();
        let was_red = before.is_some_and(|status| !status.is_green());
        let was_green = before.is_some() && !was_red;
        let tests = self.tests_of(key);
        self.record(Fact::Ran { key: key.clone(), run: run.clone(), tests });
        if run.is_green() {
            self.green_ends_snooze(key);
            if !was_green || !cause.files.is_empty() {
                self.live.turned_green.insert(key.clone());
            }
        } else {
            self.live.turned_green.remove(key);
        }
        if self.confirmed(key, run, &known, cause) {
            return;
        }
        let open = self.book.open_task(key).cloned();
        match (open, run.verdict) {
            (open, Verdict::Broken) => self.cannot_run(key, run, cause, open.as_deref()),
            (Some(task), Verdict::Green) => self.turned_green(&task, cause),
            (Some(task), Verdict::Red | Verdict::TimedOut) => self.still_red(&task, run, &known, cause),
            (None, Verdict::Green) => self.answer_change(key, DoneReason::NothingToFix, cause),
            (None, Verdict::Red | Verdict::TimedOut) => self.turned_red(key, run, &known, was_red, cause),
        }
    }

    fn is_second_opinion(&self, task: TaskId) -> bool {
        self.live.attempts.get(&task).is_some_and(|attempt| attempt.step == Step::SecondOpinion)
    }

    /// A check that cannot even start says nothing about the code: its task waits, and a new one would be no use.
    fn cannot_run(&mut self, key: &CheckKey, run: &CheckRun, cause: &Cause, open: Option<&Task>) {
        let why = first_line(run);
        if let Some(task) = open {
            self.log(task.id, "check", format!("cannot run: {why}"));
            if self.is_second_opinion(task.id) {
                self.finish(task.id, AttemptEnd::Broken { why }, None);
            }
            return;
        }
        let last = self.book.over().filter(|task| task.is_about(key)).max_by_key(|task| task.id);
        let is_known = |task: &Arc<Task>| matches!(task.state, TaskState::Failed(FailReason::CheckBroken { .. }));
        if !last.is_some_and(is_known) {
            let failures = (run.findings.failures.clone(), Vec::new());
            let task = self.file(key, run.findings.excerpt.clone(), failures, cause);
            self.record(Fact::Ended { task, state: TaskState::Failed(FailReason::CheckBroken { why }) });
        }
    }

    fn turned_green(&mut self, task: &Arc<Task>, cause: &Cause) {
        let reason = match cause.by {
            Some(other) if !cause.is_by_somebody() && other != task.id => DoneReason::FixedBy(other),
            Some(_) | None if !cause.is_by_somebody() && !cause.start && !cause.head_moved => {
                self.fixed_meanwhile(task)
            }
            Some(_) | None => DoneReason::FixedByYou,
        };
        self.close(task.id, TaskState::Done(reason));
    }

    /// Says what mended a check that is green now although nobody changed anything since it was asked again.
    fn fixed_meanwhile(&self, task: &Task) -> DoneReason {
        let has_landed = |other: &&Arc<Task>| {
            let since = other.receipt.as_ref().is_some_and(|receipt| receipt.at >= task.filed);
            since && other.id != task.id && other.overlaps(task)
        };
        let under_way = self.live.attempts.keys().filter_map(|id| self.book.task(*id));
        let landed = self.book.over().chain(under_way).filter(has_landed).max_by_key(|other| other.id);
        landed.map_or(DoneReason::Flaky, |other| DoneReason::FixedBy(other.id))
    }

    fn still_red(&mut self, task: &Arc<Task>, run: &CheckRun, known: &[Fingerprint], cause: &Cause) {
        let Some(key) = task.check() else { return };
        if self.is_second_opinion(task.id) {
            return self.second_opinion_is_red(task, run, cause);
        }
        let now = &run.findings.failures;
        let news = self.news_of_held(task, now, known, cause);
        let is_released = news.is_some();
        let (failures, red_before) = news.unwrap_or_else(|| self.what_is_left(task, now));
        if failures.is_empty() {
            if now.is_empty() {
                return; // It does not say what fails; that is no news.
            }
            // What this task is about is gone; what is left was red before.
            self.turned_green(task, cause);
            if self.book.open_task(key).is_none() {
                self.turned_red(key, run, now, true, cause);
            }
            return;
        }
        let files = Self::files_of(&failures, cause);
        let is_news = failures != task.failures
            || red_before != task.red_before
            || run.findings.excerpt != task.excerpt
            || files.iter().any(|file| !task.files.contains(file));
        if is_news {
            self.record(Fact::Merged {
                task: task.id,
                files: files.into_iter().collect(),
                failures: failures.clone(),
                red_before,
                excerpt: run.findings.excerpt.clone(),
            });
        }
        if is_released {
            let reason = self.hold_reason(key, &failures, cause);
            let reason = self.or_snoozed(key, reason);
            self.hold_or_release(task.id, reason);
        }
    }

    /// What was red before the supervisor came is not our business; what a change broke since is.
    fn news_of_held(&self, task: &Task, now: &[Fingerprint], known: &[Fingerprint], cause: &Cause) -> Option<Split> {
        if cause.files.is_empty() || !Self::may_be_released(task) {
            return None;
        }
        let known = ids(known);
        let is_new =
            |failure: &Fingerprint| !known.contains(failure.id.as_str()) && !self.is_unwanted_of(task, failure);
        let (new, rest): Split = now.iter().cloned().partition(is_new);
        (!new.is_empty()).then_some((new, rest))
    }

    fn what_is_left(&self, task: &Task, now: &[Fingerprint]) -> Split {
        let (mine, before) = (ids(&task.failures), ids(&task.red_before));
        let is_mine = |failure: &Fingerprint| {
            let id = failure.id.as_str();
            mine.contains(id) || !before.contains(id) && !self.is_unwanted_of(task, failure)
        };
        now.iter().cloned().partition(is_mine)
    }

    fn turned_red(&mut self, key: &CheckKey, run: &CheckRun, known: &[Fingerprint], was_red: bool, cause: &Cause) {
        let now = &run.findings.failures;
        let known = ids(known);
        let (mut failures, mut red_before): Split =
            now.iter().cloned().partition(|failure| !known.contains(failure.id.as_str()));
        let is_news = !failures.is_empty() || now.is_empty() && !was_red;
        if failures.is_empty() {
            failures = std::mem::take(&mut red_before);
        }
        let (unwanted, wanted): Split = failures.iter().cloned().partition(|failure| self.is_unwanted(key, failure));
        if !wanted.is_empty() {
            failures = wanted;
            red_before.extend(unwanted);
        }
        if (!is_news || cause.start) && self.was_given_up(key, &failures) {
            return; // Red in the way that was given up before: nothing new to do.
        }
        let mut reason = self.hold_reason(key, &failures, cause);
        if !is_news && !self.live.until_idle {
            reason = reason.or(Some(HoldReason::RedBefore));
        }
        let reason = self.or_snoozed(key, reason);
        let task = self.file(key, run.findings.excerpt.clone(), (failures, red_before), cause);
        if let Some(reason) = reason {
            self.record(Fact::Held { task, reason });
        }
        if let Some(change) = cause.change {
            self.hold_a_flood(change);
        }
    }

    fn file(&mut self, key: &CheckKey, excerpt: String, (failures, red_before): Split, cause: &Cause) -> TaskId {
        let id = self.book.last_task.next();
        let mut files = Self::files_of(&failures, cause);
        files.extend(key.file.clone());
        let origin = cause.change.map_or(Origin::Start, Origin::Change);
        let mut task = Task::new(id, Goal::Check(key.clone()), origin, self.live.now.wall);
        task.files = files.into_iter().collect();
        (task.failures, task.red_before, task.excerpt) = (failures, red_before, excerpt);
        self.record(Fact::Filed { task: Box::new(task) });
        id
    }

    fn files_of(failures: &[Fingerprint], cause: &Cause) -> BTreeSet<ProjectPath> {
        let blamed = failures.iter().filter_map(|failure| failure.file.clone());
        cause.files.iter().take(CHANGED_FILES).cloned().chain(blamed).collect()
    }

    /// Returns the test file that the check of this key runs, if its command names one.
    pub(crate) fn tests_of(&self, key: &CheckKey) -> Option<ProjectPath> {
        let check = self.check(&key.check)?;
        let source = key.file.as_ref()?;
        command_line::test_path(check.tests.as_deref()?, source).ok()
    }
}

fn ids(failures: &[Fingerprint]) -> BTreeSet<&str> {
    failures.iter().map(|failure| failure.id.as_str()).collect()
}
