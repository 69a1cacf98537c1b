//! Undo: a landing is taken back from its images; later edits of the user survive line by line.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{At, Result, WorkspaceError};
use super::git::failure;
use super::image::{Entry, Found, Images, Node, mark, sync_folder};
use super::land::last_undo;
use super::shadow::Shadow;
use super::swap::{Swap, Swapped, folders_above};
use crate::model::id::LandingId;
use crate::model::own_writes::OwnWrites;
use crate::model::path::ProjectPath;
use crate::model::workspace::{ChangeKind, FileChange};

/// How often files may change under an undo before it gives up.
const TRIES: u32 = 3;

/// What became of an undo. Unless it is undone, nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The landing is taken back.
    Undone {
        /// The files that were put back.
        files: Vec<FileChange>,
        /// Those of them that the user had edited since, and whose edits are still there.
        merged: Vec<ProjectPath>,
    },
    /// It was taken back before.
    AlreadyUndone,
    /// The user edited the same lines since, or deleted, replaced or recreated the file.
    Conflict {
        /// Which files.
        paths: Vec<ProjectPath>,
    },
    /// Files kept changing while they were put back; try again.
    Surprised {
        /// Which files.
        paths: Vec<ProjectPath>,
    },
    /// This file must not be replaced.
    Refused {
        /// Which file.
        path: ProjectPath,
        /// Why, for a person to read.
        why: String,
    },
}

/// What an undo would do, or why it cannot.
enum Plan {
    Ready { images: Images, merged: Vec<ProjectPath> },
    Stop(Undo),
}

impl Shadow {
    /// Takes a landing back. Files that are still as they landed get their old bytes; in others the lines of the landing
    /// are taken out and the user's later edits stay. Needs only our images, and no running supervisor.
    ///
    /// # Errors
    /// When there is no such landing, its images are damaged, or a file cannot be written.
    pub fn undo(&self, landing: LandingId, own: &OwnWrites) -> Result<Undo> {
        self.undo_if(landing, own, |_| true)
    }

    /// Takes a landing back only if nobody edited its files since; edited ones are a [`Undo::Conflict`].
    ///
    /// # Errors
    /// As for [`Shadow::undo`].
    pub fn undo_untouched(&self, landing: LandingId, own: &OwnWrites) -> Result<Undo> {
        self.undo_if(landing, own, <[ProjectPath]>::is_empty)
    }

    /// Lists those of `paths` from which a landing is gone: where taking it out line by line changes nothing any more,
    /// because somebody has put the old lines back. Of a landing that was taken back there are none. A file that was
    /// removed, or whose landed lines were edited further, is not listed.
    ///
    /// # Errors
    /// When there is no such landing, its images are damaged, or a file cannot be read.
    pub fn is_replaced(&self, landing: LandingId, paths: &[ProjectPath]) -> Result<Vec<ProjectPath>> {
        // An undo under way is waited for.
        let _held = self.lock("landing")?;
        let folder = self.landing_folder(landing);
        let images = Images::load(&folder)?.ok_or(WorkspaceError::NoLanding(landing))?;
        if last_undo(&folder)?.is_some_and(|undo| undo.join("done").exists()) {
            return Ok(Vec::new());
        }
        let place = folder.join("look");
        fs::create_dir_all(&place).at("create", &place)?;
        let replaced = self.replaced_entries(&images, paths, &place);
        let _ = fs::remove_dir_all(&place);
        replaced
    }

    fn replaced_entries(&self, images: &Images, paths: &[ProjectPath], place: &Path) -> Result<Vec<ProjectPath>> {
        let mut replaced = Vec::new();
        for entry in images.entries.iter().filter(|entry| paths.contains(&entry.path) && !is_only_mode(entry)) {
            let Some(now) = Node::read(&entry.path.under(&self.project))? else { continue };
            let hash = now.hash();
            let is_back = now != Node::Absent
                && (hash == entry.pre.hash()
                    || self.merge_back(&now, entry, place)?.is_some_and(|back| back.hash() == hash));
            if is_back {
                replaced.push(entry.path.clone());
            }
        }
        Ok(replaced)
    }

