//! What a task file asks for, as text and as JSON, before anything is started.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::{TaskEntry, TaskFile};
use crate::model::assignment::{Assignment, Complexity};
use crate::model::lesson::Suggestion;

/// How much work is expected, where it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// All of it.
    pub work: Duration,
    /// The longest chain of tasks that wait for each other.
    pub chain: Duration,
    /// How many tasks say nothing about it.
    pub unknown: usize,
}

/// Adds up what is expected.
pub fn expected(file: &TaskFile) -> Expected {
    let alone = |entry: &TaskEntry| entry.assignment.complexity.map(Complexity::expected);
    let mut sum = Expected::default();
    for entry in &file.tasks {
        sum.work += alone(entry).unwrap_or_default();
        sum.unknown += usize::from(alone(entry).is_none());
    }
    // The end of each, as soon as the ends of all before it are known; a file that was read has no circles.
    let mut ends: BTreeMap<&str, Duration> = BTreeMap::new();
    let mut open: Vec<&TaskEntry> = file.tasks.iter().collect();
    while !open.is_empty() {
        let before = open.len();
        open.retain(|entry| {
            let known: Option<Vec<Duration>> =
                entry.depends_on.iter().map(|label| ends.get(label.as_str()).copied()).collect();
            let Some(known) = known else { return true };
            let begin = known.into_iter().max().unwrap_or_default();
            ends.insert(&entry.assignment.label, begin + alone(entry).unwrap_or_default());
            false
        });
        if open.len() == before {
            break;
        }
    }
    sum.chain = ends.into_values().max().unwrap_or_default();
    sum
}

/// Writes hours and minutes the way people say them: `2 h 30 min`.
pub fn spoken(span: Duration) -> String {
    let minutes = (span.as_secs() + 30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// What the past suggests for each task, by its label.
pub type Suggestions = BTreeMap<String, Suggestion>;

/// Returns the text.
pub fn text(file: &TaskFile, suggestions: &Suggestions) -> String {
    let mut text = format!("{} · {}", file.date, count(file.tasks.len(), "task"));
    match file.budget {
        Some(budget) => {
            let _ = write!(text, " · at most {budget}");
        }
        None => text.push_str(" · no limit of its own"),
    }
    let expected = expected(file);
    if expected.work > Duration::ZERO {
        let _ = write!(text, "\n{} of work expected", spoken(expected.work));
        if expected.chain < expected.work {
            let _ = write!(text, ", at least {} because tasks wait for others", spoken(expected.chain));
        }
        if expected.unknown > 0 {
            let _ = write!(text, "; {} without an estimate", count(expected.unknown, "task"));
        }
    }
    for entry in &file.tasks {
        let task = &entry.assignment;
        let _ = write!(text, "\n\n{}\n  {}", task.title(), about(entry));
        let mut line = |what: &str, said: &[String]| {
            if !said.is_empty() {
                let _ = write!(text, "\n  {what:<8}{}", said.join(", "));
            }
        };
        line("after", &entry.depends_on);
        line("reads", &task.context_files);
        line("brings", &task.deliverables.iter().map(|it| it.path.to_string()).collect::<Vec<_>>());
        line("check", &task.check.iter().map(ToString::to_string).collect::<Vec<_>>());
        if let Some(suggestion) = suggestions.get(&task.label) {
            suggested(&mut text, suggestion);
        }
    }
    text
}

fn suggested(text: &mut String, suggestion: &Suggestion) {
    for file in &suggestion.context_files {
        let _ = write!(text, "\n  could also read {} ({})", file.path, file.why);
    }
    if let Some(cost) = &suggestion.cost {
        let _ = write!(
            text,
            "\n  likely to cost {}, at most {} so far, in {} ({}: {})",
            cost.typical,
            cost.highest,
            spoken(cost.took),
            count(cost.tasks, "task"),
            cost.alike,
        );
    }
}

fn about(entry: &TaskEntry) -> String {
    let task = &entry.assignment;
    let mut about = vec![task.role.clone()];
    if task.workflow != "task" {
        about.push(format!("workflow {}", task.workflow));
    }
    if !task.module.is_empty() {
        about.push(format!("module {}", task.module));
    }
    about.extend(task.complexity.map(|it| format!("{} ({})", it.name(), spoken(it.expected()))));
    about.extend(task.budget.map(|budget| format!("at most {budget}")));
    if entry.priority != 0 {
        about.push(format!("priority {}", entry.priority));
    }
    about.join(" · ")
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Returns the same as JSON.
pub fn json(file: &TaskFile, suggestions: &Suggestions) -> Value {
    let expected = expected(file);
    json!({
        "date": file.date,
        "max_cost_usd": file.budget.map(crate::model::cost::Usd::dollars),
        "expected_seconds": expected.work.as_secs(),
        "expected_chain_seconds": expected.chain.as_secs(),
        "tasks": file.tasks.iter().map(|entry| task(entry, suggestions.get(&entry.assignment.label))).collect::<Vec<_>>(),
    })
}

fn task(entry: &TaskEntry, suggestion: Option<&Suggestion>) -> Value {
    let Assignment {
        label,
        name,
        description,
        workflow,
        role,
        module,
        complexity,
        context_files,
        deliverables,
        check,
        budget,
        ..
    } = &entry.assignment;
    json!({
        "id": label,
        "name": name,
        "description": description,
        "module": module,
        "estimated_complexity": complexity.map(Complexity::name),
        "expected_seconds": complexity.map(|complexity| complexity.expected().as_secs()),
        "priority": entry.priority,
        "role": role,
        "workflow": workflow,
        "check": check,
        "budget_usd": budget.map(crate::model::cost::Usd::dollars),
        "depends_on": entry.depends_on,
        "context_files": context_files,
        "deliverables": deliverables,
        "line": entry.line,
        "suggested": suggestion.map(|suggestion| json!({
            "context_files": suggestion.context_files,
            "cost": suggestion.cost.as_ref().map(|cost| json!({
                "typical_usd": cost.typical.dollars(),
                "highest_usd": cost.highest.dollars(),
                "seconds": cost.took.as_secs(),
                "tasks": cost.tasks,
                "alike": cost.alike,
            })),
        })),
    })
}
