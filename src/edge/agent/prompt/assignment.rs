//! What a role is told about an assignment: what to do, what led to it, what was brought, and how to ask and report.

use super::fill::fill;
use super::text::{block, fenced, line, list, shorten};
use super::told::{attempts, below, documents};
use crate::model::assignment::{Assignment, Complexity};
use crate::model::attempt::AttemptRecord;
use crate::model::document::Documents;
use crate::model::lesson::Lesson;
use crate::model::outcome::{Artifact, Outcome};
use crate::model::settings::Role;

/// Limits in bytes, except where they count things. Together they keep a prompt below 160 kB.
const DESCRIPTION_CAP: usize = 14_000;
const EVENT_CAP: usize = 10_000;
const COMMAND_CAP: usize = 600;
const SUMMARY_CAP: usize = 1_500;
const DIFF_CAP: usize = 5_000;
const DIFFS_CAP: usize = 20_000;
const LESSON_CAP: usize = 600;
const LIST_CAP: usize = 5_000;
const FILES: usize = 60;
const CHECKS: usize = 20;
const DEPENDENCIES: usize = 8;
const ARTIFACTS: usize = 10;
const STEPS: usize = 3;
const LESSONS: usize = 20;

/// What a prompt for an assignment is made of.
#[derive(Clone, Debug)]
pub struct Brief<'a> {
    /// Who is told.
    pub role: &'a Role,
    /// What to do.
    pub assignment: &'a Assignment,
    /// The event that led to it.
    pub happened: Option<Happened<'a>>,
    /// What the tasks it depends on have brought, in their order.
    pub dependencies: &'a [Brought<'a>],
    /// The checks that its result is judged by.
    pub checks: &'a [CheckLine<'a>],
    /// What was learnt and fits.
    pub lessons: &'a [&'a Lesson],
    /// The documents; all of them are quoted.
    pub documents: &'a Documents,
    /// Attempts that are over, oldest first.
    pub attempts: &'a [AttemptRecord],
    /// The number of this attempt and how many there may be.
    pub attempt: (u32, u32),
    /// Globs whose change needs a person's yes.
    pub protected: &'a [String],
    /// How a question reaches a person.
    pub asking: Asking<'a>,
    /// The command that reports an event, without the event: `orchestrator-tui emit`; none: nothing is reported.
    pub emit: Option<&'a str>,
}

/// An event, as a prompt quotes it.
#[derive(Clone, Copy, Debug)]
pub struct Happened<'a> {
    /// Its type.
    pub event: &'a str,
    /// Its data, as JSON.
    pub data: &'a str,
}

/// What a task has brought that this one depends on.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// Its title.
    pub title: &'a str,
    /// What its agent handed over.
    pub outcome: &'a Outcome,
    /// What it changed, as a unified diff; empty if nothing.
    pub diff: &'a str,
}

/// A check, as a prompt names it.
#[derive(Clone, Copy, Debug)]
pub struct CheckLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its command line.
    pub run: &'a str,
}

/// How a question of an agent reaches a person.
#[derive(Clone, Copy, Debug)]
pub enum Asking<'a> {
    /// By the tool that the Claude CLI has for it.
    Tool,
    /// By a file that is watched; its answer is another one.
    File {
        /// What the task is called in it.
        label: &'a str,
        /// Where the question is written.
        question: &'a str,
        /// Where the answer will be.
        answer: &'a str,
    },
    /// Nobody can answer.
    Nobody,
}

/// Writes the prompt for an assignment.
pub fn work(brief: &Brief<'_>) -> String {
    fill(&brief.role.prompt, &values(brief))
}

fn values(brief: &Brief<'_>) -> Vec<(&'static str, String)> {
    let (role, assignment) = (brief.role, brief.assignment);
    let attempts = attempts(brief.attempts);
    let event = brief.happened.map(|happened| line(happened.event)).unwrap_or_default();
    let data = brief.happened.map(|happened| block("json", happened.data, EVENT_CAP)).unwrap_or_default();
    vec![
        ("purpose", role.purpose.clone()),
        ("produces", role.produces.clone()),
        ("title", line(&assignment.title())),
        ("description", description(assignment)),
        ("module", line(&assignment.module)),
        ("complexity", assignment.complexity.map(expected).unwrap_or_default()),
        ("context_files", capped(assignment.context_files.iter().map(|file| format!("`{}`", line(file))), FILES)),
        ("deliverables", deliverables(assignment)),
        ("checks", checks(brief)),
        ("dependencies", dependencies(brief.dependencies)),
        ("event", event),
        ("event_data", data),
        (
            "attempt",
            if attempts.is_empty() { String::new() } else { format!("{} of {}", brief.attempt.0, brief.attempt.1) },
        ),
        ("attempts", attempts),
        ("lessons", lessons(brief.lessons)),
        ("documents", documents(brief.documents, |_| true)),
        ("protected", capped(brief.protected.iter().map(|glob| format!("`{}`", line(glob))), FILES)),
        ("asking", asking(brief.asking)),
        ("emit", brief.emit.unwrap_or_default().to_owned()),
    ]
}

