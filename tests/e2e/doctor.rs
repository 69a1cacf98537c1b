//! `doctor` on a machine where each thing that it proves is broken in turn: it says exactly that one.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::machine::{CLAUDE, CONFIG, Machine, PROVED, Report, said};
use crate::site::{PROGRAM, Site, until};
use crate::upkeep::{in_a_terminal, on_a_terminal};

#[test]
fn a_healthy_machine_is_proved_and_nothing_is_left_behind() {
    let machine = Machine::new();
    let site = &machine.site;
    let folders = || [site.state(), site.outside("home")].map(|folder| fs::read_dir(folder).expect("a folder").count());
    let before = (site.hashes(""), folders());
    let report = machine.doctor();
    assert_eq!(report.code, 0, "{report:#?}");
    for name in PROVED {
        assert_eq!(report.state(name), "ok", "{name}: {report:#?}");
    }
    assert!(["ok", "warning"].contains(&report.state("fence")), "{report:#?}");
    for name in ["reflink", "terminal", "supervisor"] {
        assert_eq!(report.state(name), "info", "{name}: {report:#?}");
    }
    assert!(before == (site.hashes(""), folders()), "a check ran, or something was left");
    site.wait_until_empty();
    let said = said(machine.command(&["doctor"]).output().expect("our program"));
    let (lines, end): (Vec<&str>, &str) = (said.out.lines().collect(), "Everything that is needed works here.");
    assert!(said.code == 0 && said.err.is_empty() && lines.last() == Some(&end), "{said:?}");
    for name in PROVED {
        assert!(lines.iter().any(|line| line.starts_with(&format!("✓ {name}"))), "{name}: {said:?}");
    }
}

#[test]
fn it_works_where_nothing_was_ever_configured() {
    let site = Site::bare(&[]);
    let report = Report::of(site.command(&["doctor", "--json"]));
    assert_eq!(report.state("configuration"), "warning", "{report:#?}");
    assert!(report.findings["configuration"]["mend"].as_str().is_some_and(|mend| mend.contains("init")));
    let wrong = site.run(&["-C", "/nowhere/at/all", "doctor"]);
    assert!(wrong.code == 2 && wrong.err.contains("there is no folder /nowhere/at/all"), "{wrong:?}");
}

#[test]
fn an_old_git() {
    let machine = Machine::new();
    machine.program("git", "echo git version 2.30.2\n");
    let reason = "git 2.30.2 is too old: 2.38 or newer";
    machine.doctor().assert_only("git", reason, "install git 2.38 or newer", &["undo"]);
}

#[test]
fn no_git_and_one_that_hangs() {
    let machine = Machine::new();
    let mut command = machine.command(&["doctor", "--json"]);
    command.env("PATH", &machine.bin);
    Report::of(command).assert_only("git", "there is no git in PATH", "apt install git", &["undo"]);
    machine.program("git", "exec sleep 1000\n");
    machine.doctor().assert_only("git", "said nothing for 5 s", "`command -v git`", &["undo"]);
    machine.site.wait_until_empty();
}

#[test]
fn a_git_that_cannot_merge() {
    let machine = Machine::new();
    let real = Command::new("sh").args(["-c", "command -v git"]).output().expect("git").stdout;
    let real = String::from_utf8(real).expect("a path");
    let script = "case \" $* \" in *' merge-tree '*) echo 'fatal: no merges today' >&2; exit 128 ;; esac\n";
    machine.program("git", &format!("{script}exec {} \"$@\"\n", real.trim()));
    machine.doctor().assert_only("undo", "no merges today", "git", &[]);
}

#[test]
fn no_claude_and_one_that_is_broken() {
    let machine = Machine::new();
    fs::remove_file(machine.bin.join("claude")).expect("removed");
    let report = || {
        let mut command = machine.command(&["doctor", "--json"]);
        // The machine itself may have one.
        let git = Command::new("sh").args(["-c", "command -v git"]).output().expect("git").stdout;
        let _ = symlink(String::from_utf8_lossy(&git).trim(), machine.bin.join("git"));
        command.env("PATH", &machine.bin);
        Report::of(command)
    };
    let get = "npm install -g @anthropic-ai/claude-code";
    report().assert_only("agent", "there is no program claude in PATH", get, &["login"]);
    machine.program("claude", "echo 'error: node is too old' >&2; exit 1\n");
    report().assert_only("agent", "exit code 1: error: node is too old", "claude --version", &["login"]);
    // Nothing is missing where nothing is to be fixed.
    fs::remove_file(machine.bin.join("claude")).expect("removed");
    machine.site.write("orchestrator.toml", &format!("[fix]\nenabled = false\n{CONFIG}"));
    let report = report();
    assert_eq!((report.code, report.state("agent"), report.state("login")), (0, "info", "skipped"), "{report:#?}");
}

