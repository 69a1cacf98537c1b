//! What is told about the state: the mirrored file, the lock, and every verb, with a supervisor and without.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::site::{Site, until};

const CALC: &str = "def add(a, b):\n    return a - b\n";
const TEST: &str = "import unittest\nfrom calc import add\n\n\nclass Calc(unittest.TestCase):\n    def test_add(self):\n        \
                    self.assertEqual(add(2, 3), 5)\n";
const CONFIG: &str = "[fix]\nafter = \"50ms\"\n\n[[check]]\nname = \"unit\"\npaths = [\"src/*.py\"]\n\
                      run = \"PYTHONPATH=src python3 -B {tests}\"\ntests = \"tests/test_{stem}.py\"\n";

/// A red per-file check, and an agent that mends it when it may.
fn site() -> Site {
    let test = format!("{TEST}\n\nunittest.main()\n");
    let site = Site::new(&[("src/calc.py", CALC), ("tests/test_calc.py", &test), ("orchestrator.toml", CONFIG)]);
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n{{ do = \"say\", text = \"Looking.\" }},\n{{ do = \"touch\", file = {:?} }},\n\
         {{ do = \"wait_for\", file = {:?} }},\n\
         {{ do = \"edit\", file = \"src/calc.py\", find = \"a - b\", replace = \"a + b\" }},\n\
         {{ do = \"usage\", cost = 0.25, input = 100, output = 10 }},\n{{ do = \"say\", text = \"It subtracted.\" }},\n]\n",
        site.outside("here"),
        site.outside("go")
    ));
    site
}

fn wait_for_agent(site: &Site) {
    until("the agent", || site.outside("here").exists());
}

fn let_go(site: &Site) {
    fs::write(site.outside("go"), "").expect("written");
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T')
}

fn is_task_id(value: &Value) -> bool {
    let digits = value.as_str().and_then(|text| text.strip_prefix("task_"));
    digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|byte| b"0123456789abcdef".contains(&byte)))
}

/// The documented schema of `status --json` and of the mirrored file; more fields may be there.
fn assert_schema(state: &Value) {
    let has = |value: &Value, names: &[&str]| {
        let there = keys(value);
        assert!(names.iter().all(|name| there.contains(name)), "{names:?} in {there:?}");
    };
    has(state, &["processes", "queues", "conversation_history", "test_results"]);
    let process = &state["processes"]["orchestrator"];
    has(process, &["status", "pid", "last_heartbeat"]);
    assert!(process["pid"].is_u64() && is_time(&process["last_heartbeat"]), "{process}");
    has(&state["queues"], &["pending", "in_progress", "completed", "failed"]);
    for (queue, tasks) in state["queues"].as_object().expect("an object") {
        for task in tasks.as_array().expect("a list") {
            has(task, &["id", "type", "file_path", "description", "created_at", "status", "retry_count"]);
            assert!(is_task_id(&task["id"]) && is_time(&task["created_at"]) && task["retry_count"].is_u64(), "{task}");
            assert_eq!((&task["type"], &task["status"]), (&"file_change".into(), &queue.as_str().into()));
        }
    }
    for event in state["conversation_history"].as_array().expect("a list") {
        has(event, &["timestamp", "type", "task_id", "file_path"]);
        assert!(is_time(&event["timestamp"]) && is_task_id(&event["task_id"]), "{event}");
    }
    for result in state["test_results"].as_array().expect("a list") {
        has(result, &["task_id", "timestamp", "passed", "duration", "test_path", "coverage"]);
        assert!(result["passed"].is_boolean() && result["duration"].is_f64(), "{result}");
        assert_eq!(result["test_path"], "tests/test_calc.py");
    }
}

#[test]
fn the_state_file_is_whole_at_every_moment_and_has_the_documented_schema() {
    let site = site();
    let file = site.outside("mirror/state.json");
    let supervisor = site.start_with(&["--until-idle"], &[("STATE_FILE", &file)]);
    let mut reads = 0;
    let mut seen = BTreeSet::new();
    let mut read = || {
        let Ok(text) = fs::read_to_string(&file) else { return Value::Null };
        let state: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"));
        assert_schema(&state);
        reads += 1;
        for (queue, tasks) in state["queues"].as_object().expect("an object") {
            if tasks.as_array().is_some_and(|tasks| !tasks.is_empty()) {
                seen.insert(queue.clone());
            }
        }
        state
    };
    until("the task in progress", || read()["queues"]["in_progress"][0]["status"] == "in_progress");
    let_go(&site);
    until("the end", || read()["processes"]["orchestrator"]["status"] == "stopped");
    assert_eq!(supervisor.end(), 0);
    let last = read();
    assert!(reads > 3 && seen.contains("completed"), "{reads} {seen:?}");
    assert_eq!(last, site.json(&["status"]), "the verb and the file say the same");
    let leftovers: Vec<_> = fs::read_dir(site.outside("mirror")).expect("a folder").flatten().collect();
    assert_eq!(leftovers.len(), 1, "{leftovers:?}");
    let names: BTreeSet<&str> = last["conversation_history"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["type"].as_str().expect("text"))
        .collect();
    assert!(names.is_superset(&BTreeSet::from(["task_created", "attempt_started", "task_landed", "task_ended"])));
    assert_eq!(last["statistics"]["success_rate"], "100.0%");
}

