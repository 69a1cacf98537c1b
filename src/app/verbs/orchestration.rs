//! Asks for sessions, orchestrations and queued tasks, as verbs do; each is a command of the machine.

use serde_json::{Value, json};

use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::repositories::{Place, checked_out};
use crate::app::verbs::ask;
use crate::config::Overrides;
use crate::core::command::{Answer, Command};
use crate::core::orchestrate::{self, first_line};
use crate::model::assignment::{Assignment, Lane, Project};
use crate::model::filing::{After, Filing, NewTask};
use crate::model::id::{BatchId, TaskId};
use crate::model::lane::LaneWish;
use crate::model::orchestration::Wish;
use crate::model::plain;

/// Creates a session of a type; it starts by itself if it waits for others, or is not held.
///
/// # Errors
/// If no supervisor runs, or it refuses.
pub fn create(site: &Site, role: &str, project: Project, after: &[TaskId], held: bool) -> Result<Answer, Failure> {
    let name = first_line(&project.requirements);
    file(site, orchestrate::session(role, String::new(), name, project), after, 0, held)
}

/// Whether the first line of a requirement can be the title of its work: a text that is shown as it is.
pub fn is_title(requirements: &str) -> bool {
    plain::is_row(&first_line(requirements))
}

/// Queues a task.
///
/// # Errors
/// As [`create`].
pub fn queue_up(site: &Site, role: &str, title: &str, project: Project, priority: i32) -> Result<Answer, Failure> {
    let session = orchestrate::session(role, String::new(), title.to_owned(), project);
    let task = Assignment { lane: Lane::Queue, workflow: "task".to_owned(), ..session };
    file(site, task, &[], priority, false)
}

fn file(site: &Site, assignment: Assignment, after: &[TaskId], priority: i32, held: bool) -> Result<Answer, Failure> {
    let after = after.iter().copied().map(After::Task).collect();
    let task = NewTask { assignment: Box::new(assignment), after, priority, held };
    order(site, &Command::File { filing: Box::new(Filing { batch: None, tasks: vec![task] }) })
}

/// Starts a session that was created.
///
/// # Errors
/// As [`create`].
pub fn begin(site: &Site, task: TaskId) -> Result<Answer, Failure> {
    order(site, &Command::Begin { task })
}

/// Lets a requirement be taken apart.
///
/// # Errors
/// As [`create`].
pub fn orchestrate(site: &Site, wish: Wish) -> Result<Answer, Failure> {
    order(site, &Command::Orchestrate { wish: Box::new(wish) })
}

/// Says yes to a plan.
///
/// # Errors
/// As [`create`].
pub fn approve(site: &Site, batch: BatchId) -> Result<Answer, Failure> {
    order(site, &Command::Approve { batch })
}

/// Says no to a plan.
///
/// # Errors
/// As [`create`].
pub fn decline(site: &Site, batch: BatchId) -> Result<Answer, Failure> {
    order(site, &Command::Decline { batch })
}

/// Does something to the queue.
///
/// # Errors
/// As [`create`].
pub fn steer(site: &Site, wish: LaneWish) -> Result<Answer, Failure> {
    order(site, &Command::Lane { lane: Lane::Queue, wish })
}

/// Takes a task out of the queue.
///
/// # Errors
/// As [`create`].
pub fn remove(site: &Site, task: TaskId) -> Result<Answer, Failure> {
    order(site, &Command::Kill { task })
}

fn order(site: &Site, command: &Command) -> Result<Answer, Failure> {
    serde_json::from_value(ask::order(site, command)?).map_err(Failure::supervisor)
}

/// Returns a session.
///
/// # Errors
/// If there is none with this number, or nobody can be asked.
pub fn session(site: &Site, task: TaskId) -> Result<Value, Failure> {
    ask::query(site, &format!("session/{}", task.0))
}

/// Lists sessions, those of one orchestration if it is named.
///
/// # Errors
/// If there is none with this number, or nobody can be asked.
pub fn sessions(site: &Site, of: Option<BatchId>) -> Result<Value, Failure> {
    match of {
        Some(of) => ask::query(site, &format!("session/of/{}", of.0)),
        None => ask::query(site, "session"),
    }
}

/// Returns what a session has brought, its log included.
///
/// # Errors
/// If it is not completed.
pub fn output(site: &Site, task: TaskId) -> Result<Value, Failure> {
    let mut output = ask::query(site, &format!("session/{}/output", task.0))?;
    let mut logs = Vec::new();
    ask::facts(site, (Some(task), None), false, |fact| {
        for line in fact["lines"].as_array().into_iter().flatten().filter(|_| fact["kind"] == "logged") {
            let (label, text) = (line["label"].as_str().unwrap_or_default(), line["text"].as_str().unwrap_or_default());
            logs.push(format!("{label}: {text}"));
        }
    })?;
    output["output"]["logs"] = json!(logs);
    Ok(output)
}

/// Returns the queue with its settings.
///
/// # Errors
/// If nobody can be asked.
pub fn queue(site: &Site) -> Result<Value, Failure> {
    let mut queue = ask::query(site, "queue")?;
    // A running supervisor has said by what it goes; without one the files say by what the next one will.
    if let (true, Ok(loaded)) = (queue["settings"]["max_concurrent"].is_null(), site.read(Overrides::default())) {
        queue["settings"]["max_concurrent"] = json!(loaded.settings.lanes.queue);
        queue["settings"]["enabled"] = json!(loaded.settings.lanes.enabled);
        queue["settings"]["stop_on_failure"] = json!(loaded.settings.lanes.stop_on_failure);
    }
    Ok(queue)
}

/// Returns what a session says about the project that it is for: its results land there, and it begins from that tree.
///
/// # Errors
/// If another branch is named than the one that is checked out.
pub fn project(place: &Place, branch: Option<&str>) -> Result<Project, Failure> {
    let branch = branch.unwrap_or_default().trim();
    if !branch.is_empty() {
        let checked_out = checked_out(&place.site);
        if checked_out != branch {
            let here = if checked_out.is_empty() { "no branch" } else { &checked_out };
            let whose = if place.is_other { "the" } else { "your" };
            return Err(Failure::refused(format!(
                "a session begins from {whose} tree as it is and lands there, as no branch is ever moved; {here} is checked \
                 out in {}, not {branch}\nhint: `git switch {branch}` first, or beside it `git worktree add ../FOLDER \
                 {branch}` and `orchestrator-tui -C ../FOLDER run`, and create the session there",
                place.site.project.display()
            )));
        }
    }
    Ok(Project { repository: place.name.clone(), branch: branch.to_owned(), ..Project::default() })
}
