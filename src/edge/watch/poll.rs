//! Looks the project through and compares, where the system's notices cannot be used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::edge::watch::event::Kind;
use crate::edge::watch::git::GitPlaces;
use crate::edge::watch::rules::Rules;
use crate::edge::watch::stamp::Stamp;
use crate::edge::watch::walk::{Met, go};
use crate::model::path::ProjectPath;

/// What the project looked like last time.
#[derive(Debug, Default)]
pub(crate) struct Poller {
    files: BTreeMap<ProjectPath, Stamp>,
    git: BTreeMap<PathBuf, Option<Stamp>>,
}

/// What is different now.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) changed: Vec<(ProjectPath, Kind)>,
    pub(crate) git_moved: bool,
}

impl Poller {
    /// Looks for the first time.
    pub(crate) fn new(project: &Path, rules: &mut Rules, git: &GitPlaces) -> Self {
        let mut poller = Self::default();
        poller.look(project, rules, git);
        poller
    }

    /// Returns how many files there were last time.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Looks again. Files in folders that cannot be read now stay as they were: an error is not an absence.
    pub(crate) fn look(&mut self, project: &Path, rules: &mut Rules, git: &GitPlaces) -> Difference {
        let mut files = BTreeMap::new();
        let mut unreadable = Vec::new();
        go(project, rules, Path::new(""), &mut |met| {
            match met {
                Met::File(path) => {
                    let stamp = Stamp::of(&project.join(path));
                    files.extend(ProjectPath::new(path).zip(stamp));
                }
                Met::Unreadable(path) => unreadable.push(path.to_owned()),
                Met::Folder(_) => {}
            }
            true
        });
        for (path, stamp) in &self.files {
            if unreadable.iter().any(|folder| path.as_path().starts_with(folder)) {
                files.entry(path.clone()).or_insert(*stamp);
            }
        }
        let mut changed = Vec::new();
        for path in self.files.keys().filter(|path| !files.contains_key(path)) {
            changed.push((path.clone(), Kind::Removed));
        }
        for (path, stamp) in &files {
            if self.files.get(path) != Some(stamp) {
                changed.push((path.clone(), Kind::Written));
            }
        }
        changed.sort_unstable();
        let stamps = git.stamps();
        let git_moved = stamps != self.git;
        (self.files, self.git) = (files, stamps);
        Difference { changed, git_moved }
    }
}
