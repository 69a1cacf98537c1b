//! Which lessons concern a task, the nearest first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::assignment::Assignment;
use crate::model::lesson::taught::{Lesson, LessonKind};
use crate::model::lesson::words::words;

/// The most lessons that one prompt quotes.
const MOST: usize = 12;

/// From here on a lesson concerns a task.
const ENOUGH: usize = 4;

/// A word of the task's name, module or files.
const STRONG: usize = 4;

/// A word of its description; one alone is chance.
const WEAK: usize = 2;

/// Roles that write the code that a rule for everybody is about.
const WRITERS: [&str; 4] = ["coding", "fixer", "implementation", "testing"];

/// Words that make an action a rule for every task.
const FOR_ALL: [&str; 9] = ["all", "always", "any", "each", "every", "everything", "mandatory", "must", "never"];

/// Returns what concerns a task, the nearest first, then the newest; of what was said on several days, the newest.
pub fn relevant<'a>(lessons: &'a [Lesson], task: &Assignment) -> Vec<&'a Lesson> {
    let about = About::of(task);
    let mut found: Vec<(usize, &Lesson)> = lessons
        .iter()
        .map(|lesson| (about.nearness(lesson), lesson))
        .filter(|(nearness, _)| *nearness >= ENOUGH)
        .collect();
    // Files are named by their day.
    found.sort_by_key(|(nearness, lesson)| {
        (Reverse(*nearness), Reverse(&lesson.origin.file), lesson.origin.line, lesson.id)
    });
    let mut said: Vec<(LessonKind, String)> = Vec::new();
    found.retain(|(_, lesson)| {
        let what = (lesson.kind, lesson.text.to_lowercase());
        let is_new = !said.contains(&what);
        if is_new {
            said.push(what);
        }
        is_new
    });
    found.into_iter().take(MOST).map(|(_, lesson)| lesson).collect()
}

/// What a task is about.
pub(super) struct About<'a> {
    task: &'a Assignment,
    strong: BTreeSet<String>,
    weak: BTreeSet<String>,
}

impl<'a> About<'a> {
    pub(super) fn of(task: &'a Assignment) -> Self {
        let mut strong = words(&task.name);
        strong.extend(words(&task.module));
        strong.extend(task.context_files.iter().flat_map(|file| words(last_parts(file))));
        strong.extend(task.deliverables.iter().flat_map(|it| words(last_parts(&it.path.to_string()))));
        let weak = words(&task.description).difference(&strong).cloned().collect();
        Self { task, strong, weak }
    }

    /// Says how much some words have to do with the task.
    pub(super) fn shared<'w>(&self, words: impl IntoIterator<Item = &'w String>) -> usize {
        words
            .into_iter()
            .map(|word| match (self.strong.contains(word), self.weak.contains(word)) {
                (true, _) => STRONG,
                (false, true) => WEAK,
                (false, false) => 0,
            })
            .sum()
    }

    fn nearness(&self, lesson: &Lesson) -> usize {
        let is_same_module = !lesson.module.is_empty() && lesson.module.eq_ignore_ascii_case(&self.task.module);
        let shared = self.shared(&lesson.words);
        let files = lesson.task.iter().flat_map(|task| &task.context_files);
        let files = files.filter(|file| self.task.context_files.contains(file)).count();
        let is_same_role =
            lesson.task.as_ref().is_some_and(|task| !task.role.is_empty() && task.role == self.task.role);
        let for_all = usize::from(self.is_rule_for(lesson)) * ENOUGH;
        let near = usize::from(is_same_module) * STRONG + shared + files.min(2) * WEAK + for_all;
        // A role alone connects nothing: nearly all tasks have the same one.
        near + usize::from(is_same_role && near > 0)
    }

    /// Whether it is an action such as "make testing mandatory", and the task writes code.
    fn is_rule_for(&self, lesson: &Lesson) -> bool {
        let is_rule = || {
            let text = lesson.text.to_lowercase();
            text.split(|c: char| !c.is_alphanumeric()).any(|word| FOR_ALL.contains(&word))
        };
        lesson.kind == LessonKind::Action && WRITERS.contains(&self.task.role.as_str()) && is_rule()
    }
}

/// Returns the file and its folder: the folders above say where a project keeps its code, not what this is about.
fn last_parts(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}
