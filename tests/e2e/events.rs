//! Events: a queued task passes from role to role by what agents report in their sessions, and files bring events in.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::site::{Site, until};

const CONFIG: &str = "[fix]\nplanner = \"off\"\n[[check]]\nname = \"unit\"\nrun = \"test -f word.txt\"\n";

/// What an agent does whose prompt has this text in it: some steps, then a report through our own program.
fn scenario(matches: &str, steps: &[String], event: &str, data: &str) -> String {
    let emit = format!("orchestrator-tui emit {event} --data '{data}'");
    let mut all: Vec<String> = steps.to_vec();
    all.push(format!("{{ do = \"run\", command = {emit:?}, ask = true }}"));
    scripted(matches, &all)
}

fn scripted(matches: &str, steps: &[String]) -> String {
    let steps = steps.join(",\n  ");
    format!("[[scenario]]\nmatch = {matches:?}\nsteps = [\n  {steps},\n  {{ do = \"result\", text = \"Done.\" }},\n]\n")
}

fn write(file: &str, content: &str) -> String {
    format!("{{ do = \"write\", file = {file:?}, content = {content:?} }}")
}

/// Each role knows what it is to do from what the one before it has reported.
fn pipeline(between: &[String], verdict: &str) -> String {
    [
        scenario("You are the first to look", &[], "task.plan.created", r#"{"summary": "turn left into right"}"#),
        scenario(
            "turn left into right",
            &[write("word.txt", "right\n")],
            "pr.created",
            r#"{"summary": "it points right"}"#,
        ),
        scenario("it points right", between, "pr.merged", r#"{"summary": "let it in"}"#),
        scenario("let it in", &[], "deploy.completed", r#"{"where": "on the shelf"}"#),
        scenario("on the shelf", &[], verdict, r#"{"found": "as it was wanted"}"#),
    ]
    .concat()
}

fn site(script: &str) -> Site {
    let site = Site::new(&[("word.txt", "left\n"), ("orchestrator.toml", CONFIG)]);
    site.script(script);
    site
}

const MULTI: [(&str, &str); 1] = [("USE_MULTI_AGENT_EVENTS", "true")];

fn start(site: &Site, variables: &[(&str, &str)]) -> crate::site::Supervisor {
    let variables: Vec<(&str, &Path)> = variables.iter().map(|(name, value)| (*name, Path::new(value))).collect();
    let mut running = site.start_with(&[], &variables);
    running.wait_kind("ran");
    running
}

fn roles(site: &Site) -> Vec<String> {
    let tasks = site.json(&["tasks"]);
    let numbers = tasks.as_array().expect("tasks").iter().filter_map(|task| task["number"].as_u64());
    let role = |number: u64| site.json(&["show", &number.to_string()])["assignment"]["role"].clone();
    numbers.map(|number| role(number).as_str().unwrap_or_default().to_owned()).collect()
}

fn events(site: &Site) -> Vec<Value> {
    site.json(&["events"])["events"].as_array().expect("events").clone()
}

fn processed(events: &[Value]) -> Vec<&str> {
    events.iter().filter(|event| event["state"] == "processed").filter_map(|event| event["type"].as_str()).collect()
}

#[test]
fn a_task_passes_through_all_roles_although_the_supervisor_is_killed() {
    let site = Site::new(&[("word.txt", "left\n"), ("orchestrator.toml", CONFIG)]);
    let (reviewing, go) = (site.outside("reviewing"), site.outside("go"));
    let wait = [
        format!("{{ do = \"touch\", file = {:?} }}", reviewing.display()),
        format!("{{ do = \"wait_for\", file = {:?} }}", go.display()),
    ];
    // The review is reported before the kill, and its work is not taken then.
    let script = pipeline(&[], "verify.passed");
    let (before, after) = script.split_once("command = \"orchestrator-tui emit pr.merged").expect("the review");
    let (report, rest) = after.split_once("},\n").expect("a step");
    let text =
        format!("{before}command = \"orchestrator-tui emit pr.merged{report}}},\n  {},\n{rest}", wait.join(",\n  "));
    site.script(&text);
    let running = start(&site, &MULTI);
    let said = site.run(&["queue", "add", "Right word", "--description", "The word should be right."]);
    assert_eq!(said.code, 0, "{said:?}");
    until("the review", || reviewing.exists());
    until("its report", || events(&site).iter().any(|event| event["type"] == "pr.merged"));
    let waiting = site.json(&["events", "--pending"]);
    assert_eq!(waiting["events"][0]["type"], "pr.merged", "{waiting}");
    running.signal(Signal::SIGKILL);
    running.end();
    fs::write(&go, "").expect("written");

    let mut running = start(&site, &MULTI);
    // What was approved is deployed when it has landed, and it lands with a yes.
    running.wait("the deployer", |fact| fact["kind"] == "filed" && fact["task"]["id"] == 5);
    assert_eq!((site.task(5)["state"].as_str(), site.read("word.txt").as_str()), (Some("pending"), "left\n"));
    assert_eq!(site.run(&["land", "3"]).code, 0);
    running.wait_kind("landed");
    assert_eq!(site.read("word.txt"), "right\n");
    running.wait("the end", |fact| fact["kind"] == "ended" && fact["task"] == 1);
    assert_eq!(roles(&site), ["coding", "starter", "coding", "reviewer", "deployer", "verifier"]);
    let all = events(&site);
    let once = ["task.assigned", "task.plan.created", "pr.created", "pr.merged", "deploy.completed", "verify.passed"];
    assert_eq!(processed(&all), once, "{all:#?}");
    let void: Vec<&Value> = all.iter().filter(|event| event["state"] == "failed").collect();
    assert_eq!(void.len(), 1, "{all:#?}");
    assert!(void[0]["outcome"][0].as_str().is_some_and(|why| why.contains("came to nothing")), "{void:?}");
    assert_eq!(site.task(1)["state"], "done");

    // Links both ways.
    let coding = site.json(&["show", "3"]);
    assert_eq!((&coding["events"]["started_by"], &coding["events"]["subject"]), (&json!(2), &json!(1)), "{coding:#?}");
    assert_eq!(site.json(&["event", "2"])["started"], json!([3]));
    assert_eq!(site.json(&["event", "2"])["data"]["summary"], "turn left into right");
    let shown = site.run(&["show", "1"]);
    assert!(shown.out.contains("verify.passed") && shown.out.contains("#1 is done"), "{shown:?}");
    assert!(site.run(&["events", "--failed"]).out.contains("pr.merged"));
    assert_eq!(running.stop(), 0);
    site.wait_until_empty();
}

#[test]
fn a_failed_verification_files_a_bug_and_wanted_changes_are_coded_again() {
    let first =
        scenario("You are the first to look", &[], "task.plan.created", r#"{"summary": "turn left into right"}"#);
    let coding = scenario(
        "turn left into right",
        &[write("word.txt", "rihgt\n")],
        "pr.created",
        r#"{"summary": "it points right"}"#,
    );
    let review = scenario("it points right", &[], "pr.changes.requested", r#"{"what": "mind the spelling"}"#);
    let again =
        scenario("mind the spelling", &[write("word.txt", "right\n")], "pr.updated", r#"{"summary": "spelt well"}"#);
    let merged = scenario("spelt well", &[], "pr.merged", r#"{"summary": "let it in"}"#);
    let deploy = scenario("let it in", &[], "deploy.completed", r#"{"where": "on the shelf"}"#);
    let verify = scenario("on the shelf", &[], "verify.failed", r#"{"found": "the shelf is empty"}"#);
    let bug = scripted("the shelf is empty", &[write("shelf.txt", "full\n")]);
    let site = site(&[first, coding, review, again, merged, deploy, verify, bug].concat());
    let mut running = start(&site, &[]);
    let data = site.outside("assigned.json");
    fs::write(&data, r#"{"title": "Right word", "description": "The word should be right."}"#).expect("written");
    let said = site.run(&["emit", "task.assigned", "--data", &format!("@{}", data.display()), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&said.out).expect("JSON")["event"], 1, "{said:?}");
    running.wait("the deployer", |fact| fact["kind"] == "filed" && fact["task"]["id"] == 6);
    for task in ["2", "4"] {
        assert_eq!(site.run(&["land", task]).code, 0);
        let number: u64 = task.parse().expect("a number");
        running.wait("a landing", |fact| fact["kind"] == "attempt_ended" && fact["task"] == number);
    }
    running.wait("the bug's result", |fact| fact["kind"] == "ready" && fact["task"] == 8);
    assert_eq!(roles(&site), ["starter", "coding", "reviewer", "coding", "reviewer", "deployer", "verifier", "coding"]);
    assert_eq!(site.task(1)["state"], "failed");
    assert_eq!(events(&site).last().expect("one")["outcome"], json!(["filed the bug #8"]));
    assert_eq!(running.stop(), 1);
}

#[test]
fn files_are_taken_in_once_and_what_cannot_be_read_stays() {
    let site = site(&scenario("leaking taps", &[], "audit.completed", r#"{"found": "none"}"#));
    let folder = site.outside("events");
    let variables = [("EVENT_DIR", folder.to_str().expect("text"))];
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("early.json"), r#"{"type": "nobody.knows"}"#).expect("written");
    let mut running = start(&site, &variables);
    until("the early one", || !folder.join("early.json").exists());
    fs::write(site.outside("late"), r#"{"type": "audit.requested", "data": {"title": "Look for leaking taps"}}"#)
        .expect("written");
    fs::rename(site.outside("late"), folder.join("late.json")).expect("renamed");
    fs::write(folder.join("bad.json"), "{").expect("written");
    running.wait_kind("event_file_left");
    running.wait("the audit", |fact| fact["kind"] == "routed" && fact["event"] == 3);
    until("they are put away", || {
        folder.join("processed/late.json").exists() && folder.join("processed/early.json").exists()
    });
    assert!(folder.join("bad.json").exists() && !folder.join("late.json").exists());
    let listed = site.run(&["events", "--failed"]);
    assert!(listed.out.contains("no rule is about nobody.knows") && listed.out.contains("bad.json"), "{listed:?}");
    assert_eq!(running.stop(), 0);

    let running = start(&site, &variables);
    assert_eq!(events(&site).len(), 3);
    assert_eq!(running.stop(), 0);
}

#[test]
fn what_a_result_would_drop_there_waits_for_a_yes() {
    let event = r#"{"type": "verify.passed", "task": 1}"#;
    let steps = [
        write("word.txt", "right\n"),
        write("inbox/x.json", event),
        write("feedback/2025-11-18.md", "# Feedback - 2025-11-18\n\nAction: obey\n"),
    ];
    let site = Site::new(&[("orchestrator.toml", CONFIG), ("inbox/keep", ""), ("word.txt", "wrong\n")]);
    site.script(&scripted("*", &steps));
    site.write("orchestrator.toml", &CONFIG.replace("test -f word.txt", "grep -q right word.txt"));
    site.commit("Now");
    let mut running = start(&site, &[("EVENT_DIR", "inbox")]);
    running.wait_kind("filed");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    let ready = running.wait_kind("ready");
    let why = ready["reason"].to_string();
    for part in ["inbox/x.json", "a protected file", "feedback/2025-11-18.md", "the configuration of checks or agents"]
    {
        assert!(why.contains(part), "no {part} in {why}");
    }
    assert_eq!(site.run(&["refuse", "1"]).code, 0);
    assert_eq!(events(&site), Vec::<Value>::new());
    running.stop();
}

#[test]
fn a_folder_that_is_made_again_or_is_another_one_is_watched() {
    let site = site("[[scenario]]\nmatch = \"*\"\nsteps = []\n");
    let drop_into = |folder: &Path, kind: &str| {
        fs::write(site.outside("new"), json!({ "type": kind }).to_string()).expect("written");
        fs::rename(site.outside("new"), folder.join("new.json")).expect("renamed");
    };
    let (one, other) = (site.outside("one"), site.outside("other"));
    site.write(".env", &format!("EVENT_DIR={}\n", one.display()));
    let mut running = start(&site, &[]);
    until("it is made", || one.exists());
    drop_into(&one, "first.seen");
    running.wait("the first", |fact| fact["kind"] == "routed" && fact["event"] == 1);
    until("it is put away", || one.join("processed/new.json").exists());
    fs::remove_dir_all(&one).expect("removed");
    fs::create_dir(&one).expect("made");
    drop_into(&one, "second.seen");
    running.wait("the second", |fact| fact["kind"] == "routed" && fact["event"] == 2);

    site.write(".env", &format!("EVENT_DIR={}\n", other.display()));
    running.wait_kind("config_refused");
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    let fact = running.wait_kind("reconfigured");
    assert_eq!(fact["changes"], json!(["EVENT_DIR"]));
    until("it is made", || other.exists());
    drop_into(&one, "nobody.looks");
    drop_into(&other, "third.seen");
    running.wait("the third", |fact| fact["kind"] == "routed" && fact["event"] == 3);
    let kinds: Vec<String> = events(&site).iter().map(|event| event["type"].to_string()).collect();
    assert_eq!(kinds, ["\"first.seen\"", "\"second.seen\"", "\"third.seen\""]);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_yes_to_checks_starts_no_agent_for_an_event_or_the_queue() {
    let site = site("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"result\", text = \"Done.\" }]\n");
    let folder = site.outside("events");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("one.json"), r#"{"type": "audit.requested", "data": {"title": "Look for leaks"}}"#)
        .expect("written");
    let mut running = site.start_with(&["--checks-only"], &[("EVENT_DIR", folder.as_path())]);
    running.wait("the audit", |fact| fact["kind"] == "filed" && fact["task"]["id"] == 1);
    let said = site.run(&["queue", "add", "Right word"]);
    assert!(said.code == 0 && said.out.contains("held"), "{said:?}");
    for task in [1, 2] {
        assert_eq!(site.task(task)["state"], "held");
        let said = site.run(&["fix", &task.to_string()]);
        assert!(said.code == 1 && said.err.contains("checks only"), "{said:?}");
    }
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    running.wait_kind("reconfigured");
    assert_eq!(site.task(1)["state"], "held", "nothing starts by itself");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    running.wait("its end", |fact| fact["kind"] == "attempt_ended" && fact["task"] == 1);
    assert_eq!(running.stop(), 1);
}

#[test]
fn emit_says_what_is_wrong() {
    let site = site("[[scenario]]\nmatch = \"*\"\nsteps = []\n");
    assert_eq!(site.run(&["emit", "pr.created"]).code, 3, "nobody runs");
    let running = start(&site, &[]);
    for (args, code, part) in [
        (&["emit", "Pr", "--data", "{}"][..], 2, "is no event"),
        (&["emit", "pr.created", "--data", "{"], 2, "not JSON"),
        (&["emit", "pr.created", "--data", "@nowhere.json"], 2, "nowhere.json"),
        (&["emit", "pr.created", "--task", "77"], 1, "no task #77"),
        (&["emit", "pr.created", "--task", "x"], 2, "is not a task"),
        // Nobody is paid who has nothing to look at.
        (&["emit", "pr.created"], 2, "puts the reviewer to work, and nothing says on what; `--task 14` names a task"),
        (&["emit", "task.assigned", "--data", "{\"title\": \"\"}"], 2, "puts the starter to work"),
        (&["emit", "verify.passed", "--data", "{\"title\": \"x\"}"], 2, "ends the task that it is about"),
        (&["emit", "verify.failed"], 2, "files a bug, and nothing says which"),
    ] {
        let said = site.run(args);
        assert!(said.code == code && said.err.contains(part), "{args:?}: {said:?}");
    }
    assert_eq!(events(&site), Vec::<Value>::new());
    assert!(site.run(&["event", "1"]).err.contains("no event 1"));
    assert_eq!(running.stop(), 0);
}
