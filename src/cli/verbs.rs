//! Carries out each verb of the command line.

use std::process::ExitCode;

use clap::CommandFactory;
use serde_json::{Value, json};

use super::args::{
    self, Cli, ConfigVerb, Demo, Gc, Init, Json, Landing, PolicyVerb, Purge, Run, Supervise, Task, Trust, Tuning, Verb,
};
use super::{costs, day, events, lessons, questions, queue, render, roles, sessions, stats, upkeep};
use crate::app::effects::policy;
use crate::app::failure::{Code, Failure};
use crate::app::process::background;
use crate::app::process::supervise::{self, Presence, Wish};
use crate::app::process::voice::Voice;
use crate::app::project::setup::{self, Site};
use crate::app::verbs::{ask, fit, health};
use crate::app::words::say::{aimed, compact, complain, has_spoken, pretty, say, script, speak_of};
use crate::app::words::secrecy::of_project;
use crate::app::{dashboard, demo};
use crate::config::{Diagnostic, Overrides};
use crate::model::hold::Snooze;
use crate::model::id::TaskId;
use crate::model::policy::Permission;
use crate::model::settings::LandMode;

/// Carries out a command line and returns its exit code; what goes wrong is said as JSON, too, if that is asked for.
pub(super) fn run(cli: Cli, is_json: bool) -> ExitCode {
    let project = cli.project.clone();
    let named = |flag| Site::project(flag, &setup::environment()).ok();
    if let Some(folder) = project.as_deref().and_then(|flag| named(Some(flag)))
        && named(None).as_ref() != Some(&folder)
    {
        speak_of(&folder);
    }
    let code = carry_out(cli).unwrap_or_else(|failure| {
        let message = of_project(project.as_deref()).text(&failure.message).into_owned();
        complain(&message);
        failed(&Failure { message, ..failure }, is_json)
    });
    ExitCode::from(code)
}

/// Gives a failure to whoever reads JSON, unless they have got an answer already; returns its exit code.
pub(super) fn failed(failure: &Failure, is_json: bool) -> u8 {
    if is_json && !has_spoken() {
        let message = aimed(&failure.message);
        let (error, hint) = message.split_once("\nhint: ").unwrap_or((&message, ""));
        say(&compact(&json!({ "success": false, "error": error, "hint": hint })));
    }
    failure.code as u8
}

fn voice(json: bool) -> Voice {
    if json { Voice::Json } else { Voice::Lines }
}

