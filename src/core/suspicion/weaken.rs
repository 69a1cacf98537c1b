//! Which tests of a file a change takes away, weakens or switches off.

use std::ops::Range;

use super::cases::{Case, cases, test_module};
use super::diff::hunks;
use super::source::{Language, code};

/// Words that switch tests off, where they stand in tests. The first is what a person reads.
const SKIPS: &[(Language, &[&str])] = &[
    (Language::Rust, &["#[ignore", ", ignore)]", ", ignore =", "```ignore", "```no_run", "#[should_panic"]),
    (
        Language::Python,
        &[
            "pytest.mark.skip",
            "pytest.mark.xfail",
            "mark.skip",
            "mark.xfail",
            "pytest.skip(",
            "pytest.xfail(",
            "pytest.exit(",
            "importorskip",
            "unittest.skip",
            "@skip",
            "expectedFailure",
            "self.skipTest(",
            "SkipTest",
            "collect_ignore",
            "__test__ = False",
            "doctest: +SKIP",
        ],
    ),
    (
        Language::Script,
        &[
            ".skip(",
            ".skip.",
            ".skipIf(",
            ".runIf(",
            ".todo(",
            ".only(",
            ".only.",
            ".fails(",
            ".failing(",
            "xit(",
            "xtest(",
            "xdescribe(",
            "fit(",
            "fdescribe(",
            "pending(",
            "skip: true",
            "todo: true",
            "only: true",
        ],
    ),
    (Language::Go, &["t.Skip(", "t.Skipf(", "t.SkipNow(", "b.Skip(", "testing.Short()", "//go:build", "// +build"]),
    (
        Language::Ruby,
        &[
            "xit ",
            "xdescribe ",
            "xcontext ",
            "fit ",
            "fdescribe ",
            "skip ",
            "skip(",
            "pending ",
            "pending(",
            "skip: true",
            ":skip",
            ":focus",
        ],
    ),
    (
        Language::Braces,
        &[
            "@Disabled",
            "@Ignore",
            "markTestSkipped",
            "markTestIncomplete",
            "[Ignore",
            "Skip =",
            "GTEST_SKIP",
            "DISABLED_",
            "XCTSkip",
            "assumeTrue(",
        ],
    ),
];

/// Says what a change does to the tests of a file, one sentence each; empty if it only adds tests.
///
/// `is_test` is whether the file is one of tests; in other files only the tests inside it count.
pub(super) fn weakened(path: &str, before: &str, after: &str, is_test: bool) -> Vec<String> {
    let language = Language::of(path);
    let (old, new) = (cases(before, language), cases(after, language));
    let mut said = Vec::new();
    for case in &old {
        match new.iter().find(|other| other.name == case.name) {
            None => said.push(format!("deletes the test {}", case.name)),
            Some(other) => {
                let (was, is) = (&before[case.whole.clone()], &after[other.whole.clone()]);
                if squeezed(was) != squeezed(is) && skips_added(language, was, is).is_empty() {
                    said.push(format!("changes the test {}", case.name));
                }
            }
        }
    }
    // Skips are told by their word, also in new tests: one that never runs shows nothing.
    let (tests_before, tests_after) = if is_test {
        (before.to_owned(), after.to_owned())
    } else {
        (own_text(before, &old, language), own_text(after, &new, language))
    };
    let expected_panics = if new.len() > old.len() { new.len() - old.len() } else { 0 };
    for (word, count) in skips_added(language, &tests_before, &tests_after) {
        if word != "#[should_panic" || count > expected_panics {
            said.push(format!("adds `{}` to tests", word.trim_matches(['(', ' ', '.', ',', ')', ']'])));
        }
    }
    if language == Language::Rust && !old.is_empty() && gates(after) < gates(before) && new.len() >= old.len() {
        said.push("takes `#[cfg(test)]` from tests".to_owned());
    }
    said.extend(around(before, after, &old, &new, language, is_test));
    said
}

fn gates(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with("#[cfg(") && line.contains("test")).count()
}

