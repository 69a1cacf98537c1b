//! Goes through the files and folders of the project that count.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::edge::watch::event::WatchError;
use crate::edge::watch::rules::Rules;
use crate::model::path::ProjectPath;
use crate::model::settings::Watch;

/// Something met on the way; paths are relative to the project.
pub(crate) enum Met<'a> {
    /// A folder, before it is listed.
    Folder(&'a Path),
    /// A file or a link; links are not followed.
    File(&'a Path),
    /// A folder that cannot be listed although it is there.
    Unreadable(&'a Path),
}

/// Goes through `start`, relative to the project and empty for all of it, folders before their content. Ends early
/// when `meet` returns false.
///
/// A folder is handed to `meet` before it is listed, so that a watch set there sees what the listing does not.
pub(crate) fn go(project: &Path, rules: &mut Rules, start: &Path, meet: &mut impl FnMut(Met<'_>) -> bool) {
    let mut ahead = vec![start.to_owned()];
    while let Some(folder) = ahead.pop() {
        if !meet(Met::Folder(&folder)) {
            return;
        }
        let entries = match fs::read_dir(project.join(&folder)) {
            Ok(entries) => entries,
            // It went away, or became a file, since its name was read: whoever watches hears of that.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                if folder.as_os_str().is_empty() && !meet(Met::Unreadable(&folder)) {
                    return;
                }
                continue;
            }
            Err(_) => {
                if !meet(Met::Unreadable(&folder)) {
                    return;
                }
                continue;
            }
        };
        let mut names: Vec<(OsString, bool)> = Vec::new();
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() || kind.is_file() || kind.is_symlink() {
                names.push((entry.file_name(), kind.is_dir()));
            }
        }
        names.sort_unstable();
        for (name, is_folder) in names.into_iter().rev() {
            let path = folder.join(name);
            if !rules.counts(&path, is_folder) {
                continue;
            }
            if is_folder {
                ahead.push(path);
            } else if !meet(Met::File(&path)) {
                return;
            }
        }
    }
}

/// Returns every file of the project that counts, sorted; links count as files and are not followed.
///
/// # Errors
/// If the project cannot be listed or a glob of `[watch] ignore` cannot be understood. Folders below it that cannot be
/// read are left out.
pub fn walk(project: &Path, settings: &Watch) -> Result<Vec<ProjectPath>, WatchError> {
    let refused = |source| WatchError::Project { path: project.to_owned(), source };
    let project: PathBuf = project.canonicalize().map_err(refused)?;
    fs::read_dir(&project).map_err(refused)?;
    let mut rules = Rules::new(&project, settings)?;
    let mut files = Vec::new();
    go(&project, &mut rules, Path::new(""), &mut |met| {
        if let Met::File(path) = met {
            files.extend(ProjectPath::new(path));
        }
        true
    });
    files.sort_unstable();
    Ok(files)
}
