//! Works out what should run now; the only place that starts anything.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::core::command_line;
use crate::core::effect::{AgentOrder, Effect, Place, RunOrder, Work};
use crate::core::fact::Fact;
use crate::core::live::{Attempt, Cause, JobOwner, Line, Owner, Phase, Running, Step};
use crate::core::supervisor::Supervisor;
use crate::core::{book, input};
use crate::model::attempt::Stage;
use crate::model::check::{CheckKey, CheckName};
use crate::model::cost::{Spent, Usd};
use crate::model::id::{SessionId, Slot, TaskId};
use crate::model::path::ProjectPath;
use crate::model::settings::{Check, Isolation};
use crate::model::task::{FailReason, Task, TaskState};
use crate::model::time::{Moment, Wall, brief};

/// How long a preparation command may run.
const PREPARE_LIMIT: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// How long a fixer may run.
const FIXER_LIMIT: std::time::Duration = std::time::Duration::from_secs(2 * 60);

/// Why a task that could run does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The supervisor is stopping or not yet up.
    Down,
    /// A person paused everything.
    Paused,
    /// The service refused.
    Parked(Option<Wall>, String),
    /// The repository is in the middle of something.
    Operation(crate::model::workspace::GitOperation),
    /// Its check is running or about to run in the user's tree.
    Checking,
    /// It failed and waits a little.
    Cooling(Wall),
    /// It starts when nothing was saved for a while.
    Quiet(Moment),
    /// Another task that may touch the same files goes first.
    Behind(TaskId),
    /// All agents are busy.
    Slots,
    /// Its subject failed too often.
    Breaker(u32, Wall),
}

impl Waiting {
    /// Says why, for a row.
    pub fn text(&self, now: crate::model::time::Now, window: std::time::Duration) -> String {
        match self {
            Self::Down => "waits for the supervisor".to_owned(),
            Self::Paused => "paused".to_owned(),
            Self::Parked(None, why) => format!("parked: {why}"),
            Self::Parked(Some(until), why) => format!("parked until {}: {why}", until.iso()),
            Self::Operation(operation) => format!("waits: {operation} under way"),
            Self::Checking => "waits for its check".to_owned(),
            Self::Cooling(until) => format!("cooling {}", brief(until.since(now.wall))),
            Self::Quiet(at) => format!("starts when you pause: {}", brief(at.since(now.moment))),
            Self::Behind(task) => format!("waits for {task}"),
            Self::Slots => "waits for a free agent".to_owned(),
            Self::Breaker(failures, _) => format!("paused by breaker: {failures} failures in {}", brief(window)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree => f.write_str("your tree"),
            Self::Workspace(Slot(number)) => write!(f, "workspace {number}"),
        }
    }
}

impl Supervisor {
    /// Returns a check by name.
    pub(crate) fn check(&self, name: &CheckName) -> Option<&Check> {
        self.settings.checks.iter().find(|check| check.name == *name)
    }

    /// Says why a task does not run; `None` if it may start now, or is no candidate at all.
    pub fn waiting(&self, task: &Task) -> Option<Waiting> {
        let now = self.live.now;
        if !self.is_up() {
            return Some(Waiting::Down);
        }
        if self.book.paused {
            return Some(Waiting::Paused);
        }
        if let Some((until, why)) = &self.book.parked {
            return Some(Waiting::Parked(*until, why.clone()));
        }
        if let Some(operation) = self.live.repository.operation {
            return Some(Waiting::Operation(operation));
        }
        if let Some((failures, until)) = self.book.breakers.get(&book::subject(task))
            && *until > now.wall
            && !task.forced
        {
            return Some(Waiting::Breaker(*failures, *until));
        }
        let recovering = |owner: &JobOwner| matches!(owner, JobOwner::Recover(id, _) if *id == task.id);
        if self.live.burst.is_some() || self.live.is_checking(&task.key) || self.live.jobs.values().any(recovering) {
            return Some(Waiting::Checking);
        }
        if let TaskState::Cooling { until } = task.state
            && until > now.wall
        {
            return Some(Waiting::Cooling(until));
        }
        if let Some(at) = self.quiet_at(task)
            && at > now.moment
        {
            return Some(Waiting::Quiet(at));
        }
        if let Some(other) = self.live.attempts.keys().find(|other| self.conflicts(task, **other)) {
            return Some(Waiting::Behind(*other));
        }
        let busy = self.live.attempts.values().filter(|attempt| attempt.step != Step::Ending).count();
        if busy >= self.settings.limits.running as usize {
            return Some(Waiting::Slots);
        }
        None
    }

