//! Where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Serialize, Serializer};

use crate::config::diagnostic::{Diagnostic, SourceText};

/// Where a value that is not a built-in default came from, as `config check` shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A configuration file.
    File {
        /// The file as shown.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        col: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: String,
    },
    /// A line of the project's `.env`.
    DotEnv {
        /// The variable's name.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// A flag.
    Flag {
        /// Its name, with dashes.
        name: String,
    },
    /// What the project looks like.
    Detected,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, col } => write!(f, "{file}:{line}:{col}"),
            Self::Environment { name } => write!(f, "{name} in the environment"),
            Self::DotEnv { name, line } => write!(f, "{name} in .env:{line}"),
            Self::Flag { name } => write!(f, "{name} on the command line"),
            Self::Detected => f.write_str("the kind of project"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A place that a diagnostic can point at.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// In the file with this index.
    File(usize, Range<usize>),
    /// A variable of the environment.
    Variable(&'static str),
    /// A variable in the file with this index, `.env`.
    DotEnv(&'static str, usize, Range<usize>),
    /// A flag.
    Flag(&'static str),
    /// Nobody wrote it.
    Detected,
}

/// The places of all values: `watch.settle`, `check[0].run`, `check[0].paths[2]`, `agent.claude.program`.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Every file that was read; the first is the built-in one, whose places are not kept.
    pub(crate) files: Vec<SourceText>,
    /// Key → place, for values that are not built in.
    pub(crate) keys: BTreeMap<String, Origin>,
}

impl Places {
    /// Makes a diagnostic that points at the value of `key`, or at nothing if it is built in.
    pub(crate) fn diagnostic(&self, key: &str, message: impl Into<String>) -> Diagnostic {
        match self.keys.get(key) {
            Some(Origin::File(file, range) | Origin::DotEnv(_, file, range)) => {
                self.files[*file].diagnostic(range, message)
            }
            Some(Origin::Variable(name)) => Diagnostic::about("environment", format!("{name}: {}", message.into())),
            Some(Origin::Flag(name)) => Diagnostic::about("command line", format!("{name}: {}", message.into())),
            Some(Origin::Detected) | None => Diagnostic::about("built-in defaults", message),
        }
    }

    /// Like [`diagnostic`](Self::diagnostic), at a part of the text in quotes that `key` holds, where it stands there
    /// as written.
    pub(crate) fn within(&self, key: &str, part: &str, message: impl Into<String>) -> Diagnostic {
        if let Some(Origin::File(file, range)) = self.keys.get(key) {
            let source = &self.files[*file];
            let found = source.text.get(range.clone()).and_then(|text| text.find(part));
            if let Some(at) = found {
                return source.diagnostic(&(range.start + at..range.start + at + part.len()), message);
            }
        }
        self.diagnostic(key, message)
    }

    /// Whether somebody wrote this value.
    pub(crate) fn is_given(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Forgets a key and what is below it, because another layer replaces it.
    pub(crate) fn forget(&mut self, key: &str) {
        self.keys.retain(|known, _| {
            known.strip_prefix(key).is_none_or(|rest| !rest.is_empty() && !rest.starts_with(['[', '.']))
        });
    }

    /// Returns the sources of all values, without those of single list elements.
    pub(crate) fn sources(&self) -> BTreeMap<String, Source> {
        let named = self.keys.iter().filter(|(key, _)| !key.ends_with(']'));
        named.map(|(key, origin)| (key.clone(), self.source(origin))).collect()
    }

    fn source(&self, origin: &Origin) -> Source {
        match origin {
            Origin::File(file, range) => {
                let (line, col) = self.files[*file].place(range.start);
                Source::File { file: self.files[*file].label.clone(), line, col }
            }
            Origin::Variable(name) => Source::Environment { name: (*name).to_owned() },
            Origin::DotEnv(name, file, range) => {
                Source::DotEnv { name: (*name).to_owned(), line: self.files[*file].place(range.start).0 }
            }
            Origin::Flag(name) => Source::Flag { name: (*name).to_owned() },
            Origin::Detected => Source::Detected,
        }
    }
}
