//! The screens of assignments: rows, what one is to bring, the tree, roles, what was filed together, a new task.

use std::time::Duration;

use orchestrator_tui::core::view::{Allowed, BatchRow, Detail, Group, RoleRow, Row, View, Work};
use orchestrator_tui::model::assignment::{Assignment, Complexity, Deliverable, Lane};
use orchestrator_tui::model::attempt::{AttemptEnd, Stage};
use orchestrator_tui::model::check::CheckName;
use orchestrator_tui::model::cost::Usd;
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{BatchId, TaskId};
use orchestrator_tui::model::task::{DoneReason, FailReason, Goal, ReadyReason, Task, TaskState, Workflow};
use orchestrator_tui::model::time::millis;
use orchestrator_tui::ui::glyph::ASCII;
use orchestrator_tui::ui::state::State;

use super::fixture::{ago, cents, idle, path, pending, row, task};
use super::past::attempt;
use super::scene::{Person, Scene};

/// Every screen of this kind.
pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "work", make: |size| Person::before(day(), Some(24), size).state },
    Scene { name: "work-goal", make: |size| Person::before(day(), Some(24), size).types("4<enter>").state },
    Scene { name: "work-undelivered", make: |size| Person::before(day(), Some(23), size).types("4<enter>").state },
    Scene { name: "work-blocked", make: |size| Person::before(day(), Some(27), size).types("<enter>").state },
    Scene { name: "work-created", make: |size| Person::before(day(), Some(30), size).types("<enter>").state },
    Scene { name: "work-filtered", make: |size| Person::before(day(), None, size).types("/batch 2").state },
    Scene { name: "tree", make: |size| Person::before(day(), Some(24), size).types("6<enter>").state },
    Scene {
        name: "tree-ascii",
        make: |size| State { glyphs: ASCII, ..Person::before(day(), Some(24), size).types("6<enter>").state },
    },
    Scene { name: "tree-go", make: |size| Person::before(day(), Some(24), size).types("6<enter>ggjjj<enter>").state },
    Scene {
        name: "tree-folded",
        make: |size| Person::before(day(), Some(24), size).types("6<enter>ggjjj<space>").state,
    },
    Scene { name: "tree-alone", make: |size| Person::before(day(), Some(30), size).types("6<enter>").state },
    Scene { name: "batches", make: |size| Person::before(day(), None, size).types("W").state },
    Scene { name: "batches-none", make: |size| Person::before(idle(), None, size).types("W").state },
    Scene { name: "roles", make: |size| Person::before(day(), None, size).types("A").state },
    Scene { name: "new-task", make: |size| Person::before(day(), None, size).types("nwrite a guide to mail").state },
];

/// What an assignment of the day is, by its number.
pub(crate) fn assignment(id: u32) -> Assignment {
    let (label, name, role, complexity): (&str, &str, &str, Option<Complexity>) = match id {
        21 => ("task-001", "Plan the mail module", "analysis", Some(Complexity::Low)),
        22 => ("task-002", "Add the table of letters", "coding", Some(Complexity::Medium)),
        23 => ("task-003", "Send letters through SMTP", "coding", Some(Complexity::High)),
        24 => ("task-004", "Write the letter templates", "coding", Some(Complexity::Low)),
        25 => ("task-005", "Test sending against a stub server", "testing", Some(Complexity::Medium)),
        26 => ("task-006", "Document how mail is set up", "coding", Some(Complexity::Low)),
        27 => ("task-007", "Retry what could not be sent", "implementation", None),
        28 => ("task-008", "Look through all of it", "reviewer", None),
        30 => ("", "Rename the settings page", "coding", None),
        31 => ("core", "Mail: the core", "implementation", Some(Complexity::High)),
        _ => ("", "Something else", "coding", None),
    };
    let after: &[u32] = match id {
        22..=24 => &[21],
        25 => &[22, 24],
        26 => &[24],
        27 => &[23],
        28 => &[25, 26],
        _ => &[],
    };
    let is_day = id < 30;
    let batch = if is_day { Some(BatchId(2)) } else { (id == 31).then_some(BatchId(1)) };
    let deliverable = |said: &str, at: &str| Deliverable { said: said.to_owned(), path: path(at) };
    Assignment {
        label: label.to_owned(),
        description: format!("{name}.\nKeep what is there; say in docs/mail.md what a person must set."),
        module: if is_day { "mail".to_owned() } else { String::new() },
        complexity,
        context_files: if is_day { vec!["docs/mail.md".to_owned(), "src/mail (old)/".to_owned()] } else { Vec::new() },
        deliverables: if is_day {
            vec![
                deliverable("Updated src/services/CaseService.ts", "src/services/CaseService.ts"),
                deliverable("docs/mail.md", "docs/mail.md"),
            ]
        } else {
            Vec::new()
        },
        after: after.iter().copied().map(TaskId).collect(),
        check: (id == 25).then(|| CheckName("unit".to_owned())),
        budget: (id == 23).then_some(Usd(4_000_000)),
        batch,
        ..Assignment::new(
            name,
            if is_day {
                Lane::Day
            } else if id == 31 {
                Lane::Session
            } else {
                Lane::Queue
            },
            "task",
            role,
        )
    }
}

