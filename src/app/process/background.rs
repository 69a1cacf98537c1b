//! A supervisor without a terminal, for those who only look: how it is started, and how it says that it is up.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::unistd::{dup2_stderr, dup2_stdout};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::app::clock;
use crate::app::failure::{Code, Failure};
use crate::app::project::setup::Site;
use crate::config::Overrides;
use crate::edge::control::{Client, NotRunning};
pub use crate::edge::session::stand_alone;
use crate::model::settings::LandMode;
use crate::model::time::{Wall, brief};

/// The line that says that the control socket answers; everything before it are remarks, and what is being done.
const UP: &str = "orchestrator-tui is up";

/// The beginning of a line that says what is being done.
const DOING: &str = "orchestrator-tui is busy: ";

/// How long a supervisor that starts may say nothing new. A large project takes minutes, a hang for ever.
const SILENCE: Duration = Duration::from_secs(10 * 60);

/// How many lines of remarks are kept, the last ones.
const REMARKS: usize = 200;

/// What a supervisor that starts is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doing {
    /// In a few words; empty: nobody has said yet.
    pub what: String,
    /// Since when.
    pub since: Wall,
}

impl Doing {
    /// Begins with something now.
    pub fn now(what: impl Into<String>) -> Self {
        Self { what: what.into(), since: clock::wall() }
    }
}

impl Default for Doing {
    fn default() -> Self {
        Self::now("")
    }
}

/// A supervisor that answers.
#[derive(Debug)]
pub struct Attached {
    /// What to ask it with.
    pub client: Client,
    /// What it had to say when it was started, such as warnings about the configuration; `None`: it ran already.
    pub remarks: Option<String>,
}

/// Finds the supervisor of a project, or starts one in the background that ends with its last screen.
///
/// `program` is this program's own file; what the supervisor does meanwhile is told to `tell`. To be called within a runtime.
/// What was started ends soon if this is dropped before it was up and nobody else comes.
///
/// # Errors
/// What the supervisor said when it could not start, with its exit code; or why the one that runs cannot be reached.
pub async fn attach(
    program: &Path,
    site: &Site,
    flags: &Overrides,
    tell: &watch::Sender<Doing>,
) -> Result<Attached, Failure> {
    if let Some(client) = running(site).await? {
        return Ok(Attached { client, remarks: None });
    }
    match start(program, site, flags, tell).await {
        Ok(remarks) => {
            let client = Client::connect(&site.layout.control_socket()).await.map_err(Failure::supervisor)?;
            Ok(Attached { client, remarks: Some(remarks) })
        }
        Err(failure) if failure.code == Code::Supervisor => {
            // Somebody else has started one at the same time, or it keeps its lock elsewhere.
            let client = running(site).await?.ok_or(failure)?;
            Ok(Attached { client, remarks: None })
        }
        Err(failure) => Err(failure),
    }
}

