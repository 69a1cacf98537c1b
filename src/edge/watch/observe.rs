//! How the system's notices, or looks at intervals, become changes of files that count.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use crate::edge::watch::event::{Kind, WatchError, WatchEvent};
use crate::edge::watch::git::{GitPlaces, below};
use crate::edge::watch::native::{Message, Native, Notice, Trouble};
use crate::edge::watch::options::Options;
use crate::edge::watch::poll::Poller;
use crate::edge::watch::proof::Proofs;
use crate::edge::watch::rules::{Rules, is_rule_file};
use crate::edge::watch::walk::{Met, go};
use crate::model::path::ProjectPath;
use crate::model::settings::Watch;

/// Notices taken in one go, so that a storm does not hold back what is known already.
const BATCH: usize = 8192;
/// For how many batches a new folder is remembered; see [`Loop::gone`].
const RECENT_BATCHES: u64 = 16;
/// How many looks at intervals go by before the system's notices are tried again.
const LOOKS_BEFORE_RETRY: u32 = 15;
/// So many files make the interval one second longer: looking at them takes about a tenth of that.
const FILES_PER_SECOND: usize = 20_000;

/// How the project is watched now.
enum Mode {
    Native(Native),
    Polling {
        poller: Poller,
        /// Looks since the system's notices were last tried.
        looks: u32,
    },
}

/// All that the watcher's thread has.
pub(super) struct Loop<S> {
    project: PathBuf,
    settings: Watch,
    rules: Rules,
    git: GitPlaces,
    mode: Mode,
    options: Options,
    /// For the system's interface, which is opened again after trouble.
    sender: Sender<Message>,
    batch: u64,
    /// Folders that came lately, with the batch they came in.
    recent: VecDeque<(u64, PathBuf)>,
    /// A folder went or was replaced: what the rules remember of its own files may be wrong.
    stale_rules: bool,
    proofs: Proofs,
    sink: S,
}

/// What a batch comes to.
#[derive(Default)]
struct Found {
    changed: BTreeMap<ProjectPath, Kind>,
    git_moved: bool,
    trouble: Option<Trouble>,
}

impl Found {
    fn put(&mut self, path: &Path, kind: Kind) {
        self.changed.extend(ProjectPath::new(path).map(|path| (path, kind)));
    }
}

impl<S: Fn(WatchEvent)> Loop<S> {
    /// Begins to watch, by the system's notices if they are to be had; else with the trouble that keeps them away.
    pub(super) fn open(
        project: &Path,
        settings: &Watch,
        git_files: Vec<PathBuf>,
        options: Options,
        sender: Sender<Message>,
        sink: S,
    ) -> Result<(Self, Option<Trouble>), WatchError> {
        let refused = |source| WatchError::Project { path: project.to_owned(), source };
        let project = project.canonicalize().map_err(refused)?;
        fs::read_dir(&project).map_err(refused)?;
        let rules = Rules::new(&project, settings)?;
        let git = GitPlaces::new(&project, git_files);
        let proofs = Proofs::new(options.proving_ground.clone());
        let mut this = Self {
            project,
            settings: settings.clone(),
            rules,
            git,
            mode: Mode::Polling { poller: Poller::default(), looks: 0 },
            options,
            sender,
            batch: 0,
            recent: VecDeque::new(),
            stale_rules: false,
            proofs,
            sink,
        };
        let trouble = if this.options.only_poll { None } else { this.try_native().err() };
        if matches!(this.mode, Mode::Polling { .. }) {
            let poller = Poller::new(&this.project, &mut this.rules, &this.git);
            this.mode = Mode::Polling { poller, looks: 0 };
        }
        Ok((this, trouble))
    }

    /// Returns how many folders are watched by the system's notices.
    pub(super) fn watched(&self) -> usize {
        match &self.mode {
            Mode::Native(native) => native.len(),
            Mode::Polling { .. } => 0,
        }
    }

