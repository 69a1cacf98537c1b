//! Mirrors the state into the file that `STATE_FILE` names, whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use serde_json::Value;

/// Replaces the file with this state; readers see the old or the new one, never a part.
///
/// # Errors
/// If its folder cannot be written.
pub fn write(path: &Path, state: &Value) -> io::Result<()> {
    let mut file = draft(path)?;
    serde_json::to_writer_pretty(&mut file, state)?;
    file.write_all(b"\n")?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Makes sure that the file can be written, without touching it.
///
/// # Errors
/// If its folder cannot be made or written.
pub fn try_out(path: &Path) -> io::Result<()> {
    draft(path).map(drop)
}

fn draft(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    if path.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
        // Replacing a device or a link would take away what somebody else relies on.
        return Err(io::Error::other("it is no regular file"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    tempfile::NamedTempFile::new_in(folder)
}
