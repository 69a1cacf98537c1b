//! Which plans wait for a person's yes, and what is in them.

use serde_json::{Value, json};

use crate::app::answers::report::Reporter;
use crate::core::book::Book;
use crate::core::orchestrate::mode_name;
use crate::model::assignment::{Batch, BatchKind};
use crate::model::hold::HoldReason;
use crate::model::id::TaskId;
use crate::model::task::{Task, TaskState};

/// Returns the orchestration whose plan a task waits for a yes to.
fn plan_of<'a>(book: &'a Book, task: &Task) -> Option<&'a Batch> {
    let batch = book.batches.get(&task.assignment()?.batch?)?;
    let is_plan = matches!(batch.kind, BatchKind::Orchestration { .. });
    (is_plan && task.state == TaskState::Held(HoldReason::Created)).then_some(batch)
}

/// Says for which yes a task waits, if for one.
pub fn waits_for(book: &Book, task: &Task) -> Option<String> {
    let batch = plan_of(book, task)?.id.0;
    Some(format!("waits for your yes to the plan of batch {batch}: `orchestrator-tui approve {batch}`"))
}

/// Returns the orchestrations of which something waits for a yes.
pub fn waiting(book: &Book) -> impl Iterator<Item = &Batch> {
    let waits = |id: &TaskId| book.task(*id).is_some_and(|task| plan_of(book, task).is_some());
    book.batches.values().map(AsRef::as_ref).filter(move |batch| batch.tasks.iter().any(waits))
}

/// `GET plans`: those that wait for a yes, with the sessions that have not begun.
pub fn json(reporter: &Reporter<'_>) -> Value {
    waiting(reporter.book).map(|batch| one(reporter, batch)).collect()
}

fn one(reporter: &Reporter<'_>, batch: &Batch) -> Value {
    let (requirement, mode) = match &batch.kind {
        BatchKind::Orchestration { requirement, mode, .. } => (requirement.as_str(), mode_name(*mode)),
        BatchKind::Day { .. } => ("", ""),
    };
    let tasks = batch.tasks.iter().filter_map(|id| reporter.book.task(*id));
    let unbegun = tasks.filter(|task| task.began.is_none() && !task.state.is_final());
    let sessions = unbegun.filter_map(|task| {
        let assignment = task.assignment()?;
        Some(json!({
            "task": task.id.0,
            "title": task.title(),
            "type": assignment.role,
            "description": assignment.description,
            "after": assignment.after,
            "reason": reporter.why(task),
        }))
    });
    json!({
        "kind": "plan",
        "batch": batch.id.0,
        "orchestrationId": batch.id.uuid(reporter.space),
        "requirement": requirement,
        "mode": mode,
        "sessions": sessions.collect::<Vec<_>>(),
        "verbs": ["approve", "decline"],
    })
}
