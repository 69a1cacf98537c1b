//! Processes without `/proc` and pidfds (macOS, BSD): what process groups allow.
//!
//! There is no subreaper, so that a process which left the program's group is out of reach, and no environment of
//! others to read, so that nothing is found by its mark. A number used again within a moment can be mistaken.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{self, Signal, killpg};
use nix::unistd::Pid;

use super::{Found, Marked, ProcessId, Scope};

/// How often it is looked whether a process is there still; there is nothing to wait on.
const LOOK: Duration = Duration::from_millis(50);

/// Does nothing: orphans go to the first process of the machine.
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
pub(crate) fn adopt_orphans() -> Result<(), Errno> {
    Ok(())
}

/// Returns the number itself, without a start time, if there is such a process.
pub(crate) fn same(pid: i32) -> Option<ProcessId> {
    let there = matches!(signal::kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM));
    there.then_some(ProcessId { pid, start: 0 })
}

/// Kills this process.
pub(crate) fn kill(id: ProcessId) {
    let _ = signal::kill(Pid::from_raw(id.pid), Signal::SIGKILL);
}

/// Asks each to end.
pub(crate) fn ask(found: &[Found]) {
    for found in found {
        let _ = signal::kill(Pid::from_raw(found.id.pid), Signal::SIGTERM);
        let _ = signal::kill(Pid::from_raw(found.id.pid), Signal::SIGCONT);
    }
}

/// Asks the program's process group to end.
pub(crate) fn terminate(leader: ProcessId, _scope: Scope) {
    let group = Pid::from_raw(leader.pid);
    let _ = killpg(group, Signal::SIGTERM);
    let _ = killpg(group, Signal::SIGCONT);
}

/// Kills the program's process group. Its number is not used for another group while a member lives.
pub(crate) fn kill_round(leader: ProcessId, _scope: Scope) -> Vec<Found> {
    let _ = killpg(Pid::from_raw(leader.pid), Signal::SIGKILL);
    Vec::new()
}

/// Kills what is listed.
pub(crate) fn stop_and_kill(list: impl Fn() -> Vec<Found>) -> Vec<Found> {
    let found = list();
    for found in &found {
        let _ = signal::kill(Pid::from_raw(found.id.pid), Signal::SIGKILL);
    }
    found
}

/// Waits until all of these have ended, together at most so long.
pub(crate) fn wait_all(ids: &[ProcessId], patience: Duration) {
    let until = Instant::now() + patience;
    while ids.iter().any(|id| id.is_alive()) && Instant::now() < until {
        std::thread::sleep(LOOK);
    }
}

/// Waits until this process has ended.
pub(crate) async fn wait_gone(id: ProcessId) {
    while id.is_alive() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Returns nothing: other processes' environments cannot be read.
pub fn marked(_mark: &str) -> Vec<Marked> {
    Vec::new()
}

/// Returns nothing: it makes no difference, see [`marks_above`].
pub(crate) fn peer(_socket: &UnixStream) -> Option<i32> {
    None
}

/// Returns none: who started a process is not known.
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
pub fn marks_above(_pid: i32) -> Option<Vec<String>> {
    Some(Vec::new())
}

/// Returns the same: descendants are not known.
pub(crate) fn families(roots: &[Found]) -> Vec<Found> {
    roots.to_vec()
}
