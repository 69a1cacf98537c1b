//! Projects that a private copy does not fit at once: they end green, or with the true reason and no model call.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::real_claude::{Claude, MARK, fix, has, log};
use crate::site::{Said, Site};

/// An agent that knows the fix: the real Claude where it is installed, else the rehearsal agent.
enum Fixer {
    Claude(Claude),
    Rehearsed,
}

impl Fixer {
    fn on(site: &Site, file: &str, old: &str, new: &str, more: &str) -> Self {
        if let Some(claude) = Claude::on(site, fix(file, old, new), more) {
            return Self::Claude(claude);
        }
        let user = site.outside("user.toml");
        let text = fs::read_to_string(&user).expect("written with the site");
        fs::write(user, format!("{more}\n{text}")).expect("written");
        site.script(&format!(
            "[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"edit\", file = {file:?}, find = {old:?}, replace = {new:?} }}]\n"
        ));
        Self::Rehearsed
    }

    /// How many conversations there were with the model; half of one counts.
    fn conversations(&self, site: &Site) -> u64 {
        match self {
            Self::Claude(claude) => claude.api.requests().div_ceil(3),
            Self::Rehearsed => log(site, "agent").len() as u64,
        }
    }
}

fn check(run: &str) -> String {
    format!("[[check]]\nname = \"{MARK}\"\nrun = {run:?}\n")
}

/// Says that one fix landed for one conversation.
#[track_caller]
fn landed(site: &Site, fixer: &Fixer, said: &Said, file: &str, fixed: &str) {
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read(file), fixed, "{said:?}");
    assert_eq!(fixer.conversations(site), 1, "{said:?}");
    assert_eq!(site.git(&["status", "--porcelain"]), format!(" M {file}\n"));
}

/// Says that the task ended with a reason that has all these words, nothing was changed and the model never asked.
#[track_caller]
fn not_tried(site: &Site, fixer: &Fixer, said: &Said, words: &[&str]) {
    assert_eq!(said.code, 1, "{said:?}");
    let task = site.task(1);
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(words.iter().all(|word| reason.contains(word)), "{reason}\n{said:?}");
    assert_eq!(task["attempts"], 0, "{task:#}");
    assert_eq!(fixer.conversations(site), 0, "{said:?}");
    assert_eq!(site.git(&["status", "--porcelain"]), "");
}

/// Two packages, one of which imports the other, as `npm install` lays them out.
fn npm_workspace(more: &str) -> Site {
    let site = Site::new(&[
        (
            "package.json",
            "{ \"name\": \"all\", \"private\": true, \"workspaces\": [\"packages/*\"], \"scripts\": { \"test\": \"node --test\" } }\n",
        ),
        (
            "packages/core/package.json",
            "{ \"name\": \"@acme/core\", \"version\": \"1.0.0\", \"type\": \"module\", \"main\": \"index.js\" }\n",
        ),
        ("packages/core/index.js", "export function add(a, b) {\n  return a - b;\n}\n"),
        (
            "packages/app/package.json",
            "{ \"name\": \"@acme/app\", \"version\": \"1.0.0\", \"type\": \"module\", \"dependencies\": { \"@acme/core\": \"1.0.0\", \"left\": \"1.0.0\" } }\n",
        ),
        (
            "packages/app/test/sum.test.js",
            "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from '@acme/core';\nimport { two } from 'left';\n\ntest('sums', () => {\n  assert.equal(add(two, 3), 5);\n});\n",
        ),
        (".gitignore", "node_modules/\n"),
        ("orchestrator.toml", &format!("{}{more}", check("node --test"))),
    ]);
    site.write(
        "node_modules/left/package.json",
        "{ \"name\": \"left\", \"version\": \"1.0.0\", \"type\": \"module\", \"main\": \"index.js\" }\n",
    );
    site.write("node_modules/left/index.js", "export const two = 2;\n");
    fs::create_dir(site.project.join("node_modules/@acme")).expect("a new folder");
    for package in ["core", "app"] {
        let link = site.project.join("node_modules/@acme").join(package);
        symlink(format!("../../packages/{package}"), link).expect("a link");
    }
    site
}

