//! A workspace: the private folder of a slot, put to a snapshot, and its result read back.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::aside::pattern;
use super::carry::{self, write};
use super::error::{At, Result, WorkspaceError};
use super::git::{Git, items};
use super::scan::{Limits, is_below, scan};
use super::shadow::{Shadow, copy_with_time};
use super::snapshot::write_tree;
use super::user_repo::UserRepo;
use crate::model::id::Slot;
use crate::model::path::ProjectPath;
use crate::model::workspace::{Snapshot, TreeId};

/// Files that pin a project's dependencies.
const LOCK_FILES: &[&str] = &[
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "requirements*.txt",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
];

/// A workspace that is ready to work in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// What it lacks that was asked for, and why; for a person to read.
    pub warnings: Vec<String>,
    /// A hash over the lock files in the snapshot; compare with [`Shadow::is_prepared`].
    pub lock_hash: String,
}

/// What we know of a slot between two uses; kept in `slot-N.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SlotRecord {
    /// The lock hash that `prepare` was last run for.
    pub(super) prepared: Option<String>,
    /// What was copied or linked into it: the path, and a stamp of the source.
    pub(super) supplied: BTreeMap<String, Supplied>,
}

/// One file or folder that was copied or linked into a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Supplied {
    pub(super) path: ProjectPath,
    /// The stamp of the source when it was copied; `None` for a link.
    pub(super) stamp: Option<String>,
}

impl SlotRecord {
    /// Returns what was supplied: no part of the result, and not to be cleaned away.
    fn supplied_paths(&self) -> Vec<ProjectPath> {
        self.supplied.values().map(|supplied| supplied.path.clone()).collect()
    }
}

impl Shadow {
    /// Puts the workspace of `slot` to `snapshot`: files, a private repository with HEAD there, and what it lacks
    /// (`copy`, `link`: paths relative to the project). Ignored files of the last use, build folders, survive.
    ///
    /// # Errors
    /// When git fails, or the folder cannot be written.
    pub fn prepare(&self, slot: Slot, snapshot: &Snapshot, copy: &[String], link: &[String]) -> Result<Prepared> {
        let _held = self.lock(&slot_name(slot))?;
        let folder = self.workspace(slot);
        let mut record = self.record(slot)?;
        if !folder.is_dir() {
            record = SlotRecord::default();
            let _ = fs::remove_file(self.index(&slot_name(slot)));
        }
        fs::create_dir_all(&folder).at("create", &folder)?;
        if self.put(slot, &snapshot.tree, &record).is_err() {
            // An agent can leave what git cannot clear, like folders without permission. The slot gets a new folder.
            self.set_workspace_aside(slot)?;
            record = SlotRecord::default();
            self.put(slot, &snapshot.tree, &record)?;
        }
        let warnings = self.supply(slot, copy, link, &mut record)?;
        self.write_record(slot, &record)?;
        self.make_private_repository(slot, snapshot, &record)?;
        let lock_hash = lock_hash(&self.slot_git(slot))?;
        Ok(Prepared { folder, warnings, lock_hash })
    }

    /// Reads the result in the workspace of `slot` as a tree; `base` is what it was prepared with.
    /// Read with our own index: nothing in the agent's `.git` counts. Nested repositories are not part of a result.
    ///
    /// # Errors
    /// When git fails.
    pub fn collect(&self, slot: Slot, base: &Snapshot) -> Result<TreeId> {
        let _held = self.lock(&slot_name(slot))?;
        let git = self.slot_git(slot);
        let without = self.record(slot)?.supplied_paths();
        scan(&git, Limits { untracked: None, without: &without })?;
        let tree = write_tree(&git)?;
        if tree != base.tree {
            self.keep_object(&tree.0)?;
        }
        Ok(tree)
    }

