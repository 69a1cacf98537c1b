//! Settles changes and works out which checks they concern.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::core::command_line;
use crate::core::effect::Place;
use crate::core::fact::Fact;
use crate::core::input::Fate;
use crate::core::live::{Burst, Cause, Owner, Step};
use crate::core::matching::Concern;
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;
use crate::model::path::ProjectPath;
use crate::model::settings::{Check, FixOn};
use crate::model::task::{DoneReason, TaskState};
use crate::model::time::Moment;
use crate::model::workspace::{ChangeKind, FileChange, RepoState};

/// How many files of a change the journal names.
const NAMED_FILES: usize = 20;

/// How long before and after HEAD moves files count as written by that: git writes files first and HEAD last, and the
/// watcher is late by some of it.
const HEAD_MOVES: Duration = Duration::from_secs(2);

impl Supervisor {
    /// Takes in raw changes; they count when the burst settles.
    pub(crate) fn changed(&mut self, files: impl IntoIterator<Item = (ProjectPath, Fate)>, saved: bool) {
        let mut files = files.into_iter().peekable();
        if files.peek().is_none() || !self.is_up() {
            return;
        }
        let now = self.live.now.moment;
        if saved {
            self.live.saved = Some(now);
        }
        let burst = self.live.burst.get_or_insert(Burst { first: now, last: now, files: BTreeMap::new(), saved });
        burst.last = now;
        burst.saved |= saved;
        burst.files.extend(files);
    }

    /// Takes in where the repository stands.
    pub(crate) fn repository(&mut self, state: RepoState) {
        let before = &self.live.repository;
        if before.head != state.head || before.branch != state.branch {
            self.head_moved();
        }
        self.live.repository = state;
    }

    /// HEAD moved: what is about to settle comes from that, and so does what has settled just now.
    fn head_moved(&mut self) {
        let now = self.live.now.moment;
        self.live.moved = Some(now);
        let Some((_, change)) = self.live.settled.filter(|(at, _)| now.since(*at) <= HEAD_MOVES) else { return };
        let running = self.live.sessions.values_mut().filter_map(|running| match &mut running.owner {
            Owner::Tree { cause, .. } => Some(cause),
            Owner::Attempt(_) => None,
        });
        for cause in running.chain(self.live.wanted.values_mut()).filter(|cause| cause.change == Some(change)) {
            cause.head_moved = true;
        }
        self.hold_moved(change);
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
        self.live.settled = Some((burst.last, change));
        let head_moved = self.live.moved.is_some_and(|moved| burst.first.since(moved) <= HEAD_MOVES);
        let files = self.with_what_was_below(burst.files);
        for (file, fate) in &files {
            self.keep_in_mind(file, *fate);
        }
        for (key, causes) in self.keys_of(files.keys()) {
            let is_removed = |file: &ProjectPath| files.get(file) == Some(&Fate::Removed);
            if key.file.as_ref().is_some_and(is_removed) {
                self.source_deleted(&key);
            } else if !self.is_echo(&key, &causes, burst.first) {
                // Where the watcher lost track nobody is known to have saved anything.
                let causes = if burst.saved { causes } else { BTreeSet::new() };
                let cause = Cause { change: Some(change), files: causes, head_moved, ..Cause::default() };
                self.want(key, cause);
            }
        }
    }

    /// Adds the known files below paths that are gone: the watcher names a removed folder, not what was in it.
    fn with_what_was_below(&self, mut files: BTreeMap<ProjectPath, Fate>) -> BTreeMap<ProjectPath, Fate> {
        let gone: Vec<&ProjectPath> =
            files.iter().filter(|(_, fate)| **fate == Fate::Removed).map(|(file, _)| file).collect();
        let below: Vec<ProjectPath> =
            self.live.files.iter().filter(|known| gone.iter().any(|folder| known.is_below(folder))).cloned().collect();
        for file in below {
            files.entry(file).or_insert(Fate::Removed);
        }
        files
    }

