//! How files of questions and answers are read, written and put aside; no link leads anywhere else.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

/// The largest file that is read, in bytes; what is longer is cut off.
const LARGEST: u64 = 64 * 1024;

/// Puts a file aside under a name that is free, if it is there.
pub(super) fn set_aside(folder: &Path, file: &str) {
    let at = |name: &str| folder.join(format!("{name}.md"));
    if at(file).symlink_metadata().is_err() {
        return;
    }
    let free = (1..1000).map(|number| at(&format!("{file}-{number}"))).find(|path| path.symlink_metadata().is_err());
    if let Some(free) = free
        && let Err(error) = fs::rename(at(file), free)
    {
        tracing::warn!(%error, file, "an old answer stays in its place");
    }
}

/// Writes a file so that nobody sees half of it.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(folder.join(format!("{name}.md"))).map(drop).map_err(|error| error.error)
}

/// Reads a file; nothing if it is none, or a link to another place.
pub(super) fn read(folder: &Path, name: &str) -> Option<String> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = File::options().read(true).custom_flags(flags).open(folder.join(format!("{name}.md"))).ok()?;
    let mut bytes = Vec::new();
    file.metadata().ok().filter(fs::Metadata::is_file)?;
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