#[test]
fn an_old_claude_is_a_warning_and_is_never_prompted() {
    let machine = Machine::new();
    machine.program(
        "claude",
        // It would take `auth status` for a prompt, and think about it.
        "case \"$*\" in --version) echo '2.0.11 (Claude Code)' ;; *--help) echo 'Usage: claude [prompt]' ;; *) exec sleep 1000 ;; esac\n",
    );
    let report = machine.doctor();
    assert_eq!((report.code, report.state("agent"), report.state("login")), (0, "warning", "unknown"), "{report:#?}");
    let said = |name: &str| report.findings[name]["said"].as_str().unwrap_or_default().to_owned();
    assert!(said("agent").contains("2.0.11 (Claude Code) is older than 2.1.328"), "{report:#?}");
    assert!(said("login").starts_with("unknown: ") && said("login").contains("cannot be asked"), "{report:#?}");
    for name in PROVED.into_iter().filter(|name| !["agent", "login"].contains(name)) {
        assert_eq!(report.state(name), "ok", "{name}: {report:#?}");
    }
}

#[test]
fn a_claude_that_is_logged_out() {
    let machine = Machine::new();
    machine.program("claude", &CLAUDE.replace("\"loggedIn\": true", "\"loggedIn\": false"));
    machine.doctor().assert_only("login", "not logged in", "`claude auth login`", &[]);
}

