//! Landing: a verified tree is put into the user's tree, exactly the files that differ, or nothing at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::diff::RawChange;
use super::error::{At, Result, WorkspaceError};
use super::git::{Git, Running, items, joined};
use super::image::{Entry, Found, Images, Node, mark, sync_folder};
use super::scan::{Scan, take_in};
use super::shadow::Shadow;
use super::swap::{Swap, Swapped, all_folders_above, folders_above};
use super::user_repo::is_absent;
use crate::model::id::LandingId;
use crate::model::own_writes::OwnWrites;
use crate::model::path::ProjectPath;
use crate::model::workspace::{ChangeKind, FileChange, Snapshot, TreeId};

/// What became of a landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    /// These files are in the user's tree now.
    Landed {
        /// The files, with lines added and removed.
        files: Vec<FileChange>,
    },
    /// These files are no longer what the merge was made with. Nothing was changed; merge again.
    Surprised {
        /// The files that changed.
        paths: Vec<ProjectPath>,
    },
    /// This file must not be replaced. Nothing was changed; merging again does not help.
    Refused {
        /// Which file.
        path: ProjectPath,
        /// Why, for a person to read.
        why: String,
    },
}

/// Why a landing stops before anything is written.
pub(super) enum Stop {
    Surprised(Vec<ProjectPath>),
    Refused(ProjectPath, String),
}

impl From<Stop> for Landing {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Surprised(paths) => Self::Surprised { paths },
            Stop::Refused(path, why) => Self::Refused { path, why },
        }
    }
}

impl Shadow {
    /// Puts `merged` into the user's tree, which must still be `ours` at every path that differs.
    ///
    /// Images of all touched files are on disk before the first is replaced; see [`Shadow::undo`]. Each path is noted
    /// in `own` before its file is swapped in.
    ///
    /// # Errors
    /// When git fails, or a file cannot be written; then everything is as it was.
    pub fn land(&self, landing: LandingId, ours: &Snapshot, merged: &TreeId, own: &OwnWrites) -> Result<Landing> {
        let _held = self.lock("landing")?;
        let folder = self.start_landing(landing)?;
        let changes = self.placed_changes(&ours.tree, merged)?;
        let landed = self.land_changes(&folder, landing, ours, merged, &changes, own);
        if !matches!(landed, Ok(Landing::Landed { .. })) {
            mark(&folder, "rolled-back")?;
        }
        let _ = fs::remove_dir_all(folder.join("stage"));
        let _ = fs::remove_dir_all(folder.join("checkout"));
        landed
    }

    /// Returns where the images of a landing are.
    pub(super) fn landing_folder(&self, landing: LandingId) -> PathBuf {
        self.state.join("landings").join(landing.0.to_string())
    }

    /// Makes the folder of a landing; one that was rolled back makes room.
    pub(super) fn start_landing(&self, landing: LandingId) -> Result<PathBuf> {
        let folder = self.landing_folder(landing);
        if folder.join("done").exists() {
            return Err(WorkspaceError::LandingTaken(landing));
        }
        match fs::remove_dir_all(&folder) {
            Err(error) if !is_absent(&error) => return Err(error).at("clear", &folder),
            _ => {}
        }
        fs::create_dir(&folder).at("create", &folder)?;
        Ok(folder)
    }

