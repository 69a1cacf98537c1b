//! What we wrote into the user's tree ourselves, so that the watcher can tell it from a person's save.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::path::ProjectPath;

/// What stands at a path: the SHA-256 of a file's bytes or of a link's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Nothing stands there: what a deletion leaves behind.
    pub const ABSENT: Self = Self([0; 32]);
}

/// What we put at a path.
#[derive(Clone, Copy, Debug)]
struct Write {
    hash: ContentHash,
    /// Whether it was seen there.
    seen: bool,
}

/// The last content that we put at each path; clones share one table.
///
/// An entry is made *before* the file is swapped in, so an event that arrives early is already known.
#[derive(Clone, Debug, Default)]
pub struct OwnWrites {
    table: Arc<Mutex<BTreeMap<ProjectPath, Write>>>,
}

impl OwnWrites {
    /// Notes that `path` is about to hold `hash`, by our hand.
    pub fn register(&self, path: ProjectPath, hash: ContentHash) {
        self.with(|table| table.insert(path, Write { hash, seen: false }));
    }

    /// Takes the note back: what we were about to write at `path` was not written, or not left there.
    pub fn withdraw(&self, path: &ProjectPath) {
        self.with(|table| table.remove(path));
    }

    /// Whether the content `hash` at `path` is what we put there, and nobody has put another there since.
    ///
    /// Once our content was seen, the first other content ends that: a person who goes back to ours later has saved.
    pub fn is_ours(&self, path: &ProjectPath, hash: &ContentHash) -> bool {
        self.with(|table| match table.get_mut(path) {
            Some(write) if write.hash == *hash => {
                write.seen = true;
                true
            }
            Some(write) if write.seen => {
                table.remove(path);
                false
            }
            Some(_) | None => false,
        })
    }

    /// Runs `work` on the table. A poisoned lock is no reason to stop: each change is one map operation.
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<ProjectPath, Write>) -> T) -> T {
        work(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_content_is_ours() {
        let own = OwnWrites::default();
        let shared = own.clone();
        let path = ProjectPath::new("a.rs").unwrap();
        own.register(path.clone(), ContentHash([1; 32]));
        assert!(shared.is_ours(&path, &ContentHash([1; 32])));
        assert!(!shared.is_ours(&path, &ContentHash([2; 32])));
        own.register(path.clone(), ContentHash::ABSENT);
        assert!(!shared.is_ours(&path, &ContentHash([1; 32])));
        own.withdraw(&path);
        assert!(!shared.is_ours(&path, &ContentHash::ABSENT));
    }
}
