//! Carries out what a person or a program asks, or says why not.

use crate::core::command::{Answer, Command, Refusal};
use crate::core::fact::Fact;
use crate::core::hold::CHECKS_ONLY;
use crate::core::input::Fate;
use crate::core::landing_order::Before;
use crate::core::live::JobOwner;
use crate::core::supervisor::Supervisor;
use crate::core::vanished::unconfirmed;
use crate::model::budget::Limit;
use crate::model::cost::Usd;
use crate::model::hold::HoldReason;
use crate::model::id::{RequestId, TaskId};
use crate::model::settings::LandMode;
use crate::model::task::{FailReason, PendingResult, ReadyReason, ReviewReason, Task, TaskState};
use crate::model::workspace::{Suspicion, TreeId};

impl Supervisor {
    /// Takes in a request; it is answered at once, except an undo, which is answered when it is done.
    pub(crate) fn asked(&mut self, request: RequestId, command: Command) {
        let reply = match command {
            Command::Undo { task } => match self.undo(request, task) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            Command::Retry { task } => self.retry(task),
            Command::Kill { task } => self.kill(task),
            Command::Fix { task } => self.fix_now(task),
            Command::Snooze { task, until } => self.snooze(task, until),
            Command::Unsnooze { task } => self.unsnooze(task),
            Command::Hold { task } => self.hold_now(task),
            Command::Agree { land } => Ok(self.agree(land)),
            Command::Lesson { lesson, dropped } => Ok(self.drop_lesson(lesson, dropped)),
            Command::Land { task, result, agree } => self.land_now(task, result.as_ref(), agree),
            Command::Refuse { task, result } => self.refuse(task, result.as_ref()),
            Command::Answer { question, shown, reply, by } => self.answer(question, &shown, reply, by),
            Command::Message { task, text, by } => self.message(task, &text, by),
            Command::Check | Command::File { .. } | Command::Orchestrate { .. } | Command::Emit { .. }
                if !self.is_up() =>
            {
                Err(Refusal::stopping())
            }
            Command::Check => {
                self.want_everything(false);
                Ok(said("running all checks"))
            }
            Command::Raise { usd, tokens } => self.raise(usd, tokens),
            Command::File { filing } => self.file_all(*filing),
            Command::Emit { event, data, task, by } => self.emit(&event, data, task, by),
            Command::Orchestrate { wish } => self.orchestrate(*wish),
            Command::Approve { batch } => self.approve(batch),
            Command::Decline { batch } => self.decline(batch),
            Command::Begin { task } => self.begin(task),
            Command::Lane { lane, wish } => Ok(self.lane_wish(lane, wish)),
            Command::Pause => {
                self.record(Fact::Paused);
                Ok(said("paused: nothing new starts"))
            }
            Command::Resume => {
                self.record(Fact::Resumed);
                if self.book.parked.is_some() {
                    self.record(Fact::Unparked);
                }
                Ok(said(if self.day_line().is_some() { self.over_today() } else { "going on".to_owned() }))
            }
            Command::Changed { files } => {
                let count = files.len();
                self.changed(files.into_iter().map(|file| (file, Fate::Written)), true);
                let files = if count == 1 { "file" } else { "files" };
                Ok(said(format!("{count} changed {files} noted")))
            }
            Command::Quit => {
                self.quit();
                Ok(said("stopping"))
            }
        };
        self.reply(request, reply);
    }

    /// Says whether a task can be tried again, or why not; whether its check is green is told by who asks, as that takes
    /// the longest to find out.
    pub(crate) fn may_retry(&self, task: &Task, is_green: impl Fn(&Task) -> bool) -> Result<(), NoRetry> {
        match &task.state {
            TaskState::Failed(_)
            | TaskState::Cooling { .. }
            | TaskState::Held(_)
            | TaskState::Queued
            | TaskState::Review(
                ReviewReason::Conflict(_)
                | ReviewReason::Baseless(..)
                | ReviewReason::RedTogether(_)
                | ReviewReason::Unstable
                | ReviewReason::Refused(_),
            ) => {}
            TaskState::Review(ReviewReason::RedAfterLanding(_))
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Done(_) => return Err(NoRetry::State),
        }
        if self.live.attempts.contains_key(&task.id) {
            return Err(NoRetry::Ending);
        }
        if !self.is_current(task) {
            return Err(NoRetry::CheckGone);
        }
        if is_green(task) {
            return Err(NoRetry::Green);
        }
        if !self.may_run_agents() {
            return Err(NoRetry::Agents);
        }
        let another = || self.book.index.of_check(task.check()?);
        let is_another = || another().is_some_and(|other| other != task.id);
        if task.state.is_final() && is_another() {
            return Err(NoRetry::Another);
        }
        if self.is_overspent(task) {
            return Err(NoRetry::Budget);
        }
        Ok(())
    }

    /// Whether so little of a task's money is left that trying again would end at once.
    fn is_overspent(&self, task: &Task) -> bool {
        let (limit, used) = (self.budget_of(task).task, task.total().usd);
        if self.task_line(task).is_some() {
            return true;
        }
        // An agent stops before its limit, so that some cents are left.
        let is_worth_it = if task.state == TaskState::Failed(FailReason::Budget) { limit.0 / 10 } else { 0 };
        limit > Usd(0) && limit.minus(used) <= Usd(is_worth_it)
    }

