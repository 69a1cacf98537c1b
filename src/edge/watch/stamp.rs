//! What a file looks like from outside.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What a file looks like from outside; a change of mode or owner alone leaves it the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: (i64, i64),
    size: u64,
    inode: u64,
}

impl Stamp {
    /// Looks at a file without following links; `None` if it is not there.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let data = fs::symlink_metadata(path).ok()?;
        Some(Self { modified: (data.mtime(), data.mtime_nsec()), size: data.len(), inode: data.ino() })
    }
}
