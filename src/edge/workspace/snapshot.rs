//! A snapshot of the user's tree: uncommitted and untracked files included, nothing of the user's touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::error::{At, Result, WorkspaceError};
use super::git::{Git, Running, items, joined, line};
use super::scan::{Limits, Scan, scan, take_in};
use super::shadow::{Last, Shadow, index_stamp};
use crate::model::path::ProjectPath;
use crate::model::workspace::{LeftOut, Snapshot, TreeId};

/// Untracked files above so many bytes are left out of snapshots: 10 MB, far above any source, far below a video.
/// (500 MB take 2.1 s and as much disk.)
const LARGEST_UNTRACKED: u64 = 10_000_000;

impl Shadow {
    /// Takes a snapshot of the user's tree: all of it, or only of the `named` files on top of the last one.
    ///
    /// Named files are the watcher's offer to save a walk; where they do not suffice (nothing was taken yet, a folder,
    /// an ignore file, a file behind a link) all of the tree is read. If nothing changed, the last snapshot is returned.
    ///
    /// # Errors
    /// When git fails, or a folder of the project cannot be read.
    pub fn snapshot(&self, named: Option<&[ProjectPath]>) -> Result<Snapshot> {
        let _held = self.lock("snap")?;
        self.take_snapshot(named)
    }

    /// Takes a snapshot; the lock `snap` is held by the caller.
    pub(super) fn take_snapshot(&self, named: Option<&[ProjectPath]>) -> Result<Snapshot> {
        let last = self.last();
        if let (Some(paths), Some(last)) = (named, &last)
            && let Some(scan) = self.scan_named(paths)?
        {
            return self.keep(&scan, last.snapshot.left_out.clone(), Some(last));
        }
        self.follow_settings()?;
        let limits = Limits { untracked: Some(LARGEST_UNTRACKED), without: &[] };
        let mut scan = scan(&self.git, limits)?;
        let mut left_out = std::mem::take(&mut scan.left_out);
        for path in self.seed()?.map(|seed| seed.gitlinks).unwrap_or_default() {
            if path.under(&self.project).is_dir() {
                let why = "it is a submodule; its folder is empty in a workspace".to_owned();
                left_out.push(LeftOut { path, why });
            }
        }
        self.keep(&scan, left_out, last.as_ref())
    }

    /// Brings the index up to date with the named files; `None` if that is not enough.
    fn scan_named(&self, paths: &[ProjectPath]) -> Result<Option<Scan>> {
        let mut files = BTreeSet::new();
        for path in paths {
            let name = path.as_path().file_name().unwrap_or_default();
            let decides_others = name == ".gitignore" || name == ".gitattributes";
            if decides_others || !is_plain(&self.project, path) {
                return Ok(None);
            }
            files.insert(path.clone());
        }
        if files.is_empty() {
            return Ok(Some(Scan::default()));
        }
        let list = joined(files.iter().map(ProjectPath::as_bytes));
        let answer = self.git.output(&["check-ignore", "-z", "--stdin"], &list)?;
        // 0: some are ignored, 1: none is; anything else: it could not tell.
        if !matches!(answer.status.code(), Some(0 | 1)) {
            return Ok(None);
        }
        for ignored in items(&answer.stdout).filter_map(ProjectPath::from_bytes) {
            files.remove(&ignored);
        }
        let mut scan = Scan::default();
        take_in(&self.git, files, BTreeSet::new(), None, &mut scan)?;
        Ok(scan.left_out.is_empty().then_some(scan))
    }

    /// Writes the tree of the index, and a commit that keeps it, unless nothing changed.
    fn keep(&self, scan: &Scan, left_out: Vec<LeftOut>, last: Option<&Last>) -> Result<Snapshot> {
        let head = self.parent()?;
        let last = last.filter(|last| last.head == head);
        let same_index = |last: &&Last| !scan.changed && last.index == index_stamp(&self.git.index);
        if let Some(last) = last.filter(same_index) {
            return Ok(self.again(last, left_out));
        }
        let tree = match write_tree(&self.git) {
            Ok(tree) => tree,
            // The index names a blob that the user's `gc` took: all files are read again, into an empty index.
            Err(WorkspaceError::Git { .. }) => {
                self.git.run(&["read-tree", "--empty"])?;
                super::scan::scan(&self.git, Limits { untracked: Some(LARGEST_UNTRACKED), without: &[] })?;
                write_tree(&self.git)?
            }
            Err(other) => return Err(other),
        };
        if let Some(last) = last.filter(|last| last.snapshot.tree == tree) {
            return Ok(self.again(last, left_out));
        }
        let committing = self.start_commit(&tree, head.as_deref(), "snapshot")?;
        let known = last.map(|last| last.snapshot.tree.0.as_str()).or(head.as_deref());
        self.pin(&tree, known)?;
        let commit = line(&committing.finish()?);
        self.keep_object(&commit)?;
        let snapshot = Snapshot { tree, commit, left_out };
        self.remember(Some(Last { head, snapshot: snapshot.clone(), index: index_stamp(&self.git.index) }));
        Ok(snapshot)
    }

