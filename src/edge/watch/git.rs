//! The repository's own files that are watched although `.git` is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::edge::watch::stamp::Stamp;

/// Files and folders whose change means that the repository moved.
#[derive(Debug, Default)]
pub(crate) struct GitPlaces {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// Rules of the repository that lie outside the tree; their change is not a move.
    pub(crate) exclude: Option<PathBuf>,
}

impl GitPlaces {
    /// Takes the given places apart; one that does not exist yet is taken for a file. Links are resolved, as the
    /// system's notices come with resolved paths.
    pub(crate) fn new(project: &Path, given: Vec<PathBuf>) -> Self {
        let mut places = Self::default();
        for path in given {
            if path.is_dir() {
                places.folders.extend(path.canonicalize());
            } else if let (Some(Ok(parent)), Some(name)) = (path.parent().map(Path::canonicalize), path.file_name()) {
                places.files.push(parent.join(name));
            }
        }
        let info = project.join(".git/info");
        places.exclude = info.is_dir().then(|| info.join("exclude"));
        places
    }

    /// Whether a change of this path means that the repository moved. Git's lock files come and go with every command.
    pub(crate) fn is_move(&self, path: &Path) -> bool {
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        self.files.iter().any(|file| file == path)
            || !is_lock && self.folders.iter().any(|folder| path.starts_with(folder))
    }

    /// Whether this path is, or is in, one of the folders.
    pub(crate) fn is_inside(&self, path: &Path) -> bool {
        self.folders.iter().any(|folder| path.starts_with(folder))
    }

    /// Returns the folders to watch, with those below them.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let parents = self.files.iter().chain(&self.exclude).filter_map(|file| file.parent().map(Path::to_owned));
        let mut folders: Vec<_> = parents.chain(self.folders.iter().flat_map(|folder| below(folder).0)).collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }

    /// Returns what the files look like now, to compare at intervals.
    pub(crate) fn stamps(&self) -> BTreeMap<PathBuf, Option<Stamp>> {
        let inside = self.folders.iter().flat_map(|folder| below(folder).1);
        let files = self.files.iter().cloned().chain(inside);
        files.filter(|file| self.is_move(file)).map(|file| (file.clone(), Stamp::of(&file))).collect()
    }
}

/// Returns the folders, itself first, and the files below a folder of the repository.
pub(crate) fn below(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    let mut next = 0;
    while let Some(folder) = folders.get(next) {
        next += 1;
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    (folders, files)
}
