//! Carries out each verb of the command line.

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory;
use serde_json::{Value, json};

use crate::app::failure::Failure;
use crate::app::report::Reporter;
use crate::app::run::{Voice, fact_value};
use crate::app::setup::{self, Site};
use crate::app::supervise::{self, Wish};
use crate::app::{clock, demo, lines, offline, render, serve};
use crate::cli::{Cli, ConfigVerb, Landing, Logs, Run, Verb};
use crate::config::Overrides;
use crate::core::command::Command;
use crate::edge::control::{BlockingClient, NotRunning};
use crate::edge::store::Lock;
use crate::model::id::TaskId;
use crate::model::settings::{LandMode, Planner};
use crate::model::task::Task;
use crate::model::time::Wall;

/// Carries out a command line and returns its exit code.
pub fn run(cli: Cli) -> ExitCode {
    let code = carry_out(cli).unwrap_or_else(|failure| {
        complain(&failure.message);
        failure.code as u8
    });
    ExitCode::from(code)
}

fn complain(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "orchestrator-tui: {message}");
}

/// Writes to standard output; a reader that has gone is no error.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn carry_out(cli: Cli) -> Result<u8, Failure> {
    let find = || Site::find(cli.project.as_deref());
    match cli.verb {
        Verb::Run(run) => supervise_project(&find()?, &run),
        Verb::Demo(demo) => demo::run(&demo),
        Verb::Status(Json { json }) => show(&find()?, "status", json, render::status).map(|_| 0),
        Verb::Tasks(Json { json }) => show(&find()?, "tasks", json, render::tasks).map(|_| 0),
        Verb::Show(task) => show(&find()?, &format!("tasks/{}", task.task.0), task.json, render::task).map(|_| 0),
        Verb::Receipt(task) => {
            show(&find()?, &format!("tasks/{}/receipt", task.task.0), task.json, render::receipt).map(|_| 0)
        }
        Verb::Health(Json { json }) => {
            let value = show(&find()?, "health", json, render::health)?;
            Ok(u8::from(value["healthy"] != true))
        }
        Verb::Logs(logs) => follow(&find()?, &logs),
        Verb::Retry(task) => command(&find()?, "retry", Some(task.task), task.json),
        Verb::Kill(task) => command(&find()?, "kill", Some(task.task), task.json),
        Verb::Undo(task) => undo(&find()?, task.task, task.json),
        Verb::Fix(task) => command(&find()?, "fix", Some(task.task), task.json),
        Verb::Land(task) => command(&find()?, "land", Some(task.task), task.json),
        Verb::Refuse(task) => command(&find()?, "refuse", Some(task.task), task.json),
        Verb::Check(Json { json }) => command(&find()?, "check", None, json),
        Verb::Pause(Json { json }) => command(&find()?, "pause", None, json),
        Verb::Resume(Json { json }) => command(&find()?, "resume", None, json),
        Verb::Stop(Json { json }) => command(&find()?, "quit", None, json),
        Verb::Config(config) => match config.verb {
            ConfigVerb::Check(Json { json }) => check_config(&find()?, json),
        },
        Verb::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "orchestrator-tui", &mut std::io::stdout());
            Ok(0)
        }
    }
}

use crate::cli::Json;

fn supervise_project(site: &Site, run: &Run) -> Result<u8, Failure> {
    if !run.headless {
        return Err(Failure::usage("this version has no dashboard yet\nhint: add --headless"));
    }
    let flags = Overrides {
        fix: run.checks_only.then_some(false),
        attempts: run.attempts,
        land: run.land.map(|land| match land {
            Landing::Auto => LandMode::Auto,
            Landing::Ask => LandMode::Ask,
        }),
        running: run.running,
        model: run.model.clone(),
        ..Overrides::default()
    };
    let loaded = site.load(flags)?;
    for warning in &loaded.warnings {
        complain(&format!("warning: {warning}"));
    }
    if loaded.settings.fix.planner != Planner::Off {
        complain("warning: fix.planner: this version has no planner yet; attempts go on without a strategy");
    }
    if loaded.settings.checks.is_empty() {
        return Err(Failure::usage(format!(
            "{} has no checks and none could be detected\nhint: write an orchestrator.toml with\n\n[[check]]\nname = \"unit\"\nrun = \"make test\"\n",
            site.project.display()
        )));
    }
    site.trust(&loaded, run.trust)?;
    let voice = if run.json { Voice::Json } else { Voice::Lines };
    supervise::supervise(site, &loaded, Wish { until_idle: run.until_idle, voice })
}

