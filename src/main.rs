//! Arguments in, exit code out.

use std::path::Path;
use std::process::ExitCode;

use orchestrator_tui::edge::session;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "holder")
        && let Some(spec) = arguments.next()
    {
        return session::run(Path::new(&spec));
    }
    ExitCode::SUCCESS
}
