//! Something to get done: its goal, what became of it so far; where it stands is in [`state`](crate::model::state).

use serde::{Deserialize, Serialize};

use crate::model::assignment::Assignment;
use crate::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use crate::model::check::{CheckKey, Fingerprint};
use crate::model::cost::Spent;
use crate::model::id::{ChangeId, EventId, LandingId, TaskId};
use crate::model::outcome::Outcome;
use crate::model::path::ProjectPath;
use crate::model::plan::Plan;
use crate::model::question::Asked;
use crate::model::receipt::Receipt;
use crate::model::time::Wall;
use crate::model::workspace::Snapshot;

pub use crate::model::state::{DoneReason, FailReason, ReadyReason, ReviewReason, TaskState};

/// A named list of stages; the built-in one is `fix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// What an attempt goes through, in order.
    pub stages: Vec<Stage>,
}

impl Workflow {
    /// Returns the workflow of the fix loop; `planned` adds the stage that asks for a strategy.
    pub fn fix(planned: bool) -> Self {
        let mut stages = vec![Stage::Prepare, Stage::Baseline, Stage::Fixers];
        if planned {
            stages.push(Stage::Plan);
        }
        stages.extend([Stage::Agent, Stage::Verify, Stage::Land, Stage::Confirm]);
        Self { name: "fix".to_owned(), stages }
    }

    /// Returns the workflow of a task file's tasks, and of everything else that brings an assignment.
    pub fn task() -> Self {
        let stages = vec![Stage::Prepare, Stage::Agent, Stage::Verify, Stage::Land, Stage::Confirm];
        Self { name: "task".to_owned(), stages }
    }

    /// Returns the stage after `stage`, if there is one.
    pub fn after(&self, stage: Stage) -> Option<Stage> {
        let at = self.stages.iter().position(|known| *known == stage)?;
        self.stages.get(at + 1).copied()
    }
}

/// What a task is to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// This check is green.
    Check(CheckKey),
    /// This is made, and no check that was green is red by it.
    Assignment(Box<Assignment>),
}

/// Why a task was filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The check was red when the supervisor started.
    Start,
    /// A change made it red.
    Change(ChangeId),
    /// A person asked for it.
    Person,
    /// An event started it.
    Event(EventId),
}

/// Something to get done. It changes only by facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// What is to be reached.
    pub goal: Goal,
    /// Why it was filed.
    pub origin: Origin,
    /// When it was filed.
    pub filed: Wall,
    /// Higher goes first; then by number.
    pub priority: i32,
    /// Whether a person said to start it now.
    pub forced: bool,
    /// The files that the change touched and that the failures name.
    pub files: Vec<ProjectPath>,
    /// The failures to mend; others that were red before do not count.
    pub failures: Vec<Fingerprint>,
    /// Failures of the same check that were red already and are not this task's business.
    pub red_before: Vec<Fingerprint>,
    /// The failing output, shortened, as last seen in the tree.
    pub excerpt: String,
    /// Where it stands.
    pub state: TaskState,
    /// The stage of the running attempt.
    pub stage: Option<Stage>,
    /// Finished attempts, in order.
    pub attempts: Vec<AttemptRecord>,
    /// What the planner advised last, if it was asked.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// What its agents asked, the last of it.
    #[serde(default)]
    pub asked: Vec<Asked>,
    /// How many of them count.
    pub charged: u32,
    /// What the finished attempts used, and the planner for this task.
    pub spent: Spent,
    /// What the running attempt has used so far.
    pub running: Spent,
    /// When the first attempt began.
    pub began: Option<Wall>,
    /// When it ended.
    pub ended: Option<Wall>,
    /// A landing that was begun and of which the end is not yet known.
    pub landing: Option<LandingId>,
    /// What landed, with evidence; kept after an undo.
    pub receipt: Option<Receipt>,
    /// Files of that landing that a person's save has put back.
    #[serde(default)]
    pub replaced: Vec<ProjectPath>,
    /// A result that waits for a person, as trees of the shadow repository.
    pub result: Option<PendingResult>,
}

