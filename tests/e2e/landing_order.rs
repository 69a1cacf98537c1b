//! Results that were made from each other land in that order, and what does not fit is kept until it does.

use std::fmt::Write as _;
use std::fs;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::screen::client;
use crate::site::{Site, until};

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"sh wait.sh\"\n";

/// Where the agent of part b edits what that of part a has made.
fn site() -> Site {
    let site = Site::new(&[("file.txt", "fine\n"), ("wait.sh", "true\n"), ("orchestrator.toml", CONFIG)]);
    let mut script = String::new();
    let edit = "{ do = \"edit\", file = \"a.txt\", find = \"one\", replace = \"two\" }";
    let write = "{ do = \"write\", file = \"a.txt\", content = \"one\\n\" }";
    for (part, step) in [("Build part b", edit), ("Build part a", write)] {
        let _ = writeln!(script, "[[scenario]]\nmatch = {}\nsteps = [{step}]", json!(part));
    }
    site.script(&script);
    site
}

fn is(site: &Site, task: usize, state: &str) -> bool {
    site.json(&["tasks"])[task - 1]["state"] == state
}

fn make_both(site: &Site) {
    site.json(&["session", "create", "Build part a", "--start"]);
    site.json(&["session", "create", "Build part b", "--after", "1"]);
    until("both are ready", || is(site, 1, "ready") && is(site, 2, "ready"));
}

#[test]
fn they_land_in_their_order_however_fast_they_are_let_in() {
    let site = site();
    // The check waits while there is a gate, so that the first is still landing when the second gets its yes.
    let gate = site.outside("gate");
    let waits = format!("while test -e '{}'; do sleep 0.05; done\n", gate.display());
    fs::write(site.project.join("wait.sh"), waits).expect("the check");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    make_both(&site);
    // Somebody has saved something else, so that what lands is checked again together with it.
    fs::write(site.project.join("file.txt"), "better\n").expect("a save");
    fs::write(&gate, "").expect("a closed gate");
    assert_eq!(site.run(&["land", "1"]).out.trim(), "#1 lands");
    assert_eq!(site.run(&["land", "2"]).out.trim(), "#2 lands as soon as #1 has");
    fs::remove_file(&gate).expect("an open gate");
    until("both have landed", || is(&site, 1, "done") && is(&site, 2, "done"));
    assert_eq!(fs::read_to_string(site.project.join("a.txt")).expect("both results"), "two\n");
    supervisor.stop();
}

#[test]
fn what_another_task_has_brought_already_is_not_said_to_be_the_users() {
    let site = site();
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    for _ in 0..2 {
        site.json(&["session", "create", "Build part a", "--start"]);
    }
    until("both are ready", || is(&site, 1, "ready") && is(&site, 2, "ready"));
    site.json(&["land", "1"]);
    until("the first has landed", || is(&site, 1, "done"));
    site.json(&["land", "2"]);
    until("the second is done with", || is(&site, 2, "done"));
    assert_eq!(site.task(2)["reason"], "fixed by #1");
    supervisor.stop();
}

#[test]
fn what_was_made_from_a_result_that_was_undone_is_kept_until_it_fits_again() {
    let site = site();
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    make_both(&site);
    site.json(&["land", "1"]);
    until("the first has landed", || is(&site, 1, "done"));
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    site.json(&["land", "2"]);
    until("it does not fit", || is(&site, 2, "review"));
    let story = site.run(&["show", "2"]).out;
    assert!(story.contains("made from #1, which is not in your tree any more: a.txt"), "{story}");
    // Made anew, the first goes before it again; then it fits, and nothing was paid twice.
    site.json(&["retry", "1"]);
    until("the first is ready again", || is(&site, 1, "ready"));
    let early = site.run(&["land", "2"]);
    assert!(early.code == 1 && early.err.contains("#2 builds on #1, which has not landed"), "{early:?}");
    site.json(&["land", "1"]);
    until("the first has landed again", || is(&site, 1, "done"));
    site.json(&["land", "2"]);
    until("it has landed, too", || is(&site, 2, "done"));
    assert_eq!(fs::read_to_string(site.project.join("a.txt")).expect("both results"), "two\n");
    supervisor.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_lands_by_itself_in_its_turn_is_made_once_although_the_supervisor_is_killed() {
    let config = CONFIG.replace("run =", "parallel = true\nrun =");
    let site = Site::new(&[("orchestrator.toml", &config)]);
    let (gate, go, calls) = (site.outside("gate"), site.outside("go"), site.outside("calls"));
    // The first one is confirmed only when the gate is open; what was made from it is verified at once.
    let waits = format!("while test -e '{}' && grep -qs one a.txt; do sleep 0.05; done\n", gate.display());
    site.write("wait.sh", &waits);
    let call = format!("{{ do = \"run\", command = \"echo x >> {}\" }}", calls.display());
    let wait = format!("{{ do = \"wait_for\", file = {:?} }}", go.display());
    let edit = "{ do = \"edit\", file = \"a.txt\", find = \"one\", replace = \"two\" }";
    let write = "{ do = \"write\", file = \"a.txt\", content = \"one\\n\" }";
    site.script(&format!(
        "[[scenario]]\nmatch = \"Build part b\"\nsteps = [{call}, {wait}, {edit}]\n\
         [[scenario]]\nmatch = \"Build part a\"\nsteps = [{write}]\n"
    ));
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");
    site.json(&["session", "create", "Build part a", "--start"]);
    until("the first is ready", || is(&site, 1, "ready"));
    let part = json!({
        "label": "b", "name": "b", "description": "Build part b", "lane": "session", "workflow": "session",
        "role": "implementation", "land": "auto",
    });
    let task = json!({ "assignment": part, "after": [{ "task": 1 }], "priority": 0, "held": false });
    let filing = json!({ "filing": { "batch": null, "tasks": [task] } });
    let (status, answer) = client(&site).await.command("file", &filing).await.expect("an answer");
    assert_eq!(status, 200, "{answer}");
    until("the second is at work", || calls.exists());
    fs::write(&gate, "").expect("a closed gate");
    assert_eq!(site.run(&["land", "1"]).code, 0);
    until("the first is in", || site.project.join("a.txt").exists());
    fs::write(&go, "").expect("the second goes on");
    until("the second is kept", || is(&site, 2, "ready"));
    // It lands by itself: nobody is asked about it.
    let asked = site.json(&["questions"]);
    assert!(asked.as_array().expect("a list").iter().all(|what| what["task"] != 2), "{asked:#}");
    assert_eq!(site.task(2)["reason"], "ready: lands by itself as soon as #1 has");

    supervisor.signal(Signal::SIGKILL);
    supervisor.end();
    assert_eq!(site.task(2)["reason"], "ready: lands by itself as soon as #1 has");
    fs::remove_file(&gate).expect("an open gate");
    let next = site.start(&[]);
    until("both have landed", || is(&site, 1, "done") && is(&site, 2, "done"));
    assert_eq!((site.read("a.txt").as_str(), fs::read_to_string(&calls).expect("calls").as_str()), ("two\n", "x\n"));
    next.stop();
    site.wait_until_empty();
}
