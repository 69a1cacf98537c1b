//! How a feedback file was read and what it teaches, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::config::{Feedback, Remark, TaskFeedback};
use crate::model::lesson::Lesson;

/// Returns the text; what could not be read is for whoever prints it to say.
pub fn text(feedback: &Feedback, lessons: &[Lesson]) -> String {
    let date = feedback.date.as_deref().unwrap_or("no date");
    let count = match lessons.len() {
        1 => "1 lesson".to_owned(),
        more => format!("{more} lessons"),
    };
    let mut text = format!("{} · {date} · {count}", feedback.file);
    for task in &feedback.tasks {
        let rating = task.rating.map_or_else(|| "no rating".to_owned(), |rating| format!("{}/5", rating.points));
        let name = if task.name.is_empty() { String::new() } else { format!(" · {}", task.name) };
        let _ = write!(text, "\n\n{}{name}: {rating}{}", task.label, meaning(task));
        let within = |lesson: &&Lesson| lesson.task.as_ref().is_some_and(|about| about.label == task.label);
        for lesson in lessons.iter().filter(within).filter(|lesson| lesson.origin.line >= task.line) {
            learnt(&mut text, lesson);
        }
    }
    let general: Vec<&Lesson> = lessons.iter().filter(|lesson| lesson.task.is_none()).collect();
    if !general.is_empty() {
        text.push_str("\n\nAdjustments");
        for lesson in general {
            learnt(&mut text, lesson);
        }
    }
    if !feedback.orchestrator.is_empty() {
        text.push_str("\n\nThe orchestrator");
        for remark in &feedback.orchestrator {
            let (sign, note) = match remark {
                Remark::Good(note) => ("good", note),
                Remark::Improve(note) => ("improve", note),
                Remark::Other(note) => ("note", note),
            };
            let _ = write!(text, "\n  {sign:<10}          line {:<4} {}", note.line, note.text);
        }
    }
    text
}

fn learnt(text: &mut String, lesson: &Lesson) {
    let _ =
        write!(text, "\n  {:<10} {}  line {:<4} {}", lesson.kind.name(), lesson.id, lesson.origin.line, lesson.text);
}

fn meaning(task: &TaskFeedback) -> &'static str {
    match task.rating.map(|rating| rating.points) {
        Some(4..) => ", a pattern",
        Some(..=2) => ", a mistake",
        Some(_) => ", neither a pattern nor a mistake",
        None => "",
    }
}

/// Returns the same as JSON.
pub fn json(feedback: &Feedback, lessons: &[Lesson]) -> Value {
    json!({
        "file": feedback.file,
        "date": feedback.date,
        "tasks": feedback.tasks,
        "orchestrator": feedback.orchestrator,
        "adjustments": feedback.adjustments,
        "unread": feedback.unread,
        "lessons": lessons,
    })
}
