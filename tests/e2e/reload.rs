//! The configuration changes while a supervisor runs: what is good takes effect, what is not changes nothing and is said.

use std::fs;

use serde_json::Value;

use crate::screen::Screen;
use crate::site::{Site, Supervisor, until};

const CONFIG: &str = "[watch]\nignore = [\"orchestrator.toml\", \"notes/\"]\n\n[[check]]\nname = \"unit\"\nrun = \"grep -q good file.txt\"\n\n\
    [[check]]\nname = \"lint\"\nrun = \"touch linted; grep -q tidy file.txt\"\n";

const LINT: &str = "[[check]]\nname = \"lint\"\nrun = \"touch linted; grep -q tidy file.txt\"\n";

/// A project with a red check and a green one, whose configuration the project's watcher does not look at.
fn site() -> Site {
    let ignored = "linted\nran\norchestrator.toml\n";
    Site::new(&[("file.txt", "good\n"), ("notes/a", ""), ("orchestrator.toml", CONFIG), (".gitignore", ignored)])
}

/// Starts it, and waits until both checks have run and the red one is held.
fn start(site: &Site) -> Supervisor {
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(2, "ran");
    supervisor.wait_count(1, "held");
    supervisor
}

fn refused(supervisor: &mut Supervisor) -> String {
    supervisor.wait_kind("config_refused")["why"].as_str().expect("a reason").to_owned()
}

fn changes(fact: &Value) -> Vec<&str> {
    fact["changes"].as_array().expect("a list").iter().map(|change| change.as_str().expect("text")).collect()
}

fn ran(check: &str) -> impl Fn(&Value) -> bool {
    move |fact| fact["kind"] == "ran" && fact["key"]["check"] == check
}

#[test]
fn a_check_that_goes_ends_its_task_and_one_that_comes_runs() {
    let site = site();
    let mut supervisor = start(&site);
    // The same command under another name is nothing new to agree to, and one less is none either.
    let again = "[[check]]\nname = \"again\"\nrun = \"grep -q good file.txt\"\n";
    site.write("orchestrator.toml", &format!("{}{again}[fix]\nattempts = 2\n", CONFIG.replace(LINT, "")));
    let fact = supervisor.wait_kind("reconfigured");
    assert_eq!(changes(&fact), ["check again is new", "check lint is gone", "fix.attempts"]);
    supervisor.wait("the new check", ran("again"));
    let task = site.task(1);
    assert_eq!(
        (&task["state"], &task["reason"]),
        (&"done".into(), &"its check is no longer in the configuration".into())
    );
    site.write("file.txt", "good as well\n");
    supervisor.wait("the old check", ran("unit"));
    assert_eq!(supervisor.stop(), 0);
    // What is less was agreed to, also for the next start.
    let said = site.run(&["run", "--headless", "--until-idle"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_mistake_changes_nothing_and_is_said_with_its_place() {
    let site = site();
    let mut supervisor = start(&site);
    site.write("orchestrator.toml", &format!("{CONFIG}[fix]\nattempts = \"many\"\nland = 3\n"));
    let why = refused(&mut supervisor);
    for part in ["orchestrator.toml:12:12: ", "and another mistake", "`orchestrator-tui config check`"] {
        assert!(why.contains(part), "{part:?} is missing: {why}");
    }
    assert!(!why.contains('\n'), "{why}");
    assert_eq!(site.json(&["status"])["configuration"]["refused"].as_str(), Some(why.as_str()));
    assert!(site.run(&["logs"]).out.contains(&format!("configuration not taken up, the one before goes on: {why}")));
    let said = site.run(&["config", "reload"]);
    assert_eq!((said.code, said.err.contains("orchestrator.toml:12:12")), (1, true), "{said:?}");
    // The settings before go on, with the task that they filed.
    fs::remove_file(site.project.join("linted")).expect("it ran");
    site.write("file.txt", "good again\n");
    supervisor.wait("the check", ran("lint"));
    assert!(site.project.join("linted").exists());
    assert_eq!(site.json(&["tasks"])[0]["state"], "held");
    // No check at all is a mistake, too: a file that is just being written may look like that.
    site.write("orchestrator.toml", "");
    assert!(refused(&mut supervisor).contains("it names no check"));
    site.write("orchestrator.toml", CONFIG);
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), Vec::<&str>::new(), "as before");
    assert!(site.json(&["status"])["configuration"].is_null());
    let said = site.run(&["config", "reload"]);
    assert_eq!((said.code, said.out.contains("in force")), (0, true), "{said:?}");
    assert_eq!(supervisor.stop(), 1);
}

#[test]
fn what_was_not_agreed_to_runs_only_after_a_yes() {
    let site = site();
    let mut supervisor = start(&site);
    site.write("orchestrator.toml", &format!("{CONFIG}[[check]]\nname = \"new\"\nrun = \"touch ran\"\n"));
    let why = refused(&mut supervisor);
    for part in ["you have not agreed to: check run: touch ran;", "`orchestrator-tui trust`"] {
        assert!(why.contains(part), "{part:?} is missing: {why}");
    }
    let said = site.run(&["trust"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("would run") && said.out.contains("check run: touch ran"), "{said:?}");
    assert!(said.err.contains("trust --yes"), "{said:?}");
    assert_eq!(site.json(&["trust"])["trusted"], false);
    assert!(site.run(&["config", "check"]).out.contains("it goes on with what was agreed to"));
    assert!(!site.project.join("ran").exists());
    let said = site.run(&["trust", "--yes"]);
    assert_eq!((said.code, said.out.contains("agreed")), (0, true), "{said:?}");
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), ["check new is new"]);
    supervisor.wait("the new check", ran("new"));
    assert!(site.project.join("ran").exists());
    assert_eq!(site.json(&["trust"])["trusted"], true);
    assert_eq!(supervisor.stop(), 1);
}

