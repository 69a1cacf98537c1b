//! After a crash: a landing or an undo that did not get to its end is rolled back when the shadow is opened.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::{At, Result, WorkspaceError};
use super::exchange::{aside, exchange, move_to_free};
use super::image::{Found, Images, Node, mark};
use super::land::last_undo;
use super::shadow::Shadow;
use super::swap::{beside, folders_above};
use super::user_repo::is_absent;
use crate::model::id::LandingId;
use crate::model::path::ProjectPath;

/// A landing or an undo that a crash had interrupted, and what was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Which landing, or the undo of which.
    pub landing: LandingId,
    /// Whether it was the undo; then the landing stands again.
    pub was_undo: bool,
    /// Files that were put back.
    pub restored: Vec<ProjectPath>,
    /// Files that are neither as before nor as after: someone edited them, and they were left alone.
    pub left: Vec<ProjectPath>,
    /// Why it could not be rolled back, if so: its images are damaged. Nothing was changed then.
    pub failed: Option<String>,
}

/// Whether a landing or an undo in a state folder was cut short, and was not rolled back yet.
pub fn has_unfinished(state: &Path) -> bool {
    let entries = fs::read_dir(state.join("landings")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u64>().is_ok())).any(|entry| {
        let folder = entry.path();
        let has = |marker: &str| folder.join(marker).exists();
        let undo = last_undo(&folder).ok().flatten();
        (!has("done") && !has("rolled-back")) || undo.is_some_and(|undo| !undo.join("done").exists())
    })
}

impl Shadow {
    /// Rolls back what was interrupted. A landing that another process is about to make holds the lock meanwhile.
    pub(super) fn recover(&self) -> Result<Vec<Recovered>> {
        let _held = self.lock("landing")?;
        let mut recovered = Vec::new();
        let landings = self.state.join("landings");
        for entry in fs::read_dir(&landings).at("read", &landings)?.flatten() {
            let name = entry.file_name();
            let Some(landing) = name.to_str().and_then(|name| name.parse().ok()).map(LandingId) else { continue };
            let folder = entry.path();
            let has = |marker: &str| folder.join(marker).exists();
            if !has("done") && !has("rolled-back") {
                recovered.extend(self.roll_back(&folder, landing, false)?);
                mark(&folder, "rolled-back")?;
            } else if let Some(undo) = last_undo(&folder)?.filter(|undo| !undo.join("done").exists()) {
                recovered.extend(self.roll_back(&undo, landing, true)?);
                fs::remove_dir_all(&undo).at("remove", &undo)?;
            }
            for rest in ["stage", "checkout"] {
                let _ = fs::remove_dir_all(folder.join(rest));
            }
        }
        Ok(recovered)
    }

    /// Puts back what the images in `folder` show, wherever the file is still as we left it.
    fn roll_back(&self, folder: &Path, landing: LandingId, was_undo: bool) -> Result<Option<Recovered>> {
        let mut done = Recovered { landing, was_undo, restored: Vec::new(), left: Vec::new(), failed: None };
        let images = match Images::load(folder) {
            Ok(Some(images)) => images,
            // Nothing is swapped before the images are complete.
            Ok(None) => return Ok(None),
            Err(error) => {
                done.failed = Some(error.to_string());
                return Ok(Some(done));
            }
        };
        let tag = if was_undo { format!("{}-undo", landing.0) } else { landing.0.to_string() };
        // New files go first: a folder may have to come back where one of them is.
        let order =
            |put: bool| images.entries.iter().enumerate().filter(move |(_, entry)| (entry.pre == Node::Absent) == put);
        for (number, entry) in order(true).collect::<Vec<_>>().into_iter().rev().chain(order(false)) {
            let target = entry.path.under(&self.project);
            let staged = folder.join("stage").join(number.to_string());
            let near = if entry.post == Node::Absent { self.project.join("any") } else { target.clone() };
            let near = beside(&near, &tag, number);
            let now = match self.find(&entry.path)? {
                Found::Node(node) => Some(node),
                Found::HardLinked | Found::Other => None,
            };
            let held = [&staged, &near].into_iter().find(|hold| displaced(hold, &entry.post));
            if let Some(old) = [aside(&staged), aside(&near)].iter().find(|old| old.symlink_metadata().is_ok()) {
                // An exchange in several steps was cut in the middle.
                if now == Some(Node::Absent) {
                    move_to_free(old, &target).at("put back", &target)?;
                    done.restored.push(entry.path.clone());
                }
            } else if now.as_ref() == Some(&entry.pre) {
                // It was never touched, or the user has the old content again.
            } else if now.as_ref() == Some(&entry.post) {
                self.put_back(entry, &target, held.map(std::path::PathBuf::as_path), folder, &images)?;
                done.restored.push(entry.path.clone());
            } else {
                done.left.push(entry.path.clone());
            }
            let _ = fs::remove_file(&near);
            if entry.pre == Node::Absent {
                for made in folders_above(&entry.path).iter().rev().filter(|folder| images.made.contains(folder)) {
                    let _ = fs::remove_dir(made.under(&self.project));
                }
            }
        }
        for (folder, mode) in &images.emptied {
            self.make_again(folder, *mode)?;
        }
        Ok(Some(done))
    }

    /// Makes a folder that became empty, unless something stands there.
    fn make_again(&self, folder: &ProjectPath, mode: u32) -> Result<()> {
        let path = folder.under(&self.project);
        match fs::create_dir(&path) {
            Ok(()) => fs::set_permissions(&path, Permissions::from_mode(mode)).at("set the mode of", &path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists || is_absent(&error) => Ok(()),
            Err(source) => Err(WorkspaceError::Io { what: "create", path, source }),
        }
    }

    /// Puts one file back: the displaced one if it is still there, else one made from its image.
    fn put_back(
        &self,
        entry: &super::image::Entry,
        target: &Path,
        held: Option<&Path>,
        folder: &Path,
        images: &Images,
    ) -> Result<()> {
        let spare = folder.join("spare");
        let _ = fs::remove_file(&spare);
        if entry.pre == Node::Absent {
            return fs::remove_file(target).at("take back", target);
        }
        for above in folders_above(&entry.path) {
            self.make_again(&above, images.emptied.get(&above).copied().unwrap_or(0o755))?;
        }
        let source = if let Some(held) = held {
            held.to_owned()
        } else {
            entry.pre.create(&spare)?;
            spare
        };
        let put = |source: &Path| {
            if entry.post == Node::Absent { move_to_free(source, target) } else { exchange(source, target) }
        };
        match put(&source) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let near = target.with_file_name(format!(".orchestrator-{}-back.tmp", std::process::id()));
                Node::read(&source)?.unwrap_or(Node::Absent).create(&near)?;
                let done = put(&near).at("put back", target);
                let _ = fs::remove_file(&near);
                done
            }
            done => done.at("put back", target),
        }
    }
}

/// Whether a hold has the user's file in it: something that is not our own new one.
fn displaced(hold: &Path, post: &Node) -> bool {
    matches!(Node::read(hold), Ok(Some(node)) if node != Node::Absent && node != *post)
}
