//! Starts a holder: leaves everything behind that belongs to its supervisor, starts the program, then serves.
#![expect(clippy::disallowed_methods, reason = "the holder is a process of its own, with its own clock and folder")]

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use crate::core::secrets::{Form, Redactor};
use crate::model::session::{Exit, SessionSpec};

use super::super::alone::close_inherited;
use super::super::error::StartError;
use super::super::place::{ExitRecord, Place, replace};
use super::super::process::{self, ProcessId};
use super::super::sys;
use super::super::wire::Report;
use super::program::Program;
use super::serve::{Line, Serve, first_peer};
use super::stream::{Stream, Times};
use super::tree::Tree;

/// Runs the holder of the session that standard input describes, until the session has ended and its clients know.
///
/// To be called before anything else of the program has started: there must be one thread, no runtime and no open
/// file. When standard output is a socket, it is the holder's first client, and hears why the program did not start.
pub fn run() -> ExitCode {
    close_inherited();
    let mut client = client_at_stdout();
    match prepare(client.is_some()).and_then(|(spec, mask)| hold(spec, mask, &mut client)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match client {
                Some(mut client) => {
                    let mut frame = Vec::new();
                    Report::Failed(error).encode(&mut frame);
                    // A client that is gone has no use for it.
                    let _ = client.write_all(&frame);
                }
                None => {
                    let _ = writeln!(io::stderr(), "{error}");
                }
            }
            ExitCode::FAILURE
        }
    }
}

fn client_at_stdout() -> Option<UnixStream> {
    let copy: OwnedFd = io::stdout().as_fd().try_clone_to_owned().ok()?;
    let file = File::from(copy);
    let socket = file.metadata().ok()?.file_type().is_socket();
    socket.then(|| UnixStream::from(OwnedFd::from(file)))
}

/// Reads the specification and makes this a process of its own; returns the file mode mask that it had.
fn prepare(has_client: bool) -> Result<(SessionSpec, Mode), StartError> {
    let unread =
        |why: &dyn ToString| StartError::Holder(format!("its specification cannot be read: {}", why.to_string()));
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    let mut spec: SessionSpec = serde_json::from_slice(&bytes).map_err(|error| unread(&error))?;
    for path in [&mut spec.folder, &mut spec.logs, &mut spec.socket] {
        *path = std::path::absolute(&*path).map_err(|error| StartError::file(path.clone(), &error))?;
    }
    let broken = |reason: &dyn ToString| StartError::Holder(reason.to_string());
    // Fails only for one that leads a group already, which then has no terminal to lose by.
    let _ = setsid();
    process::adopt_orphans().map_err(|error| broken(&error))?;
    std::env::set_current_dir("/").map_err(|error| broken(&error))?;
    if has_client {
        let null = File::options().read(true).write(true).open("/dev/null").map_err(|error| broken(&error))?;
        dup2_stdin(&null)
            .and_then(|()| dup2_stdout(&null))
            .and_then(|()| dup2_stderr(&null))
            .map_err(|e| broken(&e))?;
    }
    // Transcripts are nobody else's business. The program gets the mask that the holder got.
    let mask = umask(Mode::from_bits_truncate(0o077));
    Ok((spec, mask))
}

fn hold(spec: SessionSpec, mask: Mode, client: &mut Option<UnixStream>) -> Result<(), StartError> {
    let place = Place::of(&spec);
    fs::create_dir_all(&place.logs).map_err(|error| StartError::file(&place.logs, &error))?;
    let listener = listen(&place.socket)?;
    let mut serve = start(&spec, &place, mask, &listener).inspect_err(|_| {
        for file in [place.socket.clone(), place.output(), place.errors(), place.times()] {
            let _ = fs::remove_file(file);
        }
    })?;
    let leader = serve.tree.leader();
    // What the specification holds of secrets is not needed any more.
    drop(spec);
    serve.peers.extend(client.take().and_then(first_peer));
    let write = |record: &ExitRecord| {
        let bytes = serde_json::to_vec_pretty(record).unwrap_or_default();
        // Without it clients still hear the end from the socket; later ones have to say "unknown".
        let _ = replace(&place.exit(), &bytes);
    };
    let served = catch_unwind(AssertUnwindSafe(|| serve.serve(&write)));
    let note = match served {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(match panic.downcast_ref::<&str>() {
            Some(text) => format!("panic: {text}"),
            None => panic.downcast_ref::<String>().map_or("panic".into(), |text| format!("panic: {text}")),
        }),
    };
    if let Some(note) = note
        && place.exit_record().is_none()
    {
        write(&last_resort(leader, note));
    }
    // While `listener` still listens: once nobody does, the file may be another holder's already.
    let _ = fs::remove_file(&place.socket);
    Ok(())
}

/// Everything that must be there before the program starts, then the program.
fn start(spec: &SessionSpec, place: &Place, mask: Mode, listener: &UnixListener) -> Result<Serve, StartError> {
    let exit = place.exit();
    // Left by a session of the same number, which the journal does not know any more.
    if let Err(error) = fs::remove_file(&exit)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(StartError::file(exit, &error));
    }
    let redactor = Redactor::new(spec.secrets.clone());
    let kept = |path: PathBuf| {
        Stream::create(&path, spec.log_cap, redactor.stream(Form::SameLength))
            .map_err(|error| StartError::file(path, &error))
    };
    let output = kept(place.output())?;
    let times = Times::create(&place.times()).map_err(|error| StartError::file(place.times(), &error))?;
    let errors = spec.own_stderr.then(|| kept(place.errors())).transpose()?;
    let broken = |error: &dyn ToString| StartError::Holder(error.to_string());
    let signals = [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
    let signals = sys::signals_as_bytes(&signals).map_err(|error| broken(&error))?;
    let holder = ProcessId::of(Pid::this().as_raw()).ok_or_else(|| broken(&"it cannot find itself in /proc"))?;
    let listener = listener.try_clone().map_err(|error| broken(&error))?;
    let program = Program::start(spec, mask)?;
    let started = Instant::now();
    let tree = Tree::new(program.leader, spec.keep_daemons, started.checked_add(spec.limit));
    let (peers, line) = (Vec::new(), Line::Open);
    let of_project = spec.mark.clone();
    Ok(Serve { holder, of_project, started, program, tree, output, times, errors, listener, signals, peers, line })
}

/// Listens on the socket; one that a dead holder left is taken over.
fn listen(path: &Path) -> Result<UnixListener, StartError> {
    let failed = |error: io::Error| StartError::Socket { path: path.to_owned(), reason: error.to_string() };
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match UnixStream::connect(path) {
            Ok(_) => return Err(StartError::Running(path.to_owned())),
            Err(_) => fs::remove_file(path).and_then(|()| UnixListener::bind(path)).map_err(failed)?,
        },
        bound => bound.map_err(failed)?,
    };
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// Ends the tree of a holder that is broken itself: whatever happens, nothing is left running unheld.
fn last_resort(leader: ProcessId, note: String) -> ExitRecord {
    let left = Tree::kill_all(leader);
    ExitRecord {
        exit: Exit::Unknown,
        ran_ms: 0,
        output: 0,
        output_dropped: 0,
        errors: 0,
        errors_dropped: 0,
        swept: Vec::new(),
        left,
        notes: vec![note],
    }
}
