//! What a process is told by, and how those of a session are found.

use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};

use crate::model::id::SessionId;

use super::super::place::{Ended, Place};
use super::system;

/// A process, told from every other that had or will have its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: i32,
    /// When it started, in clock ticks since the machine did (Linux); zero where that is not known.
    pub start: u64,
}

impl ProcessId {
    /// Returns the identity of the process that has this number now.
    pub fn of(pid: i32) -> Option<Self> {
        system::same(pid)
    }

    /// Returns whether it still runs; one that has ended and was not waited for does not.
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

/// A process that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub id: ProcessId,
    /// Its name, cut by the kernel to 15 bytes.
    pub name: String,
    /// The number of its parent.
    pub parent: i32,
    /// The number of its session's leader.
    pub session: i32,
}

impl From<&Found> for Ended {
    fn from(found: &Found) -> Self {
        Self { pid: found.id.pid, name: found.name.clone() }
    }
}

/// Returns the session of a project that a mark stands for.
pub fn session_in(marked: &str, mark: &str) -> Option<SessionId> {
    marked.strip_prefix(mark)?.strip_prefix('/')?.parse().ok().map(SessionId)
}

/// Whether whoever connected belongs to a session of the project with this mark.
pub(in crate::edge::session) fn is_from_session(socket: &UnixStream, mark: &str) -> bool {
    let marks = system::peer(socket).and_then(system::marks_above).unwrap_or_default();
    marks.iter().any(|marked| session_in(marked, mark).is_some())
}

/// A process that carries a project's mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The process.
    pub found: Found,
    /// Which session it belongs to.
    pub session: SessionId,
    /// Whether it is the session's holder.
    pub holder: bool,
    /// Whether its session lets daemons outlive it.
    pub may_stay: bool,
}

/// Returns the holder of a session, where it can be found by its mark.
pub(in crate::edge::session) fn holder_of(place: &Place) -> Option<ProcessId> {
    let holds = |marked: &Marked| marked.holder && marked.session == place.id;
    system::marked(&place.mark).into_iter().find(holds).map(|marked| marked.found.id)
}

/// Which processes of a tree are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::edge::session) enum Scope {
    /// All that descend from the holder.
    Tree,
    /// Those of the program's own session: without the daemons it started, which made sessions of their own.
    Session,
}

#[cfg(all(test, target_os = "linux"))]
#[expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#[expect(clippy::disallowed_methods, reason = "the test plays both ends, as two processes")]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;
    use crate::edge::session::place::SESSION_VARIABLE;

    const SOCKET: &str = "PEER_TEST_SOCKET";

    /// Only does something as a child of the next test: connects, and waits until the other end has seen enough.
    #[test]
    fn connects() {
        let Some(socket) = std::env::var_os(SOCKET) else { return };
        let mut stream = UnixStream::connect(socket).unwrap();
        std::io::Read::read(&mut stream, &mut [0]).unwrap();
    }

    #[test]
    fn whoever_connects_from_a_session_is_known_by_it() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        for (marked, is_theirs) in [("m/7", true), ("other/7", false)] {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "edge::session::process::identity::tests::connects"])
                .env(SOCKET, &socket)
                .env(SESSION_VARIABLE, marked)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let (stream, _) = listener.accept().unwrap();
            assert_eq!(is_from_session(&stream, "m"), is_theirs, "{marked}");
            drop(stream);
            assert!(child.wait().unwrap().success());
        }
    }
}
