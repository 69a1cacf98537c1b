//! Events: a queued task passes from role to role by what agents report in their sessions.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::site::{Site, until};

pub(crate) const CONFIG: &str = "[fix]\nplanner = \"off\"\n[[check]]\nname = \"unit\"\nrun = \"test -f word.txt\"\n";

/// What an agent does whose prompt has this text in it: some steps, then a report through our own program.
pub(crate) fn scenario(matches: &str, steps: &[String], event: &str, data: &str) -> String {
    let emit = format!("orchestrator-tui emit {event} --data '{data}'");
    let mut all: Vec<String> = steps.to_vec();
    all.push(format!("{{ do = \"run\", command = {emit:?}, ask = true }}"));
    scripted(matches, &all)
}

pub(crate) fn scripted(matches: &str, steps: &[String]) -> String {
    let steps = steps.join(",\n  ");
    format!("[[scenario]]\nmatch = {matches:?}\nsteps = [\n  {steps},\n  {{ do = \"result\", text = \"Done.\" }},\n]\n")
}

pub(crate) fn write(file: &str, content: &str) -> String {
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

pub(crate) fn site(script: &str) -> Site {
    let site = Site::new(&[("word.txt", "left\n"), ("orchestrator.toml", CONFIG)]);
    site.script(script);
    site
}

/// Takes back that agents may write in the whole folder of the test: in one where they may, no file is a person's word.
pub(crate) fn no_agent_writes_elsewhere(site: &Site) {
    let file = site.outside("user.toml");
    let text = fs::read_to_string(&file).expect("it is there");
    let (kept, _) = text.split_once("[policy]").expect("it lets agents write");
    fs::write(&file, kept).expect("written");
}

const MULTI: [(&str, &str); 1] = [("USE_MULTI_AGENT_EVENTS", "true")];

pub(crate) fn start(site: &Site, variables: &[(&str, &str)]) -> crate::site::Supervisor {
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

pub(crate) fn events(site: &Site) -> Vec<Value> {
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
    // What all of them used together, beside what each of them did.
    assert!(shown.out.contains("all 6 tasks about #1, from role to role: $0.00"), "{shown:?}");
    let numbers: Vec<&Value> =
        coding["chain"]["tasks"].as_array().into_iter().flatten().map(|task| &task["number"]).collect();
    assert_eq!(json!(numbers), json!([1, 2, 3, 4, 5, 6]), "{coding:#?}");
    assert!(coding["chain"]["seconds"].as_f64() > coding["worked"].as_f64(), "{coding:#?}");
    assert!(site.run(&["events", "--failed"]).out.contains("pr.merged"));
    assert_eq!(running.stop(), 0);
    site.wait_until_empty();
}

#[test]
fn what_was_undone_and_is_made_again_frees_what_waits_for_the_task_that_it_is_made_for() {
    let sign = scripted("Put it on the sign", &[write("sign.txt", "this way\n")]);
    let site = site(&(sign + &pipeline(&[], "verify.passed")));
    let running = start(&site, &MULTI);
    let said = site.run(&["queue", "add", "Right word", "--description", "The word should be right."]);
    assert_eq!(said.code, 0, "{said:?}");
    let has_role = |role: &str| roles(&site).iter().filter(|known| *known == role).count();
    let pass = |round: usize| {
        until("the deployer", || has_role("deployer") == round);
        assert_eq!(site.run(&["land", "3"]).code, 0);
        until("the end", || site.task(1)["state"] == "done");
        assert_eq!(site.read("word.txt"), "right\n");
    };
    pass(1);
    let said = site.run(&["undo", "3"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.task(1)["reason"], "what #3 made for it is not wanted; retry #3");
    assert_eq!(site.run(&["session", "create", "Put it on the sign", "--after", "1"]).code, 0);
    assert_eq!(site.task(7)["reason"], "blocked: #3 came to nothing; retry that one");

    assert_eq!(site.run(&["retry", "3"]).code, 0);
    assert_eq!((site.task(1)["state"].as_str(), site.task(7)["state"].as_str()), (Some("held"), Some("pending")));
    // It is looked at, let in and verified as the first one was; then what waited begins.
    pass(2);
    until("the sign", || site.task(7)["state"] == "ready");
    assert_eq!(has_role("verifier"), 2);
    running.stop();
    site.wait_until_empty();
}

#[test]
fn killed_after_each_event_every_role_begins_once() {
    let site = site(&pipeline(&[], "verify.passed"));
    let once = ["task.assigned", "task.plan.created", "pr.created", "pr.merged", "deploy.completed", "verify.passed"];
    let mut running = start(&site, &MULTI);
    assert_eq!(site.run(&["queue", "add", "Right word", "--description", "The word should be right."]).code, 0);
    let mut killed = 0;
    for (number, event) in once.iter().enumerate() {
        // Right after it was reported, which is before its work is taken, or when that has just been done.
        running.wait(event, |fact| fact["kind"] == "emitted" && fact["event"]["type"] == *event);
        if number % 2 == 1 {
            running.wait("its end", |fact| fact["kind"] == "attempt_ended");
        }
        running.signal(Signal::SIGKILL);
        running.end();
        killed += 1;
        running = start(&site, &MULTI);
        if *event == "pr.merged" {
            until("the deployer", || roles(&site).contains(&"deployer".to_owned()));
            assert_eq!(site.run(&["land", "3"]).code, 0);
        }
    }
    until("the end", || site.task(1)["state"] == "done");
    assert_eq!(killed, once.len());
    assert_eq!(roles(&site), ["coding", "starter", "coding", "reviewer", "deployer", "verifier"]);
    let all = events(&site);
    assert_eq!(processed(&all), once, "{all:#?}");
    for event in all.iter().filter(|event| event["state"] != "processed") {
        let why = event["outcome"].to_string();
        assert!(event["state"] == "failed" && why.contains("came to nothing"), "{event:#}");
    }
    assert_eq!(running.stop(), 0);
    site.wait_until_empty();
}

#[test]
fn each_event_starts_the_role_of_its_row() {
    let site = site("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"result\", text = \"Done.\" }]\n");
    let mut running = start(&site, &[]);
    let rows = [
        ("task.assigned", "starter"),
        ("task.plan.created", "coding"),
        ("pr.created", "reviewer"),
        ("pr.updated", "reviewer"),
        ("pr.merged", "deployer"),
        ("deploy.requested", "deployer"),
        ("deploy.completed", "verifier"),
        ("audit.requested", "auditor"),
        ("pr.changes.requested", "coding"),
    ];
    for (number, (event, role)) in rows.iter().enumerate() {
        let data = json!({ "title": event, "description": "Look." }).to_string();
        assert_eq!(site.run(&["emit", event, "--data", &data]).code, 0);
        running.wait(event, |fact| fact["kind"] == "attempt_ended" && fact["task"] == number + 1);
        let started = site.json(&["event", &(number + 1).to_string()]);
        assert_eq!((&started["type"], &started["started"]), (&json!(event), &json!([number + 1])), "{started}");
        assert_eq!(roles(&site).last().map(String::as_str), Some(*role), "{event}");
    }
    // Those that end a task, and the one that files a bug, are about one.
    for (event, said) in
        [("verify.passed", "#2 is done"), ("audit.completed", "#2 is done"), ("verify.failed", "filed the bug")]
    {
        assert_eq!(site.run(&["emit", event, "--task", "2", "--data", "{}"]).code, 0);
        let last = events(&site).last().cloned().expect("one");
        assert!(last["type"] == event && last["outcome"].to_string().contains(said), "{last:#}");
    }
    running.stop();
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
fn a_yes_to_checks_starts_no_agent_for_an_event_or_the_queue() {
    let site = site("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"result\", text = \"Done.\" }]\n");
    no_agent_writes_elsewhere(&site);
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
        (&["emit", "task.assigned", "--data", "[1]"], 2, "puts the starter to work"),
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
