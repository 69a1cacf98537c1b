//! The system's notices: one watch for each folder that counts.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use notify::event::{EventKind, ModifyKind};
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::edge::watch::git::GitPlaces;
use crate::edge::watch::rules::Rules;
use crate::edge::watch::walk::{Met, go};

/// Whether the system watches whole trees by itself. There, a watch for each folder would restart the stream each time
/// (`FSEvents`); what is ignored is dropped on arrival instead.
const WHOLE_TREES: bool = cfg!(target_os = "macos");

/// How a path changed, as far as the notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Notice {
    /// Its content.
    Content,
    /// It came, went or was renamed.
    Structure,
}

/// What arrives from the system, or from the owner.
#[derive(Debug)]
pub(crate) enum Message {
    /// Something happened at these paths.
    At(Notice, Vec<PathBuf>),
    /// Notices were lost.
    Lost(String),
    /// There are no more watches to be had.
    Full,
    /// Show that changes are still noticed, and say so here.
    Prove(Sender<()>),
    /// Time to end.
    Stop,
}

/// Why a folder is not watched.
#[derive(Debug)]
pub(crate) enum NotWatched {
    /// It is not there, or may not be read: nothing to report from it.
    Gone,
    /// The system has no more watches.
    Full,
    /// The system refuses for another reason.
    Refused(String),
}

/// The watches of a project.
pub(crate) struct Native {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    limit: Option<Arc<AtomicUsize>>,
}

impl Native {
    /// Opens the system's interface, without any watch.
    pub(crate) fn open(sender: Sender<Message>, limit: Option<Arc<AtomicUsize>>) -> Result<Self, notify::Error> {
        let handler = move |notice: notify::Result<Event>| {
            if let Some(message) = understand(notice) {
                // Fails only when the owner has ended; then nobody wants to know.
                let _ = sender.send(message);
            }
        };
        let watcher = RecommendedWatcher::new(handler, Config::default().with_follow_symlinks(false))?;
        Ok(Self { watcher, folders: BTreeSet::new(), limit })
    }

    /// Watches a folder; again, if it is watched already, as another folder may have taken its place.
    pub(crate) fn add(&mut self, folder: &Path, is_top: bool) -> Result<(), NotWatched> {
        let is_spent = |limit: &Arc<AtomicUsize>| self.folders.len() >= limit.load(Ordering::SeqCst);
        if !self.folders.contains(folder) && self.limit.as_ref().is_some_and(is_spent) {
            return Err(NotWatched::Full);
        }
        let mode = if WHOLE_TREES { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        if !WHOLE_TREES || is_top {
            self.watcher.watch(folder, mode).map_err(|error| match error.kind {
                ErrorKind::MaxFilesWatch => NotWatched::Full,
                ErrorKind::PathNotFound => NotWatched::Gone,
                ErrorKind::Io(why) => match why.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied => {
                        NotWatched::Gone
                    }
                    _ => NotWatched::Refused(why.to_string()),
                },
                other => NotWatched::Refused(notify::Error::new(other).to_string()),
            })?;
        }
        self.folders.insert(folder.to_owned());
        Ok(())
    }

    /// Watches everything that counts and stops watching what does not. `again`: also what is watched already, in case
    /// another folder has taken its place unnoticed.
    pub(crate) fn watch_all(
        &mut self,
        project: &Path,
        rules: &mut Rules,
        git: &GitPlaces,
        again: bool,
    ) -> Result<(), Trouble> {
        let mut trouble = None;
        let mut counted = Vec::new();
        let mut add = |folder: PathBuf, is_top: bool| {
            if (again || !self.has(&folder))
                && let Err(refusal) = self.add(&folder, is_top)
                && let Some(why) = Trouble::of(refusal)
            {
                trouble = Some(why);
                return false;
            }
            counted.push(folder);
            true
        };
        go(project, rules, Path::new(""), &mut |met| match met {
            Met::Folder(top) if top.as_os_str().is_empty() => add(project.to_owned(), true),
            Met::Folder(folder) => add(project.join(folder), false),
            Met::File(_) | Met::Unreadable(_) => true,
        });
        for folder in git.folders() {
            add(folder, true);
        }
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
        if !self.has(project) {
            return Err(Trouble::gone(project));
        }
        counted.sort_unstable();
        for known in self.below(project) {
            if counted.binary_search(&known).is_err() {
                self.remove(&known);
            }
        }
        Ok(())
    }

    /// Whether a folder is watched.
    pub(crate) fn has(&self, folder: &Path) -> bool {
        self.folders.contains(folder)
    }

