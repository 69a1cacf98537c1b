//! The files beside a task file are written whole, and nothing of a person's is written over.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchestrator_tui::app::day::folder::{Folder, Written};
use orchestrator_tui::app::day::status_file::{AgentStatus, Standing};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::time::Wall;
use serde_json::{Value, json};

use crate::world::{same, write};

fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::beside(&place.path().join("tasks/2025-11-18.yaml"));
    (place, folder)
}

/// All files below a folder, by their path, in order.
fn listed(root: &Path) -> Vec<String> {
    let mut open = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    let mut files: Vec<String> =
        files.iter().map(|file| file.strip_prefix(root).unwrap().display().to_string()).collect();
    files.sort();
    files
}

fn files(written: &Written, root: &Path) -> Vec<String> {
    written.files.iter().map(|file| file.strip_prefix(root).unwrap().display().to_string()).collect()
}

#[test]
fn a_day_has_the_documented_files() {
    let (place, folder) = folder();
    assert_eq!(folder.root(), place.path());
    folder.prepare(["task-001", "task-002"]).unwrap();
    folder.write_instructions("task-001", "Do it").unwrap();
    folder.write_summary("task-001", "Done").unwrap();
    folder.write_status("task-001", &json!({ "id": "task-001" })).unwrap();
    folder.append_log("task-001", "begins\n").unwrap();
    folder.append_log("task-001", "ends\n").unwrap();
    folder.write_question("task-001", "# Question from Agent task-001\n").unwrap();
    folder.write_report("2025-11-18", "# Report - 2025-11-18\n").unwrap();
    assert_eq!(
        listed(place.path()),
        [
            "agent_logs/task-001.log",
            "agent_questions/task-001.md",
            "agent_status/task-001.json",
            "agent_workspaces/task-001/agent_instructions.md",
            "agent_workspaces/task-001/notes.md",
            "agent_workspaces/task-001/summary.md",
            "agent_workspaces/task-002/notes.md",
            "results/2025-11-18-report.md",
        ]
    );
    assert!(place.path().join("feedback").is_dir());
    assert_eq!(fs::read_to_string(place.path().join("agent_logs/task-001.log")).unwrap(), "begins\nends\n");
    let summary = fs::read_to_string(place.path().join("agent_workspaces/task-001/summary.md")).unwrap();
    assert!(summary.starts_with("Done\n\n<!-- written by orchestrator-tui · "), "{summary}");
}

#[test]
fn the_folder_is_that_of_the_task_file() {
    for (file, root) in [("x/tasks/a.yaml", "x"), ("x/a.yaml", "x"), ("a.yaml", ""), ("tasks/a.yaml", "")] {
        assert_eq!(Folder::beside(Path::new(file)).root(), Path::new(root));
    }
    let at = Folder::at(PathBuf::from("x"));
    assert_eq!(at.report("2025-11-18"), Path::new("x/results/2025-11-18-report.md"));
    assert_eq!(at.feedback("2025-11-18"), Path::new("x/feedback/2025-11-18.md"));
    assert_eq!(at.question("a").1, Path::new("x/agent_questions/a-answer.md"));
}

#[test]
fn what_is_of_the_day_itself_is_told_from_the_work_on_a_project() {
    let day = Folder::at(PathBuf::from("/p/x"));
    for (path, is_own) in [
        ("/p/x/agent_logs", true),
        ("/p/x/agent_workspaces/a/notes.md", true),
        ("/p/x/results/2025-11-18-report.md", true),
        ("/p/x/results/2025-11-18-report.yours.md", true),
        ("/p/x/results", false),
        ("/p/x/results/figures.csv", false),
        ("/p/x/results/2025-11-1x-report.md", false),
        ("/p/x/tasks/2025-11-18.yaml", false),
        ("/p/x/feedback/2025-11-18.md", false),
        ("/p/x/src/agent_logs/a.rs", false),
        ("/p/agent_logs/a", false),
    ] {
        assert_eq!(day.is_own(Path::new(path)), is_own, "{path}");
    }
    let asides: Vec<String> =
        day.asides(Path::new("/p")).iter().map(|aside| format!("{}/{}", aside.folder, aside.files)).collect();
    assert_eq!(asides[..2], ["x/agent_workspaces/", "x/agent_status/"]);
    assert!(asides.len() == 5 && asides[4].starts_with("x/results/[0-9]"), "{asides:?}");
    assert_eq!(day.asides(Path::new("/elsewhere")), []);
}

