//! Work in the user's own tree: no workspace, but the same images and so the same undo.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::error::{At, Result};
use super::image::{Entry, Images, Node, mark, sync_folder};
use super::land::Landing;
use super::shadow::Shadow;
use super::swap::all_folders_above;
use crate::model::id::LandingId;
use crate::model::workspace::Snapshot;

impl Shadow {
    /// Takes the snapshot that work in the user's tree starts from. It is always a full one.
    ///
    /// # Errors
    /// As for [`Shadow::snapshot`].
    pub fn begin_in_place(&self) -> Result<Snapshot> {
        self.snapshot(None)
    }

    /// Records everything that changed in the user's tree since `base` as a landing, so that it can be undone like one.
    /// Nothing is written to the tree. The old contents are what git checks out of the snapshot; permissions other than
    /// the executable bit are those of the file now.
    ///
    /// # Errors
    /// When git fails, or the images cannot be written.
    pub fn record_in_place(&self, landing: LandingId, base: &Snapshot) -> Result<Landing> {
        let _held = self.lock("landing")?;
        let now = self.snapshot(None)?;
        let folder = self.start_landing(landing)?;
        let changes: Vec<_> = self
            .placed_changes(&base.tree, &now.tree)?
            .into_iter()
            .filter(|raw| raw.modes.0 != 0o160_000 && raw.modes.1 != 0o160_000)
            .collect();
        let checkout = folder.join("checkout");
        let (git, filling) = self.start_index(&base.tree)?;
        filling.finish()?;
        Self::check_out(&git, changes.iter().filter(|raw| raw.modes.0 != 0).map(|raw| &raw.change.path), &checkout)?;
        let mut entries = Vec::new();
        for raw in &changes {
            let path = &raw.change.path;
            let old = path.under(&checkout);
            let new = path.under(&self.project);
            if raw.modes.0 == raw.modes.1
                && raw.modes.0 & 0o170_000 == 0o100_000
                && let Ok(meta) = new.symlink_metadata()
            {
                fs::set_permissions(&old, fs::Permissions::from_mode(meta.mode() & 0o7777))
                    .at("set the mode of", &old)?;
            }
            let read = |place, mode| if mode == 0 { Ok(Some(Node::Absent)) } else { Node::read(place) };
            match (read(&old, raw.modes.0)?, read(&new, raw.modes.1)?) {
                (Some(pre), Some(post)) => entries.push(Entry { path: path.clone(), pre, post }),
                _ => return Ok(Landing::Surprised { paths: vec![path.clone()] }),
            }
        }
        let files: Vec<_> = changes.into_iter().map(|raw| raw.change).collect();
        let added = entries.iter().filter(|entry| entry.pre == Node::Absent).map(|entry| &entry.path);
        let kept = entries.iter().filter(|entry| entry.pre != Node::Absent).map(|entry| &entry.path);
        let kept = all_folders_above(kept);
        // Which of the folders were new is not known; those that held only new files count as new.
        let made = all_folders_above(added).into_iter().filter(|folder| !kept.contains(folder)).collect();
        let images = Images { files: files.clone(), made, entries, ..Images::default() };
        images.save(&folder)?;
        sync_folder(&self.state.join("landings"))?;
        mark(&folder, "done")?;
        let _ = fs::remove_dir_all(checkout);
        Ok(Landing::Landed { files })
    }
}
