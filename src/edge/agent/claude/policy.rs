//! What a fixer may do without a person: read, edit inside its workspace, and run its task's check.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::edge::agent::claude::read_only::{HARMLESS_VARIABLES, inside, is_read_only, paths_inside};
use crate::edge::agent::claude::shell::{Simple, parse};

/// What the answer to a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allow,
    /// A person decides.
    Ask {
        /// Why it is not simply allowed, for that person.
        why: String,
    },
    /// No; the model is told why and what it can do instead.
    Deny {
        /// A message for the model.
        why: String,
    },
}

/// Decides about tool uses, by their input alone: no file is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The folder that work stays in, absolute and free of links.
    pub workspace: PathBuf,
    /// Command lines that may be run on top of read-only ones: the check's own.
    pub commands: Vec<String>,
}

/// Tools that read files; the field that names where.
const READ_TOOLS: [(&str, &str); 5] =
    [("Read", "file_path"), ("Glob", "path"), ("Grep", "path"), ("LS", "path"), ("NotebookRead", "notebook_path")];

/// Tools that change files; the field that names which.
const EDIT_TOOLS: [(&str, &str); 4] =
    [("Edit", "file_path"), ("MultiEdit", "file_path"), ("Write", "file_path"), ("NotebookEdit", "notebook_path")];

/// Tools that only keep the agent's own books.
const OWN_TOOLS: [&str; 9] = [
    "BashOutput",
    "KillShell",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskOutput",
    "TaskStop",
    "TaskUpdate",
    "TodoWrite",
];

/// Names that steer the agent or git itself; no fix needs to change them.
const PROTECTED: [&str; 3] = [".git", ".claude", ".mcp.json"];

/// Test runners for which further arguments only choose what is run and how it is shown. They run the project's
/// code, but so does the check, and the agent may edit that code. A `make` or `npm run` is not among them: further
/// words there are other things to do.
const RUNNERS: [&[&str]; 22] = [
    &["cargo", "test"],
    &["cargo", "nextest", "run"],
    &["cargo", "check"],
    &["cargo", "clippy"],
    &["cargo", "build"],
    &["pytest"],
    &["py.test"],
    &["python", "-m", "pytest"],
    &["python3", "-m", "pytest"],
    &["python", "-m", "unittest"],
    &["python3", "-m", "unittest"],
    &["go", "test"],
    &["go", "vet"],
    &["npm", "test"],
    &["jest"],
    &["npx", "jest"],
    &["vitest"],
    &["npx", "vitest"],
    &["node", "--test"],
    &["mypy"],
    &["tsc"],
    &["npx", "tsc"],
];

impl Policy {
    /// Decides about one use of a tool; `blocked_path` is the place that the CLI itself found to be outside.
    pub fn decide(&self, tool: &str, input: &Value, blocked_path: Option<&str>) -> Decision {
        let refusal = match tool {
            "EnterPlanMode" => Some("this task has its plan already".to_owned()),
            "Bash" => match input["command"].as_str() {
                None => Some("the request names no command".to_owned()),
                Some(_) if input["dangerouslyDisableSandbox"] == true => Some("the sandbox stays on".to_owned()),
                Some(command) => match self.doubt(command) {
                    Some(why) if blocked_path.is_none_or(|path| self.refuse_outside(path).is_none()) => {
                        return Decision::Ask { why };
                    }
                    doubt => doubt,
                },
            },
            _ if OWN_TOOLS.contains(&tool) => None,
            _ => {
                if let Some((_, field)) = READ_TOOLS.iter().find(|(name, _)| *name == tool) {
                    // Without a path these search the folder that the agent is in.
                    let places = [&input[*field], if tool == "Glob" { &input["pattern"] } else { &Value::Null }];
                    places.iter().find_map(|place| self.refuse_outside(place.as_str()?))
                } else if let Some((_, field)) = EDIT_TOOLS.iter().find(|(name, _)| *name == tool) {
                    match input[*field].as_str() {
                        Some(path) => self.refuse_edit(path),
                        None => Some("the request names no file".to_owned()),
                    }
                } else {
                    return Decision::Ask { why: format!("no rule allows the tool {tool}") };
                }
            }
        };
        let refusal = refusal.or_else(|| blocked_path.and_then(|path| self.refuse_outside(path)));
        match refusal {
            None => Decision::Allow,
            Some(why) => Decision::Deny { why: format!("Refused: {why}. {}", self.allowed()) },
        }
    }

