//! Which context files, and what cost, the past suggests for a task.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::assignment::{Assignment, Complexity};
use crate::model::cost::Usd;
use crate::model::lesson::relevant::About;
use crate::model::lesson::taught::{Lesson, LessonKind};
use crate::model::lesson::wish::Wish;
use crate::model::lesson::words::words;

/// The most files that are suggested.
const MOST: usize = 6;

/// How much a past task has to do with another one before its files are suggested: one word that names both.
const ENOUGH: usize = 4;

/// The lowest rating of what worked.
const WORKED: u8 = 4;

/// A task that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The file and task that it was, for a person: `2025-11-18 task-001`.
    pub title: String,
    /// What it was to bring.
    pub assignment: Assignment,
    /// Whether it came to a good end.
    pub done: bool,
    /// What a person gave it, from 1 to 5.
    pub rating: Option<u8>,
    /// What it cost; none: no price is known.
    pub cost: Option<Usd>,
    /// How long agents worked on it.
    pub took: Duration,
}

/// A file to read first, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedFile {
    /// The path, as it was written.
    pub path: String,
    /// What suggests it: `a person asked for it (feedback/2025-11-18.md:20)`, `2025-11-18 task-001, rated 5/5`.
    pub why: String,
}

/// What such tasks have cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedCost {
    /// The one in the middle.
    pub typical: Usd,
    /// The dearest.
    pub highest: Usd,
    /// How long the one in the middle took.
    pub took: Duration,
    /// How many there were.
    pub tasks: usize,
    /// What they have in common with the task: `coding, module loans, medium`.
    pub alike: String,
}

/// What the past suggests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Files that the task does not name; what a person asked for first.
    pub context_files: Vec<SuggestedFile>,
    /// What it will cost; none: nothing alike has a known price.
    pub cost: Option<SuggestedCost>,
}

/// Looks for what helped tasks like this one.
pub fn suggest(lessons: &[Lesson], past: &[Past], task: &Assignment) -> Suggestion {
    Suggestion { context_files: files(lessons, past, task), cost: cost(past, task) }
}

fn files(lessons: &[Lesson], past: &[Past], task: &Assignment) -> Vec<SuggestedFile> {
    let about = About::of(task);
    let mut found: Vec<SuggestedFile> = Vec::new();
    let mut add = |path: &str, why: String| {
        let is_known = task.context_files.iter().any(|known| known == path);
        if !is_known && found.len() < MOST && found.iter().all(|file| file.path != path) {
            found.push(SuggestedFile { path: path.to_owned(), why });
        }
    };
    for lesson in lessons.iter().filter(|lesson| lesson.kind == LessonKind::Action) {
        if let Some(wish) = Wish::of(&lesson.text)
            && (wish.for_all || about.shared(&wish.about) >= ENOUGH)
        {
            add(&full_path(wish.file, lessons, past), format!("a person asked for it ({})", lesson.origin));
        }
    }
    let worked = past.iter().filter(|past| past.rating.map_or(past.done, |rating| rating >= WORKED));
    let mut near: Vec<(usize, &Past)> = worked
        .map(|past| (nearness(&about, task, &past.assignment), past))
        .filter(|(near, _)| *near >= ENOUGH)
        .collect();
    // The nearest first; of those the best rated, then the newest.
    near.reverse();
    near.sort_by_key(|(near, past)| std::cmp::Reverse((*near, past.rating)));
    for (_, past) in near {
        let rated = past.rating.map_or_else(|| "it worked".to_owned(), |rating| format!("rated {rating}/5"));
        for file in &past.assignment.context_files {
            add(file, format!("{}, {rated}", past.title));
        }
    }
    found
}

fn nearness(about: &About<'_>, task: &Assignment, past: &Assignment) -> usize {
    let is_same_module = !task.module.is_empty() && task.module.eq_ignore_ascii_case(&past.module);
    usize::from(is_same_module) * ENOUGH + about.shared(&words(&past.name))
}

/// Returns the whole path of a file that was called by its name alone, if past tasks know exactly one.
fn full_path(file: &str, lessons: &[Lesson], past: &[Past]) -> String {
    let taught = lessons.iter().filter_map(|lesson| lesson.task.as_ref()).flat_map(|task| &task.context_files);
    let known = past.iter().flat_map(|past| &past.assignment.context_files).chain(taught);
    let mut paths: Vec<&String> = known.filter(|path| path.rsplit('/').next() == Some(file)).collect();
    paths.sort();
    paths.dedup();
    match paths.as_slice() {
        [one] => (*one).clone(),
        _ => file.to_owned(),
    }
}

/// Which past tasks count, and what they have in common with the new one.
type Alike<'a> = (&'a dyn Fn(&Assignment) -> bool, String);

/// Takes the tasks that are most alike and have a price; an unknown price is not zero, it is not counted.
fn cost(past: &[Past], task: &Assignment) -> Option<SuggestedCost> {
    let priced: Vec<(&Past, Usd)> =
        past.iter().filter(|past| past.done).filter_map(|past| Some((past, past.cost?))).collect();
    let role = |past: &Assignment| past.role == task.role;
    let size = |past: &Assignment| past.complexity == task.complexity;
    let module = |past: &Assignment| !task.module.is_empty() && past.module.eq_ignore_ascii_case(&task.module);
    let sized = task.complexity.map(|size: Complexity| size.name());
    let in_module = (!task.module.is_empty()).then(|| format!("module {}", task.module));
    let with = |parts: [Option<&str>; 3]| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let (role_name, module_name) = (Some(task.role.as_str()), in_module.as_deref());
    let ways: [Alike<'_>; 4] = [
        (&|past| role(past) && size(past) && module(past), with([role_name, module_name, sized])),
        (&|past| role(past) && size(past), with([role_name, sized, None])),
        (&|past| role(past) && module(past), with([role_name, module_name, None])),
        (&|past| role(past), with([role_name, None, None])),
    ];
    ways.into_iter().find_map(|(is_alike, alike)| {
        let mut found: Vec<(Usd, Duration)> = priced
            .iter()
            .filter(|(past, _)| is_alike(&past.assignment))
            .map(|(past, cost)| (*cost, past.took))
            .collect();
        found.sort();
        // Of two in the middle the dearer one: nobody is sorry that it cost less.
        let (typical, took) = *found.get(found.len() / 2)?;
        let (highest, _) = *found.last()?;
        Some(SuggestedCost { typical, highest, took, tasks: found.len(), alike })
    })
}
