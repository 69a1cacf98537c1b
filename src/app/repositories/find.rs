//! Looks through the user's folders for a repository that is named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::git;
use super::name::Named;
use crate::app::failure::Failure;

/// How deep below the folder of all projects one may lie: `host/owner/name`.
const DEPTH: usize = 3;

/// How many folders are looked at: a folder of projects has hundreds, a home that was named instead has no end.
const MOST: usize = 5000;

/// Returns the folders below `dir` that are what is named, each once.
///
/// # Errors
/// If the folder cannot be read, or is none of projects.
pub(super) fn below(
    dir: &Path,
    named: &Named,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut looked = 0;
    let mut waiting = vec![(dir.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries.flatten(),
            // What is not there, or closed to us, has nothing; only the folder that the user named must be readable.
            Err(error) if depth == 0 && error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::usage(format!("{} cannot be read: {error}", folder.display())));
            }
            Err(_) => continue,
        };
        for path in entries.map(|entry| entry.path()) {
            let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
            // A link counts directly below: somebody put it there. Deeper ones could lead round in circles.
            let is_folder = if depth == 0 { path.is_dir() } else { path.is_dir() && !path.is_symlink() };
            if is_hidden || !is_folder {
                continue;
            }
            looked += 1;
            if looked > MOST {
                return Err(Failure::usage(format!(
                    "{} has more than {MOST} folders, so {} is not looked for in it\nhint: PROJECTS_DIR names the folder of your projects",
                    dir.display(),
                    named.name()
                )));
            }
            let has_git = path.join(".git").exists();
            let may_be = (depth == 0 || has_git).then(|| path.canonicalize().ok()).flatten();
            if let Some(real) = may_be.filter(|real| !found.contains(real))
                && is_it(named, &path, has_git.then(|| git::origin(environment, &path)))
            {
                found.push(real);
            }
            if !has_git && depth + 1 < DEPTH {
                waiting.push((path, depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a folder is what is named: its origin says so; or, where an origin does not say something else, its path.
fn is_it(named: &Named, folder: &Path, origin: Option<String>) -> bool {
    let origin = origin.unwrap_or_default();
    if named.is_origin(&origin) {
        return true;
    }
    let Named::Name(name) = named else { return false };
    let path = folder.to_string_lossy().to_lowercase();
    let own = folder.file_name().is_some_and(|own| own.to_string_lossy().eq_ignore_ascii_case(&name.name));
    name.is_end_of(&path) || own && origin.is_empty()
}
