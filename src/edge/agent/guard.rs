//! What the hook and the fence of one run go by, as a file that the agent cannot write; and the look at its workspace.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::core::policy::World;
use crate::model::policy::{Base, PolicyScope};

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

/// The workspace as it is on disk, compared with what it was.
///
/// Of the repository inside of it nothing is believed and nothing runs: whoever works there can write its
/// configuration. What the work began from is read in a repository that is not theirs; where there is none, in the
/// user's own tree, only what configures no program is asked of git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    folder: PathBuf,
    base: Option<Base>,
    /// The files of the project, once somebody has asked for them: a request may name many files, and a list is a process.
    files: OnceLock<Vec<String>>,
}

impl Tree {
    /// Looks at the user's own tree: a folder, absolute and free of links.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), base: None, files: OnceLock::new() }
    }

    /// Looks at the folder of a run, for one request.
    pub fn of(scope: &PolicyScope) -> Self {
        Self { folder: scope.workspace.clone(), base: scope.base.clone(), files: OnceLock::new() }
    }

    /// Runs a git command that only reads; the error is what it said.
    fn git(&self, args: &[&str]) -> Result<Vec<u8>, String> {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"] {
            command.env_remove(name);
        }
        // What is not there is not fetched, by whatever program a configuration names for it.
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "").env("GIT_OPTIONAL_LOCKS", "0");
        command.env("LC_ALL", "C").args(["--no-replace-objects", "-c", "core.fsmonitor=false"]);
        match &self.base {
            Some(base) => {
                command.env("GIT_DIR", &base.repository).env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir("/")
            }
            None => command.current_dir(&self.folder),
        };
        let done = command.args(args).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if done.status.success() {
            Ok(done.stdout)
        } else {
            Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
        }
    }

    /// Returns what a file held when the work began.
    fn blob(&self, file: &Path) -> Option<Vec<u8>> {
        let inside = file.strip_prefix(&self.folder).ok()?.to_str()?;
        let name = match &self.base {
            Some(base) => format!("{}:{inside}", base.tree.0),
            None => format!("HEAD:./{inside}"),
        };
        self.git(&["cat-file", "blob", &name]).ok()
    }

    /// Lists the files that were there when the work began and are not ignored, relative to the folder.
    fn list(&self) -> Vec<String> {
        let tree = self.base.as_ref().map_or("HEAD", |base| &base.tree.0);
        if let Ok(list) = self.git(&["ls-tree", "-r", "-z", "--name-only", tree]) {
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

    /// Returns the folders of the user's repository: its own, and in a linked worktree the shared one.
    pub fn repositories(&self) -> Vec<PathBuf> {
        let list =
            self.git(&["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"]).unwrap_or_default();
        let mut folders: Vec<PathBuf> = String::from_utf8_lossy(&list).lines().map(PathBuf::from).collect();
        folders.dedup();
        folders
    }

    /// Returns where every ref of the user's repository points, HEAD included; nothing without a repository.
    ///
    /// # Errors
    /// What git said if it failed: where the refs are then is not known.
    pub fn refs(&self) -> Result<Refs, String> {
        let text = match self.git(&["for-each-ref", "--format=%(refname) %(objectname)"]) {
            Err(why) if why.contains("not a git repository (or") => return Ok(Refs::new()),
            read => read?,
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut refs: Refs = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .collect();
        let said = |args: &[&str]| self.git(args).map(|out| String::from_utf8_lossy(&out).trim().to_owned());
        let head = said(&["symbolic-ref", "-q", "HEAD"]).or_else(|_| said(&["rev-parse", "--verify", "HEAD"]))?;
        refs.insert("HEAD".to_owned(), head);
        Ok(refs)
    }
}

/// Where refs point.
pub type Refs = BTreeMap<String, String>;

/// Reads the refs of the private repository in a workspace from its files. No program does that, and so none that its
/// configuration names.
///
/// # Errors
/// When a file is there and cannot be read: where the refs are then is not known.
pub fn private_refs(workspace: &Path) -> Result<Refs, String> {
    let folder = workspace.join(".git");
    let mut refs = Refs::new();
    let read = |file: &Path| match fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", file.display())),
    };
    for line in read(&folder.join("packed-refs"))?.unwrap_or_default().lines() {
        if let Some((id, name)) = line.split_once(' ').filter(|(id, _)| !id.starts_with(['#', '^'])) {
            refs.insert(name.to_owned(), id.to_owned());
        }
    }
    for entry in ignore::WalkBuilder::new(folder.join("refs")).standard_filters(false).build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) => continue,
            Err(error) => return Err(error.to_string()),
        };
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        let name = entry.path().strip_prefix(&folder).unwrap_or(entry.path()).display().to_string();
        if let Some(id) = read(entry.path())? {
            refs.insert(name, id);
        }
    }
    refs.extend(read(&folder.join("HEAD"))?.map(|head| ("HEAD".to_owned(), head)));
    // Another way to keep refs, which nobody but the agent would have switched to.
    if folder.join("reftable").symlink_metadata().is_ok() {
        refs.insert("reftable".to_owned(), "there".to_owned());
    }
    Ok(refs)
}

/// Returns the names of refs that are not as they were.
pub fn moved(before: &Refs, after: &Refs) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