    /// Returns when a task may start as far as the user's typing is concerned.
    fn quiet_at(&self, task: &Task) -> Option<Moment> {
        if self.live.until_idle || task.forced || task.charged > 0 {
            return None;
        }
        let after = self.settings.fix.after;
        let red = self.live.now.wall.since(task.filed);
        let since_red = self.live.now.moment.after(after.saturating_sub(red));
        Some(self.live.saved.map_or(since_red, |saved| since_red.max(saved.after(after))))
    }

    fn conflicts(&self, task: &Task, other: TaskId) -> bool {
        let in_place = self.settings.fix.isolation == Isolation::InPlace;
        in_place || other == task.id || self.book.task(other).is_some_and(|other| other.overlaps(task))
    }

    /// Whether a task will go on by itself.
    pub(crate) fn will_move(&self, task: &Task) -> bool {
        match &task.state {
            TaskState::Queued | TaskState::Cooling { .. } => !matches!(
                self.waiting(task),
                Some(
                    Waiting::Paused
                        | Waiting::Parked(..)
                        | Waiting::Operation(_)
                        | Waiting::Breaker(..)
                        | Waiting::Down
                )
            ),
            TaskState::Running => true,
            TaskState::Held(_)
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => false,
        }
    }

    /// Returns the moments at which a waiting task may start.
    pub(crate) fn schedule_wakes(&self) -> Vec<Moment> {
        let now = self.live.now;
        let at = |wall: Wall| now.moment.after(wall.since(now.wall));
        let parked = self.book.parked.as_ref().and_then(|(until, _)| until.map(at));
        let mut wakes: Vec<Moment> = parked.into_iter().collect();
        for task in self.book.open().filter(|task| is_candidate(task)) {
            match self.waiting(task) {
                Some(Waiting::Cooling(until) | Waiting::Breaker(_, until)) => wakes.push(at(until)),
                Some(Waiting::Quiet(moment)) => wakes.push(moment),
                Some(
                    Waiting::Down
                    | Waiting::Paused
                    | Waiting::Parked(..)
                    | Waiting::Operation(_)
                    | Waiting::Checking
                    | Waiting::Behind(_)
                    | Waiting::Slots,
                )
                | None => {}
            }
        }
        wakes
    }

    /// Ends a parking whose time has come.
    pub(crate) fn unpark(&mut self) {
        if self.book.parked.as_ref().is_some_and(|(until, _)| until.is_some_and(|until| until <= self.live.now.wall)) {
            self.record(Fact::Unparked);
        }
    }

    /// Whether a check may start in a place beside what runs now.
    fn has_room(&self, key: &CheckKey, place: Place) -> bool {
        let name = &key.check;
        if self.live.checks().count() >= self.settings.limits.checks as usize {
            return false;
        }
        if self.live.checks().any(|(_, running)| running.check.as_ref() == Some(key) && running.place == place) {
            return false;
        }
        let Some(check) = self.check(name) else { return true };
        if !check.parallel && self.live.places_of(name).any(|other| other != place) {
            return false;
        }
        check.lock.is_empty()
            || !self.live.checks().any(|(_, running)| {
                running
                    .check
                    .as_ref()
                    .and_then(|key| self.check(&key.check))
                    .is_some_and(|other| other.lock == check.lock)
            })
    }

    /// Starts checks in the user's tree, as many as there is room for.
    pub(crate) fn start_tree_checks(&mut self) {
        let keys: Vec<CheckKey> = self.live.wanted.keys().cloned().collect();
        for key in keys {
            let is_ending = self
                .live
                .sessions
                .values()
                .any(|running| running.check.as_ref() == Some(&key) && matches!(running.owner, Owner::Tree { .. }));
            if is_ending || !self.has_room(&key, Place::Tree) {
                continue;
            }
            let Some(cause) = self.live.wanted.remove(&key) else { continue };
            if self.check(&key.check).is_none() {
                continue;
            }
            let owner = Owner::Tree { cause, stale: false };
            self.run_check(&key, Place::Tree, owner, None);
        }
    }

    fn run_check(&mut self, key: &CheckKey, place: Place, owner: Owner, task: Option<TaskId>) -> SessionId {
        let session = self.new_session();
        let check = self.check(&key.check).cloned();
        let (limit, keep_daemons) =
            check.as_ref().map_or((PREPARE_LIMIT, false), |check| (check.timeout, check.keep_daemons));
        let order = RunOrder {
            session,
            line: self.line_of(key),
            place,
            limit,
            keep_daemons,
            source: key.file.clone().filter(|_| check.as_ref().is_some_and(Check::is_per_file)),
            tests: check.as_ref().filter(|check| check.run.contains("{tests}")).and_then(|_| self.tests_of(key)),
            task,
            title: key.to_string(),
        };
        self.live.sessions.insert(session, Running { owner, check: Some(key.clone()), place, stopping: None });
        self.out.push(Effect::Run(Box::new(order)));
        session
    }

