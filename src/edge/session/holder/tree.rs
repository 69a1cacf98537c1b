//! How the process tree ends: when it is over, who is told to end, and the proof that nothing is left.
#![expect(
    clippy::disallowed_methods,
    reason = "the holder is a process of its own: it waits for the kernel between two looks"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::model::session::{Exit, Rung};

use super::super::place::Ended;
use super::super::process::{self, Found, ProcessId, Scope};
use super::super::sys::{self, Reaped};

/// How long output is waited for after the program's end while others of its tree hold the terminal.
const DRAIN: Duration = Duration::from_millis(200);
/// The pause between two rounds of killing; the end of a child ends it early.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(3);
/// The most swept processes that are named.
const NAMED: usize = 100;

/// The process tree of a session.
#[derive(Debug)]
pub(super) struct Tree {
    leader: ProcessId,
    /// Who is meant when it is told to end: daemons that may stay are not.
    scope: Scope,
    /// When the program has run too long; `None` once that has been seen to.
    limit: Option<Instant>,
    /// What was left of that time when the clock was held.
    held: Option<Duration>,
    phase: Phase,
    exit: Option<Exit>,
    timed_out: bool,
    /// Whether it was told to end, harder than by a request.
    told: bool,
    childless: bool,
    swept: BTreeMap<ProcessId, Found>,
    left: Vec<Ended>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The program runs.
    Running,
    /// The holder has told it to end, and kills it at this time.
    Leaving { kill_at: Instant },
    /// It is being killed.
    Killing { next: Instant, give_up: Instant },
    /// The program has ended, output may still come.
    Draining { until: Instant },
    /// The program has ended, what it left is being killed.
    Sweeping { next: Instant, give_up: Instant },
    /// Nothing is left.
    Over,
}

impl Tree {
    /// Takes charge of a program that has just started and may run until `limit`.
    pub(super) fn new(leader: ProcessId, keep_daemons: bool, limit: Option<Instant>) -> Self {
        Self {
            leader,
            scope: if keep_daemons { Scope::Session } else { Scope::Tree },
            limit,
            held: None,
            phase: Phase::Running,
            exit: None,
            timed_out: false,
            told: false,
            childless: false,
            swept: BTreeMap::new(),
            left: Vec::new(),
        }
    }

    /// Returns the program.
    pub(super) fn leader(&self) -> ProcessId {
        self.leader
    }

    /// Returns whether the program itself still runs.
    pub(super) fn is_running(&self) -> bool {
        self.exit.is_none()
    }

    /// Returns whether all is over.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Returns how the program ended, as far as is known.
    pub(super) fn exit(&self) -> Exit {
        if self.timed_out { Exit::TimedOut } else { self.exit.unwrap_or(Exit::Unknown) }
    }

    /// Returns what outlived the program and was killed, at most [`NAMED`].
    pub(super) fn swept(&self) -> Vec<Ended> {
        self.swept.values().take(NAMED).map(Ended::from).collect()
    }

    /// Returns what could not be killed.
    pub(super) fn left(&self) -> Vec<Ended> {
        self.left.clone()
    }

    /// Tells it to end, this hard. The end of its input, [`Rung::Ask`], is not the tree's business.
    pub(super) fn signal(&mut self, rung: Rung, now: Instant) {
        match rung {
            // A process group may be signalled for as long as its leader was not waited for.
            Rung::Interrupt if self.is_running() => {
                let group = Pid::from_raw(self.leader.pid);
                // Fails only when it has just ended.
                let _ = killpg(group, Signal::SIGINT);
                let _ = killpg(group, Signal::SIGCONT);
            }
            Rung::Ask | Rung::Interrupt => {}
            Rung::Terminate => {
                self.told = true;
                if !self.is_over() {
                    process::terminate(self.leader, self.scope);
                }
            }
            Rung::Kill => {
                self.told = true;
                let give_up = now + Rung::Kill.patience();
                match self.phase {
                    Phase::Running | Phase::Leaving { .. } => self.phase = Phase::Killing { next: now, give_up },
                    Phase::Draining { .. } => self.phase = Phase::Sweeping { next: now, give_up },
                    Phase::Killing { .. } | Phase::Sweeping { .. } | Phase::Over => {}
                }
            }
        }
    }

