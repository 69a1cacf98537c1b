//! Removes from a project's state what nothing needs any more, or says what that would be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::clock;
use crate::app::effects::{file_questions, guarding};
use crate::app::failure::Failure;
use crate::app::project::doorkeeper::only_for_a_person;
use crate::app::project::mark::mark_of;
use crate::app::project::setup::Site;
use crate::app::records::keep::{self, readable};
use crate::app::verbs::{ask, offline};
use crate::config::Overrides;
use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::edge::session;
use crate::edge::store::{Holder, Lock, LockError};
use crate::edge::workspace::{self, Garbage, Needed, Unneeded};
use crate::model::task::{FailReason, Task, TaskState};

/// A workspace that was not used for so long is made anew when it is needed.
const UNUSED: Duration = Duration::from_secs(14 * 86_400);

/// How long a folder of a look at the system may lie about before nobody can be using it.
const SCRATCH: Duration = Duration::from_secs(3600);

/// What goes, and what stays although it might be expected to go.
pub struct Report {
    /// What goes.
    pub removed: Vec<Unneeded>,
    /// What stays and why, for a person to read.
    pub notes: Vec<String>,
    /// What the state takes on disk in the end, in bytes.
    pub left: u64,
    dry: bool,
}

/// Removes what nothing needs. With `dry` nothing is touched, and a running supervisor is no hindrance.
///
/// # Errors
/// If a supervisor runs, the journal cannot be read, or something cannot be removed.
pub fn run(site: &Site, dry: bool, mut progress: impl FnMut(&str)) -> Result<Report, Failure> {
    if !site.layout.root().is_dir() {
        let notes = vec![format!("nothing is kept about {}", site.project.display())];
        return Ok(Report { removed: Vec::new(), notes, left: 0, dry });
    }
    let is_running = ask::is_supervised(site)?;
    let _lock = if dry { None } else { Some(alone(site)?) };
    if !dry {
        // What a dead supervisor left may still be at work in a workspace.
        session::sweep(&mark_of(&site.layout));
        guarding::remove_temporary(&site.layout, &mark_of(&site.layout));
    }
    let state = site.layout.root();
    let needed = needed(site)?;
    let mut notes = Vec::new();
    let mut removed = workspace::unneeded_landings(state, &needed);
    removed.extend(transcripts(site));
    removed.extend(scratch(site));
    let mut garbage = None;
    if is_running {
        let what = "a supervisor runs: workspaces and old snapshots are looked at when it has stopped";
        notes.push(format!("{what} (`orchestrator-tui stop`)"));
    } else {
        let runs = [guarding::folder(&site.layout), file_questions::folder(&site.layout)];
        let runs = runs.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        removed.extend(runs.map(|run| Unneeded::new("leftover", run.path(), "it was made for a run that is over")));
        removed.extend(workspace::unneeded_workspaces(state, &needed, clock::system(), UNUSED));
        match Garbage::find(&site.project, state, &needed) {
            Ok(found) => garbage = found,
            Err(error) => notes.push(format!("old snapshots stay, as it is not known which are needed: {error}")),
        }
    }
    removed.extend(garbage.as_ref().map(|garbage| Unneeded {
        what: "snapshots",
        path: site.layout.shadow(),
        bytes: garbage.bytes,
        why: format!("{} objects that no task names", garbage.objects),
    }));
    if !dry {
        if let Some(garbage) = garbage {
            progress("old snapshots");
            garbage.remove().map_err(Failure::refused)?;
        }
        for item in removed.iter().filter(|item| item.what != "snapshots") {
            progress(&item.path.display().to_string());
            let done = if item.what == "workspace" {
                workspace::remove_workspace(state, &item.path)
            } else {
                workspace::remove(&item.path)
            };
            done.map_err(Failure::refused)?;
        }
    }
    Ok(Report { removed, notes, left: keep::sizes(&site.layout).total, dry })
}

/// Takes the project for oneself.
///
/// # Errors
/// If a supervisor has it, or another command.
pub fn alone(site: &Site) -> Result<Lock, Failure> {
    only_for_a_person(&site.layout, "remove what is kept")?;
    // A mistake in the configuration must not stand in the way; only `LOCK_FILE` is of interest here.
    let loaded = site.load(Overrides::default()).or_else(|_| site.load_built_in())?;
    let busy = |who: String| {
        Failure::supervisor(format!("{who}\nhint: nothing is removed beneath it; `orchestrator-tui stop` ends it"))
    };
    let socket = site.layout.control_socket();
    if ask::is_supervised(site)? {
        return Err(busy("a supervisor runs in this project".to_owned()));
    }
    let holder = Holder { pid: std::process::id(), since: clock::wall(), socket };
    Lock::acquire(&site.lock_file(Some(&loaded)), &holder).map_err(|error| match error {
        LockError::Held { holder: Some(holder) } => {
            busy(format!("process {} has this project since {}", holder.pid, holder.since.iso()))
        }
        LockError::Held { holder: None } => busy("another process has this project".to_owned()),
        LockError::Unusable { .. } => Failure::usage(error),
    })
}

