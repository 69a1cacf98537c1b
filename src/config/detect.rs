//! Looks at a project without a configuration: what kind is it, and what says green or red there?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::config::merge::CHECK_TIMEOUT;
use crate::config::python;
use crate::model::check::CheckName;
use crate::model::kind::ProjectKind;
use crate::model::settings::Check;

/// What a script in `package.json` says that `npm init` wrote.
const NO_TEST: &str = "no test specified";

/// Returns the kinds of a project, by the files at its top. [`ProjectKind::Other`] is always the last.
pub fn kinds(project: &Path) -> Vec<ProjectKind> {
    let markers: [(ProjectKind, &[&str]); 5] = [
        (ProjectKind::Rust, &["Cargo.toml"]),
        (ProjectKind::Node, &["package.json"]),
        (
            ProjectKind::Python,
            &["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "requirements.txt", "conftest.py"],
        ),
        (ProjectKind::Go, &["go.mod"]),
        (ProjectKind::Ruby, &["Gemfile", "Rakefile", ".rspec"]),
    ];
    let mut kinds: Vec<_> = markers
        .into_iter()
        .filter(|(_, names)| names.iter().any(|name| project.join(name).is_file()))
        .map(|(kind, _)| kind)
        .collect();
    kinds.push(ProjectKind::Other);
    kinds
}

/// A check that is usual for what is in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The check.
    pub check: Check,
    /// The file that speaks for it.
    pub from: &'static str,
}

/// Returns the usual checks of a project; none if it looks like nothing known. Nothing of the project is run to find
/// them; `environment` tells where programs are.
///
/// A `test` target of a Makefile or justfile counts only where nothing more precise is found, as it usually runs the
/// same tests again; [`target`] finds it all the same.
pub fn detect(project: &Path, environment: &BTreeMap<String, String>) -> Vec<Detected> {
    let has = |name: &str| project.join(name).exists();
    let mut found = Vec::new();
    if has("Cargo.toml") {
        let paths = ["**/*.rs", "**/Cargo.toml", "Cargo.lock", "**/tests/**"];
        // A first build of the dependencies counts, too.
        let check = Check { timeout: Duration::from_secs(1800), ..check("cargo-test", "cargo test", &paths) };
        found.push(Detected { check, from: "Cargo.toml" });
    }
    found.extend(node(project).into_iter().map(|check| Detected { check, from: "package.json" }));
    if let Some(from) = python::speaks_for_pytest(project, environment) {
        let runner = if has("uv.lock") {
            "uv run pytest -q"
        } else if has("poetry.lock") {
            "poetry run pytest -q"
        } else if has(".venv/bin/python") {
            ".venv/bin/python -m pytest -q"
        } else {
            "python3 -m pytest -q"
        };
        let check = check("pytest", runner, &["**/*.py", "**/*.pyi", "pyproject.toml", "**/tests/**"]);
        found.push(Detected { check, from });
    }
    if has("go.mod") {
        let check = check("go-test", "go test ./...", &["**/*.go", "**/go.mod", "**/go.sum", "**/testdata/**"]);
        found.push(Detected { check, from: "go.mod" });
    }
    if found.is_empty() {
        found.extend(target(project));
    }
    found
}

fn check(name: &str, run: &str, paths: &[&str]) -> Check {
    Check {
        name: CheckName(name.to_owned()),
        paths: paths.iter().map(|&glob| glob.to_owned()).collect(),
        run: run.to_owned(),
        tests: None,
        timeout: CHECK_TIMEOUT,
        parallel: false,
        lock: String::new(),
        fixers: Vec::new(),
        keep_daemons: false,
    }
}

/// Reads the scripts of `package.json`.
fn node(project: &Path) -> Vec<Check> {
    let Ok(text) = fs::read(project.join("package.json")) else { return Vec::new() };
    let Ok(package) = serde_json::from_slice::<serde_json::Value>(&text) else { return Vec::new() };
    let locks = [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun")];
    let manager = locks.iter().find(|(lock, _)| project.join(lock).exists()).map_or("npm", |(_, manager)| manager);
    let sources = ["**/*.{js,jsx,mjs,cjs,ts,tsx,mts,cts,vue,svelte}", "**/package.json", "**/tsconfig*.json"];
    let mut checks = Vec::new();
    for (script, name) in [("test", "test"), ("typecheck", "typecheck"), ("type-check", "typecheck"), ("lint", "lint")]
    {
        let Some(command) = package["scripts"][script].as_str() else { continue };
        let watches = command.split_whitespace().any(|word| word == "--watch" || word == "--watchAll");
        if command.contains(NO_TEST) || watches || checks.iter().any(|known: &Check| known.name.0 == name) {
            continue;
        }
        // Test runners go into their watch mode on a terminal, unless they believe to be in CI.
        let setting = if script == "test" { "CI=true " } else { "" };
        let name = if script == "test" { format!("{manager}-test") } else { name.to_owned() };
        checks.push(check(&name, &format!("{setting}{manager} run {script}"), &sources));
    }
    checks
}

/// Looks for a target or recipe named `test`.
pub fn target(project: &Path) -> Option<Detected> {
    let files = [
        ("justfile", "just"),
        ("Justfile", "just"),
        (".justfile", "just"),
        ("GNUmakefile", "make"),
        ("makefile", "make"),
        ("Makefile", "make"),
    ];
    files.into_iter().find_map(|(file, tool)| {
        let text = fs::read_to_string(project.join(file)).ok()?;
        let is_target = |line: &str| {
            let rest = line.strip_prefix("test")?;
            let rest = if tool == "just" { rest } else { rest.trim_start() };
            // `test := x` and `test ::= x` are variables, `test-all:` is another target.
            let named = rest.starts_with(':') || (tool == "just" && rest.starts_with(' ') && rest.contains(':'));
            (named && !rest.contains(":=")).then_some(())
        };
        text.lines().find_map(is_target)?;
        Some(Detected { check: check(&format!("{tool}-test"), &format!("{tool} test"), &[]), from: file })
    })
}