    /// Watches until it is told to stop; says first what `trouble` there is.
    pub(super) fn run(mut self, trouble: Option<Trouble>, receiver: &Receiver<Message>, wakeups: &AtomicU64) {
        if let Some(Trouble { reason, hint }) = trouble {
            (self.sink)(WatchEvent::Degraded { reason, hint });
        }
        loop {
            let first = match &self.mode {
                // Without notices there is nothing to do: no timer runs.
                Mode::Native(_) => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Mode::Polling { poller, .. } => {
                    let more = u32::try_from(poller.len() / FILES_PER_SECOND).unwrap_or(u32::MAX);
                    receiver.recv_timeout(self.options.interval.saturating_add(Duration::from_secs(more.into())))
                }
            };
            wakeups.fetch_add(1, Ordering::Relaxed);
            match first {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(first) => {
                    let batch: Vec<_> = std::iter::once(first).chain(receiver.try_iter()).take(BATCH).collect();
                    if batch.iter().any(|message| matches!(message, Message::Stop)) {
                        return;
                    }
                    let batch = self.proofs.take(batch, matches!(self.mode, Mode::Native(_)));
                    // What an interface that was given up had still to say does not matter.
                    if matches!(self.mode, Mode::Native(_)) {
                        self.take(batch);
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.look(),
            }
        }
    }

    /// Takes in what the system said.
    fn take(&mut self, batch: Vec<Message>) {
        self.batch += 1;
        while self.recent.front().is_some_and(|(since, _)| since + RECENT_BATCHES < self.batch) {
            self.recent.pop_front();
        }
        let mut paths = BTreeMap::new();
        let mut lost = None;
        let mut found = Found::default();
        for message in batch {
            match message {
                Message::At(notice, at) => {
                    for path in at {
                        if self.proofs.is_proof(&path) {
                            continue;
                        }
                        let known = paths.entry(path).or_insert(notice);
                        *known = notice.max(*known);
                    }
                }
                Message::Lost(reason) => lost = Some(reason),
                Message::Full => found.trouble = Some(Trouble::full()),
                Message::Prove(_) | Message::Stop => {}
            }
        }
        let new_rules = paths.keys().any(|path| is_rule_file(path) && (path.starts_with(&self.project)));
        if new_rules {
            self.read_rules();
        }
        if (new_rules || lost.is_some()) && found.trouble.is_none() {
            found.trouble = self.sync(lost.is_some()).err();
        }
        // Parents come before what is in them, as paths are sorted.
        for (path, notice) in paths {
            if found.trouble.is_some() {
                break;
            }
            self.at(&path, notice, &mut found);
        }
        self.say(found, lost);
    }

    fn read_rules(&mut self) {
        // The globs were good at the start, so this does not fail; if it did, the old rules are better than none.
        if let Ok(rules) = Rules::new(&self.project, &self.settings) {
            self.rules = rules;
        }
        self.stale_rules = false;
    }

    /// Hands on what was found, and changes over to looking if there was trouble.
    fn say(&mut self, found: Found, lost: Option<String>) {
        if found.git_moved {
            (self.sink)(WatchEvent::GitMoved);
        }
        if !found.changed.is_empty() {
            (self.sink)(WatchEvent::Changed(found.changed.into_iter().collect()));
        }
        if let Some(Trouble { reason, hint }) = found.trouble {
            let poller = Poller::new(&self.project, &mut self.rules, &self.git);
            self.mode = Mode::Polling { poller, looks: 0 };
            (self.sink)(WatchEvent::Degraded { reason: reason.clone(), hint });
            // What changed before the first look is not known.
            (self.sink)(WatchEvent::Rescan { reason });
        } else if let Some(reason) = lost {
            (self.sink)(WatchEvent::Rescan { reason });
        }
    }

    /// Looks at one path that the system named, as it is now.
    fn at(&mut self, path: &Path, notice: Notice, found: &mut Found) {
        if self.git.is_move(path) {
            found.git_moved = true;
        }
        if self.git.is_inside(path) {
            if notice == Notice::Structure && path.is_dir() {
                for folder in below(path).0 {
                    self.watch(&folder, found);
                }
            }
            return;
        }
        let Ok(relative) = path.strip_prefix(&self.project).map(Path::to_owned) else { return };
        match fs::symlink_metadata(path) {
            Ok(data) if data.is_dir() => {
                let is_known = match &self.mode {
                    Mode::Native(native) => native.has(path),
                    Mode::Polling { .. } => false,
                };
                // The project itself is named when something about the folder changes; it is watched already.
                if !relative.as_os_str().is_empty() && (notice == Notice::Structure || !is_known) {
                    if is_known || self.stale_rules {
                        self.read_rules();
                    }
                    if self.rules.counts(&relative, true) {
                        self.enter(&relative, found);
                    }
                }
            }
            Ok(data) if data.is_file() || data.is_symlink() => {
                if self.rules.counts(&relative, false) {
                    found.put(&relative, Kind::Written);
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.gone(path, &relative, found);
            }
            // A socket, a pipe, a device; or whether it is there is not known.
            Ok(_) | Err(_) => {}
        }
    }

    /// Watches a new folder, then lists it, and so on for those in it.
    fn enter(&mut self, folder: &Path, found: &mut Found) {
        let Mode::Native(native) = &mut self.mode else { return };
        let (project, batch, recent) = (&self.project, self.batch, &mut self.recent);
        go(project, &mut self.rules, folder, &mut |met| {
            match met {
                Met::Folder(folder) => {
                    let folder = project.join(folder);
                    if let Err(refusal) = native.add(&folder, false)
                        && let Some(trouble) = Trouble::of(refusal)
                    {
                        found.trouble = Some(trouble);
                        return false;
                    }
                    recent.push_back((batch, folder));
                }
                Met::File(path) => found.put(path, Kind::Written),
                Met::Unreadable(_) => {}
            }
            true
        });
    }

    /// Notes that nothing is there any more.
    ///
    /// A folder that moved is one watch under two names for a moment: found under its new name by a listing, before
    /// its leaving the old one was read. The system's interface then drops the watch with the old name. So when a
    /// watched folder goes, those that came lately are entered once more.
    fn gone(&mut self, path: &Path, relative: &Path, found: &mut Found) {
        if relative.as_os_str().is_empty() {
            found.trouble = Some(Trouble::gone(&self.project));
            return;
        }
        let Mode::Native(native) = &mut self.mode else { return };
        let was_folder = native.remove(path);
        if self.rules.counts(relative, was_folder) {
            found.put(relative, Kind::Removed);
        }
        if was_folder {
            self.stale_rules = true;
            let mut again: Vec<_> = std::mem::take(&mut self.recent).into_iter().map(|(_, folder)| folder).collect();
            again.sort_unstable();
            again.dedup();
            // Entering a folder enters those in it.
            again.dedup_by(|inner, outer| inner.starts_with(outer));
            for folder in again {
                if folder.is_dir()
                    && let Ok(relative) = folder.strip_prefix(&self.project).map(Path::to_owned)
                {
                    self.enter(&relative, found);
                }
            }
        }
    }

    fn watch(&mut self, folder: &Path, found: &mut Found) {
        if let Mode::Native(native) = &mut self.mode
            && let Err(refusal) = native.add(folder, true)
        {
            found.trouble = Trouble::of(refusal).or(found.trouble.take());
        }
    }

    /// Watches what counts now and stops watching what does not. `again`: also what is watched already, in case
    /// another folder has taken its place unnoticed.
    fn sync(&mut self, again: bool) -> Result<(), Trouble> {
        let Mode::Native(native) = &mut self.mode else { return Ok(()) };
        native.watch_all(&self.project, &mut self.rules, &self.git, again)
    }

    /// Opens the system's interface and watches everything.
    fn try_native(&mut self) -> Result<(), Trouble> {
        let mut native = Native::open(self.sender.clone(), self.options.watch_limit.clone())
            .map_err(|error| Trouble::closed(&error))?;
        native.watch_all(&self.project, &mut self.rules, &self.git, false)?;
        if let Some(ground) = self.proofs.ground()
            && let Err(refusal) = native.add(ground, true)
            && let Some(trouble) = Trouble::of(refusal)
        {
            return Err(trouble);
        }
        self.mode = Mode::Native(native);
        Ok(())
    }

    /// Looks the project through, and tries the system's notices from time to time.
    fn look(&mut self) {
        self.read_rules();
        let Mode::Polling { poller, looks } = &mut self.mode else { return };
        *looks += 1;
        let retry = !self.options.only_poll && *looks >= LOOKS_BEFORE_RETRY;
        if retry {
            *looks = 0;
        }
        let mut poller = std::mem::take(poller);
        // Watch first, then look: what changes between is noticed twice, not never.
        let recovered = retry && self.project.is_dir() && self.try_native().is_ok();
        let difference = poller.look(&self.project, &mut self.rules, &self.git);
        if let Mode::Polling { poller: kept, .. } = &mut self.mode {
            *kept = poller;
        }
        if difference.git_moved {
            (self.sink)(WatchEvent::GitMoved);
        }
        if !difference.changed.is_empty() {
            (self.sink)(WatchEvent::Changed(difference.changed));
        }
        if recovered {
            (self.sink)(WatchEvent::Recovered);
        }
    }
}
