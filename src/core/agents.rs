//! What running agents report, and what their end means for their attempt.

use std::time::Duration;

use crate::core::fact::Fact;
use crate::core::live::{Owner, Step};
use crate::core::supervisor::Supervisor;
use crate::model::agent::{AgentReport, LogLine, Trouble, Violation};
use crate::model::attempt::AttemptEnd;
use crate::model::id::{SessionId, TaskId};
use crate::model::question::Closed;
use crate::model::session::Exit;
use crate::model::task::TaskState;
use crate::model::time::Wall;
/// How long to wait after "too many requests" when the service names no time: a minute, as its limits are per minute.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);

/// The shortest such wait, whatever time the service names: our clock and its need not agree.
const SHORTEST_WAIT: Duration = Duration::from_secs(5);

impl Supervisor {
    fn agent_of(&self, session: SessionId) -> Option<TaskId> {
        let running = self.live.sessions.get(&session).filter(|running| running.check.is_none())?;
        match running.owner {
            Owner::Attempt(task) => Some(task),
            Owner::Tree { .. } => None,
        }
    }

    /// Takes in what an agent says.
    pub(crate) fn reported(&mut self, session: SessionId, report: AgentReport) {
        let Some(task) = self.agent_of(session) else { return };
        self.hear(task);
        match report {
            AgentReport::Began => {
                let known = self.book.agents.get(&task) == Some(&session) && !self.book.up.contains(&task);
                if known && self.book.task(task).is_some_and(|task| task.state == TaskState::Running) {
                    self.record(Fact::AgentUp { task, session });
                }
            }
            AgentReport::Ready { model, .. } => self.log(task, "agent", format!("started, {model}")),
            AgentReport::Log(lines) => {
                self.record(Fact::Logged { task, lines });
            }
            AgentReport::Used(spent) => {
                let Some(attempt) = self.live.attempts.get_mut(&task) else { return };
                if attempt.spent != spent {
                    attempt.spent = spent;
                    self.record(Fact::Used { task, spent });
                }
            }
            AgentReport::Refused { what } => {
                let line = LogLine { label: "refused".to_owned(), text: what };
                self.record(Fact::Logged { task, lines: vec![line] });
            }
            AgentReport::Violation(violation) => self.violated(task, violation),
            AgentReport::Asks(ask) => self.agent_asks(task, session, ask),
            AgentReport::Withdrew { request } => self.agent_withdrew(session, &request, Closed::Withdrawn),
            AgentReport::Answered { request, reply, by } => self.agent_knows(task, session, &request, reply, by),
            AgentReport::HandsOver(outcome) => {
                if let Some(attempt) = self.live.attempts.get_mut(&task) {
                    attempt.outcome = Some(outcome);
                }
            }
            AgentReport::Done(result) => {
                if let Some(attempt) = self.live.attempts.get_mut(&task) {
                    attempt.said = Some(result);
                }
            }
            AgentReport::Trouble(trouble) => self.trouble(task, trouble),
        }
    }

    /// Halts an attempt that broke a safety rule; its task waits for a person.
    pub(crate) fn violated(&mut self, task: TaskId, violation: Violation) {
        if self.live.attempts.get(&task).is_some_and(|attempt| attempt.ending.is_some()) {
            return;
        }
        self.record(Fact::Violated { task: Some(task), violation: violation.clone() });
        self.end_attempt(task, AttemptEnd::Violation(violation));
    }

    fn trouble(&mut self, task: TaskId, trouble: Trouble) {
        match trouble {
            Trouble::RateLimit { until } => {
                let now = self.live.now.wall;
                let until = until.map_or(now.after(RATE_LIMIT_WAIT), |until| until.max(now.after(SHORTEST_WAIT)));
                self.park(task, Some(until), "rate limit".to_owned());
            }
            Trouble::Login { message } => {
                self.park(
                    task,
                    None,
                    format!("not logged in: {message}; run `claude` and `/login`, then `orchestrator-tui resume`"),
                );
            }
            Trouble::Overloaded => self.log(task, "agent", "the service is overloaded; it tries again by itself"),
            Trouble::Budget => {
                self.ran_out(task);
            }
        }
    }

    /// Nothing starts for now; the attempt does not count.
    fn park(&mut self, task: TaskId, until: Option<Wall>, why: String) {
        if self.live.attempts.get(&task).is_some_and(|attempt| attempt.ending.is_some()) {
            return;
        }
        let is_for_good = self.book.parked.as_ref().is_some_and(|(known, _)| known.is_none());
        if !is_for_good || until.is_none() {
            self.record(Fact::Parked { until, why: why.clone() });
        }
        self.end_attempt(task, AttemptEnd::Parked { why });
    }

    /// Takes in the end of an agent's session; its whole process tree is gone.
    pub(crate) fn agent_ended(&mut self, session: SessionId, exit: Exit) {
        let Some(task) = self.agent_of(session) else { return };
        self.live.sessions.remove(&session);
        self.live.requests.retain(|(asker, _)| *asker != session);
        self.close_questions(task, Closed::RunOver);
        let Some(attempt) = self.live.attempts.get_mut(&task) else { return };
        attempt.exit = Some(exit);
        if let Some(end) = attempt.ending.clone() {
            return self.finish(task, end, None);
        }
        if attempt.step != Step::Agent(Some(session)) {
            return;
        }
        let why = match &attempt.said {
            Some(said) if said.ok => return self.collect(task),
            _ if attempt.over.is_some() => return self.collect(task),
            Some(_) | None if exit == Exit::TimedOut => {
                let agent = self.settings.agents.get(&attempt.by);
                let limit = agent.map(|agent| agent.timeout).unwrap_or_default();
                return self.finish(task, AttemptEnd::TimedOut { limit }, None);
            }
            Some(said) => said.text.clone(),
            None => format!("it ended without a result ({exit})"),
        };
        self.finish(task, AttemptEnd::AgentFailed { why }, None);
    }

    /// Takes in that an agent could not be started.
    pub(crate) fn agent_failed(&mut self, session: SessionId, why: String) {
        let Some(task) = self.agent_of(session) else { return };
        self.live.sessions.remove(&session);
        let Some(attempt) = self.live.attempts.get(&task) else { return };
        let end = attempt.ending.clone().unwrap_or(AttemptEnd::Parked { why: why.clone() });
        if attempt.ending.is_none() {
            // No attempt can succeed before a person has mended it; none is charged.
            self.record(Fact::Parked { until: None, why });
        }
        self.finish(task, end, None);
    }
}
