//! Trees, snapshots, workspaces and landings, as the machine knows them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::path::ProjectPath;

/// The object id of a tree in the shadow repository, in hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TreeId(pub String);

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A snapshot of the user's tree: tracked and untracked files, uncommitted edits included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The tree itself.
    pub tree: TreeId,
    /// The commit in the shadow repository that pins it; its parent is the user's HEAD.
    pub commit: String,
    /// What is not in it and why: big untracked files, nested repositories, unreadable files.
    pub left_out: Vec<LeftOut>,
}

/// Something of the user's tree that a snapshot does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which file or folder.
    pub path: ProjectPath,
    /// Why, for a person to read.
    pub why: String,
}

/// What became of one file between two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or its mode changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// One file that differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Which file.
    pub path: ProjectPath,
    /// What became of it.
    pub kind: ChangeKind,
    /// Lines added, where it is text.
    pub added: u32,
    /// Lines removed, where it is text.
    pub removed: u32,
    /// The first line that changed, counted from 1 in the file as it is after; `None` where it is not text, or gone.
    #[serde(default)]
    pub line: Option<u32>,
}

impl FileChange {
    /// Returns where to look, as editors take it: `src/calc.py:12`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.path),
            None => self.path.to_string(),
        }
    }
}

/// What the user's repository is in the middle of; nothing is started meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GitOperation {
    /// A merge with conflicts.
    Merge,
    /// A rebase, or applying a mailbox.
    Rebase,
    /// A cherry-pick.
    CherryPick,
    /// A revert.
    Revert,
    /// A bisection.
    Bisect,
}

impl fmt::Display for GitOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "merge",
            Self::Rebase => "rebase",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
            Self::Bisect => "bisect",
        })
    }
}

/// Where the user's repository stands.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RepoState {
    /// The commit that HEAD points to; `None` without git or before the first commit.
    pub head: Option<String>,
    /// The branch, if HEAD is on one.
    pub branch: Option<String>,
    /// What is under way.
    pub operation: Option<GitOperation>,
}

/// What a result does that a person should see before it lands; each is a reason to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// Which file gives cause, if it is one.
    pub file: Option<ProjectPath>,
    /// What it does, for a person to read: `deletes tests/test_a.py`, `adds #[allow(dead_code)]`.
    pub what: String,
}
