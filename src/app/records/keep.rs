//! Keeps the state folder from growing for ever: transcripts of old sessions go, and its size is told.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::edge::store::Layout;
use crate::edge::workspace;
use crate::model::id::LandingId;

/// How many sessions keep their transcripts: some days of work.
const SESSIONS: usize = 300;

/// What transcripts may take on disk together, in bytes: eight that are as long as one can be.
const QUOTA: u64 = 512 * 1024 * 1024;

/// Returns the last landing that left images, so that no other ever gets its number.
pub fn last_landing(folder: &Path) -> LandingId {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let numbers = names.filter_map(|name| name.to_str().and_then(|name| name.parse().ok()));
    LandingId(numbers.max().unwrap_or(0))
}

/// The transcripts of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcripts {
    /// The session's number.
    pub session: u64,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// What they take on disk, in bytes.
    pub bytes: u64,
}

/// Returns the transcripts that are over the quota, the oldest; session numbers only grow.
///
/// # Errors
/// If the folder cannot be read.
pub fn surplus_transcripts(folder: &Path) -> io::Result<Vec<Transcripts>> {
    surplus(folder, QUOTA)
}

fn surplus(folder: &Path, quota: u64) -> io::Result<Vec<Transcripts>> {
    let mut sessions: BTreeMap<u64, Transcripts> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(session) = number {
            let of = sessions.entry(session).or_insert_with(|| Transcripts { session, ..Transcripts::default() });
            of.bytes += workspace::size(&path);
            of.files.push(path);
        }
    }
    let (mut count, mut total) = (0, 0_u64);
    let keeps = |of: &Transcripts| {
        count += 1;
        total = total.saturating_add(of.bytes);
        // The last one stays whatever its size: it is what a person asks about.
        count == 1 || (count <= SESSIONS && total <= quota)
    };
    let kept = sessions.values().rev().map(keeps).take_while(|keeps| *keeps).count();
    let surplus = sessions.len() - kept;
    Ok(sessions.into_values().take(surplus).collect())
}

/// Removes the transcripts that are over the quota.
///
/// # Errors
/// If the folder cannot be read or a file cannot be removed.
pub fn prune_transcripts(folder: &Path) -> io::Result<()> {
    for path in surplus_transcripts(folder)?.into_iter().flat_map(|of| of.files) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// What a project's state takes on disk, in bytes as allocated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The journal, with what is not merged into it yet.
    pub journal: u64,
    /// What sessions printed.
    pub transcripts: u64,
    /// The shadow repository, the workspaces, and the images of landings.
    pub trees: workspace::Sizes,
    /// All of it, the log and small files included.
    pub total: u64,
}

/// Adds up what is in a state folder; walks all files, so this takes seconds for big workspaces.
pub fn sizes(layout: &Layout) -> Sizes {
    let journal = ["journal.db", "journal.db-wal", "journal.db-shm"];
    Sizes {
        journal: journal.iter().map(|name| workspace::size(&layout.root().join(name))).sum(),
        transcripts: workspace::size(&layout.sessions()),
        trees: workspace::sizes(layout.root()),
        total: workspace::size(layout.root()),
    }
}

impl Sizes {
    /// As `health --json` gives it out.
    pub fn json(&self) -> Value {
        let workspaces: u64 = self.trees.workspaces.iter().map(|(_, bytes)| bytes).sum();
        json!({
            "journal": self.journal,
            "transcripts": self.transcripts,
            "landings": self.trees.landings,
            "snapshots": self.trees.shadow,
            "workspaces": workspaces + self.trees.set_aside,
            "total": self.total,
        })
    }
}

/// Writes an amount of disk space the way a person reads it: `4 KB`, `1.5 MB`.
pub fn readable(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} bytes");
    };
    let tenths = bytes.saturating_mul(10).saturating_add(unit / 2) / unit;
    if tenths < 100 && !tenths.is_multiple_of(10) {
        return format!("{}.{} {name}", tenths / 10, tenths % 10);
    }
    let whole = bytes.saturating_add(unit / 2) / unit;
    // 999,999 bytes are a megabyte, not a thousand kilobytes.
    match (whole, name) {
        (1000, "KB") => "1 MB".to_owned(),
        (1000, "MB") => "1 GB".to_owned(),
        _ => format!("{whole} {name}"),
    }
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

    #[test]
    fn long_ones_go_sooner_and_the_last_stays() {
        const QUOTA: usize = 256 * 1024;
        let folder = tempfile::tempdir().unwrap();
        let write = |number: u32, bytes: usize| {
            fs::write(folder.path().join(format!("{number}.out")), vec![7; bytes]).unwrap();
        };
        let surplus = || -> Vec<u64> {
            let quota = u64::try_from(QUOTA).unwrap();
            super::surplus(folder.path(), quota).unwrap().into_iter().map(|of| of.session).collect()
        };
        for number in 1..=3 {
            write(number, QUOTA / 4);
        }
        assert_eq!(surplus(), [0; 0]);
        write(4, QUOTA * 3 / 5);
        assert_eq!(surplus(), [1, 2]);
        write(5, QUOTA + 1);
        assert_eq!(surplus(), [1, 2, 3, 4]);
    }
}
