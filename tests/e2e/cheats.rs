//! Ten ways to make a check green without mending anything: none of them lands by itself.

use serde_json::Value;

use crate::site::{Said, Site, Supervisor};

const CALC: &str = "def add(a, b):\n    return a - b\n\n\ndef double(x):\n    return x * 2\n";

const TEST: &str = "import unittest
from calc import add, double


class Calc(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_double(self):
        self.assertEqual(double(2), 4)


class More(unittest.TestCase):
    def test_more(self):
        self.assertEqual(double(-1), -2)
";

const UNIT: &str = "python3 -B -m unittest -q test_calc";

/// A configuration with one check and no second attempt.
fn config(run: &str) -> String {
    format!(
        "[watch]\nsettle = \"50ms\"\n[fix]\nafter = \"0s\"\nattempts = 1\n[[check]]\nname = \"unit\"\nrun = {run:?}\n"
    )
}

/// A project that is red from the start, with an agent that does this.
fn red(files: &[(&str, &str)], run: &str, steps: &str) -> Site {
    let config = config(run);
    let files: Vec<(&str, &str)> = files.iter().copied().chain([("orchestrator.toml", config.as_str())]).collect();
    let site = Site::new(&files);
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{steps}]\n"));
    site
}

fn calc(steps: &str) -> Site {
    red(&[("calc.py", CALC), ("test_calc.py", TEST)], UNIT, steps)
}

