//! What is wrong with a configuration, where, and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;

/// The line that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The line, without its end.
    pub text: String,
    /// How many characters the marker covers, at least one.
    pub width: usize,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, and probably means something else than was wished.
    Warning,
}

/// Something wrong with a configuration; every one is for a person to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file as shown, or `environment`, or `command line`.
    pub file: String,
    /// The line, from 1, if it is a file.
    pub line: Option<usize>,
    /// The column in characters, from 1, if it is a file.
    pub col: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// The line itself.
    pub excerpt: Option<Excerpt>,
}

impl Diagnostic {
    /// Makes a diagnostic about something without lines: a whole file, a variable, a flag.
    pub(crate) fn about(source: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: plain(&source.into()),
            line: None,
            col: None,
            message: plain(&message.into()),
            hint: None,
            excerpt: None,
        }
    }

    /// Makes it a warning.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Adds what would be right.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(plain(&hint.into()));
        self
    }
}

impl fmt::Display for Diagnostic {
    /// Writes several lines without an end of line at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}\n  --> {}", self.message, self.file)?;
        if let (Some(line), Some(col)) = (self.line, self.col) {
            write!(f, ":{line}:{col}")?;
            if let Some(excerpt) = &self.excerpt {
                let gutter = line.to_string().len();
                // Tabs are kept, so that the marker stands below its text whatever their width.
                let indent: String =
                    excerpt.text.chars().take(col - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                write!(f, "\n {:gutter$} |\n {line} | {}", "", excerpt.text)?;
                write!(f, "\n {:gutter$} | {indent}{}", "", "^".repeat(excerpt.width))?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// Takes the power over the terminal from a text that a strange project wrote; as many characters as before.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A configuration file as read, to turn byte ranges into lines.
#[derive(Clone, Debug)]
pub(crate) struct SourceText {
    /// How it is shown.
    pub(crate) label: String,
    /// What it says.
    pub(crate) text: String,
}

impl SourceText {
    /// Takes a file; one inside the project is shown relative to it.
    pub(crate) fn new(path: &Path, project: &Path, text: String) -> Self {
        let label = path.strip_prefix(project).unwrap_or(path).display().to_string();
        Self { label, text }
    }

    /// Returns line and column, both from 1, of a byte.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &self.text[..byte];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// Makes a diagnostic about a range of bytes.
    pub(crate) fn diagnostic(&self, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        let (line, col) = self.place(range.start);
        let text = self.text.lines().nth(line - 1).unwrap_or_default().to_owned();
        let marked = self.text.get(range.clone()).and_then(|marked| marked.lines().next()).unwrap_or_default();
        let excerpt = Excerpt { text: plain(&text), width: marked.chars().count().max(1) };
        Diagnostic {
            severity: Severity::Error,
            file: self.label.clone(),
            line: Some(line),
            col: Some(col),
            message: plain(&message.into()),
            hint: None,
            excerpt: Some(excerpt),
        }
    }
}

/// Returns the known name that `word` most probably means: at most a third of it, and at least one letter, is wrong.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&word.to_lowercase(), name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Counts the letters to insert, delete, replace or swap with their neighbour to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for (i, letter) in from.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let mut best = (above[j] + usize::from(letter != other)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *other && to[j - 1] == *letter {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_stands_below_what_it_means() {
        let source = SourceText { label: "x.toml".to_owned(), text: "a = 1\n\tgrün = \"böse\"\n".to_owned() };
        let at = source.text.find("\"böse\"").unwrap_or_default();
        let shown = source.diagnostic(&(at..at + 7), "no").hint("yes").to_string();
        assert_eq!(
            shown,
            "error: no\n  --> x.toml:2:9\n   |\n 2 | \tgrün = \"böse\"\n   | \t       ^^^^^^\n  hint: yes"
        );
        assert_eq!(source.place(9999), (3, 1));
        assert!(!Diagnostic::about("x\u{1b}[2J", "y\u{7}").hint("z\u{1b}").to_string().contains(['\u{1b}', '\u{7}']));
    }

    #[test]
    fn near_names_are_found() {
        let known = ["settle", "settle_max", "ignore"];
        assert_eq!(nearest("setle", known), Some("settle"));
        assert_eq!(nearest("ingore", known), Some("ignore"));
        assert_eq!(nearest("Ignore", known), Some("ignore"));
        assert_eq!(nearest("colour", known), None);
    }
}
