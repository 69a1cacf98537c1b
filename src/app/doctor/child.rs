//! Runs a program that may hang, print for ever or leave children, and comes back in time.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much of what it prints is read, in bytes.
const READ: u64 = 256 * 1024;

/// What came of it.
pub(super) enum Said {
    /// It ended, with this exit code unless by a signal, and printed this.
    Ended { code: Option<i32>, out: String, err: String },
    /// It did not end in time, and was killed.
    Late,
    /// It could not be started.
    NotStarted(io::Error),
}

/// Kills a process group when dropped, unless it has ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0.take() {
            // Not waited for yet, so that the number is still its own.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// Runs it in `folder`, with no input and at most so long.
pub(super) async fn run(mut command: Command, folder: &Path, limit: Duration) -> Said {
    use std::os::unix::process::CommandExt as _;
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = match tokio::process::Command::from(command).kill_on_drop(true).spawn() {
        Ok(child) => child,
        Err(error) => return Said::NotStarted(error),
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
    let ended = tokio::time::timeout(limit, async { tokio::join!(read(out), read(err), child.wait()) }).await;
    match ended {
        Ok((out, err, Ok(status))) => {
            group.0 = None;
            Said::Ended { code: status.code(), out, err }
        }
        Ok((_, _, Err(error))) => Said::NotStarted(error),
        Err(_) => {
            drop(group);
            // Gone at once, unless it waits for a dead disk.
            let _ = tokio::time::timeout(Duration::from_secs(1), child.wait()).await;
            Said::Late
        }
    }
}

/// Reads the beginning; a program with more to say finds its pipe closed.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before an error counts.
        let _ = pipe.take(READ).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the first line that says something, for a message.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing")
}
