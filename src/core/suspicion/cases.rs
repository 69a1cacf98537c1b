//! Which test cases a file has.

use std::collections::BTreeMap;
use std::ops::Range;

use super::function::functions;
use super::source::{Language, closing, code};

/// One test case: its name (with a number, if the file has it twice) and its text, from its first attribute on.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Its name.
    pub(super) name: String,
    /// From its first attribute to its end, in bytes.
    pub(super) whole: Range<usize>,
}

/// Finds the test cases of a file.
pub(super) fn cases(text: &str, language: Language) -> Vec<Case> {
    let found: Vec<(String, Range<usize>)> = match language {
        Language::Script => script_cases(text),
        Language::Ruby => ruby_cases(text),
        _ => functions(text, language)
            .into_iter()
            .filter(|function| {
                let head = &text[function.whole.start..function.body.start];
                match language {
                    Language::Rust => head.lines().map(str::trim).any(is_test_attribute),
                    Language::Python => function.name.starts_with("test"),
                    Language::Go => {
                        ["Test", "Benchmark", "Fuzz", "Example"].iter().any(|word| function.name.starts_with(word))
                    }
                    _ => {
                        head.contains("@Test")
                            || head.contains("@ParameterizedTest")
                            || head.contains("[Fact")
                            || function.name.starts_with("test")
                    }
                }
            })
            .map(|function| (function.name, function.whole))
            .collect(),
    };
    // A case inside a case (a nested function) belongs to it.
    let mut end = 0;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut cases = Vec::new();
    for (name, whole) in found {
        if whole.start < end {
            continue;
        }
        end = whole.end;
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        cases.push(Case { name: if *count > 1 { format!("{name} ({count})") } else { name }, whole });
    }
    cases
}

/// `#[test]`, `#[tokio::test(…)]`, `#[rstest]`, `#[test_case(…)]`.
fn is_test_attribute(line: &str) -> bool {
    let Some(path) = line.strip_prefix("#[") else { return false };
    let path = path.split(['(', ']', ' ', '=']).next().unwrap_or_default();
    let last = path.rsplit("::").next().unwrap_or_default();
    matches!(last, "test" | "rstest" | "test_case" | "case" | "quickcheck" | "bench" | "wasm_bindgen_test" | "test_log")
}

/// Finds `test("name", …)` and `it("name", …)`, with any modifiers.
fn script_cases(text: &str) -> Vec<(String, Range<usize>)> {
    let code = code(text, Language::Script);
    let mut found = Vec::new();
    for (at, _) in code.match_indices('(') {
        let head = &code[..at];
        let start =
            head.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))).map_or(0, |end| end + 1);
        let callee = &head[start..];
        let first = callee.split('.').next().unwrap_or_default();
        if !matches!(first, "test" | "it" | "xit" | "xtest" | "fit" | "specify")
            || callee.rsplit('.').next() == Some("each")
        {
            continue;
        }
        let Some(end) = closing(&code, at) else { continue };
        let Some(name) = first_text(&text[at + 1..end]) else { continue };
        found.push((name, start..end));
    }
    // test.each([…])("name", …) has its name in the second call.
    for (at, _) in code.match_indices(".each(") {
        let Some(end) = closing(&code, at + ".each".len()) else { continue };
        let Some(second) = code[end..].strip_prefix('(').and_then(|_| closing(&code, end)) else { continue };
        let start =
            code[..at].rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).map_or(0, |end| end + 1);
        if let Some(name) = first_text(&text[end + 1..second]).filter(|_| !code[start..at].starts_with("describe")) {
            found.push((name, start..second));
        }
    }
    found.sort_by_key(|(_, range)| (range.start, std::cmp::Reverse(range.end)));
    found
}

fn first_text(arguments: &str) -> Option<String> {
    let arguments = arguments.trim_start();
    let quote = arguments.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let end = arguments[1..].find(quote)?;
    Some(arguments[1..=end].to_owned())
}

/// Finds `it "name" do … end`, by indentation.
fn ruby_cases(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some((name, start, depth)) = &open {
            if indent == *depth && trimmed.trim_end() == "end" {
                found.push((name.clone(), *start..at + line.len()));
                open = None;
            }
        } else {
            let word = trimmed.split([' ', '(']).next().unwrap_or_default();
            let name = match word {
                "it" | "xit" | "fit" | "specify" | "test" | "example" => {
                    first_text(trimmed[word.len()..].trim_start_matches('('))
                }
                "def" => trimmed[3..].trim().strip_prefix("test_").map(|rest| format!("test_{rest}")),
                _ => None,
            };
            open = name.map(|name| (name, at, indent));
        }
        at += line.len();
    }
    found
}

/// Returns the range of Rust's inline test module.
pub(super) fn test_module(text: &str) -> Option<Range<usize>> {
    let code = code(text, Language::Rust);
    let start = code.find("#[cfg(test)]")?;
    let open = start + code[start..].find('{')?;
    Some(start..closing(&code, open)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_tests_have_names() {
        let text = "it('a', () => { expect(1).toBe(1); });\ntest.each([1])(\"b %i\", (n) => {});\nwait('c');\nit.skip(`d`, () => {});";
        let names: Vec<_> = cases(text, Language::Script).into_iter().map(|case| case.name).collect();
        assert_eq!(names, ["a", "b %i", "d"]);
    }
}
