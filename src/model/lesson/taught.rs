//! One thing that was learnt: what, of which kind, and where a person wrote it.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::model::lesson::words::words;

/// Names a lesson by its content, so that reading a feedback file again, or moving a line in it, makes no second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LessonId(u32);

/// What a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonKind {
    /// What worked, in a task rated 4 or 5.
    Pattern,
    /// What went wrong, in a task rated 1 or 2.
    Mistake,
    /// What a person wants done from then on.
    Action,
    /// What a person wants different the next day.
    Adjustment,
}

/// Where a lesson was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The feedback file, as shown: `feedback/2025-11-18.md`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// The task that a lesson was learnt from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonTask {
    /// Its label: `task-001`.
    pub label: String,
    /// Its name, as the feedback or the task file has it.
    pub name: String,
    /// The role that worked on it; empty if that is not known.
    #[serde(default)]
    pub role: String,
    /// What it was given to read first.
    #[serde(default)]
    pub context_files: Vec<String>,
}

/// One thing that was learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Names it.
    pub id: LessonId,
    /// What, in the words of the person.
    pub text: String,
    /// What it is.
    pub kind: LessonKind,
    /// Where it was written.
    pub origin: Place,
    /// The task that it was written about, if any.
    #[serde(default)]
    pub task: Option<LessonTask>,
    /// The part of the project that it is about; empty if none was named.
    #[serde(default)]
    pub module: String,
    /// What its words are reduced to, to find out what it concerns.
    pub words: Vec<String>,
}

impl LessonId {
    /// Names what was said in a file.
    pub fn of(file: &str, kind: LessonKind, task: &str, text: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [file, kind.name(), task, text] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let bytes = hash.finalize();
        Self(bytes.iter().take(4).fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
    }
}

impl LessonKind {
    /// Returns the word that lists and prompts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::Mistake => "mistake",
            Self::Action => "action",
            Self::Adjustment => "adjustment",
        }
    }
}

impl Lesson {
    /// Takes down what was said in a file, about a task or in general.
    pub fn new(kind: LessonKind, text: &str, origin: Place, task: Option<LessonTask>, module: &str) -> Self {
        let label = task.as_ref().map(|task| task.label.as_str()).unwrap_or_default();
        let id = LessonId::of(&origin.file, kind, label, text);
        let mut all = words(text);
        all.extend(task.iter().flat_map(|task| words(&task.name)));
        let (text, module, words) = (text.to_owned(), module.to_owned(), all.into_iter().collect());
        Self { id, text, kind, origin, task, module, words }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for LessonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A text that names no lesson.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no lesson; write the eight signs that the list shows, such as 3f2a91c0")]
pub struct BadLessonId(String);

impl FromStr for LessonId {
    type Err = BadLessonId;

    fn from_str(text: &str) -> Result<Self, BadLessonId> {
        let number = (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or_else(|| BadLessonId(text.to_owned()))
    }
}

impl Serialize for LessonId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LessonId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
