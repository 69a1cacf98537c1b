//! Editors beside a landing: one that holds the file open is warned of, and a save over the fix is said.

use std::fs;

use serde_json::Value;

use crate::site::{Site, Supervisor};

const CALC: &str = "def add(a, b):
    return a + b


def double(x):
    return x * 2
";

const TEST: &str = "import unittest
from calc import add, double


class Calc(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_double(self):
        self.assertEqual(double(2), 4)
";

const CONFIG: &str = "[fix]
after = \"100ms\"

[[check]]
name = \"unit\"
paths = [\"*.py\"]
run = \"python3 -B -m unittest test_calc\"
";

fn broken() -> String {
    CALC.replace("a + b", "a - b")
}

/// A supervised project in which a save has broken `add`, and the fix of that has landed.
fn landed(before: impl FnOnce(&Site)) -> (Site, Supervisor) {
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", CONFIG)]);
    site.script(
        "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"edit\", file = \"calc.py\", find = \"a - b\", replace = \"b + a\" }]\n",
    );
    before(&site);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    site.write("calc.py", &broken());
    supervisor.wait_kind("landed");
    supervisor.wait_kind("attempt_ended");
    assert_eq!(site.read("calc.py"), CALC.replace("a + b", "b + a"));
    (site, supervisor)
}

fn has(supervisor: &Supervisor, kind: &str) -> bool {
    supervisor.seen.iter().any(|fact| fact["kind"] == kind)
}

fn warnings(supervisor: &Supervisor) -> Vec<&str> {
    let lines =
        supervisor.seen.iter().filter(|fact| fact["kind"] == "logged").filter_map(|fact| fact["lines"].as_array());
    lines.flatten().filter(|line| line["label"] == "editor").filter_map(|line| line["text"].as_str()).collect()
}

#[test]
fn a_save_over_the_fix_is_said_and_one_beside_it_is_not() {
    let (site, mut supervisor) = landed(|_| {});
    assert_eq!(site.json(&["receipt", "1"])["files"][0]["line"], 2);
    assert!(site.run(&["logs"]).out.contains("landed in your tree: calc.py:2 +1 −1"));
    let row = site.read("calc.py");
    site.write("calc.py", &row.replace("x * 2", "2 * x"));
    supervisor.wait_kind("ran");
    assert_eq!(site.task(1)["reason"], "landed");
    // An editor that has never seen the fix saves what it holds, with another edit of its person.
    site.write("calc.py", &broken().replace("x * 2", "x + x"));
    let replaced = supervisor.wait_kind("replaced");
    assert_eq!((&replaced["task"], &replaced["files"]), (&1.into(), &Value::from(vec!["calc.py"])));
    assert_eq!(supervisor.seen.iter().filter(|fact| fact["kind"] == "replaced").count(), 1);
    assert_eq!(site.task(1)["reason"], "landed; your save replaced it");
    assert!(site.run(&["logs"]).out.contains("your save replaced #1: calc.py"));
    supervisor.stop();
}

#[test]
fn what_landed_under_an_earlier_supervisor_is_known() {
    let (site, supervisor) = landed(|_| {});
    assert_eq!(supervisor.stop(), 0);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    site.write("calc.py", &broken());
    assert_eq!(supervisor.wait_kind("replaced")["task"], 1);
    supervisor.stop();
}

#[test]
fn an_undo_is_nobodys_save() {
    let (site, mut supervisor) = landed(|_| {});
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    supervisor.wait_kind("undone");
    supervisor.wait_kind("ran");
    // Whatever was seen of the undo has been dealt with before this.
    site.write("calc.py", &broken().replace("x * 2", "2 * x"));
    supervisor.wait_kind("changed");
    supervisor.wait_kind("ran");
    assert_eq!(site.task(1)["undone"], true);
    let (_, facts) = {
        supervisor.signal(nix::sys::signal::Signal::SIGINT);
        supervisor.end_with_facts()
    };
    assert!(!facts.iter().any(|fact| fact["kind"] == "replaced"));
}

#[test]
fn an_editor_that_holds_the_file_open_is_warned_of() {
    let me = std::process::id();
    let (site, supervisor) = landed(|site| {
        // As vim writes it: its process, no name of a machine, nothing unsaved.
        let mut header = vec![0; 4096];
        header[..9].copy_from_slice(b"b0VIM 9.0");
        header[24..28].copy_from_slice(&me.to_le_bytes());
        fs::write(site.project.join(".calc.py.swp"), header).expect("written");
    });
    let warning = format!("calc.py is open in vim (process {me}): reload it, or its next save replaces the fix");
    assert_eq!(warnings(&supervisor), [warning.as_str()]);
    assert!(site.run(&["logs", "1"]).out.contains(&warning));
    assert!(!has(&supervisor, "replaced"));
    assert_eq!(supervisor.stop(), 0);
}
