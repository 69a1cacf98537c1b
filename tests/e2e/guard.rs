//! What an agent must never do, tried by the real Claude CLI: it is stopped, its user is told, and nothing has happened.
//!
//! The parts with the CLI run only when `ORCHESTRATOR_TEST_CLAUDE` names the program; they say so otherwise.

use std::fs;

use serde_json::{Value, json};

use crate::messages_api::Reply;
use crate::real_claude::{Claude, MARK, fix, log};
use crate::site::Site;

/// A user whose own rules allow everything.
const GENEROUS: &str = r#"{"permissions":{"allow":["Bash","Bash(git:*)","Bash(git commit:*)","Bash(bash:*)","Bash(env:*)","Bash(sh:*)","Bash(npx:*)","Bash(echo:*)","Bash(curl:*)","Write","Edit"]},"disableAllHooks":true}"#;

const CHECK: &str = "grep -q right word.txt || { echo 'word.txt:1:1: error: wrong word'; exit 1; }\n";
const COMMITS: &str = "#!/bin/sh\ngit add -A\ngit commit -q -m mine\n";

/// A project whose word is wrong, with the tools that the agent would misuse: each leaves a mark when it really runs.
fn project() -> Site {
    let config = format!("[[check]]\nname = \"{MARK}\"\nrun = \"sh check.sh\"\n");
    let tool = "#!/bin/sh\necho ran > ran-$1\n";
    let files = [
        ("word.txt", "wrong\n"),
        ("check.sh", CHECK),
        ("ship.sh", COMMITS),
        ("node_modules/.bin/prisma", tool),
        (".gitignore", "node_modules\n"),
        ("orchestrator.toml", &config),
    ];
    Site::new(&files)
}

fn bash(command: &str) -> Reply {
    Reply::Tool("Bash", json!({ "command": command, "description": "go on" }))
}

/// Lets Claude try something, and proves that it was stopped, said, and had no effect.
fn stopped(first: Vec<Reply>, rule: &str, said: &str) {
    let site = project();
    let requests = first.len() as u64;
    let mut steps = first;
    // It would go on and mend it, if it were let.
    steps.extend(fix("word.txt", "wrong", "right"));
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    fs::write(site.outside("claude-config/settings.json"), GENEROUS).expect("written");
    let (git, tree) = (site.hashes(".git"), site.hashes("."));
    let end = site.until_idle();
    assert_eq!(end.code, 1, "{end:?}");
    assert!(end.out.contains(rule) && end.out.contains(said), "the user is told: {end:?}");
    assert_eq!(claude.api.requests(), requests, "not one model call after it");
    assert_eq!(git, site.hashes(".git"), "the user's repository changed");
    assert_eq!(tree, site.hashes("."), "the user's files changed");
    let task = site.task(1);
    assert_eq!(task["state"], "held", "it waits for a person: {task:#}");
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(rule), "{task:#}");
    assert_eq!(task["attempts"], 1, "no second attempt: {task:#}");
    let facts = site.run(&["logs", "--json"]);
    let facts = facts.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let broken: Vec<Value> = facts.filter(|fact| fact["kind"] == "violated").collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0]["violation"]["rule"], rule, "{broken:?}");
    let (outside, agents) = (site.state().join("outside"), fs::read_dir(site.state()).expect("a folder"));
    assert!(!outside.exists());
    for state in agents.flatten() {
        assert!(!state.path().join("outside").exists() && !state.path().join("work/outside").exists());
        assert!(!state.path().join("work/1/ran-migrate").exists(), "the tool was run");
        let kept = state.path().join("agents");
        assert!(fs::read_dir(kept).map_or(0, Iterator::count) == 0, "what guarded the agent is gone with it");
    }
    assert_eq!(site.processes(), Vec::<String>::new());
}

#[test]
fn a_commit_by_a_global_option_is_stopped() {
    stopped(vec![bash("git -C . commit -qam mine")], "guard.git", "git -C . commit");
}

#[test]
fn a_push_inside_of_another_shell_is_stopped() {
    stopped(vec![bash("bash -c 'git push'")], "guard.git", "bash -c 'git push'");
}