    /// Says what needs nobody's yes.
    pub fn allowed(&self) -> String {
        let commands: Vec<_> = self.commands.iter().map(|command| format!("`{command}`")).collect();
        let run = if commands.is_empty() { String::new() } else { format!(", and run {}", commands.join(" or ")) };
        format!(
            "You may read and edit files inside {}, use read-only commands there (ls, cat, grep, find, git diff, …; no \
             variables, substitutions or redirects to files){run}. Find a way with these, or finish and say what is \
             missing.",
            self.workspace.display()
        )
    }

    fn refuse_outside(&self, path: &str) -> Option<String> {
        match inside(path, &self.workspace, &self.workspace) {
            Some(_) => None,
            None => Some(format!("{path} is outside the workspace")),
        }
    }

    fn refuse_edit(&self, path: &str) -> Option<String> {
        let Some(path) = inside(path, &self.workspace, &self.workspace) else {
            return Some(format!("{path} is outside the workspace"));
        };
        let relative = path.strip_prefix(&self.workspace).unwrap_or(Path::new(""));
        if relative.as_os_str().is_empty() {
            return Some("this is not a file of the workspace".to_owned());
        }
        let protected = relative
            .components()
            .filter_map(|part| part.as_os_str().to_str())
            .find(|part| PROTECTED.iter().any(|name| part.eq_ignore_ascii_case(name)));
        protected.map(|name| format!("{name} is protected, no fix needs to change it"))
    }

    /// Says why a command is not simply allowed.
    fn doubt(&self, command: &str) -> Option<String> {
        let text = command.trim();
        // The check itself may be written in ways that are not taken apart here; word for word it is fine.
        let rest = self.commands.iter().find_map(|command| continues(text, command.trim()));
        if rest == Some("") {
            return None;
        }
        let line = match parse(&rest.map_or_else(|| text.to_owned(), |rest| format!("true {rest}"))) {
            Ok(line) => line,
            Err(unclear) => return Some(format!("the command cannot be judged, {unclear}")),
        };
        let checks: Vec<_> = self.commands.iter().filter_map(|command| parse(command).ok()).collect();
        let mut folder = self.workspace.clone();
        let mut line = line.as_slice();
        while let [command, after @ ..] = line {
            if is_read_only(command, &self.workspace, &mut folder) {
                line = after;
                continue;
            }
            match checks.iter().find(|check| self.starts_with_check(line, check)) {
                Some(check) => line = &line[check.len()..],
                None => {
                    return Some(format!("`{}` is neither read-only nor this task's check", command.words.join(" ")));
                }
            }
        }
        None
    }

    /// Whether the line begins with the commands of a check, where the last one may have further arguments for its
    /// test runner (no paths outside: some are emptied first), and any may have harmless variables set.
    fn starts_with_check(&self, line: &[Simple], check: &[Simple]) -> bool {
        if check.is_empty() || line.len() < check.len() {
            return false;
        }
        line.iter().zip(check).enumerate().all(|(at, (given, wanted))| {
            let assignments = given.assignments.iter().all(|assignment| {
                wanted.assignments.contains(assignment) || HARMLESS_VARIABLES.contains(&assignment.0.as_str())
            });
            let words = given.words == wanted.words
                || (at + 1 == check.len()
                    && given.words.starts_with(&wanted.words)
                    && RUNNERS.iter().any(|runner| begins(&wanted.words, runner))
                    && paths_inside(&given.words[wanted.words.len()..], false, &self.workspace, &self.workspace));
            assignments && words
        })
    }
}

/// Returns what follows `command` at the beginning of `text`, if an operator or nothing does.
fn continues<'a>(text: &'a str, command: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(command)?.trim_start();
    (rest.is_empty() || rest.starts_with(['|', '&', ';', '>', '\n']) || rest.starts_with("2>")).then_some(rest)
}

