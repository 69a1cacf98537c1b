//! How the rehearsal agent is called: which arguments it takes, which script it plays, and what it refuses.
#![expect(
    clippy::disallowed_methods,
    reason = "the rehearsal agent is a process of its own: it reads its own environment"
)]

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::edge::agent::rehearsal::script::{BadScript, Script};
use crate::edge::agent::rehearsal::terminal::Call;
use crate::edge::agent::rehearsal::{act, demo, play, terminal};

/// The variable that names the script.
pub const SCRIPT_VARIABLE: &str = "ORCHESTRATOR_REHEARSAL";

/// Plays the agent; `args` are those after `rehearsal`. Errors go to standard error, as the real CLI's do.
pub fn main(args: impl IntoIterator<Item = String>) -> ExitCode {
    match run(Arguments::read(args)) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The arguments that matter here; all others of the real CLI are accepted and ignored.
#[derive(Debug, Default)]
struct Arguments {
    print: bool,
    verbose: bool,
    version: bool,
    input: String,
    output: String,
    call: Call,
    script: Option<String>,
    pace: Duration,
    edits: Option<PathBuf>,
    daemon: Option<PathBuf>,
}

impl Arguments {
    fn read(args: impl IntoIterator<Item = String>) -> Self {
        let mut read = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_default();
            match arg.as_str() {
                "-p" | "--print" => read.print = true,
                "--verbose" => read.verbose = true,
                "--version" | "-v" => read.version = true,
                "--input-format" => read.input = value(),
                "--output-format" => read.output = value(),
                "--session-id" | "--resume" => {
                    read.call.resume = arg == "--resume";
                    read.call.conversation = value();
                }
                "--settings" => read.call.settings = value(),
                "--permission-mode" => read.call.mode = value(),
                "-n" | "--name" => read.call.name = value(),
                "--dialog" => read.call.dialog = true,
                "--script" => read.script = Some(value()),
                "--pace" => read.pace = Duration::from_millis(value().parse().unwrap_or_default()),
                "--edits" => read.edits = Some(PathBuf::from(value())),
                "--daemon" => read.daemon = Some(PathBuf::from(value())),
                _ => {}
            }
        }
        read
    }
}

impl Arguments {
    /// Reads the script that is to be played.
    fn script(&self) -> Result<Script, CannotPlay> {
        let file = self.edits.clone().or_else(|| std::env::var_os(SCRIPT_VARIABLE).map(PathBuf::from));
        match (&self.script, file) {
            (Some(name), _) if name == "demo" => Ok(demo::script()?),
            (Some(name), _) => Err(CannotPlay::UnknownScript(name.clone())),
            (None, Some(file)) => Ok(Script::read(&file)?),
            (None, None) => Err(CannotPlay::NoScript),
        }
    }
}

/// Why the rehearsal cannot begin.
#[derive(Debug, thiserror::Error)]
enum CannotPlay {
    #[error(
        "the rehearsal agent speaks stream-json only; start it with -p --input-format and --output-format stream-json, or in a terminal"
    )]
    Format,
    #[error("When using --print, --output-format=stream-json requires --verbose")]
    Verbose,
    #[error("Input must be provided either through stdin or as a prompt argument when using --print")]
    Terminal,
    #[error("the rehearsal agent has no script; set {SCRIPT_VARIABLE} to a file, or give --script demo")]
    NoScript,
    #[error("there is no built-in script {0:?}; there is \"demo\"")]
    UnknownScript(String),
    #[error(transparent)]
    Script(#[from] BadScript),
    #[error("{0}")]
    System(#[from] std::io::Error),
}

fn run(args: Arguments) -> Result<ExitCode, CannotPlay> {
    if let Some(file) = &args.daemon {
        return Ok(act::be_daemon(file)?);
    }
    let has_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if args.version {
        let version = env!("CARGO_PKG_VERSION");
        writeln!(std::io::stdout(), "{version} (rehearsal agent of orchestrator-tui)")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.print && has_terminal {
        return Ok(terminal::play(&args.script()?, args.call)?);
    }
    if !args.print || args.input != "stream-json" || args.output != "stream-json" {
        return Err(CannotPlay::Format);
    }
    if !args.verbose {
        return Err(CannotPlay::Verbose);
    }
    if std::io::stdin().is_terminal() {
        return Err(CannotPlay::Terminal);
    }
    Ok(play::play(&args.script()?, &args.call.conversation, args.pace)?)
}
