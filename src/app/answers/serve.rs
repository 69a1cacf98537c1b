//! Answers the control socket from the running machine: queries from its book, commands through its one door.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::app::answers::events;
use crate::app::answers::named::Named;
use crate::app::answers::plans;
use crate::app::answers::report::{self, Reporter};
use crate::app::answers::{costs, sessions, stats};
use crate::app::clock;
use crate::app::day::folder::Folder;
use crate::app::day::{gather, hidden, lessons};
use crate::app::effects::tools::Tools;
use crate::app::project::doorkeeper::{deed, what_is_open};
use crate::app::project::mark::space;
use crate::core::command::{Answer, Command, Refusal, Refused};
use crate::core::live::Step;
use crate::core::schedule::Waiting as Reason;
use crate::core::supervisor::Supervisor;
use crate::core::view::{Stats, short};
use crate::edge::control::{Caller, ControlCall, ControlReply, ControlRequest};
use crate::model::assignment::BatchKind;
use crate::model::event::Reporter as EventBy;
use crate::model::id::{BatchId, EventId, RequestId, Space, TaskId};
use crate::model::path::ProjectPath;
use crate::model::session::Stranger;
use crate::model::task::Task;
use crate::model::time::{Now, brief};

/// The command that agents may give, too.
const EMIT: &str = "emit";

/// Requests that wait for the machine.
#[derive(Default)]
pub struct Waiting {
    last: RequestId,
    replies: BTreeMap<RequestId, oneshot::Sender<ControlReply>>,
}

impl Waiting {
    /// Returns a number for a request that nobody waits for.
    pub fn number(&mut self) -> RequestId {
        self.last = self.last.next();
        self.last
    }

    /// Sends the machine's reply to whoever waits.
    pub fn reply(&mut self, request: RequestId, reply: Result<Answer, Refusal>) {
        let Some(waits) = self.replies.remove(&request) else { return };
        let reply = match reply {
            Ok(answer) => ControlReply::done(json!(answer)),
            Err(refusal) => match refusal.kind {
                Refused::State => ControlReply::refused(409, refusal.message, ""),
                Refused::Unknown => ControlReply::refused(404, refusal.message, ""),
                Refused::Usage => ControlReply::refused(422, refusal.message, ""),
                Refused::Stopping => ControlReply::refused(503, refusal.message, "start it again"),
            },
        };
        // Whoever asked may have gone.
        let _ = waits.send(reply);
    }
}

/// Answers that something was done.
pub fn said(text: &str) -> ControlReply {
    ControlReply::done(json!({ "said": text }))
}

/// What a call comes to.
pub enum Called {
    /// Nothing more: it is answered.
    Answered,
    /// A command for the machine.
    Command(RequestId, Command),
    /// A screen takes its leave; answered by whoever knows of screens.
    Leave(oneshot::Sender<ControlReply>),
    /// Somebody who is no person was refused this; the machine is to know.
    Trespass(Stranger, String),
}

/// Answers a call, or says what it comes to.
pub fn call((machine, tools): (&Supervisor, &Tools), now: Now, waiting: &mut Waiting, call: ControlCall) -> Called {
    match call.request {
        ControlRequest::Query { path, query: _ } => {
            let _ = call.reply.send(query_reply(machine, now, space(&tools.places.mark), &path));
            Called::Answered
        }
        ControlRequest::Trespass { by, method, path } => {
            let deed = deed(&method, &path);
            let _ = call.reply.send(no_person(&machine.whose(by).0, &deed));
            Called::Trespass(by, deed)
        }
        ControlRequest::Command { name, .. } if name == "leave" => Called::Leave(call.reply),
        ControlRequest::Command { name, .. } if name == EMIT && is_nobody(call.caller).is_some() => {
            let (by, deed) = (is_nobody(call.caller).unwrap_or(Stranger::Unknown), deed("POST", "commands/emit"));
            let _ = call.reply.send(no_person(&machine.whose(by).0, &deed));
            Called::Trespass(by, deed)
        }
        ControlRequest::Command { name, body, .. } => match command_of(&name, &body, space(&tools.places.mark)) {
            Ok(command) if let Some(why) = hidden::refused(tools, &command) => {
                let _ = call.reply.send(ControlReply::refused(409, why, "name another place"));
                Called::Answered
            }
            Ok(mut command) => {
                if let (Command::Emit { by, .. }, Caller::Stranger(Stranger::Session(session))) =
                    (&mut command, call.caller)
                {
                    *by = EventBy::Session(session);
                }
                let request = waiting.number();
                waiting.replies.insert(request, call.reply);
                Called::Command(request, command)
            }
            Err(why) => {
                let _ = call.reply.send(ControlReply::refused(422, why, "see `orchestrator-tui help`"));
                Called::Answered
            }
        },
    }
}

