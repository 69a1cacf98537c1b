//! Attempts that come to nothing: each learns from the last, waits longer, and in the end a person is asked.

use std::fs;

use serde_json::Value;

use crate::site::{Site, until};

const CALC: &str = "def add(a, b):\n    return a - b\n";
const TEST: &str = "import unittest\nfrom calc import add\n\n\nclass Calc(unittest.TestCase):\n    def test_add(self):\n        \
                    self.assertEqual(add(2, 3), 5)\n";

fn site(fix: &str) -> Site {
    let config = format!(
        "[fix]\nafter = \"50ms\"\n{fix}\n[[check]]\nname = \"unit\"\npaths = [\"*.py\"]\nrun = \"python3 -B -m unittest test_calc\"\n"
    );
    Site::new(&[("calc.py", CALC), ("test_calc.py", TEST), ("orchestrator.toml", &config)])
}

fn scenario(matching: &str, with: &str) -> String {
    format!(
        "[[scenario]]\nmatch = {matching:?}\nsteps = [\n\
         {{ do = \"edit\", file = \"calc.py\", find = \"a - b\", replace = {with:?} }},\n\
         {{ do = \"usage\", cost = 0.01, input = 10, output = 1 }},\n{{ do = \"say\", text = \"Now it is {with}.\" }},\n]\n"
    )
}

const MEND: &str = "a + b";

fn ends(facts: &[Value]) -> Vec<&Value> {
    facts.iter().filter(|fact| fact["kind"] == "attempt_ended").collect()
}

