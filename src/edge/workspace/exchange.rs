//! How one file changes places with another, and how one moves to a free name, without a moment of nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Exchanges two files in one step: at no moment is one of the names without a file.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    match renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE) {
        // Some file systems (NFS, FUSE) cannot.
        Err(Errno::EINVAL | Errno::ENOSYS) => exchange_in_steps(one, other),
        done => Ok(done?),
    }
}

/// Exchanges two files.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    exchange_in_steps(one, other)
}

/// Exchanges two files where the system cannot do it in one step. `other` is missing for a moment, and a file that
/// someone creates there in that moment is not overwritten: then the old one stays aside and this fails.
fn exchange_in_steps(one: &Path, other: &Path) -> io::Result<()> {
    let aside = aside(one);
    fs::rename(other, &aside)?;
    if let Err(error) = move_to_free(one, other) {
        let _ = move_to_free(&aside, other);
        return Err(error);
    }
    fs::rename(&aside, one)
}

/// Returns where the old file is for a moment when an exchange takes several steps.
pub(super) fn aside(hold: &Path) -> PathBuf {
    hold.with_extension("old")
}

/// Moves a file to a name that must be free.
///
/// # Errors
/// If it cannot be moved, or something has that name.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        Err(Errno::EINVAL | Errno::ENOSYS) => link_and_unlink(from, to),
        done => Ok(done?),
    }
}

/// Moves a file to a name that must be free.
///
/// # Errors
/// If it cannot be moved, or something has that name.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    link_and_unlink(from, to)
}

/// Moves a file by a second name: a link is refused where something stands, a rename is not.
fn link_and_unlink(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn files_change_places_in_one_step_or_in_several() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("1"), folder.path().join("2"));
        fs::write(&one, "1").unwrap();
        fs::write(&other, "2").unwrap();
        for (exchange, now) in [(exchange as fn(&Path, &Path) -> _, "2"), (exchange_in_steps, "1")] {
            exchange(&one, &other).unwrap();
            assert_eq!(fs::read_to_string(&one).unwrap(), now);
        }
        for free in [move_to_free as fn(&Path, &Path) -> io::Result<()>, link_and_unlink] {
            assert_eq!(free(&one, &other).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
