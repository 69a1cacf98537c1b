//! What happened in a task of the fixture so far: one attempt that was refuted, and a second one at work.

use std::time::Duration;

use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::{Group, View};
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use orchestrator_tui::model::check::Verdict;
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{LandingId, Seq, Slot, TaskId};
use orchestrator_tui::model::plan::{Advice, Plan};
use orchestrator_tui::model::task::{DoneReason, FailReason, ReadyReason, TaskState};

use super::fixture::{DIFF, ago, cents, detail, pending, receipt, run};

pub(crate) fn attempt(number: u32) -> AttemptRecord {
    AttemptRecord {
        number,
        end: AttemptEnd::Refuted { check: "CaseService.ts · unit".to_owned(), run: Box::new(run(Verdict::Red)) },
        summary: "The overdue filter compares dates as strings; I compare them as dates.".to_owned(),
        diff: DIFF.to_owned(),
        spent: cents(5),
        took: Duration::from_secs(54),
        landing: false,
        by: String::new(),
        outcome: None,
        exit: None,
    }
}

const STRATEGY: &str = "The cause: closesOverdue compares dates as strings.\n1. Read both as dates in CaseService.ts.\n2. Keep the interface as it is.";

fn planned(task: TaskId, attempt: u32, advice: Advice) -> Fact {
    Fact::Planned { task, plan: Box::new(Plan { attempt, advice, took: Duration::from_secs(8) }) }
}

fn said(label: &str, text: &str) -> LogLine {
    LogLine { label: label.to_owned(), text: text.to_owned() }
}

/// Returns the facts, oldest first.
pub(crate) fn story(view: &View, id: u32) -> Vec<Recorded> {
    let task = TaskId(id);
    let brings = detail(view, id).task.assignment().is_some();
    let staged = |stage| Fact::Staged { task, stage, brings };
    let logged = |lines: Vec<LogLine>| Fact::Logged { task, lines };
    let facts = vec![
        (162, Fact::Filed { task: Box::new(detail(view, id).task) }),
        (150, Fact::AttemptStarted { task, number: 1, slot: Slot(2), landing: false }),
        (150, staged(Stage::Prepare)),
        (149, staged(Stage::Baseline)),
        (147, staged(Stage::Fixers)),
        (147, staged(Stage::Plan)),
        (139, planned(task, 1, Advice::Strategy(STRATEGY.to_owned()))),
        (138, staged(Stage::Agent)),
        (120, logged(vec![said("Edit", "src/services/CaseService.ts  +1 −1")])),
        (104, staged(Stage::Verify)),
        (96, Fact::AttemptEnded { task, record: Box::new(attempt(1)), then: TaskState::Queued }),
        (76, Fact::AttemptStarted { task, number: 2, slot: Slot(2), landing: false }),
        (76, staged(Stage::Prepare)),
        (75, staged(Stage::Baseline)),
        (73, staged(Stage::Fixers)),
        (73, staged(Stage::Plan)),
        (
            65,
            logged(vec![said(
                "Claude",
                "The overdue filter compares dates as strings, which orders 2026-9 after 2026-10. I read them as dates.",
            )]),
        ),
        (65, planned(task, 2, Advice::Basic { why: "no answer in time".to_owned() })),
        (64, staged(Stage::Agent)),
        (52, logged(vec![said("Edit", "src/services/CaseService.ts  +4 −1")])),
        (
            50,
            logged(vec![
                said("Bash", "npx vitest run CaseService"),
                said("", " FAIL  CaseService > closes overdue cases"),
                said("", "       expected 3 to be 2"),
                said("", " Test Files  1 failed (1)"),
                said("", "      Tests  1 failed | 6 passed (7)"),
            ]),
        ),
        (42, logged(vec![said("refused", "Bash: git push origin main (pushes are not allowed here)")])),
        (40, Fact::Used { task, spent: cents(8) }),
    ];
    let facts = so_far(view, id, facts);
    let number = |at: usize| Seq(900 + at as u64);
    facts
        .into_iter()
        .enumerate()
        .map(|(at, (before, fact))| Recorded { seq: number(at), at: ago(before), fact })
        .collect()
}

/// Lets the story end where the task stands.
fn so_far(view: &View, id: u32, mut facts: Vec<(u64, Fact)>) -> Vec<(u64, Fact)> {
    let task = TaskId(id);
    let row = view.rows.iter().find(|row| row.id == task).expect("a row of the fixture");
    let verified = || {
        let end = AttemptEnd::Verified;
        Box::new(AttemptRecord { number: 2, end, spent: cents(8), took: Duration::from_secs(45), ..attempt(2) })
    };
    let end = |then: TaskState| (31, Fact::AttemptEnded { task, record: verified(), then });
    match row.group {
        Group::Working => {}
        Group::Held => facts = vec![facts.remove(0), (162, Fact::Held { task, reason: HoldReason::RedBefore })],
        Group::Queued => facts.truncate(1),
        Group::NeedsYou => {
            facts.push((38, Fact::Staged { task, stage: Stage::Verify, brings: false }));
            let reason = ReadyReason::Asked;
            facts.push((31, Fact::Ready { task, reason: reason.clone(), result: Box::new(pending(id)) }));
            facts.push(end(TaskState::Ready(reason)));
        }
        Group::Done => {
            facts.push((38, Fact::Staged { task, stage: Stage::Verify, brings: false }));
            facts.push((33, Fact::Staged { task, stage: Stage::Land, brings: false }));
            facts.push((32, Fact::Landed { task, receipt: Box::new(receipt(id)) }));
            facts.push((32, Fact::Staged { task, stage: Stage::Confirm, brings: false }));
            facts.push(end(TaskState::Done(DoneReason::Landed(LandingId(4)))));
        }
        Group::Failed => {
            facts.truncate(11);
            facts.push((60, Fact::Ended { task, state: TaskState::Failed(FailReason::EnvironmentDiffers) }));
        }
    }
    facts
}
