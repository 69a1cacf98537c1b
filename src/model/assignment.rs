//! What a task is to bring when it is not about a check: who does it, in which lane, after what, and what must exist then.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::check::CheckName;
use crate::model::cost::Usd;
use crate::model::id::{BatchId, EventId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::settings::LandMode;
use crate::model::workspace::{ChangeKind, FileChange};

/// A queue with a concurrency of its own; the kinds of work come from different doors and must not starve each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Fixes of checks.
    Fix,
    /// Queued tasks and what events start: one at a time unless set otherwise.
    Queue,
    /// Task files.
    Day,
    /// Issues of a tracker.
    Issue,
    /// Sessions with dependencies.
    Session,
}

impl Lane {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 5] = [Self::Fix, Self::Queue, Self::Day, Self::Issue, Self::Session];

    /// Returns the word that settings and lists use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fix => "fix",
            Self::Queue => "queue",
            Self::Day => "day",
            Self::Issue => "issue",
            Self::Session => "session",
        }
    }
}

/// How much work a person expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    /// Small changes, simple fixes, documentation.
    Low,
    /// Features over several files, test suites.
    Medium,
    /// New modules, large refactorings.
    High,
}

impl Complexity {
    /// Returns how long such a task is expected to take.
    pub fn expected(self) -> Duration {
        const MINUTE: u64 = 60;
        Duration::from_secs(match self {
            Self::Low => 60 * MINUTE,
            Self::Medium => 150 * MINUTE,
            Self::High => 240 * MINUTE,
        })
    }

    /// Returns the word that task files use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A file or folder that must exist in the result, changed by the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverable {
    /// What was written about it, as `Updated docs/X.md`.
    pub said: String,
    /// Where it must be.
    pub path: ProjectPath,
}

impl Deliverable {
    /// Whether a folder was written, with a slash at its end.
    pub fn is_folder(&self) -> bool {
        self.said.contains(&format!("{}/", self.path))
    }

    /// Whether it is among these changes: made or changed, or a file of it if it is a folder.
    pub fn is_among(&self, changes: &[FileChange]) -> bool {
        let brings = |change: &FileChange| {
            change.kind != ChangeKind::Deleted && (change.path == self.path || change.path.is_below(&self.path))
        };
        changes.iter().any(brings)
    }
}

/// What a task is to bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// What the outside calls it: `task-001`, a session's id. Unique within its batch.
    pub label: String,
    /// Its name in one line.
    pub name: String,
    /// What to do.
    pub description: String,
    /// Its queue.
    pub lane: Lane,
    /// The name of a workflow.
    pub workflow: String,
    /// The name of the role that works on it.
    pub role: String,
    /// The part of the project that it is about, as a person calls it; empty if none was named.
    #[serde(default)]
    pub module: String,
    /// How much work is expected.
    #[serde(default)]
    pub complexity: Option<Complexity>,
    /// Files and folders to read first, relative to the project, as written.
    #[serde(default)]
    pub context_files: Vec<String>,
    /// What must exist then.
    #[serde(default)]
    pub deliverables: Vec<Deliverable>,
    /// What must be done before it begins.
    #[serde(default)]
    pub after: Vec<TaskId>,
    /// A check that must be green then, whatever files it concerns.
    #[serde(default)]
    pub check: Option<CheckName>,
    /// What it may cost in all; none: the configured limit of a task.
    #[serde(default)]
    pub budget: Option<Usd>,
    /// Whether its result lands by itself.
    pub land: LandMode,
    /// What it was filed together with.
    #[serde(default)]
    pub batch: Option<BatchId>,
    /// The event that started it.
    #[serde(default)]
    pub event: Option<EventId>,
    /// The subject that passes through a pipeline of roles; its first task.
    #[serde(default)]
    pub subject: Option<TaskId>,
    /// The project as a session names it; none for what is no session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Box<Project>>,
}

/// The project that a session works in, and what for, as whoever created it said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Project {
    /// Its repository, `owner/name`; empty: the one that the supervisor works in.
    pub repository: String,
    /// Its branch; empty: whatever is checked out.
    pub branch: String,
    /// What is to be done.
    pub requirements: String,
    /// What is good to know for it.
    pub context: String,
}

/// How the tasks of an orchestration follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As soon as what each depends on is done.
    #[default]
    Parallel,
    /// One after the other.
    Sequential,
    /// The core first, the rest then.
    WaitForCore,
}

/// Where tasks that were filed together come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchKind {
    /// A task file.
    Day {
        /// The file.
        file: PathBuf,
        /// Where its status, logs, questions and report lie.
        folder: PathBuf,
        /// Its date, as written.
        date: String,
    },
    /// A requirement that was taken apart.
    Orchestration {
        /// What was asked for.
        requirement: String,
        /// How its tasks follow each other.
        mode: Mode,
        /// Whether its sessions start at once, without a yes.
        #[serde(default)]
        start: bool,
    },
}

/// Tasks that were filed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// Where it comes from.
    pub kind: BatchKind,
    /// What all of it may cost; none: only the day's limit holds.
    pub budget: Option<Usd>,
    /// Its tasks, in order.
    pub tasks: Vec<TaskId>,
}

impl Batch {
    /// Returns the folder of its day, if it is of a task file.
    pub fn folder(&self) -> Option<&PathBuf> {
        match &self.kind {
            BatchKind::Day { folder, .. } => Some(folder),
            BatchKind::Orchestration { .. } => None,
        }
    }
}

impl Assignment {
    /// Returns what is known of any work: its name, its queue, and who does it how. Nothing is to be read or must exist, it
    /// waits for nobody, and its result waits for a yes.
    pub fn new(name: impl Into<String>, lane: Lane, workflow: &str, role: &str) -> Self {
        Self {
            label: String::new(),
            name: name.into(),
            description: String::new(),
            lane,
            workflow: workflow.to_owned(),
            role: role.to_owned(),
            module: String::new(),
            complexity: None,
            context_files: Vec::new(),
            deliverables: Vec::new(),
            after: Vec::new(),
            check: None,
            budget: None,
            land: LandMode::Ask,
            batch: None,
            event: None,
            subject: None,
            project: None,
        }
    }

    /// Returns the line that lists show: `task-001 · Create documentation`.
    pub fn title(&self) -> String {
        // Parts of a plan are often called what they are.
        let is_said = self.label.is_empty() || self.label.eq_ignore_ascii_case(&self.name);
        if is_said { self.name.clone() } else { format!("{} · {}", self.label, self.name) }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