async fn running(site: &Site) -> Result<Option<Client>, Failure> {
    match Client::connect(&site.layout.control_socket()).await {
        Ok(client) => Ok(Some(client)),
        Err(NotRunning::NoSocket { .. } | NotRunning::Stale { .. }) => Ok(None),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

/// Starts a supervisor and waits until it answers; returns its remarks.
///
/// # Errors
/// As [`attach`].
pub async fn start(
    program: &Path,
    site: &Site,
    flags: &Overrides,
    tell: &watch::Sender<Doing>,
) -> Result<String, Failure> {
    tell.send_replace(Doing::now("starting the supervisor"));
    let failed = |error: io::Error| {
        Failure::usage(format!("{} cannot be started in the background: {error}", program.display()))
    };
    let (reader, writer) = io::pipe().map_err(failed)?;
    let child = {
        let mut command = Command::new(program);
        command.arg("-C").arg(&site.project).args(["supervise", "--leased"]).args(arguments(flags));
        // With the very surroundings that this project was found in.
        command.env_clear().envs(&site.environment).env("ORCHESTRATOR_STATE_DIR", &site.state_root);
        command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        command.spawn().map_err(failed)?
    };
    let pid = child.id();
    let ended = wait(child)?;
    let reader = pipe::Receiver::from_owned_fd(OwnedFd::from(reader)).map_err(failed)?;
    let mut reader = BufReader::new(reader);
    let mut remarks = VecDeque::new();
    loop {
        let mut line = Vec::new();
        let read = timeout(SILENCE, reader.read_until(b'\n', &mut line)).await;
        let Ok(read) = read else { return Err(silent(pid, &tell.borrow(), site)) };
        if read.map_err(failed)? == 0 {
            let lost = || Failure::usage("the supervisor ended before it was up, and nobody knows how");
            let status = ended.await.map_err(|_| lost())?.map_err(failed)?;
            return Err(died(status, remarks));
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line == UP {
            return Ok(text(remarks));
        }
        if let Some(what) = line.strip_prefix(DOING) {
            tell.send_replace(Doing::now(what));
            continue;
        }
        if remarks.len() == REMARKS {
            remarks.pop_front();
        }
        remarks.push_back(line);
    }
}

/// Waits for the end of a process, on a thread: it must not stay in the list of processes when nobody runs the runtime,
/// such as while an editor has the terminal. When this process ends first it is the system's.
fn wait(mut child: Child) -> Result<oneshot::Receiver<io::Result<ExitStatus>>, Failure> {
    let (tell, ended) = oneshot::channel();
    let waiting = std::thread::Builder::new().name("background".to_owned()).spawn(move || {
        // Nobody listens any more once it is up.
        let _ = tell.send(child.wait());
    });
    waiting.map_err(|error| Failure::usage(format!("no threads can be started: {error}")))?;
    Ok(ended)
}

fn text(lines: VecDeque<String>) -> String {
    Vec::from(lines).join("\n")
}

/// Says why it did not start, in its own words.
fn died(status: ExitStatus, said: VecDeque<String>) -> Failure {
    let said = text(said);
    let message = match said.strip_prefix("orchestrator-tui: ").unwrap_or(&said) {
        "" => match status.signal() {
            Some(signal) => format!("the supervisor was ended by signal {signal} before it was up"),
            None => "the supervisor ended before it was up, without a word".to_owned(),
        },
        said => said.to_owned(),
    };
    let code = match status.code() {
        Some(1) => Code::Refused,
        Some(3) => Code::Supervisor,
        Some(_) | None => Code::Usage,
    };
    Failure { code, message }
}

/// Returns the flags of the command line that say the same.
fn arguments(flags: &Overrides) -> Vec<String> {
    let Overrides { fix, attempts, land, planner: _, running, model } = flags;
    let mut args = Vec::new();
    if *fix == Some(false) {
        args.push("--checks-only".to_owned());
    }
    args.extend(attempts.map(|attempts| format!("--attempts={attempts}")));
    args.extend(land.map(|land| match land {
        LandMode::Auto => "--land=auto".to_owned(),
        LandMode::Ask => "--land=ask".to_owned(),
    }));
    args.extend(running.map(|running| format!("--running={running}")));
    args.extend(model.as_ref().map(|model| format!("--model={model}")));
    args
}

/// Says that it does not come up, and who it is.
fn silent(pid: u32, doing: &Doing, site: &Site) -> Failure {
    Failure::usage(format!(
        "the supervisor (process {pid}) has been {} for {} and is not up\nhint: {} says more; `kill {pid}` ends it",
        if doing.what.is_empty() { "starting" } else { &doing.what },
        brief(SILENCE),
        site.layout.log().display()
    ))
}

/// Says to whoever started this process what it does before it is up.
pub fn is_busy(what: &str) {
    // Whoever started it may have gone.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{DOING}{what}");
    let _ = out.flush();
}

/// Says to whoever started this process that it is up, and speaks to its log from now on. Returns whether they heard it.
pub fn is_up(log: &Path) -> bool {
    let mut out = io::stdout().lock();
    let is_heard = writeln!(out, "{UP}").and_then(|()| out.flush()).is_ok();
    drop(out);
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(log);
    // Without a log nothing of it is kept, but nobody's pipe is held open either.
    match file.or_else(|_| File::options().write(true).open("/dev/null")) {
        Ok(file) => {
            let _ = dup2_stdout(&file);
            let _ = dup2_stderr(&file);
        }
        Err(error) => tracing::warn!(%error, "standard output stays where it was"),
    }
    is_heard
}
