//! What no snapshot has: what ignore rules hide, and what is left out although no rule of the user says so.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::carry::{self, BUILT_IN_IGNORES, write};
use super::error::{At, Result};
use super::git::{Git, items, joined};
use super::shadow::{Shadow, repo_that_counts};
use super::user_repo::UserRepo;
use crate::model::path::ProjectPath;

/// Where the rules for what is left out lie, in the shadow.
const RULES: &str = "info/aside";

/// A folder that is left out of snapshots, or some of the files in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aside {
    /// The folder.
    pub folder: ProjectPath,
    /// Which files in it, as a glob of names; empty: all there is.
    pub files: &'static str,
}

/// A path that somebody wants to have in a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub path: ProjectPath,
    /// Whether a folder is meant, although there may be none yet.
    pub is_folder: bool,
}

impl Shadow {
    /// Leaves exactly this out of snapshots and results from now on, also where the user's repository has it.
    ///
    /// # Errors
    /// When it cannot be noted.
    pub fn leave_out(&self, asides: &[Aside]) -> Result<()> {
        let mut rules = Vec::new();
        for Aside { folder, files } in asides {
            rules.extend(pattern(folder).into_vec());
            rules.push(b'/');
            rules.extend(files.bytes());
            rules.push(b'\n');
        }
        let path = self.git.dir.join(RULES);
        if fs::read(&path).is_ok_and(|known| known == rules) {
            return Ok(());
        }
        write(&path, &rules)
    }

    /// Takes out of our index what is left out and the user's repository has: ignore rules alone do not reach it.
    pub(super) fn forget_left_out(&self) -> Result<()> {
        if rules(&self.git.dir).is_empty() {
            return Ok(());
        }
        let mut from = OsString::from("--exclude-from=");
        from.push(self.git.dir.join(RULES));
        let listing = self.git.run(&["ls-files".into(), "-c".into(), "-i".into(), "-z".into(), from])?;
        if !listing.is_empty() {
            self.git.feed(&["update-index", "-z", "--force-remove", "--stdin"], &listing)?;
        }
        Ok(())
    }
}

/// Reads the rules for what is left out.
pub(super) fn rules(shadow: &Path) -> Vec<u8> {
    fs::read(shadow.join(RULES)).unwrap_or_default()
}

/// Returns those of the paths that ignore rules hide, so that no result can bring them, and by which rule; a file that the
/// repository has is not hidden. A few milliseconds.
///
/// # Errors
/// When git fails, or the project cannot be read.
pub fn hidden(project: &Path, wanted: &[Wanted]) -> Result<BTreeMap<ProjectPath, String>> {
    let project = project.canonicalize().at("read", project)?;
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    if let Some(repo) = repo_that_counts(UserRepo::discover(&project)?)? {
        return asked(&repo.git(), &repo.prefix, wanted, &|source, line, rule| {
            format!("git ignores it (`{rule}` in {source}:{line})")
        });
    }
    let folder = tempfile::tempdir().at("make a temporary folder for", &project)?;
    let git = Git { dir: folder.path().to_owned(), tree: project, index: folder.path().join("index") };
    carry::lay_out(&git.dir, "ref: refs/heads/none", &carry::configuration(true, "sha1", &[]), &[])?;
    write(&git.dir.join("info/exclude"), BUILT_IN_IGNORES.as_bytes())?;
    asked(&git, Path::new(""), wanted, &|_, _, rule| format!("`{rule}` is no part of snapshots"))
}

/// Asks git by which rule each path is ignored; `why` words it from file, line and rule.
fn asked(
    git: &Git,
    prefix: &Path,
    wanted: &[Wanted],
    why: &dyn Fn(&str, &str, &str) -> String,
) -> Result<BTreeMap<ProjectPath, String>> {
    let names = wanted.iter().map(|wanted| {
        let mut name = prefix.join(wanted.path.as_path()).into_os_string();
        if wanted.is_folder {
            name.push("/");
        }
        name
    });
    let names: Vec<OsString> = names.collect();
    let list = joined(names.iter().map(|name| name.as_bytes()));
    let answer = git.output(&["check-ignore", "-v", "-z", "--stdin"], &list)?;
    // 0: some are ignored, 1: none is.
    if !matches!(answer.status.code(), Some(0 | 1)) {
        return Err(super::git::failure("check-ignore", &answer));
    }
    let fields: Vec<&[u8]> = items(&answer.stdout).collect();
    let mut hidden = BTreeMap::new();
    for row in fields.chunks_exact(4) {
        let [source, line, rule] = [row[0], row[1], row[2]].map(String::from_utf8_lossy);
        let found = names.iter().position(|name| name.as_bytes() == row[3]);
        // A rule with `!` says that it is not ignored.
        if let (Some(at), false) = (found, rule.starts_with('!')) {
            hidden.insert(wanted[at].path.clone(), why(&source, &line, &rule));
        }
    }
    Ok(hidden)
}

/// Returns the ignore rule that matches exactly this path.
pub(super) fn pattern(path: &ProjectPath) -> OsString {
    let mut rule = vec![b'/'];
    for byte in path.as_bytes() {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\' | b' ') {
            rule.push(b'\\');
        }
        rule.push(*byte);
    }
    OsString::from_vec(rule)
}
