//! Where the user's repository is and where it stands, read from its files without starting git.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::{Result, WorkspaceError};
use super::git::{Git, line};
use crate::model::workspace::{GitOperation, RepoState};

/// How many symbolic references are followed before the chain counts as a loop (git's own limit).
const DEEPEST_REF: u32 = 5;

/// The user's repository; only ever read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserRepo {
    /// The folder with HEAD and the index; of a linked worktree, its own.
    pub(super) git_dir: PathBuf,
    /// The folder with objects, refs and configuration.
    pub(super) common_dir: PathBuf,
    /// The top folder of the working tree.
    pub(super) top: PathBuf,
    /// The project's place below the top; empty when it is the top.
    pub(super) prefix: PathBuf,
}

impl UserRepo {
    /// Finds the repository that `project` (absolute, without links) belongs to; `None` if there is none.
    pub(super) fn discover(project: &Path) -> Result<Option<Self>> {
        for top in project.ancestors() {
            let entry = top.join(".git");
            let git_dir = match fs::metadata(&entry) {
                Ok(found) if found.is_dir() => entry,
                Ok(_) => linked(top, &entry)?,
                Err(error) if is_absent(&error) => continue,
                Err(source) => return Err(WorkspaceError::NotReadable { path: entry, source }),
            };
            let head = git_dir.join("HEAD");
            match fs::symlink_metadata(&head) {
                Ok(_) => {}
                Err(error) if is_absent(&error) => continue,
                Err(source) => return Err(WorkspaceError::NotReadable { path: head, source }),
            }
            let common_dir = match read(&git_dir.join("commondir"))? {
                Some(text) => absolute(&git_dir, &text),
                None => git_dir.clone(),
            };
            let prefix = project.strip_prefix(top).unwrap_or(Path::new("")).to_owned();
            return Ok(Some(Self { git_dir, common_dir, top: top.to_owned(), prefix }));
        }
        Ok(None)
    }

    /// Returns the folder with the objects.
    pub(super) fn objects(&self) -> PathBuf {
        self.common_dir.join("objects")
    }

    /// Returns git commands on the user's own repository; only for those that read.
    pub(super) fn git(&self) -> Git {
        Git { dir: self.git_dir.clone(), tree: self.top.clone(), index: self.git_dir.join("index") }
    }

    /// Reads where HEAD points and what is under way.
    pub(super) fn state(&self) -> Result<RepoState> {
        let (head, branch) = if self.common_dir.join("reftable").is_dir() {
            let git = self.git();
            let told = |args: &[&str]| git.output(args, b"").map(|out| out.status.success().then(|| line(&out.stdout)));
            (
                told(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?,
                told(&["symbolic-ref", "--quiet", "--short", "HEAD"])?,
            )
        } else {
            let text = read(&self.git_dir.join("HEAD"))?.unwrap_or_default();
            match text.strip_prefix(b"ref: ") {
                None => (hex(&text), None),
                Some(name) => {
                    let branch = name.strip_prefix(b"refs/heads/").unwrap_or(name);
                    (self.resolve(name, 0)?, Some(String::from_utf8_lossy(branch).into_owned()))
                }
            }
        };
        Ok(RepoState { head, branch, operation: self.operation() })
    }

    /// Returns what the user is in the middle of; a rebase that stopped in a cherry-pick is a rebase.
    fn operation(&self) -> Option<GitOperation> {
        [
            ("rebase-merge", GitOperation::Rebase),
            ("rebase-apply", GitOperation::Rebase),
            ("MERGE_HEAD", GitOperation::Merge),
            ("CHERRY_PICK_HEAD", GitOperation::CherryPick),
            ("REVERT_HEAD", GitOperation::Revert),
            ("BISECT_LOG", GitOperation::Bisect),
        ]
        .into_iter()
        .find_map(|(marker, operation)| self.git_dir.join(marker).exists().then_some(operation))
    }

    /// Resolves a reference: loose, then packed.
    fn resolve(&self, name: &[u8], depth: u32) -> Result<Option<String>> {
        let relative = Path::new(OsStr::from_bytes(name));
        if let Some(text) = read(&self.common_dir.join(relative))? {
            return match text.strip_prefix(b"ref: ") {
                Some(next) if depth < DEEPEST_REF => self.resolve(next, depth + 1),
                Some(_) => Ok(None),
                None => Ok(hex(&text)),
            };
        }
        let packed = read(&self.common_dir.join("packed-refs"))?.unwrap_or_default();
        let found = packed.split(|byte| *byte == b'\n').find_map(|row| {
            let (id, rest) = row.split_at_checked(row.iter().position(|byte| *byte == b' ')?)?;
            (rest.get(1..) == Some(name)).then(|| hex(id)).flatten()
        });
        Ok(found)
    }

    /// Returns the files and folders whose change may mean that HEAD moved or an operation began or ended.
    pub(super) fn files_to_watch(&self) -> Vec<PathBuf> {
        let mut files = vec![self.git_dir.join("HEAD"), self.git_dir.clone()];
        let text = read(&self.git_dir.join("HEAD")).ok().flatten().unwrap_or_default();
        if let Some(name) = text.strip_prefix(b"ref: ") {
            let reference = self.common_dir.join(OsStr::from_bytes(name));
            files.extend(reference.parent().map(Path::to_owned));
        }
        if self.common_dir != self.git_dir {
            files.push(self.common_dir.clone());
        }
        files
    }
}

/// Follows a `.git` file to the folder it names.
fn linked(top: &Path, entry: &Path) -> Result<PathBuf> {
    let text = read(entry)?.unwrap_or_default();
    match text.strip_prefix(b"gitdir: ") {
        Some(target) => Ok(absolute(top, target)),
        None => {
            Err(WorkspaceError::Damaged { path: entry.to_owned(), why: "it does not say `gitdir: …`".to_owned() })
        }
    }
}

/// Reads a small file without its last line end; `None` if it does not exist or is a folder.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(mut bytes) => {
            while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                bytes.pop();
            }
            Ok(Some(bytes))
        }
        Err(error) if is_absent(&error) || error.kind() == io::ErrorKind::IsADirectory => Ok(None),
        Err(source) => Err(WorkspaceError::NotReadable { path: path.to_owned(), source }),
    }
}

/// Whether an error says that nothing stands there.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Resolves a path that a file in `base` names, and takes `..` out of it where the folder exists.
fn absolute(base: &Path, named: &[u8]) -> PathBuf {
    let path = base.join(OsStr::from_bytes(named));
    path.canonicalize().unwrap_or(path)
}

/// Returns an object id, if that is what it is.
fn hex(bytes: &[u8]) -> Option<String> {
    let fits = matches!(bytes.len(), 40 | 64) && bytes.iter().all(u8::is_ascii_hexdigit);
    fits.then(|| String::from_utf8_lossy(bytes).into_owned())
}
