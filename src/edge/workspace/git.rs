//! How `git` is run: a clean environment, bytes in, bytes out, typed errors.
#![expect(clippy::disallowed_methods, reason = "git gets the environment of this process without its GIT_ variables")]

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::error::{Result, WorkspaceError};

/// Oldest git with `merge-tree --write-tree` and `cat-file --batch -z`.
const OLDEST: (u32, u32) = (2, 38);

/// A repository, a working tree and an index to run git commands with.
#[derive(Clone, Debug)]
pub(super) struct Git {
    /// `GIT_DIR`.
    pub(super) dir: PathBuf,
    /// `GIT_WORK_TREE`, also the current folder.
    pub(super) tree: PathBuf,
    /// `GIT_INDEX_FILE`.
    pub(super) index: PathBuf,
}

impl Git {
    /// Returns the same repository with another working tree and index.
    pub(super) fn with(&self, tree: &Path, index: &Path) -> Self {
        Self { dir: self.dir.clone(), tree: tree.to_owned(), index: index.to_owned() }
    }

    /// Builds a command with the environment that every call needs.
    fn command(&self, args: &[&OsStr], input: bool) -> Command {
        let mut command = clean();
        command
            .args(args)
            .current_dir(&self.tree)
            .env("GIT_DIR", &self.dir)
            .env("GIT_WORK_TREE", &self.tree)
            .env("GIT_INDEX_FILE", &self.index)
            .env("GIT_AUTHOR_NAME", "orchestrator-tui")
            .env("GIT_AUTHOR_EMAIL", "orchestrator-tui@localhost")
            .env("GIT_COMMITTER_NAME", "orchestrator-tui")
            .env("GIT_COMMITTER_EMAIL", "orchestrator-tui@localhost")
            .stdin(if input { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a command that reads nothing, to be collected by [`Running::finish`].
    pub(super) fn start<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Running> {
        let args = refs(args);
        let child = self.command(&args, false).spawn().map_err(|error| self.not_started(error))?;
        Ok(Running { child: Some(child), name: name(&args) })
    }

    /// Runs a command and returns what it printed; an exit code other than 0 is an error.
    pub(super) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Vec<u8>> {
        self.start(args)?.finish()
    }

    /// Runs a command with `input` on its standard input; an exit code other than 0 is an error.
    pub(super) fn feed<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<Vec<u8>> {
        succeed(&name(&refs(args)), self.output(args, input)?)
    }

    /// Runs a command with `input` on its standard input and leaves the judgement of its exit code to the caller.
    pub(super) fn output<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<Output> {
        let args = refs(args);
        let mut child = self.command(&args, true).spawn().map_err(|error| self.not_started(error))?;
        let stdin = child.stdin.take();
        // A thread writes: a command that answers while it reads would otherwise block against us.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A command that ends early closes the pipe; its exit code tells the rest.
                stdin.map(|mut pipe| pipe.write_all(input))
            });
            child.wait_with_output()
        });
        output.map_err(|error| self.not_started(error))
    }

    /// Runs a command and returns at most `limit` bytes of what it prints, and whether there was more.
    pub(super) fn head<S: AsRef<OsStr>>(&self, args: &[S], limit: usize) -> Result<(Vec<u8>, bool)> {
        let mut running = self.start(args)?;
        let mut bytes = Vec::new();
        if let Some(pipe) = running.child.as_mut().and_then(|child| child.stdout.take()) {
            let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
            pipe.take(bound).read_to_end(&mut bytes).map_err(|error| self.not_started(error))?;
        }
        // The pipe is closed now: a command with more to say ends by itself, so its exit code counts only otherwise.
        if bytes.len() > limit {
            bytes.truncate(limit);
            return Ok((bytes, true));
        }
        running.finish()?;
        Ok((bytes, false))
    }

    /// Turns the failure to start git into an error a person can act on.
    fn not_started(&self, source: io::Error) -> WorkspaceError {
        if source.kind() == io::ErrorKind::NotFound && self.tree.is_dir() {
            WorkspaceError::GitMissing
        } else {
            WorkspaceError::Io { what: "run git in", path: self.tree.clone(), source }
        }
    }
}

/// A started git command. Dropped, it is waited for: none outlives the lock that it works under.
pub(super) struct Running {
    child: Option<Child>,
    name: String,
}

impl Running {
    /// Waits for the end and returns what was printed.
    pub(super) fn finish(mut self) -> Result<Vec<u8>> {
        let name = std::mem::take(&mut self.name);
        let lost =
            |why: String| WorkspaceError::Git { command: name.clone(), status: "unknown".to_owned(), stderr: why };
        let child = self.child.take().ok_or_else(|| lost("it was waited for already".to_owned()))?;
        let output = child.wait_with_output().map_err(|error| lost(error.to_string()))?;
        succeed(&name, output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Nobody reads any more: a command that still writes must not wait for that.
            drop((child.stdout.take(), child.stderr.take()));
            let _ = child.wait();
        }
    }
}

/// Checks that the installed git is new enough.
pub(super) fn check_version() -> Result<()> {
    let output = clean().arg("--version").stdin(Stdio::null()).output().map_err(|_| WorkspaceError::GitMissing)?;
    git_version(&output.stdout).map(drop)
}

/// Returns the version that `git --version` has said, if it is new enough.
///
/// # Errors
/// If it is too old, or not to be read.
pub fn git_version(said: &[u8]) -> Result<String> {
    let text = String::from_utf8_lossy(said);
    let found = text.trim().trim_start_matches("git version ").to_owned();
    let mut parts = found.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(found),
        _ => Err(WorkspaceError::GitTooOld { found }),
    }
}

/// Takes the words of a command as the system wants them.
fn refs<S: AsRef<OsStr>>(args: &[S]) -> Vec<&OsStr> {
    args.iter().map(AsRef::as_ref).collect()
}

/// Builds a git command that inherits nothing of a surrounding git, an alias or a language.
fn clean() -> Command {
    let mut command = Command::new("git");
    let inherited: Vec<OsString> =
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.as_encoded_bytes().starts_with(b"GIT_")).collect();
    for name in inherited {
        command.env_remove(name);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").env("LANGUAGE", "C");
    command
}

/// Returns the name of a command for an error: its first words, without long lists.
fn name(args: &[&OsStr]) -> String {
    let words: Vec<_> = args.iter().take(6).map(|arg| arg.to_string_lossy()).collect();
    words.join(" ")
}

/// Returns the output of a command that ended well.
fn succeed(name: &str, output: Output) -> Result<Vec<u8>> {
    if output.status.success() { Ok(output.stdout) } else { Err(failure(name, &output)) }
}

/// Describes a command that ended badly.
pub(super) fn failure(name: &str, output: &Output) -> WorkspaceError {
    WorkspaceError::Git {
        command: name.to_owned(),
        status: output.status.to_string(),
        stderr: first_line(&output.stderr),
    }
}

/// Returns the first line that says something.
pub(super) fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing").to_owned()
}

/// Returns one line of output as text, without its end.
pub(super) fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

/// Splits output that ends each item with NUL.
pub(super) fn items(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == 0).filter(|item| !item.is_empty())
}

/// Joins items for a command that reads them with NUL after each.
pub(super) fn joined<'a>(items: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        bytes.extend_from_slice(item);
        bytes.push(0);
    }
    bytes
}
