//! How git is run where no project is opened yet: nothing around us decides what it works on, nothing there runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Variables by which a surrounding git (a hook, an alias) says what its commands work on.
const OF_A_REPOSITORY: [&str; 15] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
];

/// Returns a git command with the user's surroundings, which have their keys and proxies. It asks nobody for a password,
/// and runs no hook.
pub(super) fn git(environment: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new("git");
    let usual = environment.iter().filter(|(name, _)| !OF_A_REPOSITORY.contains(&name.as_str()));
    command.env_clear().envs(usual).env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
    // No helper of another kind, which could be any program.
    command.env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh");
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]).stdin(Stdio::null());
    command
}

/// Reads something of a folder's repository; nothing if it knows nothing.
pub(super) fn ask(environment: &BTreeMap<String, String>, folder: &Path, args: &[&str]) -> Option<String> {
    let done = git(environment).arg("-C").arg(folder).args(args).output().ok().filter(|done| done.status.success())?;
    Some(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// Returns where a folder's repository comes from; empty if it has no origin, or there is none.
pub(super) fn origin(environment: &BTreeMap<String, String>, folder: &Path) -> String {
    ask(environment, folder, &["remote", "get-url", "origin"]).unwrap_or_default()
}
