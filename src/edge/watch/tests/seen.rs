//! A watched project, and what was said of it so far.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::edge::watch::{Kind, Options, WatchEvent, Watcher, start_with};
use crate::model::settings::Watch;

/// Far above any time a loaded machine takes; only a failing test waits so long.
const DEADLINE: Duration = Duration::from_secs(30);

pub(super) fn settings() -> Watch {
    let zero = Duration::ZERO;
    Watch {
        settle: zero,
        settle_max: zero,
        ignore: vec!["*.log".to_owned(), "out/cache".to_owned()],
        paths: Vec::new(),
    }
}

/// A watched project, and what was said of it.
pub(super) struct Seen {
    pub(super) root: PathBuf,
    pub(super) events: Receiver<WatchEvent>,
    pub(super) written: BTreeSet<String>,
    pub(super) removed: BTreeSet<String>,
    pub(super) other: Vec<WatchEvent>,
    pub(super) watcher: Watcher,
    _folder: tempfile::TempDir,
}

impl Seen {
    pub(super) fn of(setup: &[&str]) -> Self {
        Self::with(setup, Options::default(), &settings(), |_| Vec::new())
    }

    pub(super) fn with(
        setup: &[&str],
        options: Options,
        settings: &Watch,
        git: impl Fn(&Path) -> Vec<PathBuf>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        for file in setup {
            write(&root, file);
        }
        let (sender, events) = channel();
        let watcher = start_with(&root, settings, git(&root), options, move |event| drop(sender.send(event))).unwrap();
        let (written, removed) = (BTreeSet::new(), BTreeSet::new());
        Self { root, events, written, removed, other: Vec::new(), watcher, _folder: folder }
    }

    /// Takes in what is said next.
    fn take(&mut self) {
        match self.events.recv_timeout(DEADLINE) {
            Ok(WatchEvent::Changed(changed)) => {
                for (path, kind) in changed {
                    match kind {
                        Kind::Written => self.written.insert(path.to_string()),
                        Kind::Removed => self.removed.insert(path.to_string()),
                    };
                }
            }
            Ok(event) => self.other.push(event),
            Err(why) => {
                panic!(
                    "{why}: waited in vain; written {:?}, removed {:?}, {:?}",
                    self.written, self.removed, self.other
                )
            }
        }
    }

    pub(super) fn wait(&mut self, mut done: impl FnMut(&Self) -> bool) {
        while !done(self) {
            self.take();
        }
    }

    pub(super) fn wait_written(&mut self, files: &[&str]) {
        self.wait(|seen| files.iter().all(|file| seen.written.contains(*file)));
    }

    /// Waits until everything done so far has been reported: what is written last is reported last.
    pub(super) fn settle(&mut self) {
        let names = ["settle-1", "settle-2"];
        for name in names {
            write(&self.root, name);
            self.wait_written(&[name]);
            fs::remove_file(self.root.join(name)).unwrap();
            self.wait(|seen| seen.removed.contains(name));
        }
        // Not one by one: that the first is gone may be said again while the second is waited for.
        for name in names {
            self.written.remove(name);
            self.removed.remove(name);
        }
    }

    pub(super) fn forget(&mut self) {
        self.settle();
        self.written.clear();
        self.removed.clear();
        self.other.clear();
    }
}

pub(super) fn write(root: &Path, file: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, file).unwrap();
}

pub(super) fn set(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|&file| file.to_owned()).collect()
}
