//! Processes on Linux: `/proc`, pidfds and the child subreaper.
#![expect(
    clippy::disallowed_methods,
    reason = "a bound for waiting on the kernel, not a time that anything is decided by"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{self, Signal};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::unistd::Pid;

use super::super::place::{DAEMONS_VARIABLE, HOLDER_VARIABLE, SESSION_VARIABLE};
use super::super::sys;
use super::{Found, Marked, ProcessId, Scope, session_in};

/// How often one round looks for processes that were forked while it stopped the others.
const LOOKS: usize = 8;

/// The most generations that are followed up; nothing that means well has so many.
const GENERATIONS: usize = 1000;

/// Makes orphans of this process's descendants its children, double forks and new sessions included.
///
/// # Errors
/// When the kernel is older than 3.4.
pub(crate) fn adopt_orphans() -> Result<(), Errno> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Returns the identity of the process that has this number, unless it has ended.
pub(crate) fn same(pid: i32) -> Option<ProcessId> {
    read(pid).map(|found| found.id)
}

/// Reads one process; one that has ended counts as none, waited for or not.
fn read(pid: i32) -> Option<Found> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Parses `/proc/PID/stat`. The name may contain anything, also `) (`: what follows starts after the last `)`.
fn parse(pid: i32, stat: &[u8]) -> Option<Found> {
    let open = stat.iter().position(|&byte| byte == b'(')?;
    let close = stat.iter().rposition(|&byte| byte == b')')?;
    let name = String::from_utf8_lossy(stat.get(open + 1..close)?).into_owned();
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    // Counted from field 3, the state; see proc_pid_stat(5).
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X" | "x") {
        return None;
    }
    let id = ProcessId { pid, start: fields.get(19)?.parse().ok()? };
    Some(Found { id, name, parent: fields.get(1)?.parse().ok()?, session: fields.get(3)?.parse().ok()? })
}

/// Returns the number of the process at the other end of a connection; `None` if it is in no reach of ours.
pub(crate) fn peer(socket: &UnixStream) -> Option<i32> {
    let peer = nix::sys::socket::getsockopt(socket, PeerCredentials).ok()?.pid();
    (peer > 0).then_some(peer)
}

/// Lists every process there is.
fn all() -> Vec<Found> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    folder.filter_map(|entry| read(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// Adds to `roots` all that descend from them.
fn with_descendants(all: Vec<Found>, roots: &BTreeSet<i32>) -> Vec<Found> {
    let parents: BTreeMap<i32, i32> = all.iter().map(|found| (found.id.pid, found.parent)).collect();
    let below = |start: i32| {
        let mut pid = start;
        // The list is not of one instant, so that it could even hold a circle; no chain is longer than the list.
        for _ in 0..=parents.len() {
            if roots.contains(&pid) {
                return true;
            }
            let Some(&parent) = parents.get(&pid) else { return false };
            pid = parent;
        }
        false
    };
    all.into_iter().filter(|found| below(found.id.pid)).collect()
}

/// Lists what descends from this process, as far as `scope` goes; `leader` is the program's number.
fn members(leader: i32, scope: Scope) -> Vec<Found> {
    let own = Pid::this().as_raw();
    let mut found = with_descendants(all(), &BTreeSet::from([own]));
    found.retain(|found| found.id.pid != own && (scope == Scope::Tree || found.session == leader));
    found
}

/// Returns a descriptor for exactly this process.
fn open(id: ProcessId) -> Result<OwnedFd, Errno> {
    let process = sys::pidfd_open(id.pid)?;
    // The number may have been used again before the call; afterwards it cannot deceive any more.
    if id.is_alive() { Ok(process) } else { Err(Errno::ESRCH) }
}

/// Kills exactly this process.
pub(crate) fn kill(id: ProcessId) {
    signal(id, Signal::SIGKILL);
}

/// Sends a signal to exactly this process; returns whether it was there to get it.
fn signal(id: ProcessId, signal: Signal) -> bool {
    match open(id) {
        Ok(process) => sys::pidfd_signal(process.as_fd(), signal).is_ok(),
        // Before Linux 5.3: as good as it gets.
        Err(Errno::ENOSYS) => id.is_alive() && signal::kill(Pid::from_raw(id.pid), signal).is_ok(),
        Err(_) => false,
    }
}

/// Asks each to end, and wakes it: a stopped process would not hear SIGTERM.
pub(crate) fn ask(found: &[Found]) {
    for found in found {
        signal(found.id, Signal::SIGTERM);
        signal(found.id, Signal::SIGCONT);
    }
}

/// Asks all of the tree to end.
pub(crate) fn terminate(leader: ProcessId, scope: Scope) {
    ask(&members(leader.pid, scope));
}

/// Stops all of the tree, so that it cannot fork on, then kills it; returns what it found. To be repeated until it
/// finds nothing, since a process may have forked before it was stopped.
pub(crate) fn kill_round(leader: ProcessId, scope: Scope) -> Vec<Found> {
    stop_and_kill(|| members(leader.pid, scope))
}

/// Stops what is listed, lists again until there is nothing new, then kills; returns all that it found.
pub(crate) fn stop_and_kill(list: impl Fn() -> Vec<Found>) -> Vec<Found> {
    let mut stopped: BTreeMap<ProcessId, Found> = BTreeMap::new();
    for _ in 0..LOOKS {
        let before = stopped.len();
        for found in list() {
            stopped.entry(found.id).or_insert_with(|| {
                signal(found.id, Signal::SIGSTOP);
                found
            });
        }
        if stopped.len() == before {
            break;
        }
    }
    for &id in stopped.keys() {
        signal(id, Signal::SIGKILL);
    }
    stopped.into_values().collect()
}

/// Waits until all of these have ended, together at most so long.
pub(crate) fn wait_all(ids: &[ProcessId], patience: Duration) {
    let until = Instant::now() + patience;
    for &id in ids {
        let Ok(process) = open(id) else { continue };
        loop {
            // Rounded up: a timeout of zero would spin.
            let left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            if poll(&mut [PollFd::new(process.as_fd(), PollFlags::POLLIN)], timeout) != Err(Errno::EINTR) {
                break;
            }
        }
    }
}

/// Waits until exactly this process has ended.
pub(crate) async fn wait_gone(id: ProcessId) {
    if let Ok(process) = open(id) {
        sys::readable(process).await;
    }
}

/// Lists the processes of a project's sessions and their holders: those whose environment, as it was when they
/// started, carries the mark. Other users' processes are not seen.
pub fn marked(mark: &str) -> Vec<Marked> {
    all().into_iter().filter_map(|found| read_mark(found, mark)).collect()
}

fn read_mark(found: Found, mark: &str) -> Option<Marked> {
    let environment = environment(found.id.pid)?;
    let session = session_in(value(&environment, SESSION_VARIABLE)?, mark)?;
    let has = |name: &str| value(&environment, name).is_some();
    let (holder, may_stay) = (has(HOLDER_VARIABLE), has(DAEMONS_VARIABLE));
    Some(Marked { found, session, holder, may_stay })
}

/// Reads the environment of a process as it was when it started; `None` for other users' processes.
fn environment(pid: i32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/environ")).ok()
}

fn value<'a>(environment: &'a [u8], name: &str) -> Option<&'a str> {
    let mut pairs = environment.split(|&byte| byte == 0);
    let value = pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    std::str::from_utf8(value).ok()
}