    fn undo_if(&self, landing: LandingId, own: &OwnWrites, may: fn(&[ProjectPath]) -> bool) -> Result<Undo> {
        let _held = self.lock("landing")?;
        let folder = self.landing_folder(landing);
        if !folder.is_dir() {
            return Err(WorkspaceError::NoLanding(landing));
        }
        if !folder.join("done").exists() {
            return Err(WorkspaceError::NotLanded(landing));
        }
        let images = Images::load(&folder)?.ok_or(WorkspaceError::NoLanding(landing))?;
        let before = last_undo(&folder)?;
        if before.as_ref().is_some_and(|undo| undo.join("done").exists()) {
            return Ok(Undo::AlreadyUndone);
        }
        let place = folder.join(next_undo(before.as_deref()));
        let mut surprises = Vec::new();
        for _ in 0..TRIES {
            let _ = fs::remove_dir_all(&place);
            fs::create_dir(&place).at("create", &place)?;
            let (plan, merged) = match self.plan_undo(&images, &place)? {
                Plan::Ready { images, merged } if may(&merged) => (images, merged),
                Plan::Ready { merged, .. } => {
                    let _ = fs::remove_dir_all(&place);
                    return Ok(Undo::Conflict { paths: merged });
                }
                Plan::Stop(stop) => {
                    let _ = fs::remove_dir_all(&place);
                    return Ok(stop);
                }
            };
            match self.take_back(&plan, &place, landing, own) {
                Ok(Swapped::Done) => {
                    mark(&place, "done")?;
                    let _ = fs::remove_dir_all(place.join("stage"));
                    return Ok(Undo::Undone { files: plan.files, merged });
                }
                Ok(Swapped::Surprised(paths)) => surprises = paths,
                Err(error) => {
                    let _ = fs::remove_dir_all(&place);
                    return Err(error);
                }
            }
        }
        let _ = fs::remove_dir_all(&place);
        Ok(Undo::Surprised { paths: surprises })
    }

    /// Prepares the files and swaps them in.
    fn take_back(&self, plan: &Images, place: &Path, landing: LandingId, own: &OwnWrites) -> Result<Swapped> {
        let stage = place.join("stage");
        fs::create_dir(&stage).at("create", &stage)?;
        for (number, entry) in plan.entries.iter().enumerate() {
            entry.post.create(&stage.join(number.to_string()))?;
        }
        plan.save(place)?;
        if let Some(parent) = place.parent() {
            sync_folder(parent)?;
        }
        let tag = format!("{}-undo", landing.0);
        Swap { project: &self.project, stage: &stage, tag: &tag, images: plan, own }.run()
    }

    /// Compares the tree as it is with the images, and works out what has to stand at each path.
    fn plan_undo(&self, images: &Images, place: &Path) -> Result<Plan> {
        let (mut entries, mut merged, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &images.entries {
            let path = &entry.path;
            for folder in folders_above(path) {
                let full = folder.under(&self.project);
                if full.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) && !is_ours(images, &folder) {
                    let why = format!("the folder {folder} is a symbolic link now");
                    return Ok(Plan::Stop(Undo::Refused { path: path.clone(), why }));
                }
            }
            let now = match self.find(path)? {
                Found::Node(now) => now,
                Found::HardLinked => {
                    let why = "the file has other names (hard links), which would keep the landed content".to_owned();
                    return Ok(Plan::Stop(Undo::Refused { path: path.clone(), why }));
                }
                // A folder where a file was: only the landing's own new files may be in it.
                Found::Other if entry.post == Node::Absent && is_made(images, path) => Node::Absent,
                Found::Other => {
                    conflicts.push(path.clone());
                    continue;
                }
            };
            let post = if now == entry.post {
                entry.pre.clone()
            } else if now == entry.pre {
                continue;
            } else if let Some(node) = self.merge_back(&now, entry, place)? {
                merged.push(path.clone());
                node
            } else {
                conflicts.push(path.clone());
                continue;
            };
            if post != now {
                entries.push(Entry { path: path.clone(), pre: now, post });
            }
        }
        if !conflicts.is_empty() {
            return Ok(Plan::Stop(Undo::Conflict { paths: conflicts }));
        }
        let files = images
            .files
            .iter()
            .filter(|file| entries.iter().any(|entry| entry.path == file.path))
            .map(reversed)
            .collect();
        let mut plan = self.with_folders(files, entries)?;
        // Folders that stood before the landing stay even if empty; those that the landing removed get their mode back.
        plan.emptied.retain(|folder, _| images.made.contains(folder));
        plan.modes.clone_from(&images.emptied);
        Ok(Plan::Ready { images: plan, merged })
    }

