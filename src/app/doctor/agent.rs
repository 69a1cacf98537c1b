//! Whether the fixer's program is there, and logged in; no model is asked, and nothing is sent anywhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::child::{self, Said, first_line};
use super::fence::FENCED;
use super::finding::Finding;
use super::order::Ground;
use crate::app::process::examine::find_program;
use crate::edge::agent::claude;
use crate::model::settings::{Agent, AgentKind};

/// The Claude CLI that everything was measured and tested with.
const TESTED: (u32, u32, u32) = (2, 1, 328);

/// How the agent that ships with us calls itself.
const REHEARSAL: &str = "(rehearsal agent of orchestrator-tui)";

/// How long each question to it may take; they take a tenth of a second.
const LIMIT: Duration = Duration::from_secs(10);

/// What gets the Claude CLI.
const GET: &str = "`npm install -g @anthropic-ai/claude-code`, or --checks-only to go without";

/// Looks at the program that plays the fixer, and asks it whether it is logged in.
pub(super) async fn probe(ground: &Ground) -> Vec<Finding> {
    let (program, login) = ("agent", "login");
    let without = |finding: Finding| vec![finding, Finding::skipped(login, "the agent")];
    let Some(loaded) = &ground.loaded else {
        return vec![Finding::skipped(program, "the configuration"), Finding::skipped(login, "the configuration")];
    };
    let settings = &loaded.settings;
    let fixer = settings.roles.get("fixer").map_or("claude", |role| role.agent.as_str());
    let Some(agent) = settings.agents.get(fixer) else {
        return without(Finding::fault(program, format!("there is no agent `{fixer}`"), "correct role.fixer.agent"));
    };
    let path = ground.variable("PATH").unwrap_or_default();
    let Some(file) = find_program(&agent.program, path, &ground.site.project) else {
        let said = format!("there is no program {} in PATH", agent.program);
        if !settings.fix.enabled {
            return without(Finding::info(program, format!("{said}; none is needed, as fix.enabled is false")));
        }
        let name = format!("install it, or let agent.{fixer}.program name it");
        return without(Finding::fault(program, said, if agent.program == "claude" { GET } else { &name }));
    };
    let theirs = |line: &String| line.starts_with(&format!("agent.{fixer}."));
    let is_agreed = ground.site.is_trusted(loaded).unwrap_or(false);
    if !is_agreed && loaded.running.describe().iter().any(theirs) {
        let said = format!(
            "{} is there; this project's file says how to run it, and you have not agreed to that",
            file.display()
        );
        let mend = "`orchestrator-tui run --headless --trust`";
        return vec![Finding::unknown(program, said, mend), Finding::skipped(login, "your yes")];
    }
    if agent.kind == AgentKind::Command {
        let said = format!("{}, a program of its own kind: it was not run", file.display());
        return vec![Finding::ok(program, said), Finding::info(login, format!("the business of {}", agent.program))];
    }
    let asker = Asker { ground, agent, words: words(agent, &file) };
    match asker.version().await {
        Ok(finding) => vec![finding, asker.login().await],
        Err(finding) => without(finding),
    }
}

/// Returns the words before the first option: the program, and what belongs to it (`npx @anthropic-ai/claude-code`).
fn words(agent: &Agent, file: &Path) -> Vec<String> {
    let own = agent.args.iter().take_while(|arg| !arg.starts_with('-'));
    std::iter::once(file.display().to_string()).chain(own.cloned()).collect()
}

struct Asker<'a> {
    ground: &'a Ground,
    agent: &'a Agent,
    words: Vec<String>,
}

