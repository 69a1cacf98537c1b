//! Gathers what an agent is told, about a red check or about an assignment; the words are those of its role.

use std::sync::Arc;

use crate::app::day::learnt;
use crate::app::effects::file_questions::{self, Place};
use crate::app::effects::tools::Tools;
use crate::app::project::configured::Configured;
use crate::core::brought;
use crate::core::effect::{AgentOrder, PlanOrder};
use crate::edge::agent::prompt::{self, Asking, Brief, Brought, CheckLine, Happened, PromptInput};
use crate::edge::agent::question_files::{answer_name, how_to_ask};
use crate::edge::workspace::Shadow;
use crate::model::assignment::Assignment;
use crate::model::attempt::AttemptRecord;
use crate::model::check::CheckKey;
use crate::model::lesson::Lesson;
use crate::model::policy::FIXER;
use crate::model::prompt::PLANNER;
use crate::model::settings::AgentKind;
use crate::model::task::{Goal, Task};
use crate::model::workspace::{FileChange, TreeId};

/// How much of the diff since the last green is handed over, in bytes; the prompt cuts it further.
const DIFF_LIMIT: usize = 64 * 1024;

/// The command by which agents report events.
const EMIT: &str = "orchestrator-tui emit";

/// The workflow in which tasks pass from role to role by events.
const PIPELINE: &str = "pipeline";

/// Writes the prompt for an order.
pub async fn of(tools: &Arc<Tools>, order: &AgentOrder) -> String {
    let configured = tools.now();
    match &order.task.goal {
        Goal::Check(check) => {
            let since = since_green(tools, &order.base, order.last_green.as_ref()).await;
            let (line, strategy) = (order.line.as_str(), order.strategy.as_str());
            let asking = asking(tools, order);
            let (task, number) = (&order.task, order.number);
            fixer(&configured, &About { task, check, line, number, strategy, asking: &asking }, &since)
        }
        Goal::Assignment(assignment) => {
            let dependencies = quoted(&order.brought);
            let happened = order.happened.as_ref().map(|(event, data)| Happened { event, data });
            let place = file_questions::place(&tools.places, order);
            let learnt = learnt(tools, order).await;
            let lessons = learnt::for_task(&learnt, assignment);
            let known = Known { lessons: &lessons, questions: Some(&place), dependencies: &dependencies, happened };
            assigned(&configured, assignment, &order.task.attempts, order.number, &known)
        }
    }
}

/// Returns what others have brought as a prompt quotes it.
pub(in crate::app) fn quoted(brought: &[brought::Brought]) -> Vec<Brought<'_>> {
    brought.iter().map(|one| Brought { title: &one.title, outcome: &one.outcome, diff: &one.diff }).collect()
}

/// Reads what was learnt on earlier days.
async fn learnt(tools: &Arc<Tools>, order: &AgentOrder) -> Vec<Lesson> {
    let (days, dropped, project) = (order.days.clone(), order.dropped.clone(), tools.places.project.clone());
    tokio::task::spawn_blocking(move || learnt::kept(&days, &project, &dropped)).await.unwrap_or_default()
}

/// Tells an agent how to ask by a file, if it has no other way.
fn asking(tools: &Tools, order: &AgentOrder) -> String {
    let configured = tools.now();
    let kind = configured.settings.agents.get(&order.agent).map(|agent| agent.kind);
    if kind != Some(AgentKind::Command) {
        return String::new();
    }
    let place = file_questions::place(&tools.places, order);
    how_to_ask(&place.folder.display().to_string(), &place.name)
}

/// Writes the question for a planner; only a check is planned for.
pub async fn for_planner(tools: &Arc<Tools>, order: &PlanOrder) -> String {
    let Some(check) = order.task.check() else { return String::new() };
    let since = since_green(tools, &order.base, order.last_green.as_ref()).await;
    let about = About { task: &order.task, check, line: &order.line, number: order.number, strategy: "", asking: "" };
    planner(&tools.now(), &about, &since)
}

/// What changed since a check was last green: the files, and the diff.
pub(in crate::app) type Since = (Vec<FileChange>, String);

async fn since_green(tools: &Arc<Tools>, base: &TreeId, last_green: Option<&TreeId>) -> Since {
    let Some(green) = last_green.cloned() else { return Since::default() };
    let (reader, base) = (Arc::clone(tools), base.clone());
    let read = tokio::task::spawn_blocking(move || changes(&reader.shadow, &green, &base));
    read.await.unwrap_or_default()
}

