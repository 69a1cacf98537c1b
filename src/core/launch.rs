//! Starts checks, other command lines and agents, as many as there is room for.

use std::time::Duration;

use crate::core::brought::Brought;
use crate::core::command_line;
use crate::core::effect::{AgentOrder, Effect, Place, RunOrder};
use crate::core::fact::Fact;
use crate::core::live::{JobOwner, Line, Owner, Running, Step};
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::check::{CheckKey, CheckName};
use crate::model::id::{SessionId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::plan::Plan;
use crate::model::settings::Check;
use crate::model::task::Task;

/// How long a preparation command may run.
const PREPARE_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How long a fixer may run.
const FIXER_LIMIT: Duration = Duration::from_secs(2 * 60);

impl Supervisor {
    /// Whether a check may start in a place now.
    fn has_room(&self, key: &CheckKey, place: Place) -> bool {
        self.live.checks().count() < self.settings.limits.checks as usize
            && !self.runs_in(key, place)
            && self.may_run_beside(&key.check, place)
    }

    fn runs_in(&self, key: &CheckKey, place: Place) -> bool {
        self.live.checks().any(|(_, running)| running.check.as_ref() == Some(key) && running.place == place)
    }

    /// Whether a check may run in a place beside what runs elsewhere, by `parallel` and `lock`.
    fn may_run_beside(&self, name: &CheckName, place: Place) -> bool {
        let Some(check) = self.check(name) else { return true };
        if !check.parallel && self.live.places_of(name).any(|other| other != place) {
            return false;
        }
        let lock_of = |key: &CheckKey| self.check(&key.check).map(|other| other.lock.as_str());
        let mut running = self.live.checks().filter_map(|(_, running)| running.check.as_ref());
        check.lock.is_empty() || !running.any(|key| lock_of(key) == Some(&check.lock))
    }

    /// Starts checks in the user's tree, as many as there is room for.
    pub(crate) fn start_tree_checks(&mut self) {
        // A landing that a dead supervisor began is being taken back; before that the tree is not worth a look.
        let is_recovering = self.live.jobs.values().any(|owner| matches!(owner, JobOwner::Recover(..)));
        if is_recovering || self.is_hurried() {
            return;
        }
        while let Some(key) = self.next_tree_check() {
            let Some(cause) = self.live.wanted.remove(&key) else { return };
            self.run_check(&key, Place::Tree, Owner::Tree { cause, stale: false }, None);
        }
    }

    fn next_tree_check(&self) -> Option<CheckKey> {
        if self.live.checks().count() >= self.settings.limits.checks as usize {
            return None;
        }
        let mut shut: Option<&CheckName> = None;
        for key in self.live.wanted.keys() {
            // What keeps one file's run of a check waiting mostly keeps all of them waiting.
            if shut == Some(&key.check) {
                continue;
            }
            if !self.may_run_beside(&key.check, Place::Tree) {
                shut = Some(&key.check);
            } else if !self.runs_in(key, Place::Tree) {
                return Some(key.clone());
            }
        }
        None
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
        self.live.sessions.insert(
            session,
            Running { owner, check: Some(key.clone()), place, began: self.live.now.moment, stopping: None },
        );
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
        // First, since an agent may follow at once.
        self.advance_plans();
        let calm = self.live.repository.operation.is_none();
        let line = self.day_line().map(|line| self.used_up(line, self.spent_today()));
        let parked = self.book.parked.as_ref().map(|(_, why)| why.clone()).or(line);
        for task in self.live.attempts.keys().copied().collect::<Vec<_>>() {
            let Some(attempt) = self.live.attempts.get(&task).filter(|attempt| attempt.ending.is_none()) else {
                continue;
            };
            match attempt.step.clone() {
                Step::Run(line, None) => self.start_line(task, line),
                // Nothing that costs begins any more.
                Step::Agent(None) if !self.is_up() => self.end_attempt(task, AttemptEnd::Interrupted),
                Step::Agent(None) if parked.is_some() => {
                    let why = parked.clone().unwrap_or_default();
                    self.end_attempt(task, AttemptEnd::Parked { why });
                }
                Step::Agent(None) if let Some(why) = self.batch_over(task) => {
                    self.end_attempt(task, AttemptEnd::Parked { why });
                }
                // The planner may have used what was left.
                Step::Agent(None) if self.is_broke(task) => self.end_broke(task),
                Step::Agent(None) if self.waits_for_money(task).is_some() => {}
                Step::Agent(None) if calm && !self.book.paused && self.has_room_for_agent(attempt.lane) => {
                    self.start_agent(task);
                }
                Step::Gate if calm => self.pass_gate(task),
                Step::Gate
                | Step::Plan(..)
                | Step::Agent(_)
                | Step::Run(_, Some(_))
                | Step::Snapshot(_)
                | Step::Prepare(_)
                | Step::SecondOpinion
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

    /// Whether one more agent may run; there may be more attempts than agents when the limit was lowered.
    fn has_room_for_agent(&self, lane: Lane) -> bool {
        self.agents(lane) < self.width(lane)
    }

    fn start_line(&mut self, id: TaskId, line: Line) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let place = attempt.place;
        let session = match &line {
            // The settings were read again, and it is gone.
            Line::Verify(key) if !self.is_meaningful(key) => return self.verify_next(id),
            Line::Fixer(index) if self.fixer_line(&task, *index).is_none() => return self.collect(id),
            Line::Baseline | Line::Verify(_) => {
                let own = if let Line::Verify(key) = &line { Some(key.clone()) } else { task.check().cloned() };
                let Some(key) = own else { return self.proceed(id, Stage::Baseline) };
                if !self.has_room(&key, place) {
                    return;
                }
                self.run_check(&key, place, Owner::Attempt(id), Some(id))
            }
            Line::Prepare => self.run_plain(id, self.settings.workspace.prepare.clone(), PREPARE_LIMIT, place),
            Line::Fixer(index) => {
                let line = self.fixer_line(&task, *index).unwrap_or_default();
                self.run_plain(id, line, FIXER_LIMIT, place)
            }
        };
        self.set_step(id, Step::Run(line, Some(session)));
    }

    fn run_plain(&mut self, task: TaskId, line: String, limit: Duration, place: Place) -> SessionId {
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
        self.live.sessions.insert(
            session,
            Running { owner: Owner::Attempt(task), check: None, place, began: self.live.now.moment, stopping: None },
        );
        self.out.push(Effect::Run(Box::new(order)));
        session
    }

    fn fixer_line(&self, task: &Task, index: usize) -> Option<String> {
        let key = task.check()?;
        let check = self.check(&key.check)?;
        let fixer = check.fixers.get(index)?;
        let files = key.file.as_ref().map_or_else(|| task.files.clone(), |file| vec![file.clone()]);
        Some(fill(check, fixer, &files))
    }

    fn start_agent(&mut self, id: TaskId) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let (place, number) = (attempt.place, attempt.number);
        let plan = task.plan.as_ref().filter(|plan| plan.attempt == number);
        let strategy = plan.and_then(Plan::strategy).unwrap_or_default().to_owned();
        let Some(base) = attempt.base.as_ref().map(|base| base.tree.clone()) else { return };
        let Some(role) = self.settings.roles.get(Self::role_of(&task)) else {
            let why = format!("no role is called `{}`", Self::role_of(&task));
            return self.broken(id, why);
        };
        let agent = role.agent.clone();
        let allowance = self.allowance(&task);
        let budget = allowance.map(|allowance| allowance.usd);
        let session = self.new_session();
        let order = AgentOrder {
            session,
            agent: agent.clone(),
            place,
            line: self.line_for(&task),
            last_green: self.green_tree_of(&task),
            task: Task::clone(&task),
            number,
            base,
            strategy,
            budget,
            happened: self.happened(&task),
            day: self.day_of(&task),
            days: if task.assignment().is_some() { self.book.days() } else { Vec::new() },
            dropped: self.book.dropped.iter().copied().collect(),
            brought: Brought::for_task(&self.book, &task),
        };
        self.live.sessions.insert(
            session,
            Running { owner: Owner::Attempt(id), check: None, place, began: self.live.now.moment, stopping: None },
        );
        self.record(Fact::AgentStarted { task: id, session });
        self.out.push(Effect::StartAgent(Box::new(order)));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.by = agent;
            attempt.allowance = allowance;
            attempt.heard = Some(self.live.now.moment);
        }
        self.set_step(id, Step::Agent(Some(session)));
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