    fn land_changes(
        &self,
        folder: &Path,
        landing: LandingId,
        ours: &Snapshot,
        merged: &TreeId,
        changes: &[RawChange],
        own: &OwnWrites,
    ) -> Result<Landing> {
        let files: Vec<_> = changes.iter().map(|raw| raw.change.clone()).collect();
        // Meanwhile the index for the new files is filled: all of the tree, so that its own attributes decide.
        let (git, filling) = self.start_index(merged)?;
        let before = match self.pre_images(ours, changes)? {
            Ok(before) => before,
            Err(stop) => return Ok(stop.into()),
        };
        if let Err(stop) = self.still_ours(ours, changes)? {
            return Ok(stop.into());
        }
        let stage = folder.join("stage");
        fs::create_dir(&stage).at("create", &stage)?;
        let checkout = folder.join("checkout");
        filling.finish()?;
        Self::check_out(&git, changes.iter().filter(|raw| raw.modes.1 != 0).map(|raw| &raw.change.path), &checkout)?;
        let mut entries = Vec::new();
        for (number, (raw, pre)) in changes.iter().zip(before).enumerate() {
            let path = raw.change.path.clone();
            let post = if raw.modes.1 == 0 {
                Node::Absent
            } else {
                let staged = stage.join(number.to_string());
                fs::rename(path.under(&checkout), &staged).at("stage", &staged)?;
                if let Err(why) = keep_mode_and_owner(&staged, &path.under(&self.project), raw.modes, &pre)? {
                    return Ok(Landing::Refused { path, why });
                }
                let Some(post) = Node::read(&staged)? else {
                    return Ok(Landing::Refused { path, why: "git made no ordinary file of it".to_owned() });
                };
                if matches!(post, Node::File { .. }) {
                    fs::File::open(&staged).and_then(|file| file.sync_data()).at("write", &staged)?;
                }
                post
            };
            entries.push(Entry { path, pre, post });
        }
        let images = self.with_folders(files.clone(), entries)?;
        images.save(folder)?;
        sync_folder(&self.state.join("landings"))?;
        let tag = landing.0.to_string();
        match (Swap { project: &self.project, stage: &stage, tag: &tag, images: &images, own }).run()? {
            Swapped::Done => {
                mark(folder, "done")?;
                Ok(Landing::Landed { files })
            }
            Swapped::Surprised(paths) => Ok(Landing::Surprised { paths }),
        }
    }

