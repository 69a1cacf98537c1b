//! A small project as a supervisor would show it: one task in every state, with its past.

use std::time::Duration;

use orchestrator_tui::core::view::{Allowed, CheckRow, Course, Detail, Group, Head, LaneRow, Row, View};
use orchestrator_tui::model::assignment::Lane;
use orchestrator_tui::model::attempt::Stage;
use orchestrator_tui::model::check::{CheckKey, CheckName, CheckRun, Findings, Fingerprint, TestCounts, Verdict};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::counts::Counts;
use orchestrator_tui::model::hold::{HoldReason, SnoozeEnd};
use orchestrator_tui::model::id::{ChangeId, LandingId, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::receipt::{Receipt, Witness};
use orchestrator_tui::model::task::{
    DoneReason, FailReason, Goal, Origin, PendingResult, ReadyReason, ReviewReason, Task, TaskState, Workflow,
};
use orchestrator_tui::model::time::{Wall, millis};
use orchestrator_tui::model::workspace::{ChangeKind, FileChange, Snapshot, Suspicion, TreeId};

use super::past::attempt;
pub(crate) use super::texts::{DIFF, OUTPUT};

/// 2026-11-20 14:32:47 UTC.
pub(crate) const NOW: Wall = Wall(1_795_185_167_000);

/// So many seconds before now.
pub(crate) fn ago(seconds: u64) -> Wall {
    Wall(NOW.0 - seconds * 1000)
}

/// So many seconds from now.
pub(crate) fn ahead(seconds: u64) -> Wall {
    Wall(NOW.0 + seconds * 1000)
}

pub(crate) fn path(text: &str) -> ProjectPath {
    ProjectPath::new(text).expect("a path of the fixture")
}

pub(crate) fn key(check: &str, file: Option<&str>) -> CheckKey {
    CheckKey { check: CheckName(check.to_owned()), file: file.map(path) }
}

pub(crate) fn cents(cents: u64) -> Spent {
    Spent { usd: Usd(cents * 10_000), unpriced: false, tokens_in: cents * 900, tokens_out: cents * 60 }
}

fn failure(id: &str, file: &str, line: u32) -> Fingerprint {
    Fingerprint { id: id.to_owned(), file: Some(path(file)), line: Some(line) }
}

pub(crate) fn run(verdict: Verdict) -> CheckRun {
    let red = verdict != Verdict::Green;
    CheckRun {
        verdict,
        code: Some(i32::from(red)),
        took: Duration::from_millis(2149),
        findings: Findings {
            failures: if red { failures() } else { Vec::new() },
            tests: Some(TestCounts { passed: 87 - u32::from(red), failed: u32::from(red), skipped: 0 }),
            coverage: None,
            excerpt: if red { OUTPUT.to_owned() } else { String::new() },
        },
    }
}

pub(crate) fn failures() -> Vec<Fingerprint> {
    vec![
        failure("CaseService > closes overdue cases", "src/services/CaseService.test.ts", 48),
        failure("CaseService > counts open cases", "src/services/CaseService.test.ts", 61),
    ]
}

/// A task with a title; everything else as for one that has just been filed.
pub(crate) fn task(id: u32, check: &str, file: Option<&str>, state: TaskState) -> Task {
    let goal = Goal::Check(key(check, file));
    Task {
        files: file.map(path).into_iter().collect(),
        failures: failures(),
        excerpt: OUTPUT.to_owned(),
        state,
        ..Task::new(TaskId(id), goal, Origin::Change(ChangeId(3)), ago(300))
    }
}

pub(crate) fn receipt(id: u32) -> Receipt {
    let witness = |verdict| Witness {
        check: key("unit", Some("src/services/CaseService.ts")),
        verdict,
        code: Some(i32::from(verdict != Verdict::Green)),
        failures: if verdict == Verdict::Green { Vec::new() } else { failures() },
        tests: Some(TestCounts { passed: 87, failed: 0, skipped: 0 }),
        took: Duration::from_millis(2149),
    };
    Receipt {
        task: TaskId(id),
        landing: LandingId(4),
        at: ago(31),
        fixed: failures(),
        red: Some(witness(Verdict::Red)),
        green: vec![witness(Verdict::Green)],
        tree_before: TreeId("a".repeat(40)),
        tree_after: TreeId("b".repeat(40)),
        files: vec![
            FileChange {
                path: path("src/services/CaseService.ts"),
                kind: ChangeKind::Modified,
                added: 5,
                removed: 2,
                line: Some(42),
            },
            FileChange {
                path: path("src/services/dates.ts"),
                kind: ChangeKind::Added,
                added: 3,
                removed: 0,
                line: Some(1),
            },
        ],
        accepted: Vec::new(),
        by: "claude".to_owned(),
        attempts: 2,
        spent: cents(11),
        took: Duration::from_secs(31),
    }
}

pub(crate) fn pending(id: u32) -> PendingResult {
    PendingResult {
        receipt: receipt(id),
        base: Snapshot { tree: TreeId("a".repeat(40)), commit: "c".repeat(40), left_out: Vec::new() },
        diff: DIFF.to_owned(),
        conflict: String::new(),
        unfinished: false,
    }
}

/// A row of the list for a task, with the words that the state itself has.
pub(crate) fn row(group: Group, task: &Task) -> Row {
    Row {
        id: task.id,
        check: task.check().cloned(),
        title: task.title(),
        work: None,
        group,
        why: task.state.reason(NOW),
        until: None,
        since: task.ended,
        took: task.receipt.as_ref().map(|receipt| millis(receipt.took)),
        stage: task.stage,
        session: None,
        attempts: (task.charged, 5),
        spent: task.total(),
        quiet: None,
        typical: None,
        allowed: Allowed { kill: !task.state.is_final(), retry: task.state.is_final(), ..Allowed::default() },
    }
}

pub(crate) fn check_row(check: &str, file: Option<&str>, verdict: Option<Verdict>) -> CheckRow {
    CheckRow {
        key: key(check, file),
        verdict,
        since: verdict.map(|_| ago(90)),
        took: 2149,
        failures: usize::from(verdict == Some(Verdict::Red)) * 2,
        running: None,
        wanted: false,
        session: None,
    }
}

/// The head of a supervisor that is well.
pub(crate) fn head() -> Head {
    Head {
        settled: None,
        pid: 4711,
        started: ago(9255),
        beat: ago(12),
        heartbeat: 30_000,
        course: Course::Up,
        branch: Some("main".to_owned()),
        operation: None,
        files: 1204,
        paused: false,
        parked: None,
        fixing: true,
        refused: None,
        agent: "claude".to_owned(),
        planner: None,
        planner_says: String::new(),
        health: std::collections::BTreeMap::new(),
        lanes: vec![LaneRow { lane: Lane::Fix, at_work: 0, most: 2 }],
        spent: cents(42),
        numbers: Counts { ended: 14, succeeded: 10, failed: 2, escalated: 1, refused: 1, undone: 1, killed: 0 },
    }
}

/// Everything green and nothing to do.
pub(crate) fn idle() -> View {
    let checks = vec![
        check_row("clippy", None, Some(Verdict::Green)),
        check_row("unit", Some("src/services/CaseService.ts"), Some(Verdict::Green)),
        check_row("unit", Some("src/parser.rs"), Some(Verdict::Green)),
    ];
    View { head: head(), checks, ..View::default() }
}

/// Red checks without a task, one that runs, one that never ran, one that cannot.
pub(crate) fn red() -> View {
    let mut view = idle();
    view.checks = vec![
        CheckRow { running: Some(ago(7)), ..check_row("clippy", None, Some(Verdict::Green)) },
        check_row("unit", Some("src/services/CaseService.ts"), Some(Verdict::Red)),
        check_row("unit", Some("src/db.rs"), Some(Verdict::TimedOut)),
        check_row("e2e", None, Some(Verdict::Broken)),
        CheckRow { wanted: true, ..check_row("unit", Some("src/parser.rs"), None) },
        check_row("docs", None, None),
    ];
    view
}

/// One or more tasks in every group.
pub(crate) fn busy() -> View {
    let mut rows = Vec::new();
    let ready = TaskState::Ready(ReadyReason::Suspicious(vec![
        Suspicion { file: Some(path("tests/test_sum.py")), what: "deletes 1 test".to_owned() },
        Suspicion { file: Some(path("pyproject.toml")), what: "adds `ignore = [\"E501\"]`".to_owned() },
    ]));
    let mut wait = task(14, "unit", Some("src/services/CaseService.ts"), ready);
    wait.result = Some(pending(14));
    wait.charged = 2;
    wait.spent = cents(11);
    rows.push(Row {
        allowed: Allowed { land: true, refuse: true, kill: true, ..Allowed::default() },
        ..row(Group::NeedsYou, &wait)
    });
    let conflict = TaskState::Review(ReviewReason::Conflict(vec![path("src/api/routes.ts")]));
    rows.push(Row {
        allowed: Allowed { refuse: true, retry: true, kill: true, ..Allowed::default() },
        ..row(Group::NeedsYou, &task(11, "types", None, conflict))
    });
    let mut running = task(15, "clippy", Some("src/parser.rs"), TaskState::Running);
    running.charged = 1;
    running.running = cents(3);
    running.stage = Some(Stage::Agent);
    rows.push(Row { why: "fix".to_owned(), since: Some(ago(42)), spent: cents(3), ..row(Group::Working, &running) });
    let held = |id, file, reason| {
        let task = task(id, "unit", Some(file), TaskState::Held(reason));
        let allowed = Allowed { fix: true, kill: true, ..Allowed::default() };
        Row { allowed, ..row(Group::Held, &task) }
    };
    rows.push(held(7, "src/legacy/report.ts", HoldReason::RedBefore));
    rows.push(held(8, "src/legacy/mail.ts", HoldReason::Undone(TaskId(3))));
    rows.push(Row {
        why: "held: snoozed".to_owned(),
        until: Some(ahead(571)),
        ..held(9, "src/legacy/pdf.ts", HoldReason::Snoozed { until: SnoozeEnd::At(ahead(571)), then: None })
    });
    for (id, file, why, until) in [
        (16, "src/api.rs", "waits for #14", None),
        (17, "src/lib.rs", "starts when you pause", Some(6)),
        (18, "src/main.rs", "cooling", Some(20)),
        (19, "src/flags.rs", "paused by breaker: 3 failures in 1 h", Some(2400)),
        (20, "src/net.rs", "parked: rate limit", Some(4620)),
    ] {
        let allowed = Allowed { fix: true, kill: true, ..Allowed::default() };
        let task = task(id, "unit", Some(file), TaskState::Queued);
        rows.push(Row { why: why.to_owned(), until: until.map(ahead), allowed, ..row(Group::Queued, &task) });
    }
    let mut landed = task(13, "unit", Some("src/lexer.rs"), TaskState::Done(DoneReason::Landed(LandingId(4))));
    landed.began = Some(ago(91));
    landed.ended = Some(ago(60));
    landed.spent = cents(3);
    landed.charged = 1;
    landed.receipt = Some(receipt(13));
    rows.push(Row { allowed: Allowed { undo: true, retry: false, ..Allowed::default() }, ..row(Group::Done, &landed) });
    for (id, file, state) in [
        (10, "src/tokens.rs", TaskState::Done(DoneReason::FixedByYou)),
        (6, "src/cache.rs", TaskState::Done(DoneReason::Flaky)),
        (5, "src/old.rs", TaskState::Failed(FailReason::Killed)),
    ] {
        let mut over = task(id, "unit", Some(file), state);
        over.ended = Some(ago(400 + u64::from(id)));
        rows.push(row(Group::Done, &over));
    }
    let why = "all 5 attempts used up; last: refuted by unit: db > keeps the order of rows".to_owned();
    let mut escalated = task(12, "unit", Some("src/db.rs"), TaskState::Failed(FailReason::Escalated { why }));
    escalated.charged = 5;
    escalated.spent = cents(61);
    escalated.ended = Some(ago(1800));
    rows.push(row(Group::Failed, &escalated));
    let mut differs = task(4, "e2e", None, TaskState::Failed(FailReason::EnvironmentDiffers));
    differs.ended = Some(ago(3000));
    rows.push(row(Group::Failed, &differs));
    for row in &mut rows {
        row.allowed.hold = matches!(row.group, Group::Working | Group::Held | Group::Queued);
        row.allowed.snooze = true;
        row.allowed.unsnooze = row.id == TaskId(9);
    }
    rows.sort_by_key(|row| row.group);
    let mut view = red();
    view.head.lanes = vec![LaneRow { lane: Lane::Fix, at_work: 1, most: 2 }];
    view.rows = rows;
    view
}

/// All about a task of [`busy`].
pub(crate) fn detail(view: &View, id: u32) -> Detail {
    let row = view.rows.iter().find(|row| row.id == TaskId(id)).expect("a row of the fixture");
    if row.work.is_some() {
        return super::work::detail(row);
    }
    let state = match row.group {
        Group::NeedsYou => TaskState::Ready(ReadyReason::Asked),
        Group::Working => TaskState::Running,
        Group::Held => TaskState::Held(HoldReason::RedBefore),
        Group::Queued => TaskState::Queued,
        Group::Done => TaskState::Done(DoneReason::Landed(LandingId(4))),
        Group::Failed => TaskState::Failed(FailReason::EnvironmentDiffers),
    };
    let mut task = task(id, "", None, state);
    task.goal = Goal::Check(row.check.clone().expect("a check"));
    task.charged = row.attempts.0;
    task.stage = row.stage;
    if row.allowed.land {
        task.result = Some(pending(id));
    }
    if row.attempts.0 > 0 {
        task.attempts.push(attempt(1));
    }
    task.red_before = vec![failure("CaseService > sorts by due date", "src/services/CaseService.test.ts", 80)];
    Detail { task, stages: Workflow::fix(true).stages, run: Some(run(Verdict::Red)), event: None }
}
