//! Watches a few files by name, whether they exist or not.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::event::WatchError;

/// Tells of changes of a few files until it is dropped.
#[derive(Debug)]
pub struct Named {
    _watcher: RecommendedWatcher,
}

impl Named {
    /// Calls `changed`, on a thread of its own, whenever one of the files is written, made, replaced or removed. Files in
    /// folders that do not exist are left out: nobody can write them before the folder is made.
    ///
    /// # Errors
    /// If the system has no watch for it.
    pub fn watch(files: &[PathBuf], changed: impl Fn() + Send + 'static) -> Result<Self, WatchError> {
        let names: BTreeSet<OsString> = files.iter().filter_map(|file| file.file_name()).map(OsString::from).collect();
        let folders: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| file.parent()).filter(|folder| folder.is_dir()).map(PathBuf::from).collect();
        let wrap = |error: notify::Error| WatchError::System(error.to_string());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let is_ours = |event: &Event| {
                !event.kind.is_access()
                    && event.paths.iter().any(|path| path.file_name().is_some_and(|name| names.contains(name)))
            };
            if event.as_ref().is_ok_and(is_ours) {
                changed();
            }
        })
        .map_err(wrap)?;
        for folder in folders {
            // Its folder, not the file: editors replace files.
            watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(wrap)?;
        }
        Ok(Self { _watcher: watcher })
    }
}