#[test]
fn an_agent_that_never_succeeds_is_escalated_with_the_whole_story() {
    let site = site("attempts = 3\nbackoff = \"400ms\"");
    // Each is chosen by what only the history of the attempts before it can have put into the prompt.
    site.script(&[scenario("a ** b", "a % b"), scenario("a * b", "a ** b"), scenario("*", "a * b")].concat());
    let said = site.run(&["run", "--headless", "--until-idle", "--trust", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(site.read("calc.py"), CALC);
    let story = site.task(1);
    assert_eq!(story["reason"], "escalated: 3 attempts, the last: refuted by unit: test_calc.Calc.test_add", "{story}");
    assert_eq!((&story["success"], &story["attempts"], &story["cost_usd"]), (&false.into(), &3.into(), &0.03.into()));
    assert_eq!((&story["failure_reason"], &story["final_test_result"]["passed"]), (&story["reason"], &false.into()));
    let history = story["history"].as_array().expect("a list");
    for (attempt, with) in history.iter().zip(["a * b", "a ** b", "a % b"]) {
        assert_eq!(attempt["summary"], format!("Now it is {with}."));
        assert!(attempt["diff"].as_str().is_some_and(|diff| diff.contains(with)), "{attempt}");
        assert_eq!(attempt["charged"], true);
    }
    let shown = site.run(&["show", "1"]).out;
    assert!(["a * b", "a ** b", "a % b", "escalated"].iter().all(|part| shown.contains(part)), "{shown}");
    let status = site.json(&["status"]);
    assert_eq!(
        (&status["statistics"]["tasks_escalated"], &status["statistics"]["success_rate"]),
        (&1.into(), &"0.0%".into())
    );

    // The waits: about 0.4 s and 0.8 s, less a quarter of jitter at most, and no attempt began before its time.
    let facts = crate::site::facts_of(&said);
    let untils: Vec<u64> = ends(&facts).iter().filter_map(|end| end["then"]["cooling"]["until"].as_u64()).collect();
    assert_eq!(untils.len(), 2, "{untils:?}");
    assert!(untils[1] - untils[0] >= 600, "{untils:?}");

    // A restart does not begin anew with what was given up.
    let again = site.until_idle();
    assert_eq!(again.code, 1, "{again:?}");
    // What it says at its end is about this run alone.
    assert!(again.out.contains("Tasks processed: 0\n") && again.out.contains("Tasks escalated: 0\n"), "{again:?}");
    let numbers = &site.json(&["status"])["statistics"];
    assert_eq!((&numbers["tasks_processed"], &numbers["all_time"]["tasks_escalated"]), (&0.into(), &1.into()));
    assert_eq!(site.json(&["tasks"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_later_attempt_can_succeed() {
    let site = site("attempts = 5\nbackoff = \"50ms\"");
    site.script(&[scenario("a * b", MEND), scenario("*", "a * b")].concat());
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    let story = site.task(1);
    assert_eq!((&story["reason"], &story["attempts"]), (&"landed".into(), &2.into()));
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!((&receipt["attempts"], &receipt["cost_usd"]), (&2.into(), &0.02.into()));
}

#[test]
fn a_person_kills_and_tries_again() {
    let site = site("attempts = 1");
    site.script("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"say\", text = \"It is fine.\" }]\n");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    supervisor.wait_kind("attempt_ended");
    assert_eq!(site.task(1)["reason"], "escalated: 1 attempt, the last: the agent changed nothing");

    let here = site.outside("here");
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"ignore_signals\" }}, {{ do = \"touch\", file = {here:?} }}, {{ do = \"silent\" }}]\n"
    ));
    assert_eq!(site.run(&["retry", "1"]).code, 0);
    until("the agent", || here.exists());
    assert_eq!(site.run(&["kill", "1"]).code, 0);
    let story = site.task(1);
    assert_eq!((&story["state"], &story["failure_reason"]), (&"failed".into(), &"killed".into()));
    // It ignores everything but SIGKILL; when its end is written down it is gone.
    supervisor.wait_kind("attempt_ended");
    assert!(!site.processes().iter().any(|line| line.contains(" rehearsal ")), "{:?}", site.processes());

    site.script(&scenario("*", MEND));
    assert_eq!(site.run(&["retry", "1"]).code, 0);
    supervisor.wait("the landing", |fact| fact["kind"] == "attempt_ended" && !fact["then"]["done"].is_null());
    let story = site.task(1);
    assert_eq!(
        (&story["success"], &story["reason"], &story["failure_reason"]),
        (&true.into(), &"landed".into(), &Value::Null)
    );
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_file_that_failed_too_often_is_left_alone() {
    let site = site("attempts = 1\nbreaker = { failures = 3, window = \"1h\" }");
    site.script("[[scenario]]\nmatch = \"*\"\nsteps = []\n");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("held");
    for (count, verb) in ["fix", "retry", "retry"].into_iter().enumerate() {
        assert_eq!(site.run(&[verb, "1"]).code, 0, "{verb}");
        supervisor.wait_count(count + 1, "attempt_ended");
    }
    let tripped = supervisor.wait_kind("breaker_tripped");
    assert_eq!(tripped["failures"], 3);
    // The same file fails in another way: a new task, which does not start, and says why.
    site.script(&scenario("*", MEND));
    site.write("test_calc.py", &TEST.replace("test_add", "test_sum"));
    supervisor.wait("a new task", |fact| fact["kind"] == "filed" && fact["task"]["id"] == 2);
    until("the reason", || site.json(&["tasks"])[1]["reason"] == "paused by breaker: 3 failures in 1 h");
    // A person who says so is obeyed.
    assert_eq!(site.run(&["fix", "2"]).code, 0);
    supervisor.wait_count(4, "attempt_ended");
    assert_eq!(site.read("calc.py"), CALC.replace("a - b", MEND));
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_service_that_refuses_parks_everything_and_costs_no_attempt() {
    let site = site("attempts = 1");
    site.write("other.sh", "grep -q good other.txt || { echo 'other.txt:1: error: bad'; exit 1; }\n");
    site.write("other.txt", "bad\n");
    let config = site.read("orchestrator.toml");
    site.write(
        "orchestrator.toml",
        &format!("{config}\n[[check]]\nname = \"zother\"\nrun = \"sh other.sh\"\n[limits]\nchecks = 1\n"),
    );
    let calls = site.outside("calls");
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n{{ do = \"run\", command = \"echo x >> {}\" }},\n\
         {{ do = \"api_retry\", status = 429, delay_ms = 4000 }},\n{{ do = \"wait_for\", file = \"never\" }},\n]\n",
        calls.display()
    ));
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(2, "held");
    assert_eq!((site.run(&["fix", "1"]).code, site.run(&["fix", "2"]).code), (0, 0));
    let parked = supervisor.wait_kind("parked");
    assert!(parked["until"].is_u64(), "{parked}");
    // When the time has come it goes on by itself.
    site.script(&format!(
        "{}{}",
        scenario("test_calc", MEND),
        "[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"write\", file = \"other.txt\", content = \"good\\n\" }]\n"
    ));
    let ended = supervisor.wait_kind("attempt_ended");
    assert!(ended["record"]["end"]["parked"].is_object(), "{ended}");
    supervisor.wait_count(1, "unparked");
    supervisor.wait_count(2, "landed");
    let tasks = site.json(&["tasks"]);
    assert_eq!((&tasks[0]["attempts"], &tasks[1]["attempts"]), (&1.into(), &1.into()));
    let ends = site.task(1)["history"].as_array().map(Vec::len);
    assert_eq!(ends, Some(2), "one was parked and not charged");
    assert_eq!(supervisor.stop(), 0);
    assert_eq!(fs::read_to_string(calls).expect("a call"), "x\n", "nobody else was sent to be refused");
}
