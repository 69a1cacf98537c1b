//! What a fixer and a planner are told: the failure, the changes, what was tried before, and the rules.
//!
//! The words are those of the role's template. Every part has a limit, so that no prompt grows with the size of an output
//! or a diff.

use super::fill::fill;
use super::text::{block, fenced, line, list, shorten};
use super::told::{attempts, documents};
use crate::model::attempt::AttemptRecord;
use crate::model::check::{CheckKey, Fingerprint};
use crate::model::document::{Document, Documents};
use crate::model::workspace::{ChangeKind, FileChange};

/// The longest question to a planner, in bytes: it is typed into a terminal.
const QUESTION_CAP: usize = 40_000;

/// What is said of questions, without and with a way to ask them.
const ALONE: &str =
    "You work alone: nobody can answer questions, so decide yourself and say at the end what you assumed.";
const NOT_ALONE: &str = "You work alone: decide yourself what you can decide, and say at the end what you assumed.";

/// Limits in bytes, except where they count things. Together they keep a prompt below 120 kB.
const OUTPUT_CAP: usize = 8_000;
const DIFF_CAP: usize = 16_000;
const STRATEGY_CAP: usize = 6_000;
const COMMAND_CAP: usize = 2_000;
const FAILURES: usize = 30;
const FILES: usize = 60;

/// What a prompt is made of.
#[derive(Clone, Debug)]
pub struct PromptInput<'a> {
    /// The template of the role.
    pub template: &'a str,
    /// Which check is red.
    pub check: &'a CheckKey,
    /// Its command line, placeholders filled in.
    pub command: &'a str,
    /// The failures to mend; empty if the output names none.
    pub failures: &'a [Fingerprint],
    /// Failures of the same check that were red already.
    pub red_before: &'a [Fingerprint],
    /// The part of the output that says what is wrong.
    pub excerpt: &'a str,
    /// The files that changed since the check was last green.
    pub changed: &'a [FileChange],
    /// The diff of these changes.
    pub diff: &'a str,
    /// Globs whose change needs a person's yes.
    pub protected: &'a [String],
    /// Attempts that are over, oldest first.
    pub attempts: &'a [AttemptRecord],
    /// The number of this attempt and how many there may be.
    pub attempt: (u32, u32),
    /// What a planner proposes; empty if none was asked.
    pub strategy: &'a str,
    /// The documents; those that nobody edited say what the built-in templates say already, and are left out.
    pub documents: &'a Documents,
    /// How the agent can ask a person, in words; empty if that is no business of the prompt.
    pub asking: &'a str,
}

/// Writes the prompt for a fixer.
pub fn fixer(input: &PromptInput<'_>) -> String {
    fill(input.template, &values(input))
}

/// Writes the question for a planner.
pub fn planner(input: &PromptInput<'_>) -> String {
    shorten(&fill(input.template, &values(input)), QUESTION_CAP)
}

fn values(input: &PromptInput<'_>) -> Vec<(&'static str, String)> {
    let attempts = attempts(input.attempts);
    let failures = match list(input.failures.iter().map(failure), FAILURES) {
        none if none.is_empty() => "- (its output names no single failure)".to_owned(),
        some => some,
    };
    vec![
        ("check", input.check.to_string()),
        ("command", fenced("sh", &shorten(input.command, COMMAND_CAP))),
        ("failures", failures),
        ("red_before", list(input.red_before.iter().map(failure), FAILURES)),
        ("output", block("", input.excerpt, OUTPUT_CAP)),
        ("changed", list(input.changed.iter().map(change), FILES)),
        ("diff", block("diff", input.diff, DIFF_CAP)),
        (
            "attempt",
            if attempts.is_empty() { String::new() } else { format!("{} of {}", input.attempt.0, input.attempt.1) },
        ),
        ("attempts", attempts),
        ("alone", if input.asking.is_empty() { ALONE } else { NOT_ALONE }.to_owned()),
        ("asking", input.asking.to_owned()),
        ("strategy", shorten(input.strategy.trim(), STRATEGY_CAP)),
        ("protected", list(input.protected.iter().map(|glob| format!("`{}`", line(glob))), FILES)),
        ("documents", documents(input.documents, |document: &Document| document.edited)),
    ]
}

fn failure(failure: &Fingerprint) -> String {
    let id = line(&failure.id);
    match (&failure.file, failure.line) {
        (Some(file), Some(number)) => format!("`{id}` at {file}:{number}"),
        (Some(file), None) => format!("`{id}` in {file}"),
        (None, _) => format!("`{id}`"),
    }
}

