//! The tasks of the bench: what each is to reach, which files it is about, and what it waits for.

use std::time::Duration;

use orchestrator_tui::core::input::RunOutcome;
use orchestrator_tui::model::assignment::{Assignment, Complexity, Deliverable, Lane};
use orchestrator_tui::model::check::{CheckKey, CheckName, CheckRun, Findings, Fingerprint, Verdict};
use orchestrator_tui::model::id::{BatchId, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::task::{Goal, Origin, Task};
use orchestrator_tui::model::time::Wall;

use super::{DAWN, Goals, Lie};

pub(crate) fn file(number: u32) -> ProjectPath {
    ProjectPath::new(format!("src/module_{}/file_{number}.py", number % 97)).unwrap()
}

pub(crate) fn key(number: u32) -> CheckKey {
    CheckKey { check: CheckName("each".into()), file: Some(file(number)) }
}

pub(crate) fn run(key: &CheckKey) -> CheckRun {
    let failures = vec![Fingerprint { id: format!("{key} fails"), file: key.file.clone(), line: Some(7) }];
    let findings = Findings { failures, excerpt: "E   assert 1 == 2\n".repeat(20), ..Findings::default() };
    CheckRun { verdict: Verdict::Red, code: Some(1), took: Duration::from_millis(300), findings }
}

pub(crate) fn red(key: &CheckKey) -> RunOutcome {
    RunOutcome::Ran(run(key))
}

pub(crate) fn task(number: u32, common: bool) -> Task {
    let key = key(number);
    let run = run(&key);
    let shared = ProjectPath::new("src/common.py").unwrap();
    Task {
        files: key.file.clone().into_iter().chain(common.then_some(shared)).collect(),
        failures: run.findings.failures,
        excerpt: run.findings.excerpt,
        ..Task::new(TaskId(number), Goal::Check(key), Origin::Start, Wall(DAWN))
    }
}

pub(crate) fn goal_after(goal: &Goal) -> &[TaskId] {
    match goal {
        Goal::Check(_) => &[],
        Goal::Assignment(assignment) => &assignment.after,
    }
}

pub(crate) fn assignment(number: u32, lie: Lie) -> Assignment {
    let Lie { tasks, goals, .. } = lie;
    let is_known = number <= tasks;
    let is_day = is_known && (goals == Goals::Chain || (goals == Goals::Brought && number > tasks / 2));
    let place = number.saturating_sub(tasks / 2);
    let after: Vec<u32> = match goals {
        Goals::Brought if is_day => [place / 2, place / 3]
            .into_iter()
            .filter(|other| *other > 0 && *other < place)
            .map(|other| other + tasks / 2)
            .collect(),
        Goals::Last if number == tasks => (1..tasks).collect(),
        Goals::Chain if is_known && number > 1 => vec![number - 1],
        Goals::Own
        | Goals::Common
        | Goals::Brought
        | Goals::Folder
        | Goals::Last
        | Goals::Chain
        | Goals::Passed
        | Goals::None => Vec::new(),
    };
    let after: std::collections::BTreeSet<TaskId> = after.into_iter().map(TaskId).collect();
    let deliverables = match goals {
        Goals::Folder if number == 1 => {
            vec![Deliverable { said: "src/".into(), path: ProjectPath::new("src").unwrap() }]
        }
        // With nothing that must be there, it is done when its agent is.
        Goals::Last | Goals::Chain | Goals::Passed | Goals::None => Vec::new(),
        Goals::Own | Goals::Common | Goals::Brought | Goals::Folder => {
            vec![Deliverable { said: format!("Updated {}", file(number)), path: file(number) }]
        }
    };
    Assignment {
        label: format!("task-{number:05}"),
        name: format!("Write the module number {number}"),
        description: "What it must do stands in a few sentences, as a person writes them.".repeat(4),
        lane: if is_day { Lane::Day } else { Lane::Queue },
        workflow: "task".into(),
        role: "coding".into(),
        module: "modules".into(),
        complexity: Some(Complexity::Medium),
        context_files: vec!["docs/guide.md".into()],
        deliverables,
        after: after.into_iter().collect(),
        check: None,
        budget: None,
        land: orchestrator_tui::model::settings::LandMode::Ask,
        batch: is_day.then_some(BatchId(1)),
        event: None,
        subject: None,
        project: None,
    }
}
