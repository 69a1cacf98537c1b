//! The settings of a story: a plain project with one check, and what the story has different.

use std::collections::BTreeMap;
use std::time::Duration;

use orchestrator_tui::config;
use orchestrator_tui::model::budget::Budget;
use orchestrator_tui::model::check::CheckName;
use orchestrator_tui::model::cost::Usd;
use orchestrator_tui::model::policy::Policy;
use orchestrator_tui::model::settings::{
    Agent, AgentKind, Breaker, Check, Events, Fix, FixOn, Isolation, LandBy, LandMode, Lanes, Limits, Planner,
    Questions, Role, Settings, Unattended, Watch, Workspace,
};
use toml::{Table, Value};

/// Returns the settings of a story.
pub(super) fn read(table: &Table) -> Result<Settings, String> {
    let mut settings = plain();
    for (section, value) in table {
        match (section.as_str(), value) {
            ("check", Value::Array(checks)) => {
                settings.checks = checks.iter().map(check).collect::<Result<_, _>>()?;
            }
            (section, Value::Table(keys)) => {
                for (key, value) in keys {
                    set(&mut settings, &format!("{section}.{key}"), value)?;
                }
            }
            (section, _) => return Err(format!("what is [{section}]?")),
        }
    }
    Ok(settings)
}

fn set(settings: &mut Settings, key: &str, value: &Value) -> Result<(), String> {
    match key {
        "watch.settle" => settings.watch.settle = span(value)?,
        "watch.settle_max" => settings.watch.settle_max = span(value)?,
        "fix.enabled" => settings.fix.enabled = value.as_bool().ok_or("not a yes or no")?,
        "fix.agents" => settings.fix.agents = value.as_bool().ok_or("not a yes or no")?,
        "fix.on" => settings.fix.on = if value.as_str() == Some("change") { FixOn::Change } else { FixOn::Red },
        "fix.after" => settings.fix.after = span(value)?,
        "fix.attempts" => settings.fix.attempts = number(value)?,
        "fix.land" => {
            let (land, land_by) = match text(value)?.as_str() {
                "auto" => (LandMode::Auto, LandBy::File),
                "ask" => (LandMode::Ask, LandBy::File),
                "--land auto" => (LandMode::Auto, LandBy::Flag),
                "nobody has said" => (LandMode::Auto, LandBy::Nobody),
                other => return Err(format!("how does it land, {other}?")),
            };
            (settings.fix.land, settings.fix.land_by) = (land, land_by);
        }
        "fix.isolation" => {
            let in_place = value.as_str() == Some("in-place");
            settings.fix.isolation = if in_place { Isolation::InPlace } else { Isolation::Worktree };
        }
        "fix.planner" => {
            settings.fix.planner = match value.as_str() {
                Some("always") => Planner::Always,
                Some("auto") => Planner::Auto,
                _ => Planner::Off,
            };
        }
        "fix.plan_wait" => settings.fix.plan_wait = span(value)?,
        "agent.kind" => {
            let kind = if value.as_str() == Some("command") { AgentKind::Command } else { AgentKind::Claude };
            settings.agents.values_mut().for_each(|agent| agent.kind = kind);
        }
        "limits.running" => settings.limits.running = number(value)?,
        "limits.checks" => settings.limits.checks = number(value)?,
        "limits.heartbeat" => settings.limits.heartbeat = span(value)?,
        "limits.stop" => settings.limits.stop = span(value)?,
        "workspace.prepare" => settings.workspace.prepare = text(value)?,
        "budget.day_usd" => settings.budget.day = text(value)?.parse().map_err(|_| "not an amount")?,
        "budget.day_tokens" => settings.budget.day_tokens = number(value)?.into(),
        "budget.task_tokens" => settings.budget.task_tokens = number(value)?.into(),
        "questions.wait" => settings.questions.wait = span(value)?,
        "questions.unattended" => {
            let waits = value.as_str() == Some("wait");
            settings.questions.unattended = if waits { Unattended::Wait } else { Unattended::Refuse };
        }
        "events.depth" => settings.events.depth = number(value)?,
        "events.rate" => settings.events.rate = number(value)?,
        "queue.enabled" => settings.lanes.enabled = value.as_bool().ok_or("not a yes or no")?,
        "events.multi_agent" => settings.events.multi_agent = value.as_bool().ok_or("not a yes or no")?,
        "events.rules" if value.as_str() == Some("built-in") => {
            let built_in = config::load(&config::Inputs { project: "/nowhere".into(), ..config::Inputs::default() })
                .map_err(|faults| format!("{faults:?}"))?
                .settings;
            (settings.roles, settings.workflows) = (built_in.roles, built_in.workflows);
            settings.rules = built_in.rules;
        }
        "events.rules" if value.as_str() == Some("none") => {
            set(settings, key, &Value::String("built-in".into()))?;
            settings.rules.clear();
            settings.workflows.remove("session");
        }
        "role.after_landing" => {
            let is_after = value.as_bool().ok_or("not a yes or no")?;
            settings.roles.values_mut().for_each(|role| role.after_landing = is_after);
        }
        "role.edits" => {
            let edits = value.as_bool().ok_or("not a yes or no")?;
            settings.roles.values_mut().for_each(|role| role.edits = edits);
        }
        "budget.task_usd" => settings.budget.task = text(value)?.parse().map_err(|_| "not an amount")?,
        other => return Err(format!("what is {other}?")),
    }
    Ok(())
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no text"))
}

