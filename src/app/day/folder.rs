//! The files that lie beside a task file; each is written whole or not at all, and nothing of a person's is written over.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::edge::workspace::Aside;
use crate::model::path::ProjectPath;

/// What the last line of a file of ours begins with; after it, what stands for all above.
const MARK: &str = "<!-- written by orchestrator-tui · ";

/// The folders of a day in which everything is written by us, or by agents for us.
const OURS: [&str; 4] = ["agent_workspaces", "agent_status", "agent_logs", "agent_questions"];

/// The folder of reports; a project may have results of its own in it.
const RESULTS: &str = "results";

/// Which files of it are reports.
const REPORTS: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]-report*.md";

/// The folder where a day's files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    root: PathBuf,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files that are new or changed; the watcher is told that they are no edits of a person.
    pub files: Vec<PathBuf>,
    /// Where a file lies now that a person had written or changed.
    pub kept: Vec<PathBuf>,
}

impl Folder {
    /// Names the folder of a task file: its own, or the one above where that is called `tasks`.
    pub fn beside(task_file: &Path) -> Self {
        let own = task_file.parent().unwrap_or(Path::new(""));
        let root = if own.file_name().is_some_and(|name| name == "tasks") { own.parent().unwrap_or(own) } else { own };
        Self { root: root.to_owned() }
    }

    /// Takes the folder where a day's files lie.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where the task file of a day may lie, the likeliest first.
    pub fn task_files(&self, date: &str) -> Vec<PathBuf> {
        let names = [format!("{date}.yaml"), format!("{date}.yml")];
        let folders = [self.root.join("tasks"), self.root.clone()];
        folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name))).collect()
    }

    /// Returns the folders in which nothing is the work of a person on a project.
    pub fn ours(&self) -> Vec<PathBuf> {
        OURS.iter().chain([&RESULTS]).map(|part| self.root.join(part)).collect()
    }

    /// Returns what of this day's is written all the time and so no part of snapshots, if it lies in the project.
    pub fn asides(&self, project: &Path) -> Vec<Aside> {
        let folder = |name: &str| ProjectPath::new(self.root.join(name).strip_prefix(project).ok()?);
        let ours = OURS.iter().filter_map(|name| Some(Aside { folder: folder(name)?, files: "" }));
        ours.chain(folder(RESULTS).map(|folder| Aside { folder, files: REPORTS })).collect()
    }

    /// Whether a path is that of a file or folder of the day itself, as [`Folder::asides`] has them.
    pub fn is_own(&self, path: &Path) -> bool {
        let mut parts = path.strip_prefix(&self.root).into_iter().flatten().filter_map(std::ffi::OsStr::to_str);
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_digit = |at: usize, byte: u8| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
        let is_report = |name: &str| {
            let (date, rest) = name.split_at_checked(10).unwrap_or_default();
            !date.is_empty()
                && date.bytes().enumerate().all(|(at, byte)| is_digit(at, byte))
                && rest.strip_prefix("-report").is_some_and(|rest| rest.strip_suffix(".md").is_some())
        };
        OURS.contains(&first) || first == RESULTS && is_report(second)
    }

    /// Returns where the report of a day lies.
    pub fn report(&self, date: &str) -> PathBuf {
        self.root.join("results").join(format!("{date}-report.md"))
    }

    /// Returns where a person says what they think of a day.
    pub fn feedback(&self, date: &str) -> PathBuf {
        self.root.join("feedback").join(format!("{date}.md"))
    }

    /// Returns the question of a task, and where its answer is expected.
    pub fn question(&self, label: &str) -> (PathBuf, PathBuf) {
        let folder = self.root.join("agent_questions");
        (folder.join(format!("{label}.md")), folder.join(format!("{label}-answer.md")))
    }

    /// Returns where a person takes notes on a task.
    pub fn notes(&self, label: &str) -> PathBuf {
        self.root.join("agent_workspaces").join(label).join("notes.md")
    }

    /// Makes the folders of a day, for its tasks.
    ///
    /// # Errors
    /// If one cannot be made, or is a link or no folder.
    pub fn prepare<'a>(&self, labels: impl IntoIterator<Item = &'a str>) -> io::Result<Written> {
        let mut written = Written::default();
        for part in ["agent_status", "agent_logs", "agent_questions", "results", "feedback"] {
            self.own(&[part])?;
        }
        for label in labels {
            self.own(&["agent_workspaces", named(label)?])?;
            let notes = format!("# Notes on {label}\n\nYours: what is written here stays, and no agent reads it.\n");
            written.files.extend(begin(&self.notes(label), &notes)?);
        }
        Ok(written)
    }

    /// Writes what an agent is told, as it is told.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_instructions(&self, label: &str, text: &str) -> io::Result<Written> {
        let folder = self.own(&["agent_workspaces", named(label)?])?;
        replace(&folder.join("agent_instructions.md"), text)
    }

    /// Writes what an agent says about its work at the end.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_summary(&self, label: &str, text: &str) -> io::Result<Written> {
        let folder = self.own(&["agent_workspaces", named(label)?])?;
        replace(&folder.join("summary.md"), text)
    }

    /// Writes how a task stands.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_status(&self, label: &str, status: &Value) -> io::Result<Written> {
        let path = self.own(&["agent_status"])?.join(format!("{}.json", named(label)?));
        let is_ours = |old: &[u8]| {
            let old: Option<Value> = serde_json::from_slice(old).ok();
            old.is_some_and(|old| old["id"] == *label && old["written_by"] == WRITER)
        };
        let mut status = status.clone();
        status["written_by"] = Value::from(WRITER);
        let text = serde_json::to_string_pretty(&status).map_err(io::Error::other)? + "\n";
        replace_ours(&path, &text, is_ours)
    }

    /// Adds lines to the log of a task.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn append_log(&self, label: &str, lines: &str) -> io::Result<Written> {
        let path = self.own(&["agent_logs"])?.join(format!("{}.log", named(label)?));
        // A link would lead what an agent says wherever it points to.
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        let mut file = OpenOptions::new().append(true).create(true).mode(0o644).custom_flags(flags).open(&path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other(format!("{} is no regular file", path.display())));
        }
        file.write_all(lines.as_bytes())?;
        Ok(Written { files: vec![path], kept: Vec::new() })
    }

    /// Writes the report of a day.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_report(&self, date: &str, text: &str) -> io::Result<Written> {
        named(date)?;
        self.own(&["results"])?;
        replace(&self.report(date), text)
    }

    /// Returns the folder of questions and answers, made if need be.
    ///
    /// # Errors
    /// If it cannot be made, or is a link or no folder.
    pub fn questions(&self) -> io::Result<PathBuf> {
        self.own(&["agent_questions"])
    }

    /// Takes the question of a task away, unless a person has changed it.
    ///
    /// # Errors
    /// If it cannot be taken away.
    pub fn take_question_back(&self, label: &str) -> io::Result<()> {
        let file = self.questions()?.join(format!("{}.md", named(label)?));
        match fs::read(&file) {
            Ok(text) if is_ours(&text) => fs::remove_file(&file),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes the question of a task.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_question(&self, label: &str, text: &str) -> io::Result<Written> {
        named(label)?;
        self.questions()?;
        replace(&self.question(label).0, text)
    }

    /// Returns a folder of ours, made if need be.
    fn own(&self, parts: &[&str]) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.root)?;
        let mut path = self.root.clone();
        for part in parts {
            path.push(part);
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
            if !path.symlink_metadata()?.is_dir() {
                return Err(io::Error::other(format!("{} is a link, or no folder", path.display())));
            }
        }
        Ok(path)
    }
}

