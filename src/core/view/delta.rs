//! What changed between two views, so that a face far away hears only news.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::board::{CheckRow, Head, Row, View};
use super::costs::Costs;
use super::events::Events;
use super::stats::Stats;
use super::work::{BatchRow, RoleRow};
use crate::model::id::TaskId;
use crate::model::question::Question;

/// The way from one view to a later one.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delta {
    /// The head, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// What was spent, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Costs>,
    /// How work went, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<Stats>,
    /// All that was filed together, if something of it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<Vec<BatchRow>>,
    /// The roles, if one changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<RoleRow>>,
    /// The events, if one is new or something came of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Events>,
    /// All checks, if one changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<CheckRow>>,
    /// Rows that are new or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// The order of all rows, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<TaskId>>,
    /// All questions, if one changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<Question>>,
}

impl Delta {
    /// Returns what leads from `before` to `after`; time grows with the number of rows.
    pub fn between(before: &View, after: &View) -> Self {
        let known: BTreeMap<TaskId, &Row> = before.rows.iter().map(|row| (row.id, row)).collect();
        let moved = before.rows.len() != after.rows.len()
            || before.rows.iter().zip(&after.rows).any(|(before, after)| before.id != after.id);
        Self {
            head: (before.head != after.head).then(|| after.head.clone()),
            costs: (before.costs != after.costs).then(|| after.costs.clone()),
            stats: (before.stats != after.stats).then(|| after.stats.clone()),
            batches: (before.batches != after.batches).then(|| after.batches.clone()),
            roles: (before.roles != after.roles).then(|| after.roles.clone()),
            events: (before.events != after.events).then(|| after.events.clone()),
            checks: (before.checks != after.checks).then(|| after.checks.clone()),
            rows: after.rows.iter().filter(|row| known.get(&row.id) != Some(row)).cloned().collect(),
            order: moved.then(|| after.rows.iter().map(|row| row.id).collect()),
            questions: (before.questions != after.questions).then(|| after.questions.clone()),
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl View {
    /// Goes from this view to the next one.
    pub fn apply(&mut self, delta: Delta) {
        if let Some(head) = delta.head {
            self.head = head;
        }
        if let Some(costs) = delta.costs {
            self.costs = costs;
        }
        if let Some(stats) = delta.stats {
            self.stats = stats;
        }
        if let Some(batches) = delta.batches {
            self.batches = batches;
        }
        if let Some(roles) = delta.roles {
            self.roles = roles;
        }
        if let Some(events) = delta.events {
            self.events = events;
        }
        if let Some(checks) = delta.checks {
            self.checks = checks;
        }
        if let Some(questions) = delta.questions {
            self.questions = questions;
        }
        if delta.rows.is_empty() && delta.order.is_none() {
            return;
        }
        let order = delta.order.unwrap_or_else(|| self.rows.iter().map(|row| row.id).collect());
        let mut rows: BTreeMap<TaskId, Row> =
            std::mem::take(&mut self.rows).into_iter().map(|row| (row.id, row)).collect();
        rows.extend(delta.rows.into_iter().map(|row| (row.id, row)));
        self.rows = order.into_iter().filter_map(|id| rows.remove(&id)).collect();
    }
}
