//! What all tasks used together that one piece of work passed through, from role to role, as JSON.

use serde_json::{Value, json};

use crate::core::book::Book;
use crate::model::cost::{Spent, Usd};
use crate::model::task::Task;

/// Returns the tasks that work on the same as this one, and what they used in all; null if it is the only one. What is
/// forgotten is not in it.
pub fn of_task(book: &Book, task: &Task) -> Value {
    let subject = task.subject();
    let all: Vec<&Task> = book.tasks.values().map(|task| &**task).filter(|task| task.subject() == subject).collect();
    if all.len() < 2 {
        return Value::Null;
    }
    let spent = all.iter().fold(Spent::default(), |sum, task| sum + task.total());
    let mut chain = used(spent, all.iter().map(|task| task.worked()).sum());
    chain["subject"] = json!(subject);
    chain["tasks"] = all
        .iter()
        .map(|task| {
            let mut link = used(task.total(), task.worked());
            link["number"] = json!(task.id);
            link["title"] = json!(task.title());
            link["role"] = json!(task.assignment().map_or("fixer", |assignment| assignment.role.as_str()));
            link["state"] = json!(task.state.name());
            link
        })
        .collect();
    chain
}

fn used(spent: Spent, worked: std::time::Duration) -> Value {
    json!({
        "cost_usd": spent.price().map(Usd::dollars),
        "unpriced": spent.unpriced,
        "tokens": spent.tokens(),
        "seconds": worked.as_secs_f64(),
    })
}
