//! Arguments in, exit code out.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use orchestrator_tui::app::doctor::probe;
use orchestrator_tui::app::planner;
use orchestrator_tui::cli::{self, Cli};
use orchestrator_tui::edge::agent::{fence, hook, rehearsal};
use orchestrator_tui::edge::session;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // Verbs that only our own processes use. They take flags of other programs, and start in a millisecond.
    match args.get(1).and_then(|verb| verb.to_str()) {
        Some("holder") => session::run(),
        Some("rehearsal") => rehearsal::main(args.into_iter().skip(2).map(|arg| arg.to_string_lossy().into_owned())),
        Some("planner-hook") => {
            let args: Vec<String> = args.into_iter().skip(2).map(|arg| arg.to_string_lossy().into_owned()).collect();
            planner::hook(&args)
        }
        Some("probe") => {
            let args: Vec<String> = args.into_iter().skip(2).map(|arg| arg.to_string_lossy().into_owned()).collect();
            probe::main(&args)
        }
        Some("hook") => {
            let args: Vec<String> = args.into_iter().skip(2).map(|arg| arg.to_string_lossy().into_owned()).collect();
            hook::main(&args)
        }
        Some("--fence") => fenced(args.get(2).and_then(|command| command.to_str())),
        _ => cli::run(Cli::parse()),
    }
}

/// Becomes a shell inside of the fence. The agent's own CLI set these variables as we told it to.
#[expect(clippy::disallowed_methods, reason = "this process is only a step on the way to another one")]
fn fenced(command: Option<&str>) -> ExitCode {
    let guard = std::env::var_os(fence::GUARD);
    fence::main(command, guard.as_deref().map(Path::new), std::env::var("SHELL").ok().as_deref())
}
