//! Which lessons concern a task, the nearest first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::assignment::Assignment;
use crate::model::lesson::taught::{Lesson, LessonKind};
use crate::model::lesson::wish::Wish;
use crate::model::lesson::words::words;

/// The most lessons that one prompt quotes.
const MOST: usize = 12;

/// From here on a lesson concerns a task.
const ENOUGH: usize = 4;

/// A word of the task's name, module or files.
const STRONG: usize = 4;

/// A word of its description; one alone is chance.
const WEAK: usize = 2;

/// The endings of what is there to be read.
const DOCUMENTS: [&str; 5] = ["adoc", "markdown", "md", "rst", "txt"];

/// So many words at most lie between "for" and "tasks".
const MOST_WORDS: usize = 4;

/// Returns what concerns a task, the nearest first, then the newest; of what was said on several days, the newest.
pub fn relevant<'a>(lessons: &'a [Lesson], task: &Assignment) -> Vec<&'a Lesson> {
    let about = About::of(task);
    let parts = Parts::known(lessons);
    let latest = lessons.iter().map(|lesson| last_name(&lesson.origin.file)).max();
    // What a person wants of an agent, and does not want of only a part of the project.
    let is_rule = |lesson: &Lesson| match lesson.kind {
        LessonKind::Action => !parts.is_named_in(&lesson.text),
        // What is to be different tomorrow holds until the next feedback is written.
        LessonKind::Adjustment => Some(last_name(&lesson.origin.file)) == latest && !parts.is_named_in(&lesson.text),
        LessonKind::Pattern | LessonKind::Mistake => false,
    };
    let mut found: Vec<(usize, &Lesson)> = lessons
        .iter()
        .map(|lesson| (about.nearness(lesson) + usize::from(is_rule(lesson)) * ENOUGH, lesson))
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
        let near = usize::from(is_same_module) * STRONG + shared + files.min(2) * WEAK;
        // A role alone connects nothing: nearly all tasks have the same one.
        near + usize::from(is_same_role && near > 0)
    }
}

/// The parts of the project that lessons know by name.
struct Parts {
    modules: Vec<BTreeSet<String>>,
}

impl Parts {
    fn known(lessons: &[Lesson]) -> Self {
        let names: BTreeSet<&str> = lessons.iter().map(|lesson| lesson.module.as_str()).collect();
        let modules = names.into_iter().map(words).filter(|module| !module.is_empty());
        Self { modules: modules.collect() }
    }

    /// Whether a text is about a part only: it names a module or a source file, or says for which tasks it is.
    fn is_named_in(&self, text: &str) -> bool {
        let said = words(text);
        self.modules.iter().any(|module| module.is_subset(&said))
            || text.split_whitespace().any(is_source)
            || Wish::of(text).is_some_and(|wish| !wish.for_all)
            || is_for_some(text)
    }
}

/// Whether a word is the path of a source file or folder. A document is there to be read, whatever a task is about.
fn is_source(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
    let (folder, name) = word.rsplit_once('/').unwrap_or(("", word));
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 && ending.starts_with(char::is_alphabetic) => {
            !DOCUMENTS.iter().any(|known| ending.eq_ignore_ascii_case(known))
        }
        // `and/or` is no folder.
        Some(_) | None => !folder.is_empty() && (name.is_empty() || folder.contains('/')),
    }
}

/// Whether a text says "for pagination tasks", "in the loans module"; "for all tasks" says nothing.
fn is_for_some(text: &str) -> bool {
    let lower = text.to_lowercase();
    let said: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty()).collect();
    said.iter().enumerate().any(|(at, word)| {
        let of = said[..at].iter().rposition(|word| ["for", "in", "of", "on", "with"].contains(word));
        let is_near = |of: &usize| at - of <= MOST_WORDS && !words(&said[of + 1..at].join(" ")).is_empty();
        ["module", "modules", "task", "tasks"].contains(word) && of.as_ref().is_some_and(is_near)
    })
}

/// Returns the last part of a path.
fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the file and its folder: the folders above say where a project keeps its code, not what this is about.
fn last_parts(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}