fn carry_out(cli: Cli) -> Result<u8, Failure> {
    let site = || Site::find(cli.project.as_deref());
    match cli.verb.unwrap_or_else(|| Verb::Run(Run::default())) {
        Verb::Run(run) => run_project(&site()?, &run),
        Verb::Supervise(supervise) => supervise_alone(site, &supervise),
        Verb::Start(wish) => day::start(&site()?, &wish),
        Verb::Report(wish) => day::report(&site()?, &wish),
        Verb::Feedback(wish) => day::feedback(&site()?, &wish),
        Verb::Lessons(wish) => lessons::run(&site()?, &wish),
        Verb::Demo(demo) => show_demo(&demo),
        Verb::Status(Json { json }) => show(&site()?, "status", json, render::status).map(|_| 0),
        Verb::Tasks(Json { json }) => show(&site()?, "tasks", json, render::tasks).map(|_| 0),
        Verb::Show(wish) => look(&site()?, &wish, "", render::task),
        Verb::Receipt(wish) => look(&site()?, &wish, "/receipt", render::receipt),
        Verb::Health(Json { json }) => {
            let value = health::ask(&site()?)?;
            say(&if json { pretty(&value) } else { render::health(&value) });
            Ok(match (value["healthy"] == true, value["running"] == true) {
                (true, _) => Code::Done,
                (false, true) => Code::Refused,
                // Nothing is wrong that could be told: there is nobody to be well or unwell.
                (false, false) => Code::Supervisor,
            } as u8)
        }
        Verb::Logs(wish) => logs(&site()?, &wish),
        Verb::Costs(wish) => costs::show(&site()?, &wish),
        Verb::Stats(wish) => stats::show(&site()?, &wish),
        Verb::Retry(task) => command(&site()?, "retry", &task),
        Verb::Kill(task) => command(&site()?, "kill", &task),
        Verb::Fix(task) => command(&site()?, "fix", &task),
        Verb::Hold(task) => command(&site()?, "hold", &task),
        Verb::Unsnooze(task) => command(&site()?, "unsnooze", &task),
        Verb::Snooze(wish) => snooze(&site()?, &wish),
        Verb::Land(args::Land { task, always, json }) => {
            let site = site()?;
            ask::land(&site, task.at(&site)?, always.then_some(LandMode::Auto)).map(|answer| said(&answer, json))
        }
        Verb::Refuse(wish) => asked(&site()?, &wish, ask::refuse),
        Verb::Undo(wish) => asked(&site()?, &wish, ask::undo),
        Verb::Questions(Json { json }) => questions::list(&site()?, json),
        Verb::Answer(answer) => questions::answer(&site()?, &answer),
        Verb::Message(wish) => message(&site()?, &wish),
        Verb::Emit(wish) => events::emit(site, &wish),
        Verb::Events(wish) => events::list(&site()?, &wish),
        Verb::Event(wish) => events::show(&site()?, &wish),
        Verb::Session(wish) => sessions::run(&site()?, &wish),
        Verb::Orchestrate(wish) => sessions::orchestrate(&site()?, &wish),
        Verb::Approve(wish) => sessions::approve(&site()?, &wish),
        Verb::Decline(wish) => sessions::decline(&site()?, &wish),
        Verb::Queue(wish) => queue::run(&site()?, &wish),
        Verb::Check(Json { json }) => ask::command(&site()?, "check", None).map(|answer| said(&answer, json)),
        Verb::Pause(Json { json }) => ask::command(&site()?, "pause", None).map(|answer| said(&answer, json)),
        Verb::Resume(Json { json }) => ask::command(&site()?, "resume", None).map(|answer| said(&answer, json)),
        Verb::Stop(Json { json }) => ask::command(&site()?, "quit", None).map(|answer| said(&answer, json)),
        Verb::Doctor(Json { json }) => upkeep::doctor(cli.project.as_deref(), json),
        Verb::Init(Init { force, json }) => upkeep::init(&site()?, force, json),
        Verb::Gc(Gc { dry_run, json }) => upkeep::gc(&site()?, dry_run, json),
        Verb::Purge(Purge { yes, json }) => upkeep::purge(&site()?, yes, json),
        Verb::Config(config) => match config.verb {
            ConfigVerb::Check(Json { json }) => check_config(&site()?, json),
            ConfigVerb::Reload(Json { json }) => {
                ask::command(&site()?, "reload", None).map(|answer| said(&answer, json))
            }
        },
        Verb::Policy(args::Policy { verb: PolicyVerb::Check { role, json, line } }) => {
            check_policy(&site()?, &role, &line, json)
        }
        Verb::Roles(Json { json }) => roles::list(&site()?, json),
        Verb::Workflows(Json { json }) => roles::workflows(&site()?, json),
        Verb::Prompt(wish) => roles::prompt(&site()?, &wish),
        Verb::Trust(Trust { yes, json }) => upkeep::trust(&site()?, yes, json),
        Verb::Completions { shell } => {
            // Into memory first: it panics when its reader has gone (`| head`).
            let mut bytes = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "orchestrator-tui", &mut bytes);
            script(&bytes);
            Ok(0)
        }
    }
}

/// Prints the answer to a query.
fn show(site: &Site, path: &str, json: bool, render: fn(&Value) -> String) -> Result<Value, Failure> {
    let body = ask::query(site, path)?;
    say(&if json { pretty(&body) } else { render(&body) });
    Ok(body)
}

