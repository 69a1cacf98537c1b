//! The conflict radar: which task waits because another one may touch, or has touched, the same files.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::book::{Rank, Wait};
use crate::core::effect::Place;
use crate::core::lanes::lane;
use crate::core::live::Attempt;
use crate::core::schedule::Waiting;
use crate::core::supervisor::Supervisor;
use crate::model::id::TaskId;
use crate::model::path::ProjectPath;
use crate::model::settings::Isolation;
use crate::model::task::Task;

impl Supervisor {
    /// Says which task goes before this one because both may touch the same files.
    pub(crate) fn goes_before(&self, task: &Task) -> Option<Waiting> {
        let at_work = self.live.attempts.iter().find_map(|(other, attempt)| self.beside(task, *other, attempt));
        if at_work.is_some() || task.forced {
            return at_work;
        }
        self.older(task).or_else(|| self.reserved_by(task))
    }

    /// Says why a task cannot be worked on beside one that is.
    fn beside(&self, task: &Task, other: TaskId, attempt: &Attempt) -> Option<Waiting> {
        let in_place = self.settings.fix.isolation == Isolation::InPlace || attempt.place == Place::Tree;
        if in_place || other == task.id {
            return Some(Waiting::Behind(other, None));
        }
        let known = self.book.task(other).filter(|other| are_alike(task, other))?;
        // What it has changed is known when it was collected.
        let changed = attempt.result.iter().flat_map(|result| &result.changes).chain(&attempt.files);
        let theirs = known.files.iter().chain(changed.map(|change| &change.path).filter(|_| known.check().is_none()));
        let path = first_common(&task.files, theirs)?;
        Some(Waiting::Behind(other, Some(path)))
    }

    /// Says which older task that will go on by itself goes first, even if it only waits for a pause.
    fn older(&self, task: &Task) -> Option<Waiting> {
        let rank = Rank::of(task);
        let is_before = |other: &TaskId| {
            let before = |other: &&Arc<Task>| Rank::of(other) < rank && are_alike(task, other);
            self.book.task(*other).filter(before).is_some_and(|other| self.will_wait_its_turn(other))
        };
        task.files.iter().find_map(|file| {
            let other = self.book.index.near_file(file).find(is_before)?;
            let theirs = self.book.task(other).map(|other| other.files.as_slice()).unwrap_or_default();
            Some(Waiting::Behind(other, first_common(std::slice::from_ref(file), theirs)))
        })
    }

    /// Says which result must land first, or be refused: it has changed, or was to change, what this task is about, and waits
    /// for a person.
    pub(crate) fn reserved_by(&self, task: &Task) -> Option<Waiting> {
        if task.check().is_some() || task.forced {
            return None;
        }
        let mut own: Option<BTreeSet<TaskId>> = None;
        let subject = |task: &Task| task.assignment().and_then(|assignment| assignment.subject);
        task.files.iter().find_map(|file| {
            let mut near = self.book.index.reserved_near(file);
            let (path, other) = near.find(|(_, other)| {
                let Some(known) = self.book.task(*other) else { return false };
                // What it builds on is in its tree, and what builds on it comes after it.
                let is_own = own.get_or_insert_with(|| self.built_from(task)).contains(other);
                let builds_on = known.assignment().is_some_and(|assignment| assignment.after.contains(&task.id));
                let same = subject(task).is_some_and(|id| id == *other || subject(known) == Some(id));
                !is_own && !builds_on && !same && *other != task.id
            })?;
            let path = if path.is_below(file) { path } else { file };
            Some(Waiting::Unlanded(other, path.clone()))
        })
    }

    /// Whether a waiting task will have its turn without a person.
    pub(crate) fn will_wait_its_turn(&self, task: &Task) -> bool {
        Wait::of(task).is_some()
            && self.breaker(task).is_none()
            && !self.book.lanes.is_paused(lane(task))
            && !self.is_off(task)
            && self.batch_line(task).is_none()
            && self.reserved_by(task).is_none()
    }
}

/// Whether two tasks can be in each other's way. What an assignment takes hours for keeps no fix waiting: both land by a
/// merge.
pub(crate) fn are_alike(one: &Task, other: &Task) -> bool {
    one.check().is_some() == other.check().is_some()
}

/// Returns the first path that both sides mean, the narrower of the two.
pub(crate) fn first_common<'a>(
    ours: &[ProjectPath],
    theirs: impl IntoIterator<Item = &'a ProjectPath>,
) -> Option<ProjectPath> {
    theirs.into_iter().find_map(|theirs| {
        let own = ours.iter().find(|own| own.meets(theirs))?;
        Some(if theirs.is_below(own) { theirs } else { own }.clone())
    })
}
