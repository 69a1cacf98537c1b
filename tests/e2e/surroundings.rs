//! Bad surroundings: each is one clear message with a hint and the right exit code, and changes nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::site::{Said, Site};

const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"touch ran; grep -q good file.txt\"\n";
const UNTIL_IDLE: [&str; 4] = ["run", "--headless", "--until-idle", "--trust"];

/// A red project with an agent that mends it.
fn red() -> Site {
    let site = Site::new(&[("file.txt", "bad\n"), ("orchestrator.toml", CONFIG), (".gitignore", "ran\n")]);
    mends(&site);
    site
}

fn mends(site: &Site) {
    let step = "{ do = \"edit\", file = \"file.txt\", find = \"bad\", replace = \"good\" }";
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{step}]\n"));
}

fn said(mut command: Command) -> Said {
    let output = command.stdin(Stdio::null()).output().expect("our program");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// It refuses with this code and says all of this, once, on standard error; a program is told the same as JSON.
fn refuses(said: &Said, code: i32, parts: &[&str]) {
    assert!(said.code == code && (said.out.is_empty() || said.out.starts_with("{\"error\":")), "{said:?}");
    for part in parts {
        assert!(said.err.contains(part), "{part:?} is missing: {}", said.err);
    }
    assert_eq!(said.err.matches("orchestrator-tui: ").count(), 1, "{}", said.err);
    assert!(!said.err.contains("panicked") && !said.err.contains("os error"), "{}", said.err);
}

/// Refuses, and neither the project nor what it would run was touched.
fn refuses_run(site: &Site, args: &[&str], code: i32, parts: &[&str]) {
    let before = site.hashes("");
    refuses(&site.run(args), code, parts);
    assert!(before == site.hashes(""));
}

/// A folder with the programs that a shell script needs, and no git.
fn programs(site: &Site) -> std::path::PathBuf {
    let folder = site.outside("bin");
    fs::create_dir(&folder).expect("made");
    for name in ["sh", "touch", "grep", "cat"] {
        let path = std::env::var_os("PATH").expect("a path");
        let program = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists());
        symlink(program.expect(name), folder.join(name)).expect("linked");
    }
    folder
}

