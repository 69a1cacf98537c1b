//! Whether a holder ends all of a session, also a program that has made itself a daemon.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::child::first_line;
use super::finding::Finding;
use super::order::{Ground, SLOW};
use super::probe::DAEMON;
use crate::edge::session::{Place, ProcessId, Session, SessionOutput, kill};
use crate::edge::store::layout::SOCKET_PATH_MAX;
use crate::model::id::SessionId;
use crate::model::session::{Exit, SessionSpec, Stdin};

/// What can be done about a holder.
const MEND: &str = "a terminal (/dev/ptmx, /dev/pts), a socket and processes of one's own must be allowed: look at the container's settings";

/// Ends whatever carries the mark when dropped.
struct Marked(String);

impl Drop for Marked {
    fn drop(&mut self) {
        kill(&self.0);
    }
}

/// Starts a session whose program leaves a daemon, and looks whether that is gone when the session is over.
pub(super) async fn probe(ground: &Ground, sockets: Option<&Path>) -> Finding {
    let name = "holder";
    let failed = |why: String| Finding::fault(name, why, MEND);
    let (logs, short) = match (ground.folder("holder"), short_folder(sockets)) {
        (Ok(logs), Ok(short)) => (logs, short),
        (Err(error), _) | (_, Err(error)) => return failed(format!("no folder can be made for a session: {error}")),
    };
    let mark = format!("doctor-{}", std::process::id());
    let spec = SessionSpec {
        id: SessionId(1),
        mark: mark.clone(),
        program: ground.program.clone(),
        args: vec!["probe".to_owned(), DAEMON[0].to_owned()],
        folder: ground.scratch.clone(),
        env: BTreeMap::new(),
        stdin: Stdin::Null,
        own_stderr: false,
        raw: true,
        size: (80, 24),
        logs,
        socket: short.path.join(format!("d{}s.sock", std::process::id())),
        log_cap: 64 * 1024,
        limit: SLOW,
        keep_daemons: false,
        secrets: Vec::new(),
    };
    // Also when this is cut short.
    let _marked = Marked(mark);
    let (session, mut output) = match Session::start(&ground.program, &spec).await {
        Ok(started) => started,
        Err(error) => return failed(error.to_string()),
    };
    let mut printed = Vec::new();
    let exit = loop {
        match output.recv().await {
            Some(SessionOutput::Bytes { bytes, .. }) => printed.extend_from_slice(&bytes),
            Some(SessionOutput::Ended(exit)) => break exit,
            Some(_) => {}
            None => break Exit::Unknown,
        }
    };
    drop(short);
    judge(&String::from_utf8_lossy(&printed), exit, session.place())
}

/// Reads what the daemon said of itself, as long as it lived, and looks whether it does.
fn judge(printed: &str, exit: Exit, place: &Place) -> Finding {
    let name = "holder";
    let fields: Vec<u64> = printed.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let &[pid, start, own, leader] = fields.as_slice() else {
        let said = first_line(printed);
        return Finding::fault(name, format!("a program in a terminal of its own came to {exit}: {said}"), MEND);
    };
    let daemon = ProcessId { pid: i32::try_from(pid).unwrap_or(0), start };
    if own == leader {
        return Finding::fault(name, "a daemon could not leave the session of its parent", MEND);
    }
    let swept = place.exit_record().is_some_and(|record| record.swept.iter().any(|ended| ended.pid == daemon.pid));
    if daemon.is_alive() || !swept {
        let said = "a program that had left its session (setsid, twice forked) outlived it";
        if cfg!(target_os = "linux") {
            return Finding::fault(name, said, MEND);
        }
        return Finding::warning(
            name,
            format!("{said}; this system has no way to find it"),
            "end such daemons by hand",
        );
    }
    Finding::ok(name, "a daemon that had left its session (setsid, twice forked) was found and ended with it")
}

/// A folder with a short path.
struct Short {
    path: PathBuf,
    _made: Option<tempfile::TempDir>,
}

/// Returns the folder of the sockets, or where that cannot be used, one with as short a path.
fn short_folder(sockets: Option<&Path>) -> std::io::Result<Short> {
    if let Some(sockets) = sockets.filter(|sockets| sockets.is_dir()) {
        return Ok(Short { path: sockets.to_owned(), _made: None });
    }
    let made = tempfile::tempdir()?;
    let made = if made.path().as_os_str().len() + 20 > SOCKET_PATH_MAX { tempfile::tempdir_in("/tmp")? } else { made };
    Ok(Short { path: made.path().to_owned(), _made: Some(made) })
}
