//! Job control: goes to the background of the shell and comes back, and lends the terminal to another program.

use std::io;
use std::process::Command;
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::sync::mpsc;

/// Stops our process group as the terminal's own ctrl-z does, until the shell continues it: with us whoever stands between
/// the shell and us. Returns at once where no shell could continue it.
#[expect(unsafe_code, reason = "the handler that was there before is put back as it was")]
pub fn stop() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // Caught, it would come back to us as a wish to stop. The system refuses nothing of this for SIGTSTP.
    let before = unsafe { sigaction(Signal::SIGTSTP, &default) };
    let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
    if let Ok(before) = before {
        let _ = unsafe { sigaction(Signal::SIGTSTP, &before) };
    }
}

/// What becomes of a program that has the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was stopped, mostly by ctrl-z.
    Stopped,
    /// It has ended.
    Ended,
}

/// A program that has the terminal for a while. It is of our process group, so what is typed for it reaches us as well: as a
/// signal that does not mean us.
#[derive(Debug)]
pub struct Borrower {
    pid: Pid,
    fates: mpsc::Receiver<Fate>,
}

impl Borrower {
    /// Starts it; the terminal must have been given back.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        let (tell, fates) = mpsc::channel(1);
        // The standard library waits for ends only, and a program that stops would hold us up for ever.
        thread::Builder::new().name("borrower".to_owned()).spawn(move || watch(pid, &tell))?;
        Ok(Self { pid, fates })
    }

    /// Waits for the next that becomes of it. May be cancelled.
    pub async fn next(&mut self) -> Fate {
        self.fates.recv().await.unwrap_or(Fate::Ended)
    }

    /// Sends it a signal that came to us alone.
    pub fn signal(&self, signal: Signal) {
        // It may just have ended.
        let _ = kill(self.pid, signal);
    }
}

fn watch(pid: Pid, tell: &mpsc::Sender<Fate>) {
    loop {
        let fate = match waitpid(pid, Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Stopped(..)) => Fate::Stopped,
            Err(Errno::EINTR) => continue,
            // One that died of a real-time signal is an error to the library, and gone as well.
            Ok(_) | Err(_) => Fate::Ended,
        };
        if tell.blocking_send(fate).is_err() || fate == Fate::Ended {
            return;
        }
    }
}
