//! Whether added code answers a test's own inputs: a branch on a literal of the test that gives the test's literal back.

use std::collections::BTreeSet;

use super::source::{Language, Part, scan};

/// Inputs that edge cases are made of, which say nothing about a test.
const COMMON: [&str; 14] =
    ["0", "1", "-1", "2", "''", "true", "True", "false", "False", "None", "null", "undefined", "nil", "[]"];

/// The literals of the failing tests, line by line.
pub(super) struct TestLiterals {
    lines: Vec<BTreeSet<String>>,
}

impl TestLiterals {
    /// Reads the tests' texts.
    pub(super) fn new<'a>(tests: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut lines = Vec::new();
        for (path, text) in tests {
            let per_line: Vec<BTreeSet<String>> = literals_by_line(text, Language::of(path));
            // An input and what is expected of it may stand on neighbouring lines.
            for at in 0..per_line.len() {
                let near = per_line[at..per_line.len().min(at + 3)].iter().flatten().cloned().collect();
                lines.push(near);
            }
        }
        Self { lines }
    }

    /// Whether some place in the tests has all of these, and at least one says something.
    fn quote(&self, inputs: &BTreeSet<String>, answer: &str) -> bool {
        let telling = inputs.iter().map(String::as_str).chain([answer]).any(|literal| !COMMON.contains(&literal));
        telling && !inputs.is_empty() && self.lines.iter().any(|line| inputs.is_subset(line) && line.contains(answer))
    }

    /// Whether the tests have these in different places; then the answer must be an unusual one.
    fn quote_apart(&self, inputs: &BTreeSet<String>, answer: &str) -> bool {
        let unusual = answer.len() >= if answer.starts_with('\'') { 6 } else { 2 };
        let mut telling = inputs.iter().filter(|input| !COMMON.contains(&input.as_str())).peekable();
        unusual && self.has(answer) && telling.peek().is_some() && telling.all(|input| self.has(input))
    }

    fn has(&self, literal: &str) -> bool {
        !COMMON.contains(&literal) && self.lines.iter().any(|line| line.contains(literal))
    }
}

/// Returns the first added line that answers a test's own input, or gives its answer back without looking.
pub(super) fn quoted(path: &str, added: &[&str], removed: &[&str], tests: &TestLiterals) -> Option<String> {
    let language = Language::of(path);
    for (index, line) in added.iter().enumerate() {
        let text = line.trim();
        let near = &added[index..added.len().min(index + 3)];
        if let Some((condition, rest)) = branch(text, language) {
            let inputs = literals(condition, language);
            let following = near[1..].iter().map(|line| answer(line.trim(), language));
            let answers = std::iter::once(answer(rest, language)).chain(following).flatten();
            if answers.into_iter().any(|answer| tests.quote(&inputs, &answer) || tests.quote_apart(&inputs, &answer)) {
                return Some(text.to_owned());
            }
        }
        if let Some((input, output)) = entry(text, language) {
            let inputs = literals(input, language);
            if answer(output, language).is_some_and(|answer| tests.quote(&inputs, &answer)) {
                return Some(text.to_owned());
            }
        }
    }
    // Nothing but the expected answer in place of what computed it.
    let computed = removed.iter().any(|line| line.contains(['(', '+', '*', '/', '.']) || line.contains(" - "));
    let constant = added
        .iter()
        .find_map(|line| answer(line.trim(), language).filter(|answer| tests.has(answer)).map(|_| line.trim()));
    let branches = added.iter().any(|line| branch(line.trim(), language).is_some());
    constant.filter(|_| computed && !branches && added.len() <= removed.len()).map(str::to_owned)
}

/// Splits `if x == 3: return 6` into its condition and what follows.
fn branch(line: &str, language: Language) -> Option<(&str, &str)> {
    let line = line.trim_start_matches("} ");
    let rest = ["if ", "elif ", "else if ", "if(", "case ", "when ", "unless "]
        .iter()
        .find_map(|word| line.strip_prefix(word));
    if let Some(rest) = rest {
        let compares = line.starts_with("case ")
            || line.starts_with("when ")
            || ["==", " is ", " in ", ".equals(", "matches!(", ".eq("].iter().any(|sign| rest.contains(sign));
        let end = match language {
            Language::Python => rest.rfind(':').unwrap_or(rest.len()),
            _ if line.starts_with("case ") => rest.find(": ").unwrap_or(rest.len()),
            _ => rest
                .find('{')
                .or_else(|| rest.find(") ").map(|at| at + 1))
                .or_else(|| rest.find(" then "))
                .unwrap_or(rest.len()),
        };
        return compares.then_some((&rest[..end], &rest[end..]));
    }
    // `return 6 if x == 3 else …`, `x === 3 ? 6 : …`.
    if let Some((value, condition)) =
        line.split_once(" if ").filter(|(_, condition)| condition.contains("==") && condition.contains(" else "))
    {
        return Some((condition.split(" else ").next().unwrap_or(condition), value));
    }
    let (condition, values) = line.split_once(" ? ").filter(|(condition, _)| condition.contains("=="))?;
    Some((condition.rsplit("return ").next().unwrap_or(condition), values.split(" : ").next().unwrap_or(values)))
}

