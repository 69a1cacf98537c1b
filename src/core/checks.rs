//! Checks in the user's tree: what their outcome means for tasks, old and new.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::fact::Fact;
use crate::core::input::RunOutcome;
use crate::core::live::{Cause, Owner, Step};
use crate::core::supervisor::Supervisor;
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::cost::Spent;
use crate::model::id::{SessionId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::session::Rung;
use crate::model::settings::FixOn;
use crate::model::task::{DoneReason, FailReason, HoldReason, Origin, Task, TaskState};

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

    /// Wants the checks of files that we wrote ourselves.
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
        let Some(running) = self.live.sessions.remove(&session) else { return };
        match running.owner {
            Owner::Tree { stale: true, .. } => {}
            Owner::Tree { cause, stale: false } => {
                let Some(key) = running.check else { return };
                match outcome {
                    RunOutcome::Ran(run) => self.tree_ran(&key, run, &cause),
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
        if let Some(task) = self.book.open_task(key).map(|task| task.id) {
            self.close(task, TaskState::Done(reason));
        } else if reason == DoneReason::NoTests {
            self.nothing_wrong(key, cause, String::new(), reason);
        }
        self.confirmed_gone(key);
    }

    /// Ends a task whatever its attempt is doing, unless it is just landing.
    pub(crate) fn close(&mut self, task: TaskId, state: TaskState) {
        if self.withdraw(task) {
            self.record(Fact::Ended { task, state });
        }
    }

    fn tree_ran(&mut self, key: &CheckKey, run: CheckRun, cause: &Cause) {
        let before = self.book.checks.get(key);
        let known: Vec<Fingerprint> = before.map(|status| status.failures.clone()).unwrap_or_default();
        let was_green = before.is_some_and(|status| status.is_green());
        let green = run.is_green();
        let tests = self.tests_of(key);
        self.record(Fact::Ran { key: key.clone(), run: run.clone(), tests });
        if green && (!was_green || !cause.files.is_empty()) {
            self.live.turned_green.insert(key.clone());
        } else if !green {
            self.live.turned_green.remove(key);
        }
        if self.confirmed(key, &run, &known, cause) {
            return;
        }
        let open = self.book.open_task(key).cloned();
        match (open, green) {
            (Some(task), true) => self.turned_green(&task, cause),
            (Some(task), false) => self.still_red(&task, &run, &known, cause),
            (None, true) => self.nothing_wrong(key, cause, run.findings.excerpt, DoneReason::NothingToFix),
            (None, false) => self.turned_red(key, &run, &known, cause),
        }
    }

    fn turned_green(&mut self, task: &Arc<Task>, cause: &Cause) {
        let second = self.live.attempts.get(&task.id).is_some_and(|attempt| attempt.step == Step::SecondOpinion);
        let reason = match cause.by {
            Some(other) if cause.files.is_empty() && other != task.id => DoneReason::FixedBy(other),
            _ if second && cause.files.is_empty() => self.fixed_meanwhile(task),
            _ => DoneReason::FixedByYou,
        };
        self.close(task.id, TaskState::Done(reason));
    }

    /// Says what mended a check that is green now although nothing changed since it was asked again.
    fn fixed_meanwhile(&self, task: &Task) -> DoneReason {
        let landed = self.book.tasks.values().rev().find(|other| {
            other.id != task.id
                && other.receipt.as_ref().is_some_and(|receipt| receipt.at >= task.filed)
                && other.overlaps(task)
        });
        landed.map_or(DoneReason::Flaky, |other| DoneReason::FixedBy(other.id))
    }

    fn still_red(&mut self, task: &Arc<Task>, run: &CheckRun, known: &[Fingerprint], cause: &Cause) {
        let second = self.live.attempts.get(&task.id).is_some_and(|attempt| attempt.step == Step::SecondOpinion);
        if second {
            return self.second_opinion_is_red(task, run, cause);
        }
        let now = &run.findings.failures;
        let is_new = |failure: &&Fingerprint| !known.iter().any(|old| old.same(failure));
        let fresh: Vec<Fingerprint> = now.iter().filter(is_new).cloned().collect();
        let held_before = matches!(task.state, TaskState::Held(HoldReason::RedBefore));
        let (failures, red_before) = if held_before && !fresh.is_empty() && !cause.files.is_empty() {
            // What was red before the supervisor came is not our business; what this change broke is.
            let rest = now.iter().filter(|failure| !is_new(failure)).cloned().collect();
            (fresh, rest)
        } else {
            let is_before = |failure: &&Fingerprint| task.red_before.iter().any(|old| old.same(failure));
            let (before, mine): (Vec<_>, Vec<_>) = now.iter().partition(is_before);
            if mine.is_empty() {
                // Everything that this task is about is gone; what is left was red before.
                return self.turned_green(task, cause);
            }
            (mine.into_iter().cloned().collect(), before.into_iter().cloned().collect())
        };
        let files = self.files_of(&failures, cause);
        let news = Fact::Merged {
            task: task.id,
            files: files.into_iter().collect(),
            failures: failures.clone(),
            red_before,
            excerpt: run.findings.excerpt.clone(),
        };
        if failures != task.failures
            || run.findings.excerpt != task.excerpt
            || !cause.files.is_subset(&task.files.iter().cloned().collect())
        {
            self.record(news);
        }
        if held_before && failures != task.failures {
            match self.hold_reason(&task.key, &failures, cause) {
                Some(reason) => self.record(Fact::Held { task: task.id, reason }),
                None => self.record(Fact::Released { task: task.id, forced: false }),
            };
        }
    }

    /// With `fix.on = "change"` a change that needs nothing is a task, too, which is over at once.
    fn nothing_wrong(&mut self, key: &CheckKey, cause: &Cause, excerpt: String, reason: DoneReason) {
        if self.settings.fix.on == FixOn::Change && !cause.files.is_empty() {
            let task = self.file(key, excerpt, Vec::new(), Vec::new(), cause);
            self.record(Fact::Ended { task, state: TaskState::Done(reason) });
        }
    }

    fn turned_red(&mut self, key: &CheckKey, run: &CheckRun, known: &[Fingerprint], cause: &Cause) {
        let (red_before, failures): (Vec<Fingerprint>, Vec<Fingerprint>) =
            run.findings.failures.iter().cloned().partition(|failure| known.iter().any(|old| old.same(failure)));
        if failures.is_empty() && !cause.start {
            // Red in the same way as before, and the task for that is over: nothing new to do.
            return;
        }
        let (failures, red_before) =
            if failures.is_empty() { (red_before, Vec::new()) } else { (failures, red_before) };
        if cause.start && self.was_given_up(key, &failures) {
            return;
        }
        let reason = self.hold_reason(key, &failures, cause);
        let task = self.file(key, run.findings.excerpt.clone(), failures, red_before, cause);
        if run.verdict == Verdict::Broken {
            let why = run.findings.excerpt.lines().next().unwrap_or("it could not be started").to_owned();
            self.record(Fact::Ended { task, state: TaskState::Failed(FailReason::CheckBroken { why }) });
            return;
        }
        if let Some(reason) = reason {
            self.record(Fact::Held { task, reason });
        }
        if let Some(change) = cause.change {
            self.hold_a_flood(change);
        }
    }

    fn file(
        &mut self,
        key: &CheckKey,
        excerpt: String,
        failures: Vec<Fingerprint>,
        red_before: Vec<Fingerprint>,
        cause: &Cause,
    ) -> TaskId {
        let id = self.book.last_task.next();
        let mut files = self.files_of(&failures, cause);
        files.extend(key.file.clone());
        let task = Task {
            id,
            key: key.clone(),
            origin: cause.change.map_or(Origin::Start, Origin::Change),
            filed: self.live.now.wall,
            priority: 0,
            forced: false,
            files: files.into_iter().collect(),
            failures,
            red_before,
            excerpt,
            state: TaskState::Queued,
            stage: None,
            attempts: Vec::new(),
            charged: 0,
            spent: Spent::default(),
            running: Spent::default(),
            began: None,
            ended: None,
            landing: None,
            receipt: None,
            result: None,
        };
        self.record(Fact::Filed { task: Box::new(task) });
        id
    }

    fn files_of(&self, failures: &[Fingerprint], cause: &Cause) -> BTreeSet<ProjectPath> {
        let blamed = failures.iter().filter_map(|failure| failure.file.clone());
        cause.files.iter().cloned().chain(blamed).collect()
    }

    /// Returns the test file that the check of this key runs, if its command names one.
    pub(crate) fn tests_of(&self, key: &CheckKey) -> Option<ProjectPath> {
        let check = self.check(&key.check)?;
        let source = key.file.as_ref()?;
        crate::core::command_line::test_path(check.tests.as_deref()?, source).ok()
    }
}
