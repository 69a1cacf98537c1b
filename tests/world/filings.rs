//! People file work: tasks that wait for each other and for older ones, in every order; and plans, to which they say yes or no.

use std::path::PathBuf;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::model::assignment::{Assignment, Batch, BatchKind, Deliverable, Lane, Mode, Project};
use orchestrator_tui::model::cost::Usd;
use orchestrator_tui::model::filing::{After, Filing, NewBatch, NewTask, Redo};
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{BatchId, TaskId};
use orchestrator_tui::model::orchestration::Wish;
use orchestrator_tui::model::settings::LandMode;
use orchestrator_tui::model::task::TaskState;

use super::World;

/// A task file of a day, one of a few.
fn day(number: u64) -> BatchKind {
    let file = PathBuf::from(format!("/day/{number}.yaml"));
    BatchKind::Day { file, folder: PathBuf::from("/day"), date: "2026-01-01".to_owned() }
}

impl World {
    /// Somebody files a few tasks; now and then something that cannot be.
    pub(super) fn somebody_files(&mut self) {
        let count = self.chance.between(1, 5);
        let mut tasks: Vec<NewTask> = (0..count).map(|number| self.some_work(number, count)).collect();
        if self.chance.one_in(2) {
            tasks.reverse();
        }
        let mode = Mode::Parallel;
        let batch = match self.chance.below(3) {
            0 => None,
            1 => Some(NewBatch {
                kind: BatchKind::Orchestration { requirement: "more".to_owned(), mode, start: true },
                budget: None,
                again: None,
                redo: Redo::Changed,
            }),
            // There are few of them, so that most are under way when they are filed again.
            _ => Some(self.some_day()),
        };
        self.ask(Command::File { filing: Box::new(Filing { batch, tasks }) });
    }

    /// A day of a file; now and then one that is known again, whether or not it is over.
    fn some_day(&mut self) -> NewBatch {
        let batches = self.machine.book().batches.values();
        let known: Vec<BatchId> =
            batches.filter(|batch| matches!(batch.kind, BatchKind::Day { .. })).map(|batch| batch.id).collect();
        let again = (self.chance.one_in(3) && !known.is_empty()).then(|| *self.chance.pick(&known));
        let of_known = again.and_then(|id| Some(self.machine.book().batches.get(&id)?.kind.clone()));
        let kind = of_known.unwrap_or_else(|| day(self.chance.below(3)));
        let redo = *self.chance.pick(&[Redo::Changed, Redo::Failed, Redo::All]);
        NewBatch { kind, budget: self.day_may_cost(), again, redo }
    }

    fn day_may_cost(&mut self) -> Option<Usd> {
        (!self.chance.one_in(4)).then(|| Usd(self.chance.between(1, 8) * 50_000))
    }

    /// Somebody lets the days cost more of which something is open.
    pub(super) fn somebody_pays_for_days(&mut self) {
        let book = self.machine.book();
        let more = |batch: &Batch| {
            let budget = Usd(batch.budget?.0 + 1_000_000);
            let mut open = batch.tasks.iter().filter_map(|id| book.task(*id)).filter(|task| !task.state.is_final());
            let assignment = Box::new(open.next()?.assignment()?.clone());
            let tasks = vec![NewTask { assignment, after: Vec::new(), priority: 0, held: false }];
            // By its number: a later day of the same file may be open, too.
            let again = batch.tasks.iter().all(|id| book.task(*id).is_some()).then_some(batch.id);
            let (kind, redo) = (batch.kind.clone(), Redo::Changed);
            Some(Filing { batch: Some(NewBatch { kind, budget: Some(budget), again, redo }), tasks })
        };
        let filings: Vec<Filing> = book.batches.values().filter_map(|batch| more(batch)).collect();
        for filing in filings {
            self.ask(Command::File { filing: Box::new(filing) });
        }
    }

