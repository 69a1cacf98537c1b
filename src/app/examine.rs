//! Looks now and then whether what is needed is there, and says so when that changes.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::clock;
use crate::app::work::Tools;
use crate::core::input::Input;
use crate::model::health::{Level, Part};

/// Looks at the start, and then every `limits.health`, whether the fixer's program is there.
pub async fn agents(tools: Arc<Tools>, inbox: mpsc::Sender<Input>) {
    let mut was_missing = false;
    loop {
        let missing = missing_agent(&tools);
        if missing.is_some() != was_missing {
            was_missing = missing.is_some();
            let level = missing.map_or(Level::Up, |reason| Level::Down { reason, since: clock::wall() });
            if inbox.send(Input::Felt(Part::ClaudeInstances, level)).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(tools.settings.limits.health).await;
    }
}

fn missing_agent(tools: &Tools) -> Option<String> {
    let settings = &tools.settings;
    let agent = settings.roles.get("fixer").and_then(|role| settings.agents.get(&role.agent))?;
    let is_there = if agent.program.contains('/') {
        tools.places.project.join(&agent.program).is_file()
    } else {
        let path = tools.places.environment.get("PATH").map(String::as_str).unwrap_or_default();
        std::env::split_paths(path).any(|folder| folder.join(&agent.program).is_file())
    };
    (settings.fix.enabled && !is_there).then(|| {
        format!(
            "there is no program {} in PATH, so nothing is fixed; install it and `orchestrator-tui resume`, \
             or use --checks-only",
            agent.program
        )
    })
}