#[test]
fn what_a_person_wrote_stays() {
    let (place, folder) = folder();
    let notes = write(place.path(), "agent_workspaces/task-001/notes.md", "mine");
    let first = folder.prepare(["task-001"]).unwrap();
    assert_eq!((fs::read_to_string(&notes).unwrap().as_str(), first), ("mine", Written::default()));

    let report = folder.report("2025-11-18");
    folder.write_report("2025-11-18", "one").unwrap();
    let again = folder.write_report("2025-11-18", "one").unwrap();
    assert_eq!(again, Written::default(), "the same is not written again");
    let two = folder.write_report("2025-11-18", "two").unwrap();
    assert_eq!((files(&two, place.path()), two.kept.len()), (vec!["results/2025-11-18-report.md".to_owned()], 0));

    for (round, name) in ["2025-11-18-report.yours.md", "2025-11-18-report.yours-2.md"].iter().enumerate() {
        let mine = fs::read_to_string(&report).unwrap().replace("two", &format!("my remark {round}"));
        fs::write(&report, &mine).unwrap();
        let kept = folder.write_report("2025-11-18", "two").unwrap().kept;
        assert_eq!(kept, [place.path().join("results").join(name)]);
        assert_eq!(fs::read_to_string(&kept[0]).unwrap(), mine);
        assert!(fs::read_to_string(&report).unwrap().starts_with("two\n"));
    }

    let status = write(place.path(), "agent_status/task-001.json", "{\"id\":\"task-001\",\"mine\":1}");
    assert_eq!(folder.write_status("task-001", &json!({ "id": "task-001" })).unwrap().kept.len(), 1);
    assert_eq!(folder.write_status("task-001", &json!({ "id": "task-001", "n": 2 })).unwrap().kept.len(), 0);
    let now: Value = serde_json::from_slice(&fs::read(status).unwrap()).unwrap();
    assert_eq!(now["n"], 2);
}

#[test]
fn nothing_is_written_elsewhere() {
    let (place, folder) = folder();
    let outside = tempfile::tempdir().unwrap();
    let victim = write(outside.path(), "victim", "untouched");
    for label in ["..", "../x", "a/b", "", ".git", "a\0b"] {
        assert!(folder.prepare([label]).is_err(), "{label:?}");
        assert!(folder.append_log(label, "x").is_err(), "{label:?}");
        assert!(folder.write_report(label, "x").is_err(), "{label:?}");
    }
    folder.prepare(["task-001"]).unwrap();
    symlink(&victim, place.path().join("agent_logs/task-001.log")).unwrap();
    symlink(&victim, place.path().join("agent_workspaces/task-001/summary.md")).unwrap();
    assert!(folder.append_log("task-001", "x").is_err());
    assert!(folder.write_summary("task-001", "x").is_err());
    fs::remove_dir(place.path().join("results")).unwrap();
    symlink(outside.path(), place.path().join("results")).unwrap();
    assert!(folder.write_report("2025-11-18", "x").is_err());
    assert_eq!(listed(outside.path()), ["victim"]);
    assert_eq!(fs::read_to_string(victim).unwrap(), "untouched");
}

#[test]
fn a_status_says_what_is_known() {
    let mut status = AgentStatus {
        label: "task-001".to_owned(),
        name: "Write the guide".to_owned(),
        task: Some(14),
        role: "coding".to_owned(),
        standing: Standing::Asking,
        why: "waits for your answer".to_owned(),
        stage: "agent".to_owned(),
        attempt: 1,
        started: Some(Wall(1_763_456_400_000)),
        updated: Wall(1_763_460_600_000),
        completed: None,
        spent: Spent { usd: Usd(1_250_000), unpriced: false, tokens_in: 120_000, tokens_out: 4_500 },
        took: Duration::from_secs(4_200),
        expected: Some(Duration::from_secs(3_600)),
        questions: vec![7],
    };
    same("status.json", &(serde_json::to_string_pretty(&status.json()).unwrap() + "\n"));
    status.spent = Spent { unpriced: true, tokens_in: 5, ..Spent::default() };
    assert_eq!(status.json()["cost_usd"], Value::Null, "an unknown price is not zero");
    status.expected = None;
    assert_eq!(status.json()["overrun"], false);
}
