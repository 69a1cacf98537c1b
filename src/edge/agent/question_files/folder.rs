//! The folder in which one agent asks: what its files ask, what answers them, and what is written there.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::file::{read, set_aside, write};
use super::form::{self, Form, answer_name};
use crate::core::secrets::Redactor;
use crate::model::agent::{AgentReport, LogLine};
use crate::model::question::{About, Ask, Reply};

/// The longest name of a question, in bytes.
const LONGEST_NAME: usize = 100;
/// How long a file that may not be whole must stay as it is.
pub const SETTLE: Duration = Duration::from_secs(2);

/// What one run asks and is answered by files. It asks in a folder of its own; a person reads and answers beside it, where
/// no agent writes.
#[derive(Debug)]
pub struct Folder {
    /// Where the agent writes its questions and reads what was answered.
    path: PathBuf,
    /// Where a person may answer, too.
    beside: Option<Beside>,
    redactor: Redactor,
    /// What was last read from each question file, by its name without `.md`; also of those that are answered.
    seen: BTreeMap<String, String>,
    open: BTreeMap<String, Open>,
    /// What was written into the agent's answer files.
    given: BTreeMap<String, String>,
    /// What the answer file beside holds that answers nothing any more.
    spent: Option<String>,
    /// Files that may not be whole, with what stood in them.
    unfinished: BTreeMap<String, String>,
    count: u32,
}

/// Where a person reads what is asked under one name, and may answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The folder.
    pub folder: PathBuf,
    /// The name, without `.md`.
    pub name: String,
    /// Whether an answer that stands there is a person's: nobody else can write there.
    pub counts: bool,
}

/// Whose folder something happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The agent's own.
    Agent,
    /// The one for a person.
    Person,
}

/// A question that waits.
#[derive(Debug)]
struct Open {
    request: String,
    shown: About,
    written: String,
}