/// Prints what happened, in all or in one task.
fn logs(site: &Site, wish: &args::Logs) -> Result<u8, Failure> {
    let task = wish.task.as_ref().map(|task| task.at(site)).transpose()?;
    let is_known = || task.map_or(Ok(Value::Null), |task| ask::query(site, &format!("tasks/{}", task.0)));
    if wish.follow {
        is_known()?;
    }
    let mut count = 0_u64;
    let each = |value: &Value| {
        count += 1;
        if wish.json {
            say(&compact(value));
        } else if let Some(line) = ask::line_of(value) {
            say(&line);
        }
    };
    ask::facts(site, (task, wish.last), wish.follow, each)?;
    // Of one that is not remembered any more there may be a log; of one that never was there is none.
    if count == 0 { is_known().map(|_| 0) } else { Ok(0) }
}

/// Tells the agent of a task something.
fn message(site: &Site, wish: &args::Message) -> Result<u8, Failure> {
    if wish.words.iter().all(|word| word.trim().is_empty()) {
        return Err(Failure::usage("there is nothing to tell\nhint: message 14 \"Leave the API as it is\""));
    }
    ask::message(site, wish.task.at(site)?, &wish.words.join(" ")).map(|answer| said(&answer, wish.json))
}

/// Prints the answer to a query about a task.
fn look(site: &Site, wish: &Task, more: &str, render: fn(&Value) -> String) -> Result<u8, Failure> {
    show(site, &format!("tasks/{}{more}", wish.task.at(site)?.0), wish.json, render).map(|_| 0)
}

fn command(site: &Site, name: &str, wish: &Task) -> Result<u8, Failure> {
    asked(site, wish, |site, task| ask::command(site, name, Some(task)))
}

/// Asks for something to be done to a task, and prints the answer.
fn asked(site: &Site, wish: &Task, ask: impl Fn(&Site, TaskId) -> Result<Value, Failure>) -> Result<u8, Failure> {
    ask(site, wish.task.at(site)?).map(|answer| said(&answer, wish.json))
}

fn snooze(site: &Site, wish: &args::Snooze) -> Result<u8, Failure> {
    let until = match (wish.until_green, wish.on_branch) {
        (true, _) => Snooze::UntilGreen,
        (false, true) => Snooze::OnBranch,
        (false, false) => Snooze::For(wish.span.as_secs()),
    };
    ask::snooze(site, wish.task.at(site)?, until).map(|answer| said(&answer, wish.json))
}

/// Prints the answer to a command.
pub(super) fn said(answer: &Value, json: bool) -> u8 {
    say(&if json { pretty(answer) } else { answer["said"].as_str().unwrap_or("done").to_owned() });
    0
}

fn show_demo(wish: &Demo) -> Result<u8, Failure> {
    if !wish.headless {
        return demo::tour(wish.keep);
    }
    demo::run(voice(wish.json), wish.keep)
}

fn run_project(site: &Site, run: &Run) -> Result<u8, Failure> {
    if !run.headless {
        let overrides = overrides(&run.tuning);
        return dashboard::open(site, &dashboard::Wish { overrides, trust: run.trust, ..dashboard::Wish::default() });
    }
    let flags = Some(overrides(&run.tuning));
    let wish = Wish { until_idle: run.until_idle, voice: voice(run.json), presence: Presence::Foreground, flags };
    supervise_project(site, run.trust, wish)
}

/// Supervises as a process of its own, which nobody sees but those who look.
fn supervise_alone(site: impl Fn() -> Result<Site, Failure>, wish: &Supervise) -> Result<u8, Failure> {
    // Before anything is opened.
    background::stand_alone();
    let presence = Presence::Background { leased: wish.leased };
    let flags = Some(overrides(&wish.tuning));
    supervise_project(&site()?, false, Wish { until_idle: false, voice: Voice::Silent, presence, flags })
}

