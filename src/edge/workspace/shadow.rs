//! The shadow repository itself: opened, created, and its index seeded from the user's.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::carry::{self, shadow_git, write};
use super::error::{At, Result, WorkspaceError};
use super::git::{Git, check_version, items, joined};
use super::recover::Recovered;
use super::user_repo::{UserRepo, is_absent};
use crate::model::path::ProjectPath;
use crate::model::workspace::{RepoState, Snapshot};

/// Format of what stands in the shadow's folder; another number there means: make it anew.
const FORMAT: u32 = 1;

/// The shadow repository of one project: snapshots, workspaces, landing and undo.
///
/// All calls block. It may be shared between threads, and between processes: locks in the state folder order them.
#[derive(Debug)]
pub struct Shadow {
    pub(super) project: PathBuf,
    pub(super) state: PathBuf,
    pub(super) repo: Option<UserRepo>,
    pub(super) git: Git,
    pub(super) last: Mutex<Option<Last>>,
    recovered: Vec<Recovered>,
}

/// The last snapshot that this process took of the user's tree.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) head: Option<String>,
    pub(super) snapshot: Snapshot,
    /// Stamp of our index then; another process may have brought it further.
    pub(super) index: Option<String>,
}

/// What the index was seeded from; kept in `seed.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seed {
    format: u32,
    objects: String,
    identity: String,
    carried: String,
    /// Submodules and nested repositories that the user's index names.
    pub(super) gitlinks: Vec<ProjectPath>,
    /// Stamp of the user's index if it leaves files out (sparse checkout): ours must follow it then.
    sparse: Option<String>,
}

/// A lock in the state folder; it holds against other threads and other processes until it is dropped.
pub(super) struct Held {
    _lock: Flock<File>,
}

impl Shadow {
    /// Opens the shadow of `project` in the folder `state`, and creates it on first use.
    ///
    /// A landing or an undo that a crash interrupted is rolled back first; see [`Shadow::recovered`].
    ///
    /// # Errors
    /// When git is missing or too old, the project cannot be read, or the state folder cannot be written.
    pub fn open(project: &Path, state: &Path) -> Result<Self> {
        check_version()?;
        let unreadable = |source| WorkspaceError::NotReadable { path: project.to_owned(), source };
        let project = project.canonicalize().map_err(unreadable)?;
        fs::read_dir(&project).map_err(unreadable)?;
        let state = make_state(state)?;
        let dir = state.join("shadow.git");
        let repo = UserRepo::discover(&project)?;
        let mut shadow = Self {
            git: shadow_git(&dir, &project),
            project,
            state,
            repo,
            last: Mutex::new(None),
            recovered: Vec::new(),
        };
        {
            let _held = shadow.lock("snap")?;
            shadow.repo = repo_that_counts(shadow.repo)?;
            shadow.set_up()?;
        }
        shadow.recovered = shadow.recover()?;
        Ok(shadow)
    }

    /// Opens the shadow of `project` as it is, to read and to take snapshots: nothing is made or mended, which is left to
    /// whoever [opens](Self::open) it. `None` if there is none yet.
    ///
    /// # Errors
    /// When git is missing or too old, or the project cannot be read.
    pub fn look(project: &Path, state: &Path) -> Result<Option<Self>> {
        check_version()?;
        let project = project
            .canonicalize()
            .map_err(|source| WorkspaceError::NotReadable { path: project.to_owned(), source })?;
        let repo = UserRepo::discover(&project)?;
        let git = shadow_git(&state.join("shadow.git"), &project);
        let mut shadow =
            Self { git, project, state: state.to_owned(), repo, last: Mutex::new(None), recovered: Vec::new() };
        shadow.repo = repo_that_counts(shadow.repo)?;
        Ok(shadow.seed()?.is_some().then_some(shadow))
    }

    /// Returns what was rolled back when the shadow was opened, because a crash had interrupted it.
    pub fn recovered(&self) -> &[Recovered] {
        &self.recovered
    }

    /// Returns the project's folder, absolute and without links.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// Reads where the user's repository stands; a project without git stands nowhere. A few file reads, no process.
    ///
    /// # Errors
    /// When a file of the repository exists and cannot be read.
    pub fn repo_state(&self) -> Result<RepoState> {
        self.repo.as_ref().map(UserRepo::state).transpose().map(Option::unwrap_or_default)
    }

    /// Returns the files and folders of the user's repository whose change means: read [`Shadow::repo_state`] again.
    /// The list changes when HEAD moves to another branch. Folders are to be watched without their subfolders.
    pub fn git_files_to_watch(&self) -> Vec<PathBuf> {
        self.repo.as_ref().map(UserRepo::files_to_watch).unwrap_or_default()
    }

