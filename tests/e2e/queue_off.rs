//! A queue that is off, as a user meets it: what is queued waits for a person, and everything says so.

use serde_json::json;

use crate::site::{Site, until};

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"true\"\n";

#[test]
fn a_queue_that_is_off_keeps_what_is_queued_until_a_person_starts_it() {
    let site = Site::new(&[("price.py", "good\n"), ("orchestrator.toml", CONFIG)]);
    site.script("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"result\", text = \"Done.\" }]\n");
    let off = [("ENABLE_QUEUE_PROCESSOR", std::path::Path::new("false"))];
    let supervisor = site.start_with(&[], &off);
    until("it answers", || site.run(&["status"]).code == 0 && site.json(&["status"])["queue_enabled"] == false);
    for title in ["One", "Two"] {
        assert_eq!(site.run(&["queue", "add", title]).code, 0);
    }
    // A session is no part of the queue: it has been worked on when it ends, and the queue has not.
    let session = site.run(&["session", "create", "--type", "analysis", "Look around"]);
    assert_eq!(session.code, 0, "{session:?}");
    assert_eq!(site.run(&["session", "start", "3"]).code, 0);
    until("the session", || matches!(site.task(3)["state"].as_str(), Some("done" | "failed" | "ready")));
    assert_eq!((site.task(1)["state"].clone(), site.task(1)["history"].clone()), (json!("queued"), json!([])));
    let why = "the queue is off: queue.enabled is false (ENABLE_QUEUE_PROCESSOR); `orchestrator-tui fix 1` starts it";
    for said in [site.task(1)["reason"].clone(), site.json(&["queue"])["items"][0]["reason"].clone()] {
        assert_eq!(said, why);
    }
    assert!(site.run(&["tasks"]).out.contains(why));
    assert_eq!(site.json(&["queue"])["settings"]["enabled"], false);
    assert!(site.run(&["queue"]).out.starts_with("off: queue.enabled is false"));
    assert!(site.run(&["status"]).out.contains("the queue   off: queue.enabled is false"));
    let resumed = site.run(&["queue", "resume"]);
    assert!(resumed.code == 0 && resumed.out.contains("`orchestrator-tui fix ID` starts a task"), "{resumed:?}");
    assert_eq!(site.run(&["fix", "2"]).code, 0);
    until("what a person started", || site.task(2)["history"] != json!([]));
    assert_eq!(site.task(1)["history"], json!([]));
    supervisor.stop();
    let wrong = site.command(&["run", "--headless"]).env("ENABLE_QUEUE_PROCESSOR", "maybe").output().expect("ours");
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.contains("ENABLE_QUEUE_PROCESSOR: \"maybe\" is not possible here") && said.contains("true or false"));
}