    /// Returns the command line of a check, placeholders filled in.
    pub(crate) fn line_of(&self, key: &CheckKey) -> String {
        let Some(check) = self.check(&key.check) else { return String::new() };
        fill(check, &check.run, key.file.as_slice())
    }

    /// Moves attempts that only waited for room or for a moment to land.
    pub(crate) fn advance_attempts(&mut self) {
        let waiting: Vec<(TaskId, Step)> = self
            .live
            .attempts
            .iter()
            .filter(|(_, attempt)| attempt.ending.is_none())
            .map(|(task, attempt)| (*task, attempt.step.clone()))
            .collect();
        for (task, step) in waiting {
            match step {
                Step::Run(line, None) => self.start_line(task, line),
                Step::Agent(None) if self.live.repository.operation.is_none() => self.start_agent(task),
                Step::Gate if self.live.repository.operation.is_none() => self.start_merge(task),
                Step::Gate
                | Step::Agent(None)
                | Step::Snapshot(_)
                | Step::Prepare(_)
                | Step::Run(_, Some(_))
                | Step::SecondOpinion
                | Step::Agent(Some(_))
                | Step::Collect(_)
                | Step::Merge(_)
                | Step::Restore(_)
                | Step::Land(_)
                | Step::Record(_)
                | Step::Confirm(_)
                | Step::TakeBack(_)
                | Step::Ending => {}
            }
        }
    }

    fn start_line(&mut self, id: TaskId, line: Line) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let place = attempt.place;
        let session = match &line {
            Line::Baseline | Line::Verify(_) => {
                let key = if let Line::Verify(key) = &line { key.clone() } else { task.key.clone() };
                if !self.has_room(&key, place) {
                    return;
                }
                self.run_check(&key, place, Owner::Attempt(id), Some(id))
            }
            Line::Prepare | Line::Fixer(_) => {
                let (text, limit) = match &line {
                    Line::Fixer(index) => (self.fixer_line(&task, *index), FIXER_LIMIT),
                    _ => (self.settings.workspace.prepare.clone(), PREPARE_LIMIT),
                };
                self.run_plain(id, text, limit, place)
            }
        };
        self.set_step(id, Step::Run(line, Some(session)));
    }

    fn run_plain(&mut self, task: TaskId, line: String, limit: std::time::Duration, place: Place) -> SessionId {
        let session = self.new_session();
        let order = RunOrder {
            session,
            title: line.clone(),
            line,
            place,
            limit,
            keep_daemons: false,
            source: None,
            tests: None,
            task: Some(task),
        };
        self.live.sessions.insert(session, Running { owner: Owner::Attempt(task), check: None, place, stopping: None });
        self.out.push(Effect::Run(Box::new(order)));
        session
    }

    fn fixer_line(&self, task: &Task, index: usize) -> String {
        let Some(check) = self.check(&task.key.check) else { return String::new() };
        let Some(fixer) = check.fixers.get(index) else { return String::new() };
        let files = task.key.file.as_ref().map_or_else(|| task.files.clone(), |file| vec![file.clone()]);
        fill(check, fixer, &files)
    }

