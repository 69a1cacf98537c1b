//! How files are exchanged with prepared ones, and all of it taken back when something unexpected comes out.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::error::{At, Result, WorkspaceError};
use super::exchange::{exchange, move_to_free};
use super::image::{Entry, Images, Node};
use super::user_repo::is_absent;
use crate::model::own_writes::OwnWrites;
use crate::model::path::ProjectPath;

/// How a swap ended. Unless it is done, everything is as it was.
#[derive(Debug)]
pub(super) enum Swapped {
    /// All files are in place.
    Done,
    /// These files changed under our hands.
    Surprised(Vec<ProjectPath>),
}

/// One step that can be taken back.
enum Step<'a> {
    Made(PathBuf),
    Removed(PathBuf, u32),
    /// `hold` has what was displaced; with `Absent` before, nothing.
    Put {
        entry: &'a Entry,
        hold: PathBuf,
    },
}

/// The exchange of the files of one landing or undo.
pub(super) struct Swap<'a> {
    pub(super) project: &'a Path,
    /// Has the new file of entry N as `N`, and afterwards the old one.
    pub(super) stage: &'a Path,
    /// Distinguishes our names beside the user's files.
    pub(super) tag: &'a str,
    pub(super) images: &'a Images,
    pub(super) own: &'a OwnWrites,
}

impl<'a> Swap<'a> {
    /// Exchanges all files, looks at what came out, and takes all of it back if that is not what was expected.
    pub(super) fn run(&self) -> Result<Swapped> {
        let mut steps = Vec::new();
        match self.forward(&mut steps) {
            Ok(surprises) if surprises.is_empty() => {
                self.clear_holds(&steps);
                Ok(Swapped::Done)
            }
            Ok(surprises) => {
                self.back(&steps)?;
                Ok(Swapped::Surprised(surprises))
            }
            Err(error) => {
                self.back(&steps)?;
                Err(error)
            }
        }
    }

