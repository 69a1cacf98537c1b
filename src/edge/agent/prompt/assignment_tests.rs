//! What a prompt for an assignment must say, and must never do.

use std::time::Duration;

use super::*;
use crate::model::assignment::{Deliverable, Lane};
use crate::model::attempt::AttemptEnd;
use crate::model::check::CheckName;
use crate::model::cost::Spent;
use crate::model::document::{Document, DocumentName};
use crate::model::lesson::{LessonKind, Place};
use crate::model::path::ProjectPath;
use crate::model::prompt::{WORK, blanks};

static NONE: Documents = Documents::new();

fn assignment() -> Assignment {
    Assignment {
        label: "task-001".to_owned(),
        description: "Add pages.\n\n## Not a section\n\nTwenty to a page.".to_owned(),
        ..Assignment::new("Paginate the list", Lane::Day, "task", "coding")
    }
}

fn learnt(kind: LessonKind, text: &str, file: &str) -> Lesson {
    Lesson::new(kind, text, Place { file: file.to_owned(), line: 7 }, None, "")
}

fn role(prompt: &str) -> Role {
    Role { purpose: "Codes.".to_owned(), produces: "Code.".to_owned(), prompt: prompt.to_owned(), ..Role::default() }
}

fn brief<'a>(role: &'a Role, assignment: &'a Assignment) -> Brief<'a> {
    Brief {
        role,
        assignment,
        happened: None,
        dependencies: &[],
        checks: &[],
        lessons: &[],
        documents: &NONE,
        attempts: &[],
        attempt: (1, 3),
        protected: &[],
        asking: Asking::Nobody,
        emit: None,
    }
}

fn record(number: u32, why: &str) -> AttemptRecord {
    AttemptRecord {
        number,
        end: AttemptEnd::AgentFailed { why: why.to_owned() },
        summary: why.to_owned(),
        diff: why.to_owned(),
        spent: Spent::default(),
        took: Duration::ZERO,
        landing: false,
        by: String::new(),
        outcome: None,
        exit: None,
    }
}

#[test]
fn every_word_has_a_value_and_says_what_it_should() {
    let all: Vec<String> = WORK.iter().map(|name| format!("## {name}\n\n{{{{{name}}}}}\n\n")).collect();
    let role = role(&all.concat());
    let mut assignment = assignment();
    assignment.module = "baptisms".to_owned();
    assignment.complexity = Some(Complexity::Medium);
    assignment.context_files = vec!["src/app/(main)/list/".to_owned()];
    let path = ProjectPath::new("docs/X.md").expect("a path");
    assignment.deliverables = vec![
        Deliverable { said: "Updated docs/X.md".to_owned(), path: path.clone() },
        Deliverable { said: "docs/X.md".to_owned(), path: path.clone() },
    ];
    assignment.check = Some(CheckName("unit".to_owned()));
    let outcome = Outcome {
        summary: "Chose pages.".to_owned(),
        artifacts: vec![Artifact::File { path }, Artifact::Commit { sha: "abc123def".to_owned() }],
        next_steps: vec!["Build it".to_owned()],
        components: Vec::new(),
    };
    let documents =
        Documents::from([(DocumentName::AgentInstructions, Document { text: "Say why.".to_owned(), edited: false })]);
    let prompt = work(&Brief {
        happened: Some(Happened { event: "task.plan.created", data: "{\"steps\": [\"```\"]}" }),
        dependencies: &[Brought { title: "s1 · Design", outcome: &outcome, diff: "-a\n+b {{title}}" }],
        checks: &[CheckLine { name: "unit", run: "cargo test" }, CheckLine { name: "lint", run: "cargo clippy" }],
        lessons: &[&learnt(LessonKind::Mistake, "Used the\nold pager", "feedback/2025-11-18.md")],
        documents: &documents,
        attempts: &[record(1, "no idea")],
        attempt: (2, 3),
        protected: &["tests/**".to_owned()],
        asking: Asking::File { label: "task-001", question: "q/task-001.md", answer: "q/task-001-answer.md" },
        emit: Some("orchestrator-tui emit"),
        ..brief(&role, &assignment)
    });
    for part in [
        "## title\n\ntask-001 · Paginate the list\n",
        "## description\n\nAdd pages.\n\n##### Not a section\n\nTwenty to a page.\n",
        "## module\n\nbaptisms\n",
        "## complexity\n\nmedium (about 2.5 hours for a person)\n",
        "## context_files\n\n- `src/app/(main)/list/`\n",
        "## deliverables\n\n- `docs/X.md` (Updated docs/X.md)\n- `docs/X.md`\n",
        "## checks\n\n- `unit`, whatever files you change: `cargo test`\n- `lint`: `cargo clippy`\n",
        "## dependencies\n\n### s1 · Design\n\nChose pages.\n\nIt made:\n\n- `docs/X.md`\n- commit `abc123def`\n\n\
         It said what comes next:\n\n- Build it\n\n",
        "```diff\n-a\n+b {{title}}\n```",
        "## event\n\ntask.plan.created\n",
        "## event_data\n\n````json\n{\"steps\": [\"```\"]}\n````\n",
        "## attempt\n\n2 of 3\n",
        "## attempts\n\n### Attempt 1: agent failed: no idea\n",
        "## lessons\n\n- mistake: Used the old pager (feedback/2025-11-18.md:7)\n",
        "## documents\n\n### Agent instructions\n\nSay why.\n",
        "## protected\n\n- `tests/**`\n",
        "# Question from Agent task-001\n\n## Context\n",
        "there is a file `q/task-001-answer.md`",
        "## emit\n\norchestrator-tui emit\n",
        "## purpose\n\nCodes.\n",
        "## produces\n\nCode.\n",
    ] {
        assert!(prompt.contains(part), "no {part:?} in:\n{prompt}");
    }
    for name in WORK {
        assert!(prompt.contains(&format!("## {name}\n\n")), "{name} has no value");
    }
}

