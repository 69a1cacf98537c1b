//! The processes that some probes need, as hidden verbs of this program: `probe NAME …`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::unistd::{getsid, setsid};

use super::fence::{FENCE, FENCED, LEAVE};
use super::undo::UNDO;
use super::{fence, undo};
use crate::edge::session::ProcessId;

/// A program, what it starts, and what that starts and leaves behind.
pub(super) const DAEMON: [&str; 3] = ["leader", "daemon", "orphan"];

/// How long the orphan lives if nobody ends it.
const LIFE: Duration = Duration::from_secs(60);

/// Carries out `probe NAME ARGS`.
pub fn main(args: &[String]) -> ExitCode {
    let folder = args.get(1).map(Path::new);
    let done = match (args.first().map(String::as_str), folder) {
        (Some(name), None) if name == DAEMON[0] => leader(),
        (Some(name), None) if name == DAEMON[1] => daemon(),
        (Some(name), Some(leader)) if name == DAEMON[2] => orphan(&leader.to_string_lossy()),
        (Some(UNDO), Some(folder)) => undo::go(folder),
        (Some(FENCE), Some(folder)) => fence::try_to_leave(folder),
        (Some(LEAVE), Some(file)) => fence::try_to_write(file),
        (Some(FENCED), Some(folder)) => fence::become_fenced(folder, args.get(2..).unwrap_or_default()),
        _ => Err("this verb is for orchestrator-tui itself; see `orchestrator-tui doctor`".to_owned()),
    };
    match done {
        Ok(said) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    if text.is_empty() {
        return;
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Starts a daemon, hands on what it says, and ends before it.
fn leader() -> Result<String, String> {
    let mut child = start(&[DAEMON[1]], Stdio::piped())?;
    let mut line = String::new();
    let pipe = child.stdout.take().ok_or("no pipe")?;
    BufReader::new(pipe).read_line(&mut line).map_err(|error| error.to_string())?;
    let _ = child.wait();
    Ok(line.trim().to_owned())
}

/// Leaves the session, as daemons do, starts another process, and ends, so that this one has no parent.
fn daemon() -> Result<String, String> {
    let leader = getsid(None).map_err(|error| error.to_string())?;
    setsid().map_err(|error| error.to_string())?;
    start(&[DAEMON[2], &leader.to_string()], Stdio::inherit())?;
    // Its pipe goes to the orphan; nothing may come before what that says.
    Ok(String::new())
}

/// Says who it is, and waits to be ended.
fn orphan(leader: &str) -> Result<String, String> {
    let own = getsid(None).map_err(|error| error.to_string())?;
    let id = i32::try_from(std::process::id()).ok().and_then(ProcessId::of).ok_or("no number")?;
    say(&format!("{} {} {own} {leader}", id.pid, id.start));
    std::thread::park_timeout(LIFE);
    Ok(String::new())
}

fn start(args: &[&str], out: Stdio) -> Result<std::process::Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("probe").args(args).stdin(Stdio::null()).stdout(out).stderr(Stdio::null());
    command.spawn().map_err(|error| error.to_string())
}
