//! How the Claude CLI is started: arguments, environment, and the first line on its input.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::edge::agent::claude::answer;
use crate::edge::agent::claude::settings::with_hook;
use crate::model::agent::LogLine;
use crate::model::cost::Usd;
use crate::model::policy::PolicyScope;
use crate::model::settings::Agent;

/// What one run is about.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    /// The configured agent: program, model, arguments.
    pub agent: Agent,
    /// The folder it works in, absolute.
    pub workspace: PathBuf,
    /// What it is told.
    pub prompt: String,
    /// The conversation's id, a UUID; new for a new conversation, and the CLI refuses one that is in use.
    pub conversation: String,
    /// Whether this goes on with a conversation that has been before.
    pub resume: bool,
    /// What this run may spend, earlier runs of the conversation not counted; handed to the CLI, which checks it after
    /// each answer and so overshoots by one.
    pub budget: Option<Usd>,
    /// What it may do.
    pub scope: PolicyScope,
    /// The hook that it must ask before it uses a tool, as a command line; without one nothing stops it in time.
    pub hook: Option<String>,
}

impl RunSpec {
    /// Returns the program and its arguments.
    ///
    /// Arguments of the user that come before the first option (`npx @anthropic-ai/claude-code`) belong to the program
    /// and go first; the others go last, so that they can override ours.
    pub fn command(&self) -> (String, Vec<String>) {
        let options = self.agent.args.iter().position(|arg| arg.starts_with('-')).unwrap_or(self.agent.args.len());
        let (before, after) = self.agent.args.split_at(options);
        let mut args = before.to_vec();
        let ours = "-p --input-format stream-json --output-format stream-json --verbose --permission-prompt-tool stdio \
                    --permission-mode acceptEdits";
        args.extend(ours.split_whitespace().map(str::to_owned));
        let id = if self.resume { "--resume" } else { "--session-id" };
        args.extend([id.to_owned(), self.conversation.clone()]);
        if !self.agent.model.is_empty() {
            args.extend(["--model".to_owned(), self.agent.model.clone()]);
        }
        if let Some(budget) = self.budget {
            args.extend(["--max-budget-usd".to_owned(), budget.dollars().to_string()]);
        }
        match &self.hook {
            Some(hook) => args.extend(with_hook(after, hook)),
            None => args.extend_from_slice(after),
        }
        (self.agent.program.clone(), args)
    }

    /// Returns who says its words, for the log: the rehearsal is no Claude.
    pub(super) fn speaker(&self) -> &'static str {
        let is_rehearsal = self.agent.args.first().is_some_and(|arg| arg == "rehearsal");
        if is_rehearsal { LogLine::AGENT } else { LogLine::CLAUDE }
    }

    /// Returns the line that hands over the prompt; the input stays open for answers.
    pub fn first_input(&self) -> Vec<u8> {
        answer::message(&self.prompt)
    }
}

/// Variables named `CLAUDE_CODE_…` that a person sets and every run must see: how to reach and pay the service, and
/// what not to send home. All others tell a `claude` that it runs inside another one.
const KEPT: [&str; 14] = [
    "CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
    "CLAUDE_CODE_CLIENT_CERT",
    "CLAUDE_CODE_CLIENT_KEY",
    "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_PROXY_RESOLVES_HOSTS",
    "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
    "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_VERTEX",
];

/// What a run of ours has unless the user says otherwise: no update of the program under running agents, a word when
/// it is idle (which no result proves), and git fails instead of asking on a terminal that nobody reads or opening an
/// editor.
const ADDED: [(&str, &str); 4] = [
    ("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_EDITOR", "true"),
];

/// Each command begins in the workspace, wherever the one before it went: so it can be judged by what stands in it.
const AT_HOME: (&str, &str) = ("CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR", "1");

/// Returns the environment for a run: the inherited one without the marks of a surrounding Claude session, then
/// ours, then what the agent's `env` table sets, which is taken as it is; and what verdicts rely on.
pub fn environment(inherited: &BTreeMap<String, String>, agent: &Agent) -> BTreeMap<String, String> {
    let mut env: BTreeMap<String, String> = inherited
        .iter()
        .filter(|(name, _)| !marks_a_session(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for (name, value) in ADDED {
        env.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    env.extend(agent.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    env.insert(AT_HOME.0.to_owned(), AT_HOME.1.to_owned());
    env
}

fn marks_a_session(name: &str) -> bool {
    let marked = ["CLAUDECODE", "CLAUDE_PID", "CLAUDE_PROJECT_DIR"].contains(&name) || name.starts_with("CLAUDE_CODE_");
    marked && !KEPT.contains(&name)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::policy::FIXER;
    use crate::model::settings::AgentKind;

    /// A run in `/project` with `cargo test` as its check.
    pub(in super::super) fn spec() -> RunSpec {
        let agent = Agent {
            kind: AgentKind::Claude,
            program: "claude".to_owned(),
            model: String::new(),
            args: Vec::new(),
            env: BTreeMap::new(),
            timeout: Duration::from_secs(60),
        };
        RunSpec {
            agent,
            workspace: PathBuf::from("/project"),
            prompt: "mend it".to_owned(),
            conversation: "11111111-2222-4333-8444-555555555555".to_owned(),
            resume: false,
            budget: None,
            scope: PolicyScope {
                role: FIXER.to_owned(),
                workspace: PathBuf::from("/project"),
                commands: vec!["cargo test".to_owned()],
                ..PolicyScope::default()
            },
            hook: None,
        }
    }

    #[test]
    fn the_users_arguments_stand_where_they_work() {
        let mut spec = spec();
        spec.agent.program = "npx".to_owned();
        spec.agent.args = ["@anthropic-ai/claude-code", "--effort", "high"].map(str::to_owned).to_vec();
        spec.agent.model = "opus".to_owned();
        spec.budget = Some(Usd(250_000));
        let (program, args) = spec.command();
        assert_eq!(program, "npx");
        assert_eq!(
            args.join(" "),
            "@anthropic-ai/claude-code -p --input-format stream-json --output-format stream-json --verbose \
             --permission-prompt-tool stdio --permission-mode acceptEdits \
             --session-id 11111111-2222-4333-8444-555555555555 --model opus --max-budget-usd 0.25 --effort high"
        );
        spec.resume = true;
        assert!(spec.command().1.contains(&"--resume".to_owned()));
    }

    #[test]
    fn a_surrounding_session_leaves_no_mark_but_the_users_settings_stay() {
        let inherited = [
            ("PATH", "/bin"),
            ("CLAUDECODE", "1"),
            ("CLAUDE_CODE_ENTRYPOINT", "cli"),
            ("CLAUDE_CODE_SESSION_ID", "x"),
            ("CLAUDE_CODE_USE_BEDROCK", "1"),
            ("CLAUDE_CONFIG_DIR", "/c"),
            ("GIT_EDITOR", "vi"),
        ];
        let inherited = inherited.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut agent = spec().agent;
        agent.env.insert("CLAUDE_CODE_MAX_RETRIES".to_owned(), "2".to_owned());
        let env = environment(&inherited, &agent);
        let names: Vec<_> = env.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR",
                "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS",
                "CLAUDE_CODE_MAX_RETRIES",
                "CLAUDE_CODE_USE_BEDROCK",
                "CLAUDE_CONFIG_DIR",
                "DISABLE_AUTOUPDATER",
                "GIT_EDITOR",
                "GIT_TERMINAL_PROMPT",
                "PATH"
            ]
        );
        assert_eq!(env["GIT_EDITOR"], "vi");
    }
}