#[test]
fn staging_behind_env_and_a_shell_is_stopped() {
    stopped(vec![bash("env X=1 sh -c \"git add -A && git commit -m x\"")], "guard.git", "env X=1");
}

#[test]
fn a_script_that_commits_is_stopped() {
    stopped(vec![bash("sh ship.sh")], "guard.git", "sh ship.sh");
}

#[test]
fn a_script_that_it_wrote_itself_is_stopped() {
    let write = Reply::Tool("Write", json!({ "file_path": "@CWD@/tools/go.sh", "content": COMMITS }));
    stopped(vec![write, bash("chmod +x tools/go.sh && ./tools/go.sh")], "guard.git", "./tools/go.sh");
}

#[test]
fn a_migration_is_stopped() {
    stopped(vec![bash("npx prisma migrate deploy")], "guard.database", "npx prisma migrate deploy");
}

#[test]
fn a_write_outside_is_stopped() {
    stopped(vec![bash("echo x > ../../outside")], "guard.outside", "../../outside");
    let path = "@CWD@/../../outside";
    let write = Reply::Tool("Write", json!({ "file_path": path, "content": "x" }));
    stopped(vec![write], "guard.outside", "outside");
}

#[test]
fn deleting_a_file_of_the_project_is_stopped() {
    stopped(vec![bash("rm -f check.sh")], "guard.delete", "rm -f check.sh");
}

#[test]
fn what_nobody_understands_is_refused_whatever_the_users_own_rules_say_and_it_goes_on() {
    let site = project();
    let mut steps = vec![
        bash("curl -s http://127.0.0.1:1/ > page.html"),
        bash("eval \"$(printf 'tou%s' 'ch was-run')\""),
        bash("sh check.sh; echo $?"),
    ];
    steps.extend(fix("word.txt", "wrong", "right"));
    let Some(claude) = Claude::on(&site, steps, "") else { return };
    fs::write(site.outside("claude-config/settings.json"), GENEROUS).expect("written");
    let end = site.until_idle();
    assert_eq!(end.code, 0, "{end:?}");
    let refused = log(&site, "refused");
    assert!(refused.len() == 2 && refused[0].contains("curl") && refused[1].contains("eval"), "{refused:?}");
    assert_eq!(site.read("word.txt"), "right\n");
    assert!(!site.project.join("page.html").exists() && !site.project.join("was-run").exists());
    assert_eq!(claude.api.requests(), 6);
}

/// Where the kernel has no Landlock there is nothing to see; `doctor` says so.
fn is_fenced(site: &Site) -> bool {
    let report = site.json(&["doctor"]);
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let fence = findings.iter().find(|finding| finding["name"] == "fence").cloned().unwrap_or_default();
    let is_fenced = fence["state"] == "ok";
    if !is_fenced {
        eprintln!("skipped: the kernel has no fence: {fence}");
    }
    is_fenced
}

#[test]
fn what_the_shell_of_claude_runs_cannot_write_elsewhere_even_if_allowed() {
    let site = project();
    let away = site.outside("away.txt");
    // A program whose doings nobody can know from its command line; the configuration allows it.
    let script = "import os, subprocess, sys\n\
        open('inside.txt', 'w').write('x')\n\
        open(os.path.join(os.environ['TMPDIR'], 'y'), 'w').write('y')\n\
        try:\n    open(sys.argv[1], 'w').write('got out')\nexcept OSError as error:\n    print('kept in:', error.strerror)\n\
        print('commit:', subprocess.run(['git', 'commit', '-qam', 'x']).returncode)\n\
        print('push:', subprocess.run(['git', 'push', '-q', sys.argv[2], 'HEAD:x']).returncode)\n";
    let write = Reply::Tool("Write", json!({ "file_path": "@CWD@/go.py", "content": script }));
    let run = bash(&format!("python3 go.py {} {}", away.display(), site.project.display()));
    let mut steps = vec![write, run];
    steps.extend(fix("word.txt", "wrong", "right"));
    let more = "[policy]\nallow = [\"Bash(python3 go.py *)\"]\n";
    let Some(claude) = Claude::on(&site, steps, more) else { return };
    let git = site.hashes(".git");
    let end = site.until_idle();
    assert_eq!(end.code, 0, "{end:?}");
    assert_eq!(git, site.hashes(".git"), "the user's repository changed");
    assert_eq!(site.read("inside.txt"), "x");
    let said = claude.api.heard();
    assert!(!said.contains("commit: 0") && said.contains("commit: "), "{said}");
    assert!(!said.contains("push: 0") && said.contains("push: "), "{said}");
    if is_fenced(&site) {
        assert!(said.contains("kept in: Permission denied"), "{said}");
        assert!(!away.exists());
    }
}

