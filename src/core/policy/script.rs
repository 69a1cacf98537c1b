//! What a command line consists of, once it is taken apart.

use std::collections::{BTreeMap, BTreeSet};

use super::word::Word;

/// What a command reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Reads {
    /// Nothing of its own.
    #[default]
    Nothing,
    /// This text: a here-document or a here-string.
    Text(Word),
    /// A here-document whose text comes later in the line.
    Later(usize),
    /// A file.
    File(Word),
    /// What another command prints: the one at this place, if it is a simple one.
    Pipe(Option<usize>),
}

/// A redirect that opens a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    /// Which file.
    pub file: Word,
    /// Whether it is written.
    pub writes: bool,
}

/// A command with its arguments, quotes removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Leading `NAME=value` words.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments; empty if there are only assignments or redirects.
    pub words: Vec<Word>,
    /// Files that it reads and writes.
    pub redirects: Vec<Redirect>,
    /// What it reads.
    pub reads: Reads,
    /// Whether it runs only if the one before it went well.
    pub after_success: bool,
}

/// Why a command line cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    /// The end is missing.
    #[error("a quote or a bracket is not closed")]
    Unfinished,
    /// A command is missing before or after an operator.
    #[error("a command is missing")]
    Missing,
    /// Something else that no shell would take, or that is not known here.
    #[error("it is written in a way that is not understood here (`{0}`)")]
    Odd(char),
    /// It is nested too deeply to be followed.
    #[error("it is nested too deeply")]
    Deep,
}

/// A line that was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// Its commands.
    pub commands: Vec<Simple>,
    /// The functions that it defines; their bodies are among the commands.
    pub functions: BTreeSet<String>,
    /// Whether some of it may run again, or later than it stands there.
    pub repeats: bool,
    /// What its variables are in the end; `None` for one that may be anything.
    pub variables: BTreeMap<String, Option<String>>,
}
