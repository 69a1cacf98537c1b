//! Whether git is there and new enough.

use std::process::Command;
use std::time::Duration;

use super::child::{self, Said, first_line};
use super::finding::Finding;
use super::order::Ground;
use crate::edge::workspace::git_version;

/// How long `git --version` may take; it takes a millisecond.
const LIMIT: Duration = Duration::from_secs(5);

/// What gets a good one.
const MEND: &str = "install git 2.38 or newer: `apt install git`, `brew install git`, or https://git-scm.com";

/// Asks git for its version.
pub(super) async fn probe(ground: &Ground) -> Finding {
    let mut command = Command::new("git");
    command.arg("--version");
    match child::run(command, &ground.scratch, LIMIT).await {
        Said::Ended { code: Some(0), out, .. } => match git_version(out.as_bytes()) {
            Ok(version) => Finding::ok("git", format!("{version}, new enough for merges in memory")),
            Err(error) => Finding::fault("git", error.to_string(), MEND),
        },
        Said::Ended { err, .. } => Finding::fault("git", format!("`git --version` failed: {}", first_line(&err)), MEND),
        Said::Late => {
            let said = format!("`git --version` said nothing for {} s", LIMIT.as_secs());
            Finding::fault(
                "git",
                said,
                "`command -v git` shows which program that is; put a good one before it in PATH",
            )
        }
        Said::NotStarted(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::fault("git", "there is no git in PATH", MEND)
        }
        Said::NotStarted(error) => Finding::fault("git", format!("git cannot be started: {error}"), MEND),
    }
}