/// A verified result that has not landed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingResult {
    /// What would be recorded if it landed as it is; `landing` and `at` are filled in then.
    pub receipt: Receipt,
    /// What the work began from.
    pub base: Snapshot,
    /// The unified diff, shortened.
    pub diff: String,
    /// Both versions of the lines that the user and the agent changed, shortened; empty without a conflict.
    pub conflict: String,
    /// Whether its agent was stopped before it said that it was done: nothing builds on it before a yes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

impl Task {
    /// Returns a task of which nothing is known yet but what it is to reach; it waits for its turn.
    pub fn new(id: TaskId, goal: Goal, origin: Origin, filed: Wall) -> Self {
        Self {
            id,
            goal,
            origin,
            filed,
            priority: 0,
            forced: false,
            files: Vec::new(),
            failures: Vec::new(),
            red_before: Vec::new(),
            excerpt: String::new(),
            state: TaskState::Queued,
            stage: None,
            attempts: Vec::new(),
            plan: None,
            asked: Vec::new(),
            charged: 0,
            spent: Spent::default(),
            running: Spent::default(),
            began: None,
            ended: None,
            landing: None,
            receipt: None,
            replaced: Vec::new(),
            result: None,
        }
    }

    /// Returns the line that lists show: `CaseService.ts · unit`, `task-001 · Create documentation`.
    pub fn title(&self) -> String {
        match &self.goal {
            Goal::Check(key) => key.to_string(),
            Goal::Assignment(assignment) => assignment.title(),
        }
    }

    /// Returns the check that it is to make green, if that is its goal.
    pub fn check(&self) -> Option<&CheckKey> {
        match &self.goal {
            Goal::Check(key) => Some(key),
            Goal::Assignment(_) => None,
        }
    }

    /// Returns what it is to bring, if that is its goal.
    pub fn assignment(&self) -> Option<&Assignment> {
        match &self.goal {
            Goal::Check(_) => None,
            Goal::Assignment(assignment) => Some(assignment),
        }
    }

    /// Whether it is about this check.
    pub fn is_about(&self, key: &CheckKey) -> bool {
        self.check() == Some(key)
    }

    /// Says why it is where it is, as [`TaskState::reason`], and of what landed that a save has replaced it.
    pub fn reason(&self, now: Wall) -> String {
        let reason = self.state.reason(now);
        let landed = self.receipt.as_ref().map_or(0, |receipt| receipt.files.len());
        match self.state {
            TaskState::Done(DoneReason::Landed(_)) if self.replaced.len() >= landed.max(1) => {
                format!("{reason}; your save replaced it")
            }
            TaskState::Done(DoneReason::Landed(_)) if !self.replaced.is_empty() => {
                format!("{reason}; your save replaced part of it")
            }
            _ => reason,
        }
    }

    /// Returns the attempt that came through, the last one: it made what there is, and what others said counts no more.
    pub fn made(&self) -> Option<&AttemptRecord> {
        self.attempts.iter().rev().find(|attempt| attempt.end == AttemptEnd::Verified && !attempt.landing)
    }

    /// Returns what was handed over by the attempt that came through.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.made()?.outcome.as_deref()
    }

    /// Returns what all its attempts used, the running one included.
    pub fn total(&self) -> Spent {
        self.spent + self.running
    }

    /// Returns how long its attempts took that are over.
    pub fn worked(&self) -> std::time::Duration {
        self.attempts.iter().map(|attempt| attempt.took).sum()
    }

    /// Returns the task that it works on with others, from role to role; its own if there are none before it.
    pub fn subject(&self) -> TaskId {
        self.assignment().and_then(|assignment| assignment.subject).unwrap_or(self.id)
    }

    /// Whether this task and `other` may touch the same file; a folder is all that lies in it.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.files.iter().any(|file| other.files.iter().any(|known| file.meets(known)))
    }
}