/// Connects to the running supervisor, if there is one.
fn connect(site: &Site) -> Result<Option<BlockingClient>, Failure> {
    match BlockingClient::connect(&site.layout.control_socket()) {
        Ok(client) => Ok(Some(client)),
        Err(NotRunning::NoSocket { .. } | NotRunning::Stale { .. }) => Ok(None),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

/// Prints the answer to a query, from the running supervisor or from the journal.
fn show(site: &Site, path: &str, json: bool, render: fn(&Value) -> String) -> Result<Value, Failure> {
    let (status, body) = match ask(site, path)? {
        Some(answer) => answer,
        None => {
            let book = offline::book(site)?;
            let now = clock::wall();
            let reason = |task: &Task| offline::reason(&book, task, now);
            let reply = serve::answer(&Reporter { book: &book, reason: &reason, running: false, now }, path);
            (reply.status(), reply.body().clone())
        }
    };
    if status >= 300 {
        return Err(refusal(status, &body));
    }
    say(&if json { pretty(&body) } else { render(&body) });
    Ok(body)
}

/// Asks the running supervisor; nothing if none runs, or if it has just ended: then the journal knows as much.
fn ask(site: &Site, path: &str) -> Result<Option<(u16, Value)>, Failure> {
    let Some(client) = connect(site)? else { return Ok(None) };
    match client.get(path) {
        Ok((503, _)) => Ok(None),
        Ok(answer) => Ok(Some(answer)),
        Err(_) if connect(site)?.is_none() => Ok(None),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn refusal(status: u16, body: &Value) -> Failure {
    let said = body["error"].as_str().unwrap_or("refused without a reason");
    let hint =
        body["hint"].as_str().filter(|hint| !hint.is_empty()).map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let message = format!("{said}{hint}");
    match status {
        422 => Failure::usage(message),
        503 => Failure::supervisor(message),
        _ => Failure::refused(message),
    }
}

fn no_supervisor() -> Failure {
    Failure::supervisor("no supervisor runs in this project\nhint: `orchestrator-tui run --headless` starts one")
}

fn command(site: &Site, name: &str, task: Option<TaskId>, json: bool) -> Result<u8, Failure> {
    let Some(client) = connect(site)? else { return Err(no_supervisor()) };
    let body = task.map_or_else(|| json!({}), |task| json!({ "task": task }));
    let (status, body) = client.command(name, &body).map_err(Failure::supervisor)?;
    if status >= 300 {
        return Err(refusal(status, &body));
    }
    say(&if json { pretty(&body) } else { body["said"].as_str().unwrap_or("done").to_owned() });
    Ok(0)
}

/// Undo works without a running supervisor, too.
fn undo(site: &Site, task: TaskId, json: bool) -> Result<u8, Failure> {
    if connect(site)?.is_some() {
        return command(site, "undo", Some(task), json);
    }
    if offline::facts(site)?.is_empty() {
        return Err(Failure::refused("no supervisor ever ran in this project; there is nothing to undo"));
    }
    let loaded = site.load(Overrides::default())?;
    let said = supervise::command(site, &loaded, Command::Undo { task })?;
    say(&if json { pretty(&json!({ "said": said })) } else { said });
    Ok(0)
}

fn follow(site: &Site, logs: &Logs) -> Result<u8, Failure> {
    let wanted = |value: &Value| logs.task.is_none_or(|task| value["task_id"] == json!(task.long()));
    let print = |value: &Value| {
        if logs.json {
            say(&value.to_string());
        } else if let Some(line) = line_of(value) {
            say(&line);
        }
    };
    if let Some(client) = connect(site)? {
        client
            .facts(0, logs.follow, |value| {
                if wanted(&value) {
                    print(&value);
                }
                true
            })
            .map_err(Failure::supervisor)?;
        return Ok(0);
    }
    if logs.follow {
        return Err(no_supervisor());
    }
    for recorded in offline::facts(site)? {
        let value = fact_value(&recorded);
        if wanted(&value) {
            print(&value);
        }
    }
    Ok(0)
}

fn line_of(value: &Value) -> Option<String> {
    let fact = serde_json::from_value(value.clone()).ok()?;
    let at = value["at"].as_str().unwrap_or_default();
    let line = lines::line(&fact, Wall(0))?;
    Some(format!("{} {line}", at.get(11..19).unwrap_or(at)))
}

fn check_config(site: &Site, json: bool) -> Result<u8, Failure> {
    let loaded = site.load(Overrides::default())?;
    setup::matcher(&loaded)?;
    if json {
        say(&pretty(&json!({
            "ok": true,
            "warnings": loaded.warnings,
            "sources": loaded.sources,
            "checks": loaded.settings.checks.iter().map(|check| json!({ "name": check.name, "run": check.run })).collect::<Vec<_>>(),
        })));
        return Ok(0);
    }
    for warning in &loaded.warnings {
        complain(&format!("warning: {warning}"));
    }
    say(&format!("{}: the configuration is good", site.project.display()));
    for check in &loaded.settings.checks {
        say(&format!("  check {:<12} {}", check.name.to_string(), check.run));
    }
    for (key, source) in &loaded.sources {
        say(&format!("  {key:<28} from {source}"));
    }
    if let Some(holder) = Lock::holder(&site.lock_file(Some(&loaded)))
        && connect(site)?.is_some()
    {
        say(&format!("  process {} supervises this project since {}", holder.pid, holder.since.iso()));
    }
    Ok(0)
}