#[test]
fn bad_configuration_is_told_at_once_with_places() {
    let text = "[watch]
settle = \"3 parsecs\"
ignroe = []

[[check]]
name = \"unit\"
paths = [\"src/[**\"]
run = \"touch ran; pytest {tets}\"

[fix]
land = \"maybe\"
attempts = -1
";
    let site = Site::new(&[("orchestrator.toml", text)]);
    let parts = [
        "the configuration has 6 mistakes; nothing was run",
        "orchestrator.toml:2:10",
        " 2 | settle = \"3 parsecs\"\n   |          ^^^^^^^^^^^",
        "orchestrator.toml:3:1\n",
        "hint: did you mean `ignore`?",
        "orchestrator.toml:7:10",
        "orchestrator.toml:8:26\n",
        "hint: did you mean {tests}?",
        "orchestrator.toml:11:8\n",
        "hint: possible: \"auto\", \"ask\"",
        "orchestrator.toml:12:12\n",
        "    |            ^^\n  hint: write a number",
    ];
    refuses_run(&site, &UNTIL_IDLE, 2, &parts);
    refuses_run(&site, &["config", "check"], 2, &parts);
    let told = site.run(&["config", "check", "--json"]);
    let json: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((told.code, &json["ok"]), (2, &Value::Bool(false)), "{told:?}");
    let errors = json["errors"].as_array().expect("a list");
    assert_eq!(errors.len(), 6, "{json:#}");
    assert_eq!((errors[0]["line"].as_u64(), errors[0]["col"].as_u64()), (Some(2), Some(10)), "{json:#}");
    site.write("orchestrator.toml", "[[check]\nname = 1\n");
    refuses_run(&site, &UNTIL_IDLE, 2, &["the configuration has a mistake", "orchestrator.toml:1:"]);
}

#[test]
fn a_good_configuration_is_shown_with_its_sources() {
    let site = red();
    let told = site.run(&["config", "check"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    for part in ["the configuration is good", "check unit", "orchestrator.toml:3:7", "user.toml:2:", "not trusted yet"]
    {
        assert!(told.out.contains(part), "{part:?} is missing: {}", told.out);
    }
    let json = site.json(&["config", "check"]);
    assert_eq!((&json["ok"], &json["trusted"]), (&Value::Bool(true), &Value::Bool(false)), "{json:#}");
    assert_eq!(json["checks"][0]["name"], "unit");
    assert_eq!(json["sources"]["check[0].run"], "orchestrator.toml:3:7", "{json:#}");
    site.until_idle();
    assert_eq!(site.json(&["config", "check"])["trusted"], true);
}

#[test]
fn an_untrusted_project_runs_nothing() {
    let site = red();
    let args = ["run", "--headless", "--until-idle"];
    let parts = ["is not trusted yet; nothing was run", "check run: touch ran; grep -q good file.txt", "--trust"];
    refuses_run(&site, &args, 1, &parts);
    assert!(!site.project.join("ran").exists());
    assert_eq!(site.until_idle().code, 0);
    assert_eq!(site.run(&args).code, 0, "it was agreed to");
    // Another command than the one that was agreed to.
    site.write("orchestrator.toml", &CONFIG.replace("touch ran;", "touch ran2;"));
    refuses_run(&site, &args, 1, &["has changed what it would run since you agreed", "touch ran2;", "--trust"]);
    assert!(!site.project.join("ran2").exists());
    // Other settings run nothing, and need no yes.
    site.write("orchestrator.toml", &format!("[fix]\nattempts = 2\n{CONFIG}"));
    assert_eq!(site.run(&args).code, 0);
}

#[test]
fn without_claude_checks_run_and_the_task_says_how_to_get_it() {
    let site = red();
    fs::write(site.outside("user.toml"), "[agent.claude]\nprogram = \"claude\"\n").expect("written");
    let mut command = site.command(&UNTIL_IDLE);
    let folder = programs(&site);
    let git = Command::new("sh").args(["-c", "command -v git"]).output().expect("git").stdout;
    symlink(String::from_utf8_lossy(&git).trim(), folder.join("git")).expect("linked");
    command.env("PATH", &folder);
    let ran = said(command);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    assert!(ran.out.contains("✗ unit red"), "{ran:?}");
    assert!(site.project.join("ran").exists());
    assert_eq!(site.read("file.txt"), "bad\n");
    let row = site.task(1);
    assert_eq!((row["state"].as_str(), row["attempts"].as_u64()), (Some("queued"), Some(0)), "{row:#}");
    for said in [ran.out, site.run(&["show", "1"]).out, site.run(&["status"]).out] {
        assert!(said.contains("there is no program claude"), "{said}");
        assert!(said.contains("npm install -g @anthropic-ai/claude-code"), "{said}");
    }
}

#[test]
fn without_git_it_says_so() {
    let site = red();
    let folder = programs(&site);
    let with = |folder: &Path| {
        let mut command = site.command(&UNTIL_IDLE);
        command.env("PATH", folder);
        said(command)
    };
    let before = site.hashes("");
    refuses(&with(&folder), 2, &["git is not installed", "install git 2.38 or newer"]);
    let fake = folder.join("git");
    fs::write(&fake, "#!/bin/sh\necho git version 2.30.2\n").expect("written");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("set");
    refuses(&with(&folder), 2, &["git 2.30.2 is too old", "2.38 or newer"]);
    assert!(before == site.hashes(""), "a check ran");
}

#[test]
fn a_state_folder_that_is_none() {
    let site = red();
    let file = site.outside("file");
    fs::write(&file, "").expect("written");
    let before = site.hashes("");
    for chosen in [file.clone(), file.join("deeper/still")] {
        for args in [&UNTIL_IDLE[..], &["tasks"], &["status", "--json"], &["undo", "1"], &["config", "check"]] {
            let mut command = site.command(args);
            command.env("ORCHESTRATOR_STATE_DIR", &chosen);
            refuses(&said(command), 2, &["cannot be the folder for state", "hint: ORCHESTRATOR_STATE_DIR"]);
        }
    }
    assert!(before == site.hashes(""));
}

#[test]
fn a_state_file_that_cannot_be_written() {
    let site = red();
    let before = site.hashes("");
    let file = site.outside("file");
    fs::write(&file, "mine").expect("written");
    for (path, word) in [(file.join("state.json"), "hint"), (site.outside("home"), "regular file")] {
        let mut command = site.command(&UNTIL_IDLE);
        command.env("STATE_FILE", &path);
        let told = said(command);
        assert_eq!(told.code, 2, "{told:?}");
        assert!(told.err.contains("STATE_FILE") && told.err.contains(word) && told.err.contains("hint: "), "{told:?}");
    }
    assert!(before == site.hashes(""));
    let good = site.outside("new/folder/state.json");
    let mut command = site.command(&UNTIL_IDLE);
    command.env("STATE_FILE", &good);
    assert_eq!(said(command).code, 0);
    let mirror: Value = serde_json::from_slice(&fs::read(&good).expect("there")).expect("JSON");
    assert_eq!(mirror["processes"]["orchestrator"]["status"], "stopped", "{mirror:#}");
    assert_eq!(mirror["queues"]["completed"][0]["id"], "task_00000001", "{mirror:#}");
}

#[test]
fn a_project_that_is_none() {
    let site = red();
    let verbs = [&["run", "--headless"][..], &["status"], &["undo", "1"], &["config", "check"]];
    for verb in verbs {
        let args = [&["-C", "/nowhere/at/all"], verb].concat();
        refuses(&site.run(&args), 2, &["there is no folder /nowhere/at/all", "hint: "]);
        let args = [&["-C", "file.txt"], verb].concat();
        refuses(&site.run(&args), 2, &["file.txt is not a folder", "hint: "]);
    }
}

#[test]
fn no_checks_at_all() {
    let site = Site::new(&[("notes.txt", "hello\n")]);
    refuses_run(&site, &UNTIL_IDLE, 2, &["has no checks", "orchestrator.toml", "[[check]]"]);
    assert!(site.run(&["config", "check"]).out.contains("no check"));
}

#[test]
fn the_usual_checks_of_a_kind_are_said_and_want_a_yes() {
    for (file, text, run) in [
        ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n", "cargo test"),
        ("package.json", "{\"scripts\": {\"test\": \"node test.js\"}}", "npm run test"),
        ("tests/conftest.py", "", "python3 -m pytest -q"),
    ] {
        let site = Site::new(&[(file, text)]);
        refuses_run(&site, &["run", "--headless", "--until-idle"], 1, &["is not trusted yet", run, "--trust"]);
        let told = site.run(&["config", "check"]);
        assert!(told.code == 0 && told.out.contains(run) && told.out.contains("from the kind of project"), "{told:?}");
    }
}

#[test]
fn the_usual_check_runs_after_a_yes() {
    // The real runner is not needed to see that it is started: a stand-in on the path says what it was asked.
    let site = Site::new(&[("package.json", "{\"scripts\": {\"test\": \"exit 1\"}}"), ("a.js", "")]);
    let folder = programs(&site);
    let npm = folder.join("npm");
    fs::write(&npm, format!("#!/bin/sh\necho \"$@\" > {}\n", site.outside("asked").display())).expect("written");
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).expect("set");
    let mut command = site.command(&UNTIL_IDLE);
    let path = std::env::var_os("PATH").expect("a path");
    let both = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path))).expect("joined");
    command.env("PATH", both);
    let ran = said(command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(fs::read_to_string(site.outside("asked")).expect("it ran"), "run test\n");
}

