//! Checks that run once per file: which changes they follow, and what becomes of files without tests or without a source.

use serde_json::Value;

use crate::site::{Site, Supervisor};

const ADD: &str = "def add(a, b):\n    return a + b\n";

fn test_of(module: &str) -> String {
    format!(
        "import unittest\nfrom {module} import add\n\n\nclass Add(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n"
    )
}

/// Two modules with a test each, one without, all green.
fn site(more: &str) -> Site {
    let config = format!(
        "[watch]\nsettle = \"50ms\"\n[fix]\nafter = \"0s\"\nattempts = 1\n{more}\n[[check]]\nname = \"unit\"\npaths = [\"*.py\"]\nrun = \"python3 -B -m unittest -q {{tests}}\"\ntests = \"test_{{stem}}.py\"\n"
    );
    let site = Site::new(&[
        ("one.py", ADD),
        ("two.py", ADD),
        ("bare.py", ADD),
        ("test_one.py", &test_of("one")),
        ("test_two.py", &test_of("two")),
        ("orchestrator.toml", &config),
    ]);
    site.script(
        "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"edit\", file = \"one.py\", find = \"a - b\", replace = \"b + a\" }]\n",
    );
    site
}

fn started(site: &Site, more: &[&str]) -> Supervisor {
    let mut supervisor = site.start(more);
    supervisor.wait_kind("green_at");
    supervisor
}

fn ran(supervisor: &mut Supervisor, file: &str, verdict: &str) -> Value {
    supervisor.wait(&format!("{file} {verdict}"), |fact| {
        fact["kind"] == "ran" && fact["key"]["file"] == file && fact["run"]["verdict"] == verdict
    })
}

fn only_task(site: &Site) -> Value {
    let rows = site.json(&["tasks"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows:#}");
    rows[0].clone()
}

#[test]
fn each_file_is_checked_by_its_own_test() {
    let site = site("");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    let status = site.json(&["status"]);
    let files: Vec<&str> =
        status["checks"].as_array().expect("a list").iter().filter_map(|check| check["file"].as_str()).collect();
    assert_eq!(files, ["one.py", "two.py"], "{status:#}");
    let results = status["test_results"].as_array().expect("a list");
    let mut tests: Vec<&str> = results.iter().filter_map(|result| result["test_path"].as_str()).collect();
    tests.sort_unstable();
    assert_eq!(tests, ["test_one.py", "test_two.py"], "{status:#}");
}

#[test]
fn a_broken_source_is_mended() {
    let site = site("");
    let mut supervisor = started(&site, &[]);
    site.write("one.py", &ADD.replace("a + b", "a - b"));
    ran(&mut supervisor, "one.py", "red");
    supervisor.wait_kind("landed");
    supervisor.wait_kind("attempt_ended");
    assert_eq!(site.read("one.py"), ADD.replace("a + b", "b + a"));
    let row = only_task(&site);
    assert_eq!(row["title"], "one.py · unit", "{row:#}");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn an_edited_test_is_its_sources_business() {
    let site = site("enabled = false");
    let mut supervisor = started(&site, &[]);
    site.write("test_two.py", &test_of("two").replace("5)", "6)"));
    ran(&mut supervisor, "two.py", "red");
    supervisor.wait_kind("held");
    let row = only_task(&site);
    assert_eq!((row["title"].as_str(), row["state"].as_str()), (Some("two.py · unit"), Some("held")), "{row:#}");
    assert!(row["reason"].as_str().is_some_and(|reason| reason.contains("fixing is off")), "{row:#}");
    assert_eq!(supervisor.stop(), 1);
}

#[test]
fn a_deleted_source_ends_its_task() {
    let site = site("enabled = false");
    let mut supervisor = started(&site, &[]);
    site.write("one.py", &ADD.replace("a + b", "a - b"));
    supervisor.wait_kind("held");
    std::fs::remove_file(site.project.join("one.py")).expect("it was there");
    supervisor.wait_kind("ended");
    let row = only_task(&site);
    assert_eq!((row["state"].as_str(), row["reason"].as_str()), (Some("done"), Some("source deleted")), "{row:#}");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_file_without_tests_is_no_task() {
    let site = site("");
    let mut supervisor = started(&site, &[]);
    site.write("bare.py", "def add(a, b):\n    return None\n");
    site.write("two.py", &format!("{ADD}\n\ndef more():\n    return 1\n"));
    ran(&mut supervisor, "two.py", "green");
    assert_eq!(site.json(&["tasks"]), Value::Array(Vec::new()));
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_task_whose_test_goes_has_no_tests() {
    let site = site("enabled = false");
    let mut supervisor = started(&site, &[]);
    site.write("one.py", &ADD.replace("a + b", "a - b"));
    supervisor.wait_kind("held");
    std::fs::remove_file(site.project.join("test_one.py")).expect("it was there");
    supervisor.wait_kind("ended");
    assert_eq!(only_task(&site)["reason"], "no tests");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn every_change_is_a_task_if_that_is_wanted() {
    let site = site("on = \"change\"");
    let mut supervisor = started(&site, &[]);
    site.write("two.py", &format!("{ADD}\n\ndef more():\n    return 1\n"));
    supervisor.wait_kind("ended");
    let row = only_task(&site);
    assert_eq!(
        (row["title"].as_str(), row["state"].as_str(), row["reason"].as_str()),
        (Some("two.py · unit"), Some("done"), Some("green, nothing to fix")),
        "{row:#}"
    );
    site.write("one.py", &ADD.replace("a + b", "a - b"));
    supervisor.wait_kind("landed");
    supervisor.wait_kind("attempt_ended");
    assert_eq!(site.json(&["tasks"])[1]["reason"], "landed");
    // What nobody tests is said, too.
    site.write("bare.py", "def add(a, b):\n    return None\n");
    supervisor.wait_kind("ended");
    let row = site.json(&["tasks"])[2].clone();
    assert_eq!((row["title"].as_str(), row["reason"].as_str()), (Some("bare.py · unit"), Some("no tests")), "{row:#}");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn checks_only_starts_no_agent() {
    let site = site("");
    site.write("one.py", &ADD.replace("a + b", "a - b"));
    let before = site.hashes("");
    let said = site.run(&["run", "--headless", "--until-idle", "--trust", "--checks-only"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(before == site.hashes(""));
    let row = only_task(&site);
    assert_eq!((row["state"].as_str(), row["attempts"].as_u64()), (Some("held"), Some(0)), "{row:#}");
    assert!(!said.out.contains("rehearsal"), "{said:?}");
    let mut supervisor = site.start(&["--checks-only"]);
    ran(&mut supervisor, "one.py", "red");
    site.write("one.py", ADD);
    supervisor.wait_kind("ended");
    assert_eq!(only_task(&site)["reason"], "fixed by you");
    assert_eq!(supervisor.stop(), 0);
}
