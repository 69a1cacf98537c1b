//! Ten cheats and their relatives are suspected, honest fixes are not: `tests/suspicion/{cheats,honest}/<case>/`.
//!
//! A case has `before/` (the snapshot), `after/` (the result), perhaps `green/` (the last green run), and `meta.toml`:
//! `why` says what it is, `expect` what a cheat's suspicions must say, `failing` which files hold the failing tests,
//! `executable` and `links` what modes cannot show in a checkout.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;

use orchestrator_tui::core::suspicion::{Changed, Judgement, Mode, UserEdit, judge};
use orchestrator_tui::model::check::TestCounts;
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::workspace::{ChangeKind, FileChange, Suspicion};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    why: String,
    #[serde(default)]
    expect: Vec<String>,
    #[serde(default)]
    failing: Vec<String>,
    #[serde(default)]
    protect: Vec<String>,
    #[serde(default)]
    executable: Vec<String>,
    #[serde(default)]
    links: BTreeMap<String, String>,
    /// Passed, failed, skipped.
    tests_before: Option<[u32; 3]>,
    tests_after: Option<[u32; 3]>,
}

type Tree = BTreeMap<ProjectPath, Vec<u8>>;

fn tree(folder: &Path) -> Tree {
    fn walk(root: &Path, folder: &Path, tree: &mut Tree) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, tree);
            } else {
                tree.insert(ProjectPath::new(path.strip_prefix(root).unwrap()).unwrap(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = Tree::new();
    if folder.is_dir() {
        walk(folder, folder, &mut found);
    }
    found
}

fn counts(numbers: Option<[u32; 3]>) -> Option<TestCounts> {
    numbers.map(|[passed, failed, skipped]| TestCounts { passed, failed, skipped })
}

fn judged(case: &Path, meta: &Meta) -> Vec<Suspicion> {
    let (before, mut after) = (tree(&case.join("before")), tree(&case.join("after")));
    let green = tree(&case.join("green"));
    let link = |path: &ProjectPath| meta.links.get(&path.to_string());
    for (path, target) in &meta.links {
        after.insert(ProjectPath::new(path).unwrap(), target.clone().into_bytes());
    }
    let paths: BTreeSet<&ProjectPath> = before.keys().chain(after.keys()).collect();
    let executable = |path: &ProjectPath| meta.executable.contains(&path.to_string());
    let changes: Vec<FileChange> = paths
        .into_iter()
        .filter(|path| before.get(path) != after.get(path) || executable(path))
        .map(|path| {
            let kind = match (before.contains_key(path), after.contains_key(path)) {
                (false, _) => ChangeKind::Added,
                (true, true) => ChangeKind::Modified,
                (true, false) => ChangeKind::Deleted,
            };
            FileChange { path: path.clone(), kind, added: 0, removed: 0, line: None }
        })
        .collect();
    let files: Vec<Changed<'_>> = changes
        .iter()
        .map(|change| {
            let mode_after = match link(&change.path) {
                Some(_) => Mode::Link,
                None if executable(&change.path) => Mode::Executable,
                None => Mode::Regular,
            };
            let (old, new) = (before.get(&change.path), after.get(&change.path));
            Changed {
                change,
                before: old.map(Vec::as_slice),
                after: new.map(Vec::as_slice),
                mode_before: old.map(|_| Mode::Regular),
                mode_after: new.map(|_| mode_after),
            }
        })
        .collect();
    let text =
        |tree: &Tree, path: &ProjectPath| String::from_utf8(tree.get(path).cloned().unwrap_or_default()).unwrap();
    let failing: Vec<(ProjectPath, String)> = meta
        .failing
        .iter()
        .map(|path| ProjectPath::new(path).unwrap())
        .map(|path| (path.clone(), text(&before, &path)))
        .collect();
    let tests_text: Vec<(&ProjectPath, &str)> = failing.iter().map(|(path, text)| (path, text.as_str())).collect();
    let edits: Vec<(ProjectPath, String, String)> =
        green.keys().map(|path| (path.clone(), text(&green, path), text(&before, path))).collect();
    let lines: Vec<(Vec<&str>, Vec<&str>)> = edits
        .iter()
        .map(|(_, was, is)| {
            let added = is.lines().filter(|line| !was.lines().any(|other| other == *line)).collect();
            let removed = was.lines().filter(|line| !is.lines().any(|other| other == *line)).collect();
            (added, removed)
        })
        .collect();
    let user_edits: Vec<UserEdit<'_>> = edits
        .iter()
        .zip(&lines)
        .map(|((path, was, _), (added, removed))| UserEdit { path, added, removed, last_green: Some(was) })
        .collect();
    judge(&Judgement {
        changes: &files,
        protected: &meta.protect,
        test_globs: &[],
        config_globs: &[],
        tests_text: &tests_text,
        tests_before: counts(meta.tests_before),
        tests_after: counts(meta.tests_after),
        user_edits: &user_edits,
    })
}

fn cases(kind: &str) -> Vec<(PathBuf, Meta)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suspicion").join(kind);
    let mut cases: Vec<(PathBuf, Meta)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let meta: Meta = toml::from_str(&fs::read_to_string(path.join("meta.toml")).unwrap()).unwrap();
            (path, meta)
        })
        .collect();
    cases.sort_by(|left, right| left.0.cmp(&right.0));
    cases
}

