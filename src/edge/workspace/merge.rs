//! A result and the user's edits since, merged in memory.

use std::fmt;

use std::collections::BTreeMap;
use std::process::Output;

use super::error::{Result, WorkspaceError};
use super::git::{failure, line};
use super::shadow::Shadow;
use crate::model::path::ProjectPath;
use crate::model::workspace::{Snapshot, TreeId};

/// Parts of a conflict are cut at so many bytes; they are for showing.
const LONGEST_PART: usize = 4_000;
/// So many conflicting parts of one file are shown.
const MOST_PARTS: usize = 20;
/// Files above so many bytes are not searched for conflicting parts.
const LARGEST_SHOWN: u64 = 1_000_000;

/// A merge of a result into the user's tree as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The user's tree that it was made with; landing insists on it.
    pub ours: Snapshot,
    /// What came out.
    pub outcome: MergeOutcome,
}

/// Whether a merge went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// All of it; this is the merged tree.
    Clean(TreeId),
    /// User and result changed the same.
    Conflict(Vec<Conflict>),
}

/// A file that user and result changed in the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which file.
    pub path: ProjectPath,
    /// What kind of conflict git calls it: `contents`, `modify/delete`, `binary`, …
    pub kind: String,
    /// The places, for a person to read; empty if it is not one of text.
    pub parts: Vec<ConflictPart>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.path, self.kind)?;
        for part in &self.parts {
            writeln!(f, "yours:\n{}\nthe agent's:\n{}", part.ours.trim_end(), part.theirs.trim_end())?;
        }
        Ok(())
    }
}

/// One place of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictPart {
    /// What stands there now.
    pub ours: String,
    /// What the result says.
    pub theirs: String,
}

impl Shadow {
    /// Takes a full snapshot of the user's tree as it is now and merges `theirs`, made from `base`, into it.
    /// Nothing is written outside the shadow.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge(&self, base: &Snapshot, theirs: &TreeId) -> Result<Merge> {
        let ours = self.snapshot(None)?;
        let outcome = if ours.tree == base.tree || ours.tree == *theirs {
            MergeOutcome::Clean(theirs.clone())
        } else if *theirs == base.tree {
            MergeOutcome::Clean(ours.tree.clone())
        } else {
            self.merge_trees(base, &ours.tree, theirs)?
        };
        Ok(Merge { ours, outcome })
    }

    /// Merges two trees with a common ancestor.
    pub(super) fn merge_trees(&self, base: &Snapshot, ours: &TreeId, theirs: &TreeId) -> Result<MergeOutcome> {
        let mut output = self.merge_tree(&base.commit, ours, theirs)?;
        if !matches!(output.status.code(), Some(0 | 1)) {
            // The user's `gc` may have cut the history behind the base; a base without parents needs none.
            let orphan = self.commit(&base.tree, None, "base")?;
            output = self.merge_tree(&orphan, ours, theirs)?;
        }
        match output.status.code() {
            Some(0) => {
                let id = output.stdout.split(|byte| *byte == 0).next().unwrap_or_default();
                Ok(MergeOutcome::Clean(TreeId(String::from_utf8_lossy(id).into_owned())))
            }
            Some(1) => Ok(MergeOutcome::Conflict(self.conflicts(&output.stdout)?)),
            _ => Err(failure("merge-tree", &output)),
        }
    }

    /// Runs the merge with commits that follow `base`.
    fn merge_tree(&self, base: &str, ours: &TreeId, theirs: &TreeId) -> Result<Output> {
        let commits = [self.start_commit(ours, Some(base), "ours")?, self.start_commit(theirs, Some(base), "theirs")?];
        let [ours, theirs] = commits.map(|commit| commit.finish().map(|id| line(&id)));
        let (ours, theirs) = (ours?, theirs?);
        let settings = ["-c", "merge.directoryRenames=false", "-c", "merge.conflictStyle=merge"];
        let command = ["merge-tree", "--write-tree", "-z", &ours, &theirs];
        self.git.output(&[&settings[..], &command].concat(), b"")
    }

    /// Reads the conflicts out of git's answer: tree, files with stages, an empty item, messages.
    fn conflicts(&self, answer: &[u8]) -> Result<Vec<Conflict>> {
        let unreadable = || WorkspaceError::Unreadable { command: "merge-tree".to_owned() };
        let mut fields = answer.split(|byte| *byte == 0);
        let tree = TreeId(String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned());
        let mut found: BTreeMap<ProjectPath, Conflict> = BTreeMap::new();
        for field in fields.by_ref().take_while(|field| !field.is_empty()) {
            let tab = field.iter().position(|byte| *byte == b'\t').ok_or_else(unreadable)?;
            let path = ProjectPath::from_bytes(&field[tab + 1..]).ok_or_else(unreadable)?;
            found.entry(path.clone()).or_insert(Conflict { path, kind: String::new(), parts: Vec::new() });
        }
        // Each message: the number of its paths, the paths, its kind, its text.
        while let Some(number) = fields.next().filter(|field| !field.is_empty()) {
            let number: usize =
                std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
            let paths: Vec<_> = fields.by_ref().take(number).filter_map(ProjectPath::from_bytes).collect();
            let kind = String::from_utf8_lossy(fields.next().ok_or_else(unreadable)?).into_owned();
            let _text = fields.next();
            let Some(kind) = kind.strip_prefix("CONFLICT (").and_then(|kind| kind.strip_suffix(')')) else { continue };
            for path in paths {
                if let Some(conflict) = found.get_mut(&path) {
                    kind.clone_into(&mut conflict.kind);
                }
            }
        }
        let mut conflicts: Vec<_> = found.into_values().collect();
        for conflict in &mut conflicts {
            if conflict.kind == "contents" || conflict.kind == "add/add" {
                let content = self.content(&tree, &conflict.path)?.unwrap_or_default();
                if u64::try_from(content.len()).is_ok_and(|size| size <= LARGEST_SHOWN) {
                    conflict.parts = parts(&content);
                }
            }
        }
        Ok(conflicts)
    }
}

/// Finds the marked places in a file that git merged with conflicts.
fn parts(content: &[u8]) -> Vec<ConflictPart> {
    #[derive(Clone, Copy)]
    enum Side {
        Outside,
        Ours,
        Theirs,
    }
    let text = String::from_utf8_lossy(content);
    let mut found = Vec::new();
    let mut side = Side::Outside;
    let (mut ours, mut theirs) = (String::new(), String::new());
    for line in text.split_inclusive('\n') {
        match side {
            Side::Outside if line.starts_with("<<<<<<< ") => side = Side::Ours,
            Side::Outside => {}
            Side::Ours if line.trim_end() == "=======" => side = Side::Theirs,
            Side::Ours => append(&mut ours, line),
            Side::Theirs if line.starts_with(">>>>>>> ") => {
                found.push(ConflictPart { ours: std::mem::take(&mut ours), theirs: std::mem::take(&mut theirs) });
                if found.len() == MOST_PARTS {
                    return found;
                }
                side = Side::Outside;
            }
            Side::Theirs => append(&mut theirs, line),
        }
    }
    found
}

/// Appends a line, up to the limit.
fn append(text: &mut String, line: &str) {
    if text.len() + line.len() <= LONGEST_PART {
        text.push_str(line);
    } else if !text.ends_with('…') {
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_conflict_are_shown() {
        let text = b"a\n<<<<<<< x\nmine\n=======\nits\n>>>>>>> y\nb\n";
        assert_eq!(parts(text), [ConflictPart { ours: "mine\n".to_owned(), theirs: "its\n".to_owned() }]);
        assert!(parts(b"plain\n").is_empty());
    }
}