const CORE: &str = "packages/core/index.js";

#[test]
fn packages_of_an_npm_workspace_import_each_other_in_the_workspace() {
    if !has("node") {
        return;
    }
    let site = npm_workspace("");
    let fixer = Fixer::on(&site, CORE, "a - b", "a + b", "");
    let said = site.until_idle();
    landed(&site, &fixer, &said, CORE, "export function add(a, b) {\n  return a + b;\n}\n");
}

#[test]
fn without_its_modules_a_workspace_is_unusable_and_says_what_is_missing() {
    if !has("node") {
        return;
    }
    let site = npm_workspace("[workspace]\ncopy = []\n");
    let fixer = Fixer::on(&site, CORE, "a - b", "a + b", "");
    let said = site.until_idle();
    not_tried(&site, &fixer, &said, &["workspace unusable", "@acme/core", "workspace.copy"]);
}

#[test]
fn linked_modules_that_lead_back_into_the_project_are_refused() {
    if !has("node") {
        return;
    }
    let site = npm_workspace("[workspace]\ncopy = []\nlink = [\"node_modules\"]\n");
    let fixer = Fixer::on(&site, CORE, "a - b", "a + b", "");
    let said = site.until_idle();
    not_tried(&site, &fixer, &said, &["workspace unusable", "@acme/", "a link back into the project"]);
}

/// A package installed editable, as `pip install -e .` does: the environment's `*.pth` names the user's sources.
fn editable(run: &str, more: &str) -> Site {
    let site = Site::new(&[
        ("pyproject.toml", "[project]\nname = \"sums\"\nversion = \"1.0\"\n"),
        ("src/sums/__init__.py", "def add(a, b):\n    return a - b\n"),
        (
            "tests/test_sums.py",
            "import unittest\nfrom sums import add\n\n\nclass Sums(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n",
        ),
        (".gitignore", ".venv/\n__pycache__/\n"),
        ("orchestrator.toml", &format!("{}{more}", check(run))),
    ]);
    install(&site, ".venv");
    site
}

/// Makes an environment with the project installed in it.
fn install(site: &Site, folder: &str) {
    let venv = site.project.join(folder);
    let made = Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&venv).output().expect("python3");
    assert!(made.status.success(), "{made:?}");
    let library = fs::read_dir(venv.join("lib")).expect("readable").flatten().next().expect("one version").path();
    let source = site.project.join("src");
    fs::write(library.join("site-packages/__editable__.sums-1.0.pth"), format!("{}\n", source.display()))
        .expect("written");
}

const SUMS: &str = "src/sums/__init__.py";
const SUMS_FIXED: &str = "def add(a, b):\n    return a + b\n";
const DISCOVER: &str = ".venv/bin/python -m unittest discover -s tests";

#[test]
fn an_editable_install_that_is_copied_runs_the_workspaces_sources() {
    if !has("python3") {
        return;
    }
    let site = editable(DISCOVER, "[workspace]\ncopy = [\".venv\"]\n");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = site.until_idle();
    landed(&site, &fixer, &said, SUMS, SUMS_FIXED);
}

#[test]
fn an_environment_that_is_not_copied_is_missing() {
    if !has("python3") {
        return;
    }
    let site = editable(DISCOVER, "");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = site.until_idle();
    not_tried(&site, &fixer, &said, &["workspace unusable", ".venv/bin/python", "not found", "workspace.copy"]);
}

#[test]
fn an_editable_install_is_not_linked() {
    if !has("python3") {
        return;
    }
    let site = editable(DISCOVER, "[workspace]\nlink = [\".venv\"]\n");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = site.until_idle();
    not_tried(&site, &fixer, &said, &["workspace unusable", ".venv", "editable install"]);
}