impl Asker<'_> {
    /// Asks for the version.
    async fn version(&self) -> Result<Finding, Finding> {
        let name = "agent";
        let mend = format!("see what `{} --version` says; {GET}", self.agent.program);
        let said = match self.ask(&["--version"]).await {
            Said::Ended { code: Some(0), out, .. } => out,
            Said::Ended { code, out, err } => {
                let code = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
                let said = first_line(if err.trim().is_empty() { &out } else { &err }).to_owned();
                return Err(Finding::fault(name, format!("{} came to {code}: {said}", self.agent.program), mend));
            }
            Said::Late => {
                let said = format!("{} said nothing for {} s and was ended", self.agent.program, LIMIT.as_secs());
                return Err(Finding::fault(name, said, mend));
            }
            Said::NotStarted(error) => {
                return Err(Finding::fault(name, format!("{} cannot be started: {error}", self.agent.program), mend));
            }
        };
        let text = first_line(&said);
        let Some(version) = version_in(text) else {
            let said = format!("{} calls itself {text:?}, which is no known version", self.agent.program);
            return Ok(Finding::unknown(name, said, ""));
        };
        // Ours speaks as the one does that this was tested with, under a version of its own.
        if version < TESTED && !text.contains(REHEARSAL) {
            let (major, minor, patch) = TESTED;
            let said = format!("{text} is older than {major}.{minor}.{patch}, which this was tested with");
            return Ok(Finding::warning(name, said, "`claude update`, or `npm install -g @anthropic-ai/claude-code`"));
        }
        Ok(Finding::ok(name, text))
    }

    /// Asks whether it is logged in, in the way that it answers without a network; an old one has no such way, and
    /// would take the question for a prompt.
    async fn login(&self) -> Finding {
        let name = "login";
        let key = self.environment().get("ANTHROPIC_API_KEY").is_some_and(|key| !key.is_empty());
        let known = if key { "ANTHROPIC_API_KEY is set, and was not tried" } else { "it shows at the first fix" };
        let has_way = match self.ask(&["auth", "--help"]).await {
            Said::Ended { code: Some(0), out, .. } => {
                out.lines().any(|line| line.split_whitespace().next() == Some("status"))
            }
            _ => false,
        };
        if !has_way {
            return Finding::unknown(name, format!("this version cannot be asked for it; {known}"), "");
        }
        let (Said::Ended { out, .. }, true) = (self.ask(&["auth", "status", "--json"]).await, has_way) else {
            return Finding::unknown(name, format!("it was asked and did not answer; {known}"), "");
        };
        let Ok(status) = serde_json::from_str::<Value>(&out) else {
            return Finding::unknown(name, format!("its answer is no JSON; {known}"), "");
        };
        let text = |field: &str| status[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        match status["loggedIn"].as_bool() {
            Some(true) => {
                let how = text("authMethod").unwrap_or_else(|| "in some way".to_owned());
                let plan = text("subscriptionType").map(|plan| format!(", {plan}")).unwrap_or_default();
                Finding::ok(name, format!("logged in ({how}{plan}); whether that is still good shows at the first fix"))
            }
            Some(false) => {
                let mend = format!("`{} auth login`, or set ANTHROPIC_API_KEY", self.agent.program);
                Finding::fault(name, "not logged in", mend)
            }
            None => Finding::unknown(name, format!("its answer does not say; {known}"), ""),
        }
    }

    /// Asks it something, in a folder that is nobody's, where it can write nothing and reach no one.
    async fn ask(&self, question: &[&str]) -> Said {
        let ground = self.ground;
        let mut command = Command::new(&ground.program);
        command.args(["probe", FENCED]).arg(&ground.scratch).args(&self.words).args(question);
        command.env_clear().envs(self.environment());
        child::run(command, &ground.scratch, LIMIT).await
    }

    /// Returns the environment of the agent, in which nothing answers at any proxy.
    fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = claude::environment(&self.ground.site.environment, self.agent);
        environment.retain(|name, _| !name.eq_ignore_ascii_case("NO_PROXY"));
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            environment.insert(name.to_owned(), "http://127.0.0.1:9".to_owned());
        }
        environment.insert("TMPDIR".to_owned(), self.ground.scratch.display().to_string());
        for name in ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "npm_config_offline"] {
            environment.insert(name.to_owned(), "1".to_owned());
        }
        environment
    }
}

/// Finds a version of three numbers at the beginning: `2.1.328 (Claude Code)`.
fn version_in(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text.split_whitespace().next()?.split(['.', '-', '+']).map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}