/// Returns what tasks and checks still need.
fn needed(site: &Site) -> Result<Needed, Failure> {
    let facts = offline::facts(site)?;
    let known = facts.iter().filter_map(|recorded| match recorded {
        Recorded { fact: Fact::LandingBegan { landing, .. }, .. } => Some(*landing),
        _ => None,
    });
    let known: BTreeSet<_> = known.collect();
    let book = crate::core::book::Book::replay(facts);
    let slots = site.load(Overrides::default()).map_or(u32::MAX, |loaded| loaded.settings.most_at_once());
    let mut needed = Needed { known, slots, ..Needed::default() };
    for task in book.tasks.values() {
        needed.landings.extend(task.landing);
        needed.landings.extend(undoable(task));
        let pending = task.result.as_ref();
        let receipts = task.receipt.iter().chain(pending.map(|pending| &pending.receipt));
        for receipt in receipts {
            needed.trees.extend([receipt.tree_before.clone(), receipt.tree_after.clone()]);
        }
        if let Some(pending) = pending {
            needed.trees.insert(pending.base.tree.clone());
            needed.commits.insert(pending.base.commit.clone());
        }
    }
    needed.trees.extend(book.checks.values().filter_map(|status| status.green_tree.clone()));
    needed.trees.retain(|tree| !tree.0.is_empty());
    Ok(needed)
}

/// Returns the landing that a task can be told to take back.
pub fn undoable(task: &Task) -> Option<crate::model::id::LandingId> {
    let is_undone = task.state == TaskState::Failed(FailReason::Undone);
    task.receipt.as_ref().filter(|_| !is_undone).map(|receipt| receipt.landing)
}

fn transcripts(site: &Site) -> Vec<Unneeded> {
    let surplus = keep::surplus_transcripts(&site.layout.sessions()).unwrap_or_default();
    let files = surplus.into_iter().flat_map(|of| of.files);
    files.map(|file| Unneeded::new("transcript", file, "newer ones fill the quota")).collect()
}

/// Returns what a look at the system or a write left behind that was killed in the middle.
fn scratch(site: &Site) -> Vec<Unneeded> {
    let old = |path: &Path| {
        let changed = path.symlink_metadata().and_then(|meta| meta.modified());
        let age = changed.ok().and_then(|changed| clock::system().duration_since(changed).ok());
        age.is_some_and(|age| age > SCRATCH)
    };
    let list = |folder: &Path, prefix: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        named.map(|entry| entry.path()).filter(|path| old(path)).collect()
    };
    let root = site.layout.root();
    let mut paths = list(&site.state_root, crate::app::doctor::SCRATCH);
    paths.extend(list(root, ".new-"));
    paths.extend([root.join("shadow.old")].into_iter().filter(|path| path.exists()));
    paths.into_iter().map(|path| Unneeded::new("leftover", path, "what made it was killed in the middle")).collect()
}

impl Report {
    /// Returns what goes, in bytes.
    pub fn bytes(&self) -> u64 {
        self.removed.iter().map(|item| item.bytes).sum()
    }

    /// As `gc --json` gives it out.
    pub fn json(&self) -> Value {
        let item =
            |item: &Unneeded| json!({ "what": item.what, "path": item.path, "bytes": item.bytes, "why": item.why });
        json!({
            "dry_run": self.dry,
            "removed": self.removed.iter().map(item).collect::<Vec<_>>(),
            "bytes": self.bytes(),
            "left": self.left,
            "notes": self.notes,
        })
    }

    /// As `gc` prints it.
    pub fn text(&self) -> String {
        let line = |item: &Unneeded| {
            format!("{:<10} {:>9}  {}  ({})", item.what, readable(item.bytes), item.path.display(), item.why)
        };
        let mut lines: Vec<String> = self.removed.iter().map(line).collect();
        let (bytes, left) = (readable(self.bytes()), readable(self.left));
        lines.push(match (self.dry, self.removed.is_empty()) {
            (_, true) => format!("nothing to remove; {left} are kept"),
            (true, false) => format!("{bytes} would go; `orchestrator-tui gc` removes them"),
            (false, false) => format!("{bytes} removed; {left} are kept"),
        });
        lines.extend(self.notes.iter().map(|note| format!("  {note}")));
        lines.join("\n")
    }
}
