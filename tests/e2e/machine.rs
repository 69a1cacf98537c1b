//! A project on a machine that can be broken in one place, and what `doctor` says about it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::site::{PROGRAM, Said, Site};

pub(crate) const CONFIG: &str = "[[check]]\nname = \"unit\"\nrun = \"touch ran\"\n";

/// A Claude CLI as far as `doctor` asks; of anything else it would think for long.
pub(crate) const CLAUDE: &str = "case \"$*\" in
--version) echo '2.1.328 (Claude Code)' ;;
'auth --help') printf 'Usage: claude auth\\n\\nCommands:\\n  login    Sign in\\n  status   Show\\n' ;;
'auth status --json') echo '{\"loggedIn\": true, \"authMethod\": \"claude.ai\", \"subscriptionType\": \"max\"}' ;;
*) exec sleep 1000 ;;
esac
";

/// What there is on every machine: the others may be missing, or look different.
pub(crate) const PROVED: [&str; 13] = [
    "configuration",
    "project",
    "state",
    "disk",
    "socket",
    "watcher",
    "watches",
    "holder",
    "undo",
    "git",
    "open files",
    "agent",
    "login",
];

/// A project that nobody agreed to, with a Claude CLI in its PATH.
pub(crate) struct Machine {
    pub(crate) site: Site,
    pub(crate) bin: PathBuf,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let site = Site::bare(&[("orchestrator.toml", CONFIG), ("src/deep/file.txt", "text\n"), ("doc/x", "x\n")]);
        fs::write(site.outside("user.toml"), "").expect("written");
        let bin = site.outside("bin");
        fs::create_dir(&bin).expect("made");
        let machine = Self { site, bin };
        machine.program("claude", CLAUDE);
        machine
    }

    /// Puts a script before the programs of the machine.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let file = self.bin.join(name);
        let _ = fs::remove_file(&file);
        fs::write(&file, format!("#!/bin/sh\n{script}")).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("set");
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.site.command(args);
        let path = std::env::var("PATH").expect("a path");
        command.env("PATH", format!("{}:{path}", self.bin.display()));
        command
    }

    /// Runs it after a script, in namespaces of its own; `None` where the machine does not allow that.
    pub(crate) fn inside(&self, setup: &str) -> Option<Report> {
        let mut command = self.command(&[]);
        let own: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        command = Command::new("unshare");
        let script = format!("({setup}) >/dev/null 2>&1 || exit 77; exec \"$@\"");
        command.args(["-Urm", "sh", "-c", &script, "sh", PROGRAM, "doctor", "--json"]).env_clear();
        command.envs(own.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(&self.site.project);
        let Ok(output) = command.stdin(Stdio::null()).output() else {
            eprintln!("skipped: there is no unshare");
            return None;
        };
        if output.status.code() == Some(77) || output.stdout.is_empty() {
            eprintln!("skipped: not allowed on this machine: {setup}");
            return None;
        }
        Some(Report::read(said(output)))
    }

    pub(crate) fn doctor(&self) -> Report {
        Report::of(self.command(&["doctor", "--json"]))
    }
}

pub(crate) fn said(output: std::process::Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What `doctor --json` said.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) findings: BTreeMap<String, Value>,
}

impl Report {
    pub(crate) fn of(mut command: Command) -> Self {
        Self::read(said(command.stdin(Stdio::null()).output().expect("our program")))
    }

    fn read(said: Said) -> Self {
        assert_eq!(said.err, "", "{said:?}");
        let value: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        let list = value["findings"].as_array().expect("a list");
        let findings: BTreeMap<String, Value> = list
            .iter()
            .map(|finding| (finding["name"].as_str().expect("a name").to_owned(), finding.clone()))
            .collect();
        assert_eq!(list.len(), findings.len(), "each is said once");
        assert_eq!((value["healthy"] == true, said.code), (said.code == 0, i32::from(value["healthy"] != true)));
        Self { code: said.code, findings }
    }

    pub(crate) fn state(&self, name: &str) -> &str {
        self.findings.get(name).and_then(|finding| finding["state"].as_str()).unwrap_or("missing")
    }

    /// Asserts that only `broken` does not work, with this reason and way out; `skipped` was not tried without it.
    pub(crate) fn assert_only(&self, broken: &str, reason: &str, mend: &str, skipped: &[&str]) {
        let states: BTreeMap<&str, &str> = self.findings.keys().map(|name| (name.as_str(), self.state(name))).collect();
        let faults: Vec<&&str> = states.iter().filter(|(_, state)| **state == "fault").map(|(name, _)| name).collect();
        assert_eq!(faults, [&broken], "{:#?}", self.findings);
        assert_eq!(self.code, 1);
        let finding = &self.findings[broken];
        let has = |field: &str, text: &str| finding[field].as_str().is_some_and(|said| said.contains(text));
        assert!(has("said", reason) && has("mend", mend), "{finding:#}");
        for name in PROVED.into_iter().filter(|name| *name != broken) {
            let expected: &[&str] = if skipped.contains(&name) { &["skipped", "info"] } else { &["ok"] };
            assert!(expected.contains(&states[name]), "{name}: {:#?}", self.findings);
        }
    }
}
