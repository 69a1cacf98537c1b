//! Durable state. [`Book::apply`] is its only mutator, so replaying the journal gives the same book.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::core::effect::Recorded;
use crate::core::fact::{Fact, Remember};
use crate::model::attempt::AttemptRecord;
use crate::model::check::{CheckKey, CheckRun, Fingerprint, Verdict};
use crate::model::cost::Spent;
use crate::model::health::{Level, Part};
use crate::model::id::{ChangeId, LandingId, Seq, TaskId};
use crate::model::path::ProjectPath;
use crate::model::task::{DoneReason, FailReason, Task, TaskState};
use crate::model::time::Wall;
use crate::model::workspace::TreeId;

/// What a check said last in the user's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckStatus {
    /// Green or red.
    pub verdict: Verdict,
    /// Since when, by the wall clock.
    pub since: Wall,
    /// What fails.
    pub failures: Vec<Fingerprint>,
    /// The last run, whole.
    pub last: Arc<CheckRun>,
    /// The user's tree when it was last seen green.
    pub green_tree: Option<TreeId>,
}

impl CheckStatus {
    /// Whether it was green.
    pub fn is_green(&self) -> bool {
        self.verdict == Verdict::Green
    }
}

/// Numbers since the journal began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Tasks that were worked on and ended.
    pub processed: u32,
    /// Those that ended well.
    pub succeeded: u32,
    /// Those that did not.
    pub failed: u32,
    /// Those of them that were escalated.
    pub escalated: u32,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When.
    pub at: Wall,
    /// What: `task_created`, `attempt_started`, …
    pub what: &'static str,
    /// Which task.
    pub task: TaskId,
    /// The file it is about, if one.
    pub file: Option<ProjectPath>,
}

/// One run of a check, as the statistics remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// For which task, if one was open.
    pub task: Option<TaskId>,
    /// When.
    pub at: Wall,
    /// Which check.
    pub key: CheckKey,
    /// What it said, without its output.
    pub verdict: Verdict,
    /// How long it ran, in milliseconds.
    pub millis: u64,
    /// The test file it ran, if its command names one.
    pub tests: Option<ProjectPath>,
    /// Coverage in hundredths of a percent, if it printed it.
    pub coverage: Option<u32>,
}

/// What the supervisor process is known to do.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Process {
    /// Its process id; that of the last one when none runs.
    pub pid: u32,
    /// Whether it stopped in an orderly way.
    pub stopped: bool,
    /// When it started.
    pub started: Wall,
    /// When the heart last beat.
    pub beat: Wall,
}

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The last fact.
    pub seq: Seq,
    /// The supervisor process.
    pub process: Process,
    /// Open tasks and the last finished ones.
    pub tasks: BTreeMap<TaskId, Arc<Task>>,
    /// What every check said last.
    pub checks: BTreeMap<CheckKey, CheckStatus>,
    /// When tasks about a subject failed.
    pub failures: BTreeMap<String, Vec<Wall>>,
    /// Subjects that are left alone, until when.
    pub breakers: BTreeMap<String, (u32, Wall)>,
    /// Failures whose fix a person did not want, and which task that was.
    pub unwanted: Vec<(CheckKey, Vec<String>, TaskId, bool)>,
    /// Why nothing starts, and until when.
    pub parked: Option<(Option<Wall>, String)>,
    /// Whether a person stopped everything.
    pub paused: bool,
    /// Numbers.
    pub statistics: Statistics,
    /// The last events.
    pub history: VecDeque<Past>,
    /// The last runs of checks.
    pub results: VecDeque<TestResult>,
    /// Health by part, as last felt.
    pub health: BTreeMap<Part, Level>,
    /// Finished tasks, oldest first: completed and failed.
    pub finished: (VecDeque<TaskId>, VecDeque<TaskId>),
    /// The last numbers given out.
    pub last_task: TaskId,
    /// The last change.
    pub last_change: ChangeId,
    /// The last landing.
    pub last_landing: LandingId,
    remember: Remember,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            seq: Seq(0),
            process: Process { stopped: true, ..Process::default() },
            tasks: BTreeMap::new(),
            checks: BTreeMap::new(),
            failures: BTreeMap::new(),
            breakers: BTreeMap::new(),
            unwanted: Vec::new(),
            parked: None,
            paused: false,
            statistics: Statistics::default(),
            history: VecDeque::new(),
            results: VecDeque::new(),
            health: BTreeMap::new(),
            finished: (VecDeque::new(), VecDeque::new()),
            last_task: TaskId(0),
            last_change: ChangeId(0),
            last_landing: LandingId(0),
            remember: Remember { completed: 50, failed: 50, history: 100 },
        }
    }
}

