//! Clones a repository: whole or not at all, without asking anybody, and running nothing of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::git;
use super::name::{Name, Named, without_login};
use crate::app::failure::Failure;

/// How the folders begin in which clones are made that are not whole yet.
const UNFINISHED: &str = ".cloning-";

/// How many of git's last lines are told when it fails.
const TOLD: usize = 5;

/// What git says while it clones.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// One line, without its end.
    pub text: &'a str,
    /// Whether it is the last word; else the next one takes its place.
    pub is_whole: bool,
}

/// Returns the folder of a clone that is there already, and is one of what is named.
///
/// # Errors
/// If something else is there.
pub(super) fn existing(
    target: &Path,
    named: &Named,
    environment: &BTreeMap<String, String>,
) -> Result<Option<PathBuf>, Failure> {
    let real = match target.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("{} cannot be opened: {error}", target.display()))),
    };
    let origin = if real.join(".git").exists() { git::origin(environment, &real) } else { String::new() };
    if named.is_origin(&origin) {
        return Ok(Some(real));
    }
    let what =
        if origin.is_empty() { "no clone at all".to_owned() } else { format!("a clone of {}", without_login(&origin)) };
    Err(Failure::refused(format!(
        "{} is in the way: it is {what}, not of {}\nhint: move it away, or name the folder that you mean",
        target.display(),
        named.name()
    )))
}

/// Clones `address` to `clones/owner/name`; returns its folder.
///
/// # Errors
/// What git said. Nothing is left then.
pub(super) fn clone(
    clones: &Path,
    address: &str,
    name: &Name,
    environment: &BTreeMap<String, String>,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, Failure> {
    let was_there = clones.exists();
    let done = into(clones, address, name, environment, tell);
    if done.is_err() && !was_there {
        // Not removed if somebody else put something into it meanwhile.
        let _ = fs::remove_dir(clones);
    }
    done
}

fn into(
    clones: &Path,
    address: &str,
    name: &Name,
    environment: &BTreeMap<String, String>,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, Failure> {
    let failed = |what: &Path, error: std::io::Error| {
        Failure::usage(format!(
            "{} cannot be written: {error}\nhint: WORKSPACES_DIR names the folder that clones go to",
            what.display()
        ))
    };
    fs::create_dir_all(clones).map_err(|error| failed(clones, error))?;
    sweep(clones);
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(clones);
    let unfinished = unfinished.map_err(|error| failed(clones, error))?;
    let tree = unfinished.path().join(&name.name);
    run(address, &tree, environment, tell)?;
    let target = place(clones, name);
    if let Some(owner) = target.parent() {
        fs::create_dir_all(owner).map_err(|error| failed(owner, error))?;
    }
    match fs::rename(&tree, &target) {
        Ok(()) => {}
        // Somebody else was faster with the same.
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            let named = Named::Address(address.to_owned(), name.clone());
            existing(&target, &named, environment)?;
        }
        Err(error) => return Err(failed(&target, error)),
    }
    target.canonicalize().map_err(|error| failed(&target, error))
}

/// Returns where a clone goes.
pub(super) fn place(clones: &Path, name: &Name) -> PathBuf {
    clones.join(name.owner.as_deref().unwrap_or("-")).join(&name.name)
}

/// Removes what a clone leaves that was ended by a signal: git has emptied its folder, and nobody was there to remove it.
fn sweep(clones: &Path) {
    for entry in fs::read_dir(clones).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            // Refused for one that is at work; should its folder still be empty, git makes it anew.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn run(
    address: &str,
    tree: &Path,
    environment: &BTreeMap<String, String>,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Failure> {
    let mut command = git::git(environment);
    command.args(["-c", "submodule.recurse=false"]);
    command.args(["clone", "--progress", "--template=", "--no-recurse-submodules", "--no-local", "--", address]);
    let spawned = command.arg(tree).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| Failure::usage(format!("git cannot be started: {error}")))?;
    let said = child.stderr.take().map(|pipe| listen(pipe, &mut *tell)).unwrap_or_default();
    let status = child.wait().map_err(|error| Failure::usage(format!("git was lost: {error}")))?;
    // What is no news of how far it is says why it failed, and is said once: there, or here.
    let said: Vec<String> = said.into_iter().filter(|line| !is_progress(line)).collect();
    if status.success() {
        for text in &said {
            tell(Progress { text, is_whole: true });
        }
        return Ok(());
    }
    let last = &said[said.len().saturating_sub(TOLD)..];
    let why: Vec<String> = last.iter().map(|line| format!("\n  {line}")).collect();
    Err(Failure::refused(format!(
        "{0} cannot be cloned:{1}\nhint: git asks nobody here; try `git ls-remote {0}` in a terminal, or name a folder or another address",
        without_login(address),
        why.concat()
    )))
}

/// Whether a line of git's says how far it is.
fn is_progress(line: &str) -> bool {
    line.starts_with("Cloning into ") || line.contains("% (")
}

/// Hands out how far git is, and returns its whole lines.
fn listen(mut pipe: impl Read, tell: &mut dyn FnMut(Progress<'_>)) -> Vec<String> {
    let mut whole = Vec::new();
    let (mut line, mut bytes) = (Vec::new(), [0; 4096]);
    while let Some(read) = pipe.read(&mut bytes).ok().filter(|read| *read > 0) {
        for byte in &bytes[..read] {
            if !matches!(byte, b'\r' | b'\n') {
                line.push(*byte);
                continue;
            }
            // Part of it comes from the other side, which has no business with a terminal.
            let text: String = String::from_utf8_lossy(&line).chars().filter(|letter| !letter.is_control()).collect();
            line.clear();
            let (text, is_whole) = (text.trim(), *byte == b'\n');
            if !text.is_empty() {
                if !is_whole || is_progress(text) {
                    tell(Progress { text, is_whole });
                }
                if is_whole {
                    whole.push(text.to_owned());
                }
            }
        }
    }
    whole
}