fn change(change: &FileChange) -> String {
    let what = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Deleted => "deleted",
    };
    format!("{} ({what}, +{} -{})", change.path, change.added, change.removed)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::attempt::AttemptEnd;
    use crate::model::check::{CheckName, CheckRun, Findings, Verdict};
    use crate::model::cost::Spent;
    use crate::model::document::DocumentName;
    use crate::model::path::ProjectPath;
    use crate::model::prompt::{FIX, blanks};

    const TEMPLATE: &str = include_str!("../../../../assets/prompts/fixer.md");
    const PLANNER: &str = include_str!("../../../../assets/prompts/planner.md");
    static NONE: Documents = Documents::new();

    fn key() -> CheckKey {
        CheckKey { check: CheckName("unit".to_owned()), file: None }
    }

    fn input(key: &CheckKey) -> PromptInput<'_> {
        PromptInput {
            template: TEMPLATE,
            check: key,
            command: "cargo test",
            failures: &[],
            red_before: &[],
            excerpt: "",
            changed: &[],
            diff: "",
            protected: &[],
            attempts: &[],
            attempt: (1, 5),
            strategy: "",
            documents: &NONE,
            asking: "",
        }
    }

    fn record(number: u32, end: AttemptEnd) -> AttemptRecord {
        AttemptRecord {
            number,
            end,
            summary: format!("summary {number}"),
            diff: format!("-old {number}\n+new {number}"),
            spent: Spent::default(),
            took: Duration::ZERO,
            landing: false,
            by: String::new(),
            outcome: None,
            exit: None,
        }
    }

    #[test]
    fn every_placeholder_of_the_template_is_filled_and_every_value_is_used() {
        let key = key();
        let file = ProjectPath::new("src/a.rs").unwrap();
        let failures = [Fingerprint { id: "tests::adds".to_owned(), file: Some(file.clone()), line: Some(7) }];
        let old = [Fingerprint { id: "tests::old".to_owned(), file: None, line: None }];
        let changed = [FileChange { path: file, kind: ChangeKind::Modified, added: 2, removed: 1, line: None }];
        let run = CheckRun {
            verdict: Verdict::Red,
            code: Some(101),
            took: Duration::ZERO,
            findings: Findings { excerpt: "still 4".to_owned(), ..Findings::default() },
        };
        let attempts = [
            record(1, AttemptEnd::Refuted { check: "unit".to_owned(), run: Box::new(run) }),
            record(2, AttemptEnd::Interrupted),
        ];
        let document = |text: &str, edited| Document { text: text.to_owned(), edited };
        let edited = Documents::from([
            (DocumentName::AgentInstructions, document("Say why.", true)),
            (DocumentName::OrchestratorRules, document("built in", false)),
        ]);
        let prompt = fixer(&PromptInput {
            failures: &failures,
            red_before: &old,
            excerpt: "left: 3\nright: 4",
            changed: &changed,
            diff: "-a\n+b with {{command}} and ``` in it",
            protected: &["tests/**".to_owned()],
            attempts: &attempts,
            attempt: (2, 5),
            strategy: "Look at the rounding.",
            documents: &edited,
            asking: "Write it to `/q/task-14.md`.",
            ..input(&key)
        });
        for part in [
            "`unit` is run as:\n\n```sh\ncargo test\n```",
            "- `tests::adds` at src/a.rs:7",
            "- `tests::old`",
            "```\nleft: 3\nright: 4\n```",
            "- src/a.rs (modified, +2 -1)",
            "````diff\n-a\n+b with {{command}} and ``` in it\n````",
            "This is attempt 2 of 5.",
            "### Attempt 1: refuted by unit\n\nIt said: summary 1\n\nThe check said then:\n\n```\nstill 4\n```",
            "+new 1",
            "Look at the rounding.",
            "decide yourself what you can decide",
            "## Asking\n\nWrite it to `/q/task-14.md`.\n\n## Rules",
            "- `tests/**`",
            "### Agent instructions\n\nSay why.",
            "Do not run `git commit`",
        ] {
            assert!(prompt.contains(part), "no {part:?} in:\n{prompt}");
        }
        assert!(!prompt.contains("Attempt 2:"), "an attempt that was not charged teaches nothing");
        assert!(!prompt.contains("built in"), "the template says so already");
        let mut used: Vec<_> = blanks(TEMPLATE).iter().map(|blank| blank.name).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, FIX);
        let planned = planner(&PromptInput { template: PLANNER, failures: &failures, ..input(&key) });
        assert!(planned.contains("tests::adds") && blanks(&planned).is_empty(), "{planned}");
    }

    #[test]
    fn a_section_with_nothing_to_say_is_left_out() {
        let key = key();
        let prompt = fixer(&input(&key));
        for heading in
            ["Not yours", "What it said", "What changed", "The changes", "Earlier", "Strategy", "must stay", "Asking"]
        {
            assert!(!prompt.contains(heading), "{heading} in:\n{prompt}");
        }
        assert!(prompt.contains("names no single failure") && prompt.contains("nobody can answer questions"));
        assert!(prompt.contains("## Rules"));
        assert!(!prompt.contains("{{"));
    }

    #[test]
    fn no_part_can_flood_the_prompt() {
        let key = key();
        let long = "grüne zeile\n".repeat(2_000);
        let failures: Vec<_> =
            (0..1000).map(|n| Fingerprint { id: format!("{n} {long}"), file: None, line: None }).collect();
        let file = ProjectPath::new("x".repeat(200)).unwrap();
        let changed = vec![FileChange { path: file, kind: ChangeKind::Added, added: 1, removed: 0, line: None }; 1000];
        let attempts: Vec<_> = (1..50)
            .map(|number| AttemptRecord {
                summary: long.clone(),
                diff: long.clone(),
                ..record(number, AttemptEnd::AgentFailed { why: long.clone() })
            })
            .collect();
        let prompt = fixer(&PromptInput {
            command: &long,
            failures: &failures,
            red_before: &failures,
            excerpt: &long,
            changed: &changed,
            diff: &long,
            protected: &vec![long.clone(); 200],
            attempts: &attempts,
            strategy: &long,
            ..input(&key)
        });
        assert!(prompt.len() < 120_000, "{} bytes", prompt.len());
        assert!(prompt.contains("bytes left out …]"));
        assert!(prompt.contains("… and 970 more"));
        assert!(prompt.contains("(45 older ones are left out.)"));
    }
}
