//! Arguments in, exit code out.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use orchestrator_tui::app::doctor::probe;
use orchestrator_tui::app::planner;
use orchestrator_tui::cli;
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
        Some("--fence") => fence::shell(args.get(2).and_then(|command| command.to_str()), &variables()),
        Some(fence::PROGRAM) => fence::program(args.get(2..).unwrap_or_default(), &variables()),
        _ => cli::main(args),
    }
}

/// Returns the environment of an agent, who starts these two as we told it to, or as we did.
#[expect(clippy::disallowed_methods, reason = "this process is only a step on the way to another one")]
fn variables() -> BTreeMap<String, String> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}