/// Returns what flags say.
fn overrides(tuning: &Tuning) -> Overrides {
    Overrides {
        fix: tuning.checks_only.then_some(false),
        attempts: tuning.attempts,
        land: tuning.land.map(|land| match land {
            Landing::Auto => LandMode::Auto,
            Landing::Ask => LandMode::Ask,
        }),
        running: tuning.running,
        model: tuning.model.clone(),
        ..Overrides::default()
    }
}

fn supervise_project(site: &Site, trust: bool, wish: Wish) -> Result<u8, Failure> {
    let mut loaded = site.load(wish.flags.clone().unwrap_or_default())?;
    for warning in &loaded.warnings {
        complain(&warning.to_string());
    }
    if loaded.settings.checks.is_empty() {
        return Err(Failure::usage(format!(
            "{} has no checks, and none is usual for what is in it\nhint: say what is green or red in its orchestrator.toml:\n\n[[check]]\nname = \"unit\"\nrun = \"make test\"",
            site.project.display()
        )));
    }
    site.trust(&loaded, trust)?;
    site.note_agents(&mut loaded);
    supervise::supervise(site, &loaded, wish)
}

fn check_policy(site: &Site, role: &str, line: &str, json: bool) -> Result<u8, Failure> {
    let verdict = policy::check(site, role, line)?;
    say(&if json {
        pretty(&json!({
            "decision": verdict.decision,
            "rule": verdict.rule,
            "reason": verdict.reason,
            "stops": verdict.violation,
            "role": role,
        }))
    } else {
        let stops = if verdict.violation { "; the wish alone stops the agent" } else { "" };
        format!("{}  {}\n  {}{stops}", verdict.decision, verdict.rule, verdict.reason)
    });
    Ok(u8::from(verdict.decision == Permission::Deny))
}

fn check_config(site: &Site, json: bool) -> Result<u8, Failure> {
    let redactor = of_project(Some(&site.project));
    let loaded = match site.read(Overrides::default()) {
        Ok(loaded) => loaded,
        Err(mistakes) if json => {
            let shown = json!({ "ok": false, "errors": mistakes });
            say(&pretty(&redactor.document(&shown).unwrap_or(shown)));
            return Ok(Code::Usage as u8);
        }
        Err(mistakes) => return Err(setup::wrong("the configuration", &mistakes)),
    };
    setup::matcher(&loaded)?;
    let trusted = site.is_trusted(&loaded)?;
    let warnings: Vec<Diagnostic> = loaded.warnings.iter().cloned().chain(fit::misfits(site, &loaded)).collect();
    if json {
        let shown = json!({
            "ok": true,
            "trusted": trusted,
            "warnings": warnings,
            "sources": loaded.sources,
            "checks": loaded.settings.checks.iter().map(|check| json!({ "name": check.name, "run": check.run })).collect::<Vec<_>>(),
        });
        say(&pretty(&redactor.document(&shown).unwrap_or(shown)));
        return Ok(0);
    }
    for warning in &warnings {
        complain(&redactor.text(&warning.to_string()));
    }
    say(&format!("{}: the configuration is good", site.project.display()));
    for check in &loaded.settings.checks {
        say(&redactor.text(&format!("  check {:<12} {}", check.name.to_string(), check.run)));
    }
    if loaded.settings.checks.is_empty() {
        say("  no check: none is written, and none is usual for what is in this folder");
    }
    for (key, source) in &loaded.sources {
        say(&format!("  {key:<28} from {source}"));
    }
    if !trusted {
        say("  not trusted yet: `orchestrator-tui trust` agrees to run these");
    }
    if ask::is_supervised(site)? {
        say(if trusted {
            "  a supervisor runs in this project, and takes up what is written"
        } else {
            "  a supervisor runs in this project; it goes on with what was agreed to"
        });
    }
    Ok(0)
}
