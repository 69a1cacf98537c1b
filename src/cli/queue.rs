//! Carries out `queue`: what waits in it, and adding, removing, clearing, pausing.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::{Json, Task};
use super::elsewhere::{self, Elsewhere};
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::repositories::{Need, Place};
use crate::app::verbs::orchestration as ask;
use crate::app::words::say::{pretty, say};
use crate::config::Overrides;
use crate::model::assignment::Project;
use crate::model::filing::PRIORITIES;
use crate::model::id::TaskId;
use crate::model::lane::LaneWish;
use crate::model::plain;

/// What to do with the queue; nothing: show it.
#[derive(Debug, Args)]
#[command(after_help = "queue add \"Sort the imports\" --priority 5\n\
                        queue add \"Paging\" --description \"The list of members in pages of 25.\"\n\
                        queue remove 14")]
pub struct Queue {
    /// Which.
    #[command(subcommand)]
    pub verb: Option<QueueVerb>,
    /// In another repository.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The verbs of `queue`.
#[derive(Debug, Subcommand)]
pub enum QueueVerb {
    /// Show the queue, as without a verb.
    List(Json),
    /// Queue a task for one agent; `lanes.queue` of them are worked on at once, none by itself while `queue.enabled` is false.
    Add(Add),
    /// Take a task out of the queue that is not worked on.
    Remove(Task),
    /// Show no more of what is over.
    Clear(Json),
    /// Start nothing more of the queue; all else goes on.
    Pause(Json),
    /// Go on after `queue pause`, or after a failure paused it.
    Resume(Json),
}

/// Flags of `queue add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Its name in one line.
    #[arg(value_name = "TITLE")]
    pub title: String,
    /// What to do, whole.
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Higher goes first: from -100 to 100.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = priority)]
    pub priority: i32,
    /// The role that works on it, as `roles` lists them.
    #[arg(long, default_value = "coding")]
    pub role: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

fn priority(text: &str) -> Result<i32, String> {
    let number = text.parse().ok().filter(|number| PRIORITIES.contains(number));
    number.ok_or_else(|| format!("write a number from {} to {}", PRIORITIES.start(), PRIORITIES.end()))
}

/// Carries out `queue`.
pub(super) fn run(site: &Site, wish: &Queue) -> Result<u8, Failure> {
    let place = |need: Need| wish.elsewhere.place(site, need);
    let lane = |wish: LaneWish, json: bool| {
        let place = place(Need::Order)?;
        let answer = ask::steer(&place.site, wish)?;
        Ok(elsewhere::said(&place, &json!(answer), json))
    };
    match &wish.verb {
        None => list(&place(Need::Look)?, wish.json),
        Some(QueueVerb::List(Json { json })) => list(&place(Need::Look)?, *json || wish.json),
        Some(QueueVerb::Add(add)) => add_task(site, &wish.elsewhere, add),
        Some(QueueVerb::Remove(Task { task, json })) => {
            let place = place(Need::Order)?;
            remove(&place, task.at(&place.site)?, *json)
        }
        Some(QueueVerb::Clear(Json { json })) => lane(LaneWish::Clear, *json),
        Some(QueueVerb::Pause(Json { json })) => lane(LaneWish::Pause, *json),
        Some(QueueVerb::Resume(Json { json })) => lane(LaneWish::Resume, *json),
    }
}

fn list(place: &Place, json: bool) -> Result<u8, Failure> {
    let mut queue = ask::queue(&place.site)?;
    if json {
        queue["folder"] = json!(place.site.project);
    }
    say(&if json { pretty(&queue) } else { elsewhere::words(place, &rendered(&queue)) });
    Ok(0)
}

fn remove(place: &Place, task: TaskId, json: bool) -> Result<u8, Failure> {
    let queue = ask::queue(&place.site)?;
    let items = queue["items"].as_array().into_iter().flatten();
    let Some(item) = items.into_iter().find(|item| item["id"] == task.0) else {
        return Err(Failure::refused(format!("{task} is not in the queue\nhint: `orchestrator-tui queue` lists it")));
    };
    if item["status"] == "processing" {
        return Err(Failure::refused(format!(
            "{task} is being worked on\nhint: `orchestrator-tui kill {}` ends it",
            task.0
        )));
    }
    let answer = ask::remove(&place.site, task)?;
    let words = json!({ "said": format!("{task} is taken out of the queue"), "tasks": answer.tasks });
    Ok(elsewhere::said(place, &words, json))
}

fn add_task(site: &Site, elsewhere: &Elsewhere, add: &Add) -> Result<u8, Failure> {
    let title = add.title.trim();
    if title.is_empty() || !plain::is_row(title) {
        let hint = "--description has room for more";
        return Err(Failure::usage(format!("a title is one line without control characters\nhint: {hint}")));
    }
    let description = add.description.as_deref().unwrap_or(title).trim().to_owned();
    let place = elsewhere.place(site, Need::File)?;
    // A configuration that cannot be read is the supervisor's to judge.
    if let Ok(loaded) = place.site.read(Overrides::default())
        && !loaded.settings.roles.contains_key(&add.role)
    {
        let hint = "`orchestrator-tui roles` lists them";
        return Err(Failure::usage(format!("there is no role `{}`\nhint: {hint}", add.role)));
    }
    let project = Project { requirements: description, ..ask::project(&place, None)? };
    let answer = ask::queue_up(&place.site, &add.role, title, project, add.priority)?;
    Ok(elsewhere::said(&place, &json!(answer), add.json))
}

fn rendered(queue: &Value) -> String {
    let mut out = String::new();
    let settings = &queue["settings"];
    match settings["reason"].as_str() {
        Some(why) => {
            let _ = writeln!(out, "paused: {why}; `orchestrator-tui queue resume` goes on");
        }
        None if settings["enabled"] == false => {
            out.push_str(
                "off: queue.enabled is false (ENABLE_QUEUE_PROCESSOR); `orchestrator-tui fix ID` starts a task\n",
            );
        }
        None => {
            let _ = writeln!(out, "{} at a time", settings["max_concurrent"]);
        }
    }
    for key in ["items", "completed"] {
        for item in queue[key].as_array().into_iter().flatten() {
            let position = item["position"].as_u64().map(|at| format!("{at}.")).unwrap_or_default();
            let text = |key: &str| item[key].as_str().unwrap_or_default();
            let _ = writeln!(
                out,
                "{position:<4} #{:<4} {:<11} {}  ({})",
                item["id"].to_string(),
                text("status"),
                text("title"),
                text("reason")
            );
        }
    }
    if queue["items"].as_array().is_none_or(Vec::is_empty) {
        out.push_str("nothing is queued; `orchestrator-tui queue add \"TITLE\"` adds a task\n");
    }
    out.trim_end().to_owned()
}
