//! Finds what nothing needs any more in a project's state, and removes it. Only for whoever holds the project lock.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::{At, Result};
use super::sizes::size;
use crate::model::id::{LandingId, Slot};
use crate::model::workspace::TreeId;

/// What must stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// Landings that a task can still be told to take back, or whose end is not known.
    pub landings: BTreeSet<LandingId>,
    /// Landings that the journal knows of at all; others are left alone.
    pub known: BTreeSet<LandingId>,
    /// Trees that tasks and checks name.
    pub trees: BTreeSet<TreeId>,
    /// Commits that tasks name.
    pub commits: BTreeSet<String>,
    /// Workspaces up to this number are kept warm.
    pub slots: u32,
}

/// One thing that nothing needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unneeded {
    /// What it is: `landing`, `workspace`.
    pub what: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// What it takes on disk, in bytes.
    pub bytes: u64,
    /// Why nothing needs it.
    pub why: String,
}

impl Unneeded {
    /// Describes a file or folder as it is.
    pub fn new(what: &'static str, path: PathBuf, why: impl Into<String>) -> Self {
        let bytes = size(&path);
        Self { what, path, bytes, why: why.into() }
    }
}

/// Returns the images of landings that no task can be told to take back.
///
/// Those that were cut short stay, since the next start rolls them back; so do those that the journal does not know
/// (it may have been moved away), and the last, whose number keeps another from being given out twice.
pub fn unneeded_landings(state: &Path, needed: &Needed) -> Vec<Unneeded> {
    let folder = state.join("landings");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut landings: Vec<LandingId> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(LandingId)).collect();
    landings.sort_unstable();
    landings.pop();
    landings.retain(|landing| needed.known.contains(landing) && !needed.landings.contains(landing));
    let unneeded = landings.into_iter().filter_map(|landing| {
        let folder = folder.join(landing.0.to_string());
        let why = match (folder.join("done").exists(), folder.join("rolled-back").exists()) {
            (true, _) => "its task is forgotten, or was taken back",
            (false, true) => "it did not come to its end and was rolled back",
            (false, false) => return None,
        };
        Some(Unneeded::new("landing", folder, why))
    });
    unneeded.collect()
}

/// Returns workspaces that are beyond the number that is kept warm, or were not used for so long before `now`, and
/// what was set aside.
pub fn unneeded_workspaces(state: &Path, needed: &Needed, now: SystemTime, unused: Duration) -> Vec<Unneeded> {
    let work = state.join("work");
    let mut names: Vec<_> =
        fs::read_dir(&work).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    names.sort_unstable();
    let mut unneeded = Vec::new();
    for name in names {
        let path = work.join(&name);
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("old-") || name.starts_with("new-") {
            unneeded.push(Unneeded::new("workspace", path, "it was set aside"));
        } else if let Ok(slot) = name.parse::<u32>() {
            // Written each time the workspace is put to a snapshot.
            let used = fs::metadata(work.join(format!("{slot}.json"))).and_then(|meta| meta.modified());
            let idle = used.ok().and_then(|used| now.duration_since(used).ok());
            if slot > needed.slots {
                let why = format!("at most {} tasks are worked on at once", needed.slots);
                unneeded.push(Unneeded::new("workspace", path, why));
            } else if let Some(idle) = idle.filter(|idle| *idle >= unused) {
                let why = format!("it was not used for {} days", idle.as_secs() / 86_400);
                unneeded.push(Unneeded::new("workspace", path, why));
            }
        }
    }
    unneeded
}

/// Removes a workspace, with what is known of it.
///
/// # Errors
/// If something of it cannot be removed.
pub fn remove_workspace(state: &Path, path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Ok(slot) = name.parse().map(Slot) else { return remove(path) };
    // Out of the way first: what is left of it if this is cut short must not be taken for a workspace.
    let aside = state.join("work").join(format!("old-{}-gc", slot.0));
    if aside.exists() {
        remove(&aside)?;
    }
    fs::rename(path, &aside).at("set aside", path)?;
    let index = state.join("shadow.git").join(format!("slot-{}.index", slot.0));
    for file in [state.join("work").join(format!("{}.json", slot.0)), index] {
        let _ = fs::remove_file(file);
    }
    remove(&aside)
}

/// Removes a file or a folder with all that is in it.
///
/// # Errors
/// If something of it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    match removed {
        // An agent can leave folders that cannot be listed or emptied.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            open_up(path);
            fs::remove_dir_all(path).at("remove", path)
        }
        other => other.at("remove", path),
    }
}

/// Makes all folders below a path ones that their owner can empty.
fn open_up(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if !path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return;
    }
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        open_up(&entry.path());
    }
}