fn description(assignment: &Assignment) -> String {
    match assignment.description.trim() {
        more if !more.is_empty() && more != assignment.name.trim() => below(&shorten(more, DESCRIPTION_CAP)),
        _ => "Nothing more was written about it.".to_owned(),
    }
}

/// A list with a limit in bytes, too.
fn capped(items: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    shorten(&list(items, most), LIST_CAP)
}

fn expected(complexity: Complexity) -> String {
    let minutes = complexity.expected().as_secs() / 60;
    let (hours, half) = (minutes / 60, if minutes.is_multiple_of(60) { "" } else { ".5" });
    let unit = if minutes == 60 { "hour" } else { "hours" };
    format!("{} (about {hours}{half} {unit} for a person)", complexity.name())
}

fn deliverables(assignment: &Assignment) -> String {
    let each = assignment.deliverables.iter().map(|deliverable| {
        let path = deliverable.path.to_string();
        let said = line(&deliverable.said);
        if said == path { format!("`{path}`") } else { format!("`{path}` ({said})") }
    });
    capped(each, FILES)
}

fn checks(brief: &Brief<'_>) -> String {
    let wanted = brief.assignment.check.as_ref();
    let each = brief.checks.iter().map(|check| {
        let must = wanted.is_some_and(|wanted| wanted.0 == check.name);
        let must = if must { ", whatever files you change" } else { "" };
        format!("`{}`{must}: `{}`", line(check.name), shorten(check.run.trim(), COMMAND_CAP).replace('\n', " "))
    });
    capped(each, CHECKS)
}

/// Tells what each dependency has brought; the diffs share a limit, the first get more of it.
fn dependencies(brought: &[Brought<'_>]) -> String {
    let more = brought.len().saturating_sub(DEPENDENCIES);
    let mut left = DIFFS_CAP;
    let mut parts = Vec::new();
    for one in brought.iter().take(DEPENDENCIES) {
        parts.push(format!("### {}", line(one.title)));
        let outcome = one.outcome;
        if !outcome.summary.trim().is_empty() {
            parts.push(below(&shorten(outcome.summary.trim(), SUMMARY_CAP)));
        }
        let made = list(outcome.artifacts.iter().map(artifact), ARTIFACTS);
        if !made.is_empty() {
            parts.push(format!("It made:\n\n{made}"));
        }
        let next = list(outcome.next_steps.iter().map(|step| line(step)), STEPS);
        if !next.is_empty() {
            parts.push(format!("It said what comes next:\n\n{next}"));
        }
        let diff = block("diff", one.diff, DIFF_CAP.min(left));
        left = left.saturating_sub(diff.len());
        if !diff.is_empty() {
            parts.push(format!("It changed (these changes are in your tree already):\n\n{diff}"));
        }
    }
    if more > 0 {
        parts.push(format!("(… and {more} more)"));
    }
    parts.join("\n\n")
}

fn artifact(artifact: &Artifact) -> String {
    match artifact {
        Artifact::File { path } => format!("`{path}`"),
        Artifact::Commit { sha } => format!("commit `{}`", line(sha)),
    }
}

/// Quotes each with its kind and its origin: a mistake must not be read as advice.
fn lessons(lessons: &[&Lesson]) -> String {
    let each = lessons.iter().map(|lesson| {
        let text: Vec<_> = lesson.text.split_whitespace().collect();
        let text = shorten(&text.join(" "), LESSON_CAP).replace('\n', " ");
        format!("{}: {text} ({})", lesson.kind.name(), line(&lesson.origin.to_string()))
    });
    capped(each, LESSONS)
}

fn asking(asking: Asking<'_>) -> String {
    match asking {
        Asking::Tool => "Use the tool `AskUserQuestion`. Say in the question what you are doing, give two to four options \
                         with what each would mean, and put the one you would take first. Then wait: your clock stands \
                         still meanwhile, and the answer comes back as the tool's result."
            .to_owned(),
        Asking::File { label, question, answer } => {
            let form = format!(
                "# Question from Agent {label}\n\n## Context\nWhat you are doing, and what you found.\n\n## Question\nOne \
                 question, which can be answered in a sentence.\n\n## Options\nA) …\nB) …\n\n## Impact\nWhat depends on it."
            );
            format!(
                "Write your question to the file `{question}`, whole and at once, in this form:\n\n{}\n\nThen wait until \
                 there is a file `{answer}`, read it, and go by it. Ask nothing a second time.",
                fenced("markdown", &form)
            )
        }
        Asking::Nobody => {
            "Nobody can answer now. Decide yourself, take what is easiest to take back, and say in your summary what you \
             assumed."
                .to_owned()
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may stop here")]
#[path = "assignment_tests.rs"]
mod tests;
