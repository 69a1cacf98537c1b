//! The simulated disk: a tree of numbers, workspaces, landings with images, and which numbers are bugs.

use std::collections::BTreeMap;

use orchestrator_tui::model::check::{CheckKey, Findings, Fingerprint};
use orchestrator_tui::model::id::{LandingId, Slot};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::workspace::{ChangeKind, FileChange, GitOperation, RepoState, Snapshot, TreeId};

use super::plan::Chance;

/// The content of every file; a file is a number.
pub(super) type Tree = BTreeMap<u8, u32>;

/// How many files there can be.
const FILES: u64 = 6;

pub(super) struct Landing {
    pub before: Tree,
    pub after: Tree,
    pub done: bool,
}

pub(super) struct Disk {
    pub tree: Tree,
    pub slots: BTreeMap<Slot, Tree>,
    pub landings: BTreeMap<LandingId, Landing>,
    known: Vec<Tree>,
    pub heads: u32,
    pub branches: u32,
}

pub(super) fn name(file: u8) -> ProjectPath {
    ProjectPath::new(format!("src/f{file}")).expect("a good path")
}

pub(super) fn number(path: &ProjectPath) -> u8 {
    path.to_string().trim_start_matches("src/f").parse().expect("a file of this world")
}

/// Which checks are red for a content, by its remainder.
fn is_bug(check: &str, content: u32) -> bool {
    match check {
        "unit" => content % 5 == 1,
        "lint" => content % 7 == 3,
        _ => content % 5 == 2,
    }
}

/// A content without any bug, near the given one.
pub(super) fn mended(content: u32) -> u32 {
    (content + 1..content + 100)
        .find(|next| ["unit", "lint", "each"].iter().all(|check| !is_bug(check, *next)))
        .expect("there is one")
}

impl Disk {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let tree = (0..chance.between(2, 4)).map(|file| (file as u8, chance.below(40) as u32)).collect();
        Self { tree, slots: BTreeMap::new(), landings: BTreeMap::new(), known: Vec::new(), heads: 0, branches: 0 }
    }

    pub(super) fn names(&self) -> Vec<ProjectPath> {
        self.tree.keys().map(|file| name(*file)).collect()
    }

    pub(super) fn repository(&self, operation: bool) -> RepoState {
        RepoState {
            head: Some(format!("h{}", self.heads)),
            branch: (!operation).then(|| format!("branch{}", self.branches)),
            operation: operation.then_some(GitOperation::Rebase),
        }
    }

    pub(super) fn id(&mut self, tree: &Tree) -> TreeId {
        let at = self.known.iter().position(|known| known == tree).unwrap_or_else(|| {
            self.known.push(tree.clone());
            self.known.len() - 1
        });
        TreeId(format!("t{at}"))
    }

    pub(super) fn get(&self, id: &TreeId) -> Tree {
        self.known[id.0[1..].parse::<usize>().expect("a tree of this world")].clone()
    }

    pub(super) fn snapshot(&mut self) -> Snapshot {
        let tree = self.tree.clone();
        let tree = self.id(&tree);
        Snapshot { commit: format!("c{}", tree.0), tree, left_out: Vec::new() }
    }

    /// What a check finds in a tree.
    pub(super) fn findings(tree: &Tree, key: &CheckKey) -> Findings {
        let only = key.file.as_ref().map(number);
        let failures = tree
            .iter()
            .filter(|(file, _)| only.is_none_or(|only| only == **file))
            .filter(|(_, content)| is_bug(&key.check.0, **content))
            .map(|(file, content)| Fingerprint {
                id: format!("{} f{file} {content}", key.check),
                file: Some(name(*file)),
                line: None,
            })
            .collect();
        Findings { failures, ..Findings::default() }
    }

    pub(super) fn changes(from: &Tree, to: &Tree) -> Vec<FileChange> {
        let mut changes = Vec::new();
        for file in 0..FILES as u8 {
            let kind = match (from.get(&file), to.get(&file)) {
                (None, Some(_)) => ChangeKind::Added,
                (Some(_), None) => ChangeKind::Deleted,
                (Some(old), Some(new)) if old != new => ChangeKind::Modified,
                _ => continue,
            };
            changes.push(FileChange { path: name(file), kind, added: 1, removed: 1, line: None });
        }
        changes
    }

    /// A person edits a file, adds one or deletes one.
    pub(super) fn edit(&mut self, chance: &mut Chance) -> u8 {
        let file = chance.below(FILES) as u8;
        if chance.one_in(12) && self.tree.len() > 1 && self.tree.remove(&file).is_some() {
            return file;
        }
        self.tree.insert(file, chance.below(60) as u32);
        file
    }

    /// Three-way merge, file by file.
    pub(super) fn merge(base: &Tree, ours: &Tree, theirs: &Tree) -> Result<Tree, Vec<ProjectPath>> {
        let mut merged = Tree::new();
        let mut conflicts = Vec::new();
        for file in 0..FILES as u8 {
            let (base, ours, theirs) = (base.get(&file), ours.get(&file), theirs.get(&file));
            let winner = if ours == base || ours == theirs {
                theirs
            } else if theirs == base {
                ours
            } else {
                conflicts.push(name(file));
                ours
            };
            if let Some(content) = winner {
                merged.insert(file, *content);
            }
        }
        if conflicts.is_empty() { Ok(merged) } else { Err(conflicts) }
    }
}
