//! Carries out what a person or a program asks, or says why not.

use crate::core::command::{Answer, Command, Refusal};
use crate::core::fact::Fact;
use crate::core::input::Fate;
use crate::core::supervisor::Supervisor;
use crate::model::cost::Usd;
use crate::model::hold::HoldReason;
use crate::model::id::{RequestId, TaskId};
use crate::model::settings::LandMode;
use crate::model::task::{FailReason, ReadyReason, ReviewReason, TaskState};

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
            Command::Land { task } => self.land_now(task),
            Command::Refuse { task } => self.refuse(task),
            Command::Check if !self.is_up() => Err(Refusal::because("the supervisor is stopping")),
            Command::Check => {
                self.want_everything(false);
                Ok(said("running all checks"))
            }
            Command::Pause => {
                self.record(Fact::Paused);
                Ok(said("paused: nothing new starts"))
            }
            Command::Resume => {
                self.record(Fact::Resumed);
                if self.book.parked.is_some() {
                    self.record(Fact::Unparked);
                }
                Ok(said("going on"))
            }
            Command::Changed { files } => {
                let count = files.len();
                self.changed(files.into_iter().map(|file| (file, Fate::Written)), true);
                Ok(said(format!("{count} changed files noted")))
            }
            Command::Quit => {
                self.quit();
                Ok(said("stopping"))
            }
        };
        self.reply(request, reply);
    }

    /// Says why a task cannot be tried again, if so.
    pub(crate) fn may_retry(&self, id: TaskId) -> Result<(), Refusal> {
        let task = self.book.task(id).ok_or_else(|| Refusal::no_task(id))?;
        match &task.state {
            TaskState::Failed(_)
            | TaskState::Cooling { .. }
            | TaskState::Held(_)
            | TaskState::Queued
            | TaskState::Review(
                ReviewReason::Conflict(_)
                | ReviewReason::RedTogether(_)
                | ReviewReason::Unstable
                | ReviewReason::Refused(_),
            ) => {}
            TaskState::Review(ReviewReason::RedAfterLanding(_))
            | TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Done(_) => {
                return Err(Refusal::because(format!(
                    "{id} is {}; only a failed task can be tried again",
                    task.state.reason(self.live.now.wall)
                )));
            }
        }
        if self.live.attempts.contains_key(&id) {
            return Err(Refusal::because(format!("the last attempt at {id} is still ending; try again in a moment")));
        }
        if self.book.checks.get(&task.key).is_some_and(crate::core::book::CheckStatus::is_green) {
            return Err(Refusal::because(format!("{} is green; there is nothing to try again", task.key)));
        }
        if self.book.open_task(&task.key).is_some_and(|other| other.id != id) {
            return Err(Refusal::because(format!("another task is open for {}", task.key)));
        }
        let limit = self.settings.budget.task;
        if limit > Usd(0) && task.total().usd >= limit {
            return Err(Refusal::because(format!(
                "{id} has used {}, all of budget.task_usd; raise it in orchestrator.toml and start again",
                task.total().usd
            )));
        }
        Ok(())
    }

    fn retry(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        self.may_retry(id)?;
        self.record(Fact::Retried { task: id });
        if self.book.parked.is_some() {
            self.record(Fact::Unparked);
        }
        Ok(said(format!("{id} is tried again")))
    }

    fn kill(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if task.state.is_final() {
            return Err(Refusal::because(format!("{id} is over: {}", task.state.reason(self.live.now.wall))));
        }
        if !self.withdraw(id) {
            return Err(Refusal::because(format!("{id} is just landing; undo it afterwards")));
        }
        self.record(Fact::Ended { task: id, state: TaskState::Failed(FailReason::Killed) });
        Ok(said(format!("{id} is killed")))
    }

    fn fix_now(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        match &task.state {
            TaskState::Held(_) | TaskState::Queued | TaskState::Cooling { .. } => {
                self.record(Fact::Released { task: id, forced: true });
                Ok(said(match &self.book.parked {
                    Some((_, why)) => {
                        format!("{id} is queued, but everything is parked: {why}; `orchestrator-tui resume` goes on")
                    }
                    None if self.book.paused => format!("{id} is queued; `orchestrator-tui resume` ends the pause"),
                    None => format!("{id} starts as soon as it can"),
                }))
            }
            TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => Err(Refusal::because(format!(
                "{id} does not wait to be started: {}",
                task.state.reason(self.live.now.wall)
            ))),
        }
    }

    /// Holds a task until a person releases it.
    fn hold_now(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        match &task.state {
            TaskState::Held(_) | TaskState::Queued | TaskState::Cooling { .. } => {
                self.record(Fact::Held { task: id, reason: HoldReason::ByYou });
                Ok(said(format!("{id} is held; `orchestrator-tui fix {}` starts it", id.0)))
            }
            TaskState::Running
            | TaskState::Ready(_)
            | TaskState::Review(_)
            | TaskState::Done(_)
            | TaskState::Failed(_) => {
                Err(Refusal::because(format!("{id} cannot be held: {}", task.state.reason(self.live.now.wall))))
            }
        }
    }

    fn agree(&mut self, land: LandMode) -> Answer {
        self.record(Fact::Agreed { land });
        said(match land {
            LandMode::Auto => "from now on verified fixes land by themselves",
            LandMode::Ask => "from now on verified fixes wait for a yes",
        })
    }

    fn land_now(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let (accepted, result) = match (&task.state, &task.result) {
            (TaskState::Ready(ReadyReason::Suspicious(doubts)), Some(result)) => (doubts.clone(), result.clone()),
            (
                TaskState::Ready(ReadyReason::Asked | ReadyReason::First)
                | TaskState::Review(ReviewReason::Unstable | ReviewReason::RedTogether(_)),
                Some(result),
            ) => (Vec::new(), result.clone()),
            (
                TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Queued
                | TaskState::Held(_)
                | TaskState::Running
                | TaskState::Cooling { .. }
                | TaskState::Done(_)
                | TaskState::Failed(_),
                _,
            ) => {
                return Err(Refusal::because(format!(
                    "{id} has nothing that could land: {}",
                    task.state.reason(self.live.now.wall)
                )));
            }
        };
        if let Some(operation) = self.live.repository.operation.filter(|_| self.live.one_command) {
            // A running supervisor waits for its end; one command does not.
            return Err(Refusal::because(format!(
                "{id} cannot land: {operation} under way; land it when that is over"
            )));
        }
        if !self.is_up() || self.live.attempts.contains_key(&id) || self.is_working_in_place() {
            return Err(Refusal::because(format!("{id} cannot land just now; try again in a moment")));
        }
        self.land_pending(id, &result, accepted);
        Ok(said(format!("{id} lands")))
    }

    fn refuse(&mut self, id: TaskId) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if !matches!(task.state, TaskState::Ready(_) | TaskState::Review(_)) || self.live.attempts.contains_key(&id) {
            return Err(Refusal::because(format!(
                "{id} has no result to refuse: {}",
                task.state.reason(self.live.now.wall)
            )));
        }
        self.record(Fact::Ended { task: id, state: TaskState::Failed(FailReason::Refused) });
        Ok(said(format!("the result of {id} is thrown away")))
    }
}

fn said(text: impl Into<String>) -> Answer {
    Answer { said: text.into() }
}
