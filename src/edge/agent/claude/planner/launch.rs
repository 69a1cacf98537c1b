//! How the planner is started: arguments, hooks, environment. The user's own settings stay as they are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::hook::KIND_STATUS;
use crate::edge::agent::claude::{launch, settings};
use crate::edge::agent::quote::shell_word;
use crate::model::id::SessionId;
use crate::model::settings::Agent;

/// The name that its title and lists of conversations show.
const NAME: &str = "orchestrator-tui planner";

/// How long a hook may take, in seconds; ours take milliseconds.
const HOOK_LIMIT: u32 = 10;

/// How long the hook of a dialog may take, in seconds: as long as nobody answers.
const DIALOG_LIMIT: u32 = 7 * 24 * 3600;

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
    /// What it may do, as a file.
    pub guard: PathBuf,
}

impl PlannerSpec {
    /// Returns the program and its arguments. Arguments of the user that come before the first option belong to the
    /// program and go first; the settings among the others are taken over into ours.
    pub fn command(&self) -> (String, Vec<String>) {
        let options = self.agent.args.iter().position(|arg| arg.starts_with('-')).unwrap_or(self.agent.args.len());
        let (before, after) = self.agent.args.split_at(options);
        let mut args = before.to_vec();
        let id = if self.resume { "--resume" } else { "--session-id" };
        args.extend([id, &self.conversation, "-n", NAME].map(str::to_owned));
        if !self.agent.model.is_empty() {
            args.extend(["--model".to_owned(), self.agent.model.clone()]);
        }
        let (others, given) = settings::apart(after);
        args.extend(others);
        args.extend(["--permission-mode", "plan", "--settings"].map(str::to_owned));
        args.push(self.settings(given).to_string());
        (self.agent.program.clone(), args)
    }

    /// Returns the settings that it gets: what its arguments give, with its hooks and its status line.
    fn settings(&self, mut settings: Value) -> Value {
        let run = |kind: &str| {
            let words = [&*self.program.to_string_lossy(), "planner-hook", &*self.socket.to_string_lossy()];
            let words: Vec<String> = words.into_iter().map(shell_word).collect();
            let guard = shell_word(&self.guard.to_string_lossy());
            format!("{} {} {kind} {guard}", words.join(" "), self.session.0)
        };
        let hook = |limit: u32| json!({ "hooks": [{ "type": "command", "command": run("hook"), "timeout": limit }] });
        for event in [
            "SessionStart",
            "UserPromptSubmit",
            "PostToolUse",
            "PostToolUseFailure",
            "Stop",
            "StopFailure",
            "SessionEnd",
        ] {
            settings::put_first(&mut settings, event, hook(HOOK_LIMIT));
        }
        settings::put_first(&mut settings, "PermissionRequest", hook(DIALOG_LIMIT));
        settings::put_first(&mut settings, "PreToolUse", settings::guard(&run("hook")));
        // Else a model of the service, and no person, permits commands in plan mode, in the user's own tree.
        settings["useAutoModeDuringPlan"] = json!(false);
        settings["statusLine"] = json!({ "type": "command", "command": run(KIND_STATUS) });
        settings
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
        let theirs = r#"{"disableAllHooks":true,"statusLine":{},"hooks":{"Stop":[{"hooks":[]}]},"env":{"A":"b"}}"#;
        let args = ["@anthropic-ai/claude-code", "--effort", "high", "--settings", theirs];
        agent.args = args.map(str::to_owned).to_vec();
        agent.model = "opus".to_owned();
        let spec = PlannerSpec {
            agent,
            conversation: "c".to_owned(),
            resume: true,
            session: SessionId(7),
            program: PathBuf::from("/bin/orchestrator tui"),
            socket: PathBuf::from("/s"),
            guard: PathBuf::from("/g"),
        };
        let (program, args) = spec.command();
        assert_eq!(
            (program.as_str(), &args[0], &args[1]),
            ("claude", &"@anthropic-ai/claude-code".to_owned(), &"--resume".to_owned())
        );
        let ours = ["--model", "opus", "--effort", "high", "--permission-mode", "plan", "--settings"];
        assert_eq!(args[args.len() - 8..args.len() - 1], ours);
        assert!(!args.contains(&"-p".to_owned()));
        assert_eq!(args.iter().filter(|arg| *arg == "--settings").count(), 1, "the CLI takes only the last");
        let settings: Value = serde_json::from_str(&args[args.len() - 1]).unwrap_or_default();
        let command = &settings["hooks"]["Stop"][0]["hooks"][0]["command"];
        assert_eq!(command, "'/bin/orchestrator tui' 'planner-hook' '/s' 7 hook '/g'");
        assert_eq!(settings["hooks"]["Stop"].as_array().map(Vec::len), Some(2), "the user's own run, too");
        let guard = &settings["hooks"]["PreToolUse"][0];
        assert_eq!((&guard["matcher"], &guard["hooks"][0]["onFailure"]), (&json!("*"), &json!("block")));
        assert!(guard["hooks"][0]["command"].as_str().is_some_and(|line| line.ends_with("hook '/g' || exit 2")));
        assert_eq!(settings["disableAllHooks"], false);
        assert_eq!((&settings["useAutoModeDuringPlan"], &settings["env"]["A"]), (&json!(false), &json!("b")));
        assert!(settings["statusLine"]["command"].as_str().is_some_and(|line| line.contains(" status ")));
    }
}