/// Runs until idle with an environment activated, as a user's shell has it.
fn activated(site: &Site, venv: &std::path::Path) -> Said {
    let path = std::env::var("PATH").expect("a path");
    let mut command = site.command(&["run", "--headless", "--until-idle", "--trust"]);
    command.env("VIRTUAL_ENV", venv).env("PATH", format!("{}:{path}", venv.join("bin").display()));
    let done = command.output().expect("our program");
    Said {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

#[test]
fn an_activated_environment_of_the_project_is_the_workspaces_own_there() {
    if !has("python3") {
        return;
    }
    let site = editable("python -m unittest discover -s tests", "[workspace]\ncopy = [\".venv\"]\n");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = activated(&site, &site.project.join(".venv"));
    landed(&site, &fixer, &said, SUMS, SUMS_FIXED);
}

#[test]
fn an_activated_environment_that_is_not_copied_runs_the_workspaces_sources() {
    if !has("python3") {
        return;
    }
    let site = editable("python -m unittest discover -s tests", "");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = activated(&site, &site.project.join(".venv"));
    landed(&site, &fixer, &said, SUMS, SUMS_FIXED);
}

#[test]
fn an_editable_install_elsewhere_runs_the_workspaces_sources() {
    if !has("python3") {
        return;
    }
    let site = editable("python -m unittest discover -s tests", "");
    let venv = site.outside("venv");
    install(&site, "../venv");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = activated(&site, &venv);
    landed(&site, &fixer, &said, SUMS, SUMS_FIXED);
}

#[test]
fn a_command_that_names_the_project_means_the_workspace_there() {
    if !has("python3") {
        return;
    }
    let site = editable("", "");
    let run = format!("cd '{}' && PYTHONPATH=src python3 -m unittest discover -s tests", site.project.display());
    site.write("orchestrator.toml", &check(&run));
    site.commit("Name the folder");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = site.until_idle();
    landed(&site, &fixer, &said, SUMS, SUMS_FIXED);
}

#[test]
fn a_check_that_finds_its_way_back_to_the_users_files_is_noticed() {
    if !has("python3") {
        return;
    }
    // The way back is written where nobody looks for it: a file beside the project.
    let site = editable("", "");
    let way = site.outside("way");
    fs::write(&way, site.project.display().to_string()).expect("written");
    let run =
        format!("cd \"$(cat '{}')\" && PYTHONPATH=src python3 -m unittest discover -s \"$PWD/tests\"", way.display());
    site.write("orchestrator.toml", &check(&run));
    site.commit("Hide the folder");
    let fixer = Fixer::on(&site, SUMS, "a - b", "a + b", "");
    let said = site.until_idle();
    not_tried(&site, &fixer, &said, &["workspace unusable", "tests/test_sums.py", "your tree"]);
}

#[test]
fn members_of_a_cargo_workspace_with_inline_tests() {
    let member = |name: &str, needs: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{needs}")
    };
    let user = "pub fn total(prices: &[u32]) -> u32 {\n    prices.iter().fold(0, |sum, price| core_sums::add(sum, *price))\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn totals() {\n        assert_eq!(super::total(&[2, 3]), 5);\n    }\n}\n";
    let core = "pub fn add(a: u32, b: u32) -> u32 {\n    a * b\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        assert_eq!(super::add(2, 3), 5);\n    }\n}\n";
    let site = Site::new(&[
        ("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"core-sums\", \"shop\"]\n"),
        (
            "Cargo.lock",
            "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n\n[[package]]\nname = \"core-sums\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\n \"core-sums\",\n]\n",
        ),
        ("core-sums/Cargo.toml", &member("core-sums", "")),
        ("core-sums/src/lib.rs", core),
        ("shop/Cargo.toml", &member("shop", "core-sums = { path = \"../core-sums\" }\n")),
        ("shop/src/lib.rs", user),
        (".gitignore", "/target\n"),
        ("orchestrator.toml", &check("cargo test --offline --workspace --no-fail-fast")),
    ]);
    let fixer = Fixer::on(&site, "core-sums/src/lib.rs", "a * b", "a + b", "");
    let said = site.until_idle();
    landed(&site, &fixer, &said, "core-sums/src/lib.rs", &core.replace("a * b", "a + b"));
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!(receipt["fixed"].as_array().map(Vec::len), Some(2), "{receipt:#}");
}
