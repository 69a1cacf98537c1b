//! Prompt templates: what they leave open (`{{description}}`), and which words a role's template may use.

use std::ops::Range;

use crate::model::policy::FIXER;

/// The role that proposes a strategy for mending a check.
pub const PLANNER: &str = "planner";

/// What the templates of the fixer and the planner may leave open.
pub const FIX: [&str; 14] = [
    "alone",
    "asking",
    "attempt",
    "attempts",
    "changed",
    "check",
    "command",
    "diff",
    "documents",
    "failures",
    "output",
    "protected",
    "red_before",
    "strategy",
];

/// What the templates of all other roles may leave open.
pub const WORK: [&str; 19] = [
    "asking",
    "attempt",
    "attempts",
    "checks",
    "complexity",
    "context_files",
    "deliverables",
    "dependencies",
    "description",
    "documents",
    "emit",
    "event",
    "event_data",
    "lessons",
    "module",
    "produces",
    "protected",
    "purpose",
    "title",
];

/// Returns what the template of a role may leave open.
pub fn known(role: &str) -> &'static [&'static str] {
    if mends(role) { &FIX } else { &WORK }
}

/// Whether a role is about a red check, and not about an assignment.
pub fn mends(role: &str) -> bool {
    role == FIXER || role == PLANNER
}

/// One place that a template leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank<'a> {
    /// The word between the braces.
    pub name: &'a str,
    /// Where it stands, in bytes, braces included.
    pub place: Range<usize>,
}

/// Returns what a template leaves open, in order. Only lower-case words in double braces count, so that code may stand in
/// a template.
pub fn blanks(template: &str) -> Vec<Blank<'_>> {
    let mut blanks = Vec::new();
    let mut at = 0;
    while let Some(open) = template[at..].find("{{").map(|found| at + found) {
        let inside = &template[open + 2..];
        let length = inside.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(inside.len());
        if length == 0 || !inside[length..].starts_with("}}") {
            at = open + 1;
            continue;
        }
        at = open + 2 + length + 2;
        blanks.push(Blank { name: &inside[..length], place: open..at });
    }
    blanks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_in_double_braces_are_left_open() {
        let names = |text| blanks(text).into_iter().map(|blank| blank.name).collect::<Vec<_>>();
        assert_eq!(names("a {{check}} b {{red_before}}"), ["check", "red_before"]);
        assert_eq!(names("{{{title}}}"), ["title"]);
        for text in ["{\"a\": {\"b\": 1}}", "{{ x }}", "{{}}", "{{Title}}", "{{title}", "{{", ""] {
            assert!(names(text).is_empty(), "{text}");
        }
    }
}
