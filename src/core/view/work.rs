//! What faces show of tasks that bring something: who does it, with what, after what; the roles there are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::orchestrate::first_line;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Assignment, Batch, BatchKind, Lane};
use crate::model::cost::Usd;
use crate::model::id::{BatchId, TaskId};
use crate::model::task::Task;
use crate::model::time::{Wall, millis};

/// What a list shows of an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The role that works on it.
    pub role: String,
    /// Its queue.
    pub lane: Lane,
    /// What it was filed together with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// What must be done before it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<TaskId>,
    /// The task that it works on with others, from role to role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<TaskId>,
    /// When the first attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Wall>,
    /// How long its finished attempts took, in milliseconds.
    pub worked: u64,
    /// How long all of it is expected to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
}

/// Tasks that were filed together, without the tasks: their rows name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// Its number.
    pub id: BatchId,
    /// The date of a task file, as written; none: it comes from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The task file, or what was asked for.
    pub title: String,
    /// What all of it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Usd>,
    /// How many tasks it has.
    pub tasks: usize,
    /// How many of them a yes to its plan would start or let wait their turn; 0: no plan waits for one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub planned: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Who plays a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRow {
    /// Its name.
    pub name: String,
    /// What it is for, in one sentence.
    pub purpose: String,
    /// The agent that plays it.
    pub agent: String,
    /// Whether it changes files; else it only looks.
    pub edits: bool,
    /// What a task of it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Usd>,
    /// What it hands over.
    pub produces: String,
    /// The events that it reports.
    pub emits: Vec<String>,
}

impl Work {
    pub(super) fn of(task: &Task, assignment: &Assignment) -> Self {
        Self {
            role: assignment.role.clone(),
            lane: assignment.lane,
            batch: assignment.batch,
            after: assignment.after.clone(),
            subject: assignment.subject,
            began: task.began,
            worked: millis(task.worked()),
            expected: assignment.complexity.map(|complexity| millis(complexity.expected())),
        }
    }
}

impl BatchRow {
    fn of(batch: &Batch, planned: usize) -> Self {
        let (date, title) = match &batch.kind {
            BatchKind::Day { file, date, .. } => {
                let name = file.file_name().unwrap_or(file.as_os_str());
                (Some(date.clone()), name.to_string_lossy().into_owned())
            }
            BatchKind::Orchestration { requirement, .. } => (None, requirement.clone()),
        };
        Self { id: batch.id, date, title, budget: batch.budget, tasks: batch.tasks.len(), planned }
    }
}

impl Supervisor {
    /// Returns what was filed together and is remembered, the oldest first.
    pub(super) fn batch_rows(&self) -> Vec<BatchRow> {
        let planned = |batch: &Batch| if self.awaiting_yes(batch).is_empty() { 0 } else { self.unbegun(batch).len() };
        self.book.remembered_batches().map(|batch| BatchRow::of(batch, planned(batch))).collect()
    }

    /// Returns the sessions of plans that wait for a yes, and why they wait; `true`: this one stands for all of its plan.
    pub(super) fn plans(&self) -> BTreeMap<TaskId, (bool, String)> {
        let mut plans = BTreeMap::new();
        for batch in self.book.batches.values() {
            let Some(first) = self.awaiting_yes(batch).into_iter().next() else { continue };
            let BatchKind::Orchestration { requirement, .. } = &batch.kind else { continue };
            let unbegun = self.unbegun(batch);
            let all = format!("plan of {}: say yes; {}", unbegun.len(), first_line(requirement));
            let why =
                |id| if id == first { (true, all.clone()) } else { (false, "its plan waits for your yes".to_owned()) };
            plans.extend(unbegun.into_iter().map(|id| (id, why(id))));
        }
        plans
    }

    /// Returns the roles, by name.
    pub(super) fn role_rows(&self) -> Vec<RoleRow> {
        let roles = self.settings.roles.iter().map(|(name, role)| RoleRow {
            name: name.clone(),
            purpose: role.purpose.clone(),
            agent: role.agent.clone(),
            edits: role.edits,
            budget: role.budget,
            produces: role.produces.clone(),
            emits: role.emits.clone(),
        });
        roles.collect()
    }
}
