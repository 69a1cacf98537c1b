//! What the project's folder is, as far as it decides what can be promised.

use super::finding::Finding;
use crate::app::project::setup::Site;

/// Looks at the project's folder.
pub(super) fn probe(site: &Site) -> Finding {
    let place = site.project.display();
    if let Err(error) = std::fs::read_dir(&site.project) {
        return Finding::fault(
            "project",
            format!("{place} cannot be read: {error}"),
            "give yourself the right to read it",
        );
    }
    if let Some(kind) = foreign(&site.project) {
        return Finding::warning(
            "project",
            format!("{place} is on {kind}: what other machines change there is not noticed"),
            "keep it on a disk of this machine (in WSL below your home, not below /mnt)",
        );
    }
    if rustix::fs::access(&site.project, rustix::fs::Access::WRITE_OK).is_err() {
        return Finding::warning(
            "project",
            format!("{place} cannot be written, so no fix can land"),
            "`orchestrator-tui run --checks-only`, or give yourself the right to write it",
        );
    }
    Finding::ok("project", place.to_string())
}

/// Returns the name of a file system of which only this machine's own changes are told.
#[cfg(target_os = "linux")]
fn foreign(folder: &std::path::Path) -> Option<&'static str> {
    // The numbers are those of statfs(2).
    const KINDS: [(u32, &str); 8] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x517b, "SMB"),
        (0x0102_1997, "9p"),
        (0x6573_5546, "FUSE"),
        (0x786f_4256, "a folder shared by VirtualBox"),
        (0x5346_544e, "NTFS"),
    ];
    let kind = rustix::fs::statfs(folder).ok()?.f_type;
    // Signed and of different widths on different machines; the numbers have 32 bits.
    let kind = u32::try_from(i128::from(kind) & 0xffff_ffff).ok()?;
    KINDS.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn foreign(_folder: &std::path::Path) -> Option<&'static str> {
    None
}