    /// Does the steps; returns the paths at which something unexpected stood, stopping at the first.
    fn forward(&self, steps: &mut Vec<Step<'a>>) -> Result<Vec<ProjectPath>> {
        let entries = || self.images.entries.iter().enumerate();
        // What goes, goes first, deepest first: a file may come where a folder was.
        for (number, entry) in entries().rev().filter(|(_, entry)| entry.post == Node::Absent) {
            if !self.take_away(number, entry, steps)? {
                return Ok(vec![entry.path.clone()]);
            }
        }
        for (folder, mode) in self.images.emptied.iter().rev() {
            let path = folder.under(self.project);
            // Not empty, or gone already: nothing of ours to do.
            if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) && fs::remove_dir(&path).is_ok() {
                steps.push(Step::Removed(path, *mode));
            }
        }
        for (number, entry) in entries().filter(|(_, entry)| entry.post != Node::Absent) {
            if !self.make_folders(folders_above(&entry.path).iter(), steps)? || !self.put(number, entry, steps)? {
                return Ok(vec![entry.path.clone()]);
            }
        }
        // Folders that were empty before a landing have no file that would bring them back.
        for folder in self.images.modes.keys().filter(|folder| folder.under(self.project).symlink_metadata().is_err()) {
            let above = folders_above(folder);
            self.make_folders(above.iter().chain([folder]), steps)?;
        }
        // A program that had a file open could go on writing to what we displaced.
        let mut surprises = Vec::new();
        for step in steps.iter() {
            if let Step::Put { entry, hold } = step
                && entry.pre != Node::Absent
                && Node::read(hold)?.as_ref() != Some(&entry.pre)
            {
                surprises.push(entry.path.clone());
            }
        }
        Ok(surprises)
    }

    /// Moves a file out of the tree; false if it is not the one that was expected.
    fn take_away(&self, number: usize, entry: &'a Entry, steps: &mut Vec<Step<'a>>) -> Result<bool> {
        let target = entry.path.under(self.project);
        let mut hold = self.stage.join(number.to_string());
        self.own.register(entry.path.clone(), entry.post.hash());
        let mut moved = move_to_free(&target, &hold);
        if moved.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::CrossesDevices) {
            // To the top of the project, so that the file's folder can become empty.
            hold = beside(&self.project.join("any"), self.tag, number);
            self.note(&hold, &entry.pre);
            moved = move_to_free(&target, &hold);
        }
        match moved {
            Ok(()) => {}
            Err(error) if is_absent(&error) => return Ok(false),
            Err(source) => return Err(WorkspaceError::Io { what: "move away", path: target, source }),
        }
        let found = Node::read(&hold)?;
        steps.push(Step::Put { entry, hold });
        Ok(found.as_ref() == Some(&entry.pre))
    }

    /// Puts a prepared file in its place; false if something unexpected stood there.
    fn put(&self, number: usize, entry: &'a Entry, steps: &mut Vec<Step<'a>>) -> Result<bool> {
        let target = entry.path.under(self.project);
        let mut hold = self.stage.join(number.to_string());
        let is_new = entry.pre == Node::Absent;
        let place = |hold: &Path| {
            if is_new {
                return move_to_free(hold, &target);
            }
            set_apart(hold, &target);
            exchange(hold, &target)
        };
        self.own.register(entry.path.clone(), entry.post.hash());
        let mut placed = place(&hold);
        if placed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::CrossesDevices) {
            // The state folder is on another file system: the new file is written once more, beside the old one.
            hold = beside(&target, self.tag, number);
            self.note(&hold, &entry.post);
            entry.post.create(&hold)?;
            placed = place(&hold);
            if placed.is_err() {
                let _ = fs::remove_file(&hold);
            }
        }
        match placed {
            Ok(()) => {}
            Err(error) if is_absent(&error) || error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(source) => return Err(WorkspaceError::Io { what: "replace", path: target, source }),
        }
        let expected = is_new || Node::read(&hold)?.as_ref() == Some(&entry.pre);
        steps.push(Step::Put { entry, hold });
        Ok(expected)
    }

    /// Makes folders, the top one first; false if something else stands where one has to be.
    fn make_folders<'p>(
        &self,
        folders: impl Iterator<Item = &'p ProjectPath>,
        steps: &mut Vec<Step<'a>>,
    ) -> Result<bool> {
        for folder in folders {
            let full = folder.under(self.project);
            match full.symlink_metadata() {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Ok(false),
                Err(error) if is_absent(&error) => {
                    fs::create_dir(&full).at("create", &full)?;
                    if let Some(mode) = self.images.modes.get(folder) {
                        fs::set_permissions(&full, Permissions::from_mode(*mode)).at("set the mode of", &full)?;
                    }
                    steps.push(Step::Made(full));
                }
                Err(source) => return Err(WorkspaceError::NotReadable { path: full, source }),
            }
        }
        Ok(true)
    }

    /// Takes steps back, the last first. All are tried; the first failure is reported.
    fn back(&self, steps: &[Step<'_>]) -> Result<()> {
        let mut failed = Ok(());
        for step in steps.iter().rev() {
            let done = match step {
                Step::Made(path) => match fs::remove_dir(path) {
                    // The user put something into it meanwhile; then it is theirs.
                    Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
                    other => other.at("remove", path),
                },
                Step::Removed(path, mode) => match fs::create_dir(path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    other => {
                        other.and_then(|()| fs::set_permissions(path, Permissions::from_mode(*mode))).at("create", path)
                    }
                },
                Step::Put { entry, hold } => self.put_back(entry, hold),
            };
            if failed.is_ok() {
                failed = done;
            }
        }
        for entry in &self.images.entries {
            self.own.withdraw(&entry.path);
        }
        failed
    }

    /// Puts back what was displaced, unless the user has changed the file since.
    fn put_back(&self, entry: &Entry, hold: &Path) -> Result<()> {
        let target = entry.path.under(self.project);
        if Node::read(&target)?.as_ref() != Some(&entry.post) {
            return Ok(());
        }
        match (&entry.pre, &entry.post) {
            (Node::Absent, _) => move_to_free(&target, hold).at("take back", &target)?,
            (_, Node::Absent) => return move_to_free(hold, &target).at("put back", &target),
            _ => exchange(hold, &target).at("put back", &target)?,
        }
        // What is aside now is ours; in the stage it goes with it.
        if hold.parent() == Some(self.stage) { Ok(()) } else { fs::remove_file(hold).at("remove", hold) }
    }

    /// Removes displaced files that lie beside the new ones; those in the stage go with it.
    fn clear_holds(&self, steps: &[Step<'_>]) {
        for step in steps {
            if let Step::Put { hold, .. } = step
                && hold.parent() != Some(self.stage)
            {
                let _ = fs::remove_file(hold);
            }
        }
    }

    /// Notes what is about to stand at one of our own names in the project.
    fn note(&self, hold: &Path, node: &Node) {
        if let Some(path) = hold.strip_prefix(self.project).ok().and_then(ProjectPath::new) {
            self.own.register(path, node.hash());
        }
    }
}

/// Gives a new file another second than the old one of the same size has: Python takes what it has compiled for
/// current by just these two. Where that cannot be done, nothing is lost but this.
fn set_apart(new: &Path, old: &Path) {
    let (Ok(before), Ok(after)) = (old.symlink_metadata(), new.symlink_metadata()) else { return };
    if before.is_file() && after.is_file() && before.len() == after.len() && before.mtime() == after.mtime() {
        let second = u64::try_from(before.mtime() + 1).map(Duration::from_secs);
        if let (Ok(second), Ok(file)) = (second, fs::File::open(new)) {
            let _ = file.set_modified(UNIX_EPOCH + second);
        }
    }
}

/// Returns our name beside a file, for when the state folder is on another file system.
pub(super) fn beside(target: &Path, tag: &str, number: usize) -> PathBuf {
    target.with_file_name(format!(".orchestrator-{tag}-{number}.tmp"))
}

/// Returns the folders above a path, the top one first.
pub(super) fn folders_above(path: &ProjectPath) -> Vec<ProjectPath> {
    let mut folders: Vec<_> = path.as_path().ancestors().skip(1).filter_map(ProjectPath::new).collect();
    folders.reverse();
    folders
}

/// Returns the folders above some paths.
pub(super) fn all_folders_above<'a>(paths: impl IntoIterator<Item = &'a ProjectPath>) -> BTreeSet<ProjectPath> {
    paths.into_iter().flat_map(folders_above).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]
