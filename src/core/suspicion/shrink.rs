//! What a change empties: a file, a function, most of a file.

use std::collections::BTreeSet;

use super::function::functions;
use super::source::{Language, code};

/// Shorter files are too small to speak of a share that is gone, in lines of code.
const SMALL: usize = 10;
/// What must be left of a file, in percent of its lines of code.
const LEFT: usize = 40;

/// Says what a change empties; `moved` has the lines that the whole result adds elsewhere.
pub(super) fn emptied(path: &str, before: &str, after: &str, moved: &BTreeSet<&str>) -> Vec<String> {
    let language = Language::of(path);
    let lines = |text: &str| code(text, language).lines().filter(|line| line.contains(char::is_alphanumeric)).count();
    let (was, is) = (lines(before), lines(after));
    if was > 0 && is == 0 {
        return if mostly_moved(before, after, moved) { Vec::new() } else { vec!["empties the file".to_owned()] };
    }
    let mut said = Vec::new();
    if was > SMALL && is * 100 < was * LEFT && !mostly_moved(before, after, moved) {
        said.push(format!("deletes {} of its {was} lines", was - is));
    }
    let new = functions(after, language);
    for function in functions(before, language) {
        let Some(other) = new.iter().find(|other| other.name == function.name) else { continue };
        let (was, is) = (&before[function.body.clone()], &after[other.body.clone()]);
        if !trivial(was, language) && trivial(is, language) && !mostly_moved(was, is, moved) {
            said.push(format!("leaves `{}` without a body of its own", function.name));
        }
    }
    said
}

/// Whether most of the lines that are gone stand in another place of the result.
pub(super) fn mostly_moved(before: &str, after: &str, moved: &BTreeSet<&str>) -> bool {
    let kept: BTreeSet<&str> = after.lines().map(str::trim).collect();
    let gone: Vec<&str> = before
        .lines()
        .map(str::trim)
        .filter(|line| line.chars().filter(|c| c.is_alphanumeric()).count() > 2 && !kept.contains(line))
        .collect();
    let found = gone.iter().filter(|line| moved.contains(**line)).count();
    !gone.is_empty() && found * 10 >= gone.len() * 6
}

/// A body that computes nothing: empty, or one constant.
fn trivial(body: &str, language: Language) -> bool {
    let code = code(body, language);
    let mut raw_lines = body.lines().zip(code.lines()).filter(|(_, code)| code.contains(|c: char| !c.is_whitespace()));
    // A lone text is a docstring, or the value of a Rust function.
    let texts_only = code.trim().is_empty();
    let Some((first, first_code)) = raw_lines.next() else { return texts_only };
    if raw_lines.next().is_some() {
        return false;
    }
    let statement = first_code.trim().trim_end_matches(';').trim();
    let value = statement.strip_prefix("return").map_or(statement, str::trim);
    let inner = ["Ok(", "Some(", "Promise.resolve("]
        .iter()
        .find_map(|word| value.strip_prefix(word)?.strip_suffix(')'))
        .unwrap_or(value);
    matches!(
        inner,
        "" | "()" | "pass" | "..." | "None" | "null" | "undefined" | "nil" | "true" | "false" | "True" | "False" | "[]" | "{}" | "vec![]" | "String::new()"
            | "Vec::new()" | "Default::default()" | "todo!()" | "unimplemented!()" | "unreachable!()"
    ) || inner.starts_with("raise NotImplementedError")
        || inner.starts_with("todo!(")
        || inner.starts_with("panic!(")
        || (!inner.is_empty() && inner.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_')))
        // Only a text was returned: blanked in the code.
        || (value.is_empty() && first.contains(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emptied_functions_and_files_are_said_and_moved_ones_are_not() {
        let before = "def f(a):\n    b = a + 1\n    return g(b)\n\ndef h():\n    return 1\n";
        let said = |after: &str| emptied("a.py", before, after, &BTreeSet::new());
        assert_eq!(said(""), ["empties the file"]);
        assert_eq!(said("def f(a):\n    return 0\n\ndef h():\n    return 2\n").len(), 1);
        assert_eq!(said("def f(a):\n    pass\n\ndef h():\n    return 2\n").len(), 1);
        assert!(said("def f(a):\n    return g(a + 1)\n\ndef h():\n    return 2\n").is_empty());
        let moved = ["def f(a):", "b = a + 1", "return g(b)", "def h():", "return 1"].into();
        assert!(emptied("a.py", before, "", &moved).is_empty());
    }
}