#[test]
fn a_claude_that_hangs_is_ended_and_shown_as_waited_for() {
    let machine = Machine::new();
    machine.program("claude", "sleep 1000 & exec sleep 1001\n");
    let path = format!("{}:{}", machine.bin.display(), std::env::var("PATH").expect("a path"));
    let args = ["-c", "PATH=\"$1\" exec \"$2\" doctor", "sh", &path, PROGRAM];
    let mut shell = machine.site.command(&[]);
    let own: Vec<_> = shell.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    shell = Command::new("sh");
    shell.args(args).env_clear().envs(own.into_iter().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(&machine.site.project);
    let (code, screen) = in_a_terminal(shell, "");
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("\u{1b}[2Kwaiting for") && screen.contains("agent, login (1 s)"), "{screen}");
    assert!(screen.contains("✗ agent         claude said nothing for 10 s and was ended"), "{screen}");
    assert!(
        screen.contains("· login         not tried without the agent") && screen.contains("1 thing does not work.")
    );
    machine.site.wait_until_empty();
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let machine = Machine::new();
    machine.program("claude", "exec sleep 1000\n");
    let child =
        machine.command(&["doctor"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("our program");
    until("the question", || machine.site.processes().iter().any(|line| line.starts_with("sleep 1000")));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a number"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it lives");
    let ended = said(child.wait_with_output().expect("our child"));
    assert!(ended.code == 1 && ended.err.contains("ended by SIGINT"), "{ended:?}");
    machine.site.wait_until_empty();
    assert_eq!(fs::read_dir(machine.site.state()).expect("a folder").count(), 0);
}

#[test]
fn what_a_strange_project_names_is_not_run() {
    let machine = Machine::new();
    let evil = format!("{CONFIG}[agent.claude]\nprogram = \"./evil\"\n");
    machine.site.write("orchestrator.toml", &evil);
    machine.site.write("evil", "#!/bin/sh\ntouch evil-ran\n");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(machine.site.project.join("evil"), mode).expect("set");
    let report = machine.doctor();
    assert_eq!((report.code, report.state("agent"), report.state("login")), (0, "unknown", "skipped"), "{report:#?}");
    assert!(!machine.site.project.join("evil-ran").exists() && !machine.site.project.join("ran").exists());
}

#[test]
fn a_state_folder_that_refuses_writes() {
    let machine = Machine::new();
    let state = machine.site.state();
    let setup = format!("mount --bind {state:?} {state:?} && mount -o remount,ro,bind {state:?}");
    if let Some(report) = machine.inside(&setup) {
        report.assert_only("state", "cannot be written: Read-only file system", "ORCHESTRATOR_STATE_DIR", &["socket"]);
    }
    // No file can be made in there, by anybody.
    let mut command = machine.command(&["doctor", "--json"]);
    command.env("ORCHESTRATOR_STATE_DIR", "/proc/orchestrator");
    if cfg!(target_os = "linux") {
        let without = ["disk", "socket"];
        Report::of(command).assert_only(
            "state",
            "/proc/orchestrator cannot be written",
            "ORCHESTRATOR_STATE_DIR",
            &without,
        );
    }
    fs::write(machine.site.outside("file"), "").expect("written");
    let mut command = machine.command(&["doctor", "--json"]);
    command.env("ORCHESTRATOR_STATE_DIR", machine.site.outside("file"));
    Report::of(command).assert_only("state", "is not a folder", "ORCHESTRATOR_STATE_DIR", &["disk", "socket"]);
}

#[test]
fn a_full_disk() {
    let machine = Machine::new();
    let setup = format!("mount -t tmpfs -o size=300k none {:?}", machine.site.state());
    if let Some(report) = machine.inside(&setup) {
        report.assert_only("disk", "only ", "`orchestrator-tui gc`", &["state", "socket"]);
    }
    let setup = format!("mount -t tmpfs -o size=1g,nr_inodes=100 none {:?}", machine.site.state());
    if let Some(report) = machine.inside(&setup) {
        report.assert_only("disk", "files are free", "`orchestrator-tui gc`", &["state", "socket"]);
    }
}

#[test]
fn a_damaged_journal() {
    let machine = Machine::new();
    let ran = machine.site.until_idle();
    assert_eq!(ran.code, 0, "{ran:?}");
    let healthy = machine.doctor();
    let said = healthy.findings["state"]["said"].as_str().unwrap_or_default().to_owned();
    assert!(healthy.code == 0 && said.contains("facts are kept about this project"), "{healthy:#?}");
    let folders = fs::read_dir(machine.site.state()).expect("a folder").flatten().map(|entry| entry.path());
    let journal = folders.map(|folder| folder.join("journal.db")).find(|file| file.exists()).expect("a journal");
    fs::write(journal, "garbage, no database".repeat(300)).expect("written");
    machine.doctor().assert_only("state", "is damaged", "move it away", &["socket"]);
}

#[test]
fn too_few_open_files() {
    let machine = Machine::new();
    let mut doctor = machine.command(&[]);
    let own: Vec<_> = doctor.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    doctor = Command::new("sh");
    doctor.args(["-c", "ulimit -n 48; exec \"$@\"", "sh", PROGRAM, "doctor", "--json"]).env_clear();
    doctor.envs(own.into_iter().filter_map(|(name, value)| Some((name, value?)))).current_dir(&machine.site.project);
    Report::of(doctor).assert_only("open files", "only 48 at a time", "`ulimit -n 4096`", &[]);
}

#[test]
fn no_watches_and_too_few() {
    let machine = Machine::new();
    for limit in ["max_inotify_instances", "max_inotify_watches"] {
        if let Some(report) = machine.inside(&format!("echo 0 > /proc/sys/user/{limit}")) {
            let mend = format!("`sudo sysctl user.{limit}=");
            report.assert_only("watcher", "the system ", &mend, &["watches"]);
        }
    }
    // One folder can be watched, the four of the project cannot.
    if let Some(report) = machine.inside("echo 2 > /proc/sys/user/max_inotify_watches") {
        let mend = "`sudo sysctl user.max_inotify_watches=";
        report.assert_only("watches", "more folders than can be watched (the limit is 2)", mend, &[]);
    }
}

#[test]
fn a_socket_folder_that_others_can_enter_and_paths_that_are_too_long() {
    let machine = Machine::new();
    let runtime = machine.site.outside("run");
    fs::create_dir_all(runtime.join("orchestrator-tui")).expect("made");
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(runtime.join("orchestrator-tui"), open).expect("set");
    let with = |runtime: &Path, state: &Path| {
        let mut command = machine.command(&["doctor", "--json"]);
        command.env("XDG_RUNTIME_DIR", runtime).env("ORCHESTRATOR_STATE_DIR", state);
        Report::of(command)
    };
    let report = with(&runtime, &machine.site.state());
    report.assert_only("socket", "is not a folder that only you can enter (its mode is 755", "XDG_RUNTIME_DIR", &[]);
    // Longer than a socket's path can be: there is a place of last resort, and it is proved.
    let long = machine.site.outside(&"long".repeat(30));
    fs::create_dir_all(long.join("run")).expect("made");
    let report = with(&long.join("run"), &long.join("state"));
    let said = report.findings["socket"]["said"].as_str().unwrap_or_default();
    assert!(report.code == 0 && said.contains("/tmp/orchestrator-") && said.contains("of 103 bytes"), "{report:#?}");
    assert!(!long.join("state").exists() && fs::read_dir(long.join("run")).expect("a folder").count() == 0);
}

#[test]
fn a_holder_that_gets_no_terminal() {
    let machine = Machine::new();
    if let Some(report) = machine.inside("mount -t tmpfs none /dev/pts") {
        report.assert_only("holder", "cannot open a terminal", "/dev/ptmx", &[]);
    }
}

#[test]
fn a_broken_configuration() {
    let machine = Machine::new();
    machine.site.write("orchestrator.toml", "[fix]\nattempts = -1\n[[check]]\nname = 1\n");
    let report = machine.doctor();
    report.assert_only(
        "configuration",
        "orchestrator.toml:2:12",
        "`orchestrator-tui config check`",
        &["agent", "login"],
    );
    machine.site.write("orchestrator.toml", &format!("{CONFIG}paths = [\"scr\"]\n"));
    let report = machine.doctor();
    assert_eq!((report.code, report.state("configuration")), (0, "warning"), "{report:#?}");
    machine.site.write("orchestrator.toml", CONFIG);
    fs::write(machine.site.state().join("trusted.json"), "garbage").expect("written");
    machine.doctor().assert_only("configuration", "is damaged", "move it away", &[]);
}

#[test]
fn beside_a_supervisor_it_disturbs_nothing_and_knows_since_when() {
    let machine = Machine::new();
    let claude = machine.bin.join("claude");
    let user = format!("[agent.claude]\nprogram = {claude:?}\n");
    fs::write(machine.site.outside("user.toml"), user).expect("written");
    let mut supervisor = machine.site.start(&[]);
    supervisor.wait_kind("ran");
    let report = machine.doctor();
    assert_eq!((report.code, report.state("watches"), report.state("supervisor")), (0, "info", "info"), "{report:#?}");
    assert_eq!(machine.site.run(&["health"]).code, 0);
    fs::remove_file(&claude).expect("removed");
    assert_eq!(machine.site.run(&["health"]).code, 1);
    let report = machine.doctor();
    assert_eq!((report.code, report.state("agent")), (1, "fault"), "{report:#?}");
    assert!(report.findings["agent"]["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{report:#?}");
    assert_eq!(supervisor.stop(), 0);
}

#[test]
fn on_a_terminal_it_says_what_that_can_do() {
    let machine = Machine::new();
    let (_, screen) = on_a_terminal(&machine.site, &["doctor"], "");
    let line = screen.lines().find(|line| line.starts_with("· terminal")).expect("a line");
    assert!(line.contains('×') && line.contains("colours"), "{screen}");
}

#[test]
fn the_real_claude_says_whether_it_is_logged_in_and_writes_nothing() {
    let Some(program) = std::env::var_os("ORCHESTRATOR_TEST_CLAUDE") else {
        eprintln!("skipped: ORCHESTRATOR_TEST_CLAUDE does not name a claude program");
        return;
    };
    let machine = Machine::new();
    fs::remove_file(machine.bin.join("claude")).expect("removed");
    symlink(program, machine.bin.join("claude")).expect("linked");
    let before = fs::read_dir(machine.site.outside("home")).expect("a folder").count();
    let report = machine.doctor();
    report.assert_only("login", "not logged in", "`claude auth login`", &[]);
    let mut command = machine.command(&["doctor", "--json"]);
    command.env("ANTHROPIC_API_KEY", "sk-ant-for-no-service");
    let with_key = Report::of(command);
    assert_eq!((with_key.code, with_key.state("login")), (0, "ok"), "{with_key:#?}");
    if report.state("fence") == "ok" {
        assert_eq!(fs::read_dir(machine.site.outside("home")).expect("a folder").count(), before);
    }
}
