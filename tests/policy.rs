//! What an agent may do: command lines in disguise and innocent look-alikes, each with its answer and its rule.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop here")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use orchestrator_tui::core::policy::{World, judge};
use orchestrator_tui::model::policy::{FIXER, Permission, Policy, PolicyScope, Rules, Verdict};
use serde_json::{Value, json};

const COMMANDS: &str = include_str!("policy/commands.txt");

/// A workspace that exists only here.
struct Pretended {
    files: BTreeMap<&'static str, &'static str>,
    touched: Vec<&'static str>,
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
        ]);
        Self { files, touched: vec!["/project/commit.sh"] }
    }
}

impl World for Pretended {
    fn read(&self, file: &Path) -> Option<String> {
        self.files.get(file.to_str()?).map(|text| (*text).to_owned())
    }

    fn is_untouched(&self, file: &Path) -> bool {
        !self.touched.iter().any(|touched| Path::new(touched) == file)
    }

    fn project_files(&self) -> Vec<String> {
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
