//! Starts the program on a terminal of its own, and says the true reason when it does not start.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::stat::Mode;
use nix::sys::termios::{InputFlags, SetArg, cfmakeraw, tcgetattr, tcsetattr};
use portable_pty::{MasterPty, PtySize, native_pty_system};

use crate::model::session::{SessionSpec, Stdin, Terminal};

use super::super::error::StartError;
use super::super::place::{DAEMONS_VARIABLE, Place, SESSION_VARIABLE};
use super::super::process::ProcessId;
use super::super::sys;
use super::input::{Door, Input};

/// A program that runs, and the holder's ends of all that connects to it. Nothing here blocks.
pub(super) struct Program {
    /// The leader of its session and process group.
    pub(super) leader: ProcessId,
    /// What it reads.
    pub(super) input: Input,
    /// What it writes.
    pub(super) output: File,
    /// Its standard error, when that is a pipe of its own.
    pub(super) errors: Option<File>,
    /// The terminal, as others must know it.
    pub(super) terminal: Terminal,
    /// The terminal, for its size.
    master: Box<dyn MasterPty + Send>,
}

impl Program {
    /// Starts the program; `mask` is the file mode mask it gets.
    ///
    /// # Errors
    /// When the folder is not there, no terminal can be had, or the program cannot be run; no process is left then.
    pub(super) fn start(spec: &SessionSpec, mask: Mode) -> Result<Self, StartError> {
        check_folder(&spec.folder)?;
        let terminal = |reason: &dyn ToString| StartError::Terminal(reason.to_string());
        let pair = native_pty_system().openpty(size(spec.size)).map_err(|error| terminal(&error))?;
        let name = pair.master.tty_name().ok_or_else(|| terminal(&"it has no name"))?;
        // Without O_NOCTTY the terminal would become the holder's own, and could not become the program's.
        let slave =
            File::options().read(true).write(true).custom_flags(libc::O_NOCTTY).open(name).map_err(|e| terminal(&e))?;
        // A slave that stays open here would keep the terminal open for ever: no end of output.
        drop(pair.slave);
        prepare(&slave, spec.raw).map_err(|error| terminal(&error))?;
        let number = pair.master.as_raw_fd().ok_or_else(|| terminal(&"it has no descriptor"))?;
        let output = sys::own_copy(number, &pair.master).and_then(unblock).map_err(|error| terminal(&error))?;

        let mut child = {
            let mut command = command(spec, slave, mask).map_err(|error| terminal(&error))?;
            command.spawn().map_err(|error| refusal(spec, &error))?
        };
        // From here on the child is the holder's to wait for, like every other in the tree: `child` only gives up
        // its pipes, and dropping it does nothing.
        let pid = i32::try_from(child.id()).unwrap_or(-1);
        let leader = ProcessId::of(pid).unwrap_or(ProcessId { pid, start: 0 });
        let door = match (spec.stdin, child.stdin.take()) {
            (Stdin::Pipe, Some(pipe)) => unblock(File::from(OwnedFd::from(pipe))).map_or(Door::Closed, Door::Pipe),
            (Stdin::Terminal, _) => output.try_clone().map_or(Door::Closed, Door::Terminal),
            _ => Door::Closed,
        };
        let errors = child.stderr.take().and_then(|pipe| unblock(File::from(OwnedFd::from(pipe))).ok());
        let terminal = Terminal { typing: spec.stdin == Stdin::Terminal, raw: spec.raw, size: spec.size };
        Ok(Self { leader, input: Input::new(door), output, errors, terminal, master: pair.master })
    }

    /// Changes the size of the terminal; the kernel tells the program.
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal.size = (columns, rows);
        // Fails only for a terminal that is gone, and then nobody minds.
        let _ = self.master.resize(size((columns, rows)));
    }
}

fn size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows: rows.max(1), cols: columns.max(1), pixel_width: 0, pixel_height: 0 }
}

fn check_folder(folder: &Path) -> Result<(), StartError> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(StartError::NotAFolder(folder.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::NoFolder(folder.to_owned())),
        Err(error) => Err(StartError::file(folder, &error)),
    }
}

/// Makes the terminal raw, or as a person's is today: cooked, and aware of UTF-8 when a line is edited.
fn prepare(slave: &File, raw: bool) -> nix::Result<()> {
    let mut settings = tcgetattr(slave)?;
    if raw {
        cfmakeraw(&mut settings);
    } else {
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        settings.input_flags.insert(InputFlags::IUTF8);
    }
    tcsetattr(slave, SetArg::TCSANOW, &settings)
}

/// The command holds copies of the slave, and must be dropped right after the spawn.
fn command(spec: &SessionSpec, slave: File, mask: Mode) -> io::Result<Command> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).current_dir(&spec.folder).env_clear().envs(&spec.env);
    command.env(SESSION_VARIABLE, Place::of(spec).marked());
    if spec.keep_daemons {
        command.env(DAEMONS_VARIABLE, "keep");
    }
    command.stdin(match spec.stdin {
        Stdin::Null => Stdio::null(),
        Stdin::Pipe => Stdio::piped(),
        Stdin::Terminal => Stdio::from(slave.try_clone()?),
    });
    command.stderr(if spec.own_stderr { Stdio::piped() } else { Stdio::from(slave.try_clone()?) });
    command.stdout(Stdio::from(slave));
    sys::lead_own_session(&mut command, mask);
    Ok(command)
}

/// Says what is missing: the system says "not found" also of a script whose interpreter is.
fn refusal(spec: &SessionSpec, error: &io::Error) -> StartError {
    if error.kind() != io::ErrorKind::NotFound {
        return StartError::Refused { program: spec.program.clone(), reason: error.to_string() };
    }
    if find(spec).is_some() {
        StartError::NoInterpreter(spec.program.clone())
    } else {
        StartError::NoProgram(spec.program.clone())
    }
}

/// Returns the file that the system would run, as execvp(3) looks for it.
fn find(spec: &SessionSpec) -> Option<PathBuf> {
    let path = spec.env.get("PATH").map_or("/bin:/usr/bin", String::as_str);
    let folders: Vec<PathBuf> = if spec.program.components().count() > 1 {
        vec![PathBuf::new()]
    } else {
        std::env::split_paths(path).collect()
    };
    folders.iter().map(|folder| spec.folder.join(folder).join(&spec.program)).find(|file| file.is_file())
}

/// Makes reads and writes return instead of waiting.
pub(super) fn unblock<T: AsFd>(file: T) -> io::Result<T> {
    let flags = OFlag::from_bits_retain(fcntl(file.as_fd(), FcntlArg::F_GETFL)?);
    fcntl(file.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(file)
}
