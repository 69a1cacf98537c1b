//! Health is examined, not assumed: each part is broken while the supervisor runs, is said, and recovers by itself.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::site::{Site, Supervisor};

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"true\"\n";

/// A green project whose agent is a script of its own.
fn site(more: &str) -> Site {
    let site = Site::new(&[("orchestrator.toml", &format!("{CONFIG}{more}")), ("file.txt", "good\n")]);
    let agent = format!("[agent.claude]\nprogram = {:?}\n", agent(&site));
    fs::write(site.outside("user.toml"), agent).expect("written");
    make_agent(&site);
    site
}

fn agent(site: &Site) -> PathBuf {
    site.outside("my-agent")
}

fn make_agent(site: &Site) {
    fs::write(agent(site), "#!/bin/sh\n").expect("written");
    fs::set_permissions(agent(site), fs::Permissions::from_mode(0o755)).expect("set");
}

/// Starts it and waits until the check was green.
fn start(site: &Site) -> Supervisor {
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    supervisor
}

/// The folder of the project's state.
fn state(site: &Site) -> PathBuf {
    let folders = fs::read_dir(site.state()).expect("a folder").flatten().map(|entry| entry.path());
    folders.into_iter().find(|path| path.is_dir()).expect("its state")
}

/// Asks for the health, which must have this exit code; only `bad` may be unhealthy.
fn health(site: &Site, bad: Option<&str>) -> Value {
    let said = site.run(&["health", "--json"]);
    let health: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    assert_eq!(said.code, i32::from(bad.is_some()), "{health:#}");
    assert_eq!(health["healthy"], bad.is_none(), "{health:#}");
    for (name, part) in health["parts"].as_object().expect("parts") {
        assert_eq!(part["healthy"], bad != Some(name), "{name}: {health:#}");
    }
    health
}

/// Asserts why a part is down and what mends it; and that a person is told the same.
fn assert_down(site: &Site, part: &str, reason: &str, mend: &str) {
    let health = health(site, Some(part));
    let level = &health["parts"][part];
    let has = |field: &str, text: &str| level[field].as_str().is_some_and(|there| there.contains(text));
    assert!(has("reason", reason) && has("mend", mend) && has("since", "T"), "{level:#}");
    let said = site.run(&["health"]);
    assert!(said.code == 1 && said.out.starts_with("Health check: ✗ UNHEALTHY\n"), "{said:?}");
    let line = said.out.lines().find(|line| line.starts_with(&format!("✗ {part}, since 2"))).expect("a line");
    assert!(line.contains(reason) && said.out.contains(mend), "{said:?}");
}

#[test]
fn a_healthy_supervisor_shows_each_part_the_heart_and_the_sizes() {
    let site = site("");
    let supervisor = start(&site);
    let health = health(&site, None);
    assert_eq!(health["parts"].as_object().expect("parts").len(), 4, "{health:#}");
    let heart = &health["heart"];
    assert!(heart["late"] == false && heart["every"] == 30.0 && heart["last"] == health["last_heartbeat"], "{heart}");
    assert_eq!(health["examined"], true, "{health:#}");
    let sizes = &health["sizes"];
    let of = |what: &str| sizes[what].as_u64().unwrap_or_else(|| panic!("{what}: {sizes}"));
    let parts = ["transcripts", "landings", "snapshots", "workspaces"].map(of);
    assert!(of("journal") > 0 && of("total") >= of("journal") + parts.iter().sum::<u64>(), "{sizes}");
    let said = site.run(&["health"]);
    let lines: Vec<&str> = said.out.lines().collect();
    let first = ["Health check: ✓ HEALTHY", "✓ state_manager", "✓ file_watcher", "✓ test_runner", "✓ claude_instances"];
    assert!(said.code == 0 && lines.starts_with(&first), "{said:?}");
    assert!(lines[5].starts_with("✓ heart: last beat ") && lines[6].contains("on disk: "), "{said:?}");
    assert_eq!(supervisor.stop(), 0);
    let said = site.run(&["health"]);
    assert!(said.code == 3 && said.out.starts_with("Health check: ✗ NOT RUNNING\n✗ no supervisor runs"), "{said:?}");
    assert!(said.out.contains("· state_manager was not examined"), "{said:?}");
    let health = site.json(&["health"]);
    assert!(health["examined"] == false && health["sizes"]["total"].as_u64() > Some(0), "{health:#}");
}

