//! Reads a feedback file. What cannot be read is said with its line, and the rest counts all the same.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;

use crate::config::diagnostic::{Diagnostic, SourceText};
use crate::config::feedback::line::{self, Line};

/// The largest file, in bytes.
const LARGEST: u64 = 1 << 20;

/// The most lines that are read.
const MOST_LINES: usize = 5_000;

/// The longest thing that is kept, in characters: it is quoted in prompts.
const LONGEST: usize = 500;

/// Something a person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
}

/// What a person gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rating {
    /// From 1 to 5.
    pub points: u8,
    /// The line, from 1.
    pub line: usize,
}

/// What a person said about one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskFeedback {
    /// Its label.
    pub label: String,
    /// Its name, as the heading has it.
    pub name: String,
    /// The line of the heading.
    pub line: usize,
    /// How good it was.
    pub rating: Option<Rating>,
    /// What was good.
    pub good: Vec<Note>,
    /// What was not.
    pub bad: Vec<Note>,
    /// What is to be done from then on.
    pub actions: Vec<Note>,
    /// Whatever else was said.
    pub remarks: Vec<Note>,
}

/// What a person said about the orchestrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Remark {
    /// It is good.
    Good(Note),
    /// It could be better.
    Improve(Note),
    /// It is so.
    Other(Note),
}

/// A feedback file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Feedback {
    /// As shown: `feedback/2025-11-18.md`.
    pub file: String,
    /// Its day: `2025-11-18`.
    pub date: Option<String>,
    /// By task, in the order of the file.
    pub tasks: Vec<TaskFeedback>,
    /// "Orchestrator Performance".
    pub orchestrator: Vec<Remark>,
    /// "Tomorrow's Adjustments".
    pub adjustments: Vec<Note>,
    /// What could not be read, and why.
    pub unread: Vec<Diagnostic>,
}

/// Reads a feedback file; it is shown relative to `base`.
///
/// # Errors
/// If there is no such text file. Whatever it says is no error.
pub fn read_feedback(path: &Path, base: &Path) -> Result<Feedback, Box<Diagnostic>> {
    let about = |message: &str, hint: &str| Box::new(Diagnostic::about(path.display().to_string(), message).hint(hint));
    let usual = "name a feedback file, such as feedback/2025-11-18.md";
    let unreadable = |error: std::io::Error| about(&format!("the feedback cannot be read: {error}"), usual);
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(about("this is no file", usual));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(about("a feedback file has at most 1 MB", "say less"));
    }
    // One wrong byte is no reason to lose a day's feedback.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut feedback = feedback_of(&SourceText::new(path, base, text));
    let named = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<Date>().ok());
    feedback.date = feedback.date.or_else(|| named.map(|date| date.to_string()));
    Ok(feedback)
}

/// Reads the text of a feedback file.
fn feedback_of(source: &SourceText) -> Feedback {
    let mut reader = Reader {
        feedback: Feedback { file: source.label.clone(), ..Feedback::default() },
        source,
        part: Part::Begin,
        last: Last::Nothing,
        fenced: false,
        hidden: false,
    };
    let mut start = 0;
    for (index, raw) in source.text.split('\n').enumerate() {
        let here = Here { line: index + 1, start, raw: raw.trim_end_matches('\r') };
        if index == MOST_LINES {
            reader.unread(&here, "only the lines before this one were read", "say less");
            break;
        }
        start += raw.len() + 1;
        reader.take(&here);
    }
    reader.feedback
}

/// The part of the file that is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Before the first heading about something.
    Begin,
    Task,
    Orchestrator,
    Adjustments,
    /// Nobody knows what it is about; that was said.
    Unknown,
}

/// What an indented line goes on with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Good,
    Bad,
    Action,
    Remark,
    Orchestrator,
    Adjustment,
}

struct Here<'a> {
    line: usize,
    start: usize,
    raw: &'a str,
}

struct Reader<'a> {
    feedback: Feedback,
    source: &'a SourceText,
    part: Part,
    last: Last,
    /// Within ``` … ```: an example, no feedback.
    fenced: bool,
    /// Within <!-- … -->.
    hidden: bool,
}

