//! Keeps the state folder from growing for ever: transcripts of old sessions go.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::id::LandingId;

/// How many sessions keep their transcripts: some days of work, at most a few hundred megabytes in practice.
const SESSIONS: usize = 300;

/// Returns the last landing that left images, so that no other ever gets its number.
pub fn last_landing(folder: &Path) -> LandingId {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let numbers = names.filter_map(|name| name.to_str().and_then(|name| name.parse().ok()));
    LandingId(numbers.max().unwrap_or(0))
}

/// Removes the transcripts of all but the last sessions; session numbers only grow.
///
/// # Errors
/// If the folder cannot be read or a file cannot be removed.
pub fn prune_transcripts(folder: &Path) -> io::Result<()> {
    let mut sessions: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(number) = number {
            sessions.entry(number).or_default().push(path);
        }
    }
    let surplus = sessions.len().saturating_sub(SESSIONS);
    for path in sessions.into_values().take(surplus).flatten() {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn only_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=SESSIONS + 2 {
            fs::write(folder.path().join(format!("{number}.out")), "").unwrap();
            fs::write(folder.path().join(format!("{number}.exit")), "").unwrap();
        }
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        prune_transcripts(folder.path()).unwrap();
        assert!(!folder.path().join("2.out").exists());
        assert!(folder.path().join("3.out").exists() && folder.path().join("3.exit").exists());
        assert!(folder.path().join("notes.txt").exists());
    }
}
