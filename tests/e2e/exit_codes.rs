//! One rule for exit codes and errors: wrong usage, which can be said without knowing how things stand, is 2; what is
//! unknown or refused is 1. With `--json` the error is on standard output, too.

use serde_json::{Value, json};

use crate::site::Site;

const CONFIG: &str =
    "[lanes]\nsession = 1\n[[check]]\nname = \"unit\"\nrun = \"true\"\n[fix]\nplanner = \"off\"\nbackoff = \"0s\"\n";

/// A session of another project, and a UUID of nobody's.
const FOREIGN: &str = "01234567-89ab-85e5-8cde-f00000000001";
const STRANGE: &str = "7f1c2d3e-0000-4000-9000-00000000abcd";

#[test]
fn every_verb_ends_with_the_code_of_its_mistake() {
    let site = Site::new(&[("file.txt", "fine\n"), ("orchestrator.toml", CONFIG)]);
    site.script("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"say\", text = \"ok.\" }]\n");
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("green_at");

    let numbered =
        ["show", "receipt", "retry", "kill", "fix", "hold", "unsnooze", "snooze", "land", "refuse", "undo", "logs"];
    let mut table: Vec<(Vec<&str>, i32, &str)> = Vec::new();
    for verb in numbered {
        // A number, a session of another project and a UUID that nobody made are unknown in the same way.
        for task in ["999", FOREIGN, STRANGE] {
            table.push((vec![verb, task], 1, "there is no task"));
        }
        table.push((vec![verb, "poet"], 2, "is not a task"));
        table.push((vec!["-C", "", verb, "1"], 2, "a value is required for '--project"));
    }
    for verb in [&["session", "get"][..], &["session", "start"], &["session", "output"]] {
        for task in ["999", FOREIGN] {
            table.push(([verb, &[task]].concat(), 1, "there is no task"));
        }
        table.push(([verb, &["1", "--repository", ""]].concat(), 2, "--repository names nothing"));
    }
    let others: [(&[&str], i32, &str); 23] = [
        (&["session", "create", "x", "--repository", ""], 2, "--repository names nothing"),
        (&["session", "create", "x", "--repo", " "], 2, "--repository names nothing"),
        (&["session", "create", " "], 2, "needs a requirement"),
        (&["session", "create", "x", "--after", "999"], 1, "there is no task"),
        (&["session", "list", "--repo", ""], 2, "--repository names nothing"),
        (&["session", "list", "--orchestration", "9"], 1, "there is no orchestration"),
        (&["orchestrate", ""], 2, "nothing is to be built"),
        (&["orchestrate", "x", "--repo", ""], 2, "--repository names nothing"),
        (&["approve", "9"], 1, "there is no batch"),
        (&["approve", STRANGE], 1, "there is no orchestration"),
        (&["approve", "1", "--repo", ""], 2, "--repository names nothing"),
        (&["decline", "x"], 2, "is no batch"),
        (&["queue", "--repo", ""], 2, "--repository names nothing"),
        (&["queue", "add", ""], 2, "a title is one line"),
        (&["queue", "add", "y", "--role", "nobody"], 2, "there is no role `nobody`"),
        (&["queue", "remove", "999"], 1, "is not in the queue"),
        (&["emit", ""], 2, "is no event"),
        (&["emit", "NON sense"], 2, "is no event"),
        (&["event", "9"], 1, "there is no event 9"),
        (&["costs", "--raise", "0"], 2, "a raise of nothing"),
        (&["costs", "--raise", "99999999999"], 1, "in the configuration"),
        (&["prompt", "coding", ""], 2, "a prompt is about something"),
        (&["nonsense"], 2, "unrecognized subcommand"),
    ];
    table.extend(others.into_iter().map(|(args, code, part)| (args.to_vec(), code, part)));
    let mut wrong = Vec::new();
    for (args, code, part) in &table {
        let said = site.run(args);
        if said.code != *code || !said.err.contains(part) || !said.out.is_empty() {
            wrong.push(format!("{args:?}: {said:?}"));
            continue;
        }
        // The same for programs.
        let as_json = site.run(&[&args[..], &["--json"]].concat());
        let answer: Value = serde_json::from_str(&as_json.out).unwrap_or_default();
        let error = answer["error"].as_str().unwrap_or_default();
        if as_json.code != *code || answer["success"] != json!(false) || error.is_empty() || as_json.err != said.err {
            wrong.push(format!("{args:?} with --json: {as_json:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let silent = site.run(&["message", "1", ""]);
    assert!(silent.code == 2 && silent.err.contains("nothing to tell"), "{silent:?}");
    supervisor.stop();

    // Without a supervisor the same is unknown.
    for verb in ["show", "logs", "undo", "land"] {
        let said = site.run(&[verb, STRANGE]);
        assert!(said.code == 1 && said.err.contains("there is no task"), "{verb}: {said:?}");
    }
}

#[test]
fn a_session_has_an_id_that_no_other_project_has() {
    let create = |site: &Site| {
        site.script("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"say\", text = \"ok.\" }]\n");
        let mut supervisor = site.start(&[]);
        supervisor.wait_kind("green_at");
        let made = site.json(&["session", "create", "Build it"]);
        let id = made["data"]["session"]["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(site.run(&["show", &id]).code, 0, "{made}");
        supervisor.stop();
        assert_eq!(site.json(&["session", "get", &id])["data"]["session"]["id"], json!(id));
        id
    };
    let new = || Site::new(&[("file.txt", "fine\n"), ("orchestrator.toml", CONFIG)]);
    let (one, other) = (new(), new());
    let (first, second) = (create(&one), create(&other));
    assert_ne!(first, second);
    let said = other.run(&["session", "get", &first]);
    let unknown = other.run(&["session", "get", "7"]);
    assert!(said.code == 1 && said.err.contains("there is no task"), "{said:?}");
    assert_eq!(said.err.replace(&first, "#7"), unknown.err);
}