    /// Keeps in mind which files there are after we wrote some, also against what was noticed before that.
    pub(crate) fn wrote(&mut self, files: &[FileChange]) {
        for FileChange { path, kind, .. } in files {
            let fate = if *kind == ChangeKind::Deleted { Fate::Removed } else { Fate::Written };
            self.keep_in_mind(path, fate);
            if let Some(noticed) = self.live.burst.as_mut().and_then(|burst| burst.files.get_mut(path)) {
                *noticed = fate;
            }
        }
    }

    fn keep_in_mind(&mut self, file: &ProjectPath, fate: Fate) {
        match fate {
            Fate::Written => self.live.files.insert(file.clone()),
            Fate::Removed => self.live.files.remove(file),
        };
    }

    /// Returns what the checks have to run for these files, each with the files that are the reason.
    fn keys_of<'a>(&self, files: impl Iterator<Item = &'a ProjectPath>) -> BTreeMap<CheckKey, BTreeSet<ProjectPath>> {
        let mut keys: BTreeMap<CheckKey, BTreeSet<ProjectPath>> = BTreeMap::new();
        for file in files {
            for (name, concern) in self.matcher.concerned(file) {
                let Some(check) = self.check(name) else { continue };
                for scope in self.scopes_of(check, concern, file) {
                    let key = CheckKey { check: name.clone(), file: scope };
                    keys.entry(key).or_default().insert(file.clone());
                }
            }
        }
        keys
    }

    /// Returns what a check runs for one changed file: itself once, the file, or the sources of a test file.
    fn scopes_of(&self, check: &Check, concern: Concern, file: &ProjectPath) -> Vec<Option<ProjectPath>> {
        if !check.is_per_file() {
            // The deletion of a file is the project's business.
            let for_file = self.settings.fix.on == FixOn::Change && self.live.files.contains(file);
            return vec![for_file.then(|| file.clone())];
        }
        match (concern, check.tests.as_deref()) {
            (Concern::Test, Some(pattern)) => {
                let sources = command_line::sources_of(pattern, file, self.live.files.iter());
                sources
                    .into_iter()
                    .filter(|known| self.is_source(check, known))
                    .map(|known| Some(known.clone()))
                    .collect()
            }
            (Concern::Source, _) | (Concern::Test, None) => vec![Some(file.clone())],
        }
    }

    pub(crate) fn is_source(&self, check: &Check, file: &ProjectPath) -> bool {
        self.matcher.concerned(file).any(|(name, concern)| *name == check.name && concern == Concern::Source)
    }

    fn source_deleted(&mut self, key: &CheckKey) {
        self.live.wanted.remove(key);
        self.drop_tree_run(key);
        if self.book.checks.contains_key(key) {
            self.record(Fact::Forgotten { key: key.clone() });
        }
        self.green_ends_snooze(key);
        if let Some(task) = self.book.open_task(key).map(|task| task.id) {
            self.close(task, TaskState::Done(DoneReason::SourceDeleted));
        }
        self.confirmed_gone(key);
    }

    /// Wants every check run: project checks once, per-file checks for every file they concern.
    pub(crate) fn want_everything(&mut self, start: bool) {
        self.want_checks(|_| true, &Cause { start, ..Cause::default() });
    }

    /// Wants these checks run: project checks once, per-file checks for every file they concern.
    pub(crate) fn want_checks(&mut self, which: impl Fn(&Check) -> bool, cause: &Cause) {
        let settings = self.settings.clone();
        for check in settings.checks.iter().filter(|check| which(check)) {
            if !check.is_per_file() {
                self.want(CheckKey { check: check.name.clone(), file: None }, cause.clone());
                continue;
            }
            let known: BTreeSet<ProjectPath> = self
                .live
                .files
                .iter()
                .filter(|file| self.is_source(check, file))
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
        self.keys_of(files).into_keys().collect()
    }
}