    /// Finds what stands at a path of the project. What is behind a link does not stand in the project.
    pub(super) fn find(&self, path: &ProjectPath) -> Result<Found> {
        for folder in folders_above(path) {
            if !folder.under(&self.project).symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                return Ok(Found::Node(Node::Absent));
            }
        }
        Node::find(&path.under(&self.project))
    }

    /// Adds to the images which folders are made, and which go if they become empty.
    pub(super) fn with_folders(&self, files: Vec<FileChange>, entries: Vec<Entry>) -> Result<Images> {
        let paths = |gone: bool| {
            entries.iter().filter(move |entry| (entry.post == Node::Absent) == gone).map(|entry| &entry.path)
        };
        let mut emptied = BTreeMap::new();
        for folder in all_folders_above(paths(true)) {
            match folder.under(&self.project).symlink_metadata() {
                Ok(meta) => drop(emptied.insert(folder, meta.mode() & 0o7777)),
                Err(error) if is_absent(&error) => {}
                Err(source) => return Err(WorkspaceError::NotReadable { path: folder.under(&self.project), source }),
            }
        }
        // Empty folders, which no snapshot knows, may be where a file shall come.
        for entry in entries.iter().filter(|entry| entry.post != Node::Absent && entry.pre == Node::Absent) {
            add_folders(&self.project, &entry.path, &mut emptied)?;
        }
        let is_folder =
            |path: &ProjectPath| path.under(&self.project).symlink_metadata().is_ok_and(|meta| meta.is_dir());
        let made = all_folders_above(paths(false)).into_iter().filter(|folder| !is_folder(folder)).collect();
        Ok(Images { files, made, emptied, modes: BTreeMap::new(), entries })
    }

    /// Reads what stands at the paths that differ, and refuses what cannot be swapped safely.
    fn pre_images(&self, ours: &Snapshot, changes: &[RawChange]) -> Result<std::result::Result<Vec<Node>, Stop>> {
        let deleted: BTreeSet<&ProjectPath> =
            changes.iter().filter(|raw| raw.change.kind == ChangeKind::Deleted).map(|raw| &raw.change.path).collect();
        let mut nodes = Vec::new();
        for raw in changes {
            let path = &raw.change.path;
            let refused = |why: &str| Ok(Err(Stop::Refused(path.clone(), why.to_owned())));
            if [raw.modes.0, raw.modes.1].contains(&0o160_000) {
                return refused("it is a submodule or a nested repository");
            }
            if let Some(link) = self.link_above(path, &deleted)? {
                return refused(&format!("the folder {link} is a symbolic link"));
            }
            let node = match self.find(path)? {
                Found::Node(node) => node,
                Found::HardLinked => {
                    return refused("the file has other names (hard links), which would keep the old content");
                }
                Found::Other if raw.change.kind == ChangeKind::Added && holds_only(path, &deleted, &self.project) => {
                    Node::Absent
                }
                Found::Other => return Ok(Err(Stop::Surprised(vec![path.clone()]))),
            };
            let expected = match raw.modes.0 & 0o170_000 {
                0 => node == Node::Absent,
                0o120_000 => matches!(node, Node::Link { .. }),
                _ => matches!(node, Node::File { .. }),
            };
            if !expected {
                if raw.modes.0 == 0 && self.is_hidden(ours, path)? {
                    return refused("a file that snapshots leave out stands there");
                }
                return Ok(Err(Stop::Surprised(vec![path.clone()])));
            }
            nodes.push(node);
        }
        Ok(Ok(nodes))
    }

    /// Whether what stands at a path is in no snapshot, however often one is taken.
    fn is_hidden(&self, ours: &Snapshot, path: &ProjectPath) -> Result<bool> {
        if ours.left_out.iter().any(|left| left.path == *path) {
            return Ok(true);
        }
        let answer = self.git.output(&["check-ignore", "-z", "--stdin"], &joined([path.as_bytes()]))?;
        Ok(answer.status.code() == Some(0))
    }

    /// Returns a folder above `path` that is a link (or a file that is not about to go): nothing is written through it.
    fn link_above(&self, path: &ProjectPath, deleted: &BTreeSet<&ProjectPath>) -> Result<Option<ProjectPath>> {
        for folder in folders_above(path) {
            match folder.under(&self.project).symlink_metadata() {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) if deleted.contains(&folder) => return Ok(None),
                Ok(_) => return Ok(Some(folder)),
                Err(error) if is_absent(&error) => return Ok(None),
                Err(source) => return Err(WorkspaceError::NotReadable { path: folder.under(&self.project), source }),
            }
        }
        Ok(None)
    }

    /// Whether the files that are about to be replaced are still those of `ours`; asked after their images were read,
    /// so a later change shows in the images.
    fn still_ours(&self, ours: &Snapshot, changes: &[RawChange]) -> Result<std::result::Result<(), Stop>> {
        let _held = self.lock("snap")?;
        let paths: BTreeSet<ProjectPath> =
            changes.iter().filter(|raw| raw.modes.0 != 0).map(|raw| raw.change.path.clone()).collect();
        let mut scan = Scan::default();
        take_in(&self.git, paths.clone(), BTreeSet::new(), None, &mut scan)?;
        if let Some(left) = scan.left_out.into_iter().next() {
            return Ok(Err(Stop::Refused(left.path, left.why)));
        }
        let listing = self.git.run(&["diff-index", "--cached", "-z", "--name-only", "--no-renames", &ours.tree.0])?;
        let others: Vec<_> =
            items(&listing).filter_map(ProjectPath::from_bytes).filter(|path| paths.contains(path)).collect();
        Ok(if others.is_empty() { Ok(()) } else { Err(Stop::Surprised(others)) })
    }

    /// Starts to fill an index of its own with a tree.
    pub(super) fn start_index(&self, tree: &TreeId) -> Result<(Git, Running)> {
        let git = self.git.with(&self.project, &self.index("landing"));
        let filling = git.start(&["read-tree", "--reset", &tree.0])?;
        Ok((git, filling))
    }

    /// Writes files of an index to `folder` as git would check them out: line ends, filters, links, executable bits.
    pub(super) fn check_out<'a>(git: &Git, paths: impl Iterator<Item = &'a ProjectPath>, folder: &Path) -> Result<()> {
        let list = joined(paths.map(ProjectPath::as_bytes));
        fs::create_dir_all(folder).at("create", folder)?;
        if list.is_empty() {
            return Ok(());
        }
        let mut prefix = std::ffi::OsString::from("--prefix=");
        prefix.push(folder);
        prefix.push("/");
        git.feed(&["checkout-index".into(), "-f".into(), "-z".into(), "--stdin".into(), prefix], &list).map(drop)
    }
}

