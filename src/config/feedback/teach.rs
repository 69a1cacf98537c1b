//! What a feedback file teaches.

use std::collections::BTreeSet;

use crate::config::feedback::read::{Feedback, Note, TaskFeedback};
use crate::model::assignment::Assignment;
use crate::model::lesson::{Lesson, LessonKind, LessonTask, Place};

/// From here on a task is a pattern.
const PATTERN: u8 = 4;

/// Up to here it is a mistake.
const MISTAKE: u8 = 2;

/// Returns the lessons of a feedback file, in the order of its lines. `find` knows the tasks of that day by label.
pub fn lessons<'t>(feedback: &Feedback, find: impl Fn(&str) -> Option<&'t Assignment>) -> Vec<Lesson> {
    let mut lessons = Vec::new();
    for said in &feedback.tasks {
        of_task(&mut lessons, feedback, said, find(&said.label));
    }
    for note in &feedback.adjustments {
        lessons.push(Lesson::new(LessonKind::Adjustment, &note.text, place(feedback, note.line), None, ""));
    }
    lessons.sort_by_key(|lesson| lesson.origin.line);
    // The same said twice about one task is one lesson.
    let mut seen = BTreeSet::new();
    lessons.retain(|lesson| seen.insert(lesson.id));
    lessons
}

fn of_task(lessons: &mut Vec<Lesson>, feedback: &Feedback, said: &TaskFeedback, task: Option<&Assignment>) {
    let name = task.map_or(&said.name, |task| &task.name);
    let about = LessonTask {
        label: said.label.clone(),
        name: name.clone(),
        role: task.map(|task| task.role.clone()).unwrap_or_default(),
        context_files: task.map(|task| task.context_files.clone()).unwrap_or_default(),
    };
    let module = task.map(|task| task.module.as_str()).unwrap_or_default();
    let mut learn = |kind: LessonKind, note: &Note| {
        lessons.push(Lesson::new(kind, &note.text, place(feedback, note.line), Some(about.clone()), module));
    };
    // The rating of a task that is spoken of in two parts stands in one of them.
    let mut same = feedback.tasks.iter().filter(|other| other.label.eq_ignore_ascii_case(&said.label));
    let rating = same.find_map(|part| part.rating);
    if let Some(rating) = rating {
        let (kind, notes) = match rating.points {
            PATTERN.. => (Some(LessonKind::Pattern), &said.good),
            ..=MISTAKE => (Some(LessonKind::Mistake), &said.bad),
            _ => (None, &said.bad),
        };
        if let Some(kind) = kind {
            for note in notes {
                learn(kind, note);
            }
            // A rating says something by itself, too.
            if notes.is_empty() && said.rating.is_some() {
                let text = format!("{name} was rated {}/5", rating.points);
                learn(kind, &Note { text, line: rating.line });
            }
        }
    }
    for note in &said.actions {
        learn(LessonKind::Action, note);
    }
}

fn place(feedback: &Feedback, line: usize) -> Place {
    Place { file: feedback.file.clone(), line }
}
