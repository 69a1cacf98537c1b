//! What a fixer and a planner are told: the failure, the changes, what was tried before, and the rules.
//!
//! The words are in `assets/prompts/`; here they are filled in. A section of the template whose placeholders
//! are all empty is left out. Every part has a limit, so that no prompt grows with the size of an output or a diff.

use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::check::{CheckKey, Fingerprint};
use crate::model::workspace::{ChangeKind, FileChange};

/// The templates; `{{name}}` is a placeholder, a line beginning with `## ` begins a section.
const TEMPLATE: &str = include_str!("../../../assets/prompts/fixer.md");
const PLANNER: &str = include_str!("../../../assets/prompts/planner.md");

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
const LINE_CAP: usize = 300;
const FAILURES: usize = 30;
const FILES: usize = 60;
const ATTEMPTS: usize = 4;
const ATTEMPT_SUMMARY_CAP: usize = 600;
const ATTEMPT_OUTPUT_CAP: usize = 1_500;
const ATTEMPT_DIFF_CAP: usize = 3_000;

/// What a prompt is made of.
#[derive(Clone, Debug)]
pub struct PromptInput<'a> {
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
    /// How the agent can ask a person, in words; empty if that is no business of the prompt.
    pub asking: &'a str,
}

/// Writes the prompt for a fixer.
pub fn fixer(input: &PromptInput<'_>) -> String {
    fill(TEMPLATE, &values(input))
}

/// Writes the question for a planner.
pub fn planner(input: &PromptInput<'_>) -> String {
    shorten(&fill(PLANNER, &values(input)), QUESTION_CAP)
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
    ]
}

/// Fills in a template, section by section; a section is left out if it has placeholders and all are empty.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut prompt = String::new();
    for section in sections(template) {
        let mut text = String::new();
        let mut rest = section;
        let (mut holes, mut filled) = (0, 0);
        while let Some((before, name, after)) = placeholder(rest) {
            text.push_str(before);
            holes += 1;
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                filled += usize::from(!value.is_empty());
                text.push_str(value);
            }
            rest = after;
        }
        text.push_str(rest);
        if holes == 0 || filled > 0 {
            prompt.push_str(&text);
        }
    }
    prompt
}

fn sections(template: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = template.match_indices("\n## ").map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    starts.push(template.len());
    starts.windows(2).map(|pair| &template[pair[0]..pair[1]]).collect()
}

/// Splits at the next `{{name}}`.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
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

/// Tells the last few attempts: how each ended, what the check said then, what it had changed.
fn attempts(records: &[AttemptRecord]) -> String {
    let told: Vec<_> = records.iter().filter(|record| record.end.is_charged()).collect();
    let skipped = told.len().saturating_sub(ATTEMPTS);
    let mut parts = Vec::new();
    if skipped > 0 {
        parts.push(format!("({skipped} older ones are left out.)"));
    }
    for record in &told[skipped..] {
        parts.push(format!("### Attempt {}: {}", record.number, line(&record.end.to_string())));
        if !record.summary.is_empty() {
            parts.push(format!("It said: {}", shorten(&record.summary, ATTEMPT_SUMMARY_CAP)));
        }
        if let AttemptEnd::Refuted { run, .. } = &record.end {
            let excerpt = block("", &run.findings.excerpt, ATTEMPT_OUTPUT_CAP);
            if !excerpt.is_empty() {
                parts.push(format!("The check said then:\n\n{excerpt}"));
            }
        }
        let diff = block("diff", &record.diff, ATTEMPT_DIFF_CAP);
        if !diff.is_empty() {
            parts.push(format!("It had changed:\n\n{diff}"));
        }
    }
    parts.join("\n\n")
}

fn list(items: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = items.len().saturating_sub(most);
    let mut lines: Vec<_> = items.take(most).map(|item| format!("- {item}")).collect();
    if more > 0 {
        lines.push(format!("- … and {more} more"));
    }
    lines.join("\n")
}

/// One line for a list.
fn line(text: &str) -> String {
    let flat: Vec<_> = text.split_whitespace().collect();
    shorten(&flat.join(" "), LINE_CAP).replace('\n', " ")
}

/// A fenced block, or nothing for a blank text.
fn block(language: &str, text: &str, cap: usize) -> String {
    let text = text.trim_matches('\n');
    if text.trim().is_empty() { String::new() } else { fenced(language, &shorten(text, cap)) }
}

/// Fences a text with more backticks than it has in a row, so that it cannot end the block itself.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}")
}

/// Keeps the head and the tail of a text over `cap` bytes, cut at line ends where there are some near, with a mark
/// between that says how much is missing. The tail gets the greater part: that is where outputs say what is wrong.
fn shorten(text: &str, cap: usize) -> String {
    if text.len() <= cap {
        return text.to_owned();
    }
    let mut head = (0..=cap / 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut tail =
        (text.len() - (cap - cap / 3)..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    if let Some(end) = text[..head].rfind('\n').filter(|end| head - end < LINE_CAP) {
        head = end;
    }
    if let Some(start) = text[tail..].find('\n').filter(|start| *start < LINE_CAP) {
        tail += start + 1;
    }
    format!("{}\n[… {} bytes left out …]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::check::{CheckName, CheckRun, Findings, Verdict};
    use crate::model::cost::Spent;
    use crate::model::path::ProjectPath;

    fn key() -> CheckKey {
        CheckKey { check: CheckName("unit".to_owned()), file: None }
    }

    fn input(key: &CheckKey) -> PromptInput<'_> {
        PromptInput {
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
            "Do not run `git commit`",
        ] {
            assert!(prompt.contains(part), "no {part:?} in:\n{prompt}");
        }
        assert!(!prompt.contains("Attempt 2:"), "an attempt that was not charged teaches nothing");
        let names = ["check", "command", "failures", "red_before", "output", "changed", "diff", "attempt", "attempts"];
        let mut known: Vec<_> = names.into_iter().chain(["strategy", "protected", "alone", "asking"]).collect();
        let mut used = Vec::new();
        let mut rest = TEMPLATE;
        while let Some((_, name, after)) = placeholder(rest) {
            used.push(name);
            rest = after;
        }
        known.sort_unstable();
        used.sort_unstable();
        assert_eq!(used, known);
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

    #[test]
    fn head_and_tail_are_kept() {
        let text = (0..1000).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
        let short = shorten(&text, 300);
        assert!(short.starts_with("line 0\n") && short.ends_with("line 999\n"), "{short}");
        assert!(short.lines().all(|line| text.contains(line) || line.starts_with("[… ")), "{short}");
    }
}
