//! Says which paths of the project count.

use std::path::{Path, PathBuf};

use ignore::overrides::OverrideBuilder;
use ignore::{IncrementalIgnore, WalkBuilder};

use crate::edge::watch::event::WatchError;
use crate::model::settings::Watch;

/// What never counts: repositories, editors' swap, lock and backup files, caches and installed packages. All of it is
/// written by tools while they work, and none of it is a source.
const NEVER: [&str; 22] = [
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "__pycache__",
    ".venv",
    ".tox",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".DS_Store",
    "*.swp",
    "*.swx",
    "*~",
    ".#*",
    "\\#*#",
    // Vim writes and deletes this file to see whether it can write.
    "4913",
    "*___jb_tmp___",
    "*___jb_old___",
    ".goutputstream-*",
    "*.pyc",
];

/// The rules of a project: `.gitignore`, `.ignore`, `.git/info/exclude`, the user's global excludes, `[watch]`.
///
/// Files with rules are read when first needed and kept; make new rules when one changed.
pub(crate) struct Rules {
    ignored: Vec<IncrementalIgnore>,
    /// Only what is in one of these counts; empty: all.
    scope: Vec<PathBuf>,
}

impl Rules {
    /// Reads the rules of `project`, which must be absolute.
    pub(crate) fn new(project: &Path, settings: &Watch) -> Result<Self, WatchError> {
        let mut globs = OverrideBuilder::new(project);
        // In an override, `!` means: ignore; and it is stronger than any file's rule.
        let mut never: Vec<String> = NEVER.iter().map(|glob| format!("!{glob}")).collect();
        if project.join("Cargo.toml").exists() {
            never.push("!/target".to_owned());
        }
        never.extend(settings.ignore.iter().map(|glob| format!("!{glob}")));
        for glob in &never {
            globs.add(glob).map_err(|error| WatchError::Glob(error.to_string()))?;
        }
        let globs = globs.build().map_err(|error| WatchError::Glob(error.to_string()))?;
        // Without a repository, `.gitignore` counts all the same, but only those inside the project.
        let in_repository = project.ancestors().any(|folder| folder.join(".git").exists());
        let mut builder = WalkBuilder::new(project);
        builder.hidden(false).overrides(globs).require_git(in_repository).parents(in_repository).follow_links(false);
        let scope = settings.paths.iter().map(|path| Path::new(path).components().collect()).collect();
        Ok(Self { ignored: builder.build_matchers(), scope })
    }

    /// Whether a path, relative to the project, counts. A folder counts if something in it may count.
    pub(crate) fn counts(&mut self, path: &Path, is_folder: bool) -> bool {
        let in_scope = self.scope.is_empty()
            || self.scope.iter().any(|part| {
                part.as_os_str().is_empty()
                    || part == Path::new(".")
                    || path.starts_with(part)
                    || is_folder && part.starts_with(path)
            });
        in_scope && !self.ignored.iter_mut().any(|ignored| ignored.matched(path, is_folder).is_ignore())
    }
}

/// Whether a change of this file changes the rules.
pub(crate) fn is_rule_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".gitignore" || name == ".ignore")
        || path.ends_with(".git/info/exclude")
}
