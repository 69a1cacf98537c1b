//! People file work: tasks that wait for each other and for older ones, in every order.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::model::assignment::{Assignment, BatchKind, Deliverable, Lane, Mode};
use orchestrator_tui::model::filing::{After, Filing, NewBatch, NewTask};
use orchestrator_tui::model::id::TaskId;
use orchestrator_tui::model::settings::LandMode;

use super::World;

impl World {
    /// Somebody files a few tasks; now and then something that cannot be.
    pub(super) fn somebody_files(&mut self) {
        let count = self.chance.between(1, 5);
        let mut tasks: Vec<NewTask> = (0..count).map(|number| self.some_work(number, count)).collect();
        if self.chance.one_in(2) {
            tasks.reverse();
        }
        let mode = Mode::Parallel;
        let batch = self.chance.one_in(2).then(|| NewBatch {
            kind: BatchKind::Orchestration { requirement: "more".to_owned(), mode, start: true },
            budget: None,
        });
        self.ask(Command::File { filing: Box::new(Filing { batch, tasks }) });
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
        let deliverables = wanted.then(|| self.chance.pick(&names).clone());
        let role = if self.chance.one_in(4) { "reviewer" } else { "coding" };
        let assignment = Assignment {
            label: format!("t{number}"),
            name: "more".to_owned(),
            description: "More.".to_owned(),
            lane: if self.chance.one_in(2) { Lane::Day } else { Lane::Session },
            workflow: "task".to_owned(),
            role: role.to_owned(),
            land: if self.chance.one_in(2) { LandMode::Auto } else { LandMode::Ask },
            deliverables: deliverables.map(|path| Deliverable { said: path.to_string(), path }).into_iter().collect(),
            module: String::new(),
            complexity: None,
            context_files: Vec::new(),
            after: Vec::new(),
            check: None,
            budget: None,
            batch: None,
            event: None,
            subject: None,
            project: None,
        };
        let held = self.chance.one_in(6);
        NewTask { assignment: Box::new(assignment), after, priority: 0, held }
    }
}