    /// Forgets a folder and those below it; returns whether it was watched.
    pub(crate) fn remove(&mut self, folder: &Path) -> bool {
        let below: Vec<_> =
            self.folders.range(folder.to_owned()..).take_while(|known| known.starts_with(folder)).cloned().collect();
        for known in &below {
            self.folders.remove(known);
            // Fails if the folder is gone, and its watch with it.
            let _ = self.watcher.unwatch(known);
        }
        below.first().is_some_and(|first| first == folder)
    }

    /// Returns how many folders are watched.
    pub(crate) fn len(&self) -> usize {
        self.folders.len()
    }

    /// Returns the watched folders at or below one.
    pub(crate) fn below(&self, folder: &Path) -> Vec<PathBuf> {
        self.folders.range(folder.to_owned()..).take_while(|known| known.starts_with(folder)).cloned().collect()
    }
}

/// Why the system's notices cannot be used.
pub(crate) struct Trouble {
    pub(crate) reason: String,
    pub(crate) hint: String,
}

impl Trouble {
    /// The interface itself cannot be had.
    pub(crate) fn closed(error: &notify::Error) -> Self {
        Self {
            reason: format!("the system cannot watch files ({error}); looking every few seconds"),
            hint: more_instances(),
        }
    }

    /// Returns what a refusal means for the whole; a folder that is gone means nothing.
    pub(crate) fn of(refusal: NotWatched) -> Option<Self> {
        match refusal {
            NotWatched::Gone => None,
            NotWatched::Full => Some(Self::full()),
            NotWatched::Refused(why) => Some(Self {
                reason: format!("the system cannot watch files ({why}); looking every few seconds"),
                hint: more_watches(),
            }),
        }
    }

    /// There are no more watches to be had.
    pub(crate) fn full() -> Self {
        Self {
            reason: "the system has no more file watches; looking every few seconds".to_owned(),
            hint: more_watches(),
        }
    }

    /// There is no project any more.
    pub(crate) fn gone(project: &Path) -> Self {
        Self {
            reason: format!("the project folder {} is gone", project.display()),
            hint: "put it back, or end and start in the new place".to_owned(),
        }
    }
}

/// Drops what is no change of content (opened, closed, read, mode, times), and keeps what the rest means.
fn understand(notice: notify::Result<Event>) -> Option<Message> {
    let event = match notice {
        Ok(event) => event,
        Err(error) => {
            return match error.kind {
                ErrorKind::MaxFilesWatch => Some(Message::Full),
                ErrorKind::PathNotFound | ErrorKind::WatchNotFound => None,
                ErrorKind::Generic(_) | ErrorKind::Io(_) | ErrorKind::InvalidConfig(_) => {
                    Some(Message::Lost(error.to_string()))
                }
            };
        }
    };
    if event.need_rescan() {
        return Some(Message::Lost("the system reports changes faster than they can be read".to_owned()));
    }
    let notice = match event.kind {
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => return None,
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any | ModifyKind::Other) => Notice::Content,
        EventKind::Create(_)
        | EventKind::Remove(_)
        | EventKind::Modify(ModifyKind::Name(_))
        | EventKind::Any
        | EventKind::Other => Notice::Structure,
    };
    Some(Message::At(notice, event.paths))
}

/// Returns what to type to get more watches.
fn more_watches() -> String {
    // Each costs about 1 KB of the kernel's memory, so the half million that editors ask for is enough to begin.
    raise("watches", 524_288)
}

/// Returns what to type to be able to watch at all.
fn more_instances() -> String {
    raise("instances", 512)
}

/// Returns the command that doubles one of the system's limits, to at least `least`. There are two of each: for all
/// users of the machine, and for those of a container; the lower one counts.
fn raise(what: &str, least: u64) -> String {
    let read = |file: String| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let machine = read(format!("/proc/sys/fs/inotify/max_user_{what}"));
    let inside = read(format!("/proc/sys/user/max_inotify_{what}"));
    let (name, now) = match (machine, inside) {
        (Some(machine), Some(inside)) if inside < machine => (format!("user.max_inotify_{what}"), inside),
        (Some(machine), _) => (format!("fs.inotify.max_user_{what}"), machine),
        (None, Some(inside)) => (format!("user.max_inotify_{what}"), inside),
        (None, None) => return "close other programs that watch files".to_owned(),
    };
    format!("sudo sysctl {name}={} (now {now})", now.saturating_mul(2).max(least))
}