    /// Merges backwards: from the landed content to the old one, into what stands there now. `None` for a conflict.
    fn merge_back(&self, now: &Node, entry: &Entry, place: &Path) -> Result<Option<Node>> {
        let (
            Node::File { mode: now_mode, bytes: now },
            Node::File { mode: post_mode, bytes: post },
            Node::File { mode: pre_mode, bytes: pre },
        ) = (now, &entry.post, &entry.pre)
        else {
            return Ok(None);
        };
        let mode = if now_mode == post_mode { *pre_mode } else { *now_mode };
        if now == post {
            return Ok(Some(Node::File { mode, bytes: pre.clone() }));
        }
        if pre == post {
            return Ok(Some(Node::File { mode, bytes: now.clone() }));
        }
        if [now, post, pre].iter().any(|bytes| bytes.contains(&0)) {
            return Ok(None);
        }
        let files = ["now", "post", "pre"].map(|name| place.join(name));
        for (file, bytes) in files.iter().zip([now, post, pre]) {
            fs::write(file, bytes).at("write", file)?;
        }
        let args: Vec<&std::ffi::OsStr> = ["merge-file", "-p", "-q"]
            .iter()
            .map(AsRef::as_ref)
            .chain(files.iter().map(|file| file.as_os_str()))
            .collect();
        let output = self.git.output(&args, b"")?;
        for file in &files {
            let _ = fs::remove_file(file);
        }
        match output.status.code() {
            Some(0) => Ok(Some(Node::File { mode, bytes: output.stdout })),
            // The number of conflicts; an error is 128 or more.
            Some(1..=127) => Ok(None),
            _ => Err(failure("merge-file", &output)),
        }
    }
}

/// Whether a landing changed nothing that a save writes.
fn is_only_mode(entry: &Entry) -> bool {
    entry.pre.hash() == entry.post.hash()
}

/// Returns the name of the next undo: undoing, redoing and undoing again keeps all images.
fn next_undo(last: Option<&Path>) -> PathBuf {
    let number = last
        .and_then(Path::file_name)
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_prefix("undo-"))
        .and_then(|number| number.parse::<u32>().ok())
        .map_or(1, |number| number + 1);
    PathBuf::from(format!("undo-{number}"))
}

/// Whether the landing put something at this path itself.
fn is_ours(images: &Images, path: &ProjectPath) -> bool {
    images.entries.iter().any(|entry| entry.path == *path && entry.post != Node::Absent)
}

/// Whether the landing made a folder of this path.
fn is_made(images: &Images, path: &ProjectPath) -> bool {
    images.made.contains(path)
}

/// Describes a change the other way round.
fn reversed(file: &FileChange) -> FileChange {
    let kind = match file.kind {
        ChangeKind::Added => ChangeKind::Deleted,
        ChangeKind::Modified => ChangeKind::Modified,
        ChangeKind::Deleted => ChangeKind::Added,
    };
    FileChange { path: file.path.clone(), kind, added: file.removed, removed: file.added, line: None }
}
