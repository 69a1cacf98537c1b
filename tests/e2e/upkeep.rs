//! What is made for a project, and what is taken away again: `init`, `gc`, `purge`, and what `config check` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::site::{Said, Site, until};

const CONFIG: &str = "[limits]\ncompleted = 1\n[[check]]\nname = \"unit\"\nrun = \"! grep -q bad file.txt\"\n";

/// A red project with an agent that mends it.
fn red(config: &str) -> Site {
    let site = Site::new(&[("file.txt", "bad 0\n"), ("other.txt", "other\n"), ("orchestrator.toml", config)]);
    let step = "{ do = \"edit\", file = \"file.txt\", find = \"bad\", replace = \"good\" }";
    site.script(&format!("[[scenario]]\nmatch = \"*\"\nsteps = [{step}]\n"));
    site
}

/// Lets it be mended so often, each time broken in another way.
fn mend(site: &Site, times: usize) {
    for round in 1..=times {
        site.write("file.txt", &format!("bad {round}\n"));
        let said = site.until_idle();
        assert_eq!((said.code, site.read("file.txt")), (0, format!("good {round}\n")), "{said:?}");
    }
}

/// The folder of the project's state.
fn state(site: &Site) -> PathBuf {
    let folders = fs::read_dir(site.state()).expect("a folder").flatten().map(|entry| entry.path());
    folders.into_iter().find(|path| path.join("project").exists()).expect("its state")
}

/// Every file and folder below one, with the content of files.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().expect("a kind").is_dir();
            if is_folder {
                ahead.push(entry.path());
            }
            found.insert(entry.path(), if is_folder { Vec::new() } else { fs::read(entry.path()).unwrap_or_default() });
        }
    }
    found
}

/// The paths that `gc` names for one kind of thing, below the state folder.
fn named(report: &Value, what: &str) -> Vec<String> {
    let items = report["removed"].as_array().expect("a list").iter().filter(|item| item["what"] == what);
    items
        .map(|item| {
            assert!(item["bytes"].is_u64() && item["why"].as_str().is_some_and(|why| why.len() > 10), "{item}");
            let path = Path::new(item["path"].as_str().expect("a path"));
            path.file_name().expect("a name").to_string_lossy().into_owned()
        })
        .collect()
}

fn snapshots(site: &Site) -> usize {
    fs::read_dir(state(site).join("shadow.git/refs/snapshots")).expect("a folder").count()
}

/// The shadow repository has every object that is still named.
fn assert_whole(site: &Site) {
    let shadow = state(site).join("shadow.git");
    let done = Command::new("git").args(["fsck", "--connectivity-only"]).env("GIT_DIR", shadow).output().expect("git");
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success() && !said.contains("missing"), "{said}");
}

#[test]
fn gc_removes_what_no_task_needs_and_nothing_that_undo_accepts() {
    let site = red(CONFIG);
    mend(&site, 3);
    let state = state(&site);
    for folder in ["work/old-1-0", "work/3", "work/70", "work/new-3"] {
        fs::create_dir_all(state.join(folder).join("deep")).expect("made");
        fs::write(state.join(folder).join("deep/file"), "left\n").expect("written");
    }
    fs::write(state.join("work/70.json"), "{}").expect("written");
    // One `doctor` was killed long ago, another one may be at work.
    for (folder, old) in [("doctor-1", true), ("doctor-2", false)] {
        let folder = site.state().join(folder);
        fs::create_dir(&folder).expect("made");
        if old {
            fs::File::open(&folder).expect("there").set_modified(std::time::SystemTime::UNIX_EPOCH).expect("set");
        }
    }
    // A reader of the journal leaves empty files beside it, as SQLite does.
    let kept = || {
        let mut kept = all(&site.state());
        kept.retain(|path, _| !path.to_string_lossy().contains("journal.db-"));
        kept
    };
    let before = kept();
    let dry = site.json(&["gc", "--dry-run"]);
    assert!(before == kept(), "a dry run touches nothing");
    assert_eq!(named(&dry, "landing"), ["1", "2"], "{dry:#}");
    assert_eq!(named(&dry, "workspace"), ["70", "new-3", "old-1-0"], "{dry:#}");
    assert_eq!(named(&dry, "leftover"), ["doctor-1"], "{dry:#}");
    let snapshots_before = snapshots(&site);
    let done = site.json(&["gc"]);
    assert_eq!((&dry["removed"], &dry["bytes"]), (&done["removed"], &done["bytes"]), "what was said is what was done");
    assert!(done["bytes"].as_u64() > Some(0) && done["left"].as_u64() < dry["left"].as_u64(), "{done:#} {dry:#}");
    for gone in ["landings/1", "landings/2", "work/old-1-0", "work/70", "work/70.json", "work/new-3"] {
        assert!(!state.join(gone).exists(), "{gone}");
    }
    assert!(!site.state().join("doctor-1").exists() && site.state().join("doctor-2").exists());
    assert!(state.join("landings/3").exists() && state.join("work/1").is_dir());
    assert!(state.join("work/3").is_dir(), "the lane of task files has room for three");
    assert!(snapshots(&site) < snapshots_before);
    assert_whole(&site);
    let again = site.run(&["gc"]);
    assert!(again.code == 0 && again.out.starts_with("nothing to remove; "), "{again:?}");
    assert_eq!(site.run(&["receipt", "3"]).code, 0);
    // Everything goes on as before.
    site.write("file.txt", "bad 4\n");
    assert_eq!(site.until_idle().code, 0);
    assert_whole(&site);
    assert_eq!(named(&site.json(&["gc"]), "landing"), ["3"], "forgotten by now");
    assert_whole(&site);
    let undone = site.run(&["undo", "4"]);
    assert_eq!((undone.code, site.read("file.txt")), (0, "bad 4\n".to_owned()), "{undone:?}");
}

