//! What the shadow takes over from the user's repository: settings that change content, ignore rules, object stores.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::aside;
use super::error::{At, Result};
use super::git::{Git, items};
use super::user_repo::UserRepo;

/// Folders that no one wants in a snapshot, for a project without git and so without ignore rules.
pub(super) const BUILT_IN_IGNORES: &str = "\
node_modules/\ntarget/\n.venv/\nvenv/\n__pycache__/\n*.pyc\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\n.tox/\n.nox/\n\
.gradle/\n.next/\n.nuxt/\n.svelte-kit/\n.turbo/\n.parcel-cache/\n.dart_tool/\n.terraform/\n.cache/\ncoverage/\n.coverage\n\
.idea/\n.DS_Store\n*.swp\n*~\n";

/// Settings of `core` that decide how a file becomes a blob and back. Never hooks, sparse checkout, remotes.
const CORE: &[&str] = &[
    "core.autocrlf",
    "core.eol",
    "core.symlinks",
    "core.filemode",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.excludesfile",
    "core.attributesfile",
    "core.bigfilethreshold",
];

/// Our own settings: nothing of the user's machinery runs, nothing is packed, compressed or logged.
const OWN: &str = "\
\thooksPath = /dev/null\n\tfsmonitor = false\n\tuntrackedCache = false\n\tsplitIndex = false\n\tlooseCompression = 0\n\
\tcompression = 0\n\tsafecrlf = false\n\tlogAllRefUpdates = false\n\
[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\taddEmbeddedRepo = false\n[index]\n\tsparse = false\n";

/// A stamp of the files that [`carry_over`] reads; it differs when one of them changed.
pub(super) fn stamp(shadow: &Path, project: &Path, repo: Option<&UserRepo>) -> String {
    let mut text = String::from_utf8_lossy(&aside::rules(shadow)).into_owned();
    for path in sources(project, repo) {
        match fs::metadata(&path) {
            Ok(found) => {
                let _ = write!(text, "{}.{}:{};", found.mtime(), found.mtime_nsec(), found.size());
            }
            Err(_) => text.push_str("-;"),
        }
    }
    text
}

/// Returns the files that are taken over, in a fixed order.
fn sources(project: &Path, repo: Option<&UserRepo>) -> Vec<PathBuf> {
    let Some(repo) = repo else { return Vec::new() };
    let common = ["config", "info/exclude", "info/attributes", "shallow"].map(|name| repo.common_dir.join(name));
    let above = above(project, repo).map(|folder| folder.join(".gitignore"));
    common.into_iter().chain([repo.git_dir.join("config.worktree")]).chain(above).collect()
}

/// Returns the folders above the project, up to the top of the repository.
fn above<'a>(project: &'a Path, repo: &'a UserRepo) -> impl Iterator<Item = &'a Path> {
    project.ancestors().skip(1).take(repo.prefix.components().count())
}

/// Returns the object format of the repository, `sha1` without one.
pub(super) fn object_format(repo: Option<&UserRepo>) -> Result<String> {
    let Some(repo) = repo else { return Ok("sha1".to_owned()) };
    Ok(super::git::line(&repo.git().run(&["rev-parse", "--show-object-format"])?))
}

/// Writes configuration, ignore rules, attributes and the shallow boundary of the shadow anew.
pub(super) fn carry_over(shadow: &Path, project: &Path, repo: Option<&UserRepo>, format: &str) -> Result<()> {
    let settings = repo.map(user_settings).transpose()?.unwrap_or_default();
    write(&shadow.join("config"), configuration(true, format, &settings).as_slice())?;
    let mut exclude = Vec::new();
    match repo {
        None => exclude.extend_from_slice(BUILT_IN_IGNORES.as_bytes()),
        Some(repo) => {
            let own = fs::read(repo.common_dir.join("info/exclude")).unwrap_or_default();
            exclude.extend(below(&own, &repo.prefix));
            let mut folders: Vec<_> = above(project, repo).collect();
            folders.reverse();
            for folder in folders {
                let rules = fs::read(folder.join(".gitignore")).unwrap_or_default();
                exclude.extend(below(&rules, project.strip_prefix(folder).unwrap_or(Path::new(""))));
            }
        }
    }
    if !exclude.ends_with(b"\n") {
        exclude.push(b'\n');
    }
    exclude.extend(aside::rules(shadow));
    write(&shadow.join("info/exclude"), &exclude)?;
    for name in ["info/attributes", "shallow"] {
        let target = shadow.join(name);
        match repo.and_then(|repo| fs::read(repo.common_dir.join(name)).ok()) {
            Some(bytes) => write(&target, &bytes)?,
            None => drop(fs::remove_file(&target)),
        }
    }
    Ok(())
}

/// Lays out a repository by hand: no template, no hook, no user setting takes part, and no process is needed.
pub(super) fn lay_out(dir: &Path, head: &str, config: &[u8], stores: &[PathBuf]) -> Result<()> {
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"] {
        let path = dir.join(folder);
        fs::create_dir_all(&path).at("create", &path)?;
    }
    write(&dir.join("HEAD"), format!("{head}\n").as_bytes())?;
    write(&dir.join("config"), config)?;
    write_alternates(dir, stores)
}