fn number(value: &Value) -> Result<u32, String> {
    value.as_integer().and_then(|number| number.try_into().ok()).ok_or_else(|| format!("{value} is no number"))
}

fn span(value: &Value) -> Result<Duration, String> {
    millis(&text(value)?).map(Duration::from_millis)
}

/// Reads `300ms`, `10s`, `2m`, `1h`.
pub(super) fn millis(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no time"))?;
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("{text:?} is no time")),
    };
    Ok(number * unit)
}

fn check(value: &Value) -> Result<Check, String> {
    let table = value.as_table().ok_or("a check is a table")?;
    let mut check = plain_check("unit");
    for (key, value) in table {
        match key.as_str() {
            "name" => check.name = CheckName(text(value)?),
            "paths" => check.paths = list(value)?,
            "run" => check.run = text(value)?,
            "tests" => check.tests = Some(text(value)?),
            "parallel" => check.parallel = value.as_bool().ok_or("not a yes or no")?,
            "lock" => check.lock = text(value)?,
            "fixers" => check.fixers = list(value)?,
            other => return Err(format!("what is {other} of a check?")),
        }
    }
    if !table.contains_key("run") {
        check.run.clone_from(&check.name.0);
    }
    Ok(check)
}

fn list(value: &Value) -> Result<Vec<String>, String> {
    value.as_array().ok_or("no list")?.iter().map(text).collect()
}

fn plain_check(name: &str) -> Check {
    Check {
        name: CheckName(name.into()),
        paths: vec!["src/**".into()],
        run: name.into(),
        tests: None,
        timeout: Duration::from_secs(600),
        parallel: false,
        lock: String::new(),
        fixers: Vec::new(),
        keep_daemons: false,
    }
}

fn plain() -> Settings {
    let agent = Agent {
        kind: AgentKind::Claude,
        program: "claude".into(),
        model: String::new(),
        args: Vec::new(),
        env: BTreeMap::new(),
        timeout: Duration::from_secs(1800),
    };
    Settings {
        watch: Watch {
            settle: Duration::from_millis(300),
            settle_max: Duration::from_secs(2),
            ignore: Vec::new(),
            paths: Vec::new(),
        },
        checks: vec![plain_check("unit")],
        fix: Fix {
            enabled: true,
            agents: true,
            on: FixOn::Red,
            after: Duration::from_secs(10),
            attempts: 5,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            land: LandMode::Auto,
            land_by: LandBy::File,
            isolation: Isolation::Worktree,
            protect: Vec::new(),
            breaker: Breaker { failures: 3, window: Duration::from_secs(3600) },
            planner: Planner::Off,
            plan_wait: Duration::from_secs(60),
            planner_sleep: Duration::from_secs(600),
        },
        limits: Limits {
            running: 1,
            checks: 2,
            completed: 50,
            failed: 50,
            history: 100,
            heartbeat: Duration::from_secs(3600),
            health: Duration::from_secs(300),
            stop: Duration::from_secs(30),
        },
        lanes: Lanes::default(),
        events: Events::default(),
        workspace: Workspace { copy: Vec::new(), prepare: String::new(), link: Vec::new() },
        budget: Budget { task: Usd(1_000_000), warn: 750, ..Budget::default() },
        questions: Questions { wait: Duration::from_secs(3600), unattended: Unattended::Refuse },
        agents: BTreeMap::from([("claude".into(), agent)]),
        roles: [("fixer", true), ("coding", true), ("reviewer", false)]
            .map(|(name, edits)| (name.to_owned(), Role { agent: "claude".into(), edits, ..Role::default() }))
            .into(),
        workflows: workflows(),
        rules: Vec::new(),
        documents: BTreeMap::new(),
        policy: Policy::default(),
    }
}

/// The workflow of assignments, as the built-in configuration has it.
fn workflows() -> std::collections::BTreeMap<String, orchestrator_tui::model::settings::WorkflowSpec> {
    use orchestrator_tui::model::settings::WorkflowSpec;
    use orchestrator_tui::model::task::Workflow;
    let task = WorkflowSpec { stages: Workflow::task().stages, ..WorkflowSpec::default() };
    [("task".to_owned(), task)].into()
}
