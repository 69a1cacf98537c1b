//! A project in a temporary folder, with or without git, and an agent's work in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use orchestrator_tui::edge::workspace::{Landing, MergeOutcome, Shadow, Undo};
use orchestrator_tui::model::id::{LandingId, Slot};
use orchestrator_tui::model::own_writes::OwnWrites;
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::workspace::{Snapshot, TreeId};

/// What stands at a path: kind and mode, and the bytes or the target.
pub(crate) type Picture = BTreeMap<Vec<u8>, (u32, Vec<u8>)>;

/// A file that does not exist, for git to read no settings from.
pub(crate) const NOTHING: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-such-file");

/// The slot that tests work in.
pub(crate) const SLOT: Slot = Slot(1);

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) project: PathBuf,
    pub(crate) own: OwnWrites,
}

impl World {
    /// A folder without git.
    pub(crate) fn plain() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir(&project).unwrap();
        Self { folder, project, own: OwnWrites::default() }
    }

    /// A repository without commits.
    pub(crate) fn unborn() -> Self {
        let world = Self::plain();
        world.init(&[]);
        world
    }

    /// A repository with one commit of these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let world = Self::unborn();
        for (name, text) in files {
            world.write(name, text);
        }
        world.commit_all();
        world
    }

    /// Makes the project a repository that no configuration of the machine's user touches.
    pub(crate) fn init(&self, args: &[&str]) {
        let all: Vec<&str> = ["init", "-q"].into_iter().chain(args.iter().copied()).collect();
        self.git(&all);
        for (key, value) in
            [("core.autocrlf", "false"), ("core.excludesFile", NOTHING), ("user.name", "u"), ("user.email", "u@x")]
        {
            self.git(&["config", key, value]);
        }
    }

    pub(crate) fn commit_all(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "work"]);
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.project, args)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn open(&self) -> Shadow {
        Shadow::open(&self.project, &self.state()).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        write(&self.project, name, text);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.project.join(name)).unwrap()).unwrap()
    }

    /// All that stands in the project, without `.git`.
    pub(crate) fn picture(&self) -> Picture {
        picture(&self.project, false)
    }

    /// All that stands in the user's repository.
    pub(crate) fn git_picture(&self) -> Picture {
        picture(&self.project.join(".git"), true)
    }

    /// Lets an agent work in a workspace; returns the snapshot it began with and its result.
    #[expect(clippy::unused_self, reason = "it reads as what happens in this world")]
    pub(crate) fn fix(&self, shadow: &Shadow, work: impl FnOnce(&Path)) -> (Snapshot, TreeId) {
        let base = shadow.snapshot(None).unwrap();
        let prepared = shadow.prepare(SLOT, &base, &[], &[]).unwrap();
        work(&prepared.folder);
        let result = shadow.collect(SLOT, &base).unwrap();
        (base, result)
    }

    /// Merges and lands a result that must merge.
    pub(crate) fn land(&self, shadow: &Shadow, id: u32, base: &Snapshot, result: &TreeId) -> Landing {
        let merge = shadow.merge(base, result).unwrap();
        let MergeOutcome::Clean(merged) = merge.outcome else { panic!("{:?}", merge.outcome) };
        shadow.land(LandingId(id), &merge.ours, &merged, &self.own).unwrap()
    }

    /// Works, lands and undoes; the tree must be as before, byte for byte. Returns what stood in between.
    pub(crate) fn there_and_back(&self, work: impl FnOnce(&Path)) -> Picture {
        let shadow = self.open();
        let (base, result) = self.fix(&shadow, work);
        let before = self.picture();
        let landing = self.land(&shadow, 1, &base, &result);
        assert!(matches!(landing, Landing::Landed { .. }), "{landing:?}");
        let landed = self.picture();
        assert_eq!(shadow.snapshot(None).unwrap().tree, result, "what landed is what was merged");
        let undo = shadow.undo(LandingId(1), &self.own).unwrap();
        assert!(matches!(undo, Undo::Undone { .. }), "{undo:?}");
        assert_eq!(show(&self.picture()), show(&before));
        assert_eq!(shadow.undo(LandingId(1), &self.own).unwrap(), Undo::AlreadyUndone);
        landed
    }
}

/// A picture in a form that a failed test can show.
pub(crate) fn show(picture: &Picture) -> Vec<String> {
    picture
        .iter()
        .map(|(path, (mode, bytes))| {
            format!("{} {mode:o} {:?}", String::from_utf8_lossy(path), String::from_utf8_lossy(bytes))
        })
        .collect()
}

pub(crate) fn path(name: &str) -> ProjectPath {
    ProjectPath::new(name).unwrap()
}

pub(crate) fn write(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn link(root: &Path, name: &str, target: &str) {
    let _ = fs::remove_file(root.join(name));
    symlink(target, root.join(name)).unwrap();
}

/// Runs git as a user would, without the configuration of whoever runs the tests.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", NOTHING).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

pub(crate) fn picture(root: &Path, with_git: bool) -> Picture {
    let mut found = Picture::new();
    add(root, root, with_git, &mut found);
    found
}

fn add(folder: &Path, root: &Path, with_git: bool, found: &mut Picture) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if !with_git && entry.file_name() == OsStr::new(".git") {
            continue;
        }
        let full = entry.path();
        let meta = full.symlink_metadata().unwrap();
        let bytes = if meta.is_symlink() {
            fs::read_link(&full).unwrap().as_os_str().as_bytes().to_vec()
        } else if meta.is_file() {
            fs::read(&full).unwrap()
        } else {
            Vec::new()
        };
        let name = full.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        found.insert(name, (meta.mode(), bytes));
        if meta.is_dir() {
            add(&full, root, with_git, found);
        }
    }
}
