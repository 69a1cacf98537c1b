//! People and weather: edits, commands, rebases, crashes, at any moment.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::model::assignment::Lane;
use orchestrator_tui::model::hold::Snooze;
use orchestrator_tui::model::id::{RequestId, TaskId};
use orchestrator_tui::model::lane::LaneWish;
use orchestrator_tui::model::settings::LandMode;
use orchestrator_tui::model::task::{Task, TaskState};
use orchestrator_tui::model::workspace::TreeId;

use super::{Event, World};

impl World {
    pub(super) fn ask(&mut self, command: Command) {
        if self.gone.is_some() {
            return;
        }
        self.requests += 1;
        let request = RequestId(self.requests);
        self.asked.insert(request);
        self.input(Input::Asked(request, command));
    }

    /// Picks a task, mostly one for which it matters.
    pub(super) fn some_task(&mut self, matters: impl Fn(&Task) -> bool) -> TaskId {
        let book = self.machine.book();
        let such: Vec<TaskId> = book.tasks.values().filter(|task| matters(task)).map(|task| task.id).collect();
        let all: Vec<TaskId> = book.tasks.keys().copied().collect();
        match self.chance.below(10) {
            0 => TaskId(999),
            1 | 2 if !all.is_empty() => *self.chance.pick(&all),
            _ if !such.is_empty() => *self.chance.pick(&such),
            _ => TaskId(1),
        }
    }

    /// Names the result of a task that a person looked at: mostly the one that waits.
    fn shown(&mut self, task: TaskId) -> Option<TreeId> {
        let result = self.machine.book().task(task).and_then(|task| task.result.as_ref());
        let now = result.map(|result| result.receipt.tree_after.clone());
        if self.chance.one_in(8) { Some(TreeId("of another result".to_owned())) } else { now }
    }

    fn some_working_task(&mut self) -> TaskId {
        let working: Vec<TaskId> = self.machine.live().attempts.keys().copied().collect();
        if working.is_empty() { self.some_task(|task| !task.state.is_final()) } else { *self.chance.pick(&working) }
    }

    /// A person tells a running agent something.
    fn somebody_says(&mut self) {
        let task = self.some_working_task();
        self.ask(Command::Message { task, text: "look at the rounding".into(), by: "somebody".into() });
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each thing that people do")]
    pub(super) fn strikes(&mut self) {
        if self.gone.is_some() {
            // Somebody starts it again.
            self.stored = self.journal.len();
            return self.restart();
        }
        match self.chance.below(73) {
            0..=13 => self.saves(),
            14 => {
                for _ in 0..8 {
                    self.saves();
                }
            }
            15 | 16 => self.rebase(),
            17 => {
                self.disk.heads += 1;
                let state = self.disk.repository(self.operation);
                self.input(Input::Repository(state));
                self.saves();
            }
            18 | 19 => {
                let task = self.some_working_task();
                self.ask(Command::Kill { task });
            }
            20 | 21 => {
                let task = self.some_task(|task| task.state.is_final());
                self.ask(Command::Retry { task });
            }
            22..=24 => {
                let task = self.some_task(|task| !task.state.is_final());
                self.ask(Command::Fix { task });
            }
            25..=28 => {
                let task = self.some_task(|task| task.receipt.is_some());
                self.ask(Command::Undo { task });
            }
            29..=31 => {
                let task = self.some_task(|task| task.result.is_some());
                let result = self.shown(task);
                let agree = self.chance.one_in(4).then_some(LandMode::Auto);
                self.ask(Command::Land { task, result, agree });
            }
            32 => {
                let task = self.some_task(|task| task.result.is_some());
                let result = self.shown(task);
                self.ask(Command::Refuse { task, result });
            }
            33 => self.ask(Command::Check),
            44..=46 => {
                let task = self.some_task(|task| !task.state.is_final());
                let until = match self.chance.below(4) {
                    0 => Snooze::UntilGreen,
                    1 => Snooze::OnBranch,
                    _ => Snooze::For(self.chance.between(1, 900)),
                };
                self.ask(Command::Snooze { task, until });
            }
            47 => {
                let task = self.some_task(|task| matches!(task.state, TaskState::Held(_)));
                self.ask(Command::Unsnooze { task });
            }
            48 | 49 => {
                let task = self.some_working_task();
                self.ask(Command::Hold { task });
            }
            51 => {
                let land = if self.chance.one_in(2) { LandMode::Auto } else { LandMode::Ask };
                self.ask(Command::Agree { land });
            }
            52 => {
                let task = self.some_task(|task| task.receipt.is_some());
                let files = self.disk.names();
                self.input(Input::Replaced(task, files));
            }
            53 => self.reconfigures(),
            61 | 62 => self.somebody_queues(),
            63 | 64 => self.somebody_reports(),
            65 => self.somebody_drops(),
            54..=59 => self.people_answer(),
            60 if self.chance.one_in(2) => self.somebody_says(),
            50 if self.chance.one_in(3) => self.disk.branches += 1,
            43 | 60 => self.somebody_pays(),

            67 | 68 => self.somebody_files(),
            70 if self.chance.one_in(3) => self.somebody_orchestrates(),
            71 | 72 => self.somebody_decides(),
            69 => {
                let screens = self.chance.below(3) as usize;
                self.input(Input::Screens(screens));
            }
            34 => self.ask(Command::Pause),
            35 | 36 => self.ask(Command::Resume),
            66 => self.ask(Command::Lane { lane: Lane::Queue, wish: LaneWish::Resume }),
            37 => {
                let files = self.disk.names();
                self.input(Input::Rescanned(files));
            }
            38 if self.chance.one_in(3) => return self.crash(),
            39 if self.chance.one_in(4) => {
                self.report.quits += 1;
                self.ask(Command::Quit);
                for _ in 0..self.chance.below(3) {
                    let delay = self.chance.between(1, 20_000);
                    self.at(delay, Event::Asks(Command::Quit));
                }
            }
            40 if self.chance.one_in(3) => self.wall_offset += self.chance.below(3_600_000),
            // Somebody sets the clock back.
            41 if self.chance.one_in(6) => self.wall_offset -= self.chance.below(600_000),
            42 if self.chance.one_in(3) => self.slow_until = self.now + self.chance.between(1_000, 300_000),
            _ => {}
        }
        let delay = self.chance.between(1, 9_000);
        self.at(delay, Event::Strikes);
    }

    fn saves(&mut self) {
        let file = self.disk.edit(&mut self.chance);
        // The watcher may be late.
        let delay = if self.chance.one_in(20) { self.chance.between(60, 8_000) } else { self.chance.between(1, 60) };
        self.at(delay, Event::Notices(file));
    }

    /// Somebody edits the configuration.
    fn reconfigures(&mut self) {
        self.report.reconfigured += 1;
        self.other_settings();
        self.input(Input::Reconfigured(self.settings.clone(), self.matcher.clone()));
    }

    fn rebase(&mut self) {
        self.operation = !self.operation;
        if !self.operation {
            self.disk.heads += 1;
        }
        let state = self.disk.repository(self.operation);
        self.input(Input::Repository(state));
    }
}
