//! What a task's goal means for its check: whether there still is one, what it said last, how it is run.

use crate::core::book::CheckStatus;
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;
use crate::model::task::{Goal, Task, Workflow};
use crate::model::workspace::TreeId;

impl Supervisor {
    /// Whether a task's goal can still be reached: its check is in the settings, or it is about none.
    pub(crate) fn has_goal(&self, task: &Task) -> bool {
        match &task.goal {
            Goal::Check(key) => self.is_meaningful(key),
            Goal::Assignment(_) => true,
        }
    }

    /// Returns what an attempt at a task goes through; `planned`: a strategy is asked for first, if it is a fix.
    pub(crate) fn workflow_of(&self, task: &Task, planned: bool) -> Workflow {
        match &task.goal {
            Goal::Check(_) => Workflow::fix(planned),
            Goal::Assignment(assignment) => {
                let spec = self.settings.workflows.get(&assignment.workflow);
                let role = self.settings.roles.get(&assignment.role);
                spec.zip(role).map_or_else(Workflow::task, |(spec, role)| spec.stages_of(&assignment.workflow, role))
            }
        }
    }

    /// Returns the name of the role that works on a task.
    pub(crate) fn role_of(task: &Task) -> &str {
        match &task.goal {
            Goal::Check(_) => "fixer",
            Goal::Assignment(assignment) => &assignment.role,
        }
    }

    /// Returns how many attempts a task has.
    pub(crate) fn attempts_of(&self, task: &Task) -> u32 {
        let role = task.assignment().and_then(|assignment| self.settings.roles.get(&assignment.role));
        role.and_then(|role| role.attempts).unwrap_or(self.settings.fix.attempts)
    }

    /// Returns what the check of a task said last in the user's tree.
    pub(crate) fn status_of(&self, task: &Task) -> Option<&CheckStatus> {
        self.book.checks.get(task.check()?)
    }

    /// Returns the check that must say yes to a task's result, whatever files it touches.
    pub(crate) fn own_check(&self, task: &Task) -> Option<CheckKey> {
        match &task.goal {
            Goal::Check(key) => Some(key.clone()),
            Goal::Assignment(assignment) => {
                let key = CheckKey { check: assignment.check.clone()?, file: None };
                self.is_meaningful(&key).then_some(key)
            }
        }
    }

    /// Whether the check of a task is green in the user's tree.
    pub(crate) fn is_green(&self, task: &Task) -> bool {
        self.status_of(task).is_some_and(CheckStatus::is_green)
    }

    /// Returns the user's tree when the check of a task was last seen green.
    pub(crate) fn green_tree_of(&self, task: &Task) -> Option<TreeId> {
        self.status_of(task)?.green_tree.clone()
    }

    /// Returns the command line of a task's check; empty if it is about none.
    pub(crate) fn line_for(&self, task: &Task) -> String {
        task.check().map(|key| self.line_of(key)).unwrap_or_default()
    }

    /// Whether the check of a task runs in the user's tree, or is about to.
    pub(crate) fn is_checking_for(&self, task: &Task) -> bool {
        task.check().is_some_and(|key| self.live.is_checking(key))
    }
}