    /// Lets its time limit stand still, or run again.
    pub(super) fn hold_clock(&mut self, held: bool, now: Instant) {
        match (held, self.limit, self.held) {
            (true, Some(limit), None) => {
                self.held = Some(limit.saturating_duration_since(now));
                self.limit = None;
            }
            (false, None, Some(left)) => {
                self.held = None;
                self.limit = now.checked_add(left);
            }
            _ => {}
        }
    }

    /// Ends it by SIGTERM and, when that was not enough or this is the second time, by SIGKILL.
    pub(super) fn end(&mut self, now: Instant) {
        if self.phase == Phase::Running {
            self.phase = Phase::Leaving { kill_at: now + Rung::Terminate.patience() };
            self.signal(Rung::Terminate, now);
        } else {
            self.signal(Rung::Kill, now);
        }
    }

    /// Returns when there is something to do even if nothing happens.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        match self.phase {
            Phase::Running => self.limit,
            Phase::Leaving { kill_at } => Some(kill_at),
            Phase::Killing { next, .. } | Phase::Sweeping { next, .. } => Some(next),
            Phase::Draining { until } => Some(until),
            Phase::Over => None,
        }
    }

    /// Waits for children that have ended and does what is due; `silent` says that no output can come any more.
    pub(super) fn advance(&mut self, now: Instant, silent: bool) {
        self.reap();
        if self.limit.is_some_and(|limit| now >= limit) && self.is_running() {
            self.limit = None;
            self.timed_out = true;
            if self.phase == Phase::Running {
                self.end(now);
            }
        }
        if !self.is_running() {
            match self.phase {
                Phase::Running | Phase::Leaving { .. } => self.phase = Phase::Draining { until: now + DRAIN },
                Phase::Killing { next, give_up } => self.phase = Phase::Sweeping { next, give_up },
                Phase::Draining { .. } | Phase::Sweeping { .. } | Phase::Over => {}
            }
        }
        match self.phase {
            Phase::Leaving { kill_at } if now >= kill_at => self.signal(Rung::Kill, now),
            Phase::Draining { until } if self.childless || silent || now >= until => {
                self.phase = if self.childless || (self.scope == Scope::Session && !self.told) {
                    Phase::Over
                } else {
                    Phase::Sweeping { next: now, give_up: now + Rung::Kill.patience() }
                };
            }
            _ => {}
        }
        match self.phase {
            Phase::Killing { next, give_up } if now >= next => {
                let found = self.round();
                self.phase = if now >= give_up {
                    self.left = found.iter().map(Ended::from).collect();
                    Phase::Over
                } else {
                    Phase::Killing { next: now + BETWEEN_ROUNDS, give_up }
                };
            }
            Phase::Sweeping { .. } if self.childless => self.phase = Phase::Over,
            Phase::Sweeping { next, give_up } if now >= next => {
                let found = self.round();
                self.swept.extend(found.iter().map(|found| (found.id, found.clone())));
                self.phase = if now >= give_up {
                    self.left = found.iter().map(Ended::from).collect();
                    Phase::Over
                } else if found.is_empty() && self.scope == Scope::Session {
                    Phase::Over
                } else {
                    Phase::Sweeping { next: now + BETWEEN_ROUNDS, give_up }
                };
            }
            _ => {}
        }
    }

    fn round(&self) -> Vec<Found> {
        process::kill_round(self.leader, self.scope)
    }

    /// Kills everything, blocking, for a holder that cannot go on; returns what could not be killed.
    pub(super) fn kill_all(leader: ProcessId) -> Vec<Ended> {
        let give_up = Instant::now() + Rung::Kill.patience();
        loop {
            let found = process::kill_round(leader, Scope::Tree);
            loop {
                match sys::reap() {
                    Reaped::Child(..) => {}
                    Reaped::NoneYet => break,
                    Reaped::Childless => return Vec::new(),
                }
            }
            if Instant::now() >= give_up {
                return found.iter().map(Ended::from).collect();
            }
            std::thread::sleep(BETWEEN_ROUNDS);
        }
    }

    fn reap(&mut self) {
        loop {
            match sys::reap() {
                Reaped::Child(pid, exit) if pid == self.leader.pid && self.is_running() => self.exit = Some(exit),
                Reaped::Child(..) => {}
                Reaped::NoneYet => return,
                Reaped::Childless => {
                    self.childless = true;
                    return;
                }
            }
        }
    }
}
