//! Answers `roles`, `workflows` and `prompt`: who works how, in which order, after what, and what exactly they are told.

use serde_json::{Value, json};

use crate::app::day::learnt;
use crate::app::effects::prompt::{self, About, Known, Since};
use crate::app::failure::Failure;
use crate::app::project::configured::Configured;
use crate::app::project::setup::Site;
use crate::app::verbs::offline;
use crate::config::{Loaded, Overrides};
use crate::core::book::Book;
use crate::core::brought::Brought;
use crate::core::command_line;
use crate::edge::workspace::Shadow;
use crate::model::assignment::{Assignment, Lane};
use crate::model::check::CheckKey;
use crate::model::document::DocumentName;
use crate::model::id::TaskId;
use crate::model::lesson::{Lesson, LessonId};
use crate::model::policy::FIXER;
use crate::model::prompt::mends;
use crate::model::routing::Does;
use crate::model::settings::{Planner, Role, Settings};
use crate::model::task::Task;

/// The longest name that a description becomes, in characters.
const NAME: usize = 80;

/// Lists the roles and the documents.
pub fn roles(loaded: &Loaded) -> Value {
    let settings = &loaded.settings;
    let source = |key: &str| loaded.sources.get(key).map_or_else(|| "built in".to_owned(), ToString::to_string);
    let role = |(name, role): (&String, &Role)| {
        let rules = settings.policy.roles.get(name).cloned().unwrap_or_default();
        json!({
            "name": name,
            "purpose": role.purpose,
            "agent": role.agent,
            "edits": role.edits,
            "permissions": rules,
            "budget_usd": role.budget.map(crate::model::cost::Usd::dollars),
            "attempts": if mends(name) { None } else { role.attempts },
            "produces": role.produces,
            "emits": role.emits,
            "after_landing": role.after_landing,
            "prompt": source(&format!("role.{name}.prompt")),
        })
    };
    let documents = DocumentName::ALL.map(|name| {
        json!({ "name": name.name(), "title": name.title(), "from": source(&format!("documents.{}", name.name())) })
    });
    json!({ "roles": settings.roles.iter().map(role).collect::<Vec<_>>(), "documents": documents })
}

/// Lists the workflows and the rules.
pub fn workflows(settings: &Settings) -> Value {
    let workflows = settings.workflows.iter().map(|(name, workflow)| {
        json!({ "name": name, "purpose": workflow.purpose, "role": workflow.role, "stages": workflow.stages })
    });
    let rules = settings.rules.iter().map(|rule| match &rule.does {
        Does::Start { role, workflow } => {
            json!({ "event": rule.event, "does": "start", "role": role, "workflow": workflow })
        }
        Does::Complete => json!({ "event": rule.event, "does": "complete" }),
        Does::FileBug => json!({ "event": rule.event, "does": "file-bug" }),
    });
    json!({ "workflows": workflows.collect::<Vec<_>>(), "rules": rules.collect::<Vec<_>>() })
}

/// What an agent would be told.
#[derive(Debug)]
pub struct Prompt {
    /// The agent.
    pub agent: String,
    /// The prompt, whole.
    pub text: String,
    /// What is not in it, and why.
    pub notes: Vec<String>,
}

