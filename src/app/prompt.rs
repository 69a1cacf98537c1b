//! Gathers what a fixer is told; the words are the agent edge's.

use std::sync::Arc;

use crate::app::work::Tools;
use crate::core::effect::AgentOrder;
use crate::edge::agent::prompt::{PromptInput, fixer};

/// How much of the diff since the last green is handed over, in bytes; the prompt cuts it further.
const DIFF_LIMIT: usize = 64 * 1024;

/// Writes the prompt for an order. A diff that cannot be read is left out: the agent can work without it.
pub async fn of(tools: &Arc<Tools>, order: &AgentOrder) -> String {
    let reader = Arc::clone(tools);
    let (base, last_green) = (order.base.clone(), order.last_green.clone());
    let read = tokio::task::spawn_blocking(move || {
        let Some(green) = last_green else { return (Vec::new(), String::new()) };
        let changed = reader.shadow.changes(&green, &base).unwrap_or_default();
        let diff = reader.shadow.patch(&green, &base, DIFF_LIMIT).unwrap_or_default();
        (changed, diff)
    });
    let (changed, diff) = read.await.unwrap_or_default();
    let (task, configured) = (&order.task, tools.now());
    fixer(&PromptInput {
        check: &task.key,
        command: &order.line,
        failures: &task.failures,
        red_before: &task.red_before,
        excerpt: &task.excerpt,
        changed: &changed,
        diff: &diff,
        protected: &configured.protected,
        attempts: &task.attempts,
        attempt: (order.number, configured.settings.fix.attempts),
        strategy: "",
    })
}
