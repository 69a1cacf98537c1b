//! What an agent may do: command lines in disguise and innocent look-alikes, each with its answer and its rule.

#![expect(clippy::expect_used, reason = "a test may stop here")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use orchestrator_tui::core::policy::{World, judge};
use orchestrator_tui::model::policy::{FIXER, Permission, Policy, PolicyScope, Rules, Verdict};
use serde_json::{Value, json};

#[path = "policy/begins.rs"]
mod begins;
#[path = "policy/looks.rs"]
mod looks;

const COMMANDS: &str = include_str!("policy/commands.txt");

/// A workspace that exists only here.
struct Pretended {
    files: BTreeMap<&'static str, &'static str>,
    touched: Vec<&'static str>,
    before: BTreeMap<&'static str, &'static str>,
}

impl Pretended {
    fn new() -> Self {
        let files = BTreeMap::from([
            ("/project/src/a.rs", "fn a() {}\n"),
            ("/project/Cargo.toml", "[package]\n"),
            ("/project/check.sh", "#!/bin/sh\ngrep -q right word.txt\n"),
            ("/project/commit.sh", "#!/usr/bin/env bash\nset -e\ncd src\ngit add -A\ngit commit -m \"$1\"\n"),
            ("/project/tool", "#!/usr/bin/env python3\nprint('x')\n"),
            ("/project/list", "a\n"),
            ("/project/schema.sql", "drop table x;\n"),
            ("/project/bin/test", "#!/bin/sh\ngit push\n"),
            ("/project/bin/ls", "#!/usr/bin/env python3\nprint('x')\n"),
            ("/project/bin/rspec", "#!/usr/bin/env ruby\nsystem('x')\n"),
            ("/project/.venv/bin/cat", "#!/bin/sh\npsql -c 'drop table x'\n"),
            ("/project/package.json", include_str!("policy/package.json")),
            ("/project/api/package.json", include_str!("policy/api.json")),
            ("/project/Makefile", include_str!("policy/Makefile")),
            ("/project/sub/Makefile", "test:\n\tgit push\n"),
            ("/project/justfile", include_str!("policy/justfile")),
        ]);
        Self {
            files,
            touched: vec!["/project/commit.sh", "/project/bin/rspec", "/project/bin/test"],
            before: BTreeMap::new(),
        }
    }
}

impl World for Pretended {
    fn read(&self, file: &Path) -> Option<String> {
        self.files.get(file.to_str()?).map(|text| (*text).to_owned())
    }

    fn before(&self, file: &Path) -> Option<String> {
        match self.before.get(file.to_str()?) {
            Some(text) => Some((*text).to_owned()),
            None => self.read(file),
        }
    }

    fn named(&self, name: &str) -> Vec<PathBuf> {
        let paths = self.files.keys().map(PathBuf::from);
        paths.filter(|path| path.starts_with("/project") && path.ends_with(name)).collect()
    }

    fn is_untouched(&self, file: &Path) -> bool {
        !self.touched.iter().any(|touched| Path::new(touched) == file)
    }

    fn project_files(&self) -> Cow<'_, [String]> {
        self.files.keys().filter_map(|file| file.strip_prefix("/project/")).map(str::to_owned).collect()
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.keys().any(|file| Path::new(file).starts_with(path))
    }

    fn real(&self, path: &Path) -> PathBuf {
        match path.strip_prefix("/project/link") {
            Ok(rest) => Path::new("/elsewhere").join(rest),
            Err(_) => path.to_owned(),
        }
    }
}

fn scope(role: &str) -> PolicyScope {
    let variables = [("HOME", "/home/me"), ("PWD", "/project"), ("TMPDIR", "/scratch")];
    PolicyScope {
        role: role.to_owned(),
        workspace: PathBuf::from("/project"),
        write: vec![PathBuf::from("/scratch")],
        commands: vec!["sh check.sh".to_owned()],
        policy: Policy { database: vec!["bin/deploy-schema *".to_owned()], ..Policy::default() },
        variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        edits: true,
        ..PolicyScope::default()
    }
}

fn bash(scope: &PolicyScope, command: &str) -> Verdict {
    judge(scope, &Pretended::new(), "Bash", &json!({ "command": command }))
}