/// Returns a caller of whom nobody knows which agent it belongs to, if to one.
fn is_nobody(caller: Caller) -> Option<Stranger> {
    match caller {
        Caller::Person | Caller::Stranger(Stranger::Session(_)) => None,
        Caller::Stranger(stranger) => Some(stranger),
    }
}

/// Refuses what only a person may ask for.
fn no_person(whose: &str, deed: &str) -> ControlReply {
    let why = format!("this process belongs to {whose}; only a person's process may {deed}");
    ControlReply::refused(403, why, what_is_open())
}

/// Reads a command from its name and arguments.
///
/// # Errors
/// What is wrong with them.
pub fn command_of(name: &str, body: &Value, space: Space) -> Result<Command, String> {
    let mut tagged = match body {
        Value::Object(fields) => fields.clone(),
        Value::Null => serde_json::Map::new(),
        _ => return Err("the arguments of a command are a JSON object".to_owned()),
    };
    if let Some(Value::String(text)) = tagged.get("task") {
        let named: Named<TaskId> = text.parse().map_err(|error: crate::model::id::BadTaskId| error.to_string())?;
        let task = match named {
            Named::Number(task) => task,
            Named::Uuid(text) => TaskId::of_uuid(space, &text).ok_or_else(|| Refusal::no_task(text).message)?,
        };
        tagged.insert("task".to_owned(), json!(task));
    }
    if name == EMIT {
        // Any JSON will do as the data; it is kept as text.
        let data = tagged.get("data").cloned().unwrap_or_else(|| json!({}));
        tagged.insert("data".to_owned(), json!(data.to_string()));
    }
    if name == "changed" {
        let files = tagged.get("files").and_then(Value::as_array).cloned().unwrap_or_default();
        let paths: Vec<ProjectPath> = files.iter().filter_map(Value::as_str).filter_map(ProjectPath::new).collect();
        if paths.len() != files.len() {
            return Err("files are paths relative to the project".to_owned());
        }
        return Ok(Command::Changed { files: paths });
    }
    tagged.insert("command".to_owned(), json!(name));
    serde_json::from_value(Value::Object(tagged)).map_err(|error| format!("{name}: {error}"))
}

fn query_reply(machine: &Supervisor, now: Now, space: Space, path: &str) -> ControlReply {
    let reason = |task: &Task| reason(machine, task, now);
    let reporter = Reporter { book: machine.book(), reason: &reason, running: true, now: now.wall, space };
    if let Some(id) = path.strip_prefix("detail/") {
        return with_task(&reporter, id, |task| ControlReply::done(json!(machine.detail(task.id))));
    }
    if let Some(id) = path.strip_prefix("happening/") {
        return match id.parse().ok().and_then(|id| machine.happening(EventId(id))) {
            Some(happening) => ControlReply::done(json!(happening)),
            None => ControlReply::refused(404, format!("event {id} is not remembered"), ""),
        };
    }
    if let Some(number) = path.strip_prefix("batches/").and_then(|id| id.parse().ok()) {
        return batch_reply(machine, BatchId(number), &reporter);
    }
    if path == "queue" {
        let lanes = &machine.settings().lanes;
        let mut queue = sessions::queue(&reporter);
        queue["settings"]["max_concurrent"] = json!(lanes.queue);
        queue["settings"]["enabled"] = json!(lanes.enabled);
        queue["settings"]["stop_on_failure"] = json!(lanes.stop_on_failure);
        return ControlReply::done(queue);
    }
    if path == "costs" {
        return ControlReply::done(costs::json(&machine.costs()));
    }
    if path == "stats" {
        return ControlReply::done(stats::json(&Stats::of(machine.book())));
    }
    if path == "status" {
        let mut status = reporter.status();
        status["queue_enabled"] = json!(machine.settings().lanes.enabled);
        return ControlReply::done(status);
    }
    let reply = answer(&reporter, path);
    if path.starts_with("health") {
        return report::with_heart(reply, machine.book().process.beat, now.wall, machine.settings().limits.heartbeat);
    }
    reply
}

