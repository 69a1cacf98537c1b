//! Carries out pieces of work on trees and workspaces; blocking, on a thread of its own.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::app::doubts;
use crate::app::landings::Landings;
use crate::app::places::Places;
use crate::config::Loaded;
use crate::core::effect::{Place, RunOrder, Work};
use crate::core::input::{Collected, Product};
use crate::core::matching::Matcher;
use crate::core::suspicion::protected_paths;
use crate::edge::watch;
use crate::edge::workspace::{Landing, MergeOutcome, Shadow, Undo, WorkspaceError, open_editors};
use crate::model::id::Slot;
use crate::model::kind::ProjectKind;
use crate::model::own_writes::{ContentHash, OwnWrites};
use crate::model::path::ProjectPath;
use crate::model::settings::Settings;
use crate::model::workspace::{Snapshot, TreeId};

/// How much of a result's diff is kept, in bytes.
const PATCH_LIMIT: usize = 64 * 1024;

/// What work needs.
pub struct Tools {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The globs of the settings.
    pub matcher: Arc<Matcher>,
    /// Where things run.
    pub places: Places,
    /// Snapshots, workspaces, landings.
    pub shadow: Shadow,
    /// What we wrote ourselves.
    pub own: OwnWrites,
    /// Globs of files whose change needs a yes.
    pub protected: Vec<String>,
    /// Globs of test files, by the project's kinds.
    pub test_globs: Vec<String>,
    /// Globs of what configures the runners, by the project's kinds.
    pub config_globs: Vec<String>,
    /// What landed and is still there, as far as is known.
    pub landings: Landings,
    copy_is_given: bool,
    unprepared: Mutex<BTreeMap<Slot, String>>,
}

impl Tools {
    /// Puts the tools together.
    pub fn new(
        settings: Arc<Settings>,
        matcher: Arc<Matcher>,
        places: Places,
        shadow: Shadow,
        own: OwnWrites,
        loaded: &Loaded,
    ) -> Self {
        let globs = |of: fn(ProjectKind) -> &'static [&'static str]| -> Vec<String> {
            loaded.kinds.iter().flat_map(|kind| of(*kind)).map(|glob| (*glob).to_owned()).collect()
        };
        let (test_globs, config_globs) = (globs(ProjectKind::test_globs), globs(ProjectKind::config_files));
        let protected = protected_paths(&settings.fix.protect, &test_globs, &config_globs);
        let copy_is_given = loaded.sources.contains_key("workspace.copy");
        let unprepared = Mutex::default();
        let landings = Landings::default();
        Self {
            settings,
            matcher,
            places,
            shadow,
            own,
            protected,
            test_globs,
            config_globs,
            landings,
            copy_is_given,
            unprepared,
        }
    }

    /// Returns what a workspace gets copied; of the built-in list only what is there, so that nobody reads about
    /// `node_modules` in a project that never had any.
    fn copy(&self) -> Vec<String> {
        let is_meant = |name: &&String| self.copy_is_given || self.places.project.join(name).symlink_metadata().is_ok();
        self.settings.workspace.copy.iter().filter(is_meant).cloned().collect()
    }

    /// Lists the files of the project that count.
    pub fn files(&self) -> Vec<ProjectPath> {
        watch::walk(&self.places.project, &self.settings.watch).unwrap_or_else(|error| {
            tracing::error!(%error, "the project's files cannot be listed");
            Vec::new()
        })
    }

    /// Whether what is at this path now was written by us.
    pub fn is_our_write(&self, path: &ProjectPath) -> bool {
        hash_of(&path.under(&self.places.project)).is_some_and(|hash| self.own.is_ours(path, &hash))
    }

    /// Notes that `workspace.prepare` went well, so that it is not run again for the same lock files.
    pub fn prepared(&self, order: &RunOrder) {
        let Place::Workspace(slot) = order.place else { return };
        if order.line != self.settings.workspace.prepare || order.source.is_some() {
            return;
        }
        let hash = self.unprepared.lock().unwrap_or_else(PoisonError::into_inner).remove(&slot);
        if let Some(hash) = hash
            && let Err(error) = self.shadow.mark_prepared(slot, &hash)
        {
            tracing::warn!(%error, "workspace.prepare will run again");
        }
    }
}