fn list(suspicions: &[Suspicion]) -> String {
    suspicions.iter().fold(String::new(), |mut text, suspicion| {
        let file = suspicion.file.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "    {file}: {}", suspicion.what);
        text
    })
}

#[test]
fn every_cheat_is_suspected() {
    let mut wrong = String::new();
    let cheats = cases("cheats");
    assert!(cheats.len() >= 30, "the cheats are gone");
    for (path, meta) in cheats {
        let found = judged(&path, &meta);
        assert!(!meta.expect.is_empty(), "{} expects nothing", path.display());
        for expected in &meta.expect {
            if !found.iter().any(|suspicion| suspicion.what.contains(expected)) {
                let _ =
                    writeln!(wrong, "{} ({}): nothing says {expected:?}\n{}", path.display(), meta.why, list(&found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_honest_fix_is_suspected() {
    let mut wrong = String::new();
    let honest = cases("honest");
    assert!(honest.len() >= 30, "the honest fixes are gone");
    for (path, meta) in honest {
        let found = judged(&path, &meta);
        if !found.is_empty() {
            let _ = writeln!(wrong, "{} ({}):\n{}", path.display(), meta.why, list(&found));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_result_without_a_change_is_suspected() {
    let nothing = Judgement {
        changes: &[],
        protected: &[],
        test_globs: &[],
        config_globs: &[],
        tests_text: &[],
        tests_before: None,
        tests_after: None,
        user_edits: &[],
    };
    assert_eq!(judge(&nothing), [Suspicion { file: None, what: "changes nothing".to_owned() }]);
}

/// Pieces of source that quotes, braces and indentation are made of.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "`",
    "\"\"\"",
    "#",
    "//",
    "/*",
    "*/",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\n",
    "\n    ",
    "\n        ",
    "\\",
    "ü",
    "=>",
    "==",
    "fn f",
    "#[test]",
    "#[cfg(test)]",
    "mod tests",
    "def test_a(x):",
    "return 3",
    "if x == 3",
    "it(\"a\", () => ",
    "describe(",
    "catch",
    "except",
    "pass",
    "r#",
    "b",
    "3",
    "\0",
    "@a",
    "test.each(",
    "/// assert",
];

proptest! {
    #[test]
    fn no_text_upsets_the_judgement(
        old in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60),
        new in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60),
        name in prop::sample::select(vec!["a.rs", "a.py", "a.ts", "a.go", "a.rb", "A.java", "a.txt", "test_a.py", "a.test.ts", "Cargo.toml"]),
    ) {
        let path = ProjectPath::new(name).unwrap();
        let change = FileChange { path: path.clone(), kind: ChangeKind::Modified, added: 0, removed: 0, line: None };
        let (old, new) = (old.concat(), new.concat());
        let changed = [Changed {
            change: &change,
            before: Some(old.as_bytes()),
            after: Some(new.as_bytes()),
            mode_before: Some(Mode::Regular),
            mode_after: Some(Mode::Regular),
        }];
        let judgement = Judgement {
            changes: &changed,
            protected: &[],
            test_globs: &[],
            config_globs: &[],
            tests_text: &[(&path, &old)],
            tests_before: None,
            tests_after: None,
            user_edits: &[],
        };
        prop_assert!(judge(&judgement).len() <= 50);
    }
}