    /// Puts `tree` into the workspace of `slot`: a merged tree to check, or the base for another attempt.
    /// The private repository keeps its HEAD; its index follows.
    ///
    /// # Errors
    /// When git fails.
    pub fn restore(&self, slot: Slot, tree: &TreeId) -> Result<()> {
        let _held = self.lock(&slot_name(slot))?;
        let record = self.record(slot)?;
        self.put(slot, tree, &record)?;
        let folder = self.workspace(slot).join(".git");
        if folder.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            let _ = copy_with_time(&self.index(&slot_name(slot)), &folder.join("index"));
        }
        Ok(())
    }

    /// Notes that the `prepare` command succeeded in the workspace of `slot` for lock files with this hash.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub fn mark_prepared(&self, slot: Slot, lock_hash: &str) -> Result<()> {
        let _held = self.lock(&slot_name(slot))?;
        let mut record = self.record(slot)?;
        record.prepared = Some(lock_hash.to_owned());
        self.write_record(slot, &record)
    }

    /// Whether the `prepare` command was run in the workspace of `slot` for lock files with this hash.
    ///
    /// # Errors
    /// When the note cannot be read.
    pub fn is_prepared(&self, slot: Slot, lock_hash: &str) -> Result<bool> {
        Ok(self.workspace(slot).is_dir() && self.record(slot)?.prepared.as_deref() == Some(lock_hash))
    }

    /// Returns the folder of a slot.
    pub fn workspace(&self, slot: Slot) -> PathBuf {
        self.state.join("work").join(slot.0.to_string())
    }

    /// Returns git commands on the workspace of a slot.
    pub(super) fn slot_git(&self, slot: Slot) -> Git {
        self.git.with(&self.workspace(slot), &self.index(&slot_name(slot)))
    }

    /// Puts a tree into a workspace and clears what is not part of it and not ignored.
    fn put(&self, slot: Slot, tree: &TreeId, record: &SlotRecord) -> Result<()> {
        let git = self.slot_git(slot);
        let without = record.supplied_paths();
        let mut clean: Vec<OsString> = vec!["clean".into(), "-qffd".into()];
        for path in &without {
            clean.push("-e".into());
            clean.push(pattern(path));
        }
        // Nearly always all is well after the first step: what the last agent added is known since its result was read.
        git.run(&["read-tree", "-u", "--reset", &tree.0])?;
        if differing(&git, &["--directory"], &without)? == (false, false) {
            return Ok(());
        }
        // An agent that put a link in the place of a folder needs more rounds than one: behind the link all files
        // seem to be in order until it is cleared away.
        for _ in 0..3 {
            git.run(&clean)?;
            git.run(&["read-tree", "-u", "--reset", &tree.0])?;
            if differing(&git, &[], &without)? == (false, false) {
                return Ok(());
            }
        }
        Err(WorkspaceError::Io {
            what: "put a tree into",
            path: git.tree,
            source: std::io::Error::other("files keep differing from it"),
        })
    }

    /// Gives the workspace a `.git` of its own, in the place of whatever the last agent left: no remote, no hooks,
    /// and whatever is done in it reaches neither the user's repository nor ours.
    fn make_private_repository(&self, slot: Slot, snapshot: &Snapshot, record: &SlotRecord) -> Result<()> {
        let dir = self.workspace(slot).join(".git");
        match dir.symlink_metadata() {
            Ok(meta) if meta.is_dir() => fs::remove_dir_all(&dir).at("clear", &dir)?,
            Ok(_) => fs::remove_file(&dir).at("clear", &dir)?,
            Err(_) => {}
        }
        let mut config = fs::read(self.git.dir.join("config")).at("read", &self.git.dir)?;
        config.extend(b"[core]\n\tbare = false\n[commit]\n\tgpgsign = false\n[tag]\n\tgpgsign = false\n");
        let mut stores: Vec<_> = self.repo.as_ref().map(UserRepo::objects).into_iter().collect();
        stores.push(self.git.dir.join("objects"));
        carry::lay_out(&dir, &snapshot.commit, &config, &stores)?;
        let mut exclude = fs::read(self.git.dir.join("info/exclude")).unwrap_or_default();
        for path in record.supplied_paths() {
            exclude.extend(pattern(&path).into_vec());
            exclude.push(b'\n');
        }
        write(&dir.join("info/exclude"), &exclude)?;
        for name in ["info/attributes", "shallow"] {
            if let Ok(bytes) = fs::read(self.git.dir.join(name)) {
                write(&dir.join(name), &bytes)?;
            }
        }
        copy_with_time(&self.index(&slot_name(slot)), &dir.join("index"))
    }

    /// Moves a workspace that cannot be reset out of the way; it is not deleted here, that could take a minute.
    fn set_workspace_aside(&self, slot: Slot) -> Result<()> {
        let folder = self.workspace(slot);
        let free = (0..u32::MAX)
            .map(|number| self.state.join("work").join(format!("old-{}-{number}", slot.0)))
            .find(|path| path.symlink_metadata().is_err());
        if let Some(free) = free {
            fs::rename(&folder, &free).at("set aside", &folder)?;
        }
        let _ = fs::remove_file(self.index(&slot_name(slot)));
        fs::create_dir_all(&folder).at("create", &folder)
    }

    /// Reads what is known of a slot.
    fn record(&self, slot: Slot) -> Result<SlotRecord> {
        let path = self.record_file(slot);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|error| WorkspaceError::Damaged { path, why: error.to_string() })
            }
            Err(error) if super::user_repo::is_absent(&error) => Ok(SlotRecord::default()),
            Err(source) => Err(WorkspaceError::Io { what: "read", path, source }),
        }
    }

    fn write_record(&self, slot: Slot, record: &SlotRecord) -> Result<()> {
        let path = self.record_file(slot);
        let bytes = serde_json::to_vec(record).map_err(std::io::Error::from).at("write", &path)?;
        write(&path, &bytes)
    }

    fn record_file(&self, slot: Slot) -> PathBuf {
        self.state.join("work").join(format!("{}.json", slot.0))
    }
}

/// Whether tracked files of a folder differ from its index, and whether there are untracked ones that do not belong.
fn differing(git: &Git, options: &[&str], without: &[ProjectPath]) -> Result<(bool, bool)> {
    let tracked = git.start(&["diff-files", "-z", "--name-only", "--ignore-submodules=all"])?;
    let args: Vec<&str> = ["ls-files", "-o", "--exclude-standard", "-z"].iter().chain(options).copied().collect();
    let untracked = git.run(&args)?;
    let stray = items(&untracked)
        .filter_map(ProjectPath::from_bytes)
        .any(|path| !without.iter().any(|root| is_below(&path, root)));
    Ok((!tracked.finish()?.is_empty(), stray))
}

/// Returns the name of a slot's lock and index.
fn slot_name(slot: Slot) -> String {
    format!("slot-{}", slot.0)
}

/// Returns the hash over all lock files in the index of a workspace.
fn lock_hash(git: &Git) -> Result<String> {
    let mut args = vec!["ls-files".to_owned(), "-s".to_owned(), "-z".to_owned(), "--".to_owned()];
    args.extend(LOCK_FILES.iter().map(|name| format!(":(glob)**/{name}")));
    let listing = git.run(&args)?;
    Ok(format!("{:x}", Sha256::digest(listing)))
}
