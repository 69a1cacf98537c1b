//! Arguments in, exit code out.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use orchestrator_tui::app::doctor::probe;
use orchestrator_tui::cli::{self, Cli};
use orchestrator_tui::edge::agent::rehearsal;
use orchestrator_tui::edge::session;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // Verbs that only our own processes use. They take flags of other programs, and start in a millisecond.
    match args.get(1).and_then(|verb| verb.to_str()) {
        Some("holder") => session::run(),
        Some("rehearsal") => rehearsal::main(args.into_iter().skip(2).map(|arg| arg.to_string_lossy().into_owned())),
        Some("probe") => {
            let args: Vec<String> = args.into_iter().skip(2).map(|arg| arg.to_string_lossy().into_owned()).collect();
            probe::main(&args)
        }
        _ => cli::run(Cli::parse()),
    }
}