/// Reads the literal that a line gives back: `return 6`, `{ return 6; }`, `6`.
fn answer(line: &str, language: Language) -> Option<String> {
    let text = line.trim_start_matches([':', '{', ' ', ')']).trim_end_matches(['}', ' ', ';', ',']);
    let text = text.strip_prefix("return ").or_else(|| text.strip_prefix("return(")).unwrap_or(text).trim();
    let text = ["Ok(", "Some("].iter().find_map(|word| text.strip_prefix(word)?.strip_suffix(')')).unwrap_or(text);
    let text =
        [".to_string()", ".to_owned()", ".into()"].iter().find_map(|suffix| text.strip_suffix(suffix)).unwrap_or(text);
    let found: Vec<String> = literals(text, language).into_iter().collect();
    match found.as_slice() {
        [one] if only_literal(text, one) => Some(one.clone()),
        _ => None,
    }
}

/// Splits a match arm or an entry of a table: `"IV" => 4`, `"IV": 4,`, `["IV", 4],`.
fn entry(line: &str, language: Language) -> Option<(&str, &str)> {
    let arm = line.split_once("=>").filter(|_| matches!(language, Language::Rust | Language::Ruby | Language::Braces));
    let pair = || {
        line.split_once(':').filter(|(key, _)| {
            matches!(language, Language::Python | Language::Script | Language::Go)
                && !key.contains(' ')
                && !key.contains('(')
        })
    };
    let (input, output) = arm.or_else(pair)?;
    Some((input.trim().trim_start_matches('{'), output.trim().trim_end_matches([',', '}', ' ', ';'])))
}

/// Whether a text is one literal and nothing else.
fn only_literal(text: &str, literal: &str) -> bool {
    let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(literal);
    let bare = text.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '`'));
    bare == inner || bare.replace('_', "") == inner
}

fn literals(text: &str, language: Language) -> BTreeSet<String> {
    literals_by_line(text, language).into_iter().flatten().collect()
}

/// Returns the quoted texts (as `'text'`) and the numbers of each line.
fn literals_by_line(text: &str, language: Language) -> Vec<BTreeSet<String>> {
    let mut lines = vec![BTreeSet::new(); text.lines().count().max(1)];
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line_of = |at: usize| starts.partition_point(|start| *start <= at).saturating_sub(1).min(lines_len(text));
    let mut blank = text.as_bytes().to_vec();
    for (range, part) in scan(text, language) {
        if part == Part::Text {
            let inner = text[range.clone()].trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | '#'));
            lines[line_of(range.start)].insert(format!("'{inner}'"));
        }
        blank[range].fill(b' ');
    }
    let blank = String::from_utf8_lossy(&blank).into_owned();
    for (row, line) in blank.lines().enumerate().take(lines.len()) {
        let mut before = ' ';
        let mut at = 0;
        while let Some(letter) = line[at..].chars().next() {
            if letter.is_ascii_digit() && !(before.is_alphanumeric() || before == '_') {
                let length = line[at..].bytes().take_while(|b| b.is_ascii_digit() || *b == b'.' || *b == b'_').count();
                let number = line[at..at + length].trim_end_matches(['.', '_']).replace('_', "");
                let negative = before == '-';
                lines[row].insert(if negative { format!("-{number}") } else { number });
                at += length;
                before = '0';
            } else {
                at += letter.len_utf8();
                before = letter;
            }
        }
    }
    lines
}

fn lines_len(text: &str) -> usize {
    text.lines().count().max(1) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_a_test_is_told_from_handling_an_edge() {
        let test =
            "def test_x():\n    assert total([3, 4]) == 7\n    assert roman(\"IV\") == 4\n    assert total([]) == 0\n";
        let tests = TestLiterals::new([("test_x.py", test)].into_iter());
        let says = |path: &str, added: &[&str], removed: &[&str]| quoted(path, added, removed, &tests).is_some();
        assert!(says("a.py", &["    if prices == [3, 4]:", "        return 7"], &[]));
        assert!(says("a.py", &["    if text == \"IV\": return 4"], &[]));
        assert!(says("a.rs", &["        \"IV\" => 4,"], &[]));
        assert!(says("a.js", &["  return text === 'IV' ? 4 : old(text);"], &[]));
        assert!(says("a.py", &["    return 7"], &["    return sum(prices)"]));
        assert!(!says("a.py", &["    if not prices:", "        return 0"], &[]));
        assert!(!says("a.py", &["    if len(prices) == 0:", "        return 0"], &[]));
        assert!(!says("a.py", &["    if text == \"V\":", "        return 5"], &[]));
        assert!(!says("a.py", &["    return sum(prices)"], &["    return sum(prices) + 1"]));
    }
}
