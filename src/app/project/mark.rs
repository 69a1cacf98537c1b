//! What marks the processes of a project's sessions.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::edge::store::Layout;
use crate::model::id::Space;

/// Returns the mark of a project's sessions: its state folder's name, which is unique for project and state root.
pub fn mark_of(layout: &Layout) -> String {
    mark_of_root(layout.root())
}

/// As [`mark_of`], for a state folder.
pub fn mark_of_root(root: &Path) -> String {
    let digest = Sha256::digest(root.as_os_str().as_bytes());
    hex(&digest[..8])
}

/// Returns what tells the UUIDs of a project's sessions from those of all others.
pub fn space_of(layout: &Layout) -> Space {
    space(&mark_of(layout))
}

/// As [`space_of`], for a project's mark.
pub fn space(mark: &str) -> Space {
    // Of sixteen digits, as marks are made above.
    Space(u64::from_str_radix(mark, 16).unwrap_or_default())
}

/// Writes bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
