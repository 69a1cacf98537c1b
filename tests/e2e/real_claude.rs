//! The main job with the real Claude CLI, against a Messages API of our own.
//!
//! Runs only when `ORCHESTRATOR_TEST_CLAUDE` names the program; says so otherwise.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::messages_api::{MessagesApi, Reply};
use crate::site::{PATIENCE, PROGRAM, Site};

/// What the names of all checks here begin with, and so the prompts contain: by it the API knows what is asked.
pub(crate) const MARK: &str = "mend-it";

/// The service that a site's `claude` talks to, and the configuration folder that it uses.
pub(crate) struct Claude {
    pub(crate) api: MessagesApi,
    pub(crate) config: PathBuf,
}

impl Claude {
    /// Makes the real CLI the agent of a site, with more lines for the user's configuration. `None` without one.
    /// Its planner is off.
    pub(crate) fn on(site: &Site, steps: Vec<Reply>, more: &str) -> Option<Self> {
        Self::with(site, vec![(MARK, steps)], &format!("planner = \"off\"\n{more}"), "")
    }

    /// As [`Claude::on`], with scenarios of one's own, lines that begin in `[fix]`, and more for the agent's environment.
    pub(crate) fn with(site: &Site, scenarios: Vec<(&'static str, Vec<Reply>)>, more: &str, env: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("ORCHESTRATOR_TEST_CLAUDE") else {
            eprintln!("skipped: ORCHESTRATOR_TEST_CLAUDE does not name a claude program");
            return None;
        };
        let api = MessagesApi::start(scenarios).expect("a free port");
        let config = site.outside("claude-config");
        fs::create_dir(&config).expect("a new folder");
        let program = PathBuf::from(program);
        let text = format!(
            "[fix]
land = \"auto\"
{more}
[agent.claude]
program = {program:?}
[agent.claude.env]
ANTHROPIC_BASE_URL = {:?}
ANTHROPIC_API_KEY = \"sk-ant-for-no-service\"
CLAUDE_CONFIG_DIR = {config:?}
DISABLE_TELEMETRY = \"1\"
CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC = \"1\"
LEFT_BEHIND = {:?}
{env}
",
            api.url(),
            site.outside("left-behind"),
        );
        fs::write(site.outside("user.toml"), text).expect("written");
        Some(Self { api, config })
    }
}

/// Whether a program answers; says that a test is skipped if not.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success());
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

fn tool(name: &'static str, input: Value) -> Reply {
    Reply::Tool(name, input)
}

fn read(file: &str) -> Reply {
    tool("Read", json!({ "file_path": format!("@CWD@/{file}") }))
}

fn edit(file: &str, old: &str, new: &str) -> Reply {
    tool("Edit", json!({ "file_path": format!("@CWD@/{file}"), "old_string": old, "new_string": new }))
}

