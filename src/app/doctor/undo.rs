//! Whether a snapshot, a landing and its undo leave a project byte for byte as it was, its repository included.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use super::child::{self, Said, first_line};
use super::finding::Finding;
use super::order::{Ground, SLOW};
use crate::edge::workspace::{Landing, MergeOutcome, Shadow, Undo};
use crate::model::id::{LandingId, Slot};
use crate::model::own_writes::OwnWrites;

/// The hidden verb that goes the whole way from a snapshot to an undo: `probe undo FOLDER`.
pub(super) const UNDO: &str = "undo";

/// What can be done about it.
const MEND: &str = "look at what is said; if git is a good one, please report this";

/// Lets another process go the whole way: git is started many times on it, and one that hangs can be ended then.
pub(super) async fn probe(ground: &Ground) -> Finding {
    let name = "undo";
    let folder = match ground.folder("undo") {
        Ok(folder) => folder,
        Err(error) => return Finding::fault(name, format!("no folder can be made to try it in: {error}"), MEND),
    };
    let mut command = Command::new(&ground.program);
    command.args(["probe", UNDO]).arg(&folder);
    match child::run(command, &folder, SLOW).await {
        Said::Ended { code: Some(0), out, .. } => Finding::ok(name, out.trim()),
        Said::Ended { out, err, .. } => Finding::fault(name, first_line(&format!("{out}\n{err}")), MEND),
        Said::Late => {
            let said = format!("a snapshot, a landing and its undo took more than {} s", SLOW.as_secs());
            Finding::fault(name, said, "a git that hangs? `git --version` and `git status` show it")
        }
        Said::NotStarted(error) => Finding::fault(name, format!("our own program cannot be started: {error}"), MEND),
    }
}

/// Goes the whole way in a folder; says what was proved.
pub(super) fn go(folder: &Path) -> Result<String, String> {
    let project = folder.join("project");
    let state = folder.join("state");
    make(&project).map_err(|error| format!("no project can be made to try it with: {error}"))?;
    let said = |error: crate::edge::workspace::WorkspaceError| error.to_string();
    let shadow = Shadow::open(&project, &state).map_err(said)?;
    let (slot, landing, own) = (Slot(1), LandingId(1), OwnWrites::default());
    let base = shadow.snapshot(None).map_err(said)?;
    let prepared = shadow.prepare(slot, &base, &[], &[]).map_err(said)?;
    let work = |error: std::io::Error| format!("the private copy cannot be worked in: {error}");
    edit(&prepared.folder).map_err(work)?;
    let result = shadow.collect(slot, &base).map_err(said)?;
    // Meanwhile the user goes on.
    append(&project.join("crlf.txt"), "mine\r\n").map_err(work)?;
    let before = fingerprint(&project)?;
    let merge = shadow.merge(&base, &result).map_err(said)?;
    let MergeOutcome::Clean(merged) = merge.outcome else {
        return Err("edits of different files were taken for a conflict".to_owned());
    };
    match shadow.land(landing, &merge.ours, &merged, &own).map_err(said)? {
        Landing::Landed { files } if files.len() == EDITED => {}
        other => return Err(format!("a change of {EDITED} files did not land: {other:?}")),
    }
    let landed = fs::read_to_string(project.join("text.txt")).unwrap_or_default();
    if landed != "one\nTWO\nthree, not committed\n" {
        return Err(format!("what landed is not what was written: {landed:?}"));
    }
    let during = fingerprint(&project)?;
    if !repository(&during).eq(repository(&before)) {
        return Err("the landing changed the repository of the project".to_owned());
    }
    match shadow.undo(landing, &own).map_err(said)? {
        Undo::Undone { .. } => {}
        other => return Err(format!("the landing was not taken back: {other:?}")),
    }
    let after = fingerprint(&project)?;
    match before.iter().find(|(path, hash)| after.get(*path) != Some(*hash)) {
        Some((path, _)) => Err(format!("{} is not as it was before", path.display())),
        None if after.len() != before.len() => Err("the undo left files that were not there before".to_owned()),
        None => {
            let (all, git) = (before.len(), repository(&before).count());
            Ok(format!(
                "{EDITED} files landed and were taken back; all {} files and {git} of the repository are byte for byte as before",
                all - git
            ))
        }
    }
}