#[test]
fn a_second_supervisor_is_told_who_the_first_is_and_harms_nothing() {
    let site = site();
    let lock = site.outside("locks/my.lock");
    let supervisor = site.start_with(&["--until-idle"], &[("LOCK_FILE", &lock)]);
    let pid = supervisor.child.id();
    wait_for_agent(&site);
    let holder: Value = serde_json::from_str(&fs::read_to_string(&lock).expect("the lock")).expect("JSON");
    assert_eq!(holder["pid"], pid);
    let run = ["run", "--headless", "--until-idle", "--trust"];
    let second = site.command(&run).env("LOCK_FILE", &lock).output().expect("our program");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains(&format!("process {pid} has supervised this project since 20")), "{said}");
    assert!(said.contains("`orchestrator-tui` in this project shows what it does"), "{said}");
    // Nor does one that looks for the lock elsewhere end what the first has running.
    let third = site.run(&run);
    assert_eq!(third.code, 3, "{third:?}");
    assert!(third.err.contains("another supervisor answers"), "{third:?}");
    let_go(&site);
    assert_eq!(supervisor.end(), 0);
    assert_eq!(site.json(&["tasks"])[0]["attempts"], 1, "the agent was not disturbed");
    assert_eq!(fs::read_to_string(&lock).expect("the lock"), "", "let go");
}

#[test]
fn a_stale_lock_is_nobodys() {
    let site = site();
    let supervisor = site.start(&["--until-idle"]);
    wait_for_agent(&site);
    supervisor.signal(Signal::SIGKILL);
    assert_eq!(supervisor.end(), 128 + 9);
    assert_eq!(site.json(&["status"])["processes"]["orchestrator"]["status"], "crashed");
    let_go(&site);
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
}

/// Everything that only reads, as it must answer for the task that landed.
fn assert_reads(site: &Site) {
    let row = &site.json(&["tasks"])[0];
    let fields = ["id", "title", "state", "reason", "files", "attempts", "cost_usd"];
    assert!(fields.iter().all(|field| keys(row).contains(field)), "{row}");
    assert_eq!((&row["id"], &row["title"]), (&"task_00000001".into(), &"calc.py · unit".into()));
    assert_eq!((&row["state"], &row["reason"], &row["attempts"]), (&"done".into(), &"landed".into(), &1.into()));
    assert_eq!(row["cost_usd"], 0.25);
    assert!(row["files"].as_array().is_some_and(|files| files.contains(&"src/calc.py".into())), "{row}");

    for id in ["1", "#1", "task_00000001"] {
        let story = site.json(&["show", id]);
        assert_eq!(
            (&story["success"], &story["attempts"], &story["failure_reason"]),
            (&true.into(), &1.into(), &Value::Null)
        );
        assert_eq!(story["final_test_result"]["passed"], true);
        assert!(story["total_duration"].as_f64().is_some_and(|seconds| seconds > 0.0), "{story}");
        assert_eq!(story["history"][0]["summary"], "It subtracted.");
        assert!(story["history"][0]["diff"].as_str().is_some_and(|diff| diff.contains("+    return a + b")), "{story}");
    }
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!((&receipt["by"], &receipt["cost_usd"]), (&"claude".into(), &0.25.into()));
    assert_eq!(receipt["red"]["verdict"], "red");
    assert_eq!(receipt["green"][0]["verdict"], "green");
    assert_schema(&site.json(&["status"]));
    for (verb, told) in [
        (&["tasks"][..], "landed"),
        (&["show", "1"], "It subtracted."),
        (&["receipt", "1"], "src/calc.py +1 −1"),
        (&["status"], "1 completed"),
        (&["logs"], "landed in your tree"),
        (&["logs", "1"], "Looking."),
        (&["logs", "-n", "2"], " earlier ones left out\n"),
    ] {
        let said = site.run(verb);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains(told), "{verb:?}: {said:?}");
    }
    let all = site.run(&["logs", "1", "--json"]).out.lines().map(str::to_owned).collect::<Vec<_>>();
    let last = site.run(&["logs", "1", "--json", "--last", "3"]).out.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(last[0], format!("{{\"cut\":true,\"left_out\":{}}}", all.len() - 3));
    assert_eq!(last[1..], all[all.len() - 3..]);
    for (verb, code) in [
        (&["show", "7"][..], 1),
        (&["receipt", "7"], 1),
        (&["show", "seven"], 2),
        (&["show"], 2),
        (&["shwo", "1"], 2),
        (&["-C", "/nonexistent/project", "tasks"], 2),
    ] {
        let said = site.run(verb);
        assert_eq!(said.code, code, "{verb:?}: {said:?}");
        assert!(!said.err.is_empty(), "{verb:?}");
    }
}

