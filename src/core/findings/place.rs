//! Where in the project a line of output points: `file:line`, in the forms tools print.

use std::ops::Range;

use super::clean::{Output, boundary};
use crate::model::path::ProjectPath;

/// Longer than any path that a tool prints as a place, in bytes.
const PATH: usize = 400;
/// Files without an extension that tools name all the same.
const BARE_NAMES: [&str; 6] = ["Makefile", "makefile", "GNUmakefile", "Dockerfile", "Justfile", "justfile"];

/// A place as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'t> {
    /// The path, as printed.
    pub(super) path: &'t str,
    /// The line, from 1.
    pub(super) line: u32,
}

/// Knows which files are in the project.
pub(super) struct Files<'a> {
    known: &'a dyn Fn(&ProjectPath) -> bool,
}

impl<'a> Files<'a> {
    pub(super) fn new(known: &'a dyn Fn(&ProjectPath) -> bool) -> Self {
        Self { known }
    }

    /// Returns the project's file for a printed path, if there is one.
    pub(super) fn resolve(&self, path: &str) -> Option<ProjectPath> {
        let path = ProjectPath::new(tidy(path))?;
        (self.known)(&path).then_some(path)
    }

    /// Reads a place at the start of a text: `src/a.rs:12:5`, `src/a.ts(12,5)`; also returns what follows it.
    pub(super) fn leading<'t>(&self, text: &'t str) -> Option<(Place<'t>, &'t str)> {
        let window = &text[..boundary(text, PATH)];
        for (at, mark) in window.match_indices([':', '(']) {
            let path = &text[..at];
            let Some((line, rest)) = number(&text[at + 1..]) else { continue };
            let rest = if mark == "(" {
                let Some(rest) =
                    rest.strip_prefix(',').and_then(number).map_or(rest, |(_, rest)| rest).strip_prefix(')')
                else {
                    continue;
                };
                rest
            } else {
                rest.strip_prefix(':').and_then(number).map_or(rest, |(_, rest)| rest)
            };
            if self.plausible(path) {
                return Some((Place { path, line }, rest));
            }
        }
        None
    }

    /// Returns the first place anywhere in a line that is in the project.
    pub(super) fn within(&self, line: &str) -> Option<(ProjectPath, u32)> {
        if let Some((path, line)) = python_frame(line) {
            return Some((self.resolve(path)?, line));
        }
        // No place without a number after its mark: spares most lines the search.
        if !line.as_bytes().windows(2).any(|pair| matches!(pair[0], b':' | b'(') && pair[1].is_ascii_digit()) {
            return None;
        }
        let found = |text| {
            let (place, _) = self.leading(text)?;
            Some((self.resolve(place.path)?, place.line))
        };
        line.split([' ', '\t', '(', ')', '"', '\'', '`', '[', ']', '<', '>'])
            .filter(|token| token.contains(':'))
            .find_map(found)
            .or_else(|| found(line.trim_start()))
    }

    /// Returns the first place in the project that some lines name.
    pub(super) fn first(&self, output: &Output, lines: Range<usize>) -> Option<(ProjectPath, u32)> {
        output.slice(lines).find_map(|line| self.within(line))
    }

    /// Returns the last place in the project that some lines name.
    pub(super) fn last(&self, output: &Output, lines: Range<usize>) -> Option<(ProjectPath, u32)> {
        output.slice(lines).rev().find_map(|line| self.within(line))
    }

    /// Whether something printed may be a path: it has an extension, or it is a file of the project.
    pub(super) fn plausible(&self, path: &str) -> bool {
        if path.is_empty() || path.len() > PATH || path.trim() != path || path.contains("://") {
            return false;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let named = BARE_NAMES.contains(&name)
            || name.rsplit_once('.').is_some_and(|(_, extension)| {
                (1..=12).contains(&extension.len())
                    && extension.bytes().all(|b| b.is_ascii_alphanumeric())
                    && !extension.bytes().all(|b| b.is_ascii_digit())
            });
        let plain =
            !path.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|' | '(' | ','));
        (named && plain && path.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '_' | '@' | '-')))
            || self.resolve(path).is_some()
    }
}

/// Reads `  File "src/a.py", line 12`.
pub(super) fn python_frame(line: &str) -> Option<(&str, u32)> {
    let (path, rest) = line.trim_start_matches(['E', ' ']).strip_prefix("File \"")?.split_once("\", line ")?;
    Some((path, number(rest)?.0))
}

/// Takes `./` and `a/..` out of a path.
pub(super) fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|last| *last != ".." && !last.is_empty()) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Reads a number at the start of a text; also returns what follows it.
pub(super) fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_in_every_form() {
        let files = Files::new(&|path| ["src/a.rs", "my file.py"].contains(&path.to_string().as_str()));
        let read = |text| files.leading(text).map(|(place, rest)| (place.path, place.line, rest));
        assert_eq!(read("src/a.rs:12:5: error"), Some(("src/a.rs", 12, ": error")));
        assert_eq!(read("src/x.ts(3,4): error"), Some(("src/x.ts", 3, ": error")));
        assert_eq!(read("my file.py:3 x"), Some(("my file.py", 3, " x")));
        assert_eq!(read("your file.py:3 x"), None);
        assert_eq!(read("12:30:01 started"), None);
        assert_eq!(read("http://host.example:80/"), None);
        assert_eq!(files.within("    at f (./src/a.rs:7:3)").map(|(_, line)| line), Some(7));
        assert_eq!(files.within("  File \"src/b/../a.rs\", line 9, in f").map(|(_, line)| line), Some(9));
        assert_eq!(tidy("./a/./b/../c.rs"), "a/c.rs");
        assert_eq!(tidy("/a/../../b"), "/../b");
    }
}
