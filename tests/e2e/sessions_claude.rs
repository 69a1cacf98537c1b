//! A requirement is taken apart, approved and built by the real Claude CLI, against a Messages API of our own.

use serde_json::{Value, json};

use crate::messages_api::Reply;
use crate::real_claude::Claude;
use crate::site::{Site, until};

const CONFIG: &str = "[lanes]\nsession = 2\n[[check]]\nname = \"unit\"\nrun = \"true\"\n[fix]\nbackoff = \"0s\"\n";

/// The last words of an agent that hands this over.
fn hands_over(outcome: &Value) -> Reply {
    Reply::text(&format!("I am done.\n\n```json\n{outcome}\n```"))
}

fn file(name: &str) -> String {
    format!("@CWD@/{name}")
}

#[test]
fn the_real_claude_takes_a_requirement_apart_and_builds_it() {
    let site = Site::new(&[("list.txt", "one\ntwo\nthree\n"), ("orchestrator.toml", CONFIG)]);
    let circle = json!({ "summary": "s", "components": [{ "name": "A", "type": "analysis", "description": "a", "dependencies": ["A"] }] });
    let plan = json!({ "summary": "Design first, then pages, then their tests.", "components": [
        { "name": "Tests", "type": "testing", "description": "a-part: prove that there are two pages", "dependencies": ["Pages"] },
        { "name": "Pages", "type": "implementation", "description": "b-part: cut the list into pages", "dependencies": ["Design"] },
        { "name": "Design", "type": "analysis", "description": "c-part: say how large a page is" },
    ]});
    let look = || Reply::Tool("Read", json!({ "file_path": file("list.txt") }));
    let write = |name: &str, text: &str| Reply::Tool("Write", json!({ "file_path": file(name), "content": text }));
    // What each builds on is in its tree, with the name that it was given there.
    let find = |name: &str| Reply::Tool("Read", json!({ "file_path": file(name) }));
    // The first of these names that a prompt contains says who is asked: what waits for others is told about them.
    let Some(claude) = Claude::with(
        &site,
        vec![
            (
                "a-part",
                vec![
                    find("pages.txt"),
                    write("pages.test", "two pages\n"),
                    hands_over(&json!({ "summary": "There are two.", "artifacts": [{ "path": "pages.test" }] })),
                ],
            ),
            (
                "b-part",
                vec![
                    look(),
                    write("pages.txt", "one two\nthree\n"),
                    hands_over(
                        &json!({ "summary": "Cut.", "artifacts": [{ "path": "pages.txt" }], "next_steps": ["Turn them"] }),
                    ),
                ],
            ),
            ("c-part", vec![look(), hands_over(&json!({ "summary": "Two lines on a page." }))]),
            ("components wait for each other", vec![look(), hands_over(&plan)]),
            ("take a requirement for a software project apart", vec![look(), hands_over(&circle)]),
        ],
        "planner = \"off\"\n",
        "",
    ) else {
        return;
    };
    let mut supervisor = site.start(&["--land", "ask"]);
    supervisor.wait_kind("green_at");
    let begun = site.json(&["orchestrate", "Show the list in pages", "--context", "No more than three files"]);
    let id = begun["data"]["orchestrationId"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    let sessions = || -> Vec<Value> {
        let list = site.json(&["session", "list", "--orchestration", &id]);
        list["data"]["sessions"].as_array().cloned().unwrap_or_default()
    };
    let all = |state: &str| sessions().iter().filter(|one| one["status"] == state).count();
    until("the plan", || sessions().len() == 4);
    assert_eq!((all("completed"), all("running")), (1, 0), "nothing starts before a yes: {:?}", sessions());
    let first = site.task(1);
    assert!(
        first["history"][0]["outcome"].as_str().is_some_and(|end| end.contains("wait for each other")),
        "a circle is no plan: {first}"
    );
    let said = site.run(&["approve", &id]);
    assert!(said.code == 0 && said.out.contains("is approved"), "{said:?}");
    until("all of it", || all("completed") == 4);

    let by_type = |kind: &str| {
        let found = sessions().into_iter().find(|one| one["type"] == kind);
        found.and_then(|one| one["task"].as_u64()).unwrap_or_else(|| panic!("no {kind}: {:?}", sessions())).to_string()
    };
    let (design, pages, tests) = (by_type("analysis"), by_type("implementation"), by_type("testing"));
    let brought = |task: &str| site.json(&["session", "output", task])["data"]["output"].clone();
    assert_eq!(brought(&design)["summary"], "Two lines on a page.");
    assert_eq!(brought(&pages)["nextSteps"], json!(["Turn them"]));
    assert_eq!(brought(&tests)["artifacts"], json!([{ "type": "file", "path": "pages.test" }]));
    let heard = claude.api.heard();
    assert!(
        heard.contains("a-part") && heard.contains("Cut."),
        "the last one is told what was brought before: {heard}"
    );
    assert!(!site.project.join("pages.txt").exists(), "nothing lands unasked");
    for task in [&pages, &tests] {
        let said = site.run(&["land", task]);
        assert_eq!(said.code, 0, "{said:?}");
        supervisor.wait("it lands", |fact| fact["kind"] == "landed" && fact["task"].to_string().as_str() == *task);
    }
    assert_eq!((site.read("pages.txt"), site.read("pages.test")), ("one two\nthree\n".into(), "two pages\n".into()));
    let cost = |task: &str| site.json(&["show", task])["cost_usd"].as_f64().unwrap_or_default();
    assert!(cost("1") > 0.0 && cost(&tests) > 0.0, "{}", site.json(&["costs"]));
    supervisor.stop();
}