#[test]
fn tasks_that_are_none() {
    let site = red();
    for verb in ["show", "receipt"] {
        refuses(&site.run(&[verb, "99"]), 1, &["there is no task #99", "`orchestrator-tui tasks`"]);
    }
    refuses(&site.run(&["undo", "1"]), 1, &["nothing to undo"]);
    assert_eq!(site.until_idle().code, 0);
    for verb in ["show", "receipt", "undo"] {
        refuses(&site.run(&[verb, "99"]), 1, &["there is no task #99", "`orchestrator-tui tasks`"]);
    }
    let wrong = site.run(&["show", "first"]);
    assert!(wrong.code == 2 && wrong.err.contains("write 14"), "{wrong:?}");
    assert_eq!(site.json(&["status"])["processes"]["orchestrator"]["status"], "stopped");
}

#[test]
fn verbs_that_need_a_supervisor() {
    let site = red();
    for verb in ["land", "refuse", "undo"] {
        refuses(&site.run(&[verb, "1"]), 1, &["no supervisor ever ran in this project"]);
    }
    for verb in ["retry", "kill", "fix", "hold", "snooze", "unsnooze"] {
        refuses(&site.run(&[verb, "1"]), 3, &["no supervisor runs in this project", "hint: `orchestrator-tui run"]);
    }
    for args in [&["check"][..], &["pause"], &["resume"], &["stop"], &["logs", "-f"]] {
        refuses(&site.run(args), 3, &["no supervisor runs in this project", "hint: `orchestrator-tui run"]);
    }
    let health = site.run(&["health"]);
    assert!(health.code == 3 && health.out.contains("no supervisor runs"), "{health:?}");
}