/// How many files [`edit`] changes.
const EDITED: usize = 5;

/// Makes a project with what is easily lost: bytes that are no text, modes, links, and edits that are not committed.
fn make(project: &Path) -> std::io::Result<()> {
    fs::create_dir_all(project.join("deep/er"))?;
    let binary: Vec<u8> = (0..=u8::MAX).cycle().take(4096).collect();
    for (name, bytes) in [
        ("text.txt", b"one\ntwo\nthree\n".as_slice()),
        ("crlf.txt", b"a\r\nb\r\n"),
        ("binary.bin", &binary),
        ("run.sh", b"#!/bin/sh\n"),
        ("deep/er/goes.txt", b"goes\n"),
        ("with space é", b"name\n"),
        (".gitignore", b"*.log\n"),
    ] {
        fs::write(project.join(name), bytes)?;
    }
    fs::set_permissions(project.join("run.sh"), fs::Permissions::from_mode(0o755))?;
    symlink("text.txt", project.join("link"))?;
    git(project, &["init", "-q", "--template="])?;
    git(project, &["add", "-A"])?;
    git(project, &["commit", "-q", "-m", "Begin"])?;
    fs::write(project.join("text.txt"), "one\ntwo\nthree, not committed\n")?;
    fs::write(project.join("staged.txt"), "staged\n")?;
    git(project, &["add", "staged.txt"])?;
    fs::write(project.join("untracked.txt"), "untracked\n")?;
    fs::write(project.join("ignored.log"), "ignored\n")
}

/// Works in the private copy, as an agent would.
fn edit(folder: &Path) -> std::io::Result<()> {
    fs::write(folder.join("text.txt"), "one\nTWO\nthree, not committed\n")?;
    append(&folder.join("binary.bin"), "\0more")?;
    fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o644))?;
    fs::remove_file(folder.join("deep/er/goes.txt"))?;
    fs::create_dir(folder.join("new"))?;
    fs::write(folder.join("new/made.txt"), "made\n")
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut bytes = fs::read(path)?;
    bytes.extend_from_slice(text.as_bytes());
    fs::write(path, bytes)
}

/// Runs git without anything of a surrounding one, and without what a user's own settings could start.
fn git(project: &Path, args: &[&str]) -> std::io::Result<()> {
    let settings = [
        "user.name=doctor",
        "user.email=doctor@localhost",
        "commit.gpgsign=false",
        "core.hooksPath=/dev/null",
        "core.autocrlf=false",
        "core.fsmonitor=false",
    ];
    let mut command = Command::new("git");
    for setting in settings {
        command.args(["-c", setting]);
    }
    for name in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"]
    {
        command.env_remove(name);
    }
    let done = command.args(args).current_dir(project).stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(std::io::Error::other(format!("`git {}`: {}", args.join(" "), first_line(&said))))
}

/// Returns a hash of each file, with its mode, and of each link and folder.
fn fingerprint(project: &Path) -> Result<BTreeMap<PathBuf, [u8; 32]>, String> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![PathBuf::new()];
    while let Some(folder) = ahead.pop() {
        let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
        for entry in fs::read_dir(project.join(&folder)).map_err(unreadable)?.flatten() {
            let path = folder.join(entry.file_name());
            let meta = entry.path().symlink_metadata().map_err(unreadable)?;
            let bytes = if meta.is_symlink() {
                fs::read_link(entry.path()).map_err(unreadable)?.as_os_str().as_bytes().to_vec()
            } else if meta.is_dir() {
                ahead.push(path.clone());
                Vec::new()
            } else {
                fs::read(entry.path()).map_err(unreadable)?
            };
            let mut hash = Sha256::new();
            hash.update(meta.permissions().mode().to_be_bytes());
            hash.update(bytes);
            found.insert(path, hash.finalize().into());
        }
    }
    Ok(found)
}

/// Returns what belongs to the repository.
fn repository(files: &BTreeMap<PathBuf, [u8; 32]>) -> impl Iterator<Item = (&PathBuf, &[u8; 32])> {
    files.iter().filter(|(path, _)| path.starts_with(".git"))
}