#[test]
fn a_result_that_waits_survives_gc_and_lands() {
    let site = red(&format!("[fix]\nland = \"ask\"\n{CONFIG}"));
    assert_eq!(site.until_idle().code, 1);
    assert_eq!(site.task(1)["state"], "ready");
    // A workspace that was not used for long is no loss either.
    let record = fs::File::options().append(true).open(state(&site).join("work/1.json")).expect("there");
    record.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("set");
    let done = site.json(&["gc"]);
    assert_eq!(named(&done, "workspace"), ["1"], "{done:#}");
    assert_eq!(named(&done, "landing"), [""; 0], "{done:#}");
    assert_whole(&site);
    site.write("other.txt", "edited meanwhile\n");
    let landed = site.run(&["land", "1"]);
    assert_eq!((landed.code, site.read("file.txt")), (0, "good 0\n".to_owned()), "{landed:?}");
    assert_eq!(site.run(&["undo", "1"]).code, 0);
    assert_eq!(
        (site.read("file.txt"), site.read("other.txt")),
        ("bad 0\n".to_owned(), "edited meanwhile\n".to_owned())
    );
}

#[test]
fn landings_that_the_journal_does_not_know_are_left_alone() {
    let site = red(CONFIG);
    mend(&site, 2);
    let journal = state(&site).join("journal.db");
    let away = site.outside("journal.db");
    fs::rename(&journal, &away).expect("moved away, to look what happens");
    mend(&site, 1);
    let done = site.json(&["gc"]);
    assert_eq!(named(&done, "landing"), [""; 0], "{done:#}");
    for more in ["-wal", "-shm"] {
        let _ = fs::remove_file(journal.with_file_name(format!("journal.db{more}")));
    }
    fs::rename(&away, &journal).expect("moved back");
    site.write("file.txt", "good 2\n");
    let undone = site.run(&["undo", "2"]);
    assert_eq!((undone.code, site.read("file.txt")), (0, "bad 2\n".to_owned()), "{undone:?}");
}

#[test]
fn nothing_is_removed_beneath_a_supervisor() {
    let site = red(CONFIG);
    mend(&site, 2);
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("ran");
    for verb in [&["gc"][..], &["purge", "--yes"], &["purge"]] {
        let said = site.run(verb);
        assert!(
            said.code == 3 && said.out.is_empty() && said.err.contains("`orchestrator-tui stop`"),
            "{verb:?}: {said:?}"
        );
    }
    let dry = site.run(&["gc", "--dry-run"]);
    assert!(dry.code == 0 && dry.out.contains("landings/1") && dry.out.contains("a supervisor runs"), "{dry:?}");
    assert!(state(&site).join("landings/1").exists());
    // Also one that has moved its lock, and one that does not answer.
    supervisor.signal(Signal::SIGSTOP);
    let said = site.run(&["gc"]);
    assert!(said.code == 3 && said.err.contains("hint: "), "{said:?}");
    supervisor.signal(Signal::SIGCONT);
    assert_eq!(supervisor.stop(), 0);
    assert_eq!(site.run(&["gc"]).code, 0);
    assert!(!state(&site).join("landings/1").exists());
}