/// Adds a folder, if there is one, and all folders in it, with their modes.
fn add_folders(project: &Path, path: &ProjectPath, found: &mut BTreeMap<ProjectPath, u32>) -> Result<()> {
    let full = path.under(project);
    let Ok(meta) = full.symlink_metadata() else { return Ok(()) };
    if meta.is_dir() {
        found.insert(path.clone(), meta.mode() & 0o7777);
        for entry in fs::read_dir(&full).at("read", &full)?.flatten() {
            if let Some(inner) = ProjectPath::new(path.as_path().join(entry.file_name())) {
                add_folders(project, &inner, found)?;
            }
        }
    }
    Ok(())
}

/// Whether a folder holds nothing that stays when the deleted files are gone.
fn holds_only(folder: &ProjectPath, deleted: &BTreeSet<&ProjectPath>, project: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder.under(project)) else { return false };
    entries.flatten().all(|entry| {
        let Some(path) = ProjectPath::new(folder.as_path().join(entry.file_name())) else { return false };
        deleted.contains(&path)
            || entry.file_type().is_ok_and(|kind| kind.is_dir()) && holds_only(&path, deleted, project)
    })
}

/// Gives a new file the permissions and the owner of the one it replaces; git only knows whether it is executable.
fn keep_mode_and_owner(
    staged: &Path,
    target: &Path,
    modes: (u32, u32),
    pre: &Node,
) -> Result<std::result::Result<(), String>> {
    let (Node::File { mode, .. }, 0o100_000) = (pre, modes.1 & 0o170_000) else { return Ok(Ok(())) };
    let mode = if modes.0 == modes.1 || modes.0 & 0o170_000 != 0o100_000 {
        *mode
    } else if modes.1 & 0o100 != 0 {
        // Executable for whoever may read it.
        *mode | (*mode & 0o444) >> 2
    } else {
        *mode & !0o111
    };
    let (new, old) = (fs::metadata(staged).at("read", staged)?, fs::symlink_metadata(target).at("read", target)?);
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        match chown(staged, (new.uid() != old.uid()).then_some(old.uid()), Some(old.gid())) {
            Ok(()) => {}
            Err(_) if new.uid() == old.uid() => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Ok(Err("the file belongs to another user".to_owned()));
            }
            Err(source) => {
                return Err(WorkspaceError::Io { what: "set the owner of", path: staged.to_owned(), source });
            }
        }
    }
    fs::set_permissions(staged, Permissions::from_mode(mode)).at("set the mode of", staged)?;
    Ok(Ok(()))
}

/// Returns the folder of the last undo of a landing.
pub(super) fn last_undo(folder: &Path) -> Result<Option<PathBuf>> {
    let mut last = None;
    for entry in fs::read_dir(folder).at("read", folder)?.flatten() {
        let name = entry.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_prefix("undo-")).and_then(|number| number.parse::<u32>().ok());
        if let Some(number) = number
            && last.as_ref().is_none_or(|(most, _)| number > *most)
        {
            last = Some((number, entry.path()));
        }
    }
    Ok(last.map(|(_, path)| path))
}
