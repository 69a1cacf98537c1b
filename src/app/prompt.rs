//! Gathers what a fixer and a planner are told; the words are the agent edge's.

use std::sync::Arc;

use crate::app::work::Tools;
use crate::core::effect::{AgentOrder, PlanOrder};
use crate::edge::agent::prompt::{self, PromptInput};
use crate::model::task::Task;
use crate::model::workspace::{FileChange, TreeId};

/// How much of the diff since the last green is handed over, in bytes; the prompt cuts it further.
const DIFF_LIMIT: usize = 64 * 1024;

/// Writes the prompt for an order.
pub async fn of(tools: &Arc<Tools>, order: &AgentOrder) -> String {
    let since = since_green(tools, &order.base, order.last_green.as_ref()).await;
    gather(tools, &order.task, &order.line, order.number, &since, &order.strategy, prompt::fixer)
}

/// Writes the question for a planner.
pub async fn for_planner(tools: &Arc<Tools>, order: &PlanOrder) -> String {
    let since = since_green(tools, &order.base, order.last_green.as_ref()).await;
    gather(tools, &order.task, &order.line, order.number, &since, "", prompt::planner)
}

fn assigned(task: &Task) -> String {
    task.assignment().map(|assignment| assignment.description.clone()).unwrap_or_default()
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

fn gather(
    tools: &Tools,
    task: &Task,
    line: &str,
    number: u32,
    (changed, diff): &(Vec<FileChange>, String),
    strategy: &str,
    write: fn(&PromptInput<'_>) -> String,
) -> String {
    let Some(check) = task.check() else { return assigned(task) };
    let configured = tools.now();
    write(&PromptInput {
        check,
        command: line,
        failures: &task.failures,
        red_before: &task.red_before,
        excerpt: &task.excerpt,
        changed,
        diff,
        protected: &configured.protected,
        attempts: &task.attempts,
        attempt: (number, configured.settings.fix.attempts),
        strategy,
    })
}
