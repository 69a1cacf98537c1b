//! Reads the arguments, and says what is wrong with those that cannot be read.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;
use super::verbs;
use crate::app::failure::{Code, Failure};
use crate::app::words::say::news;
use crate::model::plain;

/// What to do where a verb is about this project only.
const ELSEWHERE: &str = "only `session`, `queue`, `orchestrate`, `approve` and `decline` look for a repository; every verb takes its \
                         folder: `orchestrator-tui -C FOLDER …`";

/// Carries out what the arguments say; the first is the program's own name.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let is_json = args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json");
    match Cli::try_parse_from(args) {
        Ok(cli) => verbs::run(cli, is_json),
        Err(error) => ExitCode::from(told(&explained(error), is_json)),
    }
}

/// Explains a flag that only other verbs have.
fn explained(mut error: clap::Error) -> clap::Error {
    let is_elsewhere = |value: &ContextValue| matches!(value, ContextValue::String(arg) if arg.starts_with("--repository") || arg.starts_with("--repo"));
    if error.kind() == ErrorKind::UnknownArgument && error.get(ContextKind::InvalidArg).is_some_and(is_elsewhere) {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![ELSEWHERE.into()]));
    }
    error
}

/// Says what the parser says: the help that was asked for, or what is wrong.
fn told(error: &clap::Error, is_json: bool) -> u8 {
    let text = error.render().to_string();
    if !error.use_stderr() {
        let _ = error.print();
        return Code::Done as u8;
    }
    // In colours where it repeats nothing that would steer the terminal.
    if plain::text(&text) == text {
        let _ = error.print();
    } else {
        news(text.trim_end());
    }
    let text = text.trim_end();
    verbs::failed(&Failure::usage(text.strip_prefix("error: ").unwrap_or(text)), is_json)
}
