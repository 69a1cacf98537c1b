//! What feedback files say, what is learnt from them, and what of it concerns a task.

use std::fs;
use std::time::Duration;

use orchestrator_tui::app::day::taught;
use orchestrator_tui::config::{Feedback, Names, TaskFile, lessons, read_feedback, read_task_file};
use orchestrator_tui::model::assignment::{Assignment, Complexity};
use orchestrator_tui::model::cost::Usd;
use orchestrator_tui::model::lesson::{Lesson, LessonKind, Past, relevant, suggest};
use proptest::prelude::*;

use crate::world::{project, same, samples, write};

fn day() -> TaskFile {
    read_task_file(&samples().join("example.yaml"), project().path(), &Names::default()).unwrap().file
}

fn read(text: impl AsRef<[u8]>) -> Feedback {
    let folder = tempfile::tempdir().unwrap();
    read_feedback(&write(folder.path(), "feedback/2025-11-18.md", text), folder.path()).unwrap()
}

fn learnt() -> Vec<Lesson> {
    let day = day();
    let find = |label: &str| day.tasks.iter().map(|task| &task.assignment).find(|task| task.label == label);
    lessons(&read(fs::read(samples().join("feedback.md")).unwrap()), find)
}

fn said(feedback: &Feedback, lessons: &[Lesson]) -> String {
    let unread = feedback.unread.iter().map(|unread| format!("{unread}\n\n")).collect::<Vec<_>>().concat();
    format!("{}\n\n{unread}", taught::text(feedback, lessons))
}

/// A task like one of the example's.
fn task(change: impl FnOnce(&mut Assignment)) -> Assignment {
    let mut task = day().tasks[1].assignment.clone();
    "task-009".clone_into(&mut task.label);
    task.module = String::new();
    task.context_files.clear();
    task.deliverables.clear();
    change(&mut task);
    task
}

fn texts<'a>(lessons: &[&'a Lesson]) -> Vec<&'a str> {
    lessons.iter().map(|lesson| lesson.text.as_str()).collect()
}

#[test]
fn the_documented_form_is_read_whole() {
    let feedback = read(fs::read(samples().join("feedback.md")).unwrap());
    same("feedback.txt", &said(&feedback, &learnt()));
    let json = serde_json::to_string_pretty(&taught::json(&feedback, &learnt())).unwrap();
    same("feedback.json", &(json + "\n"));
}

#[test]
fn what_people_write_is_taken_as_meant() {
    let feedback = read(fs::read(samples().join("untidy.md")).unwrap());
    same("untidy.txt", &said(&feedback, &lessons(&feedback, |_| None)));
    let bytes = read(fs::read(samples().join("bytes.md")).unwrap());
    assert_eq!(bytes.date.as_deref(), Some("2025-11-18"), "the file's name has the date, too");
}

#[test]
fn a_lesson_is_the_same_wherever_its_line_goes() {
    let before = lessons(&read("## a1: x\nAction: Do it\n"), |_| None);
    let after = lessons(&read("# Feedback\n\n## a1: x\n\nAction: Do it\nAction: Do it\n"), |_| None);
    assert_eq!((before[0].id, before[0].origin.line), (after[0].id, 2));
    assert_eq!((after.len(), after[0].origin.line), (1, 5));
    let json = serde_json::to_string(&before).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Lesson>>(&json).unwrap(), before);
    assert_eq!(before[0].id.to_string().parse(), Ok(before[0].id));
}

/// A task that has nothing to do with anything that was said.
fn logo() -> Assignment {
    task(|task| {
        "Draw the logo anew".clone_into(&mut task.name);
        "In blue".clone_into(&mut task.description);
    })
}

