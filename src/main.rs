//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("rehearsal") => orchestrator_tui::edge::agent::rehearsal::main(args),
        _ => ExitCode::from(2),
    }
}
