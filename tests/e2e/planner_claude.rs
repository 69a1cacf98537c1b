//! The real Claude CLI as planner, in its own terminal program, against a Messages API of our own.
//!
//! Runs only when `ORCHESTRATOR_TEST_CLAUDE` names the program; says so otherwise.

use std::fs;

use serde_json::{Value, json};

use crate::messages_api::Reply;
use crate::real_claude::{Claude, MARK, fix};
use crate::site::Site;

/// What every question to the planner contains, and no prompt of a fixer.
const ASKED: &str = "[orchestrator-tui plan ";

/// What the planner says, and by which the API knows a fixer that was told so.
const STRATEGY: &str = "TURN THE WORD ROUND";

/// A project in which a word is wrong, with a planner that is answered like that. A fixer that knows the strategy mends it
/// in one way, another in another.
fn site(planner: Vec<Reply>, wait: &str, env: &str, trusted: bool) -> Option<(Site, Claude)> {
    let check = "grep -q right word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }";
    let config = format!("[[check]]\nname = \"{MARK}\"\nrun = {check:?}\n");
    let site = Site::new(&[("word.txt", "wrong\n"), ("orchestrator.toml", &config)]);
    let scenarios = vec![
        (ASKED, planner),
        (STRATEGY, fix("word.txt", "wrong", "right, as planned")),
        (MARK, fix("word.txt", "wrong", "right, without a plan")),
    ];
    let more = format!("planner = \"always\"\nplan_wait = \"{wait}\"\n");
    let claude = Claude::with(&site, scenarios, &more, env)?;
    let mut state = json!({
        "hasCompletedOnboarding": true,
        "customApiKeyResponses": { "approved": ["k-ant-for-no-service"], "rejected": [] },
        "projects": {},
    });
    if trusted {
        let project = fs::canonicalize(&site.project).expect("a folder");
        state["projects"][project.display().to_string()] = json!({ "hasTrustDialogAccepted": true });
    }
    fs::write(claude.config.join(".claude.json"), state.to_string()).expect("written");
    Some((site, claude))
}

fn ends_green(site: &Site, word: &str) -> Value {
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("word.txt"), format!("{word}\n"), "{}", said.out);
    assert_eq!(site.git(&["status", "--porcelain"]), " M word.txt\n");
    site.task(1)
}

#[test]
fn its_last_message_reaches_the_fixer() {
    let look = Reply::Tool("Read", json!({ "file_path": "@CWD@/word.txt" }));
    let answer = Reply::text(&format!("{STRATEGY}\n1. in word.txt"));
    let Some((site, claude)) = site(vec![look, answer], "60s", "", true) else { return };
    let story = ends_green(&site, "right, as planned");
    assert_eq!(story["plan"]["strategy"], format!("{STRATEGY}\n1. in word.txt"));
    assert_eq!(claude.api.requests(), 5, "two of the planner, three of the fixer");
    assert!(!site.project.join(".claude").exists());
}

#[test]
fn the_plan_that_it_wants_to_carry_out_is_the_strategy() {
    let write = Reply::Tool("Write", json!({ "file_path": "@PLAN@", "content": format!("1. {STRATEGY}\n") }));
    let exit = Reply::Tool("ExitPlanMode", json!({}));
    let Some((site, _claude)) = site(vec![write, exit, Reply::text("Handed on.")], "60s", "", true) else { return };
    let story = ends_green(&site, "right, as planned");
    assert!(story["plan"]["strategy"].as_str().is_some_and(|text| text.contains(STRATEGY)), "{story:#}");
}

#[test]
fn a_project_that_it_does_not_trust_yet_is_fixed_without_it() {
    let Some((site, claude)) = site(vec![Reply::text(STRATEGY)], "4s", "", false) else { return };
    let story = ends_green(&site, "right, without a plan");
    let why = story["plan"]["why_none"].as_str().unwrap_or_default();
    assert!(why.contains("its terminal may show a dialog, such as that for trust"), "{why}");
    assert_eq!(claude.api.requests(), 3, "nobody asked the planner");
}

#[test]
fn a_service_that_refuses_it_is_said() {
    let env = "CLAUDE_CODE_MAX_RETRIES = \"1\"";
    let Some((site, _claude)) = site(vec![Reply::error(500, 99)], "60s", env, true) else { return };
    let story = ends_green(&site, "right, without a plan");
    let why = story["plan"]["why_none"].as_str().unwrap_or_default();
    assert!(why.starts_with("the service refused: server_error"), "{why}");
}

#[test]
fn a_tool_that_needs_a_yes_is_refused_in_its_turn_and_it_goes_on() {
    let ask = Reply::Tool("Bash", json!({ "command": "touch made-by-the-planner", "description": "look" }));
    let Some((site, _claude)) = site(vec![ask, Reply::text(STRATEGY)], "60s", "", true) else { return };
    let story = ends_green(&site, "right, as planned");
    assert_eq!(story["plan"]["strategy"], STRATEGY);
}
