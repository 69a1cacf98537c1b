//! What a person allowed for as long as a task is open: to whom, and word for word.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::id::TaskId;
use crate::model::question::{About, Ask, Question};

/// A use of a tool that a person allowed to one agent, word for word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    /// Who may: the planner works in another place than a fixer, so that the same words do something else there.
    agent: String,
    tool: String,
    exact: String,
}

/// All that was allowed for tasks that are open.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Grants(BTreeMap<TaskId, BTreeSet<Grant>>);

impl Grants {
    /// Whether this was allowed before, to the same agent and for the same task.
    pub fn allow(&self, task: TaskId, agent: &str, ask: &Ask) -> bool {
        grant(agent, ask).is_some_and(|grant| self.0.get(&task).is_some_and(|given| given.contains(&grant)))
    }

    /// A person allowed what was asked, for the task.
    pub(super) fn give(&mut self, question: &Question) {
        if let Some(grant) = grant(&question.agent, &question.ask) {
            self.0.entry(question.task).or_default().insert(grant);
        }
    }

    /// A task is over, and what was allowed for it.
    pub(super) fn end(&mut self, task: TaskId) {
        self.0.remove(&task);
    }
}

/// Returns what allowing this for a task allows; `None` for what is no permission.
fn grant(agent: &str, ask: &Ask) -> Option<Grant> {
    match &ask.about {
        // What is shown may be covered in part: two that look the same need not be the same.
        About::Permission { tool, .. } if !ask.exact.is_empty() => {
            Some(Grant { agent: agent.to_owned(), tool: tool.clone(), exact: ask.exact.clone() })
        }
        About::Permission { .. } | About::Choice { .. } | About::Plan { .. } => None,
    }
}