/// Who writes a status.
const WRITER: &str = "orchestrator-tui";

/// Whether a label can name a file, and no other place.
pub fn is_plain(label: &str) -> bool {
    let is_plain = label.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    is_plain && !label.is_empty() && !label.starts_with('.')
}

/// Makes sure that a label names one file and no other place.
fn named(label: &str) -> io::Result<&str> {
    if is_plain(label) {
        return Ok(label);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{label:?} cannot name a file")))
}

/// Writes a file that is not there yet.
fn begin(path: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    if path.symlink_metadata().is_ok() {
        return Ok(None);
    }
    match draft(path, text)?.persist_noclobber(path) {
        Ok(_) => Ok(Some(path.to_owned())),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error.error),
    }
}

/// Replaces a text of ours; one that a person wrote or changed is put aside.
fn replace(path: &Path, text: &str) -> io::Result<Written> {
    let body = format!("{}\n", text.trim_end());
    let text = format!("{body}\n{MARK}{} -->\n", sum(&body));
    replace_ours(path, &text, is_ours)
}

/// Whether a text is as we wrote it.
fn is_ours(old: &[u8]) -> bool {
    let Ok(old) = std::str::from_utf8(old) else { return false };
    let Some((body, mark)) = old.rsplit_once(&format!("\n{MARK}")) else { return false };
    mark.strip_suffix(" -->\n") == Some(sum(body).as_str())
}

fn sum(text: &str) -> String {
    let start = Sha256::digest(text.as_bytes()).iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{start:016x}")
}

fn replace_ours(path: &Path, text: &str, is_ours: impl Fn(&[u8]) -> bool) -> io::Result<Written> {
    let mut written = Written::default();
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            draft(path, text)?.persist_noclobber(path).map_err(|error| error.error)?;
            written.files.push(path.to_owned());
            return Ok(written);
        }
        Err(error) => return Err(error),
        Ok(meta) if !meta.is_file() => {
            return Err(io::Error::other(format!("{} is no regular file", path.display())));
        }
        Ok(_) => {}
    }
    let old = fs::read(path)?;
    if old == text.as_bytes() {
        return Ok(written);
    }
    if !is_ours(&old) {
        let kept = aside(path)?;
        written.files.push(kept.clone());
        written.kept.push(kept);
    }
    draft(path, text)?.persist(path).map_err(|error| error.error)?;
    written.files.push(path.to_owned());
    Ok(written)
}

/// Puts a file aside under a name that is free: `summary.yours.md`, `summary.yours-2.md`.
fn aside(path: &Path) -> io::Result<PathBuf> {
    const MOST: usize = 1_000;
    let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, ending) = (text(path.file_stem()), text(path.extension()));
    for number in 1..=MOST {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let free = path.with_file_name(format!("{stem}.yours{again}.{ending}"));
        // A second name fails where there is one already; a rename would not.
        match fs::hard_link(path, &free) {
            Ok(()) => return Ok(free),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // No links on this disk.
            Err(_) if free.symlink_metadata().is_err() => {
                fs::rename(path, &free)?;
                return Ok(free);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("{} cannot be put aside: there are {MOST} of it", path.display())))
}

fn draft(path: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut file =
        tempfile::Builder::new().prefix(".orchestrator-").tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    Ok(file)
}