    /// Whether the settings have the check of a task. They have those of open tasks, unless one has a result.
    pub(crate) fn is_current(&self, task: &Task) -> bool {
        let is_open = !task.state.is_final() && !self.live.attempts.contains_key(&task.id);
        let waits_for_person = matches!(task.state, TaskState::Ready(_) | TaskState::Review(_));
        is_open && !waits_for_person || self.has_goal(task)
    }

    pub(crate) fn retry(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        self.may_retry(&task, |task| self.is_green(task)).map_err(|why| self.no_retry(&task, why))?;
        self.record(Fact::Retried { task: id });
        if self.book.parked.is_some() {
            self.record(Fact::Unparked);
        }
        Ok(said(match (self.day_line(), self.waits_for_batch(&task)) {
            (Some(_), _) => format!("{id} is tried again, but {}", self.over_today()),
            (None, Some(why)) => format!("{id} is tried again, but {why}"),
            (None, None) => format!("{id} is tried again"),
        }))
    }

    fn no_retry(&self, task: &Task, why: NoRetry) -> Refusal {
        let (id, key) = (task.id, task.title());
        Refusal::because(match why {
            NoRetry::State => {
                format!("{id} is {}; only a failed task can be tried again", task.state.reason(self.live.now.wall))
            }
            NoRetry::Ending => format!("the last attempt at {id} is still ending; try again in a moment"),
            NoRetry::CheckGone => format!("{key} is no longer in the configuration"),
            NoRetry::Green => format!("{key} is green; there is nothing to try again"),
            NoRetry::Another => format!("another task is open for {key}"),
            NoRetry::Agents => format!("{id} cannot be tried again: {CHECKS_ONLY}"),
            NoRetry::Budget => self.overspent(task),
        })
    }

    /// Whether a task can be ended: it is not over, and not just landing.
    pub(crate) fn may_kill(&self, task: &Task) -> bool {
        !task.state.is_final() && self.may_withdraw(task.id)
    }

    fn kill(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if task.state.is_final() {
            return Err(Refusal::because(format!("{id} is over: {}", task.state.reason(self.live.now.wall))));
        }
        if !self.may_kill(&task) {
            return Err(Refusal::because(format!("{id} is just landing; undo it afterwards")));
        }
        self.close(id, TaskState::Failed(FailReason::Killed));
        if task.result.is_some() {
            self.not_wanted(id);
        }
        Ok(said(format!("{id} is killed")))
    }

    fn overspent(&self, task: &Task) -> String {
        let (id, used, limit) = (task.id, task.total().usd, self.budget_of(task).task);
        if let Some(line) = self.task_line(task).filter(|line| *line == Limit::TaskTokens) {
            return format!(
                "{id}: {}; raise it in orchestrator.toml, then try again",
                self.used_up(line, task.total())
            );
        }
        format!("{id} has used {used} of budget.task_usd, {limit}; raise it in orchestrator.toml, then try again")
    }

    /// Whether a person can let a task start at once.
    pub(crate) fn may_fix(&self, task: &Task) -> bool {
        may_start(task) && !self.is_overspent(task) && self.may_run_agents()
    }

    fn fix_now(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if !may_start(&task) {
            let why = task.state.reason(self.live.now.wall);
            return Err(Refusal::because(format!("{id} does not wait to be started: {why}")));
        }
        if self.is_overspent(&task) {
            return Err(Refusal::because(self.overspent(&task)));
        }
        if !self.may_run_agents() {
            return Err(Refusal::because(format!("{id} cannot start: {CHECKS_ONLY}")));
        }
        self.record(Fact::Released { task: id, forced: true });
        Ok(said(match &self.book.parked {
            Some((_, why)) => {
                format!("{id} is queued, but everything is parked: {why}; `orchestrator-tui resume` goes on")
            }
            None if self.day_line().is_some() => format!("{id} is queued, but {}", self.over_today()),
            None if let Some(why) = self.waits_for_batch(&task) => format!("{id} is queued, but {why}"),
            None if self.book.paused => format!("{id} is queued; `orchestrator-tui resume` ends the pause"),
            None => format!("{id} starts as soon as it can"),
        }))
    }

    /// Whether a task has a result that can land after a yes, and now is a moment for it.
    pub(crate) fn may_land(&self, task: &Task) -> bool {
        let operation = self.live.repository.operation.is_some() && self.live.one_command;
        landable(task).is_some() && !self.is_before_its_turn(task) && !operation && self.may_begin_landing(task.id)
    }

    /// Whether a person has to say first what becomes of something that a result was made from.
    fn is_before_its_turn(&self, task: &Task) -> bool {
        matches!(self.lands_after(task), Some(Before::Waits(_)))
    }

