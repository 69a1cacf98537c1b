//! Carries out pieces of work on trees and workspaces; blocking, on a thread of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::places::Places;
use crate::config::Loaded;
use crate::core::effect::{Place, RunOrder, Work};
use crate::core::input::{Collected, Product};
use crate::core::matching::Matcher;
use crate::core::suspicion;
use crate::edge::watch;
use crate::edge::workspace::{Landing, MergeOutcome, Shadow, Undo, WorkspaceError};
use crate::model::check::CheckKey;
use crate::model::id::Slot;
use crate::model::kind::ProjectKind;
use crate::model::own_writes::OwnWrites;
use crate::model::path::ProjectPath;
use crate::model::settings::Settings;
use crate::model::workspace::{Snapshot, Suspicion, TreeId};

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
    kinds: Vec<ProjectKind>,
    unprepared: Mutex<BTreeMap<Slot, String>>,
}

impl Tools {
    /// Puts the tools together.
    pub fn new(settings: Arc<Settings>, matcher: Arc<Matcher>, places: Places, shadow: Shadow, own: OwnWrites, loaded: &Loaded) -> Self {
        let globs = loaded.kinds.iter().flat_map(|kind| kind.test_globs().iter().chain(kind.config_files()));
        let protected = globs.map(|glob| (*glob).to_owned()).chain(settings.fix.protect.iter().cloned()).collect();
        let kinds = loaded.kinds.clone();
        Self { settings, matcher, places, shadow, own, protected, kinds, unprepared: Mutex::default() }
    }

    /// Lists the files of the project that count.
    pub fn files(&self) -> Vec<ProjectPath> {
        watch::walk(&self.places.project, &self.settings.watch)
    }

    /// Whether what is at this path now was written by us.
    pub fn is_our_write(&self, path: &ProjectPath) -> bool {
        self.shadow.content_hash(path).is_some_and(|hash| self.own.is_ours(path, &hash))
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
            let workspace = &tools.settings.workspace;
            if tree == snapshot.tree || !shadow.workspace(slot).is_dir() {
                shadow.prepare(slot, &snapshot, &workspace.copy, &workspace.link)?;
            }
            shadow.restore(slot, &tree)?;
            Ok(Product::Restored)
        }
        Work::Collect { place, base, last_green, key } => collect(tools, place, &base, last_green.as_ref(), &key),
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
        Work::Land { landing, ours, tree } => shadow.land(landing, &ours, &tree, &tools.own).map(landed),
        Work::RecordInPlace { landing, base } => shadow.record_in_place(landing, &base).map(landed),
        Work::Undo { landing, only_untouched } => {
            Ok(match shadow.undo(landing, only_untouched, &tools.own)? {
                Undo::Undone { files } => Product::Undone(files),
                Undo::Conflict { paths } => Product::UndoConflict(paths),
                Undo::AlreadyUndone | Undo::Unknown => Product::NothingToUndo,
            })
        }
    }
}

fn landed(landing: Landing) -> Product {
    match landing {
        Landing::Landed { files } => Product::Landed(files),
        Landing::Surprised { paths } => {
            tracing::info!(?paths, "changed while landing");
            Product::Surprised
        }
        Landing::Refused { path, why } => Product::Refused(format!("{path}: {why}")),
    }
}

fn prepare(tools: &Tools, slot: Slot, snapshot: &Snapshot) -> Result<Product, WorkspaceError> {
    let workspace = &tools.settings.workspace;
    let prepared = tools.shadow.prepare(slot, snapshot, &workspace.copy, &workspace.link)?;
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
    key: &CheckKey,
) -> Result<Product, WorkspaceError> {
    let shadow = &tools.shadow;
    let tree = match place {
        Place::Workspace(slot) => shadow.collect(slot, base)?,
        Place::Tree => shadow.snapshot(None)?.tree,
    };
    let changes = shadow.changes(&base.tree, &tree)?;
    let patch = shadow.patch(&base.tree, &tree, PATCH_LIMIT)?;
    let suspicions = doubts(tools, base, &tree, last_green, key)?;
    Ok(Product::Collected(Collected { tree, changes, suspicions, patch }))
}
