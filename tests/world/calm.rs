//! What must be true when all faults and people are gone: everything ends, nothing was missed, stopping stops.

use orchestrator_tui::core::book::Book;
use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::core::schedule::Waiting;
use orchestrator_tui::model::assignment::Lane;
use orchestrator_tui::model::check::CheckKey;
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::lane::LaneWish;
use orchestrator_tui::model::settings::FixOn;
use orchestrator_tui::model::task::{Task, TaskState};

use super::{Event, World, disk};

impl World {
    pub(super) fn check_replay(&self) {
        assert_eq!(&Book::replay(self.journal.iter().cloned()), self.machine.book(), "replay differs from the book");
        let spent = self.journal.iter().filter_map(|recorded| match &recorded.fact {
            Fact::AttemptEnded { record, .. } => Some(record.spent),
            Fact::PlannerUsed { spent, .. } => Some(*spent),
            _ => None,
        });
        let spent = spent.fold(Spent::default(), |sum, spent| sum + spent);
        assert_eq!(self.machine.book().statistics.spent, spent, "money is missing in the statistics");
    }

    /// No more faults and no more people: everything must come to an end, then stopping must too.
    pub(super) fn calm_down(&mut self) {
        self.calm = true;
        self.operation = false;
        self.events.retain(|_, event| !matches!(event, Event::Strikes));
        if self.gone.is_some() {
            self.journal.truncate(self.journal.len());
            self.restart();
        }
        let repository = self.disk.repository(false);
        self.input(Input::Repository(repository));
        self.ask(Command::Resume);
        let mut steps = 0;
        while self.gone.is_none() && !self.is_still() {
            assert!(self.step(), "nothing will ever happen, and something is open");
            steps += 1;
            if steps % 100 == 0 {
                self.ask(Command::Resume);
                self.ask(Command::Lane { lane: Lane::Queue, wish: LaneWish::Resume });
                self.ask(Command::Raise { usd: Usd(1_000_000), tokens: 0 });
                self.ask(Command::Raise { usd: Usd(0), tokens: 1_000 });
                self.somebody_pays_for_days();
            }
            assert!(steps < 20_000, "the calm phase does not end: {:?}", self.machine.live());
        }
        self.check_replay();
        self.check_events();
        assert!(
            self.machine.book().events.pending().next().is_none() || self.gone.is_some(),
            "an event waits for ever"
        );
        self.check_questions();
        if self.gone.is_none() {
            self.check_seen();
            self.report.quits += 1;
            let began = self.now;
            self.ask(Command::Quit);
            let mut steps = 0;
            while self.gone.is_none() {
                assert!(self.step(), "quitting never ends");
                steps += 1;
                assert!(steps < 5_000, "quitting does not end: {:?}", self.machine.live());
            }
            let limit = self.settings.limits.stop.as_millis() as u64;
            assert!(self.now - began <= limit, "quitting took {} ms", self.now - began);
        }
        self.check_replay();
        assert!(self.asked.is_empty(), "unanswered requests: {:?}", self.asked);
    }

    /// No edit was missed: every check has looked at the tree as it is.
    fn check_seen(&self) {
        for check in &self.settings.checks {
            let name = &check.name;
            if check.is_per_file() {
                let concerns = |file: &u8| self.matcher.concerned(&disk::name(*file)).any(|(known, _)| known == name);
                for file in self.disk.tree.keys().filter(|file| concerns(file)) {
                    let key = CheckKey { check: name.clone(), file: Some(disk::name(*file)) };
                    let seen = self.seen.get(&key).and_then(|tree| tree.get(file));
                    assert_eq!(seen, self.disk.tree.get(file), "{key} has not seen what is in the tree");
                }
            } else if self.settings.fix.on == FixOn::Red {
                let seen = self.seen.get(&CheckKey { check: name.clone(), file: None });
                assert_eq!(seen, Some(&self.disk.tree), "{name} has not seen what is in the tree");
            }
        }
    }

    /// Whether nothing is under way and no task will move by itself within the next day: some may wait until a person has
    /// let a result land.
    fn is_still(&self) -> bool {
        let live = self.machine.live();
        let moves = |task: &Task| {
            matches!(task.state, TaskState::Queued | TaskState::Running | TaskState::Cooling { .. })
                && !matches!(self.machine.waiting(task), Some(Waiting::Unlanded(..) | Waiting::QueueOff(_)))
        };
        self.events.is_empty()
            && self.sessions.is_empty()
            && live.attempts.is_empty()
            && live.burst.is_none()
            && live.wanted.is_empty()
            && !self.machine.book().open().any(|task| moves(task))
    }
}