    pub(crate) fn may_begin_landing(&self, id: TaskId) -> bool {
        // What a supervisor that died has begun to write is taken back first.
        let recovers = |owner: &JobOwner| matches!(owner, JobOwner::Recover(..));
        let is_busy = self.is_working_in_place() || self.live.jobs.values().any(recovers);
        self.is_up() && !self.live.attempts.contains_key(&id) && !is_busy
    }

    fn land_now(&mut self, id: TaskId, shown: Option<&TreeId>, agree: Option<LandMode>) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let Some((result, accepted)) = landable(&task) else {
            let why = task.state.reason(self.live.now.wall);
            return Err(Refusal::because(format!("{id} has nothing that could land: {why}")));
        };
        is_shown(id, result, shown)?;
        let lands_after = self.lands_after(&task);
        if let Some(Before::Waits(first)) = lands_after {
            return Err(Refusal::because(format!("{id} builds on {first}, which has not landed; land that one first")));
        }
        if let Some(operation) = self.live.repository.operation.filter(|_| self.live.one_command) {
            // A running supervisor waits for its end; one command does not.
            return Err(Refusal::because(format!(
                "{id} cannot land: {operation} under way; land it when that is over"
            )));
        }
        if !self.is_up() {
            return Err(Refusal::stopping());
        }
        if !self.may_begin_landing(id) {
            return Err(Refusal::because(format!("{id} cannot land just now; try again in a moment")));
        }
        let mut accepted = accepted;
        let mut but = match lands_after {
            Some(Before::Lands(first)) => format!(" as soon as {first} has"),
            Some(Before::Waits(_)) | None => String::new(),
        };
        if let Some(key) = task.check().filter(|key| !self.is_meaningful(key)) {
            let doubt = unconfirmed(key);
            but = format!("{but}; {}", doubt.what);
            if !accepted.contains(&doubt) {
                accepted.push(doubt);
            }
        }
        let from_now_on = agree.map(|land| format!("; {}", self.agree(land).said)).unwrap_or_default();
        self.land_pending(id, result, accepted);
        Ok(said(format!("{id} lands{but}{from_now_on}")))
    }

    /// Whether a task has a result that a person can throw away.
    pub(crate) fn may_refuse(&self, task: &Task) -> bool {
        matches!(task.state, TaskState::Ready(_) | TaskState::Review(_)) && !self.live.attempts.contains_key(&task.id)
    }

    fn refuse(&mut self, id: TaskId, shown: Option<&TreeId>) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if !self.may_refuse(&task) {
            let why = task.state.reason(self.live.now.wall);
            return Err(Refusal::because(format!("{id} has no result to refuse: {why}")));
        }
        if let Some(result) = &task.result {
            is_shown(id, result, shown)?;
        }
        self.record(Fact::Ended { task: id, state: TaskState::Failed(FailReason::Refused) });
        self.not_wanted(id);
        Ok(said(format!("the result of {id} is thrown away")))
    }
}

/// Makes sure that an answer is about the result that was looked at.
fn is_shown(id: TaskId, result: &PendingResult, shown: Option<&TreeId>) -> Result<(), Refusal> {
    if shown.is_none_or(|shown| *shown == result.receipt.tree_after) {
        return Ok(());
    }
    Err(Refusal::because(format!("the result of {id} is another one now; look at it again")))
}

/// Why a task cannot be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRetry {
    /// It has not failed.
    State,
    /// Its last attempt is still ending.
    Ending,
    /// Its check is no longer in the settings.
    CheckGone,
    /// Its check is green.
    Green,
    /// Another task is open for its check.
    Another,
    /// It takes an agent, and only checks were agreed to.
    Agents,
    /// It has used up its money.
    Budget,
}

/// Whether a task waits to be started.
fn may_start(task: &Task) -> bool {
    match &task.state {
        TaskState::Queued | TaskState::Cooling { .. } => true,
        // It would be held again at once.
        TaskState::Held(reason) => !matches!(reason, HoldReason::Unfit(_)),
        TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Running
        | TaskState::Ready(_)
        | TaskState::Review(_)
        | TaskState::Done(_)
        | TaskState::Failed(_) => false,
    }
}

/// Returns the result of a task that a yes would let land, and the doubts that the yes is about.
fn landable(task: &Task) -> Option<(&PendingResult, Vec<Suspicion>)> {
    let result = task.result.as_ref()?;
    match &task.state {
        TaskState::Ready(ReadyReason::Suspicious(doubts)) => Some((result, doubts.clone())),
        TaskState::Ready(ReadyReason::Asked | ReadyReason::First | ReadyReason::InTurn(_))
        | TaskState::Review(
            ReviewReason::Unstable
            | ReviewReason::RedTogether(_)
            // The tree may be another one by now.
            | ReviewReason::Conflict(_)
            | ReviewReason::Baseless(..),
        ) => Some((result, result.receipt.accepted.clone())),
        TaskState::Review(ReviewReason::RedAfterLanding(_) | ReviewReason::Refused(_))
        | TaskState::Queued
        | TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Held(_)
        | TaskState::Running
        | TaskState::Cooling { .. }
        | TaskState::Done(_)
        | TaskState::Failed(_) => None,
    }
}

fn said(text: impl Into<String>) -> Answer {
    Answer::said(text.into())
}
