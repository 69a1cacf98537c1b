//! Gathers what there is to say about a batch out of the book: for its report, its status and its files.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::answers::report::Reporter;
use crate::app::day::folder::Folder;
use crate::app::day::report::{self, DayReport, Delivered, Outcome, TaskReport, Waits};
use crate::app::day::status_file::{AgentStatus, Standing};
use crate::core::book::Book;
use crate::core::view::attempts;
use crate::model::assignment::{Assignment, Batch, BatchKind};
use crate::model::attempt::AttemptEnd;
use crate::model::cost::Spent;
use crate::model::id::TaskId;
use crate::model::task::{DoneReason, ReadyReason, ReviewReason, Task, TaskState};
use crate::model::time::Wall;
use crate::model::workspace::FileChange;

/// `GET batches/N`: how it stands, and its tasks.
pub fn json(reporter: &Reporter<'_>, batch: &Batch) -> Value {
    let tasks: Vec<&Task> = tasks(reporter.book, batch).collect();
    let (figures, forgotten) = (reporter.book.figures(batch.id), reporter.book.forgotten_of(batch));
    let spent = match forgotten {
        0 => tasks.iter().fold(Spent::default(), |sum, task| sum + task.total()),
        _ => reporter.book.ledger.of_batch(batch.id),
    };
    let is_over = |task: &&Task| task.state.is_final();
    let anew = anew(reporter.book, batch);
    json!({
        "id": batch.id,
        "kind": batch.kind,
        "budget_usd": batch.budget.map(crate::model::cost::Usd::dollars),
        "cost_usd": spent.price().map(crate::model::cost::Usd::dollars),
        "over": tasks.iter().all(is_over),
        "forgotten": { "done": figures.done, "failed": figures.failed },
        "tasks": tasks.iter().map(|task| json!({
            "number": task.id.0,
            "label": task.assignment().map(|assignment| &assignment.label),
            "title": task.title(),
            "state": task.state.name(),
            "stage": task.stage,
            "reason": (reporter.reason)(task),
            "cost_usd": task.total().price().map(crate::model::cost::Usd::dollars),
            "ended": task.ended.map(Wall::iso),
            "done_anew_as": anew.get(&task.id).map(|id| id.0),
        })).collect::<Vec<_>>(),
    })
}

/// Returns the tasks of a batch that are still remembered, in order.
pub fn tasks<'a>(book: &'a Book, batch: &'a Batch) -> impl Iterator<Item = &'a Task> {
    batch.tasks.iter().filter_map(|id| book.task(*id)).map(AsRef::as_ref)
}

/// Returns the tasks that others of the same batch do anew, as the file says something else about them since: which ones.
fn anew(book: &Book, batch: &Batch) -> BTreeMap<TaskId, TaskId> {
    let mut last: BTreeMap<&str, TaskId> = BTreeMap::new();
    let mut anew = BTreeMap::new();
    for task in tasks(book, batch).collect::<Vec<_>>().into_iter().rev() {
        let Some(assignment) = task.assignment().filter(|assignment| !assignment.label.is_empty()) else { continue };
        match last.get(assignment.label.as_str()) {
            Some(later) => drop(anew.insert(task.id, *later)),
            None => drop(last.insert(&assignment.label, task.id)),
        }
    }
    anew
}

/// Says all about the day of a batch; nothing if it is none. `offset`: how far local time is ahead of UTC, in seconds.
pub fn day(reporter: &Reporter<'_>, batch: &Batch, offset: i64) -> Option<DayReport> {
    let BatchKind::Day { file, folder, date } = &batch.kind else { return None };
    let now = reporter.now;
    let tasks: Vec<(&Task, &Assignment)> =
        tasks(reporter.book, batch).filter_map(|task| Some((task, task.assignment()?))).collect();
    let spent = tasks.iter().fold(Spent::default(), |sum, (task, _)| sum + task.total());
    let anew = anew(reporter.book, batch);
    let has_failed =
        tasks.iter().any(|(task, _)| matches!(task.state, TaskState::Failed(_)) && !anew.contains_key(&task.id));
    let cut_short = batch.budget.filter(|limit| spent.usd >= *limit && tasks.iter().any(|(task, _)| !is_over(task)));
    Some(DayReport {
        date: date.clone(),
        file: shown(file),
        written: local(now, offset),
        waits: tasks
            .iter()
            .filter(|(task, _)| !anew.contains_key(&task.id))
            .filter_map(|(task, assignment)| waits(reporter.book, task, assignment))
            // `retry` needs a supervisor that runs; after the day there is none.
            .chain(has_failed.then(|| Waits {
                label: String::new(),
                what: "all that failed is tried again, also when no supervisor runs".to_owned(),
                commands: vec![format!("orchestrator-tui start {} --failed", shown(file))],
            }))
            .collect(),
        tasks: tasks
            .iter()
            .map(|(task, assignment)| TaskReport {
                anew: anew.get(&task.id).map(|id| id.0),
                ..one(reporter, task, assignment)
            })
            .collect(),
        limit: batch.budget,
        cut_short: cut_short.map(|limit| {
            let used = spent.usd;
            format!("{used} of {limit} were used; write a higher limit into the file and start it again to go on")
        }),
        feedback: shown(&Folder::at(folder.clone()).feedback(date)),
    })
}

