//! The report of a day says what was done, what it took and what waits, however odd the texts in it are.

use std::time::Duration;

use orchestrator_tui::app::day::report::{Asked, DayReport, Delivered, Outcome, TaskReport, Waits};
use orchestrator_tui::model::assignment::Deliverable;
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::workspace::{ChangeKind, FileChange};
use proptest::prelude::*;

use crate::world::same;

fn path(path: &str) -> ProjectPath {
    ProjectPath::new(path).unwrap()
}

fn changed(file: &str, kind: ChangeKind, added: u32, removed: u32) -> FileChange {
    FileChange { path: path(file), kind, added, removed, line: None }
}

fn delivered(said: &str, file: &str, missing: Option<&str>) -> Delivered {
    let deliverable = Deliverable { said: said.to_owned(), path: path(file) };
    Delivered { deliverable, missing: missing.map(str::to_owned) }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn task(label: &str, name: &str, outcome: Outcome) -> TaskReport {
    TaskReport {
        label: label.to_owned(),
        name: name.to_owned(),
        anew: None,
        module: String::new(),
        role: "coding".to_owned(),
        outcome,
        attempts: 0,
        spent: Spent::default(),
        took: Duration::ZERO,
        expected: None,
        changed: Vec::new(),
        delivered: Vec::new(),
        asked: Vec::new(),
        summary: String::new(),
    }
}

fn day() -> DayReport {
    let guide = TaskReport {
        module: "loans".to_owned(),
        attempts: 1,
        spent: Spent { usd: Usd(1_250_000), unpriced: false, tokens_in: 120_400, tokens_out: 4_500 },
        took: minutes(42),
        expected: Some(minutes(60)),
        changed: vec![
            changed("docs/LOANS_GUIDE.md", ChangeKind::Added, 64, 0),
            changed("docs/MODULE_REGISTRY.md", ChangeKind::Modified, 1, 0),
        ],
        delivered: vec![
            delivered("docs/LOANS_GUIDE.md", "docs/LOANS_GUIDE.md", None),
            delivered("Updated docs/MODULE_REGISTRY.md", "docs/MODULE_REGISTRY.md", None),
        ],
        summary: "# The guide\n\nIt has three parts:\n- states\n- files\n- how to add a field\n".to_owned(),
        ..task("task-001", "Write the guide to the loans module", Outcome::Done("landed after your yes".to_owned()))
    };
    let pages = TaskReport {
        module: "members".to_owned(),
        attempts: 2,
        spent: Spent { usd: Usd(6_900_000), unpriced: true, tokens_in: 1_204_000, tokens_out: 98_000 },
        took: minutes(185),
        expected: Some(minutes(150)),
        changed: vec![changed("src/app/(main)/members/page.ts", ChangeKind::Modified, 31, 4)],
        delivered: vec![
            delivered("src/app/(main)/members/page.ts (25 on a page)", "src/app/(main)/members/page.ts", None),
            delivered("page.test.ts", "src/app/(main)/members/page.test.ts", Some("it does not exist")),
        ],
        asked: vec![
            Asked {
                question: "Which pattern should I follow?\nA) that of loans\nB) PAGINATION.md".to_owned(),
                answer: Some("B, it is the newer one".to_owned()),
                by: "you".to_owned(),
            },
            Asked { question: "May I `npm install`?".to_owned(), answer: None, by: "nobody in time".to_owned() },
        ],
        ..task(
            "task-002",
            "Turn the list of members over in pages",
            Outcome::Failed("src/app/(main)/members/page.test.ts does not exist; 2 attempts are used up".to_owned()),
        )
    };
    let ready = TaskReport {
        attempts: 1,
        spent: Spent { usd: Usd(0), unpriced: true, tokens_in: 9_000, tokens_out: 800 },
        took: minutes(7),
        ..task(
            "task-004",
            "Say how loans end",
            Outcome::Ready("its result is verified and waits for your yes".to_owned()),
        )
    };
    DayReport {
        date: "2025-11-18".to_owned(),
        file: "tasks/2025-11-18.yaml".to_owned(),
        written: "2025-11-18 18:30".to_owned(),
        tasks: vec![
            guide,
            pages,
            task("task-003", "Cover loans with tests", Outcome::Blocked("task-002".to_owned())),
            ready,
            task("task-005", "Draw the logo", Outcome::Waiting("the limit of the day is reached".to_owned())),
        ],
        waits: vec![
            Waits {
                label: "task-004".to_owned(),
                what: "its result is verified and waits for your yes".to_owned(),
                commands: vec!["orchestrator-tui land 17".to_owned(), "orchestrator-tui refuse 17".to_owned()],
            },
            Waits {
                label: String::new(),
                what: "the limit of the day is reached".to_owned(),
                commands: vec!["orchestrator-tui costs --raise 10".to_owned()],
            },
        ],
        limit: Usd::from_dollars(8.0),
        cut_short: Some("its limit of $8.00 is reached".to_owned()),
        feedback: "feedback/2025-11-18.md".to_owned(),
    }
}

#[test]
fn a_day_is_told_whole() {
    let text = day().markdown();
    same("report.md", &text);
    assert_eq!(text, day().markdown());
}

#[test]
fn a_quiet_day_is_told_too() {
    let one = TaskReport { attempts: 1, took: minutes(3), ..task("task-001", "A name", Outcome::Done(String::new())) };
    let quiet = DayReport { tasks: vec![one], waits: Vec::new(), limit: None, cut_short: None, ..day() };
    same("quiet.md", &quiet.markdown());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever texts stand in it, its own headings and tables are all there are.
    #[test]
    fn texts_of_others_do_not_become_headings(text in "[#|`*_<>\\[\\]~ \n\ra-z\\-=\u{1b}\u{9b}]{0,40}") {
        let named = |outcome| TaskReport {
            name: text.clone(),
            module: text.clone(),
            summary: text.clone(),
            attempts: 1,
            asked: vec![Asked { question: text.clone(), answer: Some(text.clone()), by: text.clone() }],
            delivered: vec![delivered(&text, "docs/x.md", Some(&text))],
            changed: vec![changed("docs/a|b`c.md", ChangeKind::Added, 1, 0)],
            ..task("task-001", "", outcome)
        };
        let odd = DayReport {
            tasks: vec![named(Outcome::Failed(text.clone())), named(Outcome::Done(text.clone()))],
            waits: vec![Waits { label: "task-001".to_owned(), what: text.clone(), commands: vec![text.clone()] }],
            cut_short: Some(text.clone()),
            ..day()
        };
        let markdown = odd.markdown();
        let (before_form, _) = markdown.split_once("```markdown").unwrap();
        let headings: Vec<&str> = before_form.lines().filter(|line| line.starts_with('#')).collect();
        prop_assert_eq!(headings.len(), 7, "{}", before_form);
        prop_assert!(!before_form.contains(['\u{1b}', '\u{9b}']), "a control character");
        for row in before_form.lines().filter(|line| line.starts_with("| task-001")) {
            let strokes = row.char_indices().filter(|(at, c)| *c == '|' && !row[..*at].ends_with('\\')).count();
            prop_assert_eq!(strokes, 7, "{}", row);
        }
    }
}
