//! What a project looks like.

use std::collections::BTreeMap;
use std::path::Path;

use super::support::{environment, folder, inputs, loaded, write};
use crate::config::{FILE_NAME, find_project, kinds, named_project};
use crate::model::kind::ProjectKind;

fn detected(files: &[(&str, &str)]) -> Vec<String> {
    let project = folder();
    for (file, text) in files {
        write(project.path(), file, text);
    }
    let loaded = loaded(&inputs(project.path()));
    loaded.settings.checks.iter().map(|check| format!("{}: {}", check.name, check.run)).collect()
}

#[test]
fn projects_are_recognised() {
    assert_eq!(detected(&[]), [""; 0]);
    assert_eq!(detected(&[("Cargo.toml", ""), ("Makefile", "test:\n\tcargo test\n")]), ["cargo-test: cargo test"]);
    assert_eq!(
        detected(&[
            (
                "package.json",
                r#"{"scripts": {"test": "vitest", "lint": "eslint .", "typecheck": "tsc", "dev": "vite"}}"#
            ),
            ("pnpm-lock.yaml", ""),
            ("go.mod", "module x"),
        ]),
        [
            "pnpm-test: CI=true pnpm run test",
            "typecheck: pnpm run typecheck",
            "lint: pnpm run lint",
            "go-test: go test ./..."
        ]
    );
    let init = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert_eq!(detected(&[("package.json", init)]), [""; 0]);
    assert_eq!(detected(&[("package.json", "{ broken")]), [""; 0]);
    assert_eq!(detected(&[("tests/test_a.py", "")]), ["pytest: python3 -m pytest -q"]);
    assert_eq!(
        detected(&[("pyproject.toml", "[tool.pytest.ini_options]"), ("uv.lock", "")]),
        ["pytest: uv run pytest -q"]
    );
    assert_eq!(detected(&[("Makefile", "VAR = 1\ntest: build\n\tgo\n")]), ["make-test: make test"]);
    assert_eq!(detected(&[("Makefile", "test := 1\ntest-all: x\n")]), [""; 0]);
    assert_eq!(detected(&[("justfile", "test *args: build\n  x\n")]), ["just-test: just test"]);
    // Whoever writes checks means only those; and whoever writes none, none.
    assert_eq!(detected(&[("Cargo.toml", ""), (FILE_NAME, "check = []")]), [""; 0]);
}

#[test]
fn kinds_say_what_is_protected() {
    let project = folder();
    assert_eq!(kinds(project.path()), [ProjectKind::Other]);
    write(project.path(), "Cargo.toml", "");
    write(project.path(), "package.json", "");
    let kinds = kinds(project.path());
    assert_eq!(kinds, [ProjectKind::Rust, ProjectKind::Node, ProjectKind::Other]);
    for glob in kinds.iter().flat_map(|kind| kind.test_globs().iter().chain(kind.config_files())) {
        assert!(crate::core::matching::compile(&[glob]).is_ok(), "{glob}");
    }
}

#[test]
fn a_project_is_found_upward() {
    let root = folder();
    let root = root.path().canonicalize().unwrap();
    write(&root, "repo/.git/HEAD", "");
    write(&root, "repo/a/orchestrator.toml", "");
    write(&root, "repo/a/b/c/x", "");
    write(&root, "repo/d/e/x", "");
    assert_eq!(find_project(&root.join("repo/a/b/c")), root.join("repo/a"));
    assert_eq!(find_project(&root.join("repo/d/e")), root.join("repo"));
    let none = BTreeMap::new();
    let named = environment(&[("PROJECT_ROOT", "repo/d")]);
    assert_eq!(named_project(None, &named, &root).unwrap(), root.join("repo/d"));
    assert_eq!(named_project(Some(Path::new("repo/a")), &named, &root).unwrap(), root.join("repo/a"));
    assert_eq!(named_project(None, &none, &root.join("repo/d")).unwrap(), root.join("repo"));
    let missing = named_project(Some(Path::new("nowhere")), &none, &root).unwrap_err();
    assert!(missing.message.contains("nowhere") && missing.hint.is_some());
}
