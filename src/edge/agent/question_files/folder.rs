//! The folder in which one agent asks: what its files ask, what answers them, and what is written there.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::OFlag;
use sha2::{Digest as _, Sha256};

use super::form::{self, Form, answer_name};
use crate::core::secrets::Redactor;
use crate::model::agent::{AgentReport, LogLine};
use crate::model::question::{About, Ask, Reply};

/// The largest file that is read, in bytes; what is longer is cut off.
const LARGEST: u64 = 64 * 1024;
/// The longest name of a question, in bytes.
const LONGEST_NAME: usize = 100;
/// How long a file that may not be whole must stay as it is.
pub const SETTLE: Duration = Duration::from_secs(2);

/// What one run asks and is answered by files.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The only name that counts, where others ask beside it.
    only: Option<String>,
    redactor: Redactor,
    /// What was last read from each question file, by its name without `.md`; also of those that are answered.
    seen: BTreeMap<String, String>,
    open: BTreeMap<String, Open>,
    /// What the answer files hold that answer nothing any more.
    spent: BTreeMap<String, String>,
    /// Files that may not be whole, with what stood in them.
    unfinished: BTreeMap<String, String>,
    count: u32,
}

/// A question that waits.
#[derive(Debug)]
struct Open {
    request: String,
    shown: About,
    written: String,
}

impl Folder {
    /// Opens a folder, and makes it if need be; what lies in it already is no question of this run.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub fn open(path: &Path, only: Option<String>, redactor: Redactor) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let mut folder = Self {
            path: path.to_owned(),
            only,
            redactor,
            seen: BTreeMap::new(),
            open: BTreeMap::new(),
            spent: BTreeMap::new(),
            unfinished: BTreeMap::new(),
            count: 0,
        };
        for name in folder.names()? {
            let Some(text) = folder.text(&name) else { continue };
            if form::is_answer(&name) {
                folder.spent.insert(name, text)
            } else {
                folder.seen.insert(name, text)
            };
        }
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

    /// Takes in that a file was closed by its writer, renamed or removed. `file` is its name.
    pub fn changed(&mut self, file: &str) -> Vec<AgentReport> {
        match name_of(file).filter(|name| self.is_ours(name)) {
            Some(name) if form::is_answer(name) => self.answer_changed(name),
            Some(name) => self.question_changed(name, false),
            None => Vec::new(),
        }
    }

    /// Looks at all files: changes may have been missed.
    pub fn look(&mut self) -> Vec<AgentReport> {
        let mut names = self.names().unwrap_or_default();
        names.extend(self.open.keys().cloned());
        names.sort_unstable();
        names.dedup();
        // Answers last: a question and its answer may both be new.
        let (answers, questions): (Vec<_>, Vec<_>) = names.iter().partition(|name| form::is_answer(name));
        let mut reports: Vec<_> = questions.iter().flat_map(|name| self.question_changed(name, false)).collect();
        reports.extend(answers.iter().flat_map(|name| self.answer_changed(name)));
        reports
    }

    /// Takes those files as they are that nobody went on writing.
    pub fn settle(&mut self) -> Vec<AgentReport> {
        let names: Vec<String> = self.unfinished.keys().cloned().collect();
        names.iter().flat_map(|name| self.question_changed(name, true)).collect()
    }

    fn question_changed(&mut self, name: &str, settled: bool) -> Vec<AgentReport> {
        let Some(text) = self.text(name) else {
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
        self.set_old_answer_aside(name);
        self.count += 1;
        let request = format!("{name}.md, {}", self.count);
        // Before it is cut: half a secret would not be known.
        let shown = form::about(&self.redactor.text(&text));
        let exact = format!("{:x}", Sha256::digest(&text));
        reports.push(AgentReport::Asks(Ask { request: request.clone(), exact, about: shown.clone() }));
        self.open.insert(name.to_owned(), Open { request, shown, written: text.clone() });
        self.seen.insert(name.to_owned(), text);
        reports.extend(self.answer_changed(&answer_name(name)));
        reports
    }

    fn withdraw(&mut self, name: &str) -> Option<AgentReport> {
        self.open.remove(name).map(|open| AgentReport::Withdrew { request: open.request })
    }

    fn answer_changed(&mut self, name: &str) -> Vec<AgentReport> {
        let Some(text) = self.text(name) else { return Vec::new() };
        let Some(said) = form::answer_of(&text).filter(|_| self.spent.get(name) != Some(&text)) else {
            return Vec::new();
        };
        let question = name.strip_suffix("-answer").unwrap_or(name);
        let report = match self.open.remove(question) {
            Some(Open { request, shown, .. }) => AgentReport::Answered {
                request,
                reply: form::reply(&shown, &self.redactor.text(said)),
                by: format!("the file {name}.md"),
            },
            None if self.seen.contains_key(question) => {
                note(format!("{name}.md was written when the question was answered already; nothing comes of it"))
            }
            // Its question may come.
            None => return Vec::new(),
        };
        self.spent.insert(name.to_owned(), text);
        vec![report]
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
        let stood = self.text(&file).filter(|stood| form::answer_of(stood).is_some());
        // Known before it is there: the watch may tell of it at once.
        self.spent.insert(file.clone(), text.clone());
        match (self.write(&file, &text), stood) {
            (Err(error), _) => vec![note(format!("{file}.md cannot be written, so the agent waits on: {error}"))],
            (Ok(()), Some(_)) => {
                vec![note(format!(
                    "{file}.md was just written by somebody else, and replaced: another answer was first"
                ))]
            }
            (Ok(()), None) => Vec::new(),
        }
    }

    /// Whoever reads the new file at once must not read the answer to the question before.
    fn set_old_answer_aside(&mut self, name: &str) {
        let file = answer_name(name);
        if self.text(&file).is_none_or(|text| self.spent.get(&file) != Some(&text)) {
            return;
        }
        let free = (1..1000).map(|number| self.file(&format!("{file}-{number}"))).find(|path| !path.exists());
        if let Some(free) = free
            && let Err(error) = fs::rename(self.file(&file), free)
        {
            tracing::warn!(%error, file, "an old answer stays in its place");
        }
    }

    /// Writes a file so that nobody sees half of it.
    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".").tempfile_in(&self.path)?;
        file.write_all(text.as_bytes())?;
        file.persist(self.file(name)).map(drop).map_err(|error| error.error)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.md"))
    }

    /// Reads a file; nothing if it is none, or a link to another place.
    fn text(&self, name: &str) -> Option<String> {
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        let file = File::options().read(true).custom_flags(flags).open(self.file(name)).ok()?;
        let mut bytes = Vec::new();
        file.metadata().ok().filter(fs::Metadata::is_file)?;
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let files = fs::read_dir(&self.path)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names = files.filter_map(|file| name_of(&file).map(str::to_owned));
        Ok(names.filter(|name| self.is_ours(name)).collect())
    }

    fn is_ours(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| name == only || name.strip_suffix("-answer") == Some(only))
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
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]
mod tests {
    use super::*;