#[test]
fn an_action_that_names_no_part_concerns_every_task() {
    let all = learnt();
    for role in ["coding", "testing", "implementation", "reviewer"] {
        let task = Assignment { role: role.to_owned(), ..logo() };
        let found = relevant(&all, &task);
        let mut said = texts(&found);
        said.sort_unstable();
        let rule = "Make testing mandatory in agent instructions";
        assert_eq!(said, ["Always name the case in a test", rule], "{role}");
        assert!(found.iter().any(|lesson| lesson.origin.to_string() == "feedback/2025-11-18.md:18"));
    }
}

#[test]
fn what_names_a_part_concerns_only_that_part() {
    let told = |text: &str| {
        let said = format!("## task-001: Loans\nRating: 3/5\n\nAction: {text}\n");
        let module = task(|task| {
            task.name = "Remind of what is due".to_owned();
            task.module = "loans".to_owned();
        });
        let all = lessons(&read(said), |_| Some(&module));
        assert_eq!(all.len(), 1, "{text}");
        !relevant(&all, &logo()).is_empty()
    };
    for rule in [
        "Run clippy before you finish",
        "Write tests for edge cases",
        "Make testing mandatory for all tasks",
        "Say what you assumed and/or left out",
        "Keep docs/PLAN.md up to date",
        "Read CONTRIBUTING.md first, always in context",
    ] {
        assert!(told(rule), "{rule}");
    }
    for part in [
        "Lock the loans while they change",
        "Never edit src/legacy/dates.ts",
        "Keep helpers.py small",
        "Show a spinner in pagination tasks",
        "Ask first in the billing module",
        "Add PAGINATION.md to default context for pagination tasks",
    ] {
        assert!(!told(part), "{part}");
    }
}

#[test]
fn an_adjustment_holds_until_the_next_feedback() {
    let say = |day: &str, text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = write(folder.path(), &format!("feedback/{day}.md"), text);
        lessons(&read_feedback(&file, folder.path()).unwrap(), |_| None)
    };
    let mut all = say("2025-11-18", "## Tomorrow's Adjustments\n1. Run the formatter after each step\n");
    assert_eq!(texts(&relevant(&all, &logo())), ["Run the formatter after each step"]);
    all.extend(say("2025-11-19", "## Tomorrow's Adjustments\n1. Commit messages in English\n"));
    assert_eq!(texts(&relevant(&all, &logo())), ["Commit messages in English"]);
    let near = Assignment { name: "Change the formatter".to_owned(), ..logo() };
    assert_eq!(relevant(&all, &near).len(), 2, "what is about its words goes on");
}

#[test]
fn what_is_near_comes_first_and_what_is_far_not_at_all() {
    let all = learnt();
    let pages = task(|task| {
        task.name = "Pagination of returns".to_owned();
        task.description = "25 on a page".to_owned();
    });
    let found = relevant(&all, &pages);
    assert!(texts(&found).contains(&"Add PAGINATION.md to default context for pagination tasks"));
    assert!(!texts(&found).iter().any(|text| text.contains("newcomer")));
    let loans = task(|task| {
        task.module = "Loans".to_owned();
        task.name = "Remind of what is overdue".to_owned();
        task.description = "By letter".to_owned();
    });
    let found = texts(&relevant(&all, &loans));
    for of_loans in ["Says what a newcomer asks first", "Tests name functions, not cases"] {
        assert!(found.contains(&of_loans), "{found:?}");
    }
    assert!(!found.contains(&"Quick"), "a good thing about a bad task is no lesson");
    assert!(!found.contains(&"Forgot to write tests"), "3 of 5 is neither");
}

#[test]
fn what_was_said_again_is_quoted_once_from_the_last_day() {
    let mut all = learnt();
    let mut again: Vec<Lesson> = all.clone();
    for lesson in &mut again {
        lesson.origin.file = "feedback/2025-11-19.md".to_owned();
    }
    let task = task(|task| task.module = "loans".to_owned());
    let before = relevant(&all, &task).len();
    all.extend(again);
    let found = relevant(&all, &task);
    assert_eq!(found.len(), before);
    assert!(found.iter().all(|lesson| lesson.origin.file.ends_with("19.md")));
    let many: Vec<Lesson> = (0..100)
        .map(|at| {
            let place = all[0].origin.clone();
            Lesson::new(LessonKind::Action, &format!("Always think of loans {at}"), place, None, "loans")
        })
        .collect();
    assert_eq!(relevant(&many, &task).len(), 12);
}

