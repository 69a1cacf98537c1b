//! What a project looks like.

use std::collections::BTreeMap;
use std::path::Path;

use super::support::{environment, folder, inputs, loaded, write};
use crate::config::{FILE_NAME, Inputs, find_project, kinds, named_project};
use crate::model::kind::ProjectKind;

fn detected(files: &[(&str, &str)]) -> Vec<String> {
    let project = folder();
    for (file, text) in files {
        write(project.path(), file, text);
    }
    let bin = project.path().join("bin").display().to_string();
    let inputs = Inputs { environment: environment(&[("PATH", &bin)]), ..inputs(project.path()) };
    let loaded = loaded(&inputs);
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
fn pytest_is_only_believed_in_where_it_is_configured_or_can_be_imported() {
    let pytest = ["pytest: python3 -m pytest -q"];
    for (file, text) in [
        ("pytest.ini", ""),
        ("tests/conftest.py", ""),
        ("pyproject.toml", "[tool.pytest.ini_options]"),
        ("pyproject.toml", "[project.optional-dependencies]\ndev = [\n  \"pytest>=8\",\n]"),
        ("pyproject.toml", "[tool.poetry.group.dev.dependencies]\npytest = \"^8\""),
        ("setup.cfg", "[tool:pytest]"),
        ("tox.ini", "[testenv]\ncommands =\n  pytest tests"),
        ("requirements-dev.txt", "flask\npytest==8.4\n"),
    ] {
        assert_eq!(detected(&[(file, text)]), pytest, "{file}: {text}");
    }
    for (file, text) in [
        ("pyproject.toml", "[tool.ruff.lint]\nselect = [\"flake8-pytest-style\"]\n# pytest is not used"),
        ("requirements.txt", "requests\n# pytest\n"),
        ("app.py", "import pytest"),
        ("tests/test_a.py", ""),
        ("tests/unit/deep/a_test.py", ""),
    ] {
        assert_eq!(detected(&[(file, text)]), [""; 0], "{file}: {text}");
    }
    let installed: [&[&str]; 3] = [
        &["bin/python3", "bin/pytest"],
        &["bin/python3", "lib/python3.12/site-packages/pytest/__init__.py"],
        &["bin/python3", "lib/python3/dist-packages/pytest/__init__.py"],
    ];
    for there in installed {
        let there: Vec<(&str, &str)> = there.iter().map(|file| (*file, "")).collect();
        for test in ["tests/test_a.py", "tests/unit/deep/a_test.py", "test_a.py"] {
            assert_eq!(detected(&[&there[..], &[(test, "")]].concat()), pytest, "{test} with {there:?}");
        }
        assert_eq!(detected(&[&there[..], &[("src/test_a.py", "")]].concat()), [""; 0], "{there:?}");
    }
    let venv = [(".venv/bin/python", ""), ("tests/test_a.py", ""), ("bin/python3", ""), ("bin/pytest", "")];
    assert_eq!(detected(&venv), [""; 0], "its own Python has no pytest");
    let package = (".venv/lib/python3.12/site-packages/pytest/__init__.py", "");
    assert_eq!(detected(&[&venv[..], &[package]].concat()), ["pytest: .venv/bin/python -m pytest -q"]);
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