impl Book {
    /// Folds recorded facts, oldest first.
    pub fn replay(facts: impl IntoIterator<Item = Recorded>) -> Self {
        let mut book = Self::default();
        for recorded in facts {
            book.apply(&recorded);
        }
        book
    }

    /// Returns the open task of a check, if there is one.
    pub fn open_task(&self, key: &CheckKey) -> Option<&Arc<Task>> {
        self.open().find(|task| task.key == *key)
    }

    /// Returns the tasks that are not over, in the order they were filed.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Task>> {
        self.tasks.values().filter(|task| !task.state.is_final())
    }

    /// Returns a task.
    pub fn task(&self, id: TaskId) -> Option<&Arc<Task>> {
        self.tasks.get(&id)
    }

    /// Applies one fact.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { seq, at, fact } = recorded;
        self.seq = *seq;
        if let Some(what) = past_name(fact) {
            self.note(*at, what, fact);
        }
        match fact {
            Fact::Started { pid, remember, .. } => {
                self.process = Process { pid: *pid, stopped: false, started: *at, beat: *at };
                self.remember = *remember;
                self.health.clear();
            }
            Fact::Stopped => self.process.stopped = true,
            Fact::Beat => self.process.beat = *at,
            Fact::Changed { change, .. } => self.last_change = *change,
            Fact::Ran { key, run, tests } => self.ran(*at, key, run, tests.as_ref()),
            Fact::Forgotten { key } => {
                self.checks.remove(key);
            }
            Fact::GreenAt { keys, tree } => {
                for key in keys {
                    if let Some(status) = self.checks.get_mut(key) {
                        status.green_tree = Some(tree.clone());
                    }
                }
            }
            Fact::Filed { task } => {
                self.last_task = self.last_task.max(task.id);
                self.tasks.insert(task.id, Arc::new((**task).clone()));
            }
            Fact::Felt { part, level } => {
                self.health.insert(*part, level.clone());
            }
            Fact::Parked { until, why } => self.parked = Some((*until, why.clone())),
            Fact::Unparked => self.parked = None,
            Fact::BreakerTripped { subject, failures, until } => {
                self.breakers.insert(subject.clone(), (*failures, *until));
            }
            Fact::Paused => self.paused = true,
            Fact::Resumed => self.paused = false,
            Fact::Undone { task, .. } => {
                self.unwant(*task, true);
                self.end(*at, *task, &TaskState::Failed(FailReason::Undone));
            }
            Fact::Ended { task, state } => {
                if *state == TaskState::Failed(FailReason::Refused) {
                    self.unwant(*task, false);
                }
                self.end(*at, *task, state);
            }
            Fact::AttemptEnded { task, record, then } => {
                self.attempt_ended(*task, record, then);
                if then.is_final() {
                    self.end(*at, *task, then);
                }
            }
            Fact::LandingBegan { task, landing } => {
                self.last_landing = self.last_landing.max(*landing);
                self.change_task(*task, |task| task.landing = Some(*landing));
            }
            Fact::Logged { .. } => {}
            Fact::Merged { .. }
            | Fact::Held { .. }
            | Fact::Released { .. }
            | Fact::Retried { .. }
            | Fact::AttemptStarted { .. }
            | Fact::Staged { .. }
            | Fact::Used { .. }
            | Fact::Ready { .. }
            | Fact::NeedsReview { .. }
            | Fact::Landed { .. }
            | Fact::LandingFailed { .. }
            | Fact::TakenBack { .. } => self.task_fact(*at, fact),
        }
    }

    fn task_fact(&mut self, at: Wall, fact: &Fact) {
        let Some(id) = fact.task() else { return };
        self.change_task(id, |task| match fact {
            Fact::Merged { files, failures, red_before, excerpt, .. } => {
                for file in files {
                    if !task.files.contains(file) {
                        task.files.push(file.clone());
                    }
                }
                task.failures.clone_from(failures);
                task.red_before.clone_from(red_before);
                task.excerpt.clone_from(excerpt);
            }
            Fact::Held { reason, .. } => task.state = TaskState::Held(reason.clone()),
            Fact::Released { forced, .. } => {
                task.state = TaskState::Queued;
                task.forced = *forced;
            }
            Fact::Retried { .. } => {
                task.state = TaskState::Queued;
                task.forced = true;
                task.charged = 0;
                task.ended = None;
                task.result = None;
            }
            Fact::AttemptStarted { .. } => {
                task.state = TaskState::Running;
                task.began = task.began.or(Some(at));
                task.running = Spent::default();
            }
            Fact::Staged { stage, .. } => task.stage = Some(*stage),
            Fact::Used { spent, .. } => task.running = *spent,
            Fact::Ready { reason, result, .. } => {
                task.state = TaskState::Ready(reason.clone());
                task.result = Some((**result).clone());
            }
            Fact::NeedsReview { reason, result, .. } => {
                task.state = TaskState::Review(reason.clone());
                task.result = result.as_deref().cloned();
            }
            Fact::Landed { receipt, .. } => {
                task.receipt = Some((**receipt).clone());
                task.result = None;
            }
            Fact::LandingFailed { .. } => task.landing = None,
            Fact::TakenBack { .. } => {
                task.landing = None;
                task.receipt = None;
            }
            _ => {}
        });
    }

    fn change_task(&mut self, id: TaskId, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.tasks.get_mut(&id) {
            change(Arc::make_mut(task));
        }
    }

    fn ran(&mut self, at: Wall, key: &CheckKey, run: &CheckRun, tests: Option<&ProjectPath>) {
        let before = self.checks.get(key);
        let since = before.filter(|status| status.verdict == run.verdict).map_or(at, |status| status.since);
        let green_tree = before.and_then(|status| status.green_tree.clone());
        let task = self.open_task(key).map(|task| task.id);
        let result = TestResult {
            task,
            at,
            key: key.clone(),
            verdict: run.verdict,
            millis: crate::model::time::millis(run.took),
            tests: tests.cloned(),
            coverage: run.findings.coverage,
        };
        push(&mut self.results, result, self.remember.history);
        let status = CheckStatus {
            verdict: run.verdict,
            since,
            failures: run.findings.failures.clone(),
            last: Arc::new(run.clone()),
            green_tree,
        };
        self.checks.insert(key.clone(), status);
    }

    fn attempt_ended(&mut self, id: TaskId, record: &AttemptRecord, then: &TaskState) {
        self.change_task(id, |task| {
            task.charged += u32::from(record.end.is_charged());
            task.spent += record.spent;
            task.running = Spent::default();
            task.attempts.push(record.clone());
            task.stage = None;
            if !task.state.is_final() && !then.is_final() {
                task.state = then.clone();
                task.forced = task.forced && !record.end.is_charged();
            }
        });
    }

    fn unwant(&mut self, id: TaskId, undone: bool) {
        let Some(task) = self.tasks.get(&id) else { return };
        let ids = task.failures.iter().map(|failure| failure.id.clone()).collect();
        self.unwanted.push((task.key.clone(), ids, id, undone));
    }

    /// Ends a task once; a task that is undone after it was done changes sides.
    fn end(&mut self, at: Wall, id: TaskId, state: &TaskState) {
        let Some(task) = self.tasks.get(&id) else { return };
        let (was, began, subject) = (task.state.clone(), task.began, subject(task));
        self.change_task(id, |task| {
            task.state = state.clone();
            task.ended = Some(at);
            task.stage = None;
            task.forced = false;
            task.result = None;
            if !matches!(state, TaskState::Done(DoneReason::Landed(_))) {
                task.landing = None;
            }
        });
        self.finished.0.retain(|known| *known != id);
        self.finished.1.retain(|known| *known != id);
        let (side, limit) = match state {
            TaskState::Failed(_) => (&mut self.finished.1, self.remember.failed),
            _ => (&mut self.finished.0, self.remember.completed),
        };
        side.push_back(id);
        while side.len() > limit as usize {
            if let Some(old) = side.pop_front() {
                self.tasks.remove(&old);
            }
        }
        if was.is_final() || began.is_none() {
            return;
        }
        self.statistics.processed += 1;
        match state {
            TaskState::Failed(reason) => {
                self.statistics.failed += 1;
                if matches!(reason, FailReason::Escalated { .. }) {
                    self.statistics.escalated += 1;
                    self.failures.entry(subject).or_default().push(at);
                }
            }
            _ => self.statistics.succeeded += 1,
        }
    }

    fn note(&mut self, at: Wall, what: &'static str, fact: &Fact) {
        let Some(task) = fact.task() else { return };
        let file = match fact {
            Fact::Filed { task } => task.files.first().cloned(),
            _ => self.tasks.get(&task).and_then(|task| task.files.first().cloned()),
        };
        push(&mut self.history, Past { at, what, task, file }, self.remember.history);
    }
}