mod tests {
    use super::*;

    /// A project with `changed`, `gone`, `deep/gone` and a stage for it that replaces, removes and adds.
    fn prepared(project: &Path, stage: &Path) -> Images {
        let path = |name: &str| ProjectPath::new(name).unwrap();
        let file = |text: &str| Node::File { mode: 0o644, bytes: text.as_bytes().to_vec() };
        let entries = vec![
            Entry { path: path("changed"), pre: file("old"), post: file("new") },
            Entry { path: path("deep/gone"), pre: file("old"), post: Node::Absent },
            Entry { path: path("gone"), pre: Node::Link { target: b"changed".to_vec() }, post: Node::Absent },
            Entry { path: path("new/folder/file"), pre: Node::Absent, post: file("new") },
        ];
        for entry in &entries {
            let target = entry.path.under(project);
            if entry.pre != Node::Absent {
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                entry.pre.create(&target).unwrap();
            }
        }
        for (number, entry) in entries.iter().enumerate() {
            entry.post.create(&stage.join(number.to_string())).unwrap();
        }
        let emptied = [(path("deep"), 0o755)].into();
        Images { entries, emptied, made: vec![path("new"), path("new/folder")], ..Images::default() }
    }

    fn list(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            names.push(entry.path().display().to_string());
            if entry.file_type().unwrap().is_dir() {
                names.extend(list(&entry.path()));
            }
        }
        names.sort();
        names
    }

    #[test]
    fn one_unexpected_file_takes_all_back() {
        for (surprise, text) in [("changed", "edited"), ("deep/gone", "edited"), ("new/folder/file", "mine")] {
            let (project, stage) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let images = prepared(project.path(), stage.path());
            let surprising = project.path().join(surprise);
            fs::create_dir_all(surprising.parent().unwrap()).unwrap();
            fs::write(&surprising, text).unwrap();
            let before = list(project.path());
            let own = OwnWrites::default();
            let swap = Swap { project: project.path(), stage: stage.path(), tag: "1", images: &images, own: &own };
            let Swapped::Surprised(paths) = swap.run().unwrap() else { panic!("{surprise} was not noticed") };
            assert_eq!(paths, [ProjectPath::new(surprise).unwrap()]);
            assert_eq!(list(project.path()), before);
            assert_eq!(fs::read_to_string(&surprising).unwrap(), text);
            for entry in images.entries.iter().filter(|entry| entry.path != paths[0]) {
                assert_eq!(
                    Node::read(&entry.path.under(project.path())).unwrap(),
                    Some(entry.pre.clone()),
                    "{surprise}"
                );
                assert!(!own.is_ours(&entry.path, &entry.post.hash()));
            }
        }
    }

    #[test]
    fn a_stage_on_another_file_system_leaves_nothing_behind() {
        let project = tempfile::tempdir().unwrap();
        // Where there is no second file system to write to, this tests the usual way once more.
        let shared = Path::new("/dev/shm");
        let stage = tempfile::tempdir_in(shared).or_else(|_| tempfile::tempdir()).unwrap();
        let images = prepared(project.path(), stage.path());
        let own = OwnWrites::default();
        let swap = Swap { project: project.path(), stage: stage.path(), tag: "1", images: &images, own: &own };
        assert!(matches!(swap.run().unwrap(), Swapped::Done));
        for entry in &images.entries {
            assert_eq!(Node::read(&entry.path.under(project.path())).unwrap(), Some(entry.post.clone()));
            assert!(own.is_ours(&entry.path, &entry.post.hash()));
        }
        assert_eq!(
            list(project.path()).len(),
            4,
            "changed, new, new/folder, new/folder/file: {:?}",
            list(project.path())
        );
    }

    #[test]
    fn a_new_file_of_the_same_size_has_another_second() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
        let second = |path: &Path| path.metadata().unwrap().mtime();
        for (text, apart) in [("a + b", 1), ("a + bc", 0)] {
            fs::write(&old, "a - b").unwrap();
            fs::write(&new, text).unwrap();
            let same = fs::File::open(&old).unwrap().metadata().unwrap().modified().unwrap();
            fs::File::open(&new).unwrap().set_modified(same).unwrap();
            set_apart(&new, &old);
            assert_eq!(second(&new) - second(&old), apart);
        }
    }
}