#[test]
fn wrong_flags() {
    let site = red();
    for (args, hint) in [
        (&["run", "--headles"][..], "--headless"),
        (&["tasks", "--jsn"], "--json"),
        (&["shwo", "1"], "show"),
        (&["retry"], "<TASK>"),
        (&["run", "--headless", "--running", "many"], "--running"),
        (&["completions", "tcsh"], "zsh"),
        (&[], "needs a terminal"),
        (&["run"], "--headless"),
    ] {
        let told = site.run(args);
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{args:?}: {told:?}");
        assert!(told.err.contains(hint), "{args:?}: {told:?}");
    }
    assert!(!site.project.join("ran").exists());
}

#[test]
fn help_version_and_completions() {
    let site = Site::bare(&[]);
    let version = site.run(&["--version"]);
    assert_eq!((version.code, version.out), (0, format!("orchestrator-tui {}\n", env!("CARGO_PKG_VERSION"))));
    let help = site.run(&["--help"]);
    assert_eq!(help.code, 0);
    let verbs: Vec<&str> = help
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .filter(|line| !line.starts_with("   ") && !line.starts_with("  help")) // what goes on below, and itself
        .map_while(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.len() > 15, "{verbs:?}");
    for verb in verbs {
        let told = site.run(&[verb, "--help"]);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{verb}");
        let first = told.out.lines().next().unwrap_or_default();
        assert!(first.len() > 10 && first.starts_with(char::is_uppercase), "{verb}: {first:?}");
        assert!(told.out.contains("Usage: orchestrator-tui"), "{}", told.out);
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = site.run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        assert!(script.out.contains("until-idle") && script.out.contains("receipt"), "{shell}");
    }
    let bash = site.run(&["completions", "bash"]).out;
    let file = site.outside("completions.bash");
    fs::write(&file, bash).expect("written");
    let read = Command::new("bash").arg("-n").arg(&file).status().expect("bash");
    assert!(read.success());
    assert_eq!(site.hashes("").len(), 0);
}

fn journal(site: &Site) -> std::path::PathBuf {
    let folder = fs::read_dir(site.state()).expect("a folder").flatten().map(|entry| entry.path());
    folder.map(|path| path.join("journal.db")).find(|path| path.exists()).expect("a journal")
}

#[test]
fn a_broken_journal_is_said_and_kept() {
    let site = red();
    assert_eq!(site.until_idle().code, 0);
    let file = journal(&site);
    let good = fs::read(&file).expect("readable");
    for broken in [b"garbage, no database".repeat(300), good[..good.len() / 2].to_vec()] {
        for more in ["-wal", "-shm"] {
            let _ = fs::remove_file(file.with_file_name(format!("journal.db{more}")));
        }
        fs::write(&file, &broken).expect("written");
        for args in [&UNTIL_IDLE[..], &["tasks"], &["undo", "1"]] {
            refuses_run(&site, args, 2, &["the journal", "is damaged", "move it away"]);
        }
        assert!(fs::read(&file).expect("kept") == broken, "it was written to");
    }
    fs::write(&file, good).expect("written");
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert_eq!(site.read("file.txt"), "bad\n");
}

#[test]
fn the_journal_of_a_newer_version_is_left_alone() {
    let site = red();
    assert_eq!(site.until_idle().code, 0);
    let file = journal(&site);
    let change = |sql: &str| {
        let connection = rusqlite::Connection::open(&file).expect("a database");
        connection.execute_batch(sql).expect("changed");
    };
    change("UPDATE schema SET version = version + 98");
    for args in [&UNTIL_IDLE[..], &["tasks"], &["undo", "1"]] {
        refuses_run(&site, args, 2, &["has format 99", "use the newer orchestrator-tui"]);
    }
    change("UPDATE schema SET version = version - 98");
    assert_eq!(site.run(&["undo", "1"]).code, 0);
}
