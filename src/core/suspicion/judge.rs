//! Which reasons there are to ask a person before a result lands.

use std::collections::BTreeSet;

use super::configuration;
use super::diff::hunks;
use super::hard_code::{TestLiterals, quoted};
use super::kind::{Kind, Kinds};
use super::own_work::{UserEdit, taken_back};
use super::shrink::{emptied, mostly_moved};
use super::weaken::{shortened, weakened};
use super::{silence, swallow};
use crate::model::check::TestCounts;
use crate::model::path::ProjectPath;
use crate::model::workspace::{ChangeKind, FileChange, Suspicion};

/// More reasons than this are not read.
const REASONS: usize = 50;
/// Content that holds a NUL in its first bytes is not text, as git tells it.
const BINARY: usize = 8000;

/// What a file is to the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A regular file.
    Regular,
    /// A regular file that may be executed.
    Executable,
    /// A symbolic link; its content is its target.
    Link,
}

/// A changed file with what it held.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// Which file, and what became of it.
    pub change: &'a FileChange,
    /// What it held in the snapshot; `None` if it was not there.
    pub before: Option<&'a [u8]>,
    /// What it holds in the result; `None` if it is gone.
    pub after: Option<&'a [u8]>,
    /// Its mode in the snapshot.
    pub mode_before: Option<Mode>,
    /// Its mode in the result.
    pub mode_after: Option<Mode>,
}

/// A result to be judged, with what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// Every file that differs between the snapshot and the result.
    pub changes: &'a [Changed<'a>],
    /// The project's own `protect` globs.
    pub protected: &'a [String],
    /// Where tests are, by the kind of the project.
    pub test_globs: &'a [String],
    /// What configures its runners, by the kind of the project.
    pub config_globs: &'a [String],
    /// The files of the failing tests, as they are in the snapshot.
    pub tests_text: &'a [(&'a ProjectPath, &'a str)],
    /// What the check counted on the untouched snapshot.
    pub tests_before: Option<TestCounts>,
    /// What it counted on the result.
    pub tests_after: Option<TestCounts>,
    /// What the user did since the last green run, by file.
    pub user_edits: &'a [UserEdit<'a>],
}

/// Judges a result: every suspicion is a reason to ask before it lands; none means it may.
pub fn judge(input: &Judgement<'_>) -> Vec<Suspicion> {
    let mut reasons = Reasons(Vec::new());
    if input.changes.is_empty() {
        reasons.add(None, "changes nothing".to_owned());
    }
    let kinds = Kinds::new(input.protected, input.test_globs, input.config_globs);
    let files: Vec<File<'_>> = input.changes.iter().map(|change| File::new(change, &kinds)).collect();
    let whole = Whole::new(&files);
    let literals = TestLiterals::new(input.tests_text.iter().map(|(path, text)| (path_text(path), *text)));
    for file in &files {
        let mut said = form(file);
        said.extend(match file.kind {
            Kind::Protected => vec![format!("{} a protected file", file.verb())],
            Kind::Installed => vec![format!("{} an installed file", file.verb())],
            Kind::Configuration => vec![format!("{} the configuration of checks or agents", file.verb())],
            Kind::Manifest => manifest(file),
            Kind::Snapshot if file.change.kind != ChangeKind::Added => {
                vec![format!("{} a recorded expectation", file.verb())]
            }
            Kind::Snapshot => Vec::new(),
            Kind::Test => test_file(file, &whole),
            Kind::Source => source_file(file, &whole, &literals),
        });
        said.extend(silenced(file, &whole));
        if let Some(edit) = input.user_edits.iter().find(|edit| *edit.path == file.change.path) {
            said.extend(taken_back(edit, file.before, file.after));
        }
        for what in said {
            reasons.add(Some(&file.change.path), what);
        }
    }
    if let (Some(before), Some(after)) = (input.tests_before, input.tests_after) {
        counts(&mut reasons, before, after);
    }
    reasons.0.truncate(REASONS);
    reasons.0
}

struct Reasons(Vec<Suspicion>);

impl Reasons {
    fn add(&mut self, file: Option<&ProjectPath>, what: String) {
        let reason = Suspicion { file: file.cloned(), what };
        if !self.0.contains(&reason) {
            self.0.push(reason);
        }
    }
}