impl World for Tree {
    fn read(&self, file: &Path) -> Option<String> {
        // No pipes, no devices, nothing endless.
        fs::metadata(file).ok().filter(|meta| meta.is_file() && meta.len() <= LONGEST)?;
        fs::read(file).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn before(&self, file: &Path) -> Option<String> {
        self.blob(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn is_untouched(&self, file: &Path) -> bool {
        let then = self.blob(file);
        then.is_some() && then == fs::read(file).ok()
    }

    fn named(&self, name: &str) -> Vec<PathBuf> {
        let mut walk = ignore::WalkBuilder::new(&self.folder);
        // What is ignored may be run all the same.
        walk.standard_filters(false);
        walk.filter_entry(|entry| !["node_modules", ".git"].iter().any(|other| entry.file_name() == *other));
        let files = walk.build().flatten().filter(|entry| entry.file_name() == name);
        files.map(ignore::DirEntry::into_path).collect()
    }

    fn project_files(&self) -> Cow<'_, [String]> {
        Cow::Borrowed(self.files.get_or_init(|| self.list()))
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::workspace::TreeId;

    fn git(folder: &Path, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=x", "-c", "user.email=x", "-c", "core.hooksPath=/dev/null"]).args(args);
        let done = command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// A workspace with one file, and a repository apart that knows it.
    fn workspace() -> (tempfile::TempDir, PathBuf, PolicyScope) {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        fs::create_dir(&work).unwrap();
        git(&work, &["init", "-q", "."]);
        fs::write(work.join("a.txt"), "a\n").unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-qm", "x"]);
        git(folder.path(), &["clone", "-q", "--bare", "work", "apart.git"]);
        let tree = TreeId(git(&work, &["rev-parse", "HEAD^{tree}"]));
        let base = Some(Base { repository: folder.path().join("apart.git"), tree });
        let scope = PolicyScope { workspace: work.clone(), base, ..PolicyScope::default() };
        (folder, work, scope)
    }

    #[test]
    fn nothing_that_an_agent_writes_into_its_repository_runs_or_counts() {
        let (folder, work, scope) = workspace();
        let (program, ran) = (folder.path().join("program"), folder.path().join("ran"));
        fs::write(&program, format!("#!/bin/sh\necho $0 $* >> {}\nexit 1\n", ran.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let program = program.display().to_string();
        for (key, value) in [
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "evil"),
            ("remote.evil.promisor", "true"),
            ("remote.evil.url", "/nowhere"),
            ("remote.evil.uploadpack", &program),
            ("core.sshCommand", &program),
            ("core.fsmonitor", &program),
            ("core.pager", &program),
            ("core.alternateRefsCommand", &program),
            ("diff.external", &program),
            ("filter.x.smudge", &program),
            ("filter.x.clean", &program),
            ("filter.x.process", &program),
        ] {
            git(&work, &["config", key, value]);
        }
        fs::write(work.join(".git/info/attributes"), "* filter=x diff=x\n").unwrap();
        fs::write(work.join(".git/objects/info/alternates"), "/nowhere/objects\n").unwrap();
        // The tree is gone: whoever asks for it lets git ask the promised remote.
        let objects: Vec<PathBuf> = ignore::WalkBuilder::new(work.join(".git/objects"))
            .build()
            .flatten()
            .map(|e| e.path().to_owned())
            .collect();
        for object in objects.iter().filter(|path| path.is_file() && !path.ends_with("alternates")) {
            fs::remove_file(object).unwrap();
        }
        let tree = Tree::of(&scope);
        assert_eq!(*tree.project_files(), ["a.txt"]);
        assert_eq!(tree.project_files().as_ptr(), tree.project_files().as_ptr(), "asked for once");
        assert!(tree.is_untouched(&work.join("a.txt")));
        fs::write(work.join("a.txt"), "b\n").unwrap();
        assert!(!tree.is_untouched(&work.join("a.txt")));
        assert!(private_refs(&work).unwrap().contains_key("HEAD"));
        // The same where there is no other repository to ask.
        let _ = (Tree::new(&work).project_files(), Tree::new(&work).is_untouched(&work.join("a.txt")));
        let _ = (Tree::new(&work).refs(), Tree::new(&work).repositories());
        assert!(!ran.exists(), "{}", fs::read_to_string(&ran).unwrap());
    }

    #[test]
    fn moved_refs_are_seen_and_an_error_is_no_absence() {
        let (folder, work, _) = workspace();
        let before = private_refs(&work).unwrap();
        assert_eq!(moved(&before, &private_refs(&work).unwrap()), Vec::<String>::new());
        let branch = before["HEAD"].trim_start_matches("ref: ").to_owned();
        git(&work, &["tag", "v1"]);
        git(&work, &["pack-refs", "--all"]);
        assert_eq!(moved(&before, &private_refs(&work).unwrap()), ["refs/tags/v1"]);
        git(&work, &["commit", "-q", "--allow-empty", "-m", "y"]);
        assert_eq!(moved(&before, &private_refs(&work).unwrap()), [branch.as_str(), "refs/tags/v1"]);
        fs::remove_file(work.join(".git/packed-refs")).unwrap();
        fs::create_dir(work.join(".git/packed-refs")).unwrap();
        let why = private_refs(&work).unwrap_err();
        assert!(why.contains("packed-refs"), "{why}");
        fs::remove_dir_all(work.join(".git")).unwrap();
        assert!(moved(&before, &private_refs(&work).unwrap()).contains(&"HEAD".to_owned()), "gone is moved");
        assert_eq!(Tree::new(folder.path()).refs(), Ok(Refs::new()), "no repository");
        fs::write(folder.path().join(".git"), "gitdir: nowhere\n").unwrap();
        Tree::new(folder.path()).refs().unwrap_err();
    }
}