fn is_over(task: &Task) -> bool {
    match task.state {
        TaskState::Ready(ReadyReason::InTurn(_)) => false,
        TaskState::Ready(_) | TaskState::Review(_) => true,
        _ => task.state.is_final(),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Writes a time as a person's clock shows it, to the minute: `2025-11-18 18:30`.
fn local(at: Wall, offset: i64) -> String {
    let millis = offset.saturating_mul(1000);
    let moved = Wall(at.0.saturating_add_signed(millis)).iso();
    moved.get(..16).unwrap_or(&moved).replace('T', " ")
}

fn one(reporter: &Reporter<'_>, task: &Task, assignment: &Assignment) -> TaskReport {
    let changed = changed(task);
    let missing = task.attempts.iter().rev().find_map(|attempt| match &attempt.end {
        AttemptEnd::Undelivered { missing } => Some(missing.clone()),
        _ => None,
    });
    let has_result = is_over(task) && !matches!(task.state, TaskState::Failed(_));
    let why = |said: &str| match &missing {
        _ if has_result => None,
        Some(missing) if missing.iter().any(|known| known == said) => Some("not there, or not changed".to_owned()),
        Some(_) => None,
        None => Some("nothing yet".to_owned()),
    };
    TaskReport {
        label: assignment.label.clone(),
        name: assignment.name.clone(),
        anew: None,
        module: assignment.module.clone(),
        role: assignment.role.clone(),
        outcome: outcome(reporter, task),
        attempts: attempts(task),
        spent: task.total(),
        took: took(task, reporter.now),
        expected: assignment.complexity.map(crate::model::assignment::Complexity::expected),
        delivered: assignment
            .deliverables
            .iter()
            .map(|wanted| Delivered { deliverable: wanted.clone(), missing: why(&wanted.said) })
            .collect(),
        changed,
        asked: task
            .asked
            .iter()
            .map(|asked| report::Asked {
                question: asked.text.clone(),
                answer: asked.answer.clone(),
                by: asked.by.clone(),
            })
            .collect(),
        summary: summary(task),
    }
}

/// Returns what the agent said whose work there is; as long as there is none, what one said last.
pub fn summary(task: &Task) -> String {
    if let Some(made) = task.made() {
        return made.summary.clone();
    }
    let said = task.attempts.iter().rev().map(|attempt| attempt.summary.as_str());
    said.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

fn changed(task: &Task) -> Vec<FileChange> {
    let pending = task.result.as_ref().map(|result| &result.receipt);
    pending.or(task.receipt.as_ref()).map(|receipt| receipt.files.clone()).unwrap_or_default()
}

fn took(task: &Task, now: Wall) -> Duration {
    let before: Duration = task.attempts.iter().map(|attempt| attempt.took).sum();
    let running = matches!(task.state, TaskState::Running).then(|| task.began.map(|began| now.since(began))).flatten();
    running.map_or(before, |running| running.max(before))
}

fn outcome(reporter: &Reporter<'_>, task: &Task) -> Outcome {
    let reason = (reporter.reason)(task);
    match &task.state {
        TaskState::Done(DoneReason::Landed(_)) => Outcome::Done("landed".to_owned()),
        TaskState::Done(DoneReason::Unchanged) => Outcome::Unchanged,
        TaskState::Done(_) => Outcome::Done(reason),
        TaskState::Ready(ReadyReason::Suspicious(_)) => {
            Outcome::Ready(format!("its result is verified and waits for your yes; {reason}"))
        }
        TaskState::Ready(ReadyReason::Asked | ReadyReason::First) => {
            Outcome::Ready("its result is verified and waits for your yes".to_owned())
        }
        TaskState::Review(_) => Outcome::Ready(reason.trim_start_matches("needs review: ").to_owned()),
        TaskState::Running | TaskState::Ready(ReadyReason::InTurn(_)) => Outcome::Running(reason),
        TaskState::Blocked(id) => {
            let other = reporter.book.task(*id).and_then(|other| Some(other.assignment()?.label.clone()));
            Outcome::Blocked(other.unwrap_or_else(|| id.to_string()))
        }
        TaskState::Failed(_) => Outcome::Failed(reason),
        TaskState::Queued | TaskState::Pending(_) | TaskState::Held(_) | TaskState::Cooling { .. }
            if task.began.is_some() =>
        {
            Outcome::Paused(reason)
        }
        TaskState::Queued | TaskState::Pending(_) | TaskState::Held(_) | TaskState::Cooling { .. } => {
            Outcome::Waiting(reason)
        }
    }
}

fn waits(book: &Book, task: &Task, assignment: &Assignment) -> Option<Waits> {
    let number = task.id.0;
    let command = |verb: &str| format!("orchestrator-tui {verb} {number}");
    let question = book.questions.values().find(|question| question.task == task.id);
    let (what, commands) = match &task.state {
        _ if let Some(question) = question => (
            format!("its agent asks: {}", question.ask.about.brief()),
            vec![format!("orchestrator-tui answer {}", question.id.0)],
        ),
        TaskState::Ready(reason @ (ReadyReason::Asked | ReadyReason::First | ReadyReason::Suspicious(_))) => {
            (reason.to_string(), vec![command("show"), command("land"), command("refuse")])
        }
        TaskState::Review(reason) => {
            let way_on = match reason {
                ReviewReason::Unstable | ReviewReason::RedTogether(_) => command("land"),
                ReviewReason::Conflict(_) | ReviewReason::Baseless(..) | ReviewReason::Refused(_) => command("retry"),
                ReviewReason::RedAfterLanding(_) => command("undo"),
            };
            (reason.to_string(), vec![command("show"), way_on, command("refuse")])
        }
        TaskState::Held(reason) => (reason.to_string(), vec![command("fix"), command("kill")]),
        TaskState::Failed(reason) => (reason.to_string(), vec![command("show"), command("retry")]),
        TaskState::Queued
        | TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Running
        | TaskState::Cooling { .. }
        | TaskState::Ready(ReadyReason::InTurn(_))
        | TaskState::Done(_) => return None,
    };
    Some(Waits { label: assignment.label.clone(), what, commands })
}

/// Says how a task stands, for its status file.
pub fn status(reporter: &Reporter<'_>, task: &Task, assignment: &Assignment) -> AgentStatus {
    let questions = reporter.book.questions.values().filter(|question| question.task == task.id);
    let questions: Vec<u32> = questions.map(|question| question.id.0).collect();
    AgentStatus {
        label: assignment.label.clone(),
        name: assignment.name.clone(),
        task: Some(task.id.0),
        role: assignment.role.clone(),
        standing: match &task.state {
            _ if !questions.is_empty() => Standing::Asking,
            TaskState::Running | TaskState::Ready(ReadyReason::InTurn(_)) => Standing::Running,
            TaskState::Ready(_) | TaskState::Review(_) => Standing::Ready,
            TaskState::Done(_) => Standing::Completed,
            TaskState::Failed(_) => Standing::Failed,
            TaskState::Blocked(_) => Standing::Blocked,
            TaskState::Queued | TaskState::Pending(_) | TaskState::Held(_) | TaskState::Cooling { .. } => {
                Standing::Pending
            }
        },
        why: (reporter.reason)(task),
        stage: task.stage.map(|stage| stage.name_for(true).to_owned()).unwrap_or_default(),
        attempt: attempts(task),
        started: task.began,
        updated: reporter.now,
        completed: task.ended,
        spent: task.total(),
        took: took(task, reporter.now),
        expected: assignment.complexity.map(crate::model::assignment::Complexity::expected),
        questions,
    }
}