/// Returns what stands at a path, as [`OwnWrites`] knows it; `None` if it cannot be read.
fn hash_of(path: &Path) -> Option<ContentHash> {
    let hash = |bytes: &[u8]| ContentHash(Sha256::digest(bytes).into());
    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => {
            std::fs::read_link(path).ok().map(|target| hash(target.as_os_str().as_bytes()))
        }
        Ok(_) => std::fs::read(path).ok().map(|bytes| hash(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(ContentHash::ABSENT),
        Err(_) => None,
    }
}

/// Carries out a piece of work; what goes wrong is a product, too.
pub fn carry_out(tools: &Tools, work: Work) -> Product {
    attempt(tools, work).unwrap_or_else(|error| {
        tracing::warn!(%error, "work failed");
        Product::Failed(error.to_string())
    })
}

fn attempt(tools: &Tools, work: Work) -> Result<Product, WorkspaceError> {
    let shadow = &tools.shadow;
    match work {
        Work::Snapshot => shadow.snapshot(None).map(Product::Snapshot),
        Work::Prepare { slot, snapshot } => prepare(tools, slot, &snapshot),
        Work::Restore { slot, snapshot, tree } => {
            if tree == snapshot.tree || !shadow.workspace(slot).is_dir() {
                shadow.prepare(slot, &snapshot, &tools.copy(), &tools.settings.workspace.link)?;
            }
            shadow.restore(slot, &tree)?;
            Ok(Product::Restored)
        }
        Work::Collect { place, base, last_green, blamed } => collect(tools, place, &base, last_green.as_ref(), &blamed),
        Work::Merge { base, theirs } => {
            let merge = shadow.merge(&base, &theirs)?;
            Ok(match merge.outcome {
                MergeOutcome::Clean(tree) => Product::Merged { ours: merge.ours, tree },
                MergeOutcome::Conflict(conflicts) => {
                    let paths = conflicts.iter().map(|conflict| conflict.path.clone()).collect();
                    let shown: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
                    Product::Conflict { paths, shown: shown.join("\n") }
                }
            })
        }
        Work::Land { landing, ours, tree } => {
            shadow.land(landing, &ours, &tree, &tools.own).map(|landing| landed(tools, landing))
        }
        Work::RecordInPlace { landing, base } => {
            shadow.record_in_place(landing, &base).map(|landing| landed(tools, landing))
        }
        Work::Undo { landing, only_untouched } => {
            let undone = if only_untouched {
                shadow.undo_untouched(landing, &tools.own)
            } else {
                shadow.undo(landing, &tools.own)
            };
            Ok(match undone {
                Ok(Undo::Undone { files, .. }) => Product::Undone(files),
                Ok(Undo::Conflict { paths } | Undo::Surprised { paths }) => Product::UndoConflict(paths),
                Ok(Undo::Refused { path, why }) => Product::Failed(format!("{path}: {why}")),
                Ok(Undo::AlreadyUndone) | Err(WorkspaceError::NoLanding(_) | WorkspaceError::NotLanded(_)) => {
                    Product::NothingToUndo
                }
                Err(error) => return Err(error),
            })
        }
    }
}

fn landed(tools: &Tools, landing: Landing) -> Product {
    match landing {
        Landing::Landed { files } => {
            let open = open_editors(&tools.places.project, files.iter().map(|file| &file.path));
            Product::Landed { files, warnings: open.iter().map(ToString::to_string).collect() }
        }
        Landing::Surprised { paths } => {
            tracing::info!(?paths, "changed while landing");
            Product::Surprised
        }
        Landing::Refused { path, why } => Product::Refused(format!("{path}: {why}")),
    }
}

fn prepare(tools: &Tools, slot: Slot, snapshot: &Snapshot) -> Result<Product, WorkspaceError> {
    let workspace = &tools.settings.workspace;
    let prepared = tools.shadow.prepare(slot, snapshot, &tools.copy(), &workspace.link)?;
    let needs_command = !workspace.prepare.is_empty() && !tools.shadow.is_prepared(slot, &prepared.lock_hash)?;
    if needs_command {
        tools.unprepared.lock().unwrap_or_else(PoisonError::into_inner).insert(slot, prepared.lock_hash);
    }
    Ok(Product::Prepared { needs_command, warnings: prepared.warnings })
}

fn collect(
    tools: &Tools,
    place: Place,
    base: &Snapshot,
    last_green: Option<&TreeId>,
    blamed: &[ProjectPath],
) -> Result<Product, WorkspaceError> {
    let shadow = &tools.shadow;
    let tree = match place {
        Place::Workspace(slot) => shadow.collect(slot, base)?,
        Place::Tree => shadow.snapshot(None)?.tree,
    };
    let changes = shadow.changes(&base.tree, &tree)?;
    let patch = shadow.patch(&base.tree, &tree, PATCH_LIMIT)?;
    let suspicions = doubts::of(tools, base, &tree, last_green, blamed)?;
    Ok(Product::Collected(Collected { tree, changes, suspicions, patch }))
}
