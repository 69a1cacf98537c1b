//! A check whose program cannot start is no red test: it says what mends it, and no agent is asked.

use std::os::unix::fs::symlink;

use crate::site::Site;

/// A project whose check needs a program that nobody has.
fn lacking(run: &str) -> Site {
    let config = format!("[[check]]\nname = \"unit\"\nrun = {run:?}\n");
    let site = Site::new(&[
        ("orchestrator.toml", &config),
        ("Makefile", "test:\n\tpytest-of-nobody -q\n"),
        ("check.sh", "#!/bin/sh\nexit 1\n"),
        ("a.py", "a = 1\n"),
    ]);
    site.script("[[scenario]]\nmatch = \"*\"\nsteps = [{ do = \"say\", text = \"I was asked\" }]\n");
    site
}

#[test]
fn a_program_that_is_missing_is_named_and_no_agent_starts() {
    for (run, why) in [
        ("frobnicate --all", "`frobnicate` is not installed, or not on the PATH of the supervisor"),
        ("make test", "`pytest-of-nobody` is not installed, or not on the PATH of the supervisor"),
        ("./check.sh", "`./check.sh` may not be executed; `chmod +x ./check.sh` mends it"),
    ] {
        let site = lacking(run);
        let said = site.until_idle();
        assert_eq!(said.code, 1, "{said:?}");
        let task = site.task(1);
        assert_eq!(task["reason"], format!("the check cannot run: {why}"), "{said:?}");
        assert_eq!(task["attempts"], 0, "{task:#}");
        // Asked to try all the same, it finds the check as it was, and still asks nobody.
        site.run(&["retry", "1"]);
        let again = site.until_idle();
        assert_eq!(site.task(1)["attempts"], 0, "{again:?}");
        let log = site.run(&["logs"]).out;
        assert!(!log.contains("I was asked") && !log.contains("#1 fix"), "{log}");
    }
}

#[test]
fn the_demo_says_beforehand_what_it_lacks() {
    let site = Site::bare(&[]);
    let tools = site.outside("tools");
    std::fs::create_dir_all(&tools).unwrap();
    for tool in ["sh", "git"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.exists()).unwrap();
        symlink(found, tools.join(tool)).unwrap();
    }
    let done = site.command(&["demo", "--headless"]).env("PATH", &tools).output().unwrap();
    let text = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert_eq!(done.status.code(), Some(2), "{text}");
    assert!(text.contains("`cargo` is not installed; `curl --proto"), "{text}");
    assert!(text.contains("Nothing was started"), "{text}");
}
