//! Carries out pieces of work on trees and workspaces; blocking, on a thread of its own.

use crate::app::effects::tools::Tools;
use crate::app::effects::{doubts, event_files};
use crate::core::effect::{Place, Work};
use crate::core::input::{Collected, Product};
use crate::edge::workspace::{Landing, MergeOutcome, Undo, WorkspaceError, open_editors};
use crate::model::id::Slot;
use crate::model::path::ProjectPath;
use crate::model::workspace::{Snapshot, TreeId};

/// How much of a result's diff is kept, in bytes.
const PATCH_LIMIT: usize = 64 * 1024;

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
        tools.unprepared(slot, prepared.lock_hash);
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
