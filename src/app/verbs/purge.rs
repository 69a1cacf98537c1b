//! Removes everything that is kept about a project: afterwards no byte of it is left.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app::effects::left;
use crate::app::failure::Failure;
use crate::app::project::mark::mark_of;
use crate::app::project::setup::Site;
use crate::app::records::database;
use crate::app::records::keep::readable;
use crate::app::verbs::{ask, gc, offline};
use crate::config::Overrides;
use crate::edge::store::Lock;
use crate::edge::workspace::{self, Shadow, Unneeded};

/// What is kept about a project.
pub struct Plan {
    /// Each with its size.
    pub kept: Vec<Unneeded>,
    /// How many tasks can be told now to take back what they landed, and not afterwards.
    undoable: usize,
}

/// Lists what is kept about a project; changes nothing.
///
/// # Errors
/// If a supervisor runs, or the record of agreements cannot be read.
pub fn plan(site: &Site) -> Result<Plan, Failure> {
    if ask::is_supervised(site)? {
        let hint = "`orchestrator-tui stop` ends it";
        return Err(Failure::supervisor(format!(
            "a supervisor runs in this project; nothing is removed beneath it\nhint: {hint}"
        )));
    }
    let mut kept = Vec::new();
    let mut add = |what: &'static str, path: PathBuf, why: &str| {
        if path.symlink_metadata().is_ok() {
            kept.push(Unneeded::new(what, path, why));
        }
    };
    add("state", site.layout.root().to_owned(), "journal, transcripts, workspaces, snapshots, images for undo");
    if !site.layout.sockets().starts_with(site.layout.root()) {
        add("sockets", site.layout.sockets().to_owned(), "of the supervisor and its sessions");
    }
    if let Ok(loaded) = site.load(Overrides::default()) {
        // The name may come from the project itself, and must not take anything along that no supervisor wrote.
        if let Some(file) = loaded.lock_file.filter(|file| is_lock(file)) {
            add("lock", file, "LOCK_FILE");
        }
        if let Some(file) = loaded.state_file.filter(|file| is_mirror(file)) {
            add("mirror", file, "STATE_FILE");
        }
        if let Some(link) = loaded.database.filter(|path| database::leads_to(path, &site.layout.journal())) {
            add("link", link, "DATABASE_PATH");
        }
    }
    if site.is_known()? {
        let path = site.trust_file();
        kept.push(Unneeded { what: "trust", path, bytes: 0, why: "your yes to what this project runs".to_owned() });
    }
    let undoable =
        offline::book(site).map_or(0, |book| book.tasks.values().filter(|task| gc::undoable(task).is_some()).count());
    Ok(Plan { kept, undoable })
}

/// Whether this file can be a supervisor's lock: what one wrote, or emptied at its end.
fn is_lock(file: &Path) -> bool {
    file.symlink_metadata().is_ok_and(|meta| meta.is_file() && (meta.len() == 0 || Lock::holder(file).is_some()))
}

/// Removes what was listed, and what grew there since.
///
/// # Errors
/// If a supervisor has started meanwhile, a landing that was cut short cannot be rolled back, or something cannot be
/// removed.
pub fn carry_out(site: &Site, plan: &Plan) -> Result<(), Failure> {
    let has_state = site.layout.root().is_dir();
    let lock = if has_state { Some(gc::alone(site)?) } else { None };
    // Agents of a dead supervisor would go on in folders that are gone.
    left::end(&site.layout, &mark_of(&site.layout));
    if has_state && workspace::has_unfinished(site.layout.root()) {
        // What is needed for it goes next.
        Shadow::open(&site.project, site.layout.root()).map_err(|error| {
            Failure::refused(format!(
                "a landing was cut short and cannot be rolled back: {error}\nhint: nothing was removed"
            ))
        })?;
    }
    for item in plan.kept.iter().filter(|item| item.what != "trust") {
        workspace::remove(&item.path).map_err(Failure::refused)?;
    }
    site.distrust()?;
    if let Some(lock) = lock {
        // `LOCK_FILE` may have named a file that only this has made.
        workspace::remove(lock.path()).map_err(Failure::refused)?;
    }
    // Folders that other projects share go with the last of them; whoever named one keeps it.
    let above_sockets = site.layout.sockets().parent().filter(|above| !above.starts_with(&site.state_root));
    let is_ours = site.environment.get("ORCHESTRATOR_STATE_DIR").is_none_or(String::is_empty);
    for folder in above_sockets.into_iter().chain(is_ours.then_some(site.state_root.as_path())) {
        // Refused while something is in it.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

/// Whether a file is a state that was mirrored, and not somebody else's.
fn is_mirror(file: &std::path::Path) -> bool {
    let state: Option<Value> = fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok());
    state.is_some_and(|state| state["processes"]["orchestrator"]["pid"].is_u64())
}

impl Plan {
    /// As `purge --json` gives it out.
    pub fn json(&self, removed: bool) -> Value {
        let item = |item: &Unneeded| json!({ "what": item.what, "path": item.path, "bytes": item.bytes });
        json!({ "removed": removed, "kept": self.kept.iter().map(item).collect::<Vec<_>>(), "undoable": self.undoable })
    }

    /// As `purge` prints it before it asks.
    pub fn text(&self) -> String {
        let line = |item: &Unneeded| {
            format!("{:<8} {:>9}  {}  ({})", item.what, readable(item.bytes), item.path.display(), item.why)
        };
        let mut lines: Vec<String> = self.kept.iter().map(line).collect();
        if self.undoable > 0 {
            let fixes = if self.undoable == 1 { "1 fix".to_owned() } else { format!("{} fixes", self.undoable) };
            lines.push(format!("{fixes} can be undone now, and not afterwards"));
        }
        lines.join("\n")
    }
}