impl Folder {
    /// Opens a folder, and makes it if need be; what lies in it already is no question of this run, and what lies beside it
    /// no answer.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub fn open(path: &Path, beside: Option<Beside>, redactor: Redactor) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let mut folder = Self {
            path: path.to_owned(),
            beside,
            redactor,
            seen: BTreeMap::new(),
            open: BTreeMap::new(),
            given: BTreeMap::new(),
            spent: None,
            unfinished: BTreeMap::new(),
            count: 0,
        };
        for name in folder.names()? {
            if let Some(text) = read(path, &name) {
                folder.seen.insert(name, text);
            }
        }
        folder.spent = folder.beside.as_ref().and_then(|beside| read(&beside.folder, &answer_name(&beside.name)));
        Ok(folder)
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an answer is waited for.
    pub fn is_waiting(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether a file may not be whole yet: [`Folder::settle`] is to be asked after [`SETTLE`] without a change.
    pub fn is_unsettled(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// Returns what a person is to read beside about a request, if it is the one that is asked there.
    pub fn to_show(&self, request: &str) -> Option<String> {
        let open = self.open.get(&self.beside.as_ref()?.name).filter(|open| open.request == request)?;
        Some(self.redactor.text(&open.written).into_owned())
    }

    /// Whether a request is asked under the name that is shown beside.
    pub fn is_shown(&self, request: &str) -> bool {
        self.beside.as_ref().is_some_and(|beside| request.starts_with(&format!("{}.md, ", beside.name)))
    }

    /// Takes in that a file was closed by its writer, renamed or removed. `file` is its name.
    pub fn changed(&mut self, side: Side, file: &str) -> Vec<AgentReport> {
        match (side, name_of(file)) {
            (Side::Agent, Some(name)) if form::is_answer(name) => self.answered_itself(name),
            (Side::Agent, Some(name)) => self.question_changed(name, false),
            (Side::Person, Some(name)) => {
                let is_it = self.beside.as_ref().is_some_and(|beside| answer_name(&beside.name) == name);
                if is_it { self.answer_changed() } else { Vec::new() }
            }
            (Side::Agent | Side::Person, None) => Vec::new(),
        }
    }

    /// Looks at all files: changes may have been missed.
    pub fn look(&mut self) -> Vec<AgentReport> {
        let mut names = self.names().unwrap_or_default();
        names.extend(self.open.keys().cloned());
        names.sort_unstable();
        names.dedup();
        // The answer last: a question and its answer may both be new.
        let mut reports: Vec<_> = names.iter().flat_map(|name| self.question_changed(name, false)).collect();
        reports.extend(self.answer_changed());
        reports
    }

    /// Takes those files as they are that nobody went on writing.
    pub fn settle(&mut self) -> Vec<AgentReport> {
        let names: Vec<String> = self.unfinished.keys().cloned().collect();
        names.iter().flat_map(|name| self.question_changed(name, true)).collect()
    }

    fn question_changed(&mut self, name: &str, settled: bool) -> Vec<AgentReport> {
        let Some(text) = read(&self.path, name) else {
            self.unfinished.remove(name);
            self.seen.remove(name);
            return self.withdraw(name).into_iter().collect();
        };
        if text.trim().is_empty() || self.seen.get(name) == Some(&text) {
            self.unfinished.remove(name);
            return Vec::new();
        }
        let is_left_so = settled && self.unfinished.get(name) == Some(&text);
        if !is_left_so && !Form::read(&text).is_some_and(|form| form.is_whole()) {
            self.unfinished.insert(name.to_owned(), text);
            return Vec::new();
        }
        self.unfinished.remove(name);
        let mut reports: Vec<_> = self.withdraw(name).into_iter().collect();
        self.set_old_answers_aside(name);
        self.count += 1;
        let request = format!("{name}.md, {}", self.count);
        // Before it is cut: half a secret would not be known.
        let shown = form::about(&self.redactor.text(&text));
        let exact = format!("{:x}", Sha256::digest(&text));
        reports.push(AgentReport::Asks(Ask { request: request.clone(), exact, about: shown.clone() }));
        self.open.insert(name.to_owned(), Open { request, shown, written: text.clone() });
        self.seen.insert(name.to_owned(), text);
        reports.extend(self.answer_changed());
        reports
    }

    fn withdraw(&mut self, name: &str) -> Option<AgentReport> {
        self.open.remove(name).map(|open| AgentReport::Withdrew { request: open.request })
    }

    /// An agent can write an answer into its own folder. It is nobody's, and a person should know.
    fn answered_itself(&mut self, name: &str) -> Vec<AgentReport> {
        let Some(text) = read(&self.path, name).filter(|text| form::answer_of(text).is_some()) else {
            return Vec::new();
        };
        if self.given.insert(name.to_owned(), text.clone()).as_ref() == Some(&text) {
            return Vec::new();
        }
        vec![note(format!("it wrote {name}.md itself; that is nobody's answer"))]
    }

    /// Takes in what stands in the answer file beside.
    fn answer_changed(&mut self) -> Vec<AgentReport> {
        let Some(beside) = self.beside.clone().filter(|beside| beside.counts) else { return Vec::new() };
        let file = answer_name(&beside.name);
        let Some(text) = read(&beside.folder, &file).filter(|text| self.spent.as_ref() != Some(text)) else {
            return Vec::new();
        };
        let Some(said) = form::answer_of(&text) else { return Vec::new() };
        let mut reports = Vec::new();
        match self.open.remove(&beside.name) {
            Some(Open { request, shown, .. }) => {
                let reply = form::reply(&shown, &self.redactor.text(said));
                reports.push(AgentReport::Answered { request, reply, by: format!("the file {file}.md") });
                reports.extend(self.give(&file, &text));
            }
            None if self.seen.contains_key(&beside.name) => {
                let why = "was written when the question was answered already; nothing comes of it";
                reports.push(note(format!("{file}.md {why}")));
            }
            // Its question may come.
            None => return Vec::new(),
        }
        self.spent = Some(text);
        reports
    }

    /// Writes what was said to a request; nothing if it is none of ours.
    pub fn answer(&mut self, request: &str, reply: &Reply) -> Vec<AgentReport> {
        let Some(name) = self.open.iter().find(|(_, open)| open.request == request).map(|(name, _)| name.clone())
        else {
            return Vec::new();
        };
        let Some(open) = self.open.remove(&name) else { return Vec::new() };
        let file = answer_name(&name);
        let text = form::answer(&name, reply, &open.shown, &open.written);
        let mut reports: Vec<_> = self.give(&file, &text).into_iter().collect();
        if let Some(beside) = self.beside.clone().filter(|beside| beside.name == name) {
            reports.extend(self.show_answer(&beside, &file, &self.redactor.text(&text)));
        }
        reports
    }

    /// Gives an answer to the agent.
    fn give(&mut self, file: &str, text: &str) -> Option<AgentReport> {
        // Known before it is there: the watch may tell of it at once.
        self.given.insert(file.to_owned(), text.to_owned());
        let written = write(&self.path, file, text);
        let error = written.err()?;
        Some(note(format!("{file}.md cannot be written, so the agent waits on: {error}")))
    }

    /// Lets a person read what was answered elsewhere.
    fn show_answer(&mut self, beside: &Beside, file: &str, text: &str) -> Option<AgentReport> {
        let stood = read(&beside.folder, file).filter(|stood| self.spent.as_ref() != Some(stood));
        let stood = stood.filter(|stood| form::answer_of(stood).is_some());
        self.spent = Some(text.to_owned());
        match (write(&beside.folder, file, text), stood) {
            (Err(error), _) => Some(note(format!("{file}.md cannot be shown beside the task file: {error}"))),
            (Ok(()), Some(_)) => Some(note(format!(
                "{file}.md was just written by somebody else, and replaced: another answer was first"
            ))),
            (Ok(()), None) => None,
        }
    }

    /// Whoever reads the new file at once must not read the answer to the question before.
    fn set_old_answers_aside(&mut self, name: &str) {
        let file = answer_name(name);
        self.given.remove(&file);
        set_aside(&self.path, &file);
        if let Some(beside) = self.beside.as_ref().filter(|beside| beside.name == name)
            && self.spent.is_some()
            && read(&beside.folder, &file) == self.spent
        {
            set_aside(&beside.folder, &file);
            // The same words may answer again.
            self.spent = None;
        }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let files = fs::read_dir(&self.path)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names = files.filter_map(|file| name_of(&file).map(str::to_owned));
        Ok(names.filter(|name| !form::is_answer(name)).collect())
    }
}

fn note(text: String) -> AgentReport {
    AgentReport::Log(vec![LogLine { label: "note".to_owned(), text }])
}

/// Returns the name of a file that may be a question or an answer, without `.md`.
fn name_of(file: &str) -> Option<&str> {
    file.strip_suffix(".md").filter(|name| !name.is_empty() && !name.starts_with('.') && name.len() <= LONGEST_NAME)
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