/// Returns the sessions that a process belongs to, as their marks, the innermost first; `None` if it, or one that it
/// descends from, ends all the time while it is looked at.
///
/// What drops the mark from its environment, or leaves its parents, still descends from the holder, which adopts it.
pub fn marks_above(pid: i32) -> Option<Vec<String>> {
    (0..LOOKS).find_map(|_| look_above(pid))
}

fn look_above(pid: i32) -> Option<Vec<String>> {
    let mut marks: Vec<String> = Vec::new();
    let mut next = pid;
    // Not of one instant: a number used again meanwhile could even make a circle.
    for _ in 0..GENERATIONS {
        if next == 0 {
            return Some(marks);
        }
        let Some(found) = read(next) else {
            // Another user's may be hidden; none of a session is beyond it, as nobody but root gets there from one.
            let is_hidden = signal::kill(Pid::from_raw(next), None) == Err(Errno::EPERM);
            return is_hidden.then_some(marks);
        };
        let environment = environment(next).unwrap_or_default();
        let mark = value(&environment, SESSION_VARIABLE).map(str::to_owned);
        marks.extend(mark.filter(|mark| !marks.contains(mark)));
        next = found.parent;
    }
    None
}

/// Adds what descends from these processes, also when it has dropped the mark.
pub(crate) fn families(roots: &[Found]) -> Vec<Found> {
    with_descendants(all(), &roots.iter().map(|found| found.id.pid).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let rest = "S 12 34 56 34821 1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 987654 0 0";
        let found = parse(77, format!("77 (a) (b) c) {rest}").as_bytes()).unwrap();
        assert_eq!(found.id, ProcessId { pid: 77, start: 987_654 });
        assert_eq!((found.name.as_str(), found.parent, found.session), ("a) (b) c", 12, 56));
        assert_eq!(parse(77, format!("77 (x) {}", rest.replacen('S', "Z", 1)).as_bytes()), None);
        assert_eq!(parse(77, b"77 (x"), None);
    }

    #[test]
    fn descendants_are_followed_and_circles_end() {
        let process = |pid, parent| Found { id: ProcessId { pid, start: 1 }, name: String::new(), parent, session: 0 };
        let all = vec![process(2, 1), process(3, 2), process(4, 3), process(5, 1), process(8, 9), process(9, 8)];
        let pids: Vec<i32> = with_descendants(all, &BTreeSet::from([3, 7])).iter().map(|found| found.id.pid).collect();
        assert_eq!(pids, [3, 4]);
    }

    #[test]
    fn whoever_has_ended_cannot_be_told_and_nobody_is_in_a_session_by_chance() {
        let own = Pid::this().as_raw();
        assert_eq!(marks_above(own), look_above(own));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        assert_eq!(marks_above(pid), None);
        let mut cat = std::process::Command::new("cat");
        let mut child = cat.env(SESSION_VARIABLE, "m/7").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // For a moment after its exec a process has no environment to be read; one that answers is beyond that.
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let marks = marks_above(i32::try_from(child.id()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(marks.unwrap().first().map(String::as_str), Some("m/7"));
    }

    #[test]
    fn a_process_with_the_same_number_and_another_start_is_another() {
        let own = ProcessId::of(Pid::this().as_raw()).unwrap();
        assert!(own.is_alive());
        let earlier = ProcessId { start: own.start - 1, ..own };
        assert!(!earlier.is_alive());
        assert!(!signal(earlier, Signal::SIGKILL), "that would have been us");
    }
}