#[test]
fn a_merge_under_way_puts_it_off() {
    let site = site();
    site.git(&["add", "-f", "orchestrator.toml"]);
    site.commit("With its configuration");
    site.git(&["checkout", "-q", "-b", "other"]);
    site.write("file.txt", "good, theirs\n");
    site.write("orchestrator.toml", &CONFIG.replace(LINT, ""));
    site.commit("Theirs");
    site.git(&["checkout", "-q", "main"]);
    site.write("file.txt", "good, ours\n");
    site.commit("Ours");
    let mut supervisor = start(&site);
    site.git_fails(&["merge", "-q", "other"]);
    assert!(!site.read("orchestrator.toml").contains("lint"), "it is merged already");
    assert_eq!(refused(&mut supervisor), "a merge is under way; it is read when that is over");
    let said = site.run(&["config", "reload"]);
    assert_eq!((said.code, said.err.contains("a merge is under way")), (1, true), "{said:?}");
    assert_eq!(site.json(&["tasks"])[0]["state"], "held", "nothing has ended");
    site.git(&["merge", "--abort"]);
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), Vec::<&str>::new(), "as before");
    site.git_fails(&["merge", "-q", "other"]);
    refused(&mut supervisor);
    site.write("file.txt", "good\n");
    site.git(&["commit", "-qam", "Merged"]);
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), ["check lint is gone"]);
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn a_yes_to_checks_is_none_to_agents() {
    let site = site();
    let off = format!("{CONFIG}[fix]\nenabled = false\n");
    site.write("orchestrator.toml", &off);
    let mut supervisor = start(&site);
    site.write("orchestrator.toml", CONFIG);
    let why = refused(&mut supervisor);
    assert!(why.contains("you have agreed to checks only"), "{why}");
    let said = site.run(&["trust", "--yes"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), ["fix.enabled"]);
    assert_eq!(supervisor.stop(), 1);
}

#[test]
fn the_users_file_counts_and_so_does_what_is_watched() {
    let site = site();
    let mut supervisor = start(&site);
    let file = site.outside("user.toml");
    let user = fs::read_to_string(&file).expect("readable");
    fs::write(&file, format!("{user}[limits]\nrunning = 3\n")).expect("written");
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), ["limits.running"]);
    // As editors do it: another file takes its place.
    let other = site.outside("other.toml");
    fs::write(&other, format!("{user}[limits]\nrunning = \"x\"\n")).expect("written");
    fs::rename(&other, &file).expect("moved");
    let why = refused(&mut supervisor);
    assert!(why.contains("user.toml:13:11: "), "{why}");
    fs::write(&file, &user).expect("written");
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), ["limits.running"]);

    site.write("orchestrator.toml", &CONFIG.replace(", \"notes/\"", ""));
    assert_eq!(changes(&supervisor.wait_kind("reconfigured")), ["watch.ignore"]);
    // The watcher is another one by then, or soon; whoever writes often enough is seen by it.
    let mut writes = 0;
    until("a change below notes/", || {
        writes += 1;
        site.write("notes/a", &writes.to_string());
        site.run(&["logs"]).out.contains("changed: notes/a")
    });
    assert_eq!(supervisor.stop(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_shows_what_was_refused_as_long_as_it_is() {
    let site = site();
    let mut screen = Screen::start(&site).await;
    screen.until("the task", |view| !view.rows.is_empty()).await;
    site.write("orchestrator.toml", &CONFIG.replace("name = \"lint\"", "nmae = \"lint\""));
    screen.until("the mistake", |view| view.head.refused.is_some()).await;
    let (_, why) = screen.view.head.refused.clone().expect("a reason");
    assert!(why.starts_with("orchestrator.toml:9:1: ") && why.contains("did you mean `name`?"), "{why}");
    site.write("orchestrator.toml", CONFIG);
    screen.until("the mistake gone", |view| view.head.refused.is_none()).await;
    drop(screen);
    site.wait_until_empty();
}