/// What the tools of a conversation came to, as the model was told; what it asked for is no part of that.
pub(crate) fn told(heard: &str) -> String {
    let messages: Value = serde_json::from_str(heard).unwrap_or_default();
    let blocks =
        messages.as_array().into_iter().flatten().filter_map(|message| message["content"].as_array()).flatten();
    let results = blocks.filter(|block| block["type"] == "tool_result");
    let text = |result: &Value| match &result["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    };
    results.map(text).collect::<Vec<_>>().join("\n")
}

pub(crate) fn bash(command: &str) -> Reply {
    tool("Bash", json!({ "command": command, "description": "look" }))
}

/// The steps of a fix that replaces one text: three requests.
pub(crate) fn fix(file: &str, old: &str, new: &str) -> Vec<Reply> {
    vec![read(file), edit(file, old, new), Reply::text("It was wrong. I made it right.")]
}

/// The lines of a task's log that agents and people left, by label.
pub(crate) fn log(site: &Site, label: &str) -> Vec<String> {
    let said = site.run(&["logs", "--json"]);
    let facts = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = facts.filter(|fact| fact["kind"] == "logged").filter_map(|fact| fact["lines"].as_array().cloned());
    lines.flatten().filter(|line| line["label"] == label).map(|line| line["text"].to_string()).collect()
}

const CALC: &str = "def add(a, b):\n    return a - b\n";
const ADDS: &str = "from calc import add\n\n\ndef test_adds():\n    assert add(2, 3) == 5\n\n\ndef test_zero():\n    assert add(0, 0) == 0\n";

/// A Python project with one bug, which pytest finds.
fn python(check: &str, steps: Vec<Reply>, more: &str) -> Option<(Site, Claude)> {
    let config = format!("[[check]]\nname = \"{MARK}\"\nrun = {check:?}\n");
    let site = Site::new(&[
        ("calc.py", CALC),
        ("test_calc.py", ADDS),
        (".gitignore", "__pycache__/\n.pytest_cache/\n"),
        (".claude/settings.json", "{}\n"),
        ("orchestrator.toml", &config),
    ]);
    let claude = Claude::on(&site, steps, more)?;
    Some((site, claude))
}

/// A project that needs nothing but a shell: the word in `word.txt` must be right.
const WORD: &str = "if test -n \"$LEFT_BEHIND\" && test -e hang; then\n    echo $$ > \"$LEFT_BEHIND.new\" && mv \"$LEFT_BEHIND.new\" \"$LEFT_BEHIND\"\n    exec tail -f /dev/null\nfi\ngrep -q right word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }\n";

pub(crate) fn word(steps: Vec<Reply>, more: &str) -> Option<(Site, Claude)> {
    let config = format!("[[check]]\nname = \"{MARK}\"\nrun = \"sh check.sh\"\n");
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", WORD), ("orchestrator.toml", &config)]);
    let claude = Claude::on(&site, steps, more)?;
    Some((site, claude))
}

/// Leaves a stash and a configured home, and brings the index up to date, so that nothing has a reason to change.
fn lived_in(site: &Site, file: &str) {
    site.write(file, "put aside\n");
    site.git(&["stash", "-q"]);
    let home = site.outside("home");
    fs::create_dir(home.join(".claude")).expect("a new folder");
    fs::write(home.join(".claude/settings.json"), "{\"permissions\":{\"allow\":[\"Bash(ls:*)\"]}}\n").expect("written");
    fs::write(home.join(".claude.json"), "{}\n").expect("written");
    assert_eq!(site.git(&["status", "--porcelain"]), "");
}

/// Runs a prepared project until idle and proves what the user is promised; returns the receipt.
fn lands_and_nothing_else_changes(site: &Site, file: &str, fixed: &str) -> Value {
    let git = site.hashes(".git");
    let home = site.hashes("../home");
    let before = fs::read(site.project.join(file)).expect("readable");
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read(file), fixed);
    assert_eq!(git, site.hashes(".git"), "the user's repository changed");
    let ours = |path: &Path| path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(".claude"));
    let claudes = |hashes: std::collections::BTreeMap<PathBuf, String>| -> Vec<_> {
        hashes.into_iter().filter(|(path, _)| ours(path)).collect()
    };
    assert_eq!(claudes(home), claudes(site.hashes("../home")), "the user's own ~/.claude changed");
    assert_eq!(site.git(&["status", "--porcelain"]), format!(" M {file}\n"));
    let receipt = site.json(&["receipt", "1"]);
    assert_eq!(receipt["by"], "claude", "{receipt:#}");
    assert!(receipt["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0), "{receipt:#}");
    assert_eq!(receipt["files"][0]["path"], file, "{receipt:#}");
    // The user tidies up; what undo needs is not among what git finds useless.
    site.git(&["gc", "-q", "--prune=now"]);
    let undone = site.run(&["undo", "1"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(fs::read(site.project.join(file)).expect("readable"), before);
    assert_eq!(site.git(&["status", "--porcelain"]), "");
    receipt
}

#[test]
fn a_red_pytest_project_ends_green() {
    if !has("pytest") {
        return;
    }
    let steps = vec![
        bash("cat test_calc.py && git diff"),
        read("calc.py"),
        edit("calc.py", "a - b", "a + b"),
        bash("pytest -q 2>&1 | tail -5"),
        Reply::text("It subtracted. Now it adds."),
    ];
    let Some((site, claude)) = python("pytest -q", steps, "") else { return };
    lived_in(&site, "calc.py");
    let receipt = lands_and_nothing_else_changes(&site, "calc.py", &CALC.replace("a - b", "a + b"));
    assert_eq!(receipt["red"]["tests"]["failed"], 1, "{receipt:#}");
    assert_eq!(receipt["green"][0]["tests"]["passed"], 2, "{receipt:#}");
    assert_eq!(claude.api.requests(), 5, "one conversation");
    assert!(claude.config.join("projects").is_dir(), "it kept its books where it was told");
    assert!(log(&site, "refused").is_empty(), "{:?}", log(&site, "refused"));
    assert_eq!(site.hashes(".claude").len(), 1);
}

#[test]
fn a_red_cargo_project_ends_green() {
    let lib = "pub fn double(x: i32) -> i32 {\n    x * 3\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn doubles() {\n        assert_eq!(super::double(2), 4);\n    }\n}\n";
    let fixed = lib.replace("x * 3", "x * 2");
    let manifest = "[package]\nname = \"twice\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let lock = "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n\n[[package]]\nname = \"twice\"\nversion = \"0.1.0\"\n";
    let config = format!("[[check]]\nname = \"{MARK}\"\nrun = \"cargo test --offline\"\n");
    let files = [
        ("Cargo.toml", manifest),
        ("Cargo.lock", lock),
        ("src/lib.rs", lib),
        (".gitignore", "/target\n"),
        ("orchestrator.toml", &config),
    ];
    let site = Site::new(&files);
    let steps = vec![
        bash("ls -la && cat Cargo.toml"),
        read("src/lib.rs"),
        tool("Write", json!({ "file_path": "@CWD@/src/lib.rs", "content": fixed })),
        bash("cargo test --offline 2>&1 | tail -20"),
        Reply::text("It tripled. Now it doubles."),
    ];
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    lived_in(&site, "src/lib.rs");
    let receipt = lands_and_nothing_else_changes(&site, "src/lib.rs", &fixed);
    assert_eq!(receipt["fixed"][0]["id"], "twice src/lib.rs tests::doubles", "{receipt:#}");
    assert_eq!(claude.api.requests(), 5, "one conversation");
}

#[test]
fn what_a_shell_command_of_claude_wrote_lands_too() {
    // Both only edit a file of the workspace.
    let steps = vec![
        bash("sed -i s/wrong/right/ word.txt"),
        bash("echo right > word.txt"),
        bash("sh check.sh"),
        Reply::text("Done."),
    ];
    let Some((site, claude)) = word(steps, "") else { return };
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.read("word.txt"), "right\n");
    assert!(log(&site, "refused").is_empty(), "{:?}", log(&site, "refused"));
    assert_eq!(claude.api.requests(), 4);
}

#[test]
fn what_it_may_not_do_is_refused_and_it_goes_on() {
    let mut steps = vec![
        bash("curl -s http://127.0.0.1:1/"),
        tool("Write", json!({ "file_path": "@CWD@/.claude/settings.json", "content": "{}" })),
        tool("Read", json!({ "file_path": "/etc/hostname" })),
    ];
    steps.extend(fix("word.txt", "wrong", "right"));
    let Some((site, claude)) = word(steps, "") else { return };
    let said = site.until_idle();
    assert_eq!(said.code, 0, "{said:?}");
    let refused = log(&site, "refused");
    assert_eq!(refused.len(), 3, "each once: {refused:?}");
    assert!(refused[0].contains("curl") && refused[1].contains(".claude/settings.json"), "{refused:?}");
    assert!(!site.project.join(".claude").exists());
    assert_eq!(claude.api.requests(), 6);
}

#[test]
fn too_many_requests_for_long_park_the_queue_and_charge_nothing() {
    let headers = vec![("retry-after", "3600".to_owned())];
    let refusal = Reply::Error { status: 429, times: 99, headers, message: "come back later" };
    let Some((site, claude)) = word(vec![refusal], "") else { return };
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("rate limit"), "{said:?}");
    let task = site.task(1);
    assert_eq!((&task["state"], &task["attempts"]), (&json!("queued"), &json!(0)), "{task:#}");
    assert!(site.json(&["status"])["parked"]["until"].is_string());
    assert_eq!(claude.api.requests(), 1);
    assert_eq!(site.read("word.txt"), "wrong\n");
}

#[test]
fn too_many_requests_for_a_moment_are_waited_out() {
    let headers = vec![("retry-after", "1".to_owned())];
    let mut steps = vec![Reply::Error { status: 429, times: 1, headers, message: "slow down" }];
    steps.extend(fix("word.txt", "wrong", "right"));
    let Some((site, claude)) = word(steps, "") else { return };
    let mut running = site.start(&[]);
    running.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    running.wait_kind("parked");
    running.wait_kind("unparked");
    let landed = running.wait_kind("landed");
    assert_eq!(landed["receipt"]["attempts"], 1, "the one that was turned away does not count");
    running.wait("the end of the attempt", |fact| fact["kind"] == "attempt_ended" && !fact["then"]["done"].is_null());
    assert_eq!(running.stop(), 0);
    assert_eq!(claude.api.requests(), 4);
}

#[test]
fn a_wrong_key_parks_the_queue_until_a_person_has_mended_it() {
    let mut steps = vec![Reply::error(401, 1)];
    steps.extend(fix("word.txt", "wrong", "right"));
    let Some((site, claude)) = word(steps, "") else { return };
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("not logged in") && said.out.contains("/login"), "{said:?}");
    let task = site.task(1);
    assert_eq!((&task["state"], &task["attempts"]), (&json!("queued"), &json!(0)), "{task:#}");
    assert_eq!(claude.api.requests(), 1, "the first refusal is enough");
    let again = site.until_idle();
    assert_eq!(again.code, 0, "mended meanwhile: {again:?}");
    assert_eq!(site.read("word.txt"), "right\n");
}

#[test]
fn killed_it_is_gone_with_all_that_it_started() {
    let Some((site, _claude)) = word(vec![bash("sh check.sh"), Reply::text("Never said.")], "") else { return };
    // The check says outside of the workspace that it runs; the fence must let it.
    let user_file = site.outside("user.toml");
    let folder = user_file.parent().expect("a folder");
    let config = fs::read_to_string(&user_file).expect("readable");
    fs::write(&user_file, format!("{config}\n[policy]\nwrite = [{folder:?}]\n")).expect("written");
    site.write("hang", "");
    let mut running = site.start(&[]);
    running.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    let left = site.outside("left-behind");
    // A shell of Claude's has a session of its own; this is one.
    running
        .wait("the check run by Claude", |fact| fact["kind"] == "logged" && fact.to_string().contains("sh check.sh"));
    let began = std::time::Instant::now();
    while !left.exists() || !site.processes().iter().any(|line| line.contains("tail -f /dev/null")) {
        assert!(began.elapsed() < PATIENCE, "Claude does not run it: {:#?}", running.seen);
        std::thread::yield_now();
    }
    assert_eq!(site.run(&["kill", "1"]).code, 0);
    running.wait("the end of the attempt", |fact| fact["kind"] == "attempt_ended");
    let living: Vec<String> =
        site.processes().into_iter().filter(|line| !line.contains(PROGRAM) || line.contains("claude")).collect();
    assert_eq!(living, Vec::<String>::new());
    assert_eq!(running.stop(), 1);
    let task = site.task(1);
    assert_eq!((&task["state"], &task["reason"]), (&json!("failed"), &json!("killed")), "{task:#}");
    assert_eq!(site.read("word.txt"), "wrong\n");
}

#[test]
fn killed_while_the_service_is_silent_it_ends_its_turn_when_asked() {
    let Some((site, claude)) = word(vec![read("word.txt"), Reply::Hang], "") else { return };
    let mut running = site.start(&[]);
    running.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    running.wait("a tool", |fact| fact["kind"] == "logged" && fact.to_string().contains("word.txt"));
    let began = std::time::Instant::now();
    while claude.api.requests() < 2 {
        assert!(began.elapsed() < PATIENCE, "it does not ask again: {:#?}", running.seen);
        std::thread::yield_now();
    }
    assert_eq!(site.run(&["kill", "1"]).code, 0);
    running.wait("the end of the attempt", |fact| fact["kind"] == "attempt_ended");
    assert_eq!(running.stop(), 1);
    assert_eq!(site.task(1)["reason"], "killed");
    let said = site.task(1)["history"][0]["summary"].to_string();
    assert!(said.contains("stopped when asked"), "by its own words, not by a signal: {said}");
}

#[test]
fn the_budget_is_handed_over_and_ends_the_task() {
    let steps = fix("word.txt", "wrong", "wronger");
    let Some((site, claude)) = word(steps, "[budget]\ntask_usd = 0.0001\n") else { return };
    let said = site.until_idle();
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(claude.api.requests(), 1, "the CLI knew its budget");
    let task = site.task(1);
    assert_eq!(task["state"], "failed", "{task:#}");
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("budget")), "{task:#}");
    assert!(task["cost_usd"].as_f64().is_some_and(|cost| cost >= 0.0001), "{task:#}");
    assert_eq!(site.read("word.txt"), "wrong\n");
}
