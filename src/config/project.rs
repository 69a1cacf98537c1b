//! Finds the project that a command means.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config::diagnostic::Diagnostic;

/// The name of a project's configuration file.
pub const FILE_NAME: &str = "orchestrator.toml";

/// Finds the project around `start`: the next folder upward with an `orchestrator.toml`, else with a `.git`, else
/// `start` itself.
pub fn find_project(start: &Path) -> PathBuf {
    let upward = |name: &str| start.ancestors().find(|folder| folder.join(name).exists());
    upward(FILE_NAME).or_else(|| upward(".git")).unwrap_or(start).to_owned()
}

/// Returns the project that is meant: by flag, by `PROJECT_ROOT`, else the one around `current`. Links are resolved.
///
/// # Errors
/// If what is named does not exist or is not a folder.
pub fn named_project(
    flag: Option<&Path>,
    environment: &BTreeMap<String, String>,
    current: &Path,
) -> Result<PathBuf, Box<Diagnostic>> {
    let variable = environment.get("PROJECT_ROOT").filter(|value| !value.is_empty()).map(Path::new);
    let (named, source) = match (flag, variable) {
        (Some(flag), _) => (current.join(flag), "command line"),
        (None, Some(root)) => (current.join(root), "environment"),
        (None, None) => (find_project(current), "current folder"),
    };
    let wrong = |message: String| {
        Box::new(Diagnostic::about(source, message).hint("-C or PROJECT_ROOT names the folder of a project"))
    };
    let resolved = named.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrong(format!("there is no folder {}", named.display())),
        ErrorKind::NotADirectory => wrong(format!("{} is not a folder", named.display())),
        _ => wrong(format!("{} cannot be opened: {error}", named.display())),
    })?;
    if resolved.is_dir() { Ok(resolved) } else { Err(wrong(format!("{} is not a folder", named.display()))) }
}
