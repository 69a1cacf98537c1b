//! What the hook and the fence of one run go by, as a file that the agent cannot write; and the look at its workspace.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::core::policy::World;
use crate::model::policy::PolicyScope;

/// Scripts longer than this are not read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What one run may do, and where its commands may write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// What verdicts go by.
    pub scope: PolicyScope,
    /// Folders and devices that its commands can write at all, where the kernel sees to that.
    pub fence: Vec<PathBuf>,
    /// Variables that its commands keep although they hold a secret: a person gave them to the agent.
    pub keep: Vec<String>,
}

impl Guard {
    /// Writes it into a file of the user's own.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, serde_json::to_vec(self)?)
    }

    /// Reads it again.
    ///
    /// # Errors
    /// If the file cannot be read, or is not what was written.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }
}

/// The workspace as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    folder: PathBuf,
}

impl Tree {
    /// Looks at a folder, absolute and free of links.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn git(&self, args: &[&str]) -> Option<Vec<u8>> {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT"] {
            command.env_remove(name);
        }
        let done = command.arg("-C").arg(&self.folder).args(args).stdin(Stdio::null()).stderr(Stdio::null()).output();
        done.ok().filter(|done| done.status.success()).map(|done| done.stdout)
    }

    /// Returns the folders of its repository: its own, and in a linked worktree the shared one.
    pub fn repositories(&self) -> Vec<PathBuf> {
        let list =
            self.git(&["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"]).unwrap_or_default();
        let mut folders: Vec<PathBuf> = String::from_utf8_lossy(&list).lines().map(PathBuf::from).collect();
        folders.dedup();
        folders
    }

    /// Returns where every ref points, HEAD included; `None` without a repository.
    pub fn refs(&self) -> Option<BTreeMap<String, String>> {
        let text = self.git(&["for-each-ref", "--format=%(refname) %(objectname)"])?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut refs: BTreeMap<String, String> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .collect();
        let said = |args: &[&str]| self.git(args).map(|out| String::from_utf8_lossy(&out).trim().to_owned());
        let head = said(&["symbolic-ref", "-q", "HEAD"]).or_else(|| said(&["rev-parse", "-q", "--verify", "HEAD"]));
        refs.extend(head.map(|head| ("HEAD".to_owned(), head)));
        Some(refs)
    }
}

/// Returns the names of refs that are not as they were.
pub fn moved(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

impl World for Tree {
    fn read(&self, file: &Path) -> Option<String> {
        // No pipes, no devices, nothing endless.
        fs::metadata(file).ok().filter(|meta| meta.is_file() && meta.len() <= LONGEST)?;
        fs::read(file).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn is_untouched(&self, file: &Path) -> bool {
        let Some(inside) = file.strip_prefix(&self.folder).ok().and_then(Path::to_str) else { return false };
        let then = self.git(&["cat-file", "blob", &format!("HEAD:./{inside}")]);
        then.is_some() && then == fs::read(file).ok()
    }

    fn project_files(&self) -> Vec<String> {
        if let Some(list) = self.git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]) {
            let names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            return names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        }
        // No repository, or none with a commit: what is there and not ignored.
        let walk = ignore::WalkBuilder::new(&self.folder).hidden(false).build().flatten();
        let files = walk.filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()));
        files
            .filter_map(|entry| entry.path().strip_prefix(&self.folder).ok()?.to_str().map(str::to_owned))
            .filter(|name| !name.starts_with(".git/"))
            .collect()
    }

    fn exists(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }

    fn real(&self, path: &Path) -> PathBuf {
        for there in path.ancestors() {
            if let (Ok(real), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
                return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
            }
            // A link that leads nowhere yet: what is written there appears where it points.
            if let (Ok(target), Ok(rest)) = (fs::read_link(there), path.strip_prefix(there)) {
                return there.parent().unwrap_or(Path::new("/")).join(target).join(rest);
            }
        }
        path.to_owned()
    }
}
