//! Agents that misbehave: each attempt ends with the true reason, and nothing of it is left.

use serde_json::Value;

use crate::site::{Said, Site};

const CALC: &str = "def add(a, b):\n    return a - b\n\n\ndef double(x):\n    return x * 2\n";

const TEST: &str = "import unittest
from calc import add, double


class Calc(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)

    def test_double(self):
        self.assertEqual(double(2), 4)
";

const MEND: &str = r#"{ do = "edit", file = "calc.py", find = "a - b", replace = "a + b" }"#;

/// A red project with one attempt, an agent that may work for so long and does this.
fn site(timeout: &str, steps: &str) -> Site {
    let config = format!(
        "[fix]\nattempts = 1\n[[check]]\nname = \"unit\"\nrun = \"python3 -B -m unittest -q\"\n[agent.claude]\ntimeout = {timeout:?}\n"
    );
    let site = Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", &config)]);
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{}]\n", steps.replace("MEND", MEND)));
    site
}

/// Runs it; it mends nothing and says this.
fn fails(site: &Site, why: &str) -> (Said, Value) {
    let before = site.hashes("");
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(before == site.hashes(""), "something was written: {said:?}");
    site.wait_until_empty();
    let row = site.task(1);
    let story = site.run(&["show", "1"]).out;
    assert!(story.contains(why), "{story}\n{said:?}");
    (said, row)
}

fn lands(site: &Site) -> Said {
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
    assert_eq!(site.task(1)["attempts"], 1);
    site.wait_until_empty();
    said
}

#[test]
fn slow() {
    let site = site("30m", "");
    let (here, go) = (site.outside("here"), site.outside("go"));
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"touch\", file = {here:?} }}, {{ do = \"wait_for\", file = {go:?} }}, {MEND}]\n"
    ));
    let mut supervisor = site.start(&["--until-idle"]);
    supervisor.wait("the agent", |fact| fact["kind"] == "logged" && fact.to_string().contains("rehearsal"));
    assert_eq!(site.task(1)["state"], "running");
    assert!(site.task(1)["reason"].as_str().is_some_and(|reason| reason.contains("fix")), "{:#}", site.task(1));
    std::fs::write(&go, "").expect("written");
    supervisor.wait_kind("landed");
    assert_eq!(supervisor.end(), 0);
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", "a + b"));
}

#[test]
fn silent() {
    let site = site("1s", r#"{ do = "silent" }"#);
    let (_, row) = fails(&site, "time limit");
    assert_eq!((row["state"].as_str(), row["attempts"].as_u64()), (Some("failed"), Some(1)), "{row:#}");
}

#[test]
fn ignores_signals() {
    let site = site("1s", r#"{ do = "ignore_signals" }, { do = "silent" }"#);
    fails(&site, "time limit");
}

#[test]
fn garbage_between_frames() {
    let site = site(
        "30m",
        r#"{ do = "garbage", text = "Segfault? no, only a \u0007 bell" }, { do = "bytes", bytes = [255, 0, 254, 123] }, MEND, { do = "garbage", text = "{\"type\":" }"#,
    );
    let said = lands(&site);
    assert!(said.out.contains("Segfault? no"), "{said:?}");
    assert!(!said.out.contains('\u{7}'), "{said:?}");
}

#[test]
fn garbage_only() {
    let site = site("30m", r#"{ do = "garbage", text = "what?" }, { do = "die", code = 0 }"#);
    fails(&site, "without a result");
}

#[test]
fn two_results() {
    let site = site("30m", r#"{ do = "result", text = "first" }, MEND, { do = "result", text = "second" }"#);
    lands(&site);
}

#[test]
fn dies() {
    let mended = site("30m", r#"MEND, { do = "die", code = 3 }"#);
    fails(&mended, "without a result: exit code 3");
    let aborted = site("30m", r#"{ do = "abort" }"#);
    fails(&aborted, "without a result: signal 6");
}

#[test]
fn fails_with_an_error() {
    let site = site("30m", r#"{ do = "result_error", subtype = "error_max_turns", text = "no more" }"#);
    fails(&site, "the number of turns is used up: no more");
}

#[test]
fn leaves_a_daemon() {
    let site = site("30m", "");
    let pid = site.outside("pid");
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"daemon\", file = {pid:?} }}, {MEND}]\n"));
    lands(&site);
    let pid = std::fs::read_to_string(&pid).expect("it was there");
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "{pid} lives");
}

#[test]
fn breaks_a_second_test() {
    let site = site("30m", r#"MEND, { do = "edit", file = "calc.py", find = "x * 2", replace = "x * 3" }"#);
    let (_, row) = fails(&site, "refuted by unit: test_calc.Calc.test_double");
    assert_eq!(row["state"], "failed", "{row:#}");
    assert!(row["reason"].as_str().is_some_and(|reason| reason.starts_with("escalated: ")), "{row:#}");
}

#[test]
fn does_nothing() {
    let site = site("30m", r#"{ do = "say", text = "It is fine as it is." }"#);
    let (_, row) = fails(&site, "the agent changed nothing");
    assert_eq!(row["history"][0]["summary"], "It is fine as it is.", "{row:#}");
}

#[test]
fn is_turned_away_for_a_while() {
    let site = site(
        "30m",
        r#"{ do = "api_retry", status = 429, delay_ms = 600000 }, { do = "api_error", status = 429, message = "too many requests" }"#,
    );
    let (said, row) = fails(&site, "rate limit");
    assert_eq!((row["state"].as_str(), row["attempts"].as_u64()), (Some("queued"), Some(0)), "{row:#}\n{said:?}");
    assert!(said.out.contains("parked until"), "{said:?}");
    let status = site.json(&["status"]);
    assert_eq!(status["parked"]["reason"], "rate limit", "{status:#}");
    assert!(status["parked"]["until"].is_string(), "{status:#}");
    assert!(row["reason"].as_str().is_some_and(|reason| reason.starts_with("parked until")), "{row:#}");
}

#[test]
fn is_not_logged_in() {
    let site = site("30m", r#"{ do = "api_error", status = 401, message = "Invalid API key" }"#);
    let (said, row) = fails(&site, "not logged in");
    assert_eq!((row["state"].as_str(), row["attempts"].as_u64()), (Some("queued"), Some(0)), "{row:#}\n{said:?}");
    assert!(site.run(&["status"]).out.contains("Invalid API key"));
    // A person has logged in meanwhile: a start tries again.
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{MEND}]\n"));
    lands(&site);
}
