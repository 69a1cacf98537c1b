//! Asks about a project, or asks for something: the running supervisor if there is one, else the journal.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::app::answers::history::History;
use crate::app::answers::report::Reporter;
use crate::app::answers::{costs, serve, stats};
use crate::app::clock;
use crate::app::effects::guarding::CONTROL;
use crate::app::failure::Failure;
use crate::app::process::supervise;
use crate::app::project::mark::space_of;
use crate::app::project::setup;
use crate::app::project::setup::Site;
use crate::app::verbs::offline;
use crate::config::Overrides;
use crate::core::command::Command;
use crate::core::lines;
use crate::core::view::{Costs, Stats};
use crate::edge::control::{Archive as _, BlockingClient, NotRunning, Wanted};
use crate::model::assignment::BatchKind;
use crate::model::cost::Usd;
use crate::model::hold::Snooze;
use crate::model::id::{QuestionId, Seq, TaskId};
use crate::model::lesson::LessonId;
use crate::model::plain;
use crate::model::question::{Question, Reply};
use crate::model::settings::LandMode;
use crate::model::task::Task;
use crate::model::time::Wall;

/// How often, and how long after, it is looked whether a supervisor has gone that comes to its end: half a minute in all.
const LOOKS: u32 = 1500;
/// As often where nothing is done without one all the same: its last replies take at most 200 ms to leave.
const SHORT: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Connects to the running supervisor, if there is one.
///
/// # Errors
/// If its socket is there and cannot be reached.
pub fn connect(site: &Site) -> Result<Option<BlockingClient>, Failure> {
    match BlockingClient::connect(&site.layout.control_socket()) {
        Ok(client) => Ok(Some(client)),
        Err(NotRunning::NoSocket { .. } | NotRunning::Stale { .. }) => Ok(None),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

/// Whether a supervisor runs in this project.
///
/// # Errors
/// If its socket is there and cannot be reached.
pub fn is_supervised(site: &Site) -> Result<bool, Failure> {
    connect(site).map(|client| client.is_some())
}

/// Answers a query, from the running supervisor or from the journal.
///
/// # Errors
/// If there is no such thing, or neither can be reached.
pub fn query(site: &Site, path: &str) -> Result<Value, Failure> {
    let (status, body) = if let Some(answer) = of_the_running(site, path)? {
        answer
    } else {
        let book = offline::book(site)?;
        let now = clock::wall();
        let reason = |task: &Task| offline::reason(&book, task, now);
        let reply = serve::answer(
            &Reporter { book: &book, reason: &reason, running: false, now, space: space_of(&site.layout) },
            path,
        );
        (reply.status(), reply.body().clone())
    };
    if status >= 300 { Err(refusal(status, &body)) } else { Ok(body) }
}

/// Says all about the day of a task file, as it stands now: its date, and the report as Markdown.
///
/// # Errors
/// If none of it was ever begun, not all of it is remembered, or it cannot be found out.
pub fn day_report(site: &Site, file: &Path) -> Result<(String, String), Failure> {
    let batches = query(site, "batches")?;
    let is_its = |batch: &&Value| match BatchKind::deserialize(&batch["kind"]) {
        Ok(BatchKind::Day { file: known, .. }) => known == file,
        Ok(BatchKind::Orchestration { .. }) | Err(_) => false,
    };
    let Some(batch) = batches.as_array().into_iter().flatten().rev().find(is_its) else {
        let start = format!("orchestrator-tui start {}", file.display());
        let text = format!("nothing of {} was ever begun\nhint: `{start}` begins it", file.display());
        return Err(Failure::refused(text));
    };
    let report = query(site, &format!("batches/{}/report", batch["id"]))?;
    let text = |part: &str| plain::text(report[part].as_str().unwrap_or_default()).into_owned();
    Ok((text("date"), text("markdown")))
}

/// Says what was spent, as the running supervisor knows it or as the journal has it.
///
/// # Errors
/// If neither can be reached.
pub fn costs(site: &Site) -> Result<Value, Failure> {
    if let Some((status, body)) = of_the_running(site, "costs")? {
        return if status >= 300 { Err(refusal(status, &body)) } else { Ok(body) };
    }
    let book = offline::book(site)?;
    // What the lines are is no news of what was spent: a configuration with mistakes only hides the lines.
    let budget = site.read(Overrides::default()).map(|loaded| loaded.settings.budget).unwrap_or_default();
    Ok(costs::json(&Costs::of(&book, budget, clock::Clock::start().now())))
}

/// Says how work went, as the running supervisor knows it or as the journal has it.
///
/// # Errors
/// If neither can be reached.
pub fn stats(site: &Site) -> Result<Value, Failure> {
    if let Some((status, body)) = of_the_running(site, "stats")? {
        return if status >= 300 { Err(refusal(status, &body)) } else { Ok(body) };
    }
    Ok(stats::json(&Stats::of(&offline::book(site)?)))
}

/// Raises today's lines of the budget.
///
/// # Errors
/// If no supervisor runs, or there is no such line.
pub fn raise(site: &Site, usd: Usd, tokens: u64) -> Result<Value, Failure> {
    send(site, "raise", &json!({ "usd": usd, "tokens": tokens }))
}

/// Asks the running supervisor; nothing if none runs, or if it has just ended: then the journal knows as much.
fn of_the_running(site: &Site, path: &str) -> Result<Option<(u16, Value)>, Failure> {
    let Some(client) = connect(site)? else { return Ok(None) };
    match client.get(path) {
        Ok((503, _)) => Ok(None),
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_its_end() && has_gone(site, LOOKS)? => Ok(None),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

/// Waits until nobody answers any more in place of a supervisor that went away while it was asked; not for ever.
fn has_gone(site: &Site, looks: u32) -> Result<bool, Failure> {
    for _ in 0..looks {
        if !is_supervised(site)? {
            return Ok(true);
        }
        pause();
    }
    Ok(false)
}

#[expect(clippy::disallowed_methods, reason = "that a socket goes away can only be looked at again")]
fn pause() {
    std::thread::sleep(BETWEEN_LOOKS);
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

/// Sends a command to the running supervisor and returns its answer.
///
/// # Errors
/// If none runs, or it refuses.
pub fn command(site: &Site, name: &str, task: Option<TaskId>) -> Result<Value, Failure> {
    send(site, name, &task.map_or_else(|| json!({}), |task| json!({ "task": task })))
}

/// Sends any command to the running supervisor and returns its answer.
///
/// # Errors
/// If none runs, or it refuses.
pub fn order(site: &Site, wish: &Command) -> Result<Value, Failure> {
    let arguments = serde_json::to_value(wish).map_err(Failure::supervisor)?;
    let name = arguments["command"].as_str().unwrap_or_default().to_owned();
    send(site, &name, &arguments)
}

fn send(site: &Site, name: &str, arguments: &Value) -> Result<Value, Failure> {
    let Some(client) = connect(site)? else { return Err(no_supervisor()) };
    match client.command(name, arguments) {
        // Who comes to the end of the last one, as after `start`, is told what they would be told a moment later.
        Ok((503, _)) if has_gone(site, SHORT)? => Err(no_supervisor()),
        Ok((status @ 300.., body)) => Err(refusal(status, &body)),
        Ok((_, body)) => Ok(body),
        Err(error) => Err(Failure::supervisor(error)),
    }
}

/// Reports an event: to the supervisor that runs the session around this process, else to that of the project.
///
/// # Errors
/// If none runs, or it refuses.
pub fn emit(
    site: impl Fn() -> Result<Site, Failure>,
    event: &str,
    data: &Value,
    task: Option<TaskId>,
) -> Result<Value, Failure> {
    let arguments = json!({ "event": event, "data": data, "task": task });
    let Some(socket) = setup::environment().remove(CONTROL) else { return send(&site()?, "emit", &arguments) };
    let client = BlockingClient::connect(Path::new(&socket)).map_err(Failure::supervisor)?;
    let (status, body) = client.command("emit", &arguments).map_err(Failure::supervisor)?;
    if status >= 300 { Err(refusal(status, &body)) } else { Ok(body) }
}

/// Leaves the check and file of a task alone for a while.
///
/// # Errors
/// If no supervisor runs, or it refuses.
pub fn snooze(site: &Site, task: TaskId, until: Snooze) -> Result<Value, Failure> {
    send(site, "snooze", &json!({ "task": task, "until": until }))
}

/// Returns what agents of the running supervisor wait for, oldest first; nothing waits when none runs.
///
/// # Errors
/// If it cannot be reached.
pub fn questions(site: &Site) -> Result<Vec<Question>, Failure> {
    let Some((status, body)) = of_the_running(site, "questions")? else { return Ok(Vec::new()) };
    if status >= 300 {
        return Err(refusal(status, &body));
    }
    serde_json::from_value(body).map_err(Failure::supervisor)
}

/// Answers a question; `shown` stands for what was read of it.
///
/// # Errors
/// If no supervisor runs, or it refuses: somebody else was faster, or nobody waits any more.
pub fn answer(site: &Site, question: QuestionId, shown: &str, reply: &Reply) -> Result<Value, Failure> {
    let arguments = json!({ "question": question, "shown": shown, "reply": reply, "by": "the command line" });
    send(site, "answer", &arguments)
}

/// Tells the agent of a task something.
///
/// # Errors
/// If no supervisor runs, or no agent could hear it.
pub fn message(site: &Site, task: TaskId, text: &str) -> Result<Value, Failure> {
    send(site, "message", &json!({ "task": task, "text": text, "by": "the command line" }))
}

/// Takes back a landing, with or without a running supervisor.
///
/// # Errors
/// If there is nothing to take back, or the user edited the same lines since.
pub fn undo(site: &Site, task: TaskId) -> Result<Value, Failure> {
    with_or_without(site, "undo", Command::Undo { task })
}

/// Says yes to a result that waits, with or without a running supervisor; `agree`: and what becomes of others from now on.
///
/// # Errors
/// If nothing waits, or it does not land.
pub fn land(site: &Site, task: TaskId, agree: Option<LandMode>) -> Result<Value, Failure> {
    with_or_without(site, "land", Command::Land { task, result: None, agree })
}

/// Says no to a result that waits, with or without a running supervisor.
///
/// # Errors
/// If nothing waits.
pub fn refuse(site: &Site, task: TaskId) -> Result<Value, Failure> {
    with_or_without(site, "refuse", Command::Refuse { task, result: None })
}

/// Drops a lesson, or keeps it, with or without a running supervisor.
///
/// # Errors
/// If no supervisor ever ran here: then no prompt would quote it.
pub fn drop_lesson(site: &Site, lesson: LessonId, dropped: bool) -> Result<Value, Failure> {
    with_or_without(site, "lesson", Command::Lesson { lesson, dropped })
}

fn with_or_without(site: &Site, name: &str, wish: Command) -> Result<Value, Failure> {
    let arguments = serde_json::to_value(&wish).map_err(Failure::supervisor)?;
    let mut looks = 0;
    while let Some(client) = connect(site)? {
        match client.command(name, &arguments) {
            // It comes to its end, as after `start`; then this is done without it, or by the next one.
            Ok((503, _)) if looks < LOOKS => pause(),
            Ok((status @ 300.., body)) => return Err(refusal(status, &body)),
            Ok((_, body)) => return Ok(body),
            // What it may have carried out all the same is refused when it is asked for once more, in words that say so.
            Err(error) if error.is_its_end() && has_gone(site, LOOKS)? => break,
            Err(error) => return Err(Failure::supervisor(error)),
        }
        looks += 1;
    }
    if offline::facts(site)?.is_empty() {
        return Err(Failure::refused(format!("no supervisor ever ran in this project; there is nothing to {name}")));
    }
    let loaded = if let Command::Land { .. } = wish {
        // What lands is checked in the tree, and that runs the project's commands, but no agent.
        site.trust(&site.load(Overrides { fix: Some(false), ..Overrides::default() })?, false)?;
        site.load(Overrides::default())?
    } else {
        // A mistake in the configuration must not stand in the way of taking something back.
        site.load(Overrides::default()).or_else(|_| site.load_built_in())?
    };
    let said = supervise::command(site, &loaded, wish)?;
    Ok(json!({ "said": said }))
}

/// Hands out every fact, or those of one task, or the last so many, and goes on as they happen if asked to. Where some are
/// left out or missing stands a mark: `{"cut":true,"left_out":N}` or `{"resync":true,"after":N}`.
///
/// # Errors
/// If the journal cannot be read, or none runs that could be followed.
pub fn facts(
    site: &Site,
    (task, limit): (Option<TaskId>, Option<usize>),
    follow: bool,
    mut each: impl FnMut(&Value),
) -> Result<(), Failure> {
    let wanted = &Wanted { after: Seq(0), task, limit };
    if let Some(client) = connect(site)? {
        return client
            .facts(wanted, follow, |value| {
                each(&value);
                true
            })
            .map_err(Failure::supervisor);
    }
    if follow {
        return Err(no_supervisor());
    }
    let history = History::new(site.layout.journal());
    let begin = history.begin(wanted).map_err(Failure::usage)?;
    if begin.left_out > 0 {
        each(&json!({ "cut": true, "left_out": begin.left_out }));
    }
    let (mut last, mut more) = (begin.after, true);
    while more {
        let batch = history.read(wanted, last).map_err(Failure::usage)?;
        if batch.from > last {
            each(&json!({ "resync": true, "after": last }));
        }
        for fact in &batch.facts {
            each(&serde_json::from_str(&fact.json).map_err(Failure::usage)?);
        }
        (last, more) = (batch.to, batch.more);
    }
    Ok(())
}

/// Returns the line of a fact as [`facts`] hands it out; `None` for one that says nothing to a person.
pub fn line_of(value: &Value) -> Option<String> {
    if let Some(count) = value["left_out"].as_u64().filter(|_| value["cut"] == true) {
        return Some(format!("… {count} earlier ones left out"));
    }
    if value["resync"] == true {
        return Some("… some are missing here".to_owned());
    }
    let fact = serde_json::from_value(value.clone()).ok()?;
    let at: Wall = serde_json::from_value(value["at_ms"].clone()).ok()?;
    let line = lines::line(&fact, at)?;
    Some(lines::stamped(at, clock::offset(at), &line))
}
