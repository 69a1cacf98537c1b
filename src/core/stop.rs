//! Ends things: the ladder of a session, and the supervisor itself.

use crate::core::effect::Effect;
use crate::core::fact::Fact;
use crate::core::input::RunOutcome;
use crate::core::live::{Owner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::AttemptEnd;
use crate::model::check::{CheckRun, Findings, Verdict};
use crate::model::id::{SessionId, TaskId};
use crate::model::session::{Exit, Rung};
use crate::model::task::TaskState;
use std::time::Duration;

/// How long before the end of `limits.stop` what still runs is told to end, so that all is over in time:
/// the patience of the rungs from SIGINT to SIGKILL, and a second for the rest.
const LADDER: Duration = Duration::from_secs(8);

impl Supervisor {
    /// Tells a session to end, at least this hard; told again, it goes on from where it is.
    pub(crate) fn end_session(&mut self, session: SessionId, rung: Rung) {
        let now = self.live.now.moment;
        let Some(running) = self.live.sessions.get_mut(&session) else { return };
        if running.stopping.is_some_and(|(at, _)| at >= rung) {
            return;
        }
        running.stopping = Some((rung, now.after(rung.patience())));
        self.out.push(Effect::Signal(session, rung));
    }

    /// Tells sessions that took too long harder; one that survives SIGKILL is given up.
    pub(crate) fn climb_ladders(&mut self) {
        let now = self.live.now.moment;
        let late: Vec<(SessionId, Rung)> = self
            .live
            .sessions
            .iter()
            .filter_map(|(id, running)| {
                running.stopping.filter(|(_, until)| *until <= now).map(|(rung, _)| (*id, rung))
            })
            .collect();
        for (session, rung) in late {
            match rung.harder() {
                Some(harder) => self.end_session(session, harder),
                None => self.give_up(session),
            }
        }
    }

    fn give_up(&mut self, session: SessionId) {
        let Some(running) = self.live.sessions.get(&session) else { return };
        let is_agent = match &running.owner {
            Owner::Tree { .. } => false,
            Owner::Attempt(task) => self
                .live
                .attempts
                .get(task)
                .is_some_and(|attempt| attempt.step == Step::Agent(Some(session)) || running.check.is_none()),
        };
        if is_agent {
            return self.agent_ended(session, Exit::Unknown);
        }
        let run =
            CheckRun { verdict: Verdict::Broken, code: None, took: Duration::ZERO, findings: Findings::default() };
        self.run_ended(session, RunOutcome::Ran(run));
    }

    /// Takes back landings that a dead supervisor may have begun, and queues what it was working on.
    pub(crate) fn recover(&mut self) {
        let open: Vec<(TaskId, TaskState, Option<crate::model::id::LandingId>, u32)> =
            self.book.open().map(|task| (task.id, task.state.clone(), task.landing, task.charged)).collect();
        for (task, state, landing, charged) in open {
            if state != TaskState::Running {
                continue;
            }
            self.interrupted(task, charged + 1);
            if let Some(landing) = landing {
                let work = crate::core::effect::Work::Undo { landing, only_untouched: false };
                self.give(crate::core::live::JobOwner::Recover(task, landing), work, None);
            }
        }
    }

    fn interrupted(&mut self, task: TaskId, number: u32) {
        let spent = self.task(task).map(|task| task.running).unwrap_or_default();
        let record = crate::model::attempt::AttemptRecord {
            number,
            end: AttemptEnd::Interrupted,
            summary: String::new(),
            diff: String::new(),
            spent,
            took: Duration::ZERO,
        };
        self.record(Fact::AttemptEnded { task, record: Box::new(record), then: TaskState::Queued });
    }

    /// Takes in a wish to stop: the first waits, the second hurries, the third ends at once.
    pub(crate) fn quit(&mut self) {
        let now = self.live.now.moment;
        let (asked, until) = match self.live.phase {
            Phase::Asleep | Phase::Gone => return,
            Phase::Up => (1, now.after(self.settings.limits.stop.saturating_sub(LADDER))),
            Phase::Stopping { asked, .. } => (asked + 1, now),
        };
        self.live.phase = Phase::Stopping { asked, until };
        self.live.burst = None;
        let confirming: Vec<_> = self
            .live
            .attempts
            .values()
            .filter_map(|attempt| match &attempt.step {
                Step::Confirm(keys) => Some(keys.iter().cloned().collect::<Vec<_>>()),
                _ => None,
            })
            .flatten()
            .collect();
        self.live.wanted.retain(|key, _| confirming.contains(key));
        let idle: Vec<_> = self
            .live
            .checks()
            .filter(|(_, running)| matches!(running.owner, Owner::Tree { .. }))
            .filter_map(|(_, running)| running.check.clone())
            .filter(|key| !confirming.contains(key))
            .collect();
        for key in idle {
            self.drop_tree_run(&key);
        }
        if asked >= 3 {
            for session in self.live.sessions.keys().copied().collect::<Vec<_>>() {
                self.out.push(Effect::Signal(session, Rung::Kill));
            }
            self.leave(1);
        }
    }

    /// Ends what still runs once stopping has waited long enough, and leaves when nothing does.
    pub(crate) fn finish_stopping(&mut self) {
        let Phase::Stopping { until, .. } = self.live.phase else { return };
        if self.live.now.moment >= until {
            for task in self.live.attempts.keys().copied().collect::<Vec<_>>() {
                self.interrupt_attempt(task);
            }
        }
        if self.live.attempts.is_empty() && self.live.sessions.is_empty() && self.live.jobs.is_empty() {
            let code = self.exit_code();
            self.leave(code);
        }
    }

    /// Leaves: records it, answers nothing more.
    pub(crate) fn leave(&mut self, code: u8) {
        if !self.live.one_command {
            self.record(Fact::Stopped);
        }
        self.out.push(Effect::Exit(code));
        self.live.phase = Phase::Gone;
    }

    /// Leaves when nothing is left to do, if that was asked for.
    pub(crate) fn exit_when_idle(&mut self) {
        if !self.is_up() {
            return;
        }
        if self.live.one_command {
            if let Some(code) = self.live.commanded
                && self.live.jobs.is_empty()
            {
                self.leave(code);
            }
            return;
        }
        if self.live.until_idle && self.is_idle() {
            let code = self.exit_code();
            self.leave(code);
        }
    }

    /// Whether nothing will happen unless somebody does something.
    fn is_idle(&self) -> bool {
        self.live.burst.is_none()
            && self.live.wanted.is_empty()
            && self.live.sessions.is_empty()
            && self.live.jobs.is_empty()
            && self.live.attempts.is_empty()
            && self.live.turned_green.is_empty()
            && !self.will_anything_move()
    }

    /// Returns 0 when everything is green or done, 1 when something is red or waits for a person.
    fn exit_code(&self) -> u8 {
        let red = self.book.checks.values().any(|status| !status.is_green());
        u8::from(red || self.book.open().next().is_some())
    }
}
