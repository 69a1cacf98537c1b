//! Whether pytest says green or red in a project: it is configured there, or there are tests that it would find and run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep test files are looked for below `tests`.
const DEPTH: u32 = 3;

/// Returns the file or folder that speaks for pytest. A test file alone may be meant for another runner: it counts only
/// where pytest can be imported, which is seen from the files of the Python that would run it.
pub(crate) fn speaks_for_pytest(project: &Path, environment: &BTreeMap<String, String>) -> Option<&'static str> {
    configured(project).or_else(|| {
        let folder = ["tests", "test", "."].into_iter().find(|folder| has_tests(project, folder))?;
        is_installed(project, environment).then_some(if folder == "." { "test files" } else { folder })
    })
}

/// Returns the file that names pytest: its settings, or what the project depends on.
fn configured(project: &Path) -> Option<&'static str> {
    let says = |file: &str, words: &[&str]| {
        let text = fs::read_to_string(project.join(file)).unwrap_or_default();
        text.lines().map(str::trim).filter(|line| !line.starts_with('#')).any(|line| {
            words.iter().any(|word| line.starts_with(word) || (word.starts_with('"') && line.contains(word)))
        })
    };
    let depends = ["pytest", "\"pytest", "'pytest"];
    [
        ("pytest.ini", project.join("pytest.ini").is_file()),
        // Nobody else reads this file.
        ("conftest.py", ["", "tests", "test"].iter().any(|folder| project.join(folder).join("conftest.py").is_file())),
        ("pyproject.toml", says("pyproject.toml", &["[tool.pytest", "pytest", "\"pytest"])),
        ("setup.cfg", says("setup.cfg", &["[tool:pytest]", "pytest"])),
        ("tox.ini", says("tox.ini", &["[pytest]", "pytest"])),
        ("Pipfile", says("Pipfile", &depends)),
        ("requirements.txt", says("requirements.txt", &depends)),
        ("requirements-dev.txt", says("requirements-dev.txt", &depends)),
        ("dev-requirements.txt", says("dev-requirements.txt", &depends)),
    ]
    .into_iter()
    .find_map(|(file, speaks)| speaks.then_some(file))
}

/// Whether there are files that pytest takes for tests; at the top only there, as a project may hold anything.
fn has_tests(project: &Path, folder: &str) -> bool {
    let mut ahead = vec![(project.join(folder), if folder == "." { 0 } else { DEPTH })];
    while let Some((folder, depth)) = ahead.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth > 0 {
                ahead.push((entry.path(), depth - 1));
            } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_test) {
                return true;
            }
        }
    }
    false
}

fn is_test(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
}

/// Whether the Python that would run the tests has pytest. Not by running it: that would run the project's own files.
fn is_installed(project: &Path, environment: &BTreeMap<String, String>) -> bool {
    let own = project.join(".venv");
    if own.join("bin/python").exists() {
        return has_package(&own);
    }
    let path = environment.get("PATH").map(String::as_str).unwrap_or_default();
    let Some(bin) = split(path).find(|folder| folder.join("python3").exists()) else { return false };
    let home = environment.get("HOME").map(|home| Path::new(home).join(".local"));
    // The script is installed beside its Python, also where that one is a shim (pyenv, asdf).
    bin.join("pytest").exists()
        || bin.parent().is_some_and(has_package)
        || bin.join("python3").canonicalize().ok().and_then(|real| Some(has_package(real.parent()?.parent()?)))
            == Some(true)
        || home.is_some_and(|home| has_package(&home))
}

/// Whether pytest lies among the packages of a Python that is installed here.
fn has_package(prefix: &Path) -> bool {
    let libraries = fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    libraries.filter(|entry| entry.file_name().to_string_lossy().starts_with("python3")).any(|entry| {
        ["site-packages/pytest", "dist-packages/pytest"].iter().any(|package| entry.path().join(package).is_dir())
    })
}

fn split(path: &str) -> impl Iterator<Item = PathBuf> + '_ {
    path.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from)
}