/// `logs -f` and what it has printed.
struct Follower {
    child: Child,
    out: PathBuf,
}

impl Follower {
    fn start(site: &Site, args: &[&str]) -> Self {
        let out = site.outside(&args.join("-"));
        let file = fs::File::create(&out).expect("created");
        let child = site.command(args).stdout(Stdio::from(file)).spawn().expect("our program");
        Self { child, out }
    }

    fn has(&self, text: &str) -> bool {
        fs::read_to_string(&self.out).is_ok_and(|out| out.contains(text))
    }

    /// Waits for its end, which comes with the supervisor's.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().expect("it was started");
        let lines = BufReader::new(fs::File::open(&self.out).expect("readable")).lines();
        (status.code(), lines.map_while(Result::ok).collect())
    }
}

#[test]
fn every_verb_answers_with_a_supervisor_and_without() {
    let site = site();
    for verb in [&["tasks"][..], &["status"], &["logs"]] {
        assert_eq!(site.run(verb).code, 0, "{verb:?} before anything ever ran");
    }
    assert_eq!(site.run(&["undo", "1"]).code, 1);
    assert_eq!(site.run(&["run", "--headless", "--until-idle"]).code, 1, "untrusted");
    assert!(!site.outside("here").exists());

    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("held");
    assert_eq!(site.run(&["health"]).code, 0);
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    wait_for_agent(&site);
    // With an agent at work: what it said is in the log as it says it.
    let all = Follower::start(&site, &["logs", "-f", "--json"]);
    let one = Follower::start(&site, &["logs", "1", "-f"]);
    until("its words in the log of the task", || one.has("Looking."));
    until("its words in the whole log", || all.has("Looking."));
    let row = &site.json(&["tasks"])[0];
    assert_eq!((&row["state"], &row["stage"], &row["reason"]), (&"running".into(), &"agent".into(), &"fix".into()));
    assert_eq!(site.run(&["retry", "1"]).code, 1, "it runs");
    assert_eq!(site.run(&["receipt", "1"]).code, 1, "nothing has landed");
    assert!(site.task(1)["success"].is_null());
    let_go(&site);
    supervisor.wait_kind("attempt_ended");
    until("the landing", || one.has("landed in your tree"));
    assert_reads(&site);
    assert_eq!(site.run(&["retry", "1"]).code, 1, "it is done");
    assert_eq!(site.run(&["kill", "1"]).code, 1, "it is done");
    assert_eq!(site.run(&["kill", "7"]).code, 1, "there is none");
    assert_eq!(supervisor.stop(), 0);
    let (code, lines) = all.end();
    assert_eq!(code, Some(0), "the follower ends with the supervisor: {lines:?}");
    let sequence: Vec<u64> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["seq"].as_u64().expect("a number"))
        .collect();
    assert_eq!(sequence, (1..=sequence.len() as u64).collect::<Vec<_>>(), "every fact once, in order");
    let (code, lines) = one.end();
    assert_eq!(code, Some(0), "{lines:?}");

    assert_reads(&site);
    assert_eq!(site.run(&["health"]).code, 3, "no supervisor");
    for verb in [&["retry", "1"][..], &["kill", "1"], &["fix", "1"], &["pause"], &["logs", "-f"], &["stop"]] {
        let said = site.run(verb);
        assert_eq!(said.code, 3, "{verb:?}: {said:?}");
        assert!(said.err.contains("no supervisor runs"), "{said:?}");
    }
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert_eq!(site.read("src/calc.py"), CALC);
    let story = site.task(1);
    assert_eq!((&story["success"], &story["failure_reason"]), (&false.into(), &"undone".into()));
}
