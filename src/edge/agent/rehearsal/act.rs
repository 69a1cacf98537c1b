//! What steps do to files and processes.
#![expect(
    clippy::disallowed_methods,
    reason = "the rehearsal agent is a process of its own, and some of its parts are to be slow"
)]

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// How often a file that is waited for is looked for.
const LOOK: Duration = Duration::from_millis(10);
/// How long a daemon that nobody ends lives.
const DAEMON_LIFE: Duration = Duration::from_secs(600);

/// Replaces a text in a file, or says what the real tool says when it is not there.
pub(super) fn edit(path: &Path, find: &str, replace: &str, all: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    if !text.contains(find) {
        return Err("<tool_use_error>String to replace not found in file.</tool_use_error>".to_owned());
    }
    let edited = if all { text.replace(find, replace) } else { text.replacen(find, replace, 1) };
    std::fs::write(path, edited).map_err(|error| error.to_string())
}

/// Starts this program again as a process that leaves the session; it keeps standard output open, as daemons do.
pub(super) fn leave_daemon(file: &Path) -> io::Result<()> {
    let child = Command::new(std::env::current_exe()?)
        .args(["rehearsal", "--daemon"])
        .arg(file)
        .stdin(Stdio::null())
        .spawn()?;
    drop(child);
    while !file.exists() {
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// Lives in a session of its own until somebody ends it, or for ten minutes.
pub(super) fn be_daemon(file: &Path) -> io::Result<ExitCode> {
    nix::unistd::setsid()?;
    // The file appears with the pid in it, or not at all.
    let draft = file.with_extension("draft");
    std::fs::write(&draft, std::process::id().to_string())?;
    std::fs::rename(&draft, file)?;
    std::thread::sleep(DAEMON_LIFE);
    Ok(ExitCode::SUCCESS)
}