    fn start_agent(&mut self, id: TaskId) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let (place, number) = (attempt.place, attempt.number);
        let Some(base) = attempt.base.as_ref().map(|base| base.tree.clone()) else { return };
        let Some(role) = self.settings.roles.get("fixer") else { return };
        let agent = role.agent.clone();
        let limit = self.settings.budget.task;
        let budget = (limit > Usd(0)).then(|| limit.minus(task.total().usd));
        let session = self.new_session();
        let order = AgentOrder {
            session,
            agent: agent.clone(),
            place,
            line: self.line_of(&task.key),
            last_green: self.book.checks.get(&task.key).and_then(|status| status.green_tree.clone()),
            task: Task::clone(&task),
            number,
            base,
            budget,
        };
        self.live.sessions.insert(session, Running { owner: Owner::Attempt(id), check: None, place, stopping: None });
        self.out.push(Effect::StartAgent(Box::new(order)));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.by = agent;
        }
        self.set_step(id, Step::Agent(Some(session)));
    }

    /// Starts attempts for tasks that may run, by priority, then age.
    pub(crate) fn start_attempts(&mut self) {
        if !self.is_up() {
            return;
        }
        let mut candidates: Vec<Arc<Task>> = self.book.open().filter(|task| is_candidate(task)).cloned().collect();
        candidates.sort_by_key(|task| (!task.forced, -task.priority, task.id));
        // Files of older tasks that will go on by themselves: those go first, even if they only wait for a pause.
        let mut claimed: BTreeSet<&ProjectPath> = BTreeSet::new();
        for task in &candidates {
            if self.live.attempts.len() >= self.settings.limits.running as usize {
                return;
            }
            let limit = self.settings.budget.task;
            if limit > Usd(0) && task.total().usd >= limit {
                self.record(Fact::Ended { task: task.id, state: TaskState::Failed(FailReason::Budget) });
                continue;
            }
            let behind = !task.forced && task.files.iter().any(|file| claimed.contains(file));
            if self.will_move(task) {
                claimed.extend(&task.files);
            }
            if behind || self.waiting(task).is_some() {
                continue;
            }
            self.start_attempt(task);
        }
    }

    fn start_attempt(&mut self, task: &Task) {
        let number = task.charged + 1;
        let slot = self.live.free_slot();
        self.record(Fact::AttemptStarted { task: task.id, number, slot });
        self.record(Fact::Staged { task: task.id, stage: Stage::Prepare });
        let job = self.give(JobOwner::Attempt(task.id), Work::Snapshot, None);
        let attempt = self.new_attempt(number, slot, Step::Snapshot(job), Stage::Prepare);
        self.live.attempts.insert(task.id, attempt);
    }

    /// Returns a new attempt in the given step.
    pub(crate) fn new_attempt(&self, number: u32, slot: Slot, step: Step, stage: Stage) -> Attempt {
        let place = match self.settings.fix.isolation {
            Isolation::Worktree => Place::Workspace(slot),
            Isolation::InPlace => Place::Tree,
        };
        Attempt {
            number,
            slot,
            place,
            began: self.live.now.wall,
            step,
            stage,
            ending: None,
            base: None,
            red: None,
            fixers_done: false,
            said: None,
            by: String::new(),
            spent: Spent::default(),
            result: None,
            queue: std::collections::VecDeque::new(),
            green: Vec::new(),
            accepted: None,
            merged: None,
            merges: 0,
            landing: None,
            files: Vec::new(),
            dirty: false,
            rolling: None,
        }
    }

    /// Remembers the tree in which checks turned green, once the tree is quiet.
    pub(crate) fn remember_green(&mut self) {
        let busy = self.live.is_tree_busy() || self.live.burst.is_some();
        let under_way = self.live.jobs.values().any(|owner| matches!(owner, JobOwner::Green(_)));
        if self.live.turned_green.is_empty() || busy || under_way || self.is_working_in_place() {
            return;
        }
        if matches!(self.live.phase, Phase::Stopping { .. }) {
            self.live.turned_green.clear();
            return;
        }
        let keys = std::mem::take(&mut self.live.turned_green).into_iter().collect();
        self.give(JobOwner::Green(keys), Work::Snapshot, None);
    }

    /// Wants the checks of files that we wrote ourselves.
    pub(crate) fn want_touched(&mut self, keys: impl IntoIterator<Item = CheckKey>, by: TaskId) {
        for key in keys {
            self.want(key, Cause { by: Some(by), ..Cause::default() });
        }
    }

    /// Takes in the end of a piece of work.
    pub(crate) fn job_done(&mut self, job: crate::model::id::JobId, product: input::Product) {
        let Some(owner) = self.live.jobs.remove(&job) else { return };
        match owner {
            JobOwner::Attempt(task) => self.attempt_job_done(task, product),
            JobOwner::Green(keys) => {
                if let input::Product::Snapshot(snapshot) = product {
                    let green = |key: &CheckKey| self.book.checks.get(key).is_some_and(book::CheckStatus::is_green);
                    let keys: Vec<CheckKey> = keys.into_iter().filter(green).collect();
                    if !keys.is_empty() {
                        self.record(Fact::GreenAt { keys, tree: snapshot.tree });
                    }
                }
            }
            JobOwner::Undo(task, request) => self.undo_done(task, request, product),
            JobOwner::Recover(task, landing) => self.recovered(task, landing, &product),
        }
    }
}

/// Fills in a command line, once for each file; a line without placeholders runs once.
fn fill(check: &Check, line: &str, files: &[ProjectPath]) -> String {
    let mut lines: Vec<String> = files
        .iter()
        .map(|file| command_line::expand(line, check.tests.as_deref(), file).unwrap_or_else(|_| line.to_owned()))
        .collect();
    lines.dedup();
    if lines.is_empty() { line.to_owned() } else { lines.join(" && ") }
}

fn is_candidate(task: &Task) -> bool {
    matches!(task.state, TaskState::Queued | TaskState::Cooling { .. })
}
