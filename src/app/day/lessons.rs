//! What was learnt in a project and what it is good for: a list for a person, and suggestions for what comes next.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::folder::Folder;
use super::learnt;
use super::outline::Suggestions;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::{ask, offline};
use crate::config::TaskFile;
use crate::core::book::Book;
use crate::model::assignment::{Assignment, Batch, BatchKind};
use crate::model::id::TaskId;
use crate::model::lesson::{Lesson, LessonId, Past, Suggestion, suggest};
use crate::model::task::{Task, TaskState};

/// One thing that was learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learnt {
    /// What.
    pub lesson: Lesson,
    /// Whether a person dropped it.
    pub dropped: bool,
    /// Which of the open tasks are told it: their numbers and titles.
    pub concerns: Vec<(u32, String)>,
}

/// What the book knows that lessons depend on, as the running supervisor has it, or the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    days: Vec<PathBuf>,
    dropped: Vec<LessonId>,
    tasks: Vec<Told>,
}

/// A task whose agent may be told lessons.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    number: TaskId,
    assignment: Assignment,
}

/// `GET lessons`: where feedback is read, which lessons were dropped, and the tasks that lessons may concern.
pub fn known(book: &Book) -> Value {
    // What is over is told nothing any more.
    let told = |task: &Arc<Task>| {
        (!task.state.is_final()).then_some(Told { number: task.id, assignment: task.assignment()?.clone() })
    };
    json!(Known {
        days: book.days(),
        dropped: book.dropped.iter().copied().collect(),
        tasks: book.tasks.values().filter_map(told).collect(),
    })
}

/// Lists what was learnt, the newest day first.
///
/// # Errors
/// If neither the supervisor nor the journal can be asked.
pub fn all(site: &Site) -> Result<Vec<Learnt>, Failure> {
    let known: Known = serde_json::from_value(ask::query(site, "lessons")?).map_err(Failure::supervisor)?;
    let lessons = learnt::all(&learnt::folders(&known.days, &site.project), &site.project);
    let kept: Vec<Lesson> = lessons.iter().filter(|lesson| !known.dropped.contains(&lesson.id)).cloned().collect();
    // The same choice as that for a prompt.
    let mut concerned: BTreeMap<LessonId, Vec<(u32, String)>> = BTreeMap::new();
    for task in &known.tasks {
        for lesson in learnt::for_task(&kept, &task.assignment) {
            concerned.entry(lesson.id).or_default().push((task.number.0, task.assignment.title()));
        }
    }
    let learnt = lessons.into_iter().map(|lesson| Learnt {
        dropped: known.dropped.contains(&lesson.id),
        concerns: concerned.get(&lesson.id).cloned().unwrap_or_default(),
        lesson,
    });
    Ok(learnt.collect())
}

/// Looks for what helped tasks like those of a file. Without a past that can be read nothing is suggested.
pub fn suggestions(site: &Site, path: &Path, file: &TaskFile) -> Suggestions {
    let book = offline::book(site).unwrap_or_default();
    let mut folders = learnt::folders(&book.days(), &site.project);
    let own = path.canonicalize().map(|path| Folder::beside(&path).root().to_owned());
    folders.extend(own.ok().filter(|own| !folders.contains(own)));
    let mut lessons = learnt::all(&folders, &site.project);
    lessons.retain(|lesson| !book.dropped.contains(&lesson.id));
    let ratings = learnt::ratings(&folders);
    let past: Vec<Past> = book.tasks.values().filter_map(|task| past(&book, task, &ratings)).collect();
    let suggest = |entry: &crate::config::TaskEntry| {
        let suggestion = suggest(&lessons, &past, &entry.assignment);
        (suggestion != Suggestion::default()).then(|| (entry.assignment.label.clone(), suggestion))
    };
    file.tasks.iter().filter_map(suggest).collect()
}

/// Returns a task that is over, or waits only for its landing, as the past of others.
fn past(book: &Book, task: &Task, ratings: &BTreeMap<(String, String), u8>) -> Option<Past> {
    let assignment = task.assignment()?;
    let done = matches!(task.state, TaskState::Done(_) | TaskState::Ready(_));
    if !done && !task.state.is_final() {
        return None;
    }
    let batch = assignment.batch.and_then(|batch| book.batches.get(&batch));
    let date = batch.map(|batch| date(batch)).unwrap_or_default();
    let rating = ratings.get(&(date.to_owned(), assignment.label.to_lowercase())).copied();
    Some(Past {
        title: format!("{date} {}", assignment.label).trim().to_owned(),
        assignment: assignment.clone(),
        done,
        rating,
        cost: Some(task.spent).filter(|spent| !spent.unpriced).map(|spent| spent.usd),
        took: task.attempts.iter().map(|attempt| attempt.took).sum::<Duration>(),
    })
}

fn date(batch: &Batch) -> &str {
    match &batch.kind {
        BatchKind::Day { date, .. } => date,
        BatchKind::Orchestration { .. } => "",
    }
}

/// Returns the list as text.
pub fn text(all: &[Learnt]) -> String {
    if all.is_empty() {
        return "nothing was learnt yet: say what you think of a day in feedback/DATE.md".to_owned();
    }
    let mut text = String::new();
    for Learnt { lesson, dropped, concerns } in all {
        let dropped = if *dropped { " · dropped" } else { "" };
        let _ = writeln!(text, "{} {:<10} {}  {}{dropped}", lesson.id, lesson.kind.name(), lesson.text, lesson.origin);
        for (number, title) in concerns {
            let _ = writeln!(text, "                    concerns #{number} {title}");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Returns the list as JSON.
pub fn json(all: &[Learnt]) -> Value {
    let row = |learnt: &Learnt| {
        let mut row = json!(learnt.lesson);
        row["origin"] = json!(learnt.lesson.origin.to_string());
        row["dropped"] = json!(learnt.dropped);
        row["concerns"] =
            learnt.concerns.iter().map(|(number, title)| json!({ "task": number, "title": title })).collect();
        row
    };
    all.iter().map(row).collect()
}
