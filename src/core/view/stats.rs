//! How work went, as faces show it: by role, agent, check and day; the same with and without a supervisor.

use serde::{Deserialize, Serialize};

use crate::core::book::{Book, Score};
use crate::model::budget::Day;
use crate::model::cost::Spent;

/// How work went.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stats {
    /// All of it.
    pub total: StatsLine,
    /// By role, most tasks first.
    pub roles: Vec<StatsLine>,
    /// By agent, most tasks first.
    pub agents: Vec<StatsLine>,
    /// By check, most tasks first.
    pub checks: Vec<StatsLine>,
    /// By local day, today last. What was used is that of the day, whatever it was for and whether it has ended.
    pub days: Vec<(Day, StatsLine)>,
}

/// How work of one kind went.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatsLine {
    /// What it is called.
    pub name: String,
    /// Tasks that were worked on and ended.
    pub tasks: u32,
    /// Those that ended well.
    pub succeeded: u32,
    /// Those that did not.
    pub failed: u32,
    /// Attempts that ended.
    pub attempts: u32,
    /// How long half of the tasks took at most, in milliseconds of work.
    pub median: Option<u64>,
    /// How long all but one in twenty took at most.
    pub p95: Option<u64>,
    /// What ended attempts used.
    pub spent: Spent,
}

impl StatsLine {
    fn of(name: String, score: &Score) -> Self {
        let Score { tasks, succeeded, failed, attempts, spent, median, p95, .. } = *score;
        Self { name, tasks, succeeded, failed, attempts, median, p95, spent }
    }

    /// Returns the share of tasks that ended well, in thousandths.
    pub fn rate(&self) -> Option<u32> {
        (self.succeeded * 1000).checked_div(self.tasks)
    }
}

impl Stats {
    /// Reads them from a book.
    pub fn of(book: &Book) -> Self {
        let tally = &book.tally;
        let lines = |scores: &std::collections::BTreeMap<String, Score>| {
            let mut lines: Vec<StatsLine> =
                scores.iter().map(|(name, score)| StatsLine::of(name.clone(), score)).collect();
            lines.sort_by_key(|line| std::cmp::Reverse((line.tasks, line.spent.usd, line.spent.tokens())));
            lines
        };
        let mut days: std::collections::BTreeMap<Day, StatsLine> =
            tally.days.iter().map(|(day, score)| (*day, StatsLine::of(day.to_string(), score))).collect();
        for line in days.values_mut() {
            line.spent = Spent::default();
        }
        for (day, account) in book.ledger.days().filter(|(_, account)| account.spent() != Spent::default()) {
            let line = days.entry(day).or_insert_with(|| StatsLine { name: day.to_string(), ..StatsLine::default() });
            line.spent = account.spent();
        }
        Self {
            total: StatsLine { spent: book.ledger.total().spent(), ..StatsLine::of("all".to_owned(), &tally.total) },
            roles: lines(&tally.roles),
            agents: lines(&tally.agents),
            checks: lines(&tally.checks),
            days: days.into_iter().collect(),
        }
    }
}
