//! Gathers what a fixer and a planner are told; the words are the agent edge's.

use std::sync::Arc;

use crate::app::configured::Configured;
use crate::app::work::Tools;
use crate::core::effect::{AgentOrder, PlanOrder};
use crate::edge::agent::prompt::{self, PromptInput};
use crate::model::policy::FIXER;
use crate::model::prompt::PLANNER;
use crate::model::settings::Settings;
use crate::model::task::Task;
use crate::model::workspace::{FileChange, TreeId};

/// How much of the diff since the last green is handed over, in bytes; the prompt cuts it further.
const DIFF_LIMIT: usize = 64 * 1024;

/// Writes the prompt for an order.
pub async fn of(tools: &Arc<Tools>, order: &AgentOrder) -> String {
    let since = since_green(tools, &order.base, order.last_green.as_ref()).await;
    let configured = tools.now();
    let about = About { task: &order.task, line: &order.line, number: order.number, strategy: &order.strategy };
    prompt::fixer(&gather(&configured, FIXER, &about, &since))
}

/// Writes the question for a planner.
pub async fn for_planner(tools: &Arc<Tools>, order: &PlanOrder) -> String {
    let since = since_green(tools, &order.base, order.last_green.as_ref()).await;
    let configured = tools.now();
    let about = About { task: &order.task, line: &order.line, number: order.number, strategy: "" };
    prompt::planner(&gather(&configured, PLANNER, &about, &since))
}

/// Reads what changed since the check was last green. A diff that cannot be read is left out: an agent can work without.
async fn since_green(tools: &Arc<Tools>, base: &TreeId, last_green: Option<&TreeId>) -> (Vec<FileChange>, String) {
    let Some(green) = last_green.cloned() else { return (Vec::new(), String::new()) };
    let (reader, base) = (Arc::clone(tools), base.clone());
    let read = tokio::task::spawn_blocking(move || {
        let changed = reader.shadow.changes(&green, &base).unwrap_or_default();
        let diff = reader.shadow.patch(&green, &base, DIFF_LIMIT).unwrap_or_default();
        (changed, diff)
    });
    read.await.unwrap_or_default()
}

/// The attempt that a prompt is about.
pub(super) struct About<'a> {
    pub(super) task: &'a Task,
    /// The command line of its check.
    pub(super) line: &'a str,
    pub(super) number: u32,
    pub(super) strategy: &'a str,
}

/// Puts together what the prompt of a role about a red check is made of.
pub(super) fn gather<'a>(
    configured: &'a Configured,
    role: &str,
    about: &About<'a>,
    (changed, diff): &'a (Vec<FileChange>, String),
) -> PromptInput<'a> {
    let settings: &Settings = &configured.settings;
    let task = about.task;
    PromptInput {
        template: settings.roles.get(role).map_or("", |role| role.prompt.as_str()),
        check: &task.key,
        command: about.line,
        failures: &task.failures,
        red_before: &task.red_before,
        excerpt: &task.excerpt,
        changed,
        diff,
        protected: &configured.protected,
        attempts: &task.attempts,
        attempt: (about.number, settings.fix.attempts),
        strategy: about.strategy,
        documents: &settings.documents,
    }
}
