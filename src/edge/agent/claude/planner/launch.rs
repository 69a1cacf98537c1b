//! How the planner is started: arguments, hooks, environment. The user's own settings stay as they are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::hook::KIND_STATUS;
use crate::edge::agent::claude::launch;
use crate::edge::agent::quote::shell_word;
use crate::model::id::SessionId;
use crate::model::settings::Agent;

/// The name that its title and lists of conversations show.
const NAME: &str = "orchestrator-tui planner";

/// How long a hook may take, in seconds; ours take milliseconds.
const HOOK_LIMIT: u32 = 10;

/// What starts a planner.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannerSpec {
    /// The configured agent: program, model, arguments.
    pub agent: Agent,
    /// The conversation's id, a UUID.
    pub conversation: String,
    /// Whether this goes on with a conversation that has been before.
    pub resume: bool,
    /// The session it becomes; its hooks say it, so that those of an earlier one are not mistaken for its own.
    pub session: SessionId,
    /// Our own program, which its hooks run.
    pub program: PathBuf,
    /// Where its hooks report to.
    pub socket: PathBuf,
}

impl PlannerSpec {
    /// Returns the program and its arguments. Arguments of the user that come before the first option belong to the
    /// program and go first; the others go last, so that they can override ours.
    pub fn command(&self) -> (String, Vec<String>) {
        let options = self.agent.args.iter().position(|arg| arg.starts_with('-')).unwrap_or(self.agent.args.len());
        let (before, after) = self.agent.args.split_at(options);
        let mut args = before.to_vec();
        let id = if self.resume { "--resume" } else { "--session-id" };
        args.extend([id, &self.conversation, "--permission-mode", "plan", "-n", NAME].map(str::to_owned));
        args.extend(["--settings".to_owned(), self.settings().to_string()]);
        if !self.agent.model.is_empty() {
            args.extend(["--model".to_owned(), self.agent.model.clone()]);
        }
        args.extend_from_slice(after);
        (self.agent.program.clone(), args)
    }

    /// Returns the settings that it gets on top of the user's: its hooks, and its status line.
    fn settings(&self) -> Value {
        let run = |kind: &str| {
            let words = [&*self.program.to_string_lossy(), "planner-hook", &*self.socket.to_string_lossy()];
            let words: Vec<String> = words.into_iter().map(shell_word).collect();
            format!("{} {} {kind}", words.join(" "), self.session.0)
        };
        let hook = json!({ "type": "command", "command": run("hook"), "timeout": HOOK_LIMIT });
        let always = json!([{ "hooks": [hook] }]);
        json!({
            "hooks": {
                "SessionStart": always,
                "UserPromptSubmit": always,
                "PreToolUse": [{ "matcher": "ExitPlanMode", "hooks": [hook] }],
                "PermissionRequest": always,
                "Stop": always,
                "StopFailure": always,
                "SessionEnd": always,
            },
            // Else a model of the service, and no person, permits commands in plan mode, in the user's own tree.
            "useAutoModeDuringPlan": false,
            "statusLine": { "type": "command", "command": run(KIND_STATUS) },
        })
    }
}

/// What a planner has unless the user says otherwise: no mouse and no second screen, so that the terminal view can
/// scroll and select; and a terminal that our view understands.
const ADDED: [(&str, &str); 3] =
    [("CLAUDE_CODE_DISABLE_ALTERNATE_SCREEN", "1"), ("CLAUDE_CODE_DISABLE_MOUSE", "1"), ("TERM", "xterm-256color")];

/// Returns the environment for a planner; see [`environment`](crate::edge::agent::claude::environment).
pub fn environment(inherited: &BTreeMap<String, String>, agent: &Agent) -> BTreeMap<String, String> {
    let mut env = launch::environment(inherited, agent);
    for (name, value) in ADDED {
        if !agent.env.contains_key(name) {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_arguments_stand_where_they_work() {
        let mut agent = launch::tests::spec().agent;
        agent.args = ["@anthropic-ai/claude-code", "--effort", "high"].map(str::to_owned).to_vec();
        agent.model = "opus".to_owned();
        let spec = PlannerSpec {
            agent,
            conversation: "c".to_owned(),
            resume: true,
            session: SessionId(7),
            program: PathBuf::from("/bin/orchestrator tui"),
            socket: PathBuf::from("/s"),
        };
        let (program, args) = spec.command();
        assert_eq!(
            (program.as_str(), &args[0], &args[1]),
            ("claude", &"@anthropic-ai/claude-code".to_owned(), &"--resume".to_owned())
        );
        assert_eq!(args[args.len() - 4..], ["--model", "opus", "--effort", "high"]);
        assert!(!args.contains(&"-p".to_owned()));
        let at = args.iter().position(|arg| arg == "--settings").unwrap_or_default();
        let settings: Value = serde_json::from_str(&args[at + 1]).unwrap_or_default();
        let command = &settings["hooks"]["Stop"][0]["hooks"][0]["command"];
        assert_eq!(command, "'/bin/orchestrator tui' 'planner-hook' '/s' 7 hook");
    }
}
