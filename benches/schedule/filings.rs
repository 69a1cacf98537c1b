//! What filing costs: one task more, all of a task file at once, and a queue that passes each task on to a role.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::model::assignment::BatchKind;
use orchestrator_tui::model::filing::{After, Filing, NewBatch, NewTask, Redo};
use orchestrator_tui::model::id::RequestId;

use super::work::assignment;
use super::{Bench, Goals, Lie};

/// Files one task more than there are.
pub(crate) fn one_more(bench: &mut Bench) -> Input {
    let assignment = Box::new(assignment(bench.lie.tasks * 2 + bench.saves, bench.lie));
    bench.saves += 1;
    let task = NewTask { assignment, after: Vec::new(), priority: 0, held: false };
    file(bench, Filing { batch: None, tasks: vec![task] })
}

fn file(bench: &Bench, filing: Filing) -> Input {
    Input::Asked(RequestId(bench.facts), Command::File { filing: Box::new(filing) })
}

/// Measures a task file of so many tasks, of which each but the first waits for one before it.
pub(crate) fn measure_task_file(tasks: u32) {
    let mut bench = Bench::new(Lie { tasks, running: 4, goals: Goals::None });
    bench.start();
    bench.times("all of a task file are filed", 1, |bench| {
        let kind = BatchKind::Day { file: "day.yaml".into(), folder: "day".into(), date: "2026-01-01".into() };
        let new = |number: u32| {
            let before = (number > 1).then(|| After::Label(format!("task-{:05}", number / 2)));
            let assignment = Box::new(assignment(number, bench.lie));
            NewTask { assignment, after: before.into_iter().collect(), priority: 0, held: false }
        };
        let batch = Some(NewBatch { kind, budget: None, again: None, redo: Redo::Changed });
        file(bench, Filing { batch, tasks: (1..=tasks).map(new).collect() })
    });
}

/// Measures a queue in which each task is passed on (`events.multi_agent`).
pub(crate) fn measure_passed_on(tasks: u32) {
    let mut bench = Bench::new(Lie { tasks, running: 4, goals: Goals::Passed });
    bench.start();
    bench.times("a task is filed, and passed on", 300, one_more);
    bench.later(11_000);
    bench.times("an attempt ends, the next starts", tasks.min(3_000), Bench::one_ends);
}