#[test]
fn what_is_not_there_is_not_spoken_of() {
    let assignment = assignment();
    let role = role(include_str!("../../../../assets/prompts/coding.md"));
    let prompt = work(&brief(&role, &assignment));
    let headings: Vec<_> = prompt.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(headings, ["## The task", "## Rules", "## When you need a decision", "## What you hand over"]);
    assert!(prompt.contains("Nobody can answer now.") && blanks(&prompt).is_empty(), "{prompt}");
    let asked = work(&Brief { asking: Asking::Tool, emit: Some("x emit"), ..brief(&role, &assignment) });
    assert!(asked.contains("`AskUserQuestion`") && asked.contains("  x emit pr.created --data '{"), "{asked}");
}

#[test]
fn no_part_can_flood_the_prompt() {
    let all: Vec<String> = WORK.iter().map(|name| format!("{{{{{name}}}}}")).collect();
    let role = role(&all.concat());
    let long = "grüne zeile\n".repeat(5_000);
    let path = ProjectPath::new("x".repeat(200)).expect("a path");
    let mut assignment = assignment();
    assignment.description = long.clone();
    assignment.name = long.clone();
    assignment.module = long.clone();
    assignment.context_files = vec![long.clone(); 500];
    assignment.deliverables = vec![Deliverable { said: long.clone(), path: path.clone() }; 500];
    let outcome = Outcome {
        summary: long.clone(),
        artifacts: vec![Artifact::File { path }; 500],
        next_steps: vec![long.clone(); 500],
        components: Vec::new(),
    };
    let documents: Documents =
        DocumentName::ALL.map(|name| (name, Document { text: long.clone(), edited: true })).into();
    let records: Vec<_> = (1..50).map(|number| record(number, &long)).collect();
    let prompt = work(&Brief {
        happened: Some(Happened { event: &long, data: &long }),
        dependencies: &[Brought { title: &long, outcome: &outcome, diff: &long }; 40],
        checks: &[CheckLine { name: &long, run: &long }; 100],
        lessons: &[&learnt(LessonKind::Action, &long, &long); 100],
        documents: &documents,
        attempts: &records,
        protected: &vec![long.clone(); 200],
        ..brief(&role, &assignment)
    });
    assert!(prompt.len() < 160_000, "{} bytes", prompt.len());
    assert!(prompt.contains("(… and 32 more)") && prompt.contains("bytes left out …]"));
}
