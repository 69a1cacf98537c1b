//! Sessions, orchestrations and the queue as a user meets them, with rehearsal agents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::site::{Site, until};

const CONFIG: &str = "[lanes]\nsession = 4\n[[check]]\nname = \"unit\"\nrun = \"true\"\n[role.analysis]\nattempts = 1\n\
                      [role.coordination]\nattempts = 2\n[role.coding]\nattempts = 1\n[fix]\nbackoff = \"0s\"\n";

fn site() -> Site {
    Site::new(&[("file.txt", "fine\n"), ("orchestrator.toml", CONFIG)])
}

/// The last words of an agent that hands this over.
fn says(outcome: &Value) -> String {
    let text = format!("I am done.\n\n```json\n{outcome}\n```");
    format!("{{ do = \"say\", text = {} }}", json!(text))
}

fn scenario(script: &mut String, matches: &str, steps: &[String]) {
    let _ = writeln!(script, "[[scenario]]\nmatch = {}\nsteps = [{}]", json!(matches), steps.join(", "));
}

fn id_of(created: &Value) -> String {
    assert_eq!(created["success"], true, "{created}");
    created["data"]["session"]["id"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned()
}

fn status(site: &Site, id: &str) -> String {
    let got = site.json(&["session", "get", id]);
    got["data"]["session"]["status"].as_str().unwrap_or_else(|| panic!("{got}")).to_owned()
}

fn wait_status(site: &Site, id: &str, want: &str) {
    until(&format!("{id} {want}"), || status(site, id) == want);
}

#[test]
fn a_session_is_created_started_and_read_in_the_documented_shapes() {
    let site = site();
    let mut script = String::new();
    let built = json!({ "summary": "Built it.", "artifacts": [{ "type": "file", "path": "a.txt" }, { "type": "commit", "sha": "abc123def" }], "next_steps": ["Add more"] });
    let write = "{ do = \"write\", file = \"a.txt\", content = \"one\\n\" }".to_owned();
    // The next one is told what the one before brought, its diff included, and has it in its tree.
    let found = "{ do = \"run\", command = \"test one = $(cat a.txt)\" }".to_owned();
    let edit = "{ do = \"edit\", file = \"a.txt\", find = \"one\", replace = \"two\" }".to_owned();
    scenario(&mut script, "+one", &[found, edit, says(&json!({ "summary": "Went on." }))]);
    scenario(&mut script, "Build part a", &[write, says(&built)]);
    site.script(&script);
    let refused = site.run(&["session", "create", "x"]);
    assert!(refused.code == 3 && refused.err.contains("run --headless"), "{refused:?}");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");

    let created = site.json(&["session", "create", "--type", "implementation", "Build part a"]);
    let a = id_of(&created);
    let session = &created["data"]["session"];
    assert_eq!((&session["type"], &session["status"]), (&json!("implementation"), &json!("initializing")));
    assert_eq!(
        session["project"],
        json!({ "repository": "", "branch": "", "requirements": "Build part a", "context": "" })
    );
    assert_eq!(created["message"], "Session created successfully");
    let no_output = site.run(&["session", "output", &a]);
    assert!(no_output.code == 1 && no_output.err.contains("it is initializing"), "{no_output:?}");
    // It starts by itself when the one before is done.
    let b = id_of(&site.json(&["session", "create", "Build part b", "--after", "#1", "--context", "A context for b"]));
    assert_eq!(status(&site, &b), "pending");
    assert_eq!(site.json(&["session", "start", "#2"])["message"], "#2 starts by itself: it waits for #1");
    assert_eq!(site.json(&["session", "start", &a])["success"], true);
    wait_status(&site, &b, "completed");
    assert_eq!(status(&site, &a), "completed");

    let output = site.json(&["session", "output", &a]);
    let data = &output["data"];
    assert_eq!((&data["sessionId"], &data["status"]), (&json!(a), &json!("completed")));
    let inner = &data["output"];
    assert_eq!((&inner["summary"], &inner["nextSteps"]), (&json!("Built it."), &json!(["Add more"])));
    assert_eq!(
        inner["artifacts"],
        json!([{ "type": "file", "path": "a.txt" }, { "type": "commit", "sha": "abc123def" }])
    );
    assert!(inner["logs"].as_array().is_some_and(|logs| !logs.is_empty()), "{inner}");
    let told = site.run(&["show", "1"]).out;
    assert!(told.contains("it says it made\n  a.txt\n  commit abc123def") && told.contains("  Add more"), "{told}");
    assert_eq!(site.task(2)["pending"]["diff"].as_str().map(|diff| diff.contains("+two")), Some(true));
    let list = site.json(&["session", "list"]);
    assert_eq!(list["data"]["sessions"].as_array().map(Vec::len), Some(2));
    for (args, code, why) in [
        (&["session", "get", "7"][..], 1, "there is no task #7"),
        (&["session", "get", "poet"], 2, "is not a task"),
        (&["session", "start", "1"], 1, "does not wait to be started"),
        (&["session", "create", "x", "--after", "9"], 1, "there is no task #9"),
        (&["session", "get", "1", "--repository", "other/shop"], 1, "other/shop is not found"),
        (&["session", "create", "x", "--branch", "feature"], 1, "main is checked out in"),
        (&["session", "create", " "], 2, "needs a requirement"),
    ] {
        let said = site.run(args);
        assert!(said.code == code && said.err.contains(why), "{args:?}: {said:?}");
    }
    supervisor.stop();
    // The journal knows as much.
    assert_eq!(site.json(&["session", "output", &a])["data"]["output"]["summary"], "Built it.");
}

/// For each of thirty, those of lower number that it waits for.
fn edges(at: usize) -> BTreeSet<usize> {
    if at.is_multiple_of(5) { BTreeSet::new() } else { BTreeSet::from([at / 2, at * 2 / 3]) }
}

#[test]
fn thirty_sessions_run_in_order() {
    const COUNT: usize = 30;
    let site = site();
    let mut script = String::new();
    // One fails once: it ends without a result until a file is there.
    let failing = 4;
    let may = site.outside("may");
    let fail = format!("{{ do = \"run\", command = \"test -e {0} || kill -9 $PPID\" }}", may.display());
    scenario(&mut script, &format!("Do part p{failing}."), &[fail, says(&json!({ "summary": "at last" }))]);
    // Nobody ends before as many work as may.
    let go = site.outside("go");
    let wait = format!("{{ do = \"wait_for\", file = {:?} }}", go.display());
    scenario(&mut script, "*", &[wait, says(&json!({ "summary": "done" }))]);
    site.script(&script);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    for at in 0..COUNT {
        let after: Vec<String> = edges(at).iter().map(|other| (other + 1).to_string()).collect();
        let text = format!("Do part p{at}.");
        let mut args = vec!["session", "create", "--type", "analysis", &text, "--start"];
        let joined = after.join(",");
        if !after.is_empty() {
            args.extend(["--after", &joined]);
        }
        let said = site.run(&args);
        assert_eq!(said.code, 0, "{said:?}");
    }
    let is_below = |at: usize| {
        let mut below = BTreeSet::from([failing]);
        for other in failing + 1..=at {
            if edges(other).iter().any(|before| below.contains(before)) {
                below.insert(other);
            }
        }
        at != failing && below.contains(&at)
    };
    let wanted: BTreeMap<u64, &str> = (0..COUNT)
        .map(|at| {
            (
                at as u64 + 1,
                if at == failing {
                    "failed"
                } else if is_below(at) {
                    "blocked"
                } else {
                    "completed"
                },
            )
        })
        .collect();
    assert!(wanted.values().filter(|state| **state == "blocked").count() > 2, "{wanted:?}");
    let states = || -> BTreeMap<u64, String> {
        let list = site.json(&["session", "list"]);
        let rows = list["data"]["sessions"].as_array().cloned().unwrap_or_default();
        let state = |row: &Value| (row["task"].as_u64().unwrap_or(0), row["status"].as_str().unwrap_or("").to_owned());
        rows.iter().map(state).collect()
    };
    while supervisor.seen.iter().filter(|fact| fact["kind"] == "agent_started").count() < 4 {
        supervisor.wait_kind("agent_started");
    }
    std::fs::write(&go, "").expect("written");
    until("all but the blocked ones", || {
        states().iter().all(|(task, state)| wanted.get(task) == Some(&state.as_str()))
    });
    std::fs::write(&may, "").expect("written");
    assert_eq!(site.run(&["retry", &(failing + 1).to_string()]).code, 0);
    until("all of them", || states().values().all(|state| state == "completed"));
    while supervisor.seen.iter().filter(|fact| fact["kind"] == "attempt_ended").count() < COUNT + 1 {
        supervisor.wait_kind("attempt_ended");
    }
    let mut done = BTreeSet::new();
    let (mut works, mut most) = (0, 0);
    for fact in &supervisor.seen {
        let at = usize::try_from(fact["task"].as_u64().unwrap_or(0)).unwrap_or(0);
        match fact["kind"].as_str() {
            Some("agent_started") => {
                assert!(edges(at - 1).iter().all(|other| done.contains(&(other + 1))), "#{at} began too early");
                works += 1;
                most = most.max(works);
            }
            Some("attempt_ended") => {
                works -= 1;
                if fact["record"]["end"] == "verified" {
                    done.insert(at);
                }
            }
            _ => {}
        }
    }
    assert_eq!(most, 4, "as many work as may (lanes.session)");
    assert_eq!(done.len(), COUNT);
    supervisor.stop();
}

#[test]
fn three_requirements_are_taken_apart_approved_and_run() {
    let site = site();
    let mut script = String::new();
    // The first answer is no plan; the second attempt knows why.
    let circle = json!({ "summary": "s", "components": [{ "name": "A", "type": "analysis", "description": "a", "dependencies": ["A"] }] });
    let plan = json!({ "summary": "Divided.", "components": [
        { "name": "Tests", "type": "testing", "description": "Part tests", "dependencies": ["API"] },
        { "name": "API", "type": "implementation", "description": "Part api", "dependencies": ["Design"] },
        { "name": "Design", "type": "analysis", "description": "Part design" },
    ]});
    scenario(&mut script, "these components wait for each other: `A`", &[says(&plan)]);
    scenario(&mut script, "You take a requirement for a software project apart", &[says(&circle)]);
    scenario(&mut script, "*", &[says(&json!({ "summary": "done" }))]);
    site.script(&script);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    for (at, (requirement, flags)) in [
        ("Build a REST API", &["--mode", "wait-for-core"][..]),
        ("A React page with a login", &["--no-agent"]),
        ("Docker and tests", &["--no-agent", "--auto-start", "--mode", "sequential"]),
    ]
    .into_iter()
    .enumerate()
    {
        let args: Vec<&str> = ["orchestrate", requirement].iter().chain(flags).copied().collect();
        let begun = site.json(&args);
        assert_eq!(begun["message"], "Orchestration initiated successfully", "{begun}");
        let data = &begun["data"];
        assert_eq!(data["status"], "initiated");
        let id = data["orchestrationId"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
        let batch = data["batch"].to_string();
        let sessions = || -> Vec<Value> {
            let list = site.json(&["session", "list", "--orchestration", &id]);
            list["data"]["sessions"].as_array().cloned().unwrap_or_default()
        };
        until("the plan", || sessions().len() > 1);
        let planned = sessions();
        let ids: Vec<&str> = planned.iter().filter_map(|one| one["id"].as_str()).collect();
        for one in &planned {
            // Numbered so that what waits comes after what it waits for: no circle is possible.
            let own = ids.iter().position(|id| one["id"] == *id);
            for before in one["dependencies"].as_array().into_iter().flatten() {
                let before = ids.iter().position(|id| before == id);
                assert!(before.is_some() && before < own, "{one}");
            }
        }
        if at < 2 {
            assert!(planned.iter().any(|one| one["status"] == "initializing"), "{planned:?}");
            assert!(planned.iter().all(|one| one["status"] != "running"), "{planned:?}");
            let said = site.run(&["approve", if at == 0 { &batch } else { &id }]);
            assert!(said.code == 0 && said.out.contains("is approved"), "{said:?}");
        }
        until("all of it", || sessions().iter().all(|one| one["status"] == "completed"));
        let again = site.run(&["approve", &batch]);
        assert!(again.code == 1 && again.err.contains("waits for a yes"), "{again:?}");
    }
    let first = site.task(1);
    assert_eq!(first["history"].as_array().map(Vec::len), Some(2), "{first}");
    assert!(first["history"][0]["outcome"].as_str().is_some_and(|end| end.contains("wait for each other")), "{first}");
    supervisor.stop();
}

#[test]
fn a_requirement_is_taken_apart_although_there_is_no_agent() {
    let site = site();
    site.write("orchestrator.toml", &format!("{CONFIG}[agent.claude]\nprogram = \"no-such-program\"\n"));
    site.commit("Without");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    let begun = site.json(&["orchestrate", "A GraphQL API with a database"]);
    let id = begun["data"]["orchestrationId"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    until("the plan", || {
        let list = site.json(&["session", "list", "--orchestration", &id]);
        list["data"]["sessions"].as_array().is_some_and(|all| all.len() == 6)
    });
    let log = site.run(&["logs", "1"]).out;
    assert!(log.contains("no agent can be asked, so it is taken apart by its words"), "{log}");
    supervisor.stop();
}

#[test]
fn the_queue_is_added_to_stopped_by_a_failure_resumed_and_cleared() {
    let site = site();
    let mut script = String::new();
    let wait = format!("{{ do = \"wait_for\", file = {} }}", json!(site.outside("go").display().to_string()));
    scenario(&mut script, "Break it", &[wait, "{ do = \"die\", code = 1 }".to_owned()]);
    scenario(&mut script, "*", &[says(&json!({ "summary": "done" }))]);
    site.script(&script);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    assert_eq!(site.json(&["queue", "add", "Break it"])["tasks"], json!([1]));
    for args in [
        &["queue", "add", "Later", "--description", "All of it"][..],
        &["queue", "add", "First", "--priority", "5"],
        &["queue", "add", "Unwanted", "--priority", "-1", "--role", "reviewer"],
    ] {
        assert_eq!(site.run(args).code, 0, "{args:?}");
    }
    let wrong = site.run(&["queue", "add", "x", "--role", "poet"]);
    assert!(wrong.code == 2 && wrong.err.contains("there is no role `poet`"), "{wrong:?}");
    let wrong = site.run(&["queue", "add", "x", "--priority", "101"]);
    assert!(wrong.code == 2 && wrong.err.contains("write a number from -100 to 100"), "{wrong:?}");
    let wrong = site.run(&["land", "1", "--repository", "owner/shop"]);
    assert!(wrong.code == 2 && wrong.err.contains("orchestrator-tui -C FOLDER"), "{wrong:?}");
    let wrong = site.run(&["session", "list", "--orchestration", "99"]);
    assert!(wrong.code == 1 && wrong.err.contains("hint: `orchestrator-tui session list`"), "{wrong:?}");
    assert_eq!(site.json(&["queue", "list"])["items"], site.json(&["queue"])["items"]);
    until("the first one works", || site.json(&["queue"])["items"][0]["status"] == "processing");
    let busy = site.run(&["queue", "remove", "1"]);
    assert!(busy.code == 1 && busy.err.contains("is being worked on"), "{busy:?}");
    assert_eq!(site.run(&["queue", "remove", "4"]).code, 0);
    let queue = site.json(&["queue"]);
    let rows = |key: &str, queue: &Value| -> Vec<(u64, String)> {
        let row = |row: &Value| (row["id"].as_u64().unwrap_or(0), row["status"].as_str().unwrap_or("").to_owned());
        queue[key].as_array().into_iter().flatten().map(row).collect()
    };
    let owned = |rows: &[(u64, &str)]| -> Vec<(u64, String)> {
        rows.iter().map(|(id, status)| (*id, (*status).to_owned())).collect()
    };
    assert_eq!(rows("items", &queue), owned(&[(1, "processing"), (3, "queued"), (2, "queued")]), "{queue}");
    assert_eq!(queue["items"][2]["position"], 3);
    assert_eq!(
        queue["settings"],
        json!({ "paused": false, "reason": null, "enabled": true, "max_concurrent": 1, "stop_on_failure": true })
    );
    std::fs::write(site.outside("go"), "").expect("written");
    until("it is stopped", || site.json(&["queue"])["settings"]["paused"] == true);
    let text = site.run(&["queue"]).out;
    assert!(text.starts_with("paused: #1 failed (queue.stop_on_failure); `orchestrator-tui queue resume`"), "{text}");
    let waits = site.task(3)["reason"].as_str().unwrap_or_default().to_owned();
    assert!(waits.contains("the queue lane is paused: #1 failed"), "{waits}");
    assert_eq!(site.run(&["queue", "resume"]).code, 0);
    until("the rest is done", || rows("items", &site.json(&["queue"])).is_empty());
    assert_eq!(rows("completed", &site.json(&["queue"])), owned(&[(1, "failed"), (2, "completed"), (3, "completed")]));
    assert_eq!(site.run(&["queue", "pause"]).code, 0);
    assert_eq!(site.run(&["queue", "clear"]).code, 0);
    supervisor.stop();
    // What was said stays said without a supervisor.
    let queue = site.json(&["queue"]);
    assert_eq!(
        queue["settings"],
        json!({ "paused": true, "reason": "by you", "enabled": true, "max_concurrent": 1, "stop_on_failure": true })
    );
    assert_eq!(queue["completed"], json!([]));
}

#[test]
fn a_session_for_another_branch_works_in_a_worktree_of_it_and_moves_no_branch() {
    let site = site();
    let mut script = String::new();
    let write = "{ do = \"write\", file = \"a.txt\", content = \"one\\n\" }".to_owned();
    scenario(&mut script, "Build part a", &[write, says(&json!({ "summary": "Built it." }))]);
    site.script(&script);
    site.git(&["branch", "feature"]);
    let refused = site.run(&["session", "create", "Build part a", "--branch", "feature"]);
    for said in ["main is checked out in", "as no branch is ever moved", "git worktree add ../FOLDER feature"] {
        assert!(refused.code == 1 && refused.err.contains(said), "{refused:?}");
    }
    let beside = site.outside("beside");
    let folder = beside.to_str().expect("plain");
    site.git(&["worktree", "add", "-q", folder, "feature"]);
    let refs = || site.git(&["for-each-ref"]);
    let before = refs();
    let mut supervisor = site.follow(&["-C", folder, "run", "--headless", "--json", "--trust"]);
    supervisor.wait_kind("green_at");
    let wish = ["-C", folder, "session", "create", "Build part a", "--branch", "feature", "--start"];
    let created = site.json(&wish);
    assert_eq!(created["data"]["session"]["project"]["branch"], "feature");
    supervisor.wait("its result", |fact| fact["kind"] == "attempt_ended");
    assert_eq!(site.run(&["-C", folder, "land", "1"]).code, 0);
    supervisor.wait_kind("landed");
    assert_eq!(std::fs::read_to_string(beside.join("a.txt")).expect("landed there"), "one\n");
    assert!(!site.project.join("a.txt").exists() && refs() == before);
    supervisor.stop();
}