/// A changed file, read as text where it is.
struct File<'a> {
    change: &'a FileChange,
    raw: &'a Changed<'a>,
    path: &'a str,
    kind: Kind,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> File<'a> {
    fn new(raw: &'a Changed<'a>, kinds: &Kinds) -> Self {
        let path = path_text(&raw.change.path);
        let text = |bytes: Option<&'a [u8]>| {
            bytes.filter(|bytes| !binary(bytes)).and_then(|bytes| std::str::from_utf8(bytes).ok())
        };
        Self { change: raw.change, raw, path, kind: kinds.of(path), before: text(raw.before), after: text(raw.after) }
    }

    fn verb(&self) -> &'static str {
        match self.change.kind {
            ChangeKind::Added => "adds",
            ChangeKind::Modified => "changes",
            ChangeKind::Deleted => "deletes",
        }
    }
}

fn path_text(path: &ProjectPath) -> &str {
    // A name that is not text matches no known name, so it is judged as a source file.
    std::str::from_utf8(path.as_bytes()).unwrap_or_default()
}

fn binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(BINARY)].contains(&0)
}

/// What the files of a result have together: what was moved or renamed is neither lost nor new.
struct Whole<'a> {
    added: BTreeSet<&'a str>,
    removed: BTreeSet<&'a str>,
    renames: Vec<(&'a str, &'a str)>,
}

