//! `emit`, `events` and `event`: reports what happened, and shows what came of it.

use std::io::Read as _;

use clap::Args;
use serde_json::{Value, json};

use super::verbs::said;
use crate::app::answers::named::Named;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::ask;
use crate::app::words::say::{pretty, say};
use crate::model::id::TaskId;
use crate::model::routing::is_event;

/// What happened.
#[derive(Debug, Args)]
#[command(after_help = "emit pr.created --task 14 --data '{\"summary\": \"Paging is there\"}'\n\
                        emit audit.requested --data @question.json      from a file; --data - reads standard input\n\n\
                        What puts somebody to work needs a task or data that says on what; `workflows` lists what follows")]
pub struct Emit {
    /// Its type, words with dots between them: pr.created.
    #[arg(value_name = "TYPE")]
    pub event: String,
    /// What is known about it, as JSON; @FILE reads a file, - standard input.
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub data: Option<String>,
    /// The task it is about; an agent's own is known.
    #[arg(long, value_name = "N")]
    pub task: Option<Named<TaskId>>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Which events.
#[derive(Debug, Args)]
#[command(after_help = "events --failed     what nobody followed, and why")]
pub struct Events {
    /// Only those that wait.
    #[arg(long, conflicts_with = "failed")]
    pub pending: bool,
    /// Only those that were not followed, and files that were left where they are.
    #[arg(long)]
    pub failed: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// An event, and the output.
#[derive(Debug, Args)]
#[command(after_help = "event 3")]
pub struct Event {
    /// Its number, as `events` shows it: 3.
    pub event: u32,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Reports an event.
pub(super) fn emit(site: impl Fn() -> Result<Site, Failure>, wish: &Emit) -> Result<u8, Failure> {
    if !is_event(&wish.event) {
        let hint = "write lower-case words with dots between them, such as pr.created";
        return Err(Failure::usage(format!("{:?} is no event\nhint: {hint}", wish.event)));
    }
    let text = match wish.data.as_deref() {
        None => "{}".to_owned(),
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
            text
        }
        Some(data) => match data.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("{file}: {error}")))?,
            None => data.to_owned(),
        },
    };
    let data: Value = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("the data is not JSON: {error}\nhint: --data '{{\"summary\": \"…\"}}'"))
    })?;
    let task = match &wish.task {
        Some(Named::Number(task)) => Some(*task),
        // Only a UUID says something about its project, which an agent's process need not find.
        Some(named @ Named::Uuid(_)) => Some(named.at(&site()?)?),
        None => None,
    };
    ask::emit(site, &wish.event, &data, task).map(|answer| said(&answer, wish.json))
}

/// Lists events.
pub(super) fn list(site: &Site, wish: &Events) -> Result<u8, Failure> {
    let mut all = ask::query(site, "events")?;
    let wanted = if wish.pending {
        Some("pending")
    } else if wish.failed {
        Some("failed")
    } else {
        None
    };
    if let (Some(state), Value::Array(events)) = (wanted, &mut all["events"]) {
        events.retain(|event| event["state"] == state);
    }
    if wish.pending {
        all["left"] = json!([]);
    }
    if wish.json {
        say(&pretty(&all));
        return Ok(0);
    }
    let rows = |key: &str| all[key].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = rows("events").iter().map(row).collect();
    lines.extend(
        rows("left")
            .iter()
            .map(|left| format!("     left where it is: {}: {}", text(&left["file"]), text(&left["reason"]))),
    );
    if lines.is_empty() {
        lines.push(wanted.map_or("nothing has happened yet", |_| "none").to_owned());
    }
    say(&lines.join("\n"));
    Ok(0)
}

fn row(event: &Value) -> String {
    let task = event["task"].as_u64().map(|task| format!(" about #{task}")).unwrap_or_default();
    let (id, kind, by) = (event["id"].to_string(), text(&event["type"]), text(&event["by"]));
    format!("{id:>4} {:<9} {kind:<22} from {by}{task}: {}", text(&event["state"]), came_of(event))
}

/// Says what came of an event, or what it waits for.
fn came_of(event: &Value) -> String {
    let outcomes: Vec<&str> = event["outcome"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match event["waits_for"].as_str() {
        Some(what) => format!("waits for {what}"),
        None if outcomes.is_empty() => "waits for the supervisor".to_owned(),
        None => outcomes.join(", "),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Shows an event.
pub(super) fn show(site: &Site, wish: &Event) -> Result<u8, Failure> {
    let event = ask::query(site, &format!("events/{}", wish.event))?;
    if wish.json {
        say(&pretty(&event));
        return Ok(0);
    }
    let mut lines = vec![
        format!("event {}: {}", event["id"], text(&event["type"])),
        format!("  {}, {}", text(&event["at"]), text(&event["state"])),
        format!("  from {}", text(&event["by"])),
    ];
    if let Some(task) = event["task"].as_u64() {
        lines.push(format!("  about #{task}"));
    }
    lines.push(format!("  {}", came_of(&event)));
    lines.push(String::new());
    lines.push(pretty(&event["data"]));
    say(&lines.join("\n"));
    Ok(0)
}

/// Says what a task has to do with events, for `show`.
pub(super) fn of_task(events: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(event) = events["started_by"].as_u64() {
        let subject = events["subject"].as_u64().map(|task| format!(", which is about #{task}")).unwrap_or_default();
        lines.push(format!("started by event {event}{subject}"));
    }
    lines.extend(events["events"].as_array().into_iter().flatten().map(row));
    lines
}