/// Says how a batch stands, and whether anything of it goes on by itself.
fn batch_reply(machine: &Supervisor, id: BatchId, reporter: &Reporter<'_>) -> ControlReply {
    let Some(batch) = machine.book().batches.get(&id) else {
        return ControlReply::refused(404, format!("there is no batch {}", id.0), "");
    };
    let mut value = gather::json(reporter, batch);
    value["goes_on"] = json!(machine.goes_on(batch));
    ControlReply::done(value)
}

/// Says all about the day of a batch, as its report has it, and where that lies. Of a part of a day there is no report.
fn day_report(reporter: &Reporter<'_>, id: &str) -> ControlReply {
    let batch = id.parse().ok().and_then(|id| reporter.book.batches.get(&BatchId(id)));
    let day = batch.and_then(|batch| Some((batch, gather::day(reporter, batch, clock::offset(reporter.now))?)));
    let Some((batch, BatchKind::Day { file, folder, .. }, day)) = day.map(|(batch, day)| (batch, &batch.kind, day))
    else {
        return ControlReply::refused(404, format!("batch {id} is no day of a task file"), "");
    };
    let path = Folder::at(folder.clone()).report(&day.date);
    let forgotten = reporter.book.forgotten_of(batch);
    if forgotten > 0 {
        let text = format!(
            "{forgotten} of the {} tasks of {} are not remembered any more, so there is no whole report of it",
            batch.tasks.len(),
            file.display()
        );
        let hint = format!("the one that was written at its end stays as it is: {}", path.display());
        return ControlReply::refused(409, text, hint);
    }
    ControlReply::done(json!({
        "date": day.date, "markdown": day.markdown(), "path": path, "written": path.is_file(),
    }))
}

/// Answers a query from a book; the same for a running supervisor and without one.
pub fn answer(reporter: &Reporter<'_>, path: &str) -> ControlReply {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["status"] => ControlReply::done(reporter.status()),
        ["statistics"] => ControlReply::done(json!({
            "numbers": reporter.statistics(), "text": reporter.statistics_text(),
        })),
        ["tasks"] => ControlReply::done(reporter.tasks()),
        ["batches"] => {
            let batches = reporter.book.batches.values();
            ControlReply::done(batches.map(|batch| gather::json(reporter, batch)).collect())
        }
        ["plans"] => ControlReply::done(plans::json(reporter)),
        ["batches", id, "report"] => day_report(reporter, id),
        ["questions"] => ControlReply::done(json!(reporter.book.questions.values().collect::<Vec<_>>())),
        ["health"] | ["health", "last"] => ControlReply::done(reporter.health()),
        ["lessons"] => ControlReply::done(lessons::known(reporter.book)),
        ["events"] => ControlReply::done(events::all(reporter.book)),
        ["events", id] => match id.parse().ok().and_then(|id| events::one(reporter.book, EventId(id))) {
            Some(event) => ControlReply::done(event),
            None => {
                ControlReply::refused(404, format!("there is no event {id}"), "`orchestrator-tui events` lists them")
            }
        },
        ["tasks", id] => with_task(reporter, id, |task| ControlReply::done(reporter.task(task))),
        ["session"] => ControlReply::done(sessions::list(reporter, None)),
        ["session", "of", batch] => {
            let known = match batch.parse() {
                Ok(Named::Number(batch)) => Some(batch),
                Ok(Named::Uuid(text)) => BatchId::of_uuid(reporter.space, &text),
                Err(error) => return ControlReply::refused(422, format!("{error}"), ""),
            };
            match known.filter(|batch| reporter.book.batches.contains_key(batch)) {
                Some(batch) => ControlReply::done(sessions::list(reporter, Some(batch))),
                None => ControlReply::refused(
                    404,
                    format!("there is no orchestration {batch}"),
                    "`orchestrator-tui session list` shows the sessions of all",
                ),
            }
        }
        ["session", id] => with_task(reporter, id, |task| match sessions::session(reporter, task) {
            Some(session) => ControlReply::done(session),
            None => ControlReply::refused(404, format!("{} is no session", task.id), ""),
        }),
        ["session", id, "output"] => with_task(reporter, id, |task| match sessions::output(reporter, task) {
            Ok(output) => ControlReply::done(output),
            Err(why) => ControlReply::refused(409, why, ""),
        }),
        ["queue"] => ControlReply::done(sessions::queue(reporter)),
        ["tasks", id, "receipt"] => with_task(reporter, id, |task| match report::landed(task) {
            Some(receipt) => ControlReply::done(receipt),
            None => {
                ControlReply::refused(409, format!("{} has landed nothing: {}", task.id, (reporter.reason)(task)), "")
            }
        }),
        _ => ControlReply::refused(
            404,
            format!("there is no {path}"),
            "try status, tasks, tasks/14, session, queue, lessons, questions, health, costs, stats",
        ),
    }
}