impl<'a> Whole<'a> {
    fn new(files: &[File<'a>]) -> Self {
        let mut whole = Self { added: BTreeSet::new(), removed: BTreeSet::new(), renames: Vec::new() };
        for file in files {
            let (old, new) = (lines(file.before), lines(file.after));
            for hunk in hunks(&old, &new) {
                whole.removed.extend(old[hunk.old].iter().map(|line| line.trim()));
                whole.added.extend(new[hunk.new].iter().map(|line| line.trim()));
            }
        }
        for gone in files.iter().filter(|file| file.change.kind == ChangeKind::Deleted) {
            for new in files.iter().filter(|file| file.change.kind == ChangeKind::Added) {
                let own: BTreeSet<&str> = lines(new.after).into_iter().map(str::trim).collect();
                if gone.before.is_some_and(|before| mostly_moved(before, "", &own)) && same_kind(gone, new) {
                    whole.renames.push((stem(gone.path), stem(new.path)));
                }
            }
        }
        whole
    }

    /// Writes the new names of renamed files into the lines of a text that the new text has so.
    fn renamed(&self, before: &str, after: &str) -> String {
        if self.renames.is_empty() {
            return before.to_owned();
        }
        let kept: BTreeSet<&str> = after.lines().collect();
        let mut text = String::with_capacity(before.len());
        for line in before.split_inclusive('\n') {
            let new = self.renames.iter().fold(line.to_owned(), |line, (old, new)| replace_word(&line, old, new));
            let follows = !kept.contains(line.trim_end_matches(['\n', '\r']))
                && kept.contains(new.trim_end_matches(['\n', '\r']));
            text.push_str(if follows { &new } else { line });
        }
        text
    }

    fn is_renamed(&self, path: &str) -> bool {
        self.renames.iter().any(|(old, _)| *old == stem(path))
    }
}

fn same_kind(gone: &File<'_>, new: &File<'_>) -> bool {
    let extension = |path: &str| path.rsplit_once('.').map(|(_, extension)| extension.to_owned());
    gone.kind == new.kind && extension(gone.path) == extension(new.path)
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

fn replace_word(text: &str, old: &str, new: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(old).filter(|_| !old.is_empty()) {
        let end = at + old.len();
        let whole = !rest[..at].ends_with(word) && !rest[end..].starts_with(word);
        out.push_str(&rest[..at]);
        out.push_str(if whole { new } else { old });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn lines(text: Option<&str>) -> Vec<&str> {
    text.map(|text| text.lines().collect()).unwrap_or_default()
}

/// Says what is odd about a file apart from its text: binary, links, modes.
fn form(file: &File<'_>) -> Vec<String> {
    let raw = file.raw;
    let mut said = Vec::new();
    if raw.mode_after == Some(Mode::Link) {
        let target = raw.after.map(|target| String::from_utf8_lossy(target).into_owned()).unwrap_or_default();
        let depth = file.path.matches('/').count();
        let mut level = i64::try_from(depth).unwrap_or(i64::MAX);
        let mut leaves = target.starts_with('/');
        for part in target.split('/') {
            level += match part {
                ".." => -1,
                "." | "" => 0,
                _ => 1,
            };
            leaves |= level < 0;
        }
        if leaves {
            said.push(format!("links to {target}, outside of the project"));
        } else if raw.mode_before.is_some_and(|mode| mode != Mode::Link) {
            said.push(format!("puts a link to {target} in place of the file"));
        }
        return said;
    }
    if raw.after.is_some_and(binary) {
        said.push(format!("{} a binary file", file.verb()));
    }
    let script = raw.after.is_some_and(|bytes| bytes.starts_with(b"#!"));
    if raw.mode_after == Some(Mode::Executable)
        && raw.mode_before != Some(Mode::Executable)
        && (raw.mode_before.is_some() || !script)
    {
        said.push("makes the file executable".to_owned());
    }
    said
}

fn manifest(file: &File<'_>) -> Vec<String> {
    let name = file.path.rsplit('/').next().unwrap_or(file.path);
    match (file.change.kind, file.after) {
        (ChangeKind::Deleted, _) => vec!["deletes the manifest".to_owned()],
        (_, None) => vec!["makes the manifest unreadable".to_owned()],
        (_, Some(after)) => match configuration::touched(name, file.before.unwrap_or_default(), after) {
            Ok(sections) => sections.into_iter().map(|section| format!("changes [{section}]")).collect(),
            Err(error) => vec![format!("makes the manifest unreadable: {error}")],
        },
    }
}

fn test_file(file: &File<'_>, whole: &Whole<'_>) -> Vec<String> {
    match (file.before, file.after) {
        (Some(before), None) if file.change.kind == ChangeKind::Deleted => {
            if mostly_moved(before, "", &whole.added) && whole.is_renamed(file.path) {
                return weakened(file.path, "", "", true);
            }
            vec!["deletes tests".to_owned()]
        }
        (Some(before), Some(after)) => {
            let renamed = whole.renamed(before, after);
            weakened(file.path, &renamed, after, true)
        }
        (None, Some(after)) => weakened(file.path, "", after, true),
        _ if file.raw.before.is_some() => vec![format!("{} test data", file.verb())],
        _ => Vec::new(),
    }
}

fn source_file(file: &File<'_>, whole: &Whole<'_>, literals: &TestLiterals) -> Vec<String> {
    let Some(after) = file.after else {
        let moved = file.before.is_some_and(|before| mostly_moved(before, "", &whole.added));
        return if file.change.kind == ChangeKind::Deleted && !moved {
            vec!["deletes the file".to_owned()]
        } else {
            Vec::new()
        };
    };
    let before = file.before.unwrap_or_default();
    let renamed = whole.renamed(before, after);
    let mut said = weakened(file.path, &renamed, after, false);
    said.extend(emptied(file.path, before, after, &whole.added));
    let known: BTreeSet<String> = swallow::lines(file.path, before).into_iter().collect();
    for line in swallow::lines(file.path, after) {
        if !known.contains(&line) && !whole.removed.contains(line.as_str()) {
            said.push(format!("swallows errors: `{}`", shortened(&line)));
        }
    }
    let (old, new) = (lines(Some(before)), lines(Some(after)));
    for hunk in hunks(&old, &new) {
        let (removed, added) = (&old[hunk.old], &new[hunk.new]);
        if let Some(line) = swallow::drops_error(file.path, removed, added) {
            said.push(format!("drops an error: `{}`", shortened(&line)));
        }
        if let Some(line) =
            quoted(file.path, added, removed, literals).filter(|line| !whole.removed.contains(line.as_str()))
        {
            said.push(format!("answers the test's own case: `{}`", shortened(&line)));
        }
    }
    said
}

/// Says which markers are new that silence a tool; one that moved is not new.
fn silenced(file: &File<'_>, whole: &Whole<'_>) -> Vec<String> {
    let Some(after) = file.after else { return Vec::new() };
    let mut known: Vec<(&str, String)> =
        file.before.map(|before| silence::lines(file.path, before)).unwrap_or_default();
    let mut said = Vec::new();
    for (marker, line) in silence::lines(file.path, after) {
        if let Some(at) = known.iter().position(|(_, old)| *old == line) {
            known.remove(at);
        } else if !whole.removed.contains(line.as_str()) {
            said.push(format!("adds `{}`", shortened(if line.len() <= 60 { &line } else { marker })));
        }
    }
    said
}

fn counts(reasons: &mut Reasons, before: TestCounts, after: TestCounts) {
    let ran = |counts: TestCounts| counts.passed + counts.failed;
    if ran(after) < ran(before) {
        reasons.add(None, format!("{} tests ran, {} before", ran(after), ran(before)));
    } else if after.skipped > before.skipped {
        reasons.add(None, format!("{} tests were skipped, {} before", after.skipped, before.skipped));
    }
}
