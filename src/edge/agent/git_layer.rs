//! A second layer under the guard: the agent's git refuses to move refs and finds no remote to push to.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Refuses every change of a ref, whatever command asks for it.
const HOOK: &str = "#!/bin/sh
[ \"$1\" = prepared ] || exit 0
echo 'orchestrator-tui: agents do not move refs' >&2
exit 1
";

/// Beginnings of addresses that git could push to.
const ADDRESSES: [&str; 8] = ["https://", "http://", "ssh://", "git://", "git@", "file://", "/", ".."];

/// Writes the layer into `folder` and returns the variables that put it in force for these repositories and no others:
/// a project's tests may well make repositories of their own and commit there.
///
/// # Errors
/// If the folder cannot be written.
pub fn lay(
    folder: &Path,
    repositories: &[PathBuf],
    inherited: &BTreeMap<String, String>,
) -> io::Result<BTreeMap<String, String>> {
    let hooks = folder.join("hooks");
    fs::create_dir_all(&hooks)?;
    let hook = hooks.join("reference-transaction");
    fs::write(&hook, HOOK)?;
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o700))?;
    let mut config = format!("[core]\n\thooksPath = {}\n[url \"nowhere:\"]\n", quoted(&hooks));
    for address in ADDRESSES {
        config.push_str("\tpushInsteadOf = ");
        config.push_str(address);
        config.push('\n');
    }
    let file = folder.join("config");
    fs::write(&file, config)?;
    let count: usize = inherited.get("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
    let mut variables = BTreeMap::from([("GIT_CONFIG_COUNT".to_owned(), (count + repositories.len()).to_string())]);
    for (number, repository) in repositories.iter().enumerate() {
        let number = count + number;
        let key = format!("includeIf.gitdir:{}.path", escaped(repository));
        variables.insert(format!("GIT_CONFIG_KEY_{number}"), key);
        variables.insert(format!("GIT_CONFIG_VALUE_{number}"), file.display().to_string());
    }
    Ok(variables)
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns a path as a pattern that fits only itself.
fn escaped(path: &Path) -> String {
    path.display().to_string().chars().fold(String::new(), |mut text, letter| {
        if "*?[]\\".contains(letter) {
            text.push('\\');
        }
        text.push(letter);
        text
    })
}