    /// Returns the last snapshot again.
    fn again(&self, last: &Last, left_out: Vec<LeftOut>) -> Snapshot {
        let snapshot = Snapshot { left_out, ..last.snapshot.clone() };
        let index = index_stamp(&self.git.index);
        self.remember(Some(Last { head: last.head.clone(), snapshot: snapshot.clone(), index }));
        snapshot
    }

    /// Gives a commit or a tree a name in the shadow, so that it counts as used.
    pub(super) fn keep_object(&self, id: &str) -> Result<()> {
        let name = self.git.dir.join("refs/snapshots").join(id);
        fs::write(&name, format!("{id}\n")).at("write", &name)
    }

    /// Returns the commit that a snapshot follows: the user's HEAD. The history of a repository whose subfolder the
    /// project is has other paths, so there a snapshot follows nothing.
    fn parent(&self) -> Result<Option<String>> {
        match &self.repo {
            Some(repo) if repo.prefix.as_os_str().is_empty() => Ok(repo.state()?.head),
            _ => Ok(None),
        }
    }

    /// Writes a commit into the shadow.
    pub(super) fn commit(&self, tree: &TreeId, parent: Option<&str>, message: &str) -> Result<String> {
        Ok(line(&self.start_commit(tree, parent, message)?.finish()?))
    }

    /// Starts to write a commit into the shadow; the answer is its id.
    pub(super) fn start_commit(&self, tree: &TreeId, parent: Option<&str>, message: &str) -> Result<Running> {
        let mut args = vec!["commit-tree", &tree.0, "-m", message];
        if let Some(parent) = parent {
            args.extend(["-p", parent]);
        }
        self.git.start(&args)
    }

    /// Copies what `tree` borrows from the user's objects and `known` (a tree or commit that is safe) does not have:
    /// the user's `gc` could take it (files that were only staged).
    fn pin(&self, tree: &TreeId, known: Option<&str>) -> Result<()> {
        let ids: Vec<Vec<u8>> = if let Some(known) = known {
            let listing = self.git.run(&["diff-tree", "-r", "-t", "-z", "--raw", "--no-renames", known, &tree.0])?;
            let rows = items(&listing).filter(|item| item.starts_with(b":"));
            // `:OLDMODE NEWMODE OLDOID NEWOID STATUS`; a nested repository's commit is not ours to keep.
            let ids = rows.filter_map(|row| {
                let fields: Vec<&[u8]> = row.split(|byte| *byte == b' ').collect();
                let exists = !matches!(fields.get(1), Some(&(b"000000" | b"160000")) | None);
                fields.get(3).filter(|_| exists).map(|id| id.to_vec())
            });
            ids.chain([tree.0.clone().into_bytes()]).collect()
        } else {
            let listing = self.git.run(&["rev-list", "--objects", "--no-object-names", &tree.0])?;
            listing.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        let borrowed: Vec<Vec<u8>> = ids.into_iter().filter(|id| id.len() > 2 && !self.is_own_loose(id)).collect();
        if borrowed.is_empty() {
            return Ok(());
        }
        let pack = self.git.dir.join("objects/pack/pack");
        let mut args: Vec<std::ffi::OsString> =
            ["pack-objects", "-q", "--compression=0", "--window=0"].map(Into::into).to_vec();
        args.push(pack.into());
        let mut list = borrowed.join(&b'\n');
        list.push(b'\n');
        self.git.feed(&args, &list).map(drop)
    }

    /// Whether an object is a loose one of the shadow's own.
    fn is_own_loose(&self, id: &[u8]) -> bool {
        let (folder, file) = id.split_at(2);
        let name = |bytes| String::from_utf8_lossy(bytes).into_owned();
        self.git.dir.join("objects").join(name(folder)).join(name(file)).exists()
    }
}

/// Writes the index as a tree.
pub(super) fn write_tree(git: &Git) -> Result<TreeId> {
    Ok(TreeId(line(&git.run(&["write-tree"])?)))
}

/// Whether a named path is what it seems: a file or nothing, of a size that never matters, in folders of this
/// repository that are no links.
fn is_plain(project: &Path, path: &ProjectPath) -> bool {
    let mut folder = project.to_owned();
    let parts: Vec<_> = path.as_path().components().collect();
    for part in &parts[..parts.len() - 1] {
        folder.push(part);
        match folder.symlink_metadata() {
            Ok(meta) if !meta.is_dir() || folder.join(".git").exists() => return false,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    path.under(project).symlink_metadata().map_or(true, |meta| !meta.is_dir() && meta.len() <= LARGEST_UNTRACKED)
}
