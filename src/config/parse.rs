//! Reads one file's text and finds everything in it that may not be written, not only the first.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, Error};

use crate::config::diagnostic::{Diagnostic, SourceText, nearest};

/// Reads a file as far as it can be read.
///
/// serde stops at the first error, so the entry it complains about is noted, taken out, and the rest read again, until
/// nothing is left to complain about. What cannot be read at all (a syntax error) hides the rest.
pub(crate) fn parse<T: Default + DeserializeOwned>(source: &SourceText) -> (T, Vec<Diagnostic>) {
    let (mut root, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        return (T::default(), errors.iter().map(|error| syntax(source, error)).collect());
    }
    let mut diagnostics = Vec::new();
    loop {
        match T::deserialize(Deserializer::from(root.clone())) {
            Ok(file) => return (file, diagnostics),
            Err(error) => {
                diagnostics.push(refusal(source, &error));
                let found = error.span().is_some_and(|span| cut_table(root.get_mut(), &span));
                if !found {
                    return (T::default(), diagnostics);
                }
            }
        }
    }
}

/// Takes the entry out whose key or value has exactly this place; inner entries first.
fn cut_table(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    if table.iter_mut().any(|(_, value)| cut_value(value, span)) {
        return true;
    }
    let blamed = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    let Some(name) = blamed.map(|(key, _)| key.get_ref().to_string()) else { return false };
    table.remove(name.as_str()).is_some()
}

fn cut_value(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => cut_table(table, span),
        DeValue::Array(array) => {
            if array.iter_mut().any(|element| cut_value(element, span)) {
                return true;
            }
            let before = array.len();
            let mut kept = DeArray::new();
            for element in array.iter().filter(|element| element.span() != *span) {
                kept.push(element.clone());
            }
            *array = kept;
            array.len() < before
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            false
        }
    }
}

fn syntax(source: &SourceText, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    source.diagnostic(&span, format!("not TOML: {}", error.message())).hint("https://toml.io shows how it is written")
}

/// Puts serde's words into ours. Their form is fixed by serde's documented constructors (`unknown_field`, …).
fn refusal(source: &SourceText, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let mut names = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let found = names.next().unwrap_or_default();
        let known: Vec<_> = names.collect();
        let hint = match (nearest(found, known.iter().copied()), elsewhere(found)) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, Some(table)) => format!("`{found}` belongs in {table}"),
            (None, None) => format!("known here: {}", known.join(", ")),
        };
        return source.diagnostic(&span, format!("unknown key `{found}`")).hint(hint);
    }
    if message.starts_with("unknown variant") {
        let found = names.next().unwrap_or_default();
        let known: Vec<_> = names.collect();
        let hint = match nearest(found, known.iter().copied()) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => format!("possible: \"{}\"", known.join("\", \"")),
        };
        return source.diagnostic(&span, format!("\"{found}\" is not possible here")).hint(hint);
    }
    let (what, expected) = match message.strip_prefix("wanted ") {
        Some(expected) => ("this", expected),
        None => message.rsplit_once(", expected ").unwrap_or((message, "")),
    };
    let what = what.trim_start_matches("invalid type: ").trim_start_matches("invalid value: ").replace('`', "");
    let what = match what.split_once(' ') {
        _ if what == "sequence" => "a list".to_owned(),
        _ if what == "map" => "a table".to_owned(),
        Some(("string" | "integer" | "boolean", value)) => value.to_owned(),
        _ => what.trim_start_matches("floating point ").to_owned(),
    };
    let diagnostic = source.diagnostic(&span, format!("{what} is not possible here"));
    match in_words(expected) {
        "" => diagnostic,
        expected => diagnostic.hint(format!("write {expected}")),
    }
}

/// Says what a Rust type means in a file.
fn in_words(expected: &str) -> &str {
    match expected {
        "i64" | "u32" => "a whole number",
        "f64" => "a number, such as 1.5",
        "a boolean" => "true or false",
        "a sequence" => "a list, such as [\"a\", \"b\"]",
        "a string" | "string only" | "string or table" => "a text in quotes",
        struct_or_map if struct_or_map.starts_with("struct ") || struct_or_map == "a map" => "a table",
        other => other,
    }
}

/// Names the table in which a key is at home that was written at the wrong place.
fn elsewhere(key: &str) -> Option<&'static str> {
    const HOMES: [(&str, &[&str]); 15] = [
        ("[watch]", &["settle", "settle_max", "ignore"]),
        ("[[check]]", &["run", "tests", "fixers", "daemons", "parallel", "lock"]),
        (
            "[fix]",
            &[
                "enabled",
                "on",
                "after",
                "attempts",
                "backoff",
                "land",
                "isolation",
                "protect",
                "breaker",
                "planner",
                "plan_wait",
                "planner_sleep",
            ],
        ),
        ("[limits]", &["running", "checks", "completed", "failed", "history", "heartbeat", "health", "stop"]),
        ("[lanes]", &["queue", "day", "issue", "session", "total"]),
        ("[queue]", &["enabled", "stop_on_failure"]),
        ("[workspace]", &["copy", "prepare", "link"]),
        ("[events]", &["depth", "rate", "multi_agent"]),
        ("[budget]", &["day_usd", "task_usd", "day_tokens", "task_tokens", "warn"]),
        ("[questions]", &["wait", "unattended"]),
        ("[ui] of the user's file", &["theme", "ascii", "mouse"]),
        ("[agent.NAME]", &["kind", "program", "model", "args", "env"]),
        ("[role.NAME]", &["agent", "purpose", "edits", "budget_usd", "prompt", "produces", "emits", "after_landing"]),
        ("[workflow.NAME]", &["stages"]),
        ("[[rule]]", &["event", "does"]),
    ];
    HOMES.iter().find(|(_, keys)| keys.contains(&key)).map(|(table, _)| *table)
}