pub(crate) fn of(id: u32, state: TaskState) -> Task {
    let mut task = task(id, "", None, state);
    task.goal = Goal::Assignment(Box::new(assignment(id)));
    task.failures = Vec::new();
    task.excerpt = String::new();
    task
}

pub(crate) fn work_row(group: Group, task: &Task) -> Row {
    let assignment = task.assignment().expect("an assignment");
    let work = Work {
        role: assignment.role.clone(),
        lane: assignment.lane,
        batch: assignment.batch,
        after: assignment.after.clone(),
        subject: assignment.subject,
        began: task.began,
        worked: task.attempts.iter().map(|attempt| millis(attempt.took)).sum(),
        expected: assignment.complexity.map(|complexity| millis(complexity.expected())),
    };
    Row { work: Some(Box::new(work)), ..row(group, task) }
}

fn tasks() -> Vec<(Group, Task)> {
    let mut done = of(21, TaskState::Done(DoneReason::Finished));
    (done.began, done.ended, done.spent, done.charged) = (Some(ago(19_000)), Some(ago(18_200)), cents(35), 1);
    done.attempts.push(attempt(1));
    let mut ready = of(22, TaskState::Ready(ReadyReason::Asked));
    (ready.began, ready.spent, ready.charged) = (Some(ago(18_000)), cents(122), 1);
    ready.result = Some(pending(22));
    let mut failed = of(23, TaskState::Failed(FailReason::Escalated { why: "all 5 attempts used up".to_owned() }));
    (failed.began, failed.ended, failed.spent, failed.charged) = (Some(ago(18_100)), Some(ago(900)), cents(398), 5);
    let mut last = attempt(5);
    last.end = AttemptEnd::Undelivered { missing: vec!["docs/mail.md".to_owned()] };
    last.took = Duration::from_secs(16_000);
    failed.attempts.push(last);
    let mut running = of(24, TaskState::Running);
    (running.began, running.running, running.stage) = (Some(ago(4800)), cents(61), Some(Stage::Agent));
    vec![
        (Group::NeedsYou, ready),
        (Group::Working, running),
        (Group::Held, of(27, TaskState::Blocked(TaskId(23)))),
        (Group::Held, of(30, TaskState::Held(HoldReason::Created))),
        (Group::Queued, of(25, TaskState::Pending(TaskId(24)))),
        (Group::Queued, of(26, TaskState::Pending(TaskId(24)))),
        (Group::Queued, of(28, TaskState::Pending(TaskId(25)))),
        (Group::Queued, of(31, TaskState::Queued)),
        (Group::Failed, failed),
        (Group::Done, done),
    ]
}

/// A day's work in the afternoon: one task of each fate.
pub(crate) fn day() -> View {
    let rows = tasks().into_iter().map(|(group, task)| {
        let fix = matches!(task.state, TaskState::Held(_));
        let allowed = Allowed { fix, land: task.result.is_some(), kill: group != Group::Done, ..Allowed::default() };
        let row = Row { allowed, ..work_row(group, &task) };
        match group {
            Group::Working => Row { why: "work".to_owned(), since: Some(ago(4800)), attempts: (1, 5), ..row },
            _ => row,
        }
    });
    let role = |name: &str, purpose: &str, edits: bool| RoleRow {
        name: name.to_owned(),
        purpose: purpose.to_owned(),
        agent: "claude".to_owned(),
        edits,
        budget: (name == "coding").then_some(Usd(5_000_000)),
        produces: "a summary and the list of what was changed".to_owned(),
        emits: if edits { vec!["code.done".to_owned()] } else { Vec::new() },
    };
    View {
        rows: rows.collect(),
        batches: vec![
            BatchRow {
                id: BatchId(1),
                date: None,
                title: "letters can be sent by mail, with retries".to_owned(),
                budget: None,
                tasks: 1,
                planned: 0,
            },
            BatchRow {
                id: BatchId(2),
                date: Some("2026-11-20".to_owned()),
                title: "2026-11-20.yaml".to_owned(),
                budget: Some(Usd(20_000_000)),
                tasks: 8,
                planned: 0,
            },
        ],
        roles: vec![
            role("analysis", "Finds out what is there and what is missing.", false),
            role("coding", "Does one task of a person and says what it did.", true),
            role("reviewer", "Reads what was made and says what must change.", false),
        ],
        ..idle()
    }
}

/// All about a task of [`day`].
pub(crate) fn detail(row: &Row) -> Detail {
    let mut all =
        tasks().into_iter().map(|(_, task)| task).chain(super::events::sessions()).chain([super::events::audit_task()]);
    let task = all.find(|task| task.id == row.id).expect("a task of the day");
    Detail { task, stages: Workflow::task().stages, run: None, event: None }
}
