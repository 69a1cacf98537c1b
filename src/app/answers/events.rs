//! What happened and what came of it, as the JSON that verbs and routes give out.

use serde_json::{Value, json};

use crate::core::book::{Book, Known};
use crate::model::event::{By, Consequence};
use crate::model::id::{EventId, TaskId};
use crate::model::task::Task;

/// `GET events`: those that are remembered, oldest first, and the files that were left where they are.
pub fn all(book: &Book) -> Value {
    json!({
        "events": book.events.all().map(row).collect::<Vec<_>>(),
        "left": book.events.left().map(|(file, why)| json!({ "file": file, "reason": why })).collect::<Vec<_>>(),
    })
}

/// `GET events/ID`: one of them, with its data.
pub fn one(book: &Book, id: EventId) -> Option<Value> {
    let known = book.events.get(id)?;
    let mut whole = row(known);
    // It was JSON when it came in; a secret that was covered in it may have been more than a text.
    let data = serde_json::from_str(&known.event.data).unwrap_or_else(|_| json!(known.event.data));
    whole["data"] = data;
    Some(whole)
}

/// What a task has to do with events: the one that started it, and those that it reported or is the subject of.
pub fn of_task(book: &Book, task: &Task) -> Value {
    let event = task.assignment().and_then(|assignment| assignment.event);
    let concerns = |known: &&Known| known.event.by == By::Task(task.id) || known.event.subject == Some(task.id);
    json!({
        "started_by": event,
        "asked": event.and_then(|event| one(book, event)),
        "subject": task.assignment().and_then(|assignment| assignment.subject).map(|subject| subject.0),
        "events": book.events.all().filter(concerns).map(row).collect::<Vec<_>>(),
    })
}

fn row(known: &Known) -> Value {
    let event = &known.event;
    let state = match &known.outcomes {
        None => "pending",
        Some(_) if known.has_failed() => "failed",
        Some(_) => "processed",
    };
    json!({
        "id": event.id,
        "type": event.kind,
        "state": state,
        "by": event.by.to_string(),
        "task": event.subject.map(|task: TaskId| task.0),
        "reported_by": if let By::Task(task) = &event.by { Some(task.0) } else { None },
        "depth": event.depth,
        "at": event.at.iso(),
        "started": known.filed.iter().map(|task| task.0).collect::<Vec<_>>(),
        "outcome": known.outcomes.iter().flatten().map(Consequence::to_string).collect::<Vec<_>>(),
        "waits_for": waits_for(known),
    })
}

fn waits_for(known: &Known) -> Option<String> {
    let By::Task(task) = &known.event.by else { return None };
    known.is_pending().then(|| format!("the end of the attempt at {task} that reported it"))
}