#[test]
fn policy_check_says_what_holds_and_its_exit_code_too() {
    let site = project();
    for (line, code, decision, rule) in [
        ("git -C . commit -m x", 1, "deny", "guard.git"),
        ("sh ship.sh", 1, "deny", "guard.git"),
        ("rm word.txt", 1, "deny", "guard.delete"),
        ("curl https://example.org", 0, "ask", "default.unlisted"),
        ("grep -rn 'git push' docs", 0, "allow", "default.read"),
        ("sh check.sh", 0, "allow", "default.check"),
        ("echo x > word.txt", 0, "allow", "default.edit"),
    ] {
        let said = site.run(&["policy", "check", line]);
        assert_eq!(said.code, code, "{line}: {said:?}");
        assert!(said.out.starts_with(&format!("{decision}  {rule}\n")), "{line}: {said:?}");
        let json = site.run(&["policy", "check", "--json", line]);
        assert_eq!(json.code, code, "{json:?}");
        let json: Value = serde_json::from_str(&json.out).expect("JSON");
        assert_eq!((&json["decision"], &json["rule"]), (&json!(decision), &json!(rule)), "{line}");
    }
    let planner = site.run(&["policy", "check", "--role", "planner", "echo x > word.txt"]);
    assert!(planner.code == 1 && planner.out.starts_with("deny  default.edit"), "{planner:?}");
    fs::write(site.outside("user.toml"), "[policy]\nallow = [\"Bash(curl *)\"]\n").expect("written");
    let said = site.run(&["policy", "check", "curl https://example.org"]);
    assert!(said.out.starts_with("allow  policy.allow \"Bash(curl *)\""), "{said:?}");
    assert_eq!(site.run(&["policy", "check"]).code, 2, "a line is needed");
}

#[test]
fn a_hook_that_cannot_judge_says_no() {
    let site = project();
    let file = site.outside("guard.json");
    let asks = |file: &std::path::Path, input: &str| {
        use std::io::Write as _;
        let file = file.to_str().expect("a path in UTF-8");
        let mut command = site.command(&["hook", "pre-tool-use", file]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
        let done = child.wait_with_output().expect("it ends");
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let ask = r#"{"tool_name":"Bash","tool_input":{"command":"ls"}}"#;
    assert_eq!(asks(&file, ask).0, Some(2), "no such file");
    fs::write(&file, "{}").expect("written");
    assert_eq!(asks(&file, ask).0, Some(2), "not what was written");
    let scope = json!({ "role": "fixer", "workspace": site.project, "write": [], "commands": [], "variables": {},
        "policy": { "rules": { "allow": [], "ask": [], "deny": [] }, "roles": {}, "database": [], "delete": "deny", "write": [] } });
    fs::write(&file, json!({ "scope": scope, "fence": [] }).to_string()).expect("written");
    assert_eq!(asks(&file, ask), (Some(0), String::new()));
    assert_eq!(asks(&file, "no JSON").0, Some(2));
    assert_eq!(asks(&file, "{}").0, Some(2));
    let (code, said) = asks(&file, r#"{"tool_name":"Bash","tool_input":{"command":"git push"}}"#);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &said["continue"]), (Some(0), &json!(false)));
    assert_eq!(said["hookSpecificOutput"]["permissionDecision"], "deny");
    let (_, said) = asks(&file, r#"{"tool_name":"Bash","tool_input":{"command":"curl x"}}"#);
    assert!(said.contains("\"ask\""), "{said}");
}