    const ASKED: &str = "# Question from Agent t\n## Question\nWhich?\n## Options\nA) one\nB) two\n## Impact\nall\n";

    struct House {
        folder: tempfile::TempDir,
        questions: Folder,
    }

    impl House {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let questions = Folder::open(&folder.path().join("q"), None, Redactor::new(Vec::new())).unwrap();
            Self { folder, questions }
        }

        fn write(&mut self, file: &str, text: &str) -> Vec<AgentReport> {
            fs::write(self.folder.path().join("q").join(file), text).unwrap();
            self.questions.changed(file)
        }

        fn read(&self, file: &str) -> String {
            fs::read_to_string(self.folder.path().join("q").join(file)).unwrap_or_default()
        }

        /// Writes a question and returns the request that it became.
        fn asks(&mut self, file: &str, text: &str) -> String {
            match self.write(file, text).pop() {
                Some(AgentReport::Asks(ask)) => ask.request,
                other => panic!("{other:?}"),
            }
        }
    }

    fn chosen(answer: &str) -> Reply {
        Reply::Choose { answers: vec![vec![answer.to_owned()]] }
    }

    #[test]
    fn a_question_is_asked_once_and_answered_in_a_file() {
        let mut house = House::new();
        let request = house.asks("t.md", ASKED);
        assert!(house.questions.is_waiting());
        assert_eq!(house.write("t.md", ASKED), [], "the same once more");
        assert_eq!(house.questions.answer(&request, &chosen("B) two")), []);
        assert_eq!(house.read("t-answer.md"), "# Answer to t\n\nB) two\n");
        assert!(!house.questions.is_waiting());
        assert_eq!(house.questions.changed("t-answer.md"), [], "that was us");
        let late = house.write("t-answer.md", "A\n");
        assert!(
            matches!(&late[..], [AgentReport::Log(lines)] if lines[0].text.contains("answered already")),
            "{late:?}"
        );
        assert_eq!(house.questions.answer(&request, &chosen("A) one")), [], "it waits no more");
        assert_eq!(house.read("t-answer.md"), "A\n");
    }

    #[test]
    fn a_person_answers_by_writing_the_file() {
        let mut house = House::new();
        let request = house.asks("t.md", ASKED);
        assert_eq!(house.write("t-answer.md", "# Answer to t\n"), [], "no more than the heading");
        let by = "the file t-answer.md".to_owned();
        let want = AgentReport::Answered { request: request.clone(), reply: chosen("B) two"), by };
        assert_eq!(house.write("t-answer.md", "# Answer to t\n\nb\n"), [want]);
        assert!(!house.questions.is_waiting());
    }

    #[test]
    fn half_a_question_is_none_until_nobody_goes_on() {
        let mut house = House::new();
        assert_eq!(house.write("t.md", &ASKED[..40]), []);
        assert!(house.questions.is_unsettled());
        fs::write(house.folder.path().join("q/t.md"), &ASKED[..50]).unwrap();
        assert_eq!(house.questions.settle(), [], "somebody went on writing");
        let reports = house.questions.settle();
        assert!(matches!(&reports[..], [AgentReport::Asks(_)]), "{reports:?}");
        let reports = house.write("t.md", ASKED);
        assert!(matches!(&reports[..], [AgentReport::Withdrew { .. }, AgentReport::Asks(_)]), "{reports:?}");
        let free = "What now?\nSay something.\n";
        assert_eq!(house.write("free.md", free), []);
        let reports = house.questions.settle();
        let [AgentReport::Asks(Ask { about: About::Choice { parts }, .. })] = &reports[..] else {
            panic!("{reports:?}")
        };
        assert_eq!(parts[0].text, free.trim());
    }

    #[test]
    fn another_question_of_that_name_does_not_find_the_old_answer() {
        let mut house = House::new();
        let first = house.asks("t.md", ASKED);
        house.questions.answer(&first, &chosen("A) one"));
        let second = house.asks("t.md", &ASKED.replace("Which?", "And then?"));
        assert_ne!(first, second);
        assert_eq!((house.read("t-answer.md").as_str(), house.read("t-answer-1.md").contains("A) one")), ("", true));
        assert_eq!(house.questions.answer(&first, &chosen("B) two")), [], "an answer to what was asked before");
        assert_eq!(house.read("t-answer.md"), "");
        fs::remove_file(house.folder.path().join("q/t.md")).unwrap();
        assert_eq!(house.questions.changed("t.md"), [AgentReport::Withdrew { request: second }]);
    }

    #[test]
    fn what_lies_there_from_before_asks_and_answers_nothing() {
        let mut house = House::new();
        house.asks("t.md", ASKED);
        house.write("t-answer.md", "A\n");
        let path = house.questions.path().to_owned();
        let mut again = Folder::open(&path, None, Redactor::new(Vec::new())).unwrap();
        assert_eq!(again.look(), []);
        fs::write(path.join("t.md"), ASKED.replace("Which?", "Again?")).unwrap();
        assert!(matches!(&again.look()[..], [AgentReport::Asks(_)]));
        assert!(again.is_waiting(), "the old answer is none");
    }

    #[test]
    fn links_pipes_and_strange_names_are_left_alone() {
        let mut house = House::new();
        let folder = house.questions.path().to_owned();
        fs::write(house.folder.path().join("elsewhere"), ASKED).unwrap();
        std::os::unix::fs::symlink(house.folder.path().join("elsewhere"), folder.join("link.md")).unwrap();
        nix::unistd::mkfifo(&folder.join("pipe.md"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::create_dir(folder.join("folder.md")).unwrap();
        fs::write(folder.join(".t.md"), ASKED).unwrap();
        fs::write(folder.join("t.md.tmp"), ASKED).unwrap();
        assert_eq!(house.questions.look(), []);
        assert!(!house.questions.is_unsettled());
    }
}