/// Reads what changed between two trees. What cannot be read is left out: an agent can work without.
pub(in crate::app) fn changes(shadow: &Shadow, from: &TreeId, to: &TreeId) -> Since {
    (shadow.changes(from, to).unwrap_or_default(), shadow.patch(from, to, DIFF_LIMIT).unwrap_or_default())
}

/// The attempt at a check that a prompt is about.
pub(in crate::app) struct About<'a> {
    pub(in crate::app) task: &'a Task,
    pub(in crate::app) check: &'a CheckKey,
    /// Its command line.
    pub(in crate::app) line: &'a str,
    pub(in crate::app) number: u32,
    pub(in crate::app) strategy: &'a str,
    /// How it can ask a person; empty if that is no business of the prompt.
    pub(in crate::app) asking: &'a str,
}

/// Writes the prompt for a fixer.
pub(in crate::app) fn fixer(configured: &Configured, about: &About<'_>, since: &Since) -> String {
    prompt::fixer(&gather(configured, FIXER, about, since))
}

/// Writes the question for a planner.
pub(in crate::app) fn planner(configured: &Configured, about: &About<'_>, since: &Since) -> String {
    prompt::planner(&gather(configured, PLANNER, about, since))
}

fn gather<'a>(
    configured: &'a Configured,
    role: &str,
    about: &About<'a>,
    (changed, diff): &'a (Vec<FileChange>, String),
) -> PromptInput<'a> {
    let (settings, task) = (&configured.settings, about.task);
    PromptInput {
        template: settings.roles.get(role).map_or("", |role| role.prompt.as_str()),
        check: about.check,
        command: about.line,
        failures: &task.failures,
        red_before: &task.red_before,
        excerpt: &task.excerpt,
        changed,
        diff,
        protected: &configured.protected,
        attempts: &task.attempts,
        attempt: (about.number, settings.fix.attempts),
        strategy: about.strategy,
        asking: about.asking,
        documents: &settings.documents,
    }
}

/// What is known about an assignment besides itself.
#[derive(Debug, Default)]
pub(in crate::app) struct Known<'a> {
    /// The event that led to it.
    pub(in crate::app) happened: Option<Happened<'a>>,
    /// What the tasks it depends on have brought.
    pub(in crate::app) dependencies: &'a [Brought<'a>],
    /// What was learnt and fits.
    pub(in crate::app) lessons: &'a [&'a Lesson],
    /// Where programs ask that have no tool for it.
    pub(in crate::app) questions: Option<&'a Place>,
}

/// Writes the prompt for an assignment. Of a role that is no longer configured nothing is known but the task itself.
pub(in crate::app) fn assigned(
    configured: &Configured,
    assignment: &Assignment,
    attempts: &[AttemptRecord],
    number: u32,
    known: &Known<'_>,
) -> String {
    let settings = &configured.settings;
    let Some(role) = settings.roles.get(&assignment.role) else {
        return format!("{}\n\n{}\n", assignment.title(), assignment.description);
    };
    let checks: Vec<CheckLine<'_>> =
        settings.checks.iter().map(|check| CheckLine { name: &check.name.0, run: &check.run }).collect();
    let files = known.questions.map(|place| {
        let file = |name: &str| place.folder.join(format!("{name}.md")).display().to_string();
        (place.name.as_str(), file(&place.name), file(&answer_name(&place.name)))
    });
    let asking = match settings.agents.get(&role.agent).map(|agent| agent.kind) {
        Some(AgentKind::Claude) => Asking::Tool,
        Some(AgentKind::Command) | None => match &files {
            Some((label, question, answer)) => Asking::File { label, question, answer },
            None => Asking::Nobody,
        },
    };
    // Who works alone has nobody to report to.
    let is_passed_on = assignment.workflow == PIPELINE || assignment.subject.is_some() || assignment.event.is_some();
    prompt::work(&Brief {
        role,
        assignment,
        happened: known.happened,
        dependencies: known.dependencies,
        checks: &checks,
        lessons: known.lessons,
        documents: &settings.documents,
        attempts,
        attempt: (number, role.attempts.unwrap_or(settings.fix.attempts)),
        protected: &configured.protected,
        asking,
        emit: (is_passed_on && !role.emits.is_empty()).then_some(EMIT),
    })
}
