//! Real outputs of real tools, and what is read from them: `tests/outputs/<tool>-<case>.txt` beside its `.expected`.
//!
//! `<tool>-<case>.moved.txt` is the same failing project in another folder, with its lines shifted: its ids are equal.
//! `UPDATE_EXPECTED=1` writes the `.expected` files anew, for a person to review.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]
#![expect(clippy::disallowed_methods, reason = "UPDATE_EXPECTED is for whoever runs the tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use orchestrator_tui::core::findings::read;
use orchestrator_tui::model::check::Findings;
use orchestrator_tui::model::path::ProjectPath;

/// The folders that the sample projects have.
const FOLDERS: [&str; 12] =
    ["src/", "tests/", "test/", "spec/", "lib/", "jest/", "mocha/", "vt/", "u/", "c/", "cart/", "broken/"];
/// Where the samples ran, the machine's own folders replaced.
const ROOTS: [&str; 2] = ["/project", "/state/trees/7"];

fn known(path: &ProjectPath) -> bool {
    let path = path.to_string();
    FOLDERS.iter().any(|folder| path.starts_with(folder)) || ["Makefile", "Cargo.toml"].contains(&path.as_str())
}

/// Reads a sample; its expectation's first line holds the exit code.
fn findings(output: &[u8], code: i32) -> Findings {
    read(output, Some(code), &known, &ROOTS)
}

fn shown(findings: &Findings, code: i32) -> String {
    let mut text = format!("exit {code}\n");
    if let Some(tests) = findings.tests {
        let _ = writeln!(text, "tests {} passed, {} failed, {} skipped", tests.passed, tests.failed, tests.skipped);
    }
    if let Some(coverage) = findings.coverage {
        let _ = writeln!(text, "coverage {}.{:02} %", coverage / 100, coverage % 100);
    }
    for failure in &findings.failures {
        let _ = write!(text, "- {}", failure.id);
        if let Some(file) = &failure.file {
            let _ = write!(text, "  @ {file}");
        }
        if let Some(line) = failure.line {
            let _ = write!(text, ":{line}");
        }
        text.push('\n');
    }
    text
}

fn samples() -> Vec<(PathBuf, PathBuf, i32)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outputs");
    let mut samples = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "txt") && !name.contains(".moved.") {
            let expected = path.with_extension("expected");
            let first = fs::read_to_string(&expected).unwrap();
            let code = first.lines().next().and_then(|line| line.strip_prefix("exit ")).unwrap().parse().unwrap();
            samples.push((path, expected, code));
        }
    }
    samples.sort();
    assert!(samples.len() > 50, "the samples are gone");
    samples
}

#[test]
fn real_outputs_give_the_expected_findings() {
    let mut wrong = String::new();
    for (path, expected, code) in samples() {
        let findings = findings(&fs::read(&path).unwrap(), code);
        let shown = shown(&findings, code);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &shown).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap();
        if shown != expected {
            let _ = writeln!(wrong, "{}:\n{shown}\nexpected:\n{expected}\n", path.display());
        }
        assert_eq!(findings.failures.is_empty(), code == 0, "{}", path.display());
        let excerpt = &findings.excerpt;
        assert!(excerpt.len() <= 8 << 10 && !excerpt.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        let ids: BTreeSet<_> = findings.failures.iter().map(|failure| &failure.id).collect();
        assert_eq!(ids.len(), findings.failures.len(), "an id twice in {}", path.display());
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_same_failures_have_the_same_ids_in_another_folder_with_lines_shifted() {
    let mut moved = 0;
    for (path, _, code) in samples() {
        let Ok(elsewhere) = fs::read(path.with_extension("moved.txt")) else { continue };
        let ids = |output: &[u8]| findings(output, code).failures.into_iter().map(|f| f.id).collect::<BTreeSet<_>>();
        assert_eq!(ids(&fs::read(&path).unwrap()), ids(&elsewhere), "{}", path.display());
        moved += 1;
    }
    assert!(moved > 20, "the moved samples are gone");
}

#[test]
fn a_terminal_ends_lines_with_carriage_returns() {
    for (path, _, code) in samples() {
        let raw = fs::read(&path).unwrap();
        let mut terminal = Vec::new();
        for byte in &raw {
            if *byte == b'\n' {
                terminal.push(b'\r');
            }
            terminal.push(*byte);
        }
        assert_eq!(findings(&raw, code), findings(&terminal, code), "{}", path.display());
    }
}

#[test]
fn red_always_has_a_failure_and_green_never() {
    for output in
        [&b""[..], b"\n\n\n", b"\xff\xfe\x00", b"all is well\n", b"\x1b[31m", b"FAILED", b"---- x stdout ----"]
    {
        for code in [Some(1), Some(2), None] {
            let failures = read(output, code, &|_| false, &[]).failures;
            assert_eq!(failures.len(), 1, "{output:?}");
            assert!(!failures[0].id.is_empty());
        }
        assert!(read(output, Some(0), &|_| false, &[]).failures.is_empty());
    }
    // Any part of any sample: cut anywhere, killed anywhere.
    for (path, _, _) in samples() {
        let raw = fs::read(&path).unwrap();
        for part in [&raw[..raw.len() / 3], &raw[raw.len() / 2..], &raw[raw.len() / 4..raw.len() / 2]] {
            let failures = read(part, None, &known, &ROOTS).failures;
            assert!(!failures.is_empty(), "nothing is red in a part of {}", path.display());
        }
    }
}

#[test]
fn fifty_megabytes_are_read_in_bounded_time() {
    let mut output =
        b"tests/test_a.py:12: in test_x FAIL: error at src/a.py:3:4 --> \xe2\x9d\xaf ok\n".repeat(1_000_000);
    output.extend(b"FAILED (failures=1)\nsrc/a.py:7:1: error: no such thing\n");
    assert!(output.len() > 50 << 20);
    let findings = read(&output, Some(1), &known, &ROOTS);
    assert_eq!(findings.failures.len(), 1);
    assert_eq!(findings.failures[0].id, "src/a.py: error: no such thing");
    assert!(findings.excerpt.len() <= 8 << 10);
}

proptest! {
    /// Lines of any samples in any order: several tools in one output, cut and mixed.
    #[test]
    fn no_output_upsets_the_reader(picks in prop::collection::vec((0..1000usize, 0..100usize), 1..80)) {
        let samples: Vec<Vec<u8>> = samples().into_iter().map(|(path, ..)| fs::read(path).unwrap()).collect();
        let mut output = Vec::new();
        for (sample, line) in picks {
            let lines: Vec<&[u8]> = samples[sample % samples.len()].split(|byte| *byte == b'\n').collect();
            output.extend_from_slice(lines[line % lines.len()]);
            output.push(b'\n');
        }
        let findings = read(&output, Some(1), &known, &ROOTS);
        prop_assert!(!findings.failures.is_empty());
        prop_assert!(findings.excerpt.len() <= 8 << 10);
    }
}
