//! The world around the machine in a story: it does what it is told, at once, unless the story says otherwise.

use std::collections::{BTreeMap, VecDeque};

use orchestrator_tui::core::effect::Work;
use orchestrator_tui::core::input::{Collected, Input, Product};
use orchestrator_tui::model::id::JobId;
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::workspace::{ChangeKind, FileChange, Snapshot, Suspicion, TreeId};

use super::stage::path;

/// What comes of the next jobs of a kind.
type Deeds = VecDeque<String>;

pub(super) struct Edge {
    /// The file that agents change, unless the story says which.
    usual: Vec<ProjectPath>,
    /// How often the user's tree changed.
    edits: u32,
    results: u32,
    next: BTreeMap<String, Deeds>,
    /// Jobs that are not done yet, by their kind.
    waiting: BTreeMap<String, (JobId, Work)>,
    /// What the last result changed.
    changes: Vec<FileChange>,
}

impl Edge {
    pub(super) fn new(files: &[ProjectPath]) -> Self {
        Self {
            usual: files.iter().take(1).cloned().collect(),
            edits: 0,
            results: 0,
            next: BTreeMap::new(),
            waiting: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn crash(&mut self) {
        self.waiting.clear();
    }

    /// The user's tree is another one now.
    pub(super) fn edited(&mut self) {
        self.edits += 1;
    }

    /// Says what comes of the next job of a kind: `merge conflict src/a.py`, `land waits`.
    pub(super) fn expect(&mut self, kind: &str, deed: &str) {
        self.next.entry(kind.to_owned()).or_default().push_back(deed.to_owned());
    }

    /// Does a job that had to wait.
    pub(super) fn finish(&mut self, kind: &str, deed: &str) -> Result<Input, String> {
        let (job, work) = self.waiting.remove(kind).ok_or_else(|| format!("no {kind} waits"))?;
        Ok(Input::Done(job, self.product(&work, deed)))
    }

    /// Does a job, or lets it wait.
    pub(super) fn works(&mut self, job: JobId, work: &Work) -> Option<Input> {
        let kind = kind(work);
        let deed = self.next.get_mut(kind).and_then(VecDeque::pop_front).unwrap_or_default();
        if deed == "waits" {
            self.waiting.insert(kind.to_owned(), (job, work.clone()));
            return None;
        }
        Some(Input::Done(job, self.product(work, &deed)))
    }

    fn snapshot(&self) -> Snapshot {
        let tree = TreeId(format!("tree{}", self.edits));
        Snapshot { commit: format!("commit of {tree}"), tree, left_out: Vec::new() }
    }

    fn product(&mut self, work: &Work, deed: &str) -> Product {
        let (how, rest) = deed.split_once(' ').unwrap_or((deed, ""));
        let named = || rest.split(' ').filter_map(|text| path(text).ok()).collect::<Vec<_>>();
        match (how, work) {
            ("failed", _) => Product::Failed(rest.to_owned()),
            (_, Work::Snapshot) => Product::Snapshot(self.snapshot()),
            ("conflict", Work::Compose { .. }) => Product::Conflict { paths: named(), shown: String::new() },
            (_, Work::Compose { snapshot, brought }) => {
                let mut tree = snapshot.tree.0.clone();
                for (_, result) in brought {
                    tree = format!("{tree}+{result}");
                }
                Product::Snapshot(Snapshot { tree: TreeId(tree), ..snapshot.clone() })
            }
            (_, Work::Prepare { .. }) => Product::Prepared { needs_command: how == "command", warnings: Vec::new() },
            (_, Work::Collect { base, .. }) => Product::Collected(self.collect(base, how, rest)),
            (_, Work::Restore { .. }) => Product::Restored,
            ("conflict", Work::Merge { .. }) => Product::Conflict { paths: named(), shown: "both versions".to_owned() },
            (_, Work::Merge { base, theirs }) => {
                let ours = self.snapshot();
                let tree = if ours == *base { theirs.clone() } else { TreeId(format!("{theirs} on {}", ours.tree)) };
                Product::Merged { tree: if how == "same" { ours.tree.clone() } else { tree }, ours }
            }
            ("surprised", Work::Land { .. }) => Product::Surprised,
            ("refused", Work::Land { .. }) => Product::Refused(rest.to_owned()),
            (_, Work::Land { .. } | Work::RecordInPlace { .. }) => {
                self.edits += 1;
                let warnings = if how == "open" { vec![rest.to_owned()] } else { Vec::new() };
                Product::Landed { files: self.changes.clone(), warnings }
            }
            (_, Work::PutAway { .. }) => Product::PutAway,
            ("conflict", Work::Undo { .. }) => Product::UndoConflict(named()),
            ("nothing", Work::Undo { .. }) => Product::NothingToUndo,
            (_, Work::Undo { .. }) => {
                self.edits += 1;
                Product::Undone(self.changes.clone())
            }
        }
    }

    fn collect(&mut self, base: &Snapshot, word: &str, rest: &str) -> Collected {
        if word == "nothing" {
            let patch = String::new();
            return Collected { tree: base.tree.clone(), changes: Vec::new(), suspicions: Vec::new(), patch };
        }
        self.results += 1;
        let named = rest.split(' ').filter_map(|text| path(text).ok()).collect();
        let changed = if word == "changes" { named } else { self.usual.clone() };
        let change = |path| FileChange { path, kind: ChangeKind::Modified, added: 1, removed: 1, line: None };
        self.changes = changed.into_iter().map(change).collect();
        let doubt = Suspicion { file: None, what: rest.to_owned() };
        Collected {
            tree: TreeId(format!("result{}", self.results)),
            changes: self.changes.clone(),
            suspicions: if word == "suspicious" { vec![doubt] } else { Vec::new() },
            patch: "a diff".to_owned(),
        }
    }
}

/// The word of a job in stories.
pub(super) fn kind(work: &Work) -> &'static str {
    match work {
        Work::Snapshot => "snapshot",
        Work::Compose { .. } => "compose",
        Work::Prepare { .. } => "prepare",
        Work::Collect { .. } => "collect",
        Work::Restore { .. } => "restore",
        Work::Merge { .. } => "merge",
        Work::Land { .. } => "land",
        Work::RecordInPlace { .. } => "record",
        Work::Undo { .. } => "undo",
        Work::PutAway { .. } => "put-away",
    }
}
