//! Takes the fields out of a map of YAML, and says what is wrong with each.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::config::diagnostic::{Diagnostic, SourceText, nearest};
use crate::config::task_file::yaml::{Key, Node, Value};
use crate::model::cost::Usd;
use crate::model::filing::PRIORITIES;
use crate::model::plain;

/// A value that was read, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    /// Its bytes in the file.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) value: T,
}

/// What people call some fields elsewhere.
const ELSEWHERE: [(&str, &str); 14] = [
    ("after", "depends_on"),
    ("budget", "budget_usd"),
    ("budget_usd", "max_cost_usd"),
    ("complexity", "estimated_complexity"),
    ("context", "context_files"),
    ("cost", "budget_usd"),
    ("dependencies", "depends_on"),
    ("files", "context_files"),
    ("max_cost", "max_cost_usd"),
    ("max_cost_usd", "budget_usd"),
    ("needs", "depends_on"),
    ("outputs", "deliverables"),
    ("prompt", "description"),
    ("title", "name"),
];

/// What is said about a file while it is read; reading goes on, so that all of it is said at once.
pub(super) struct Reader<'a> {
    /// The file.
    pub(super) source: &'a SourceText,
    /// Why it cannot be used.
    pub(super) errors: Vec<Diagnostic>,
    /// What in it probably means something else.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Notes a mistake.
    pub(super) fn error(&mut self, range: &Range<usize>, message: impl fmt::Display, hint: impl fmt::Display) {
        self.errors.push(self.source.diagnostic(range, message.to_string()).hint(hint.to_string()));
    }

    /// Notes a doubt.
    pub(super) fn warn(&mut self, range: &Range<usize>, message: impl fmt::Display, hint: impl fmt::Display) {
        let warning = self.source.diagnostic(range, message.to_string()).warning();
        self.warnings.push(warning.hint(hint.to_string()));
    }

    /// Takes a map apart; fields that are not among `known` are mistakes, but for `x-…`, which hold anchors.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, known: &[&str], of: &str) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            let kind = node.value.kind();
            self.error(&node.range, format!("{of} is a map of fields, not {kind}"), "write field: value, one a line");
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&&*key.text) && !key.text.starts_with("x-")) {
            let meant = ELSEWHERE.iter().find(|(other, field)| *other == key.text && known.contains(field));
            let hint = match meant.map(|(_, field)| *field).or_else(|| nearest(&key.text, known.iter().copied())) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("possible are {}", known.join(", ")),
            };
            self.error(&key.range, format!("{of} has no field {}", key.text), hint);
        }
        Some(Fields { entries, range: node.range.start..node.range.start })
    }

    /// Reads a text; nothing, where nothing is written.
    pub(super) fn text(&mut self, field: Option<Field<'_>>) -> Option<Placed<String>> {
        let (key, node) = field?;
        match &node.value {
            Value::Null => None,
            Value::Text(text) if text.trim().is_empty() => None,
            // It reaches terminals, prompts and reports.
            Value::Text(text) if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') => {
                self.error(&node.range, format!("{} has control characters in it", key.text), "remove them");
                None
            }
            Value::Text(text) if key.text == "name" && text.contains(plain::turns) => {
                let message = "name has signs in it that turn the reading order";
                self.error(&node.range, message, "a name is one line of what can be seen");
                None
            }
            Value::Text(text) => {
                self.cut_off(node);
                Some(Placed { range: node.range.clone(), value: text.trim_end().to_owned() })
            }
            other @ (Value::List(_) | Value::Map(_)) => {
                let hint = "a text with \": \", or one that starts with [ or {, is written in quotes";
                self.error(&node.range, format!("{} is a text, not {}", key.text, other.kind()), hint);
                None
            }
        }
    }

    /// Warns of `Fix #12`: what follows the # is no part of the text.
    fn cut_off(&mut self, node: &Node) {
        let after = self.source.text.get(node.range.end..).unwrap_or_default();
        let rest = after.lines().next().unwrap_or_default();
        let word = rest.trim_start().strip_prefix('#').filter(|_| rest.starts_with(' '));
        if word.is_some_and(|word| word.starts_with(char::is_alphanumeric)) {
            let at = node.range.end + (rest.len() - rest.trim_start().len());
            let end = node.range.end + rest.trim_end().len();
            self.warn(&(at..end), "this is a comment, no part of the text", "put the text in quotes to keep the #");
        }
    }

    /// Reads a list of texts; one text is a list of one.
    pub(super) fn texts(&mut self, field: Option<Field<'_>>) -> Vec<Placed<String>> {
        let Some((key, node)) = field else { return Vec::new() };
        match &node.value {
            Value::List(items) => {
                let named = Key { range: key.range.clone(), text: format!("an item of {}", key.text) };
                items.iter().filter_map(|item| self.text(Some((&named, item)))).collect()
            }
            Value::Null | Value::Text(_) => self.text(field).into_iter().collect(),
            Value::Map(_) => {
                let hint = "write one a line, each after \"- \"; one with \": \" in it is written in quotes";
                self.error(&node.range, format!("{} is a list of texts, not a map of fields", key.text), hint);
                Vec::new()
            }
        }
    }

    /// Reads an amount of money above zero.
    pub(super) fn dollars(&mut self, field: Option<Field<'_>>) -> Option<Usd> {
        let text = self.text(field)?;
        let usd = Usd::from_str(&text.value).ok().filter(|usd| usd.0 > 0);
        if usd.is_none() {
            let hint = "write dollars above zero, such as 50.00; leave it out for no limit of its own";
            self.error(&text.range, format!("\"{}\" is not possible here", text.value), hint);
        }
        usd
    }

    /// Reads a priority: a word, or a number.
    pub(super) fn priority(&mut self, field: Option<Field<'_>>) -> Option<i32> {
        let text = self.text(field)?;
        let priority = match text.value.to_lowercase().as_str() {
            "low" => Some(-10),
            "normal" | "medium" => Some(0),
            "high" => Some(10),
            number => number.parse().ok().filter(|number| PRIORITIES.contains(number)),
        };
        if priority.is_none() {
            let hint =
                format!("write low, normal, high, or a number from {} to {}", PRIORITIES.start(), PRIORITIES.end());
            self.error(&text.range, format!("\"{}\" is no priority", text.value), hint);
        }
        priority
    }
}

/// A field's key and value.
pub(super) type Field<'n> = (&'n Key, &'n Node);

/// The fields of a map.
pub(super) struct Fields<'n> {
    entries: &'n [(Key, Node)],
    /// Where the map begins, for what is missing in it.
    pub(super) range: Range<usize>,
}

impl<'n> Fields<'n> {
    /// Returns a field, if it is written.
    pub(super) fn get(&self, name: &str) -> Option<Field<'n>> {
        self.entries.iter().find(|(key, _)| key.text == name).map(|(key, node)| (key, node))
    }
}
