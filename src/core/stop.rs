//! Ends things: the ladder of a session, and the supervisor itself.

use std::sync::Arc;
use std::time::Duration;

use crate::core::effect::{Effect, Place, Work};
use crate::core::fact::Fact;
use crate::core::input::RunOutcome;
use crate::core::live::{JobOwner, Owner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use crate::model::check::{CheckRun, Findings, Verdict};
use crate::model::id::SessionId;
use crate::model::session::{Exit, Rung};
use crate::model::task::{DoneReason, Task, TaskState};

/// How long before the end of `limits.stop` what still runs is told to end, so that all is over in time:
/// the patience of the rungs from the request to SIGKILL, seven seconds, and three for the rest on a busy machine.
const LADDER: Duration = Duration::from_secs(10);

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

    /// Takes back landings that a dead supervisor may have begun, and queues what it was working on. A landing that
    /// the journal knows to be complete stands; its checks run at the start anyway.
    pub(crate) fn recover(&mut self) {
        let running: Vec<Arc<Task>> =
            self.book.open().filter(|task| task.state == TaskState::Running).cloned().collect();
        for task in running {
            let number = task.charged + 1;
            let has_landed = task.receipt.as_ref().is_some_and(|receipt| Some(receipt.landing) == task.landing);
            match task.landing {
                Some(landing) if has_landed && task.stage == Some(Stage::Confirm) => {
                    let then = TaskState::Done(DoneReason::Landed(landing));
                    self.cut_short(&task, number, AttemptEnd::Verified, then);
                }
                Some(landing) => {
                    self.cut_short(&task, number, AttemptEnd::Interrupted, TaskState::Queued);
                    let work = Work::Undo { landing, only_untouched: false };
                    self.give(JobOwner::Recover(task.id, landing), work, None);
                }
                None => self.cut_short(&task, number, AttemptEnd::Interrupted, TaskState::Queued),
            }
        }
    }

    /// Writes the record of an attempt of which nobody can tell more.
    fn cut_short(&mut self, task: &Task, number: u32, end: AttemptEnd, then: TaskState) {
        let record = AttemptRecord {
            number,
            end,
            summary: String::new(),
            diff: String::new(),
            spent: task.running,
            took: Duration::ZERO,
        };
        self.record(Fact::AttemptEnded { task: task.id, record: Box::new(record), then });
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
            self.abandon_attempts();
            self.leave(1);
        }
    }

    /// Writes down that attempts are cut short, without waiting for what works on them. One that is writing into the
    /// user's tree stays under way in the journal: the next start looks at what it has written.
    fn abandon_attempts(&mut self) {
        for id in self.live.attempts.keys().copied().collect::<Vec<_>>() {
            let Some(attempt) = self.live.attempts.get(&id) else { continue };
            if matches!(attempt.step, Step::Confirm(_)) {
                self.confirm_unseen(id);
            } else if attempt.place != Place::Tree
                && !matches!(attempt.step, Step::Land(_) | Step::Record(_) | Step::TakeBack(_))
            {
                let number = attempt.number;
                self.live.attempts.remove(&id);
                if let Some(task) = self.task(id) {
                    self.cut_short(&task, number, AttemptEnd::Interrupted, TaskState::Queued);
                }
            }
        }
        self.live.sessions.clear();
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
