//! Reads the arguments; a flag that only other verbs have is explained.

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;

/// What to do where a verb is about this project only.
const ELSEWHERE: &str = "only `session`, `queue`, `orchestrate`, `approve` and `decline` look for a repository; every verb takes its \
                         folder: `orchestrator-tui -C FOLDER …`";

/// Reads the arguments of this process; ends it where they cannot be read, or only help is wanted.
pub fn parse(args: Vec<OsString>) -> Cli {
    Cli::try_parse_from(args).unwrap_or_else(|mut error| {
        let is_elsewhere = |value: &ContextValue| {
            matches!(value, ContextValue::String(arg) if arg.starts_with("--repository") || arg.starts_with("--repo"))
        };
        if error.kind() == ErrorKind::UnknownArgument && error.get(ContextKind::InvalidArg).is_some_and(is_elsewhere) {
            error.remove(ContextKind::SuggestedArg);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![ELSEWHERE.into()]));
        }
        error.exit()
    })
}
