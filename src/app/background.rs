//! Starts a supervisor in the background, and waits until it answers or says why not.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::app::failure::{Code, Failure};
use crate::app::setup::Site;

/// What the background process writes when it answers.
const READY: &str = "ready";

/// Starts a supervisor of its own for a project, with these flags of `run`; returns when it answers on its socket.
///
/// It belongs to a screen: it stops in order when the last screen is gone.
///
/// # Errors
/// What it said, with its exit code, if it did not start.
pub fn start(site: &Site, flags: &[OsString]) -> Result<(), Failure> {
    let program =
        std::env::current_exe().map_err(|error| Failure::usage(format!("our own program cannot be found: {error}")))?;
    let mut child = Command::new(program)
        .arg("supervise")
        .arg("--project")
        .arg(&site.project)
        .args(flags)
        .envs(&site.environment)
        .env("ORCHESTRATOR_STATE_DIR", &site.state_root)
        .current_dir(&site.project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::usage(format!("no supervisor can be started: {error}")))?;
    let mut first = String::new();
    if let Some(out) = child.stdout.take() {
        // A pipe that breaks is one that says nothing.
        let _ = BufReader::new(out).read_line(&mut first);
    }
    if first.trim_end() == READY {
        // Somebody must take note of its end, or it stays in the list of processes as long as the screen.
        std::thread::spawn(move || child.wait());
        return Ok(());
    }
    let mut said = String::new();
    if let Some(mut err) = child.stderr.take() {
        let _ = err.read_to_string(&mut said);
    }
    let code = child.wait().ok().and_then(|status| status.code());
    let message = said.trim().trim_start_matches("orchestrator-tui: ").to_owned();
    let message = if message.is_empty() { "the supervisor ended before it answered".to_owned() } else { message };
    Err(match code {
        Some(code) if code == Code::Supervisor as i32 => Failure::supervisor(message),
        Some(code) if code == Code::Refused as i32 => Failure::refused(message),
        _ => Failure::usage(message),
    })
}

/// Makes this process one without a terminal; called first in the background.
pub fn detach() {
    // It fails only for the leader of a group, and then the process has no other terminal to lose.
    let _ = nix::unistd::setsid();
}

/// Says that the socket answers.
pub fn say_ready() {
    let mut out = std::io::stdout().lock();
    // Whoever started us may have gone; the lease decides then.
    let _ = writeln!(out, "{READY}");
    let _ = out.flush();
}