    /// Waits for a lock; the index `NAME.index` belongs to the lock `NAME`.
    pub(super) fn lock(&self, name: &str) -> Result<Held> {
        let path = self.state.join("locks").join(name);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).at("open", &path)?;
        let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno.into()).at("lock", &path)?;
        // Whoever holds the lock is alone: a lock file of git's that is still there was left by a killed git.
        let _ = fs::remove_file(self.git.dir.join(format!("{name}.index.lock")));
        Ok(Held { _lock: lock })
    }

    /// Returns the file of one of our indexes.
    pub(super) fn index(&self, name: &str) -> PathBuf {
        self.git.dir.join(format!("{name}.index"))
    }

    /// Returns the last snapshot of this process.
    pub(super) fn last(&self) -> Option<Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers a snapshot.
    pub(super) fn remember(&self, last: Option<Last>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// Creates what is missing and seeds the index if it has none or the user's objects are elsewhere now.
    fn set_up(&self) -> Result<()> {
        let repo = self.repo.as_ref();
        let identity = self.identity();
        if let Some(seed) = self.seed()?
            && seed.format == FORMAT
            && seed.identity == identity
            && self.git.index.exists()
        {
            return self.follow_settings();
        }
        let objects = carry::object_format(repo)?;
        let other = self.seed()?.is_some_and(|seed| seed.format != FORMAT || seed.objects != objects);
        if other {
            set_aside(&self.git.dir)?;
        }
        let stores: Vec<_> = repo.map(UserRepo::objects).into_iter().collect();
        let config = carry::configuration(true, &objects, &[]);
        carry::lay_out(&self.git.dir, "ref: refs/heads/none", &config, &stores)?;
        let refs = self.git.dir.join("refs/snapshots");
        fs::create_dir_all(&refs).at("create", &refs)?;
        let carried = carry::stamp(&self.git.dir, &self.project, repo);
        carry::carry_over(&self.git.dir, &self.project, repo, &objects)?;
        let mut seed = Seed { format: FORMAT, objects, identity, carried, gitlinks: Vec::new(), sparse: None };
        self.seed_index(&mut seed)?;
        self.forget_left_out()?;
        self.write_seed(&seed)
    }

    /// Takes over settings and ignore rules again if one of their files changed.
    pub(super) fn follow_settings(&self) -> Result<()> {
        let Some(mut seed) = self.seed()? else { return Ok(()) };
        let carried = carry::stamp(&self.git.dir, &self.project, self.repo.as_ref());
        let changed = carried != seed.carried;
        if changed {
            carry::carry_over(&self.git.dir, &self.project, self.repo.as_ref(), &seed.objects)?;
            seed.carried = carried;
        }
        let moved = seed.sparse.is_some() && seed.sparse != self.user_index_stamp();
        if moved {
            self.seed_index(&mut seed)?;
        }
        if !changed && !moved {
            return Ok(());
        }
        self.forget_left_out()?;
        self.write_seed(&seed)
    }

    /// Returns what tells one user repository from another: where project and objects are.
    fn identity(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.project.as_os_str().as_bytes());
        if let Some(repo) = &self.repo {
            for path in [&repo.git_dir, &repo.common_dir] {
                hash.update([0]);
                hash.update(path.as_os_str().as_bytes());
            }
        }
        format!("{:x}", hash.finalize())
    }

    /// Reads what the index was seeded from.
    pub(super) fn seed(&self) -> Result<Option<Seed>> {
        let path = self.git.dir.join("seed.json");
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(WorkspaceError::Io { what: "read", path, source }),
        }
    }

    fn write_seed(&self, seed: &Seed) -> Result<()> {
        let bytes = serde_json::to_vec(seed).map_err(io::Error::from);
        let path = self.git.dir.join("seed.json");
        write(&path, &bytes.at("write", &path)?)
    }

    /// Fills our index from the user's: entries, and the file times that make the first snapshot cheap.
    fn seed_index(&self, seed: &mut Seed) -> Result<()> {
        self.remember(None);
        let index = &self.git.index;
        let _ = fs::remove_file(index);
        seed.gitlinks.clear();
        seed.sparse = None;
        match &self.repo {
            Some(repo) if repo.prefix.as_os_str().is_empty() => {
                let theirs = repo.git_dir.join("index");
                if !theirs.exists() {
                    self.git.run(&["read-tree", "--empty"])?;
                    return Ok(());
                }
                self.copy_shared_index(repo)?;
                copy_with_time(&theirs, index)?;
                self.clear_flags(seed)
            }
            Some(repo) => {
                let rows = tracked_below(repo)?.unwrap_or_default();
                self.git.run(&["read-tree", "--empty"])?;
                self.git.feed(&["update-index", "-z", "--index-info"], &rows)?;
                self.clear_flags(seed)
            }
            None => self.git.run(&["read-tree", "--empty"]).map(drop),
        }
    }

    /// Copies the shared parts of a split index; ours is not split and takes them in when it is written.
    fn copy_shared_index(&self, repo: &UserRepo) -> Result<()> {
        for entry in fs::read_dir(&repo.git_dir).at("read", &repo.git_dir)?.flatten() {
            if entry.file_name().as_bytes().starts_with(b"sharedindex.") {
                copy_with_time(&entry.path(), &self.git.dir.join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    /// Clears the bits that would hide changes from us, and notes submodules and files left out of a sparse checkout.
    fn clear_flags(&self, seed: &mut Seed) -> Result<()> {
        let listing = self.git.run(&["ls-files", "-v", "-s", "-z"])?;
        let (mut assumed, mut present) = (Vec::new(), Vec::new());
        for item in items(&listing) {
            // `TAG MODE OID STAGE\tPATH`
            let Some(tab) = item.iter().position(|byte| *byte == b'\t') else { continue };
            let (tag, path) = (item[0], &item[tab + 1..]);
            if item[1..].starts_with(b" 160000 ") {
                seed.gitlinks.extend(ProjectPath::from_bytes(path));
            }
            if tag.is_ascii_lowercase() {
                assumed.push(path);
            }
            if tag.eq_ignore_ascii_case(&b'S') {
                let here = ProjectPath::from_bytes(path)
                    .is_some_and(|path| path.under(&self.project).symlink_metadata().is_ok());
                if here {
                    present.push(path);
                } else {
                    seed.sparse = self.user_index_stamp();
                }
            }
        }
        if !assumed.is_empty() {
            self.git.feed(&["update-index", "-z", "--no-assume-unchanged", "--stdin"], &joined(assumed))?;
        }
        if !present.is_empty() {
            self.git.feed(&["update-index", "-z", "--no-skip-worktree", "--stdin"], &joined(present))?;
        }
        Ok(())
    }

    /// Returns a stamp of the user's index.
    fn user_index_stamp(&self) -> Option<String> {
        index_stamp(&self.repo.as_ref()?.git_dir.join("index"))
    }
}

/// A project in a subfolder belongs to the repository above it only if that one tracks something in it; a home folder
/// under version control is not the repository of everything below.
pub(super) fn repo_that_counts(repo: Option<UserRepo>) -> Result<Option<UserRepo>> {
    match repo {
        Some(repo) if !repo.prefix.as_os_str().is_empty() => Ok(tracked_below(&repo)?.map(|_| repo)),
        other => Ok(other),
    }
}

/// Returns a stamp of an index that differs after each time it was written.
pub(super) fn index_stamp(index: &Path) -> Option<String> {
    let found = fs::metadata(index).ok()?;
    Some(format!("{}.{}:{}:{}", found.mtime(), found.mtime_nsec(), found.size(), found.ino()))
}

/// Lists what the repository tracks below the project as `MODE OID STAGE\tPATH`, paths relative to the project.
fn tracked_below(repo: &UserRepo) -> Result<Option<Vec<u8>>> {
    let mut spec = b":(top,literal)".to_vec();
    spec.extend_from_slice(repo.prefix.as_os_str().as_bytes());
    let args = [b"ls-files".as_slice(), b"-s", b"-z", b"--", &spec].map(std::ffi::OsStr::from_bytes);
    let listing = repo.git().run(&args)?;
    let skip = repo.prefix.as_os_str().len() + 1;
    let mut rows = Vec::new();
    for item in items(&listing) {
        let Some(tab) = item.iter().position(|byte| *byte == b'\t') else { continue };
        let Some(path) = item.get(tab + 1 + skip..) else { continue };
        rows.extend_from_slice(&item[..=tab]);
        rows.extend_from_slice(path);
        rows.push(0);
    }
    Ok((!rows.is_empty()).then_some(rows))
}

/// Creates the state folder, for its owner only, and what is always in it.
fn make_state(state: &Path) -> Result<PathBuf> {
    let make = |path: &Path| {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| WorkspaceError::StateReadOnly { path: path.to_owned(), source })
    };
    for folder in ["", "locks", "work", "landings", "shadow.git"] {
        make(&state.join(folder))?;
    }
    state.canonicalize().map_err(|source| WorkspaceError::StateReadOnly { path: state.to_owned(), source })
}

/// Moves a shadow of another format away and removes it.
fn set_aside(dir: &Path) -> Result<()> {
    let old = dir.with_extension("old");
    let _ = fs::remove_dir_all(&old);
    fs::rename(dir, &old).at("set aside", dir)?;
    let _ = fs::remove_dir_all(&old);
    fs::create_dir(dir).at("create", dir)
}

/// Copies a file and its modification time: git takes an entry that is younger than its index for unsure, and a copy
/// with a new time would hide an edit of the same size in the same tick.
pub(super) fn copy_with_time(from: &Path, to: &Path) -> Result<()> {
    let meta = fs::metadata(from).at("read", from)?;
    let _ = fs::remove_file(to);
    fs::copy(from, to).at("copy", to)?;
    let file = OpenOptions::new().write(true).open(to).at("open", to)?;
    file.set_modified(meta.modified().at("read", from)?).at("set the time of", to)
}