#[test]
fn every_line_of_the_table_has_its_answer() {
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::new());
    for line in COMMANDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, command) = line.split_once(" | ").expect("an answer and a command");
        let (decision, rule) = expected.split_once(' ').expect("a decision and a rule");
        let command = command.replace("\\n", "\n").replace("\\\\", "\\");
        let verdict = bash(&scope(FIXER), &command);
        *counts.entry(decision.to_owned()).or_insert(0) += 1;
        let is_violation = rule.starts_with("guard.");
        if verdict.decision.to_string() != decision || verdict.rule != rule || verdict.violation != is_violation {
            wrong.push(format!("{command:?}\n    expected {expected}\n    got      {verdict}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts["deny"] >= 100 && counts["ask"] >= 30 && counts["allow"] >= 60, "{counts:?}");
}

fn tool(scope: &PolicyScope, tool: &str, input: &Value) -> String {
    let verdict = judge(scope, &Pretended::new(), tool, input);
    assert_eq!(verdict.violation, verdict.rule.starts_with("guard."), "{verdict}");
    format!("{} {}", verdict.decision, verdict.rule)
}

#[test]
fn tools_are_judged_by_what_they_touch() {
    let scope = scope(FIXER);
    for (expected, name, input) in [
        ("allow default.read", "Read", json!({ "file_path": "/project/src/a.rs" })),
        ("allow default.read", "Grep", json!({ "pattern": "/etc" })),
        ("allow default.read", "Glob", json!({ "pattern": "**/*.rs", "path": "/project/src" })),
        ("allow default.own", "TodoWrite", json!({ "todos": [] })),
        ("allow default.edit", "Edit", json!({ "file_path": "/project/src/a.rs" })),
        ("allow default.edit", "Write", json!({ "file_path": "src/new.rs" })),
        ("allow default.edit", "Write", json!({ "file_path": "/scratch/x" })),
        ("allow default.edit", "NotebookEdit", json!({ "notebook_path": "/project/a.ipynb" })),
        ("allow default.edit", "Write", json!({ "file_path": "/project/migrations/2.sql" })),
        ("ask default.outside", "Read", json!({ "file_path": "/etc/passwd" })),
        ("ask default.outside", "Glob", json!({ "pattern": "/etc/*" })),
        ("ask default.unlisted", "WebFetch", json!({ "url": "https://example.org" })),
        ("ask default.unlisted", "mcp__x__y", json!({})),
        ("ask person", "AskUserQuestion", json!({ "questions": [] })),
        ("ask default.unclear", "Edit", json!({})),
        ("ask default.unclear", "Bash", json!({})),
        ("deny default.sandbox", "Bash", json!({ "command": "ls", "dangerouslyDisableSandbox": true })),
        ("deny protected", "Write", json!({ "file_path": "/project/.claude/settings.json" })),
        ("deny protected", "Write", json!({ "file_path": "/project/.mcp.json" })),
        ("deny guard.git", "Write", json!({ "file_path": "/project/sub/.GIT/config" })),
        ("deny guard.outside", "Edit", json!({ "file_path": "/projects/a" })),
        ("deny guard.outside", "Edit", json!({ "file_path": "/project/../etc/passwd" })),
        ("deny guard.outside", "Write", json!({ "file_path": "~/.bashrc" })),
        ("deny guard.outside", "Write", json!({ "file_path": "/project/link/x" })),
    ] {
        assert_eq!(tool(&scope, name, &input), expected, "{name} {input}");
    }
}

#[test]
fn lists_decide_by_their_strength_and_never_about_safety_rules() {
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut scope = scope(FIXER);
    scope.policy.rules = Rules {
        allow: list(&["Bash(npm run *)", "Bash(git:*)", "Bash(curl *)", "Bash(sudo *)", "WebFetch", "Bash(rm *)"]),
        ask: list(&["Bash(npm run deploy*)", "Bash(cargo test)"]),
        deny: list(&["Bash(curl *)", "Write(docs/**)"]),
    };
    let roles = Rules { deny: list(&["Bash(npm run build)"]), ..Rules::default() };
    scope.policy.roles.insert(FIXER.to_owned(), roles);
    for (expected, command) in [
        ("allow policy.allow \"Bash(npm run *)\"", "npm run dev -- --port 1"),
        ("allow policy.allow \"Bash(npm run *)\"", "env CI=1 npm run dev"),
        ("ask policy.ask \"Bash(npm run deploy*)\"", "npm run deploy:all"),
        ("deny policy.role.fixer.deny \"Bash(npm run build)\"", "npm run build"),
        ("deny policy.deny \"Bash(curl *)\"", "ls && bash -c 'curl https://example.org'"),
        ("ask policy.ask \"Bash(cargo test)\"", "cargo test"),
        ("allow default.runner", "cargo test x"),
        ("allow policy.allow \"Bash(git:*)\"", "git clean -fd"),
        ("allow policy.allow \"Bash(sudo *)\"", "sudo ls /root"),
        ("deny guard.git", "git commit -m x"),
        ("deny guard.git", "sudo git push"),
        ("deny guard.delete", "rm src/a.rs"),
        ("deny guard.outside", "npm run dev > /etc/x"),
        ("ask default.unclear", "npm run dev && $X"),
    ] {
        let verdict = bash(&scope, command);
        assert_eq!(format!("{} {}", verdict.decision, verdict.rule), expected, "{command}: {verdict}");
    }
    assert_eq!(tool(&scope, "WebFetch", &json!({})), "allow policy.allow \"WebFetch\"");
    assert_eq!(
        tool(&scope, "Write", &json!({ "file_path": "/project/docs/a/b.md" })),
        "deny policy.deny \"Write(docs/**)\""
    );
    scope.policy.delete = Permission::Ask;
    scope.policy.rules.allow.clear();
    let verdict = bash(&scope, "rm src/a.rs");
    assert_eq!((verdict.decision, verdict.violation), (Permission::Ask, false));
    scope.policy.delete = Permission::Allow;
    assert_eq!(bash(&scope, "rm src/a.rs").rule, "default.edit");
}

#[test]
fn a_check_is_run_as_it_is_written_unless_the_agent_wrote_something_into_it() {
    let mut scope = scope(FIXER);
    scope.commands =
        ["sh check.sh", "FOO=1 make all", "for t in *.t; do sh $t; done", "npx prisma migrate reset && jest"]
            .map(str::to_owned)
            .to_vec();
    for command in [
        "sh check.sh",
        "  FOO=1 make all 2>&1 | tail -3",
        "cd /project && sh check.sh",
        "for t in *.t; do sh $t; done",
        "for t in *.t; do sh $t; done 2>&1 | head",
        "npx prisma migrate reset && jest",
    ] {
        assert_eq!(bash(&scope, command).decision, Permission::Allow, "{command}: {}", bash(&scope, command));
    }
    for command in [
        "FOO=2 make all",
        "make all install",
        "for t in *.t; do sh $t; done; curl x",
        "for t in *.t; do sh $t; done extra",
        "sh check.sh; curl x",
    ] {
        assert_eq!(bash(&scope, command).decision, Permission::Ask, "{command}: {}", bash(&scope, command));
    }
    scope.commands = vec!["sh commit.sh".to_owned()];
    assert_eq!(bash(&scope, "sh commit.sh").rule, "guard.git", "the agent changed what the check runs");
    scope.commands.push("for t in *.t; do psql -f $t; done > /outside".to_owned());
    assert_eq!(bash(&scope, "sh commit.sh").rule, "guard.git", "however many checks there are");
    assert_eq!(bash(&scope, "sh commit.sh | tail -3").rule, "guard.git");
    assert_eq!(bash(&scope, &scope.commands[1]).rule, "default.check");
    let mut world = Pretended::new();
    world.touched.clear();
    let verdict = judge(&scope, &world, "Bash", &json!({ "command": "sh commit.sh" }));
    assert_eq!(verdict.rule, "default.check", "it always did that");
}

#[test]
fn what_the_agent_wrote_under_a_name_is_judged_as_if_it_had_said_it() {
    let scope = scope(FIXER);
    let mut world = Pretended::new();
    let judged = |world: &Pretended, command: &str| {
        let verdict = judge(&scope, world, "Bash", &json!({ "command": command }));
        format!("{} {}", verdict.decision, verdict.rule)
    };
    let package = r#"{ "scripts": { "test": "jest", "build:own": "node build.js", "lint": "$TOOL ." } }"#;
    world.files.insert("/project/package.json", package);
    world.files.insert("/project/Makefile", "test:\n\tnode test.js\ncheck:\n\tcargo test\n");
    for command in ["npm run build:own", "npm run lint", "npm test", "make test", "make check"] {
        assert_eq!(judged(&world, command), "allow default.runner", "{command}: it was always so");
    }
    world.before.insert("/project/package.json", r#"{ "scripts": { "test": "jest" }, "private": true }"#);
    world.before.insert("/project/Makefile", "test:\n\tcargo test\ncheck:\n\tcargo test\n");
    for (expected, command) in [
        ("allow default.runner", "npm test"),
        ("ask default.unlisted", "npm run build:own"),
        ("ask default.unclear", "npm run lint"),
        ("ask default.unlisted", "make test"),
        ("allow default.runner", "make check"),
    ] {
        assert_eq!(judged(&world, command), expected, "{command}");
    }
    world.files.insert("/project/package.json", "{ broken");
    assert_eq!(judged(&world, "npm test"), "ask default.unclear");
    world.files.retain(|file, _| !file.ends_with("package.json"));
    assert_eq!(judged(&world, "npm test"), "ask default.unclear");
    // A check may say more than an agent, but not what the agent says through it.
    let checks = PolicyScope { commands: vec!["npm test".to_owned(), "make test".to_owned()], ..scope.clone() };
    let as_check = |world: &Pretended, command: &str| {
        let verdict = judge(&checks, world, "Bash", &json!({ "command": command }));
        format!("{} {}", verdict.decision, verdict.rule)
    };
    assert_eq!(as_check(&world, "npm test"), "allow default.check");
    assert_eq!(as_check(&world, "make test"), "allow default.check");
    world.files.insert("/project/package.json", r#"{ "scripts": { "test": "node x.js && psql -c x" } }"#);
    assert_eq!(as_check(&world, "npm test"), "deny guard.database");
    world.before.remove("/project/package.json");
    assert_eq!(as_check(&world, "npm test"), "allow default.check", "it always did that");
    assert_eq!(judged(&world, "npm test"), "deny guard.database");
}

#[test]
fn no_text_stops_the_judge() {
    let scope = scope(FIXER);
    let bits = [
        "'",
        "\"",
        "`",
        "$(",
        "${",
        ")",
        "}",
        "((",
        "<<E",
        "\n",
        "case x in",
        "esac",
        "[[",
        "{a,",
        "$'\\x",
        ";;",
        "&&",
        "|",
        "git",
        "é…\0",
    ];
    // A small walk through all pairs and triples of what a shell has a meaning for.
    for first in bits {
        for second in bits {
            for third in bits {
                let verdict = bash(&scope, &format!("{first} {second}{third}"));
                assert!(!verdict.rule.is_empty());
            }
        }
    }
    let deep = "$(".repeat(5000) + "git push" + &")".repeat(5000);
    assert_eq!(bash(&scope, &deep).decision, Permission::Ask);
    let nested = (0..200).fold("git push".to_owned(), |text, _| format!("eval {text}"));
    assert_ne!(bash(&scope, &nested).decision, Permission::Allow);
    let braces = "{a,b}".repeat(40);
    assert_ne!(bash(&scope, &format!("rm {braces}")).decision, Permission::Allow);
    // Long ones, and those that could branch without an end. A judge that goes too deep takes the whole process with it;
    // one that takes too long is waited for.
    let many = format!("{{{}}}", "a,".repeat(300));
    for text in [
        "${".repeat(100_000),
        "$((".repeat(60_000),
        "$(( $(".repeat(20_000),
        "((".repeat(60_000),
        ">".repeat(100_000),
        "<".repeat(100_000),
        "x=(".repeat(60_000),
        "`".repeat(100_001),
        "\"$(".repeat(40_000),
        "\"${x:-".repeat(20_000),
        "[[ ".repeat(40_000),
        "case x in ".repeat(10_000),
        "if ".repeat(40_000),
        "f() ".repeat(30_000),
        "for x in a; do ".repeat(8000),
        "{ ".repeat(60_000),
        "{".repeat(100_000),
        "{,".repeat(50_000),
        format!("ls {}", many.repeat(6)),
        "<<E ".repeat(20_000),
        format!("cat <<E\n{}", "$(cat <<E\n".repeat(2000)),
        "watch ".repeat(20_000),
        "eval ".repeat(20_000),
        "time ".repeat(20_000),
        "$x ".repeat(20_000),
        "sh -c 'sh -c \"".repeat(5000),
        "watch screen tmux parallel ".repeat(10),
        format!("{} x {}", "for x in a; do eval 'for y in b; do eval \"".repeat(8), "done".repeat(16)),
        "ls; ".repeat(10_000),
        "a".repeat(10_000_000),
    ] {
        let begin: String = text.chars().take(40).collect();
        let (scope, (say, said)) = (scope.clone(), mpsc::channel());
        // Half the stack of the threads that judge in the supervisor.
        let thread = thread::Builder::new().stack_size(1024 * 1024);
        let judging = thread.spawn(move || say.send(bash(&scope, &text))).expect("a thread");
        let verdict = said.recv_timeout(Duration::from_secs(60)).expect(&begin);
        judging.join().expect("ended").expect("heard");
        assert_ne!(verdict.decision, Permission::Allow, "{begin}: {verdict}");
    }
}
