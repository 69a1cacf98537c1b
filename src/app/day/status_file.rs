//! How a task stands, as `agent_status/ID.json` says it to whoever looks into the folder.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::cost::Spent;
use crate::model::time::Wall;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Waits for its turn, or for others.
    Pending,
    /// An agent works on it, or its result is verified.
    Running,
    /// An agent waits for an answer.
    Asking,
    /// Its result waits for a person.
    Ready,
    /// It is done.
    Completed,
    /// It came to a bad end.
    Failed,
    /// A task before it failed.
    Blocked,
}

impl Standing {
    /// Returns the word that the file uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Asking => "waiting_for_answer",
            Self::Ready => "ready_for_review",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
        }
    }
}

/// What is known of a task and of the agent that works on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStatus {
    /// The task's label.
    pub label: String,
    /// Its name.
    pub name: String,
    /// Its number, as `tasks` shows it; none before it is filed.
    pub task: Option<u32>,
    /// The role.
    pub role: String,
    /// Where it stands.
    pub standing: Standing,
    /// Why, for a person to read; may be empty.
    pub why: String,
    /// The stage of the workflow; empty between attempts.
    pub stage: String,
    /// The number of the attempt, from 1; zero before the first.
    pub attempt: u32,
    /// When the first attempt began.
    pub started: Option<Wall>,
    /// When this was so.
    pub updated: Wall,
    /// When it was over.
    pub completed: Option<Wall>,
    /// What it has used.
    pub spent: Spent,
    /// How long agents worked on it.
    pub took: Duration,
    /// How long was expected.
    pub expected: Option<Duration>,
    /// The numbers of its open questions, as `questions` shows them.
    pub questions: Vec<u32>,
}

impl AgentStatus {
    /// Whether it takes longer than was expected.
    pub fn is_over(&self) -> bool {
        self.expected.is_some_and(|expected| self.took > expected)
    }

    /// Returns the JSON; its shape is documented and only grows.
    pub fn json(&self) -> Value {
        json!({
            "id": self.label,
            "name": self.name,
            "task": self.task,
            "role": self.role,
            "status": self.standing.name(),
            "reason": (!self.why.is_empty()).then_some(&self.why),
            "stage": (!self.stage.is_empty()).then_some(&self.stage),
            "attempt": self.attempt,
            "started_at": self.started.map(Wall::iso),
            "updated_at": self.updated.iso(),
            "completed_at": self.completed.map(Wall::iso),
            // An unknown price is unknown, not zero.
            "cost_usd": self.spent.price().map(crate::model::cost::Usd::dollars),
            "cost_is_a_lower_bound": self.spent.unpriced,
            "tokens_in": self.spent.tokens_in,
            "tokens_out": self.spent.tokens_out,
            "seconds": self.took.as_secs(),
            "expected_seconds": self.expected.map(|expected| expected.as_secs()),
            "overrun": self.is_over(),
            "questions": self.questions,
        })
    }
}
