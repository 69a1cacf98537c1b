//! What was learnt from the feedback on days: read anew whenever it is asked for, so that an edit of a person counts at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::{Names, lessons, read_feedback, read_task_file};
use crate::model::assignment::Assignment;
use crate::model::lesson::{Lesson, LessonId, relevant};

use super::folder::Folder;

/// How many feedback files of a folder are read, the newest.
const FILES: usize = 60;

/// Returns where feedback lies: in the folders of days that were worked on, in the project itself before the first of them.
pub fn folders(days: &[PathBuf], project: &Path) -> Vec<PathBuf> {
    if days.is_empty() { vec![project.to_owned()] } else { days.to_vec() }
}

/// Returns the lessons of days that were worked on, the newest file of each first, without those that a person dropped. What
/// cannot be read teaches nothing.
pub fn kept(days: &[PathBuf], project: &Path, dropped: &[LessonId]) -> Vec<Lesson> {
    let mut all = all(&folders(days, project), project);
    all.retain(|lesson| !dropped.contains(&lesson.id));
    all
}

/// Returns the lessons of these folders, the newest file of each first. What cannot be read teaches nothing.
pub fn all(folders: &[PathBuf], project: &Path) -> Vec<Lesson> {
    let mut all = Vec::new();
    for day in folders {
        for file in files(day) {
            let Ok(feedback) = read_feedback(&file, day) else { continue };
            let folder = Folder::at(day.clone());
            let named = feedback.date.as_deref().map(|date| folder.task_files(date)).unwrap_or_default();
            let file = named.into_iter().find(|file| file.is_file());
            let tasks = file.and_then(|file| read_task_file(&file, project, &Names::default()).ok());
            let find = |label: &str| {
                let mut tasks = tasks.iter().flat_map(|read| &read.file.tasks).map(|entry| &entry.assignment);
                tasks.find(|task| task.label.eq_ignore_ascii_case(label))
            };
            all.extend(lessons(&feedback, find));
        }
    }
    all
}

/// Returns those that concern an assignment.
pub fn for_task<'a>(lessons: &'a [Lesson], assignment: &Assignment) -> Vec<&'a Lesson> {
    relevant(lessons, assignment)
}

/// Returns what a person gave the tasks of these folders of days, by date and label in small letters.
pub fn ratings(days: &[PathBuf]) -> BTreeMap<(String, String), u8> {
    let mut ratings = BTreeMap::new();
    for day in days {
        for feedback in files(day).iter().filter_map(|file| read_feedback(file, day).ok()) {
            let date = feedback.date.unwrap_or_default();
            for task in &feedback.tasks {
                if let Some(rating) = &task.rating {
                    ratings.insert((date.clone(), task.label.to_lowercase()), rating.points);
                }
            }
        }
    }
    ratings
}

fn files(day: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(day.join("feedback")).into_iter().flatten().flatten();
    let is_markdown = |path: &PathBuf| path.extension().is_some_and(|end| end == "md");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_markdown).collect();
    // Their names are dates.
    files.sort_unstable();
    files.reverse();
    files.truncate(FILES);
    files
}