#[test]
fn an_agent_that_vanishes_is_noticed_unasked_and_its_return_too() {
    let site = site("[limits]\nhealth = \"5s\"\n");
    let mut supervisor = start(&site);
    fs::remove_file(agent(&site)).expect("removed");
    let level =
        |level: &'static str| move |fact: &Value| fact["part"] == "claude_instances" && fact["level"]["level"] == level;
    supervisor.wait("the loss", level("down"));
    let reason = format!("there is no program {}", agent(&site).display());
    assert_down(&site, "claude_instances", &reason, "`orchestrator-tui resume`");
    make_agent(&site);
    supervisor.wait("the return", level("up"));
    health(&site, None);
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_program_that_may_not_be_executed_is_none() {
    let site = site("");
    let supervisor = start(&site);
    fs::set_permissions(agent(&site), fs::Permissions::from_mode(0o644)).expect("set");
    assert_down(&site, "claude_instances", "there is no program", "resume");
    make_agent(&site);
    health(&site, None);
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_journal_that_takes_no_write_is_found_although_nothing_is_to_be_written() {
    let site = site("");
    let mut supervisor = start(&site);
    let other = rusqlite::Connection::open(state(&site).join("journal.db")).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    assert_down(&site, "state_manager", "is held by another program", "close what has it open");
    other.execute_batch("COMMIT").expect("let go");
    health(&site, None);
    supervisor.wait("its return", |fact| fact["part"] == "state_manager" && fact["level"]["level"] == "up");
    assert_eq!(supervisor.stop(), 0);
    let logs = site.run(&["logs"]).out;
    assert!(logs.contains("health: state_manager is down") && logs.contains("health: state_manager is up"), "{logs}");
}

#[test]
fn a_watcher_that_sees_no_more_is_replaced() {
    let site = site("");
    let mut supervisor = start(&site);
    health(&site, None);
    // Another folder in the same place: what is written into it is not noticed any more.
    let ground = state(&site).join("noticed");
    fs::remove_dir_all(&ground).expect("removed");
    fs::create_dir(&ground).expect("made");
    health(&site, None);
    let watcher =
        |level: &'static str| move |fact: &Value| fact["part"] == "file_watcher" && fact["level"]["level"] == level;
    let down = supervisor.wait("that it is blind", watcher("down"));
    assert!(down["level"]["reason"].as_str().is_some_and(|why| why.contains("did not notice a file")), "{down}");
    supervisor.wait("another one", watcher("up"));
    let runs = supervisor.seen.iter().filter(|fact| fact["kind"] == "ran").count();
    site.write("file.txt", "other\n");
    supervisor.wait_count(runs + 1, "ran");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_runner_that_can_start_nothing_is_found() {
    let site = site("");
    let supervisor = start(&site);
    health(&site, None);
    // No holder can make its socket where a folder is.
    let sockets = fs::read(state(&site).join("sockets")).expect("where the sockets are");
    let in_the_way = PathBuf::from(OsStr::from_bytes(&sockets)).join("s0.sock");
    fs::create_dir(&in_the_way).expect("made");
    assert_down(&site, "test_runner", "no check can run: cannot listen on", "`orchestrator-tui doctor`");
    fs::remove_dir(&in_the_way).expect("removed");
    health(&site, None);
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_heart_that_stands_still_is_said_with_what_wakes_it() {
    let site = site("[limits]\nheartbeat = \"1s\"\n");
    let mut supervisor = start(&site);
    supervisor.wait_kind("beat");
    supervisor.signal(Signal::SIGSTOP);
    let health = site.json(&["health"]);
    let pid = supervisor.child.id();
    assert_eq!((&health["healthy"], &health["running"]), (&false.into(), &true.into()), "{health:#}");
    assert_eq!(health["silent"]["process"], pid, "{health:#}");
    assert!(health["heart"]["late"] == true && health["heart"]["every"] == 1.0, "{health:#}");
    supervisor.signal(Signal::SIGCONT);
    supervisor.wait_kind("beat");
    let said = site.run(&["health"]);
    assert_eq!(said.code, 0, "{said:?}");
    supervisor.signal(Signal::SIGSTOP);
    let said = site.run(&["health"]);
    assert!(said.code == 1 && said.out.contains(&format!("✗ process {pid} does not answer")), "{said:?}");
    assert!(said.out.contains(&format!("`kill -CONT {pid}`")) && said.out.contains("✗ heart, is late"), "{said:?}");
    supervisor.signal(Signal::SIGCONT);
    assert_eq!(supervisor.stop(), 0);
}
