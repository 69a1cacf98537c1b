//! What a verdict may have to know about the workspace; the edge looks, a test makes it up.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// A look at the workspace.
pub trait World {
    /// Returns the text of a file, if it can be read and is not too long.
    fn read(&self, file: &Path) -> Option<String>;

    /// Returns the text that a file had when the work began, if it was there.
    fn before(&self, file: &Path) -> Option<String>;

    /// Whether a file is as it was when the work began.
    fn is_untouched(&self, file: &Path) -> bool;

    /// Returns every file of this name in the workspace, but for those of installed packages.
    fn named(&self, name: &str) -> Vec<PathBuf>;

    /// Returns the files of the project, relative to the workspace: those that were there when the work began and are
    /// not ignored.
    fn project_files(&self) -> Cow<'_, [String]>;

    /// Whether something is at this path.
    fn exists(&self, path: &Path) -> bool;

    /// Returns where a path leads when links are followed, as far as it exists.
    fn real(&self, path: &Path) -> PathBuf;
}
