//! Mirrors the state into the file that `STATE_FILE` names, whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use serde_json::Value;

/// Replaces the file with this state; readers see the old or the new one, never a part.
///
/// # Errors
/// If its folder cannot be written.
pub fn write(path: &Path, state: &Value) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, state)?;
    file.write_all(b"\n")?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
