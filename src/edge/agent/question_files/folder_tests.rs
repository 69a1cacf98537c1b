//! What one agent asks and is answered by files, step by step.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

use super::*;

const ASKED: &str = "# Question from Agent t\n## Question\nWhich?\n## Options\nA) one\nB) two\n## Impact\nall\n";

struct House {
    folder: tempfile::TempDir,
    questions: Folder,
}

impl House {
    /// An agent in `q`, and a person in `p`.
    fn new() -> Self {
        Self::with(true, &[])
    }

    fn with(counts: bool, before: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let beside = Beside { folder: folder.path().join("p"), name: "t".to_owned(), counts };
        fs::create_dir(&beside.folder).unwrap();
        for (file, text) in before {
            fs::write(beside.folder.join(file), text).unwrap();
        }
        let questions = Folder::open(&folder.path().join("q"), Some(beside), Redactor::new(Vec::new())).unwrap();
        Self { folder, questions }
    }

    /// The agent writes.
    fn write(&mut self, file: &str, text: &str) -> Vec<AgentReport> {
        fs::write(self.folder.path().join("q").join(file), text).unwrap();
        self.questions.changed(Side::Agent, file)
    }

    /// A person writes.
    fn says(&mut self, file: &str, text: &str) -> Vec<AgentReport> {
        fs::write(self.folder.path().join("p").join(file), text).unwrap();
        self.questions.changed(Side::Person, file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join("q").join(file)).unwrap_or_default()
    }

    /// What a person finds.
    fn found(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join("p").join(file)).unwrap_or_default()
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
    assert_eq!(house.questions.to_show(&request).as_deref(), Some(ASKED));
    assert_eq!(house.write("t.md", ASKED), [], "the same once more");
    assert_eq!(house.questions.answer(&request, &chosen("B) two")), []);
    assert_eq!(house.read("t-answer.md"), "# Answer to t\n\nB) two\n");
    assert_eq!(house.found("t-answer.md"), "# Answer to t\n\nB) two\n");
    assert!(!house.questions.is_waiting());
    assert_eq!(house.questions.changed(Side::Agent, "t-answer.md"), [], "that was us");
    assert_eq!(house.questions.changed(Side::Person, "t-answer.md"), [], "that, too");
    let late = house.says("t-answer.md", "A\n");
    assert!(matches!(&late[..], [AgentReport::Log(lines)] if lines[0].text.contains("answered already")), "{late:?}");
    assert_eq!(house.questions.answer(&request, &chosen("A) one")), [], "it waits no more");
    assert_eq!((house.read("t-answer.md").contains("B) two"), house.found("t-answer.md").as_str()), (true, "A\n"));
}

#[test]
fn a_person_answers_by_writing_the_file() {
    let mut house = House::new();
    let request = house.asks("t.md", ASKED);
    assert_eq!(house.says("t-answer.md", "# Answer to t\n"), [], "no more than the heading");
    let by = "the file t-answer.md".to_owned();
    let want = AgentReport::Answered { request: request.clone(), reply: chosen("B) two"), by };
    assert_eq!(house.says("t-answer.md", "# Answer to t\n\nb\n"), [want]);
    assert!(!house.questions.is_waiting());
    assert_eq!(house.read("t-answer.md"), "# Answer to t\n\nb\n", "the agent reads it in its own folder");
    // The same words to another question are another answer.
    house.asks("t.md", &ASKED.replace("Which?", "And then?"));
    let again = house.says("t-answer.md", "# Answer to t\n\nb\n");
    assert!(matches!(&again[..], [AgentReport::Answered { .. }]), "{again:?}");
}

#[test]
fn what_agents_write_answers_nobody() {
    let mut house = House::new();
    house.asks("t.md", ASKED);
    let own = house.write("t-answer.md", "# Answer to t\n\nA\n");
    assert!(matches!(&own[..], [AgentReport::Log(lines)] if lines[0].text.contains("nobody's answer")), "{own:?}");
    assert_eq!(house.write("t-answer.md", "# Answer to t\n\nA\n"), [], "it is said once");
    assert_eq!(house.questions.look(), []);
    assert_eq!(house.says("u-answer.md", "A\n"), [], "that of another task");
    assert!(house.questions.is_waiting());
    // Nor does what stands where an agent may have written it.
    let mut house = House::with(false, &[]);
    let request = house.asks("t.md", ASKED);
    assert_eq!(house.says("t-answer.md", "A\n"), []);
    assert!(house.questions.is_waiting());
    assert_eq!(house.questions.answer(&request, &chosen("B) two")).len(), 1, "it is said what is replaced");
    assert!(house.found("t-answer.md").contains("B) two"));
}

#[test]
fn only_what_has_the_name_of_the_task_is_shown_beside() {
    let mut house = House::new();
    let (first, second) = (house.asks("t.md", ASKED), house.asks("t-2.md", ASKED));
    assert!(house.questions.is_shown(&first) && !house.questions.is_shown(&second));
    assert_eq!(house.questions.to_show(&second), None);
    assert_eq!(house.questions.answer(&second, &chosen("A) one")), []);
    assert!(house.read("t-2-answer.md").contains("A) one"));
    assert_eq!(house.found("t-2-answer.md"), "");
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
    let [AgentReport::Asks(Ask { about: About::Choice { parts }, .. })] = &reports[..] else { panic!("{reports:?}") };
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
    assert_eq!(house.questions.changed(Side::Agent, "t.md"), [AgentReport::Withdrew { request: second }]);
}

#[test]
fn what_lies_there_from_before_asks_and_answers_nothing() {
    let mut house = House::with(true, &[("t-answer.md", "A\n")]);
    assert_eq!(house.questions.look(), []);
    house.asks("t.md", ASKED);
    assert!(house.questions.is_waiting(), "the old answer is none");
    assert_eq!((house.found("t-answer.md").as_str(), house.found("t-answer-1.md").as_str()), ("", "A\n"));
    let path = house.questions.path().to_owned();
    let mut again = Folder::open(&path, None, Redactor::new(Vec::new())).unwrap();
    assert_eq!(again.look(), []);
    fs::write(path.join("t.md"), ASKED.replace("Which?", "Again?")).unwrap();
    assert!(matches!(&again.look()[..], [AgentReport::Asks(_)]));
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
