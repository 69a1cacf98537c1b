//! How much disk the shadow, the workspaces and the images of landings take.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::shadow::Shadow;
use crate::model::id::Slot;

/// Disk space in bytes, as allocated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The shadow repository: objects and indexes.
    pub shadow: u64,
    /// Each workspace.
    pub workspaces: Vec<(Slot, u64)>,
    /// Workspaces that were set aside because they could not be reset.
    pub set_aside: u64,
    /// The images that undo needs.
    pub landings: u64,
}

/// Adds up what is in the state folder `state`; walks all files, so this takes seconds for big workspaces. What
/// vanishes meanwhile or cannot be read counts as nothing.
pub fn sizes(state: &Path) -> Sizes {
    let mut sizes =
        Sizes { shadow: size(&state.join("shadow.git")), landings: size(&state.join("landings")), ..Sizes::default() };
    for entry in fs::read_dir(state.join("work")).into_iter().flatten().flatten() {
        let bytes = size(&entry.path());
        match entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            Some(slot) => sizes.workspaces.push((Slot(slot), bytes)),
            None => sizes.set_aside += bytes,
        }
    }
    sizes.workspaces.sort_unstable();
    sizes
}

impl Shadow {
    /// Adds up the sizes as [`sizes`] does.
    pub fn sizes(&self) -> Sizes {
        sizes(&self.state)
    }
}

/// Adds up the blocks of all files below a path, in bytes; what cannot be read counts as nothing.
pub fn size(path: &Path) -> u64 {
    let Ok(meta) = path.symlink_metadata() else { return 0 };
    let below: u64 = if meta.is_dir() {
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size(&entry.path())).sum()
    } else {
        0
    };
    // `st_blocks` counts units of 512 bytes on every Unix.
    below + meta.blocks() * 512
}