/// Lets the repository `dir` borrow the objects of `stores`.
pub(super) fn write_alternates(dir: &Path, stores: &[PathBuf]) -> Result<()> {
    let mut text = Vec::new();
    for store in stores {
        // The quoted form takes any byte; a bare line would end at a colon or begin a comment.
        text.push(b'"');
        for byte in store.as_os_str().as_bytes() {
            match byte {
                b'"' | b'\\' => text.extend([b'\\', *byte]),
                b'\n' => text.extend(b"\\n"),
                other => text.push(*other),
            }
        }
        text.extend(b"\"\n");
    }
    write(&dir.join("objects/info/alternates"), &text)
}

/// Reads the user's settings that matter, includes followed, as pairs of key and value.
pub(super) fn user_settings(repo: &UserRepo) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let git = repo.git();
    let mut bytes = git.run(&["config", "--local", "--includes", "-z", "--list"])?;
    if repo.git_dir.join("config.worktree").exists() {
        bytes.extend(git.run(&["config", "--worktree", "--includes", "-z", "--list"])?);
    }
    let pairs = items(&bytes).map(|item| match item.iter().position(|byte| *byte == b'\n') {
        Some(end) => (item[..end].to_vec(), item[end + 1..].to_vec()),
        None => (item.to_vec(), b"true".to_vec()),
    });
    let wanted = |key: &[u8]| {
        key.starts_with(b"filter.") || key.starts_with(b"merge.") || CORE.iter().any(|name| key == name.as_bytes())
    };
    Ok(pairs.filter(|(key, _)| wanted(key)).collect())
}

/// Writes a configuration file: ours plus the user's settings, which cannot override ours.
pub(super) fn configuration(bare: bool, format: &str, settings: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (key, value) in settings {
        let Some((section, rest)) = split_once(key) else { continue };
        let (subsection, name) = match rest.iter().rposition(|byte| *byte == b'.') {
            Some(dot) => (Some(&rest[..dot]), &rest[dot + 1..]),
            None => (None, rest),
        };
        text.push(b'[');
        text.extend_from_slice(section);
        if let Some(subsection) = subsection {
            text.extend(b" \"");
            escape(&mut text, subsection);
            text.push(b'"');
        }
        text.extend(b"]\n\t");
        text.extend_from_slice(name);
        text.extend(b" = \"");
        escape(&mut text, value);
        text.extend(b"\"\n");
    }
    let version = u8::from(format != "sha1");
    text.extend(format!("[core]\n\trepositoryformatversion = {version}\n\tbare = {bare}\n{OWN}").bytes());
    if format != "sha1" {
        text.extend(format!("[extensions]\n\tobjectformat = {format}\n").bytes());
    }
    text
}

/// Splits a key at its first dot.
fn split_once(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = key.iter().position(|byte| *byte == b'.')?;
    Some((&key[..dot], &key[dot + 1..]))
}

/// Appends bytes as they stand between quotes in a configuration file.
fn escape(text: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', *byte]),
            b'\n' => text.extend(b"\\n"),
            b'\t' => text.extend(b"\\t"),
            other => text.push(*other),
        }
    }
}

/// Rewrites ignore rules of a folder for the folder `prefix` below it; rules that cannot reach it are left out.
fn below(rules: &[u8], prefix: &Path) -> Vec<u8> {
    if prefix.as_os_str().is_empty() {
        return rules.to_vec();
    }
    let prefix = prefix.as_os_str().as_bytes();
    let mut kept = Vec::new();
    for rule in rules.split(|byte| *byte == b'\n') {
        let (bang, pattern) = rule.strip_prefix(b"!").map_or((&b""[..], rule), |rest| (&b"!"[..], rest));
        let body = pattern.strip_suffix(b"/").unwrap_or(pattern);
        let anchored = body.contains(&b'/') && !body.starts_with(b"**/");
        let rest = if anchored {
            let from_top = pattern.strip_prefix(b"/").unwrap_or(pattern);
            from_top.strip_prefix(prefix).filter(|rest| rest.starts_with(b"/") && rest.len() > 1)
        } else {
            (!pattern.is_empty() && !pattern.starts_with(b"#")).then_some(pattern)
        };
        if let Some(rest) = rest {
            kept.extend_from_slice(bang);
            kept.extend_from_slice(rest);
            kept.push(b'\n');
        }
    }
    kept
}

/// Writes a file of our own state; a reader sees the old or the new content, never a part.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    fs::write(&new, bytes).at("write", &new)?;
    fs::rename(&new, path).at("write", path)
}

/// Returns git commands on the shadow with the user's tree.
pub(super) fn shadow_git(shadow: &Path, project: &Path) -> Git {
    Git { dir: shadow.to_owned(), tree: project.to_owned(), index: shadow.join("snap.index") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_quoting() {
        let settings = vec![(b"filter.a \"b\".x.clean".to_vec(), b"sed \"s/a\\/b/\"\tx".to_vec())];
        let text = String::from_utf8(configuration(true, "sha256", &settings)).unwrap_or_default();
        assert!(text.starts_with("[filter \"a \\\"b\\\".x\"]\n\tclean = \"sed \\\"s/a\\\\/b/\\\"\\tx\"\n"), "{text}");
        assert!(text.contains("objectformat = sha256"));
    }

    #[test]
    fn ignore_rules_of_a_folder_above_are_rewritten() {
        let rules = b"# note\n*.log\n/build\nsub/out\n/sub/deep/x/\n!keep.log\n**/gen\nother/y\n";
        let text = String::from_utf8(below(rules, Path::new("sub"))).unwrap_or_default();
        assert_eq!(text, "*.log\n/out\n/deep/x/\n!keep.log\n**/gen\n");
    }
}
