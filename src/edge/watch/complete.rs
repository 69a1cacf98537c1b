//! Watches a folder for files that are whole: closed by their writer, renamed, or gone.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::event::WatchError;

/// Whether the system says when a file is closed by its writer. Elsewhere every change is told.
const TELLS_OF_CLOSING: bool = cfg!(target_os = "linux");

/// Tells of files of one folder until it is dropped.
#[derive(Debug)]
pub struct Complete {
    _watcher: RecommendedWatcher,
}

impl Complete {
    /// Calls `told`, on a thread of its own, with the name of each such file; with nothing when some were missed, or the
    /// folder is gone, which is watched no more then.
    ///
    /// # Errors
    /// If the system has no watch for it.
    pub fn watch(folder: &Path, told: impl Fn(Option<String>) + Send + 'static) -> Result<Self, WatchError> {
        let wrap = |error: notify::Error| WatchError::System(error.to_string());
        let itself = folder.to_owned();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| match event {
            Ok(event) if event.need_rescan() => told(None),
            Ok(event) if is_whole(event.kind) && event.paths.contains(&itself) => told(None),
            Ok(event) if is_whole(event.kind) => {
                let names = event.paths.iter().filter_map(|path| path.file_name()?.to_str());
                names.for_each(|name| told(Some(name.to_owned())));
            }
            Ok(_) => {}
            Err(_) => told(None),
        })
        .map_err(wrap)?;
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(wrap)?;
        Ok(Self { _watcher: watcher })
    }
}

fn is_whole(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(_))
        | EventKind::Remove(_) => true,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Any | EventKind::Other => !TELLS_OF_CLOSING,
        EventKind::Access(_) => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use std::fs::{self, File};
    use std::io::Write as _;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_is_told_when_its_writer_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let (sender, told) = channel();
        let _watch = Complete::watch(folder.path(), move |name| sender.send(name).unwrap()).unwrap();
        let mut slow = File::create(folder.path().join("slow.md")).unwrap();
        slow.write_all(b"half").unwrap();
        fs::write(folder.path().join("quick.md"), "whole").unwrap();
        let next = || told.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(next().as_deref(), Some("quick.md"), "the other one is still open");
        drop(slow);
        assert_eq!(next().as_deref(), Some("slow.md"));
        fs::rename(folder.path().join("quick.md"), folder.path().join("renamed.md")).unwrap();
        let mut names: Vec<_> = (0..2).filter_map(|_| next()).collect();
        names.sort();
        assert_eq!(names, ["quick.md", "renamed.md"]);
        fs::remove_file(folder.path().join("slow.md")).unwrap();
        while next().as_deref() != Some("slow.md") {}
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_goes_is_told() {
        for goes in [
            |folder: &Path| fs::remove_dir_all(folder),
            |folder: &Path| fs::rename(folder, folder.with_extension("old")),
        ] {
            let around = tempfile::tempdir().unwrap();
            let folder = around.path().join("folder");
            fs::create_dir(&folder).unwrap();
            let (sender, told) = channel();
            let _watch = Complete::watch(&folder, move |name| sender.send(name).unwrap()).unwrap();
            goes(&folder).unwrap();
            while told.recv_timeout(Duration::from_secs(30)).unwrap().is_some() {}
        }
    }
}
