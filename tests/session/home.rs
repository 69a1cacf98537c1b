//! A place for the sessions of one test, and what they said; when it goes, so does everything in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator_tui::edge::session::{Output, Session, SessionOutput, marked, sweep};
use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::session::{Exit, SessionSpec, Stdin};

/// Longer than anything takes on a machine out of breath.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_orchestrator-tui"))
}

/// A place for sessions of one test; when it goes, so does everything that was started in it.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    pub(crate) mark: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mark = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { folder: tempfile::tempdir().unwrap(), mark }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shell script without input, on a raw terminal.
    pub(crate) fn script(&self, id: u64, text: &str) -> SessionSpec {
        SessionSpec {
            id: SessionId(id),
            mark: self.mark.clone(),
            program: "sh".into(),
            args: vec!["-c".into(), text.into()],
            folder: self.folder.path().to_owned(),
            env: BTreeMap::from([("PATH".into(), std::env::var("PATH").unwrap())]),
            stdin: Stdin::Null,
            own_stderr: false,
            raw: true,
            size: (80, 24),
            logs: self.path("logs"),
            socket: self.path(&format!("{id}.sock")),
            log_cap: u64::MAX,
            limit: DEADLINE,
            keep_daemons: false,
            secrets: Vec::new(),
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        marked(&self.mark).into_iter().map(|marked| marked.found.name).collect()
    }

    /// Proves that no process is left, holders included.
    pub(crate) fn nothing_is_left(&self) {
        until(|| self.names().is_empty());
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for kept in sweep(&self.mark).kept {
            let _ = kill(Pid::from_raw(kept.pid), Signal::SIGKILL);
        }
    }
}

/// Waits until something is so that nobody reports.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) async fn start(spec: &SessionSpec) -> (Session, Output) {
    Session::start(binary(), spec).await.unwrap()
}

pub(crate) async fn receive(output: &mut Output) -> Option<SessionOutput> {
    tokio::time::timeout(DEADLINE, output.recv()).await.unwrap()
}

/// What a session said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    pub(crate) errors: Vec<u8>,
    pub(crate) holes: Vec<(u64, u64)>,
    pub(crate) next: u64,
    pub(crate) typed: Vec<u8>,
    pub(crate) refused: u32,
    pub(crate) exit: Option<Exit>,
}

impl Heard {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn take(&mut self, what: SessionOutput) {
        assert_eq!(self.exit, None, "the end comes last, and once");
        match what {
            SessionOutput::Bytes { offset, bytes } => {
                assert_eq!(offset, self.next);
                self.next += bytes.len() as u64;
                self.bytes.extend(bytes);
            }
            SessionOutput::Errors(bytes) => self.errors.extend(bytes),
            SessionOutput::Hole { from, to } => {
                assert_eq!(from, self.next);
                assert!(to > from);
                self.next = to;
                self.holes.push((from, to));
            }
            SessionOutput::Typed(bytes) => self.typed.extend(bytes),
            SessionOutput::NotWritten => self.refused += 1,
            SessionOutput::Ended(exit) => self.exit = Some(exit),
        }
    }

    pub(crate) async fn until_text(&mut self, output: &mut Output, text: &str) {
        while !String::from_utf8_lossy(&self.bytes).contains(text) {
            self.take(receive(output).await.unwrap());
        }
    }

    pub(crate) async fn finish(mut self, output: &mut Output) -> Self {
        while let Some(what) = receive(output).await {
            self.take(what);
        }
        assert!(self.exit.is_some(), "there was no end");
        self
    }
}

pub(crate) async fn hear(output: &mut Output) -> Heard {
    Heard::default().finish(output).await
}

pub(crate) async fn run(spec: &SessionSpec) -> Heard {
    let (_session, mut output) = start(spec).await;
    let heard = hear(&mut output).await;
    until(|| !spec.socket.exists());
    heard
}
