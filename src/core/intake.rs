//! Settles changes and works out which checks they concern.

use std::collections::BTreeSet;

use crate::core::command_line;
use crate::core::effect::Place;
use crate::core::fact::Fact;
use crate::core::input::Fate;
use crate::core::live::{Burst, Cause, Step};
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;
use crate::model::path::ProjectPath;
use crate::model::settings::{Check, FixOn};
use crate::model::task::{DoneReason, TaskState};
use crate::model::time::Moment;
use crate::model::workspace::RepoState;

/// How many files of a change the journal names.
const NAMED_FILES: usize = 20;

impl Supervisor {
    /// Takes in raw changes; they count when the burst settles.
    pub(crate) fn changed(&mut self, files: Vec<(ProjectPath, Fate)>, saved: bool) {
        if files.is_empty() || !self.is_up() {
            return;
        }
        let now = self.live.now.moment;
        if saved {
            self.live.saved = Some(now);
        }
        let burst = self.live.burst.get_or_insert(Burst { first: now, last: now, files: Default::default(), saved });
        burst.last = now;
        burst.saved |= saved;
        burst.files.extend(files);
    }

    /// Takes in where the repository stands.
    pub(crate) fn repository(&mut self, state: RepoState) {
        let before = &self.live.repository;
        if before.head != state.head || before.branch != state.branch {
            self.live.head_moved = true;
        }
        self.live.repository = state;
    }

    /// Returns when the open burst settles. Changes made in place by an agent settle when it is done.
    pub(crate) fn settles_at(&self) -> Option<Moment> {
        let burst = self.live.burst.as_ref()?;
        if self.is_working_in_place() {
            return None;
        }
        let watch = &self.settings.watch;
        Some(burst.last.after(watch.settle).min(burst.first.after(watch.settle_max)))
    }

    /// Whether an agent is writing into the user's tree, so that saves cannot be told from its own.
    pub(crate) fn is_working_in_place(&self) -> bool {
        self.live
            .attempts
            .values()
            .any(|attempt| attempt.place == Place::Tree && !matches!(attempt.step, Step::Confirm(_)))
    }

    /// Turns a burst that has settled into checks to run.
    pub(crate) fn settle(&mut self) {
        if self.settles_at().is_none_or(|at| at > self.live.now.moment) || !self.is_up() {
            return;
        }
        let Some(burst) = self.live.burst.take() else { return };
        let change = self.book.last_change.next();
        let count = u32::try_from(burst.files.len()).unwrap_or(u32::MAX);
        let named = burst.files.keys().take(NAMED_FILES).cloned().collect();
        self.record(Fact::Changed { change, files: named, count });
        let head_moved = std::mem::take(&mut self.live.head_moved);
        let settings = self.settings.clone();
        for check in &settings.checks {
            let concerned: BTreeSet<ProjectPath> =
                burst.files.keys().filter(|file| self.matcher.concerns(&check.name, file)).cloned().collect();
            for (key, files) in self.keys_of(check, &concerned) {
                let removed = key.file.as_ref().is_some_and(|file| burst.files.get(file) == Some(&Fate::Removed));
                if removed {
                    self.source_deleted(&key);
                    continue;
                }
                let cause = Cause { change: Some(change), files, head_moved, ..Cause::default() };
                self.want(key, cause);
            }
        }
    }

    /// Returns what a check has to run for these files, each with the files that are the reason.
    fn keys_of(&self, check: &Check, files: &BTreeSet<ProjectPath>) -> Vec<(CheckKey, BTreeSet<ProjectPath>)> {
        if files.is_empty() {
            return Vec::new();
        }
        let key = |file| CheckKey { check: check.name.clone(), file };
        if !check.is_per_file() {
            return match self.settings.fix.on {
                FixOn::Red => vec![(key(None), files.clone())],
                FixOn::Change => {
                    files.iter().map(|file| (key(Some(file.clone())), BTreeSet::from([file.clone()]))).collect()
                }
            };
        }
        let mut keys: Vec<(CheckKey, BTreeSet<ProjectPath>)> = Vec::new();
        for file in files {
            let source = self.source_of(check, file).unwrap_or_else(|| file.clone());
            match keys.iter_mut().find(|(known, _)| known.file.as_ref() == Some(&source)) {
                Some((_, reasons)) => {
                    reasons.insert(file.clone());
                }
                None => keys.push((key(Some(source)), BTreeSet::from([file.clone()]))),
            }
        }
        keys
    }

    /// Returns the source that an edited test file belongs to, if the check knows where it is.
    fn source_of(&self, check: &Check, test: &ProjectPath) -> Option<ProjectPath> {
        let pattern = check.tests.as_deref()?;
        let stem = command_line::stem_of_test(pattern, test)?;
        let known = self.book.checks.keys().filter(|key| key.check == check.name).filter_map(|key| key.file.as_ref());
        known
            .chain(self.live.wanted.keys().filter_map(|key| key.file.as_ref()))
            .find(|source| command_line::stem(source) == stem)
            .cloned()
    }

    fn source_deleted(&mut self, key: &CheckKey) {
        self.live.wanted.remove(key);
        self.drop_tree_run(key);
        if self.book.checks.contains_key(key) {
            self.record(Fact::Forgotten { key: key.clone() });
        }
        if let Some(task) = self.book.open_task(key).map(|task| task.id) {
            self.close(task, TaskState::Done(DoneReason::SourceDeleted));
        }
        self.confirmed_gone(key);
    }

    /// Wants every check run: project checks once, per-file checks for every file they concern.
    pub(crate) fn want_everything(&mut self, files: &[ProjectPath], start: bool) {
        let settings = self.settings.clone();
        for check in &settings.checks {
            let cause = Cause { start, ..Cause::default() };
            if !check.is_per_file() {
                self.want(CheckKey { check: check.name.clone(), file: None }, cause);
                continue;
            }
            let known: BTreeSet<ProjectPath> = files
                .iter()
                .filter(|file| self.matcher.concerns(&check.name, file))
                .filter(|file| {
                    check.tests.as_deref().is_none_or(|pattern| command_line::stem_of_test(pattern, file).is_none())
                })
                .cloned()
                .chain(self.book.checks.keys().filter(|key| key.check == check.name).filter_map(|key| key.file.clone()))
                .collect();
            for file in known {
                self.want(CheckKey { check: check.name.clone(), file: Some(file) }, cause.clone());
            }
        }
    }

    /// Returns the checks that concern files which we wrote ourselves.
    pub(crate) fn keys_touched_by<'a>(&self, files: impl Iterator<Item = &'a ProjectPath>) -> BTreeSet<CheckKey> {
        let files: BTreeSet<ProjectPath> = files.cloned().collect();
        let mut keys = BTreeSet::new();
        for check in &self.settings.checks {
            let concerned = files.iter().filter(|file| self.matcher.concerns(&check.name, file)).cloned().collect();
            keys.extend(self.keys_of(check, &concerned).into_iter().map(|(key, _)| key));
        }
        keys
    }
}