impl Reader<'_> {
    fn take(&mut self, here: &Here<'_>) {
        let text = here.raw.trim();
        if self.hidden {
            self.hidden = !text.contains("-->");
            return;
        }
        if text.starts_with("```") || text.starts_with("~~~") {
            self.fenced = !self.fenced;
            return;
        }
        if self.fenced {
            return;
        }
        if text.starts_with("<!--") && !text.contains("-->") {
            self.hidden = true;
            return;
        }
        match line::read(here.raw) {
            Line::Empty => self.last = Last::Nothing,
            Line::Heading(level, title) => self.heading(here, level, &title),
            Line::More(text) => self.more(here, &text),
            line => match self.part {
                Part::Task => self.about_task(here, line),
                Part::Orchestrator => self.about_orchestrator(here, line),
                Part::Adjustments => self.adjustment(here, line),
                Part::Begin => self.outside(here, &line),
                Part::Unknown => {}
            },
        }
    }

    fn unread(&mut self, here: &Here<'_>, message: &str, hint: &str) {
        let indent = here.raw.len() - here.raw.trim_start().len();
        let range = here.start + indent..here.start + here.raw.trim_end().len();
        let unread = self.source.diagnostic(&range, message).warning().hint(hint);
        self.feedback.unread.push(unread);
    }

    fn heading(&mut self, here: &Here<'_>, level: usize, title: &str) {
        self.last = Last::Nothing;
        let lower = title.to_lowercase();
        if let Some(label) = label_in(title) {
            self.part = Part::Task;
            let name = title[label.len()..].trim_start_matches([':', '-', '–', '—', ' ', '.', '*']).to_owned();
            if self.feedback.tasks.iter().any(|task| task.label.eq_ignore_ascii_case(label)) {
                self.unread(here, &format!("{label} was spoken of before"), "both parts count; the first rating does");
            }
            let label = label.to_owned();
            let (good, bad, actions, remarks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let (line, rating) = (here.line, None);
            self.feedback.tasks.push(TaskFeedback { label, name, line, rating, good, bad, actions, remarks });
        } else if lower.contains("orchestrator") && !lower.contains("feedback") {
            self.part = Part::Orchestrator;
        } else if lower.contains("adjust") || lower.contains("tomorrow") {
            self.part = Part::Adjustments;
        } else if level == 1 || lower.starts_with("feedback") {
            self.part = Part::Begin;
            let mut dates = title.split(|c: char| !c.is_ascii_digit() && c != '-').filter(|word| word.len() == 10);
            let date = dates.find_map(|word| word.parse::<Date>().ok());
            self.feedback.date = date.map(|date| date.to_string()).or(self.feedback.date.take());
        } else if level > 2 && self.part != Part::Begin {
            // A heading within a part: what is below it belongs there.
        } else {
            self.part = Part::Unknown;
            let hint = "headings are \"## task-001: Title\", \"## Orchestrator Performance\" and \"## Tomorrow's Adjustments\"";
            self.unread(here, "nobody knows what this part is about; it was left out", hint);
        }
    }

    fn about_task(&mut self, here: &Here<'_>, line: Line) {
        let (last, text) = match line {
            Line::Rating(text) => return self.rating(here, &text),
            Line::Action(text) => {
                self.last = Last::Action;
                if text.is_empty() {
                    return;
                }
                (Last::Action, text)
            }
            Line::Good(text) => (Last::Good, text),
            Line::Bad(text) => (Last::Bad, text),
            // Below "Actions:" each item is one.
            Line::Item(text) if self.last == Last::Action => (Last::Action, text),
            Line::Item(text) | Line::Prose(text) | Line::More(text) | Line::Heading(_, text) => (Last::Remark, text),
            Line::Empty => return,
        };
        // A line of a form that nobody filled in.
        if text.is_empty() {
            return;
        }
        self.last = last;
        let note = Note { text: short(&text), line: here.line };
        let Some(task) = self.feedback.tasks.last_mut() else { return };
        match last {
            Last::Good => task.good.push(note),
            Last::Bad => task.bad.push(note),
            Last::Action => task.actions.push(note),
            Last::Remark | Last::Nothing | Last::Orchestrator | Last::Adjustment => task.remarks.push(note),
        }
    }

    fn rating(&mut self, here: &Here<'_>, text: &str) {
        if text.is_empty() || text.starts_with(['?', '/', '_']) {
            return;
        }
        let Some(points) = line::rating(text) else {
            return self.unread(here, "this is no rating from 1 to 5", "write Rating: 4/5");
        };
        let Some(task) = self.feedback.tasks.last_mut() else { return };
        let label = task.label.clone();
        let is_rated =
            self.feedback.tasks.iter().any(|task| task.label.eq_ignore_ascii_case(&label) && task.rating.is_some());
        if is_rated {
            return self.unread(here, &format!("{label} has a rating already"), "the first one counts; remove one");
        }
        if let Some(task) = self.feedback.tasks.last_mut() {
            task.rating = Some(Rating { points, line: here.line });
        }
    }

    fn about_orchestrator(&mut self, here: &Here<'_>, line: Line) {
        let note = |text: String| Note { text: short(&text), line: here.line };
        self.last = Last::Orchestrator;
        match line {
            Line::Good(text) | Line::Bad(text) | Line::Action(text) | Line::Item(text) if text.is_empty() => {}
            Line::Good(text) => self.feedback.orchestrator.push(Remark::Good(note(text))),
            Line::Bad(text) => self.feedback.orchestrator.push(Remark::Improve(note(text))),
            // What is to be done about it is an adjustment, wherever it stands.
            Line::Action(text) => self.feedback.adjustments.push(note(text)),
            Line::Item(text) | Line::Prose(text) | Line::More(text) | Line::Rating(text) => {
                self.feedback.orchestrator.push(Remark::Other(note(text)));
            }
            Line::Heading(..) | Line::Empty => {}
        }
    }

    fn adjustment(&mut self, here: &Here<'_>, line: Line) {
        let text = match line {
            Line::Item(text)
            | Line::Prose(text)
            | Line::Action(text)
            | Line::Good(text)
            | Line::Bad(text)
            | Line::Rating(text)
            | Line::More(text)
            | Line::Heading(_, text) => text,
            Line::Empty => return,
        };
        if !text.is_empty() {
            self.last = Last::Adjustment;
            self.feedback.adjustments.push(Note { text: short(&text), line: here.line });
        }
    }

    /// Before the first heading only prose is fine: everything else was meant for a task.
    fn outside(&mut self, here: &Here<'_>, line: &Line) {
        if matches!(line, Line::Rating(_) | Line::Good(_) | Line::Bad(_) | Line::Action(_)) {
            self.unread(
                here,
                "this belongs to no task; it was left out",
                "write it below a heading such as \"## task-001: Title\"",
            );
        }
    }

    /// Adds an indented line to what it goes on with.
    fn more(&mut self, here: &Here<'_>, text: &str) {
        let task = self.feedback.tasks.last_mut();
        let note = match self.last {
            Last::Good => task.and_then(|task| task.good.last_mut()),
            Last::Bad => task.and_then(|task| task.bad.last_mut()),
            Last::Action => task.and_then(|task| task.actions.last_mut()),
            Last::Remark => task.and_then(|task| task.remarks.last_mut()),
            Last::Orchestrator => self.feedback.orchestrator.last_mut().map(|remark| match remark {
                Remark::Good(note) | Remark::Improve(note) | Remark::Other(note) => note,
            }),
            Last::Adjustment => self.feedback.adjustments.last_mut(),
            Last::Nothing => None,
        };
        match note {
            Some(note) => note.text = short(&format!("{} {text}", note.text)),
            None => match self.part {
                Part::Task => self.about_task(here, Line::Prose(text.to_owned())),
                Part::Orchestrator => self.about_orchestrator(here, Line::Prose(text.to_owned())),
                Part::Adjustments => self.adjustment(here, Line::Prose(text.to_owned())),
                Part::Begin | Part::Unknown => {}
            },
        }
    }
}

/// Returns the label that a heading begins with: it has a digit in it, or a colon after it.
fn label_in(title: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = title.find(|c| !is_plain(c)).unwrap_or(title.len());
    let label = title[..end].trim_end_matches(['-', '.']);
    let is_first = label.starts_with(|c: char| c.is_ascii_alphanumeric());
    let has_digit = label.contains(|c: char| c.is_ascii_digit()) && label.contains(|c: char| c.is_ascii_alphabetic());
    let has_colon = title[end..].starts_with(':') && !["feedback", "orchestrator"].contains(&&*label.to_lowercase());
    (is_first && (has_digit || has_colon)).then_some(label)
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}