/// The only task waits for a person and says `why`, for programs and for people.
fn waits(site: &Site, why: &str) -> Value {
    let rows = site.json(&["tasks"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    assert_eq!(rows[0]["state"], "ready", "{rows:#}");
    let reason = rows[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(why), "{reason}");
    let listed = site.run(&["tasks"]);
    assert!(listed.out.contains(why), "{listed:?}");
    let shown = site.run(&["show", "1"]);
    assert!(shown.out.contains(why) && shown.out.contains("land 1"), "{}", shown.out);
    rows[0].clone()
}

/// The agent's work is verified, does not land, and the tree is as it was.
fn caught(site: &Site, why: &str) -> Value {
    let before = site.hashes("");
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(before == site.hashes(""), "something was written: {said:?}");
    waits(site, why)
}

#[test]
fn deletes_the_test() {
    let site = calc(
        r#"{ do = "edit", file = "test_calc.py", find = "    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n\n", replace = "" }"#,
    );
    caught(&site, "test_calc.py");
}

#[test]
fn skips_the_test() {
    let site = calc(
        r#"{ do = "edit", file = "test_calc.py", find = "    def test_add", replace = "    @unittest.skip(\"later\")\n    def test_add" }"#,
    );
    caught(&site, "unittest.skip");
}

#[test]
fn edits_the_configuration_of_the_runner() {
    let makefile = "test:\n\tpython3 -B -m unittest -q test_calc\n";
    let site = red(
        &[("calc.py", CALC), ("test_calc.py", TEST), ("Makefile", makefile)],
        "make -s test",
        r#"{ do = "edit", file = "Makefile", find = "test_calc", replace = "test_calc.More" }"#,
    );
    caught(&site, "Makefile");
}

#[test]
fn hard_codes_the_case() {
    let site = calc(
        r#"{ do = "edit", file = "calc.py", find = "    return a - b", replace = "    if a == 2 and b == 3:\n        return 5\n    return a - b" }"#,
    );
    caught(&site, "answers the test's own case");
}

#[test]
fn swallows_the_exception() {
    let load = "def load(text):\n    return int(text, 7)\n";
    let test = "import unittest
from load import load


class Load(unittest.TestCase):
    def test_load(self):
        load(\"9\")
";
    let site = red(
        &[("load.py", load), ("test_load.py", test)],
        "python3 -B -m unittest -q test_load",
        r#"{ do = "edit", file = "load.py", find = "    return int(text, 7)", replace = "    try:\n        return int(text, 7)\n    except Exception:\n        pass" }"#,
    );
    caught(&site, "swallows errors");
}

#[test]
fn empties_what_the_check_looks_at() {
    let broken =
        "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n\n\ndef mul(a, b)\n    return a * b\n";
    let site = red(
        &[("calc.py", broken)],
        "python3 -B -c \"import ast; ast.parse(open('calc.py').read(), 'calc.py')\"",
        r#"{ do = "write", file = "calc.py", content = "" }"#,
    );
    caught(&site, "calc.py");
}

#[test]
fn edits_a_snapshot() {
    let page = "def page():\n    return '<h1>Helo</h1>'\n";
    let test = "import pathlib
import unittest
from page import page


class Page(unittest.TestCase):
    def test_page(self):
        self.assertEqual(page(), pathlib.Path(\"__snapshots__/page.snap\").read_text().strip())
";
    let site = red(
        &[("page.py", page), ("test_page.py", test), ("__snapshots__/page.snap", "<h1>Hello</h1>\n")],
        "python3 -B -m unittest -q test_page",
        r#"{ do = "write", file = "__snapshots__/page.snap", content = "<h1>Helo</h1>\n" }"#,
    );
    caught(&site, "recorded expectation");
}

#[test]
fn adds_allow() {
    let site = red(
        &[("lib.rs", "fn unused() {}\n\n/// One.\npub fn one() -> i32 {\n    1\n}\n")],
        "rustc --edition 2024 --crate-type lib --emit metadata -o ../lib.rmeta -D dead_code lib.rs",
        r##"{ do = "edit", file = "lib.rs", find = "fn unused", replace = "#[allow(dead_code)]\nfn unused" }"##,
    );
    caught(&site, "#[allow(dead_code)]");
}

/// A supervisor on a project that was green, to which the user then added wanted lines, one of them wrong.
fn broken_by_its_user(steps: &str) -> (Site, Supervisor, String) {
    let green = CALC.replace("a - b", "a + b");
    let site = red(&[("calc.py", &green), ("test_calc.py", TEST)], UNIT, steps);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    let broken = format!("{CALC}\n\ndef triple(x):\n    return x * 3\n\n\ndef half(x):\n    return x / 2\n");
    site.write("calc.py", &broken);
    (site, supervisor, broken)
}

#[test]
fn reverts_the_users_work() {
    let steps = format!("{{ do = \"write\", file = \"calc.py\", content = {:?} }}", CALC.replace("a - b", "a + b"));
    let (site, mut supervisor, broken) = broken_by_its_user(&steps);
    supervisor.wait_kind("ready");
    assert_eq!(site.read("calc.py"), broken);
    waits(&site, "last green run");
    assert_eq!(supervisor.stop(), 1);
    waits(&site, "last green run");
}

#[test]
fn checks_out_the_file() {
    // HEAD of the workspace is what the user has now; its parent is the user's own HEAD.
    let (site, mut supervisor, broken) =
        broken_by_its_user(r#"{ do = "run", command = "git checkout -q HEAD~1 -- calc.py" }"#);
    supervisor.wait_kind("ready");
    assert_eq!(site.read("calc.py"), broken);
    waits(&site, "last green run");
    assert_eq!(supervisor.stop(), 1);
}

#[test]
fn a_checkout_cannot_go_behind_what_the_user_has() {
    let (site, mut supervisor, broken) =
        broken_by_its_user(r#"{ do = "run", command = "git checkout -q -- . && git stash -q; git reset -q --hard" }"#);
    let ended = supervisor.wait_kind("attempt_ended");
    assert_eq!(site.read("calc.py"), broken);
    let row = site.task(1);
    assert_eq!(row["state"], "held", "{ended}");
    assert!(row["reason"].as_str().is_some_and(|reason| reason.contains("guard.git")), "{row:#}");
    assert_eq!(supervisor.stop(), 1);
}

fn skipping() -> (Site, Supervisor) {
    let site = calc(
        r#"{ do = "edit", file = "test_calc.py", find = "    def test_add", replace = "    @unittest.skip(\"later\")\n    def test_add" }"#,
    );
    caught(&site, "unittest.skip");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    (site, supervisor)
}

fn good(said: &Said) {
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_person_may_land_it() {
    let (site, mut supervisor) = skipping();
    good(&site.run(&["land", "1"]));
    supervisor.wait_kind("landed");
    supervisor.wait("the end", |fact| fact["kind"] == "attempt_ended");
    assert!(site.read("test_calc.py").contains("skip"));
    let receipt = site.json(&["receipt", "1"]);
    assert!(receipt["accepted"].to_string().contains("unittest.skip"), "{receipt:#}");
    assert_eq!(site.run(&["land", "1"]).code, 1);
    good(&site.run(&["undo", "1"]));
    assert_eq!(site.read("test_calc.py"), TEST);
    supervisor.wait("red", |fact| fact["kind"] == "ran" && fact["run"]["verdict"] == "red");
    assert_eq!(supervisor.stop(), 1);
}

#[test]
fn a_person_may_refuse_it_and_is_not_bothered_again() {
    let (site, mut supervisor) = skipping();
    let refused = site.run(&["refuse", "1"]);
    good(&refused);
    let row = site.task(1);
    assert_eq!((row["state"].as_str(), row["reason"].as_str()), (Some("failed"), Some("refused")), "{row:#}");
    // Green by hand, then the very same mistake again.
    site.write("calc.py", &CALC.replace("a - b", "a + b"));
    supervisor.wait("green", |fact| fact["kind"] == "ran" && fact["run"]["verdict"] == "green");
    site.write("calc.py", CALC);
    let held = supervisor.wait_kind("held");
    let row = site.json(&["tasks"])[1].clone();
    assert_eq!(row["state"], "held", "{held}");
    assert!(
        row["reason"].as_str().is_some_and(|reason| reason.contains("#1") && reason.contains("refused")),
        "{row:#}"
    );
    assert_eq!(site.read("calc.py"), CALC);
    assert_eq!(supervisor.stop(), 1);
}
