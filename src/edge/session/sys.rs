//! The system calls that Rust has no safe door to; every `unsafe` of sessions is here.

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, IntoRawFd as _, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use nix::sys::stat::{Mode, umask};

use crate::model::session::Exit;

/// What waiting for any child says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaped {
    /// This child has ended and is gone.
    Child(i32, Exit),
    /// There are children, none has ended.
    NoneYet,
    /// There are no children: for a subreaper, no descendants at all.
    Childless,
}

/// Waits for any child that has ended, without blocking.
///
/// Not nix's `waitpid`: that one takes the child away and then fails when it died of a real-time signal.
#[expect(unsafe_code, reason = "waitpid writes to an integer of ours")]
pub(super) fn reap() -> Reaped {
    loop {
        let mut status = 0;
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid > 0 {
            let exit = if libc::WIFSIGNALED(status) {
                Exit::Signal(libc::WTERMSIG(status))
            } else {
                Exit::Code(libc::WEXITSTATUS(status))
            };
            return Reaped::Child(pid, exit);
        }
        if pid == 0 {
            return Reaped::NoneYet;
        }
        if Errno::last() != Errno::EINTR {
            return Reaped::Childless;
        }
    }
}

/// Returns a descriptor of our own for one that a library keeps and lives as long as `_keeper`.
#[expect(unsafe_code, reason = "the library only tells the number of its descriptor")]
pub(super) fn own_copy<T: ?Sized>(number: RawFd, _keeper: &T) -> io::Result<File> {
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    Ok(File::from(borrowed.try_clone_to_owned()?))
}

/// Makes the program the leader of a session of its own whose terminal is its standard output, with signals and file
/// mode mask as a shell would give it and not as the holder has set them for itself.
#[expect(unsafe_code, reason = "between fork and exec; only calls that are allowed there, and no allocation")]
pub(super) fn lead_own_session(command: &mut Command, mask: Mode) {
    unsafe {
        command.pre_exec(move || {
            let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
            for signal in Signal::iterator() {
                // Refused for SIGKILL and SIGSTOP, which are as they always are.
                let _ = sigaction(signal, &default);
            }
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
            umask(mask);
            nix::unistd::setsid()?;
            Errno::result(libc::ioctl(libc::STDOUT_FILENO, libc::TIOCSCTTY as _, 0))?;
            Ok(())
        });
    }
}

/// The writing end that the signal handler knows; it is never closed.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// Returns a pipe that yields the number of each signal of `signals` as one byte, in a process with one thread.
///
/// # Errors
/// When there are no descriptors left.
#[expect(unsafe_code, reason = "the handler only writes to a descriptor, and keeps errno")]
pub(super) fn signals_as_bytes(signals: &[Signal]) -> io::Result<PipeReader> {
    extern "C" fn on_signal(signal: libc::c_int) {
        let errno = Errno::last_raw();
        let byte = signal.to_le_bytes();
        unsafe { libc::write(WAKE.load(Ordering::Relaxed), byte.as_ptr().cast(), 1) };
        Errno::set_raw(errno);
    }
    let (reader, writer) = io::pipe()?;
    fcntl(reader.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    fcntl(writer.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    WAKE.store(writer.into_raw_fd(), Ordering::Relaxed);
    let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::SA_RESTART, SigSet::empty());
    for &signal in signals {
        unsafe { sigaction(signal, &action) }?;
    }
    // A supervisor that has blocked them must not make them unheard here.
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(reader)
}

/// Returns a descriptor that stands for the process and nothing that comes after it with the same number; readable
/// once the process has ended.
///
/// # Errors
/// `ESRCH` when there is no such process, `ENOSYS` before Linux 5.3.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "libc has no function for this call yet")]
pub(super) fn pidfd_open(pid: i32) -> Result<std::os::fd::OwnedFd, Errno> {
    use std::os::fd::FromRawFd as _;
    let number = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let number = RawFd::try_from(number).map_err(|_| Errno::EBADF)?;
    Ok(unsafe { std::os::fd::OwnedFd::from_raw_fd(number) })
}

/// Sends a signal to the process that a descriptor of [`pidfd_open`] stands for.
///
/// # Errors
/// `ESRCH` when it has ended, `EPERM` when it is somebody else's.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "libc has no function for this call yet")]
pub(super) fn pidfd_signal(process: BorrowedFd<'_>, signal: Signal) -> Result<(), Errno> {
    let none = std::ptr::null::<libc::siginfo_t>();
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal as libc::c_int, none, 0) };
    Errno::result(result).map(drop)
}

/// Waits until the descriptor can be read, within a runtime.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the descriptor is owned, stays open and stays the same for as long as it is registered"
)]
pub(super) async fn readable(descriptor: std::os::fd::OwnedFd) {
    use tokio::io::{Interest, unix::AsyncFd};
    if let Ok(descriptor) = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) } {
        // Fails only when the runtime shuts down.
        let _ = descriptor.readable().await;
    }
}
