//! How an index is brought up to date with a folder: what changed is found, taken in, and what cannot be is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::{Result, WorkspaceError};
use super::git::{Git, items, joined};
use super::user_repo::is_absent;
use crate::model::path::ProjectPath;
use crate::model::workspace::LeftOut;

/// How often a file that changes while it is read is read again before the last reading counts.
const READINGS: u32 = 4;

/// What a scan of a folder is to leave alone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits<'a> {
    /// Untracked files above so many bytes are left out.
    pub(super) untracked: Option<u64>,
    /// Paths that are not part of the result, with everything below them.
    pub(super) without: &'a [ProjectPath],
}

/// What a scan did.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// Whether the index changed.
    pub(super) changed: bool,
    /// What is not in it, and why.
    pub(super) left_out: Vec<LeftOut>,
}

/// What of a file tells that it changed while it was read.
type Stamp = (u64, u64, i64, i64, i64, i64);

/// What stands at a path of the folder.
enum Standing {
    Gone,
    Folder,
    File(Stamp, u64),
    Other,
}

/// Finds every difference between index and folder, ignore rules applied, and takes it in.
pub(super) fn scan(git: &Git, limits: Limits<'_>) -> Result<Scan> {
    let differing = git.start(&["diff-files", "-z", "--raw", "--ignore-submodules=all"])?;
    let untracked = git.start(&["ls-files", "-o", "--exclude-standard", "-z"])?;
    let (differing, untracked) = (differing.finish()?, untracked.finish()?);
    let mut scan = Scan::default();
    let mut tracked = BTreeSet::new();
    let mut fields = items(&differing);
    while let (Some(modes), Some(path)) = (fields.next(), fields.next()) {
        let gitlink = modes.starts_with(b":160000");
        if let Some(path) = ProjectPath::from_bytes(path)
            && !(gitlink && path.under(&git.tree).is_dir())
        {
            tracked.insert(path);
        }
    }
    let mut new = BTreeSet::new();
    for path in items(&untracked) {
        let Some(file) = ProjectPath::from_bytes(path) else { continue };
        if path.ends_with(b"/") {
            scan.leave_out(file, "it is a git repository of its own; its content is not in snapshots");
        } else {
            new.insert(file);
        }
    }
    let is_without = |path: &ProjectPath| limits.without.iter().any(|root| is_below(path, root));
    tracked.retain(|path| !is_without(path));
    new.retain(|path| !is_without(path));
    scan.left_out.retain(|left| !is_without(&left.path));
    take_in(git, tracked, new, limits.untracked, &mut scan)?;
    Ok(scan)
}

/// Takes the present state of tracked and of new files into the index, again and again while they change.
pub(super) fn take_in(
    git: &Git,
    mut tracked: BTreeSet<ProjectPath>,
    mut new: BTreeSet<ProjectPath>,
    largest: Option<u64>,
    scan: &mut Scan,
) -> Result<()> {
    for _ in 0..READINGS {
        if tracked.is_empty() && new.is_empty() {
            return Ok(());
        }
        let mut gone = Vec::new();
        let mut present: BTreeMap<&ProjectPath, Stamp> = BTreeMap::new();
        let mut parents = BTreeMap::new();
        for (path, is_new) in tracked.iter().map(|path| (path, false)).chain(new.iter().map(|path| (path, true))) {
            let standing =
                if in_real_folders(&git.tree, path, &mut parents) { look(&git.tree, path)? } else { Standing::Gone };
            match standing {
                Standing::File(_, size) if is_new && largest.is_some_and(|largest| size > largest) => {
                    scan.leave_out(path.clone(), &format!("it is untracked and has {} MB", size / 1_000_000));
                }
                Standing::File(stamp, _) => {
                    present.insert(path, stamp);
                }
                Standing::Gone | Standing::Folder | Standing::Other if !is_new => gone.push(path),
                Standing::Gone | Standing::Folder | Standing::Other => {}
            }
        }
        // Away first: a file may stand where a folder was.
        if !gone.is_empty() {
            let paths = joined(gone.iter().map(|path| path.as_bytes()));
            git.feed(&["update-index", "-z", "--force-remove", "--stdin"], &paths)?;
            scan.changed = true;
        }
        let paths: Vec<_> = present.keys().copied().collect();
        if !paths.is_empty() {
            add(git, &paths, scan)?;
            scan.changed = true;
        }
        let unsteady: BTreeSet<ProjectPath> = present
            .iter()
            .filter(|(path, stamp)| !matches!(look(&git.tree, path), Ok(Standing::File(now, _)) if now == **stamp))
            .map(|(path, _)| (*path).clone())
            .filter(|path| !scan.left_out.iter().any(|left| left.path == *path))
            .collect();
        new.clear();
        tracked = unsteady;
    }
    Ok(())
}

/// Adds files; those that git cannot read are found by halving, and left out with git's reason.
fn add(git: &Git, paths: &[&ProjectPath], scan: &mut Scan) -> Result<()> {
    let list = joined(paths.iter().map(|path| path.as_bytes()));
    match git.feed(&["update-index", "-z", "--add", "--remove", "--replace", "--stdin"], &list) {
        Ok(_) => Ok(()),
        Err(WorkspaceError::Git { stderr, .. }) if paths.len() == 1 => {
            let reason = stderr.trim_start_matches("error: ").trim_start_matches("fatal: ");
            scan.leave_out(paths[0].clone(), &format!("git cannot take it in: {reason}"));
            Ok(())
        }
        Err(WorkspaceError::Git { .. }) => {
            let (left, right) = paths.split_at(paths.len() / 2);
            add(git, left, scan)?;
            add(git, right, scan)
        }
        Err(other) => Err(other),
    }
}

impl Scan {
    /// Notes something that is not in the snapshot.
    fn leave_out(&mut self, path: ProjectPath, why: &str) {
        self.left_out.push(LeftOut { path, why: why.to_owned() });
    }
}

/// Looks what stands at a path, links not followed.
fn look(root: &Path, path: &ProjectPath) -> Result<Standing> {
    let full = path.under(root);
    match fs::symlink_metadata(&full) {
        Ok(meta) if meta.is_dir() => Ok(Standing::Folder),
        Ok(meta) if meta.is_file() || meta.is_symlink() => {
            let stamp = (meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
            Ok(Standing::File(stamp, meta.size()))
        }
        Ok(_) => Ok(Standing::Other),
        Err(error) if is_absent(&error) => Ok(Standing::Gone),
        Err(source) => Err(WorkspaceError::NotReadable { path: full, source }),
    }
}

/// Whether every folder above a path is a folder and not a link; what is behind a link is not part of the tree.
fn in_real_folders(root: &Path, path: &ProjectPath, known: &mut BTreeMap<ProjectPath, bool>) -> bool {
    let Some(parent) = path.as_path().parent().and_then(ProjectPath::new) else { return true };
    if let Some(real) = known.get(&parent) {
        return *real;
    }
    let real =
        in_real_folders(root, &parent, known) && parent.under(root).symlink_metadata().is_ok_and(|meta| meta.is_dir());
    known.insert(parent, real);
    real
}

/// Whether `path` is `root` or lies below it.
pub(super) fn is_below(path: &ProjectPath, root: &ProjectPath) -> bool {
    path.as_path().starts_with(root.as_path())
}