/// Returns what the breaker counts failures of: the file a task is about, else its check.
pub fn subject(task: &Task) -> String {
    let blamed = || task.failures.iter().find_map(|failure| failure.file.as_ref());
    match task.key.file.as_ref().or_else(blamed) {
        Some(file) => file.to_string(),
        None => task.key.check.to_string(),
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, limit: u32) {
    list.push_back(item);
    while list.len() > limit as usize {
        list.pop_front();
    }
}

/// Returns the word that the history uses for a fact that belongs into it.
fn past_name(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Filed { .. } => Some("task_created"),
        Fact::AttemptStarted { .. } => Some("attempt_started"),
        Fact::AttemptEnded { .. } => Some("attempt_ended"),
        Fact::Held { .. } => Some("task_held"),
        Fact::Released { .. } => Some("task_released"),
        Fact::Retried { .. } => Some("task_retried"),
        Fact::Ready { .. } => Some("task_ready"),
        Fact::NeedsReview { .. } => Some("task_needs_review"),
        Fact::Landed { .. } => Some("task_landed"),
        Fact::TakenBack { .. } => Some("landing_taken_back"),
        Fact::Undone { .. } => Some("task_undone"),
        Fact::Ended { .. } => Some("task_ended"),
        Fact::Started { .. }
        | Fact::Stopped
        | Fact::Beat
        | Fact::Changed { .. }
        | Fact::Ran { .. }
        | Fact::Forgotten { .. }
        | Fact::GreenAt { .. }
        | Fact::Merged { .. }
        | Fact::Staged { .. }
        | Fact::Used { .. }
        | Fact::Logged { .. }
        | Fact::LandingBegan { .. }
        | Fact::LandingFailed { .. }
        | Fact::Parked { .. }
        | Fact::Unparked
        | Fact::BreakerTripped { .. }
        | Fact::Paused
        | Fact::Resumed
        | Fact::Felt { .. } => None,
    }
}
