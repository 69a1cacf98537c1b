//! Ends what a supervisor that is gone has left running.
#![expect(
    clippy::disallowed_methods,
    reason = "a bound for waiting on the kernel; and our own mark is in the environment"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::model::session::Rung;

use super::place::{Ended, Place, SESSION_VARIABLE};
use super::process::{self, Found, Marked, ProcessId};

/// How long a holder may take to end its tree when asked: SIGTERM, SIGKILL, the time for its clients, and some.
const HOLDER: Duration = Duration::from_secs(10);

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// What was ended, holders included.
    pub ended: Vec<Ended>,
    /// Daemons that were left alone because their check keeps them.
    pub kept: Vec<Ended>,
    /// What could not be ended.
    pub left: Vec<Ended>,
}

/// Ends every process of a project's sessions: the holders are asked to do it, and what is left then, because its
/// holder is dead, is killed. A process is known by the mark in its environment, never by its name.
///
/// Blocks, usually for some milliseconds, at most for some 15 seconds. The session that this process itself runs in,
/// if it does, is left alone. Where other processes' environments cannot be read (macOS) nothing is found.
pub fn sweep(mark: &str) -> SweepReport {
    end(&|| process::marked(mark), HOLDER)
}

/// Kills what [`sweep`] would end, without asking first; takes some milliseconds.
pub fn kill(mark: &str) -> SweepReport {
    end(&|| process::marked(mark), Duration::ZERO)
}

/// Does what [`sweep`] does for one session, such as one whose holder died.
pub fn sweep_session(place: &Place) -> SweepReport {
    end(&|| process::marked(&place.mark).into_iter().filter(|marked| marked.session == place.id).collect(), HOLDER)
}

/// Ends all of these; holders are asked first, and given so long.
fn end(all: &dyn Fn() -> Vec<Marked>, patience: Duration) -> SweepReport {
    let own_pid = i32::try_from(std::process::id()).unwrap_or(0);
    let own_session = std::env::var(SESSION_VARIABLE).unwrap_or_default();
    let own_session = own_session.rsplit('/').next().and_then(|id| id.parse().ok());
    let own = all().iter().any(|marked| marked.found.id.pid == own_pid);
    let list = || {
        let mut list = all();
        list.retain(|marked| !own || Some(marked.session.0) != own_session);
        list
    };

    let mut seen: BTreeMap<ProcessId, Found> = BTreeMap::new();
    let mut see = |found: &[Found]| seen.extend(found.iter().map(|found| (found.id, found.clone())));
    let before = list();
    see(&before.iter().map(|marked| marked.found.clone()).collect::<Vec<_>>());
    let holders: Vec<Found> = before.into_iter().filter(|marked| marked.holder).map(|marked| marked.found).collect();
    if !patience.is_zero() {
        process::ask(&holders);
        process::wait_all(&ids(&holders), patience);
    }

    let doomed = || {
        let (stay, go): (Vec<Marked>, Vec<Marked>) = list().into_iter().partition(stays);
        let stay: BTreeSet<ProcessId> = stay.iter().map(|marked| marked.found.id).collect();
        let go: Vec<Found> = go.into_iter().map(|marked| marked.found).collect();
        let mut doomed = if go.is_empty() { go } else { process::families(&go) };
        doomed.retain(|found| !stay.contains(&found.id) && found.id.pid != own_pid);
        doomed
    };
    let give_up = Instant::now() + Rung::Kill.patience();
    loop {
        let found = process::stop_and_kill(doomed);
        see(&found);
        let patience = give_up.saturating_duration_since(Instant::now());
        if found.is_empty() || patience.is_zero() {
            break;
        }
        process::wait_all(&ids(&found), patience);
    }

    let kept: Vec<Found> = list().into_iter().filter(stays).map(|marked| marked.found).collect();
    let (left, ended): (Vec<&Found>, Vec<&Found>) = seen.values().partition(|found| found.id.is_alive());
    SweepReport {
        ended: ended.into_iter().map(Ended::from).collect(),
        left: left.into_iter().filter(|found| !kept.contains(found)).map(Ended::from).collect(),
        kept: kept.iter().map(Ended::from).collect(),
    }
}

/// Whether a daemon may stay; what its holder did not end although it was asked is such a daemon.
fn stays(marked: &Marked) -> bool {
    marked.may_stay && !marked.holder
}

fn ids(found: &[Found]) -> Vec<ProcessId> {
    found.iter().map(|found| found.id).collect()
}