#[test]
fn purge_leaves_no_byte() {
    let site = red(CONFIG);
    let other = red(CONFIG);
    let before = (all(&site.state()), all(&site.outside("home")));
    let (mirror, lock) = (site.outside("mirror.json"), site.outside("elsewhere/lock"));
    let link = site.outside("data.db");
    let with = |args: &[&str]| {
        let mut command = site.command(args);
        command.env("STATE_FILE", &mirror).env("LOCK_FILE", &lock).env("DATABASE_PATH", &link);
        said(command)
    };
    site.write("file.txt", "bad 1\n");
    assert_eq!(with(&["run", "--headless", "--until-idle", "--trust"]).code, 0);
    assert!(mirror.exists() && lock.exists() && site.state().join("trusted.json").exists());
    let sockets = String::from_utf8(fs::read(state(&site).join("sockets")).expect("where")).expect("a path");
    let project = site.hashes("");

    let refused = with(&["purge"]);
    assert!(refused.code == 1 && refused.err.contains("hint: `orchestrator-tui purge --yes`"), "{refused:?}");
    for part in [
        &state(&site).display().to_string(),
        "trusted.json",
        "mirror.json",
        "elsewhere/lock",
        "data.db",
        "1 fix can be undone",
    ] {
        assert!(refused.out.contains(part), "{part}: {refused:?}");
    }
    assert!(state(&site).join("journal.db").exists());
    let json = with(&["purge", "--json"]);
    let plan: Value = serde_json::from_str(&json.out).expect("JSON");
    assert!(json.code == 1 && plan["removed"] == false && plan["kept"][0]["bytes"].as_u64() > Some(0), "{json:?}");

    let done = with(&["purge", "--yes"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    assert!(before == (all(&site.state()), all(&site.outside("home"))), "{:?}", all(&site.state()).keys());
    assert!(
        link.symlink_metadata().is_err() && !mirror.exists() && !lock.exists() && !Path::new(&sockets).exists(),
        "{sockets}"
    );
    assert!(project == site.hashes(""), "the project itself was touched");
    let again = site.run(&["purge"]);
    assert!(again.code == 0 && again.out.contains("nothing is kept"), "{again:?}");
    assert!(before.0 == all(&site.state()), "to ask leaves nothing either");
    // It begins anew, with another yes; and nobody else's was lost.
    assert_eq!(site.run(&["run", "--headless", "--until-idle"]).code, 1);
    assert_eq!(other.until_idle().code, 0);
}

#[test]
fn purge_takes_back_only_one_projects_agreement_and_asks_on_a_terminal() {
    let site = red(CONFIG);
    mend(&site, 1);
    let second = site.outside("second");
    fs::create_dir(&second).expect("made");
    for file in ["file.txt", "orchestrator.toml"] {
        fs::copy(site.project.join(file), second.join(file)).expect("copied");
    }
    let run = |args: &[&str]| {
        let mut command = site.command(args);
        command.current_dir(&second);
        said(command)
    };
    assert_eq!(run(&["run", "--headless", "--until-idle", "--trust"]).code, 0);
    for (answer, code) in [("n\n", 1), ("\n", 1), ("yes please\n", 1), ("y\n", 0)] {
        let is_there = || fs::read_dir(site.state()).expect("a folder").count() == 3;
        assert!(is_there(), "before {answer:?}");
        let (status, printed) = on_a_terminal(&site, &["purge"], answer);
        assert_eq!(status, code, "{answer:?}: {printed}");
        assert!(printed.contains("Remove everything that is kept about"), "{printed}");
        assert_eq!(is_there(), code == 1, "{answer:?}");
    }
    assert_eq!(run(&["run", "--headless", "--until-idle"]).code, 0, "the other project is still trusted");
    assert_eq!(run(&["purge", "--yes"]).code, 0);
    assert_eq!(all(&site.state()).len(), 0);
}

#[test]
fn purge_ends_what_a_killed_supervisor_left_and_rolls_back_a_landing_cut_short() {
    let site = red(CONFIG);
    site.script(&format!(
        "[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"touch\", file = {:?} }}, {{ do = \"wait_for\", file = {:?} }}]\n",
        site.outside("here"),
        site.outside("never")
    ));
    let mut supervisor = site.start(&[]);
    supervisor.wait_kind("held");
    assert_eq!(site.run(&["fix", "1"]).code, 0);
    until("the agent", || site.outside("here").exists());
    supervisor.signal(Signal::SIGKILL);
    supervisor.end();
    assert!(!site.processes().is_empty(), "the agent goes on");
    // As if it had been killed in the middle of a landing.
    let cut_short = state(&site).join("landings/1");
    fs::create_dir(&cut_short).expect("made");
    assert_eq!(site.run(&["purge", "--yes"]).code, 0);
    assert_eq!(all(&site.state()).len(), 0, "{:?}", all(&site.state()).keys());
    site.wait_until_empty();
}

const CARGO: (&str, &str) = ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n");
const PACKAGE: (&str, &str) = ("package.json", "{\"scripts\": {\"test\": \"node t.js\", \"lint\": \"eslint .\"}}");
const MAKE: (&str, &str) = ("Makefile", "test:\n\ttrue\n");

/// What a project has: names and contents.
type Files = &'static [(&'static str, &'static str)];

#[test]
fn init_writes_what_it_found_and_config_check_accepts_it() {
    let kinds: [(Files, &[&str]); 9] = [
        (&[CARGO, ("src/lib.rs", "")], &["cargo-test"]),
        (&[PACKAGE], &["npm-test", "lint"]),
        (&[PACKAGE, ("pnpm-lock.yaml", "")], &["pnpm-test", "lint"]),
        (&[("pyproject.toml", "[tool.pytest.ini_options]\n")], &["pytest"]),
        (&[("go.mod", "module x\n")], &["go-test"]),
        (&[MAKE], &["make-test"]),
        (&[("justfile", "test:\n  true\n")], &["just-test"]),
        (
            &[CARGO, PACKAGE, ("conftest.py", ""), ("go.mod", "module x\n"), MAKE],
            &["cargo-test", "npm-test", "lint", "pytest", "go-test"],
        ),
        (&[("notes.txt", "hello\n")], &[]),
    ];
    for (files, checks) in kinds {
        let site = Site::bare(files);
        let before = site.hashes("");
        let detected = site.json(&["config", "check"])["checks"].clone();
        let written = site.json(&["init"]);
        let names: Vec<&str> =
            written["checks"].as_array().expect("a list").iter().filter_map(|check| check["name"].as_str()).collect();
        assert_eq!(names, checks, "{files:?}");
        let checked = site.json(&["config", "check"]);
        assert_eq!((&checked["ok"], &checked["checks"]), (&true.into(), &detected), "{files:?}: {checked:#}");
        let text = site.read("orchestrator.toml");
        assert!(text.contains('#') && text.lines().count() < 45 && text.lines().all(|line| line.len() < 200), "{text}");
        assert_eq!(text.contains("# name = \"make-test\""), files.len() == 5, "{text}");
        let mut after = site.hashes("");
        let file = after.remove(&site.project.join("orchestrator.toml")).expect("it was written");
        assert!(before == after, "nothing else was touched");
        let refused = site.run(&["init"]);
        assert!(refused.code == 1 && refused.err.contains("is there already; nothing was written"), "{refused:?}");
        assert!(site.hashes("")[&site.project.join("orchestrator.toml")] == file);
        site.write("orchestrator.toml", "broken = [");
        assert_eq!(site.run(&["init", "--force"]).code, 0);
        assert_eq!(site.read("orchestrator.toml"), text);
        assert_eq!(all(&site.state()).len(), 0, "nothing was run, nothing is kept");
    }
}

#[test]
fn paths_that_match_no_file_are_said() {
    let config = "[[check]]\nname = \"unit\"\npaths = [\"scr/**/*.py\"]\nrun = \"true\"\n\n\
                  [[check]]\nname = \"all\"\nrun = \"true\"\n\n[[check]]\nname = \"good\"\npaths = [\"src\"]\nrun = \"true\"\n";
    let site = Site::bare(&[("orchestrator.toml", config), ("src/a.py", "")]);
    let said = site.run(&["config", "check"]);
    assert_eq!(said.code, 0, "{said:?}");
    for part in ["orchestrator.toml:3:9", "no file of the project matches the paths of check \"unit\"", "hint: "] {
        assert!(said.err.contains(part), "{part}: {said:?}");
    }
    assert_eq!(said.err.matches("warning").count(), 1, "one warning, with its kind: {said:?}");
    let json = site.json(&["config", "check"]);
    assert_eq!(json["warnings"].as_array().map(Vec::len), Some(1), "{json:#}");
    site.write("scr/new.py", "");
    let said = site.run(&["config", "check"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
}

fn said(mut command: Command) -> Said {
    let output = command.stdin(Stdio::null()).output().expect("our program");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a verb in a terminal and types an answer; returns its exit code and what stood on the screen.
pub(crate) fn on_a_terminal(site: &Site, args: &[&str], answer: &str) -> (i32, String) {
    in_a_terminal(site.command(args), answer)
}

/// Runs a command in a terminal and types an answer; returns its exit code and what stood on the screen.
pub(crate) fn in_a_terminal(mut command: Command, answer: &str) -> (i32, String) {
    use std::io::{Read as _, Write as _};
    let pty = nix::pty::openpty(None, None).expect("a terminal");
    let slave = || Stdio::from(pty.slave.try_clone().expect("a copy"));
    let mut child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn().expect("our program");
    drop(command);
    drop(pty.slave);
    let mut screen = fs::File::from(pty.master);
    screen.write_all(answer.as_bytes()).expect("typed");
    let mut printed = Vec::new();
    // It ends with an error when the other side is closed.
    let _ = screen.read_to_end(&mut printed);
    let status = child.wait().expect("our child");
    (status.code().unwrap_or(-1), String::from_utf8_lossy(&printed).into_owned())
}
