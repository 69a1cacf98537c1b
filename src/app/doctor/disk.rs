//! Whether the state folder's file system has room, and whether it can share blocks between copies.

use std::io;
use std::path::Path;

use super::finding::Finding;
use super::order::{Ground, existing};
use crate::app::project::setup::Site;
use crate::app::records::keep::readable;

/// Less than this holds no journal, transcript and image of any size, in bytes.
const FULL: u64 = 100_000_000;
/// Less than this is soon used up by workspaces, in bytes.
const SCARCE: u64 = 1_000_000_000;
/// A workspace has as many files as the project.
const FEW_FILES: (u64, u64) = (1_000, 20_000);

/// What makes room.
const MEND: &str =
    "free some, for example by `orchestrator-tui gc`, or let ORCHESTRATOR_STATE_DIR name a folder elsewhere";

/// Asks how much room there is for the project's state.
pub(super) fn probe(site: &Site) -> Finding {
    let folder = existing(site.layout.root());
    let room = match rustix::fs::statvfs(folder) {
        Ok(room) => room,
        Err(error) => {
            return Finding::unknown("disk", format!("{} cannot be asked: {error}", folder.display()), "");
        }
    };
    if room.f_blocks == 0 {
        return Finding::info("disk", format!("{} is of no size that could be used up", folder.display()));
    }
    let bytes = room.f_bavail.saturating_mul(room.f_frsize);
    // Some file systems (btrfs) make files as long as there is room.
    let files = (room.f_files > 0).then_some(room.f_favail);
    let left = match files {
        Some(files) => format!("{} and {files} files are free for {}", readable(bytes), site.state_root.display()),
        None => format!("{} are free for {}", readable(bytes), site.state_root.display()),
    };
    let few = |least: u64, least_files: u64| bytes < least || files.is_some_and(|files| files < least_files);
    if few(FULL, FEW_FILES.0) {
        Finding::fault("disk", format!("only {left}"), MEND)
    } else if few(SCARCE, FEW_FILES.1) {
        Finding::warning("disk", format!("only {left}"), MEND)
    } else {
        Finding::ok("disk", left)
    }
}

/// Tries whether a copy can share the blocks of its source.
pub(super) fn reflink(ground: &Ground) -> Finding {
    match clone(&ground.scratch) {
        Ok(()) => Finding::info("reflink", "yes: ignored files are copied into workspaces without taking space"),
        Err(_) => Finding::info("reflink", "no: ignored files that workspaces need (workspace.copy) are copied whole"),
    }
}

#[cfg(target_os = "linux")]
fn clone(folder: &Path) -> io::Result<()> {
    let source = folder.join("source");
    std::fs::write(&source, vec![7; 64 * 1024])?;
    let copy = std::fs::File::create(folder.join("copy"))?;
    rustix::fs::ioctl_ficlone(&copy, std::fs::File::open(&source)?)?;
    Ok(())
}

/// Elsewhere there is no way to ask for it that would tell.
#[cfg(not(target_os = "linux"))]
fn clone(_folder: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