fn with_task(reporter: &Reporter<'_>, id: &str, reply: impl Fn(&Task) -> ControlReply) -> ControlReply {
    let named = match id.parse() {
        Ok(Named::Number(id)) => Ok(id),
        Ok(Named::Uuid(text)) => TaskId::of_uuid(reporter.space, &text).ok_or(text),
        Err(error) => return ControlReply::refused(422, format!("{error}"), ""),
    };
    let id = match named {
        Ok(id) => id,
        Err(text) => return ControlReply::refused(404, Refusal::no_task(text).message, ""),
    };
    reporter
        .book
        .task(id)
        .map_or_else(|| ControlReply::refused(404, Refusal::no_task(id).message, ""), |task| reply(task))
}

/// Says why a task is where it is, as the running machine knows it.
pub fn reason(machine: &Supervisor, task: &Task, now: Now) -> String {
    use crate::model::task::TaskState;
    if let Some(question) = machine.book().questions.values().find(|question| question.task == task.id) {
        return format!("question {}: {}", question.id.0, question.ask.about.brief());
    }
    match &task.state {
        TaskState::Queued | TaskState::Cooling { .. } => match machine.waiting(task) {
            Some(waiting) => waiting.text(now, machine.settings().fix.breaker.window),
            None => "starting".to_owned(),
        },
        TaskState::Running => match machine.live().repository.operation {
            Some(operation) if is_at_gate(machine, task) => {
                Reason::Operation(operation).text(now, machine.settings().fix.breaker.window)
            }
            _ if let Some(line) = machine.waits_for_money(task.id) => short(line).to_owned(),
            _ => {
                let stage =
                    task.stage.map_or("running", |stage| stage.name_for(task.assignment().is_some())).to_owned();
                let attempt = machine.live().attempts.get(&task.id);
                match attempt.and_then(|attempt| machine.quiet_since(attempt)) {
                    Some(heard) => format!("{stage}, quiet for {}", brief(now.moment.since(heard))),
                    None => stage,
                }
            }
        },
        TaskState::Held(_) => {
            let typical = machine.typical(task).map(|typical| format!("; {typical}"));
            format!("{}{}", task.reason(now.wall), typical.unwrap_or_default())
        }
        TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Ready(_)
        | TaskState::Review(_)
        | TaskState::Done(_)
        | TaskState::Failed(_) => task.reason(now.wall),
    }
}

/// Whether the task's attempt is at a point where it goes on only while the repository is in the middle of nothing.
fn is_at_gate(machine: &Supervisor, task: &Task) -> bool {
    let step = machine.live().attempts.get(&task.id).map(|attempt| &attempt.step);
    matches!(step, Some(Step::Gate | Step::Agent(None)))
}
