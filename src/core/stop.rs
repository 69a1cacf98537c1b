//! Ends things: the ladder of a session, and the supervisor itself.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::core::effect::{Effect, Place};
use crate::core::fact::Fact;
use crate::core::finish::uncharged;
use crate::core::live::{Owner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::AttemptEnd;
use crate::model::check::CheckKey;
use crate::model::id::SessionId;
use crate::model::session::Rung;
use crate::model::time::Moment;

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
        let Some(running) = self.live.sessions.remove(&session) else { return };
        // A run in the user's tree is only told to end when its outcome does not count any more.
        let Owner::Attempt(task) = running.owner else { return };
        if let Some(end) = self.live.attempts.get(&task).and_then(|attempt| attempt.ending.clone()) {
            self.finish(task, end, None);
        }
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
        let confirming: BTreeSet<CheckKey> = self
            .live
            .attempts
            .values()
            .filter_map(|attempt| if let Step::Confirm(keys) = &attempt.step { Some(keys.clone()) } else { None })
            .flatten()
            .collect();
        self.keep_only(&confirming);
    }

    /// Ends checks in the user's tree, running or wanted, except these.
    fn keep_only(&mut self, kept: &BTreeSet<CheckKey>) {
        self.live.wanted.retain(|key, _| kept.contains(key));
        let others: Vec<CheckKey> = self
            .live
            .checks()
            .filter(|(_, running)| matches!(running.owner, Owner::Tree { .. }))
            .filter_map(|(_, running)| running.check.clone())
            .filter(|key| !kept.contains(key))
            .collect();
        for key in others {
            self.drop_tree_run(&key);
        }
    }

    /// Whether the time for what still runs is over.
    pub(crate) fn is_hurried(&self) -> bool {
        match self.live.phase {
            Phase::Stopping { until, .. } => self.live.now.moment >= until,
            Phase::Asleep | Phase::Up | Phase::Gone => false,
        }
    }

    /// Returns when a stopping supervisor goes on to its next step.
    pub(crate) fn stop_wakes(&self) -> Option<Moment> {
        let Phase::Stopping { until, .. } = self.live.phase else { return None };
        Some(if self.is_hurried() { until.after(LADDER) } else { until })
    }

    /// Ends what still runs once stopping has waited long enough, and leaves when nothing does, or when even the end of
    /// it takes too long.
    pub(crate) fn finish_stopping(&mut self) {
        let Phase::Stopping { asked, until } = self.live.phase else { return };
        if self.is_hurried() {
            for task in self.live.attempts.keys().copied().collect::<Vec<_>>() {
                self.interrupt_attempt(task);
            }
            self.keep_only(&BTreeSet::new());
        }
        // It ends beside all else that does.
        let is_planner_over = self.is_planner_over();
        let is_empty = self.live.attempts.is_empty() && self.live.sessions.is_empty() && self.live.jobs.is_empty();
        if is_planner_over && is_empty {
            let code = self.exit_code();
            return self.leave(code);
        }
        if asked >= 3 || self.live.now.moment >= until.after(LADDER) {
            for session in self.live.sessions.keys().copied().collect::<Vec<_>>() {
                self.end_session(session, Rung::Kill);
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
                let ending = attempt.ending.clone().unwrap_or(AttemptEnd::Interrupted);
                self.live.attempts.remove(&id);
                if let Some(task) = self.task(id) {
                    self.ended_before(&task, ending, uncharged(&task));
                }
            }
        }
        self.live.sessions.clear();
    }

    /// Leaves: records it, answers nothing more.
    pub(crate) fn leave(&mut self, code: u8) {
        self.answer_at_the_end();
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
            let live = &self.live;
            let is_done =
                live.jobs.is_empty() && live.attempts.is_empty() && live.sessions.is_empty() && live.wanted.is_empty();
            if let Some(code) = live.commanded.filter(|_| is_done) {
                self.leave(code);
            }
            return;
        }
        if self.live.until_idle && self.is_idle() && self.is_planner_over() {
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