/// Returns the skip words of which the second text has more, with how many more.
fn skips_added(language: Language, before: &str, after: &str) -> Vec<(&'static str, usize)> {
    let Some((_, words)) = SKIPS.iter().find(|(of, _)| *of == language) else { return Vec::new() };
    let count = |text: &str, word: &str| {
        // A word must not start inside another one: "wait(" holds "it(".
        text.match_indices(word)
            .filter(|(at, _)| {
                !(word.starts_with(char::is_alphabetic)
                    && text[..*at]
                        .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.' && !word.contains("skip")))
            })
            .count()
    };
    let mut added: Vec<(&'static str, usize)> = Vec::new();
    for word in *words {
        let more = count(after, word).saturating_sub(count(before, word));
        // "pytest.mark.skip" holds "mark.skip": one sentence for both.
        if more > 0 && !added.iter().any(|(longer, _)| longer.contains(word.trim_start_matches('@'))) {
            added.push((word, more));
        }
    }
    added
}

/// Returns a source file in which all is blanked that is not a test or about tests.
fn own_text(text: &str, cases: &[Case], language: Language) -> String {
    let mut kept = vec![b' '; text.len()];
    let mut keep = |range: Range<usize>| kept[range.clone()].copy_from_slice(&text.as_bytes()[range]);
    for case in cases {
        keep(case.whole.clone());
    }
    if language == Language::Rust {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with("///") || line.trim_start().starts_with("//!") {
                keep(at..at + line.len());
            }
            at += line.len();
        }
        if let Some(module) = test_module(text) {
            keep(module);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Says which lines around the tests are gone: helpers, fixtures, tables of cases, doc tests.
fn around(before: &str, after: &str, old: &[Case], new: &[Case], language: Language, is_test: bool) -> Vec<String> {
    let module = |text: &str| match language {
        _ if is_test => Some(0..text.len()),
        Language::Rust => test_module(text),
        _ => None,
    };
    let outside = |text: &str, cases: &[Case]| {
        let Some(module) = module(text) else { return String::new() };
        let mut bytes = text.as_bytes().to_vec();
        for case in cases {
            bytes[case.whole.clone()].fill(b' ');
        }
        String::from_utf8_lossy(&bytes[module]).into_owned()
    };
    let (was, is) = (outside(before, old), outside(after, new));
    let mut said = Vec::new();
    if let Some(line) = lost_line(&was, &is, language) {
        said.push(format!("changes `{line}` beside the tests"));
    }
    let doc_tests = |text: &str| {
        text.lines()
            .map(str::trim)
            .filter(|line| match language {
                Language::Rust => (line.starts_with("///") || line.starts_with("//!")) && line.contains("assert"),
                Language::Python => line.starts_with(">>> "),
                _ => false,
            })
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    if !is_test {
        let after = doc_tests(after);
        said.extend(
            doc_tests(before)
                .iter()
                .find(|line| !after.contains(line))
                .map(|line| format!("changes the doc test `{line}`")),
        );
    }
    said
}

/// Returns the first code line of the old text that the new one lacks; moved and reformatted lines are not lost.
fn lost_line(was: &str, is: &str, language: Language) -> Option<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (was.lines().collect(), is.lines().collect());
    let kept: Vec<String> = new.iter().map(|line| squeezed(line)).collect();
    let blank = code(was, language);
    let code_lines: Vec<&str> = blank.lines().collect();
    for hunk in hunks(&old, &new) {
        if squeezed(&old[hunk.old.clone()].concat()) == squeezed(&new[hunk.new.clone()].concat()) {
            continue;
        }
        let lost = hunk.old.clone().find(|at| {
            let meaning = code_lines.get(*at).copied().unwrap_or(old[*at]);
            meaning.contains(char::is_alphanumeric)
                && !kept.contains(&squeezed(old[*at]))
                && !widened(old[*at], &new[hunk.new.clone()])
        });
        if let Some(lost) = lost {
            return Some(shortened(old[lost].trim()));
        }
    }
    None
}

/// Whether a line only imports, and a new line imports the same and more.
fn widened(line: &str, new: &[&str]) -> bool {
    let line = line.trim();
    let imports = ["use ", "import ", "from ", "const {", "mod "].iter().any(|word| line.starts_with(word));
    let words = |line: &str| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    imports
        && new.iter().any(|other| {
            let other = words(other);
            words(line).iter().all(|word| other.contains(word))
        })
}

/// Cuts a line for a person to read.
pub(super) fn shortened(line: &str) -> String {
    let line = line.trim();
    line.char_indices().nth(60).map_or_else(|| line.to_owned(), |(end, _)| format!("{}…", &line[..end]))
}

/// What formatters leave alone: no blanks, no trailing commas, one kind of quotes.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
        if matches!(letter, ')' | ']' | '}') && out.ends_with(',') {
            out.pop();
        }
        out.push(if letter == '\'' { '"' } else { letter });
    }
    out.trim_end_matches([',', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_added_tests_weaken_nothing() {
        let before = "use super::*;\n#[test]\nfn a() { assert!(true); }\n";
        let after = "use super::*;\nuse std::io;\n#[test]\nfn a() {\n    assert!(true);\n}\n#[test]\nfn b() {}\n";
        assert!(weakened("tests/a.rs", before, after, true).is_empty());
    }

    #[test]
    fn every_way_to_weaken_is_said() {
        let before =
            "def help():\n    return 1\n\ndef test_a():\n    assert help() == 1\n\ndef test_b():\n    assert True\n";
        let said = |after: &str| weakened("tests/test_a.py", before, after, true).join("; ");
        assert_eq!(said(&before.replace("def test_b():\n    assert True\n", "")), "deletes the test test_b");
        assert_eq!(said(&before.replace("help() == 1", "help() == 2")), "changes the test test_a");
        assert_eq!(said(&before.replace("return 1", "return 2")), "changes `return 1` beside the tests");
        assert_eq!(
            said(&before.replace("def test_b", "@pytest.mark.skip\ndef test_b")),
            "adds `pytest.mark.skip` to tests"
        );
        assert_eq!(said(&before.replace("    assert True", "    return\n    assert True")), "changes the test test_b");
    }

    #[test]
    fn inline_tests_count_in_source_files() {
        let before = "pub fn f() -> u32 { 1 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { assert_eq!(super::f(), 1); }\n}\n";
        assert_eq!(weakened("src/a.rs", before, "pub fn f() -> u32 { 1 }\n", false)[0], "deletes the test a");
        let ignored = before.replace("#[test]", "#[test]\n    #[ignore]");
        assert_eq!(weakened("src/a.rs", before, &ignored, false), ["adds `#[ignore` to tests"]);
        let fixed = before.replace("{ 1 }", "{ 2 - 1 }");
        assert!(weakened("src/a.rs", before, &fixed, false).is_empty());
    }
}
