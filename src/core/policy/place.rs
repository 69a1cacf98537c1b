//! Where a path leads: into the workspace, out of it, or nobody knows.

use std::path::{Component, Path, PathBuf};

use super::word::Word;
use super::world::World;
use crate::model::policy::{PolicyScope, Verdict};

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Into the workspace: relative to it, empty for itself.
    Inside(PathBuf),
    /// Into a folder that may be written besides, or to a device that keeps nothing.
    Free,
    /// Out of it.
    Outside(PathBuf),
    /// That depends on what is not written there.
    Unknown,
}

/// The folders that a command may run in, as far as the line before it says.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    /// Those that it may be in now; `None` for one that is not known.
    now: Vec<Option<PathBuf>>,
    /// Those that any command so far may have left behind.
    all: Vec<Option<PathBuf>>,
}

/// Names that steer the agent; no fix needs to change them.
const PROTECTED: [&str; 2] = [".claude", ".mcp.json"];

/// Devices that keep nothing.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/tty"];

impl Folders {
    /// Starts in one folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self { now: vec![Some(folder.to_owned())], all: vec![Some(folder.to_owned())] }
    }

    /// Begins a command; one that runs whatever became of those before it may be in any of the folders.
    pub(super) fn begin(&mut self, after_success: bool) {
        if !after_success {
            self.now.clone_from(&self.all);
        }
    }

    /// Whether a command can be in no other folder than this.
    pub(super) fn is_only(&self, folder: &Path) -> bool {
        self.now.iter().all(|now| now.as_deref() == Some(folder))
    }

    /// Returns the folders that a command may be in; `None` for one that is not known.
    pub(super) fn possible(&self) -> &[Option<PathBuf>] {
        &self.now
    }

    /// Goes to another folder.
    pub(super) fn change(&mut self, to: Option<&str>) {
        let mut now: Vec<Option<PathBuf>> = self
            .now
            .iter()
            .map(|folder| match (to, folder) {
                (Some(to), _) if to.starts_with('/') => Some(plain(Path::new("/"), to)),
                (Some(to), Some(folder)) => Some(plain(folder, to)),
                (None, _) | (_, None) => None,
            })
            .collect();
        now.dedup();
        for folder in &now {
            if !self.all.contains(folder) {
                self.all.push(folder.clone());
            }
        }
        self.now = now;
    }

    /// Returns the folders for a command that is told to work in another one.
    pub(super) fn within(&self, to: &Word) -> Self {
        let mut folders = self.clone();
        folders.change(to.known());
        folders.all.clone_from(&folders.now);
        folders
    }

    /// Returns where a word leads, seen from here; where it may lead to several places, to the first of them.
    pub(super) fn place(&self, word: &Word, scope: &PolicyScope, tree: &dyn World) -> Place {
        self.places(word, scope, tree).into_iter().next().unwrap_or(Place::Unknown)
    }

    /// Returns all places that a word may lead to, seen from here; several only if all are inside.
    pub(super) fn places(&self, word: &Word, scope: &PolicyScope, tree: &dyn World) -> Vec<Place> {
        // `.*` may stand for `..`.
        let may_climb = |part: &str| [".*", ".?", ".["].iter().any(|start| part.starts_with(start));
        if !word.known || (word.glob && word.text.split('/').any(may_climb)) {
            return vec![Place::Unknown];
        }
        let text = word.text.as_str();
        if DEVICES.contains(&text) || text.starts_with("/dev/fd/") {
            return vec![Place::Free];
        }
        if text.starts_with('/') {
            return vec![classify(&plain(Path::new("/"), text), scope, tree)];
        }
        let mut places: Vec<Place> = Vec::new();
        for folder in &self.now {
            let place = folder.as_ref().map_or(Place::Unknown, |folder| classify(&plain(folder, text), scope, tree));
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let is_inside = |place: &Place| matches!(place, Place::Inside(_));
        let is_outside = |place: &Place| matches!(place, Place::Outside(_));
        if places.len() < 2 || places.iter().all(is_inside) {
            places
        } else if places.iter().all(is_outside) {
            places.truncate(1);
            places
        } else {
            vec![Place::Unknown]
        }
    }

    /// Whether a word leads nowhere else than into the workspace.
    pub(super) fn is_inside(&self, word: &Word, scope: &PolicyScope, tree: &dyn World) -> bool {
        match self.place(word, scope, tree) {
            Place::Inside(_) | Place::Free => true,
            Place::Outside(_) | Place::Unknown => false,
        }
    }

    /// Returns what stands against writing to a place.
    pub(super) fn refuse_write(&self, word: &Word, scope: &PolicyScope, tree: &dyn World) -> Option<Verdict> {
        let refusals = self.places(word, scope, tree).into_iter().filter_map(|place| match place {
            Place::Free => None,
            Place::Inside(path) => refuse_protected(&path),
            Place::Outside(path) => Some(outside(&path, scope)),
            Place::Unknown => Some(Verdict::ask("default.unclear", format!("where {} leads is not known", word.text))),
        });
        refusals.max_by_key(Verdict::weight)
    }
}

/// Says that a write would leave the workspace, and where it may go instead.
pub(super) fn outside(path: &Path, scope: &PolicyScope) -> Verdict {
    let scratch = scope.variables.get("TMPDIR").map(|folder| format!(" ({folder})")).unwrap_or_default();
    let what = format!("{} is outside the workspace; scratch files belong into $TMPDIR{scratch}", path.display());
    Verdict::violation("guard.outside", what)
}

/// Returns what stands against writing to a place inside of the workspace.
pub(super) fn refuse_protected(path: &Path) -> Option<Verdict> {
    let parts = || path.components().filter_map(|part| part.as_os_str().to_str());
    if parts().any(|part| part.eq_ignore_ascii_case(".git")) {
        return Some(Verdict::violation("guard.git", format!("{} is the repository itself", path.display())));
    }
    let name = parts().find(|part| PROTECTED.iter().any(|name| part.eq_ignore_ascii_case(name)))?;
    Some(Verdict::deny("protected", format!("{name} is protected, no fix needs to change it")))
}

/// Returns a path without `.` and `..`, by its letters.
fn plain(folder: &Path, word: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(word).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => path.push(part),
        }
    }
    path
}

/// Returns where an absolute path leads.
pub(super) fn classify(path: &Path, scope: &PolicyScope, tree: &dyn World) -> Place {
    let real = tree.real(path);
    if let Ok(inside) = real.strip_prefix(&scope.workspace) {
        return Place::Inside(inside.to_owned());
    }
    if scope.write.iter().any(|folder| real.starts_with(folder)) {
        return Place::Free;
    }
    Place::Outside(real)
}
