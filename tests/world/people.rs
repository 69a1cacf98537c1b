//! People and weather: edits, commands, rebases, crashes, at any moment.

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::input::{Fate, Input};
use orchestrator_tui::model::id::{RequestId, TaskId};

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
        if self.gone.is_some() {
            self.asked.clear();
        }
    }

    fn some_task(&mut self) -> TaskId {
        let tasks: Vec<TaskId> = self.machine.book().tasks.keys().copied().collect();
        if tasks.is_empty() || self.chance.one_in(20) { TaskId(999) } else { *self.chance.pick(&tasks) }
    }

    pub(super) fn strikes(&mut self) {
        if self.gone.is_some() {
            // Somebody starts it again.
            self.stored = self.journal.len();
            self.asked.clear();
            return self.restart();
        }
        match self.chance.below(40) {
            0..=15 => self.saves(),
            16 => {
                for _ in 0..8 {
                    self.saves();
                }
            }
            17 | 18 => self.rebase(),
            19 => {
                self.disk.heads += 1;
                let state = self.disk.repository(self.operation);
                self.input(Input::Repository(state));
                self.saves();
            }
            20 => {
                let task = self.some_task();
                self.ask(Command::Kill { task });
            }
            21 | 22 => {
                let task = self.some_task();
                self.ask(Command::Retry { task });
            }
            23 | 24 | 25 => {
                let task = self.some_task();
                self.ask(Command::Fix { task });
            }
            26 | 27 => {
                let task = self.some_task();
                self.ask(Command::Undo { task });
            }
            28 | 29 => {
                let task = self.some_task();
                self.ask(Command::Land { task });
            }
            30 => {
                let task = self.some_task();
                self.ask(Command::Refuse { task });
            }
            31 => self.ask(Command::Check),
            32 => self.ask(Command::Pause),
            33 | 34 => self.ask(Command::Resume),
            35 => {
                let files = self.disk.names();
                self.input(Input::Rescanned(files));
            }
            36 if self.chance.one_in(3) => return self.crash(),
            37 if self.chance.one_in(6) => {
                self.report.quits += 1;
                self.ask(Command::Quit);
            }
            38 if self.chance.one_in(3) => self.wall_offset += self.chance.below(3_600_000),
            _ => {}
        }
        let delay = self.chance.between(1, 9_000);
        self.at(delay, Event::Strikes);
    }

    fn saves(&mut self) {
        let (path, there) = self.disk.edit(&mut self.chance);
        let fate = if there { Fate::Written } else { Fate::Removed };
        let delay = self.chance.between(1, 60);
        self.at(delay, Event::Reaches(Input::Changed(vec![(path, fate)])));
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