    /// Somebody says yes or no to a plan: mostly to one that waits for it, now and then to what is none.
    pub(super) fn somebody_decides(&mut self) {
        let book = self.machine.book();
        let all: Vec<BatchId> = book.batches.keys().copied().collect();
        let is_created =
            |id: &TaskId| book.task(*id).is_some_and(|task| task.state == TaskState::Held(HoldReason::Created));
        let is_plan = |batch: &Batch| matches!(batch.kind, BatchKind::Orchestration { .. });
        let waits = book.batches.values().filter(|batch| is_plan(batch) && batch.tasks.iter().any(is_created));
        let plans: Vec<BatchId> = waits.map(|batch| batch.id).collect();
        let batch = match self.chance.below(8) {
            0 => BatchId(999),
            1 if !all.is_empty() => *self.chance.pick(&all),
            _ if !plans.is_empty() => *self.chance.pick(&plans),
            _ => return,
        };
        if self.chance.one_in(2) {
            return self.ask(Command::Approve { batch });
        }
        self.ask(Command::Decline { batch });
        // What has not begun is dropped, and what had goes on.
        let left = self.machine.book().batches.get(&batch).filter(|_| plans.contains(&batch)).cloned();
        if let Some(left) = left {
            self.report.declined += 1;
            let tasks = left.tasks.iter().filter_map(|id| self.machine.book().task(*id));
            let waits = tasks.filter(|task| task.state == TaskState::Held(HoldReason::Created)).count();
            assert!(waits == 0 || self.gone.is_some(), "{waits} sessions of a plan that was refused wait for a yes");
        }
    }

    /// Somebody lets a requirement be taken apart.
    pub(super) fn somebody_orchestrates(&mut self) {
        let requirements = "build a web API with a database, and test and document it".to_owned();
        let project = Project { requirements, ..Project::default() };
        let mode = *self.chance.pick(&[Mode::Parallel, Mode::Sequential, Mode::WaitForCore]);
        let (start, agent) = (self.chance.one_in(3), self.chance.one_in(2));
        self.ask(Command::Orchestrate { wish: Box::new(Wish { project, mode, start, agent }) });
    }

    fn some_work(&mut self, number: u64, count: u64) -> NewTask {
        let mut after = Vec::new();
        for other in 0..number {
            if self.chance.one_in(3) {
                after.push(After::Label(format!("t{other}")));
            }
        }
        if self.chance.one_in(8) {
            let known: Vec<TaskId> = self.machine.book().tasks.keys().copied().collect();
            after.push(After::Task(if known.is_empty() { TaskId(999) } else { *self.chance.pick(&known) }));
        }
        if self.chance.one_in(20) {
            // A circle, or itself.
            after.push(After::Label(format!("t{}", count - 1)));
        }
        let names = self.disk.names();
        let wanted = self.chance.one_in(3) && !names.is_empty();
        let deliverables = wanted.then(|| {
            let file = self.chance.pick(&names).clone();
            // The folder that all files lie in is a deliverable, too: it is in the way of everything.
            if self.chance.one_in(4) { file.folders().last().unwrap_or(file) } else { file }
        });
        let role = if self.chance.one_in(4) { "reviewer" } else { "coding" };
        let assignment = Assignment {
            label: format!("t{number}"),
            description: "More.".to_owned(),
            land: if self.chance.one_in(2) { LandMode::Auto } else { LandMode::Ask },
            deliverables: deliverables.map(|path| Deliverable { said: path.to_string(), path }).into_iter().collect(),
            budget: self.chance.one_in(4).then_some(Usd(150_000)),
            ..Assignment::new("more", if self.chance.one_in(2) { Lane::Day } else { Lane::Session }, "task", role)
        };
        let held = self.chance.one_in(6);
        let priority = if self.chance.one_in(4) { self.chance.below(3) as i32 } else { 0 };
        NewTask { assignment: Box::new(assignment), after, priority, held }
    }
}