fn past(title: &str, at: usize, rating: Option<u8>, dollars: Option<f64>) -> Past {
    let assignment = day().tasks[at].assignment.clone();
    let cost = dollars.and_then(Usd::from_dollars);
    Past { title: title.to_owned(), assignment, done: true, rating, cost, took: Duration::from_secs(600) }
}

#[test]
fn context_is_suggested_by_what_worked_and_by_wishes() {
    let past = [
        past("d1 task-001", 0, Some(5), None),
        past("d1 task-002", 1, Some(3), None),
        past("d2 task-003", 2, None, None),
    ];
    let new = task(|task| {
        task.name = "Pagination of the list of loans".to_owned();
        task.module = "loans".to_owned();
        task.context_files = vec!["CLAUDE.md".to_owned()];
    });
    let files: Vec<(String, String)> =
        suggest(&learnt(), &past, &new).context_files.into_iter().map(|file| (file.path, file.why)).collect();
    let expected = [
        ("docs/PAGINATION.md", "a person asked for it (feedback/2025-11-18.md:19)"),
        ("docs/MODULE_REGISTRY.md", "d1 task-001, rated 5/5"),
        ("src/app/(main)/loans/", "d1 task-001, rated 5/5"),
        ("docs/TESTING_GUIDE.md", "d2 task-003, it worked"),
        ("docs/LOANS_GUIDE.md", "d2 task-003, it worked"),
    ];
    assert_eq!(files, expected.map(|(path, why)| (path.to_owned(), why.to_owned())));
    assert!(suggest(&learnt(), &past, &logo()).context_files.is_empty());
}

#[test]
fn cost_is_suggested_by_the_nearest_that_have_a_price() {
    let mut unpriced = past("d0 task-002", 1, None, None);
    let mut failed = past("d0 task-002", 1, None, Some(90.0));
    failed.done = false;
    let all = [
        past("a", 1, None, Some(1.0)),
        past("b", 1, None, Some(4.0)),
        past("c", 1, None, Some(2.0)),
        failed,
        unpriced.clone(),
    ];
    let members = task(|task| task.module = "members".to_owned());
    let cost = suggest(&[], &all, &members).cost.unwrap();
    assert_eq!((cost.typical, cost.highest, cost.tasks), (Usd(2_000_000), Usd(4_000_000), 3));
    assert_eq!(cost.alike, "coding, module members, medium");
    let large = task(|task| task.complexity = Some(Complexity::High));
    assert_eq!(suggest(&[], &all, &large).cost.unwrap().alike, "coding");
    let auditor = task(|task| task.role = "auditor".to_owned());
    assert_eq!(suggest(&[], &all, &auditor).cost, None);
    unpriced.title = "only this".to_owned();
    assert_eq!(suggest(&[], &[unpriced], &members).cost, None, "an unknown price is not zero");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing that is written makes it fail, and each line that is named exists.
    #[test]
    fn anything_is_read(lines in prop::collection::vec("(## task-1: |Rating: |✅ |- |Action: |1\\. |   |```|<!-- |)[ -~✅⚠️é]{0,12}", 0..30)) {
        let feedback = read(lines.join("\n"));
        let lessons = lessons(&feedback, |_| None);
        let known = 1..=lines.len().max(1);
        prop_assert!(lessons.iter().all(|lesson| known.contains(&lesson.origin.line)));
        prop_assert!(lessons.iter().all(|lesson| lesson.kind == LessonKind::Adjustment || lesson.task.is_some()));
        prop_assert!(feedback.unread.iter().all(|unread| unread.line.is_none_or(|line| known.contains(&line))));
    }
}
