//! Carries out pieces of work on trees and workspaces; blocking, on a thread of its own.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};

use crate::app::configured::Configured;
use crate::app::day::folder::Folder;
use crate::app::doubts;
use crate::app::event_files;
use crate::app::landings::Landings;
use crate::app::places::Places;
use crate::core::effect::{Place, RunOrder, Work};
use crate::core::input::{Collected, Product};
use crate::edge::watch::walk;
use crate::edge::workspace::{Landing, MergeOutcome, Shadow, Undo, WorkspaceError, open_editors};
use crate::model::assignment::Batch;
use crate::model::id::Slot;
use crate::model::own_writes::{ContentHash, OwnWrites};
use crate::model::path::ProjectPath;
use crate::model::workspace::{Snapshot, TreeId};

/// How much of a result's diff is kept, in bytes.
const PATCH_LIMIT: usize = 64 * 1024;

/// What work needs.
pub struct Tools {
    configured: watch::Sender<Arc<Configured>>,
    /// Where things run.
    pub places: Places,
    /// Snapshots, workspaces, landings.
    pub shadow: Shadow,
    /// What we wrote ourselves.
    pub own: OwnWrites,
    /// Tells whoever reads the configuration that its file may have changed.
    pub reread: Notify,
    /// What landed and is still there, as far as is known.
    pub landings: Landings,
    unprepared: Mutex<BTreeMap<Slot, String>>,
    /// The folders of days, with the files that lie beside their task files.
    days: Mutex<Vec<Folder>>,
}

impl Tools {
    /// Puts the tools together.
    pub fn new(configured: Configured, places: Places, shadow: Shadow, own: OwnWrites) -> Self {
        let configured = watch::Sender::new(Arc::new(configured));
        let (landings, unprepared, days) = (Landings::default(), Mutex::default(), Mutex::default());
        Self { configured, places, shadow, own, reread: Notify::new(), landings, unprepared, days }
    }

    /// Returns what follows from the configuration now. To be asked once for each piece of work, so that all of it goes
    /// by the same.
    pub fn now(&self) -> Arc<Configured> {
        self.configured.borrow().clone()
    }

    /// Goes by another configuration from now on.
    pub fn configure(&self, configured: Arc<Configured>) {
        self.configured.send_replace(configured);
    }

    /// Returns what tells of other configurations.
    pub fn configurations(&self) -> watch::Receiver<Arc<Configured>> {
        self.configured.subscribe()
    }

    /// Returns what a workspace gets copied; of the built-in list only what is there, so that nobody reads about
    /// `node_modules` in a project that never had any.
    fn copy(&self, configured: &Configured) -> Vec<String> {
        let is_meant =
            |name: &&String| configured.copy_is_given || self.places.project.join(name).symlink_metadata().is_ok();
        configured.settings.workspace.copy.iter().filter(is_meant).cloned().collect()
    }

    /// Lists the files of the project that count.
    pub fn files(&self) -> Vec<ProjectPath> {
        walk(&self.places.project, &self.now().settings.watch).unwrap_or_else(|error| {
            tracing::error!(%error, "the project's files cannot be listed");
            Vec::new()
        })
    }

    /// Notes of a day's folder, if a batch has one, that the files beside its task file are nobody's work.
    pub fn keeps_day(&self, batch: &Batch) {
        let Some(folder) = batch.folder().cloned().map(Folder::at) else { return };
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if !days.contains(&folder) {
            days.push(folder);
        }
        let asides: Vec<_> = days.iter().flat_map(|day| day.asides(&self.places.project)).collect();
        if let Err(error) = self.shadow.leave_out(&asides) {
            tracing::warn!(%error, "snapshots have the files of days");
        }
    }

    /// Returns the folders of days.
    pub fn days(&self) -> Vec<Folder> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a path lies where only the files of days are.
    pub fn is_of_day(&self, path: &ProjectPath) -> bool {
        let path = path.under(&self.places.project);
        let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.iter().flat_map(Folder::ours).any(|folder| path != folder && path.starts_with(folder))
    }

    /// Notes of files that we have just written for a person outside of any landing that they are ours.
    pub fn wrote_ourselves(&self, files: &[std::path::PathBuf]) {
        for file in files {
            let path = file.strip_prefix(&self.places.project).ok().and_then(ProjectPath::new);
            if let (Some(path), Some(hash)) = (path, hash_of(file)) {
                self.own.register(path, hash);
            }
        }
    }

    /// Whether what is at this path now was written by us.
    pub fn is_our_write(&self, path: &ProjectPath) -> bool {
        hash_of(&path.under(&self.places.project)).is_some_and(|hash| self.own.is_ours(path, &hash))
    }

    /// Notes that `workspace.prepare` went well, so that it is not run again for the same lock files.
    pub fn prepared(&self, order: &RunOrder) {
        let Place::Workspace(slot) = order.place else { return };
        if order.line != self.now().settings.workspace.prepare || order.source.is_some() {
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
        Work::Compose { snapshot, brought } => Ok(match shadow.compose(&snapshot, &brought)? {
            Ok(snapshot) => Product::Snapshot(snapshot),
            Err(paths) => Product::Conflict { paths, shown: String::new() },
        }),
        Work::Prepare { slot, snapshot } => prepare(tools, slot, &snapshot),
        Work::Restore { slot, snapshot, tree } => {
            if tree == snapshot.tree || !shadow.workspace(slot).is_dir() {
                let configured = tools.now();
                shadow.prepare(slot, &snapshot, &tools.copy(&configured), &configured.settings.workspace.link)?;
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
        Work::PutAway { file } => {
            let Some(folder) = tools.now().settings.events.folder.clone() else { return Ok(Product::PutAway) };
            Ok(match event_files::put_away(&folder, &file) {
                Ok(()) => Product::PutAway,
                Err(error) => Product::Failed(error.to_string()),
            })
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
    let configured = tools.now();
    let workspace = &configured.settings.workspace;
    let prepared = tools.shadow.prepare(slot, snapshot, &tools.copy(&configured), &workspace.link)?;
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