fn begins(words: &[String], runner: &[&str]) -> bool {
    words.len() >= runner.len() && words.iter().zip(runner).all(|(word, expected)| word == expected)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(commands: &[&str]) -> Policy {
        Policy {
            workspace: PathBuf::from("/project"),
            commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        }
    }

    fn why(decision: Decision) -> String {
        match decision {
            Decision::Allow => String::new(),
            Decision::Ask { why } | Decision::Deny { why } => why,
        }
    }

    #[test]
    fn files_inside_may_be_read_and_edited() {
        let policy = policy(&[]);
        for (tool, input) in [
            ("Read", json!({ "file_path": "/project/src/a.rs" })),
            ("Grep", json!({ "pattern": "/etc" })),
            ("Glob", json!({ "pattern": "**/*.rs", "path": "/project/src" })),
            ("LS", json!({ "path": "/project" })),
            ("TodoWrite", json!({ "todos": [] })),
            ("Edit", json!({ "file_path": "/project/src/a.rs" })),
            ("Write", json!({ "file_path": "src/new.rs" })),
            ("NotebookEdit", json!({ "notebook_path": "/project/a.ipynb" })),
            ("Write", json!({ "file_path": "/project/.github/workflows/ci.yml" })),
        ] {
            assert_eq!(policy.decide(tool, &input, None), Decision::Allow, "{tool} {input}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        let policy = policy(&["cargo test"]);
        for (tool, input, reason) in [
            ("Read", json!({ "file_path": "/etc/passwd" }), "outside the workspace"),
            ("Glob", json!({ "pattern": "/etc/*" }), "outside the workspace"),
            ("Edit", json!({ "file_path": "/projects/a" }), "outside the workspace"),
            ("Edit", json!({ "file_path": "/project/../etc/passwd" }), "outside the workspace"),
            ("Write", json!({ "file_path": "~/.bashrc" }), "outside the workspace"),
            ("Write", json!({ "file_path": "/project/.claude/settings.json" }), ".claude is protected"),
            ("Write", json!({ "file_path": "/project/sub/.GIT/config" }), "is protected"),
            ("Write", json!({ "file_path": "/project/.mcp.json" }), ".mcp.json is protected"),
            ("Write", json!({ "file_path": "/project" }), "not a file"),
            ("Edit", json!({}), "names no file"),
            ("EnterPlanMode", json!({}), "has its plan already"),
            ("Bash", json!({ "command": "ls", "dangerouslyDisableSandbox": true }), "the sandbox stays on"),
            ("Bash", json!({}), "names no command"),
        ] {
            let why = why(policy.decide(tool, &input, None));
            assert!(why.contains(reason), "{tool} {input}: {why}");
            assert!(why.contains("You may read and edit files inside /project"), "{why}");
            assert!(why.contains("`cargo test`"), "{why}");
        }
        let link = policy.decide("Read", &json!({ "file_path": "/project/link" }), Some("/etc/passwd"));
        assert!(why(link).contains("/etc/passwd is outside"));
    }

    #[test]
    fn a_person_decides_what_no_rule_names() {
        let policy = policy(&["cargo test"]);
        for (tool, input, reason) in [
            ("WebFetch", json!({ "url": "https://example.org" }), "no rule allows the tool WebFetch"),
            ("mcp__x__y", json!({}), "no rule allows"),
            ("Bash", json!({ "command": "curl https://example.org" }), "neither read-only nor this task's check"),
            ("Bash", json!({ "command": "eval \"$X\"" }), "cannot be judged"),
        ] {
            let decision = policy.decide(tool, &input, None);
            let why = if let Decision::Ask { why } = &decision { why.as_str() } else { "" };
            assert!(why.contains(reason), "{tool} {input}: {decision:?}");
        }
        let outside = policy.decide("Bash", &json!({ "command": "touch x" }), Some("/etc/passwd"));
        assert!(matches!(outside, Decision::Deny { .. }), "{outside:?}");
    }

    #[test]
    fn the_check_may_be_run_in_the_ways_models_do() {
        let policy = policy(&["cargo test -q", "FOO=1 make check", "for t in *.t; do sh $t; done"]);
        for command in [
            "cargo test -q",
            "  cargo test -q 2>&1 | tail -50",
            "cd /project && cargo test -q parses -- --nocapture 2>&1; echo \"exit: $?\"",
            "RUST_BACKTRACE=1 cargo test -q",
            "FOO=1 make check",
            "make check && git diff",
            "for t in *.t; do sh $t; done",
            "for t in *.t; do sh $t; done 2>&1 | head",
        ] {
            let input = json!({ "command": command });
            assert_eq!(policy.decide("Bash", &input, None), Decision::Allow, "{command}");
        }
        for command in [
            "cargo test",
            "cargo test -q && rm -rf src",
            "cargo test -q; curl x",
            "cargo test -q > src/out.rs",
            "cargo test -q $(rm x)",
            "cargo test -quiet-and-more",
            "cargo test -q --target-dir /home/me",
            "cargo test -q --target-dir=../x",
            "make check deploy",
            "FOO=2 make check",
            "PATH=. make check",
            "for t in *.t; do sh $t; done; rm x",
            "for t in *.t; do sh $t; done extra",
            "cargo test -q\nrm x",
        ] {
            let input = json!({ "command": command });
            assert_ne!(policy.decide("Bash", &input, None), Decision::Allow, "{command}");
        }
    }
}