/// Writes the prompt that an agent of a role would be sent for a task, or for a text that describes one.
///
/// # Errors
/// If there is no such role or task, the task is not for this role, or the configuration does not hold.
pub fn prompt(site: &Site, name: &str, about: &str) -> Result<Prompt, Failure> {
    let loaded = site.load(Overrides::default())?;
    let configured = Configured::new(&loaded);
    let Some(role) = configured.settings.roles.get(name) else {
        let known: Vec<&str> = configured.settings.roles.keys().map(String::as_str).collect();
        return Err(Failure::usage(format!("there is no role `{name}`\nhint: there are {}", known.join(", "))));
    };
    let mut notes = Vec::new();
    if !site.is_trusted(&loaded)? {
        notes.push("this project is not trusted yet: `orchestrator-tui trust` shows what that asks for".to_owned());
    }
    let text = match (about.parse::<TaskId>(), mends(name)) {
        (Ok(id), is_fix) => {
            let book = offline::book(site)?;
            let Some(task) = book.task(id) else {
                return Err(Failure::refused(format!(
                    "there is no task {id} here\nhint: `orchestrator-tui tasks` lists them"
                )));
            };
            if task.state.is_final() {
                return Err(Failure::refused(format!(
                    "{id} is over: no agent is told anything about it\nhint: `orchestrator-tui show {}` has its story",
                    id.0
                )));
            }
            match (task.check(), task.assignment()) {
                (Some(check), _) if is_fix => of_check(site, &configured, &book, (task, check), name, &mut notes),
                (_, Some(assignment)) if !is_fix => {
                    let assignment = Assignment { role: name.to_owned(), ..assignment.clone() };
                    let brought = Brought::for_task(&book, task);
                    let dependencies = prompt::quoted(&brought);
                    let learnt = learnt_in(site, &book);
                    let lessons = learnt::for_task(&learnt, &assignment);
                    let known = Known { dependencies: &dependencies, lessons: &lessons, ..Known::default() };
                    prompt::assigned(&configured, &assignment, &task.attempts, next(task), &known)
                }
                (Some(_), _) => {
                    return Err(Failure::refused(format!(
                        "{id} is about a red check, and the role `{name}` does not work on those\n\
                         hint: `orchestrator-tui prompt fixer {}`, or planner",
                        id.0
                    )));
                }
                (None, _) => {
                    return Err(Failure::refused(format!(
                        "{id} is about no check, and the role `{name}` only works on those"
                    )));
                }
            }
        }
        (Err(_), true) => {
            return Err(Failure::usage(format!(
                "the role `{name}` works on red checks: {about:?} is no task\nhint: write the number of one, as `orchestrator-tui tasks` shows it"
            )));
        }
        (Err(_), false) => {
            let assignment = described(&configured.settings, name, role, about);
            let learnt = learnt_in(site, &offline::book(site)?);
            let lessons = learnt::for_task(&learnt, &assignment);
            prompt::assigned(&configured, &assignment, &[], 1, &Known { lessons: &lessons, ..Known::default() })
        }
    };
    Ok(Prompt { agent: role.agent.clone(), text, notes })
}

/// Reads what was learnt on earlier days, as for an agent.
fn learnt_in(site: &Site, book: &Book) -> Vec<Lesson> {
    let dropped: Vec<LessonId> = book.dropped.iter().copied().collect();
    learnt::kept(&book.days(), &site.project, &dropped)
}

/// Returns the number of the attempt that is under way or comes next.
fn next(task: &Task) -> u32 {
    task.charged + 1
}

fn of_check(
    site: &Site,
    configured: &Configured,
    book: &Book,
    (task, check): (&Task, &CheckKey),
    role: &str,
    notes: &mut Vec<String>,
) -> String {
    let line = line_of(&configured.settings, check);
    if line.contains(&site.project.display().to_string()) {
        notes.push("where the command names the project, the agent reads the name of its workspace".to_owned());
    }
    let since = since_green(site, book, check).unwrap_or_else(|| {
        notes.push("what changed since the check was last green is not known".to_owned());
        Since::default()
    });
    let about = |strategy| About { task, check, line: &line, number: next(task), strategy, asking: "" };
    if role != FIXER {
        return prompt::planner(configured, &about(""), &since);
    }
    let plan = task.plan.as_ref().filter(|plan| plan.attempt == next(task));
    let strategy = plan.and_then(crate::model::plan::Plan::strategy).unwrap_or_default();
    if strategy.is_empty() && configured.settings.fix.planner != Planner::Off {
        notes.push("the strategy of the planner is not in it: it is asked when the attempt begins".to_owned());
    }
    prompt::fixer(configured, &about(strategy), &since)
}

/// Returns the command line of a check, as it would be run.
fn line_of(settings: &Settings, key: &CheckKey) -> String {
    let Some(check) = settings.checks.iter().find(|check| check.name == key.check) else { return String::new() };
    let Some(file) = &key.file else { return check.run.clone() };
    command_line::expand(&check.run, check.tests.as_deref(), file).unwrap_or_else(|_| check.run.clone())
}

/// Reads what changed since a check was last green, up to now; `None` if nobody knows.
fn since_green(site: &Site, book: &Book, check: &CheckKey) -> Option<Since> {
    let green = book.checks.get(check)?.green_tree.clone()?;
    let shadow = Shadow::look(&site.project, site.layout.root()).ok()??;
    let now = shadow.snapshot(None).ok()?;
    Some(prompt::changes(&shadow, &green, &now.tree))
}

/// Makes an assignment of a text: its first line is the name.
fn described(settings: &Settings, name: &str, role: &Role, text: &str) -> Assignment {
    let first: String = text.lines().next().unwrap_or_default().chars().take(NAME).collect();
    let own = settings.workflows.iter().find(|(_, workflow)| workflow.role == name).map(|(name, _)| name.as_str());
    let workflow = if role.emits.is_empty() { own.unwrap_or("session") } else { "pipeline" };
    Assignment { description: text.to_owned(), ..Assignment::new(first, Lane::Queue, workflow, name) }
}
