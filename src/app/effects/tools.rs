//! What all parts that act for a supervisor share, and what it knows of files that are not a person's.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};

use crate::app::day::folder::Folder;
use crate::app::effects::landings::Landings;
use crate::app::effects::places::Places;
use crate::app::project::configured::Configured;
use crate::core::effect::{Place, RunOrder};
use crate::edge::watch::walk;
use crate::edge::workspace::Shadow;
use crate::model::assignment::Batch;
use crate::model::id::Slot;
use crate::model::own_writes::{ContentHash, OwnWrites};
use crate::model::path::ProjectPath;

/// What all parts that act for a supervisor share.
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
    pub(in crate::app) fn copy(&self, configured: &Configured) -> Vec<String> {
        let is_meant =
            |name: &&String| configured.copy_is_given || self.places.project.join(name).symlink_metadata().is_ok();
        configured.settings.workspace.copy.iter().filter(is_meant).cloned().collect()
    }

    /// Returns the folder of ours in which a file is written now and then for the watcher to notice.
    pub fn proving_ground(&self) -> PathBuf {
        self.places.layout.root().join("noticed")
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
    pub fn wrote_ourselves(&self, files: &[PathBuf]) {
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

    /// Notes that a workspace is to be prepared by `workspace.prepare`, for these lock files.
    pub(in crate::app) fn unprepared(&self, slot: Slot, lock_hash: String) {
        self.unprepared.lock().unwrap_or_else(PoisonError::into_inner).insert(slot, lock_hash);
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
