//! Whether a manifest's change touches more than dependencies: what tests run, how strict the linters are.

use std::collections::BTreeSet;

use serde_json::Value;

/// Parts of `Cargo.toml` that say what is tested, linted and compiled how.
const CARGO: [&str; 13] = [
    "lib.test",
    "lib.doctest",
    "lib.harness",
    "lib.path",
    "test",
    "bench",
    "lints",
    "profile",
    "package.autotests",
    "package.metadata",
    "workspace.lints",
    "workspace.members",
    "workspace.exclude",
];
/// Parts of `package.json` that say how checks run.
const PACKAGE: [&str; 14] = [
    "scripts",
    "jest",
    "vitest",
    "mocha",
    "ava",
    "tap",
    "nyc",
    "c8",
    "eslintConfig",
    "eslintIgnore",
    "prettier",
    "babel",
    "husky",
    "lint-staged",
];
/// Tools of `pyproject.toml` that only build and install.
const PYTHON_BUILDERS: [&str; 7] = ["poetry", "uv", "pdm", "setuptools", "hatch", "flit", "rye"];
/// Parts of those that run or judge nevertheless.
const PYTHON_SCRIPTS: [&str; 2] = ["tool.pdm.scripts", "tool.hatch.envs"];
/// Parts of `composer.json`.
const COMPOSER: [&str; 1] = ["scripts"];

/// Returns the touched sections that are more than dependencies; an error if the new text cannot be read.
pub(super) fn touched(name: &str, before: &str, after: &str) -> Result<Vec<String>, String> {
    match name {
        "Cargo.toml" => {
            let (before, after) = (toml(before).unwrap_or_default(), toml(after)?);
            Ok(different(&before, &after, &CARGO))
        }
        "pyproject.toml" => {
            let (before, after) = (toml(before).unwrap_or_default(), toml(after)?);
            let tools: BTreeSet<String> = [&before, &after]
                .iter()
                .filter_map(|value| value.get("tool")?.as_object())
                .flat_map(|tools| tools.keys().cloned())
                .filter(|tool| !PYTHON_BUILDERS.contains(&tool.as_str()))
                .map(|tool| format!("tool.{tool}"))
                .collect();
            let sections: Vec<&str> = tools.iter().map(String::as_str).chain(PYTHON_SCRIPTS).collect();
            Ok(different(&before, &after, &sections))
        }
        "package.json" | "composer.json" => {
            let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
            let (before, after) = (read(before).unwrap_or_default(), read(after)?);
            Ok(different(&before, &after, if name == "package.json" { &PACKAGE } else { &COMPOSER }))
        }
        _ => Ok(sections_of_ini(before, after)),
    }
}

fn toml(text: &str) -> Result<Value, String> {
    let table: ::toml::Table = text.parse().map_err(|error: ::toml::de::Error| error.message().to_owned())?;
    serde_json::to_value(table).map_err(|error| error.to_string())
}

fn different(before: &Value, after: &Value, sections: &[&str]) -> Vec<String> {
    let at = |value: &Value, path: &str| path.split('.').try_fold(value, |value, key| value.get(key)).cloned();
    sections
        .iter()
        .filter(|section| at(before, section) != at(after, section))
        .map(|section| (*section).to_owned())
        .collect()
}

/// Compares the sections of `setup.cfg`; what is not about the package runs or judges.
fn sections_of_ini(before: &str, after: &str) -> Vec<String> {
    let sections = |text: &str| {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                sections.push((name.to_owned(), String::new()));
            } else if let Some((_, body)) = sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
        }
        sections.retain(|(name, _)| name != "metadata" && !name.starts_with("options"));
        sections.sort();
        sections
    };
    let (old, new) = (sections(before), sections(after));
    let changed: BTreeSet<String> = old
        .iter()
        .filter(|section| !new.contains(section))
        .chain(new.iter().filter(|section| !old.contains(section)))
        .map(|(name, _)| name.clone())
        .collect();
    changed.into_iter().collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_free_and_runners_are_not() {
        let cargo = "[package]\nname = \"a\"\n[dependencies]\nb = \"1\"\n";
        assert!(touched("Cargo.toml", cargo, &format!("{cargo}c = \"2\"\n[features]\nx = []\n")).unwrap().is_empty());
        assert_eq!(touched("Cargo.toml", cargo, &format!("{cargo}[lib]\ntest = false\n")).unwrap(), ["lib.test"]);
        assert_eq!(
            touched("Cargo.toml", cargo, &format!("{cargo}[lints.clippy]\nall = \"allow\"\n")).unwrap(),
            ["lints"]
        );
        assert!(touched("Cargo.toml", cargo, "[package").is_err());
        let package = r#"{"scripts": {"test": "jest"}, "dependencies": {"a": "1"}}"#;
        assert!(touched("package.json", package, &package.replace("\"1\"", "\"2\"")).unwrap().is_empty());
        assert_eq!(touched("package.json", package, &package.replace("\"jest\"", "\"true\"")).unwrap(), ["scripts"]);
        let python = "[project]\ndependencies = []\n[tool.poetry]\nname = \"a\"\n[tool.ruff]\nline-length = 80\n";
        assert!(touched("pyproject.toml", python, &python.replace("[]", "[\"b\"]")).unwrap().is_empty());
        assert_eq!(touched("pyproject.toml", python, &python.replace("80", "800")).unwrap(), ["tool.ruff"]);
        assert_eq!(
            touched("setup.cfg", "[metadata]\na = 1\n[flake8]\nx = 1\n", "[metadata]\na = 2\n").unwrap(),
            ["flake8"]
        );
    }
}
