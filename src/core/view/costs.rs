//! What was spent, as faces show it: today, by task, by day, for each landed fix, and where the lines are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::book::{Account, Book, Typical};
use crate::core::supervisor::Supervisor;
use crate::model::budget::{Budget, Day, Limit};
use crate::model::cost::{Spent, Usd};
use crate::model::id::TaskId;
use crate::model::number::percent;
use crate::model::time::{Now, Wall, brief};

/// How many tasks a list shows unless all are asked for, those that used most.
pub const TASKS: usize = 20;

/// How many days it shows.
const DAYS: usize = 14;

/// What was spent.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Costs {
    /// Today, by the user's calendar.
    pub day: Day,
    /// When it ends.
    pub ends: Wall,
    /// What was used today.
    pub today: Sum,
    /// What was used since the journal began.
    pub total: Sum,
    /// The lines of the day that are set.
    pub lines: Vec<Line>,
    /// The tasks that used something today, the dearest first.
    pub tasks: Vec<TaskCosts>,
    /// How many more there are, and what they used today.
    #[serde(default)]
    pub more: (usize, Spent),
    /// The last days, today last.
    pub days: Vec<(Day, Sum)>,
    /// How many more are known before them.
    #[serde(default)]
    pub earlier: usize,
}

/// What was used in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sum {
    /// By those who carry fixes out, their subagents included.
    pub fixer: Spent,
    /// By the planner.
    pub planner: Spent,
    /// Tokens of runs whose price is not known, or not all of it; they are in none of the dollars.
    pub unpriced: u64,
    /// How many fixes landed.
    pub landed: u32,
}

impl Sum {
    /// Returns all of it.
    pub fn spent(&self) -> Spent {
        self.fixer + self.planner
    }

    /// Returns what a landed fix has cost, with all that was used for others that came to nothing.
    pub fn for_each_fix(&self) -> Option<Spent> {
        let (spent, landed) = (self.spent(), u64::from(self.landed));
        let share = |amount: u64| amount.checked_div(landed);
        Some(Spent {
            usd: Usd(share(spent.usd.0)?),
            unpriced: spent.unpriced,
            tokens_in: share(spent.tokens_in)?,
            tokens_out: share(spent.tokens_out)?,
        })
    }
}

impl From<Account> for Sum {
    fn from(account: Account) -> Self {
        let Account { fixer, planner, unpriced, landed } = account;
        Self { fixer, planner, unpriced, landed }
    }
}

/// A line of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub line: Limit,
    /// How much counts for it, in millionths of a dollar or in tokens.
    pub used: u64,
    /// Where it is today, in the same.
    pub limit: u64,
    /// By how much a person moved it today, in the same.
    pub raised: u64,
    /// The share at which it is called near, in thousandths.
    pub warn: u32,
}

impl Line {
    /// Whether nothing starts any more.
    pub fn is_reached(&self) -> bool {
        self.used >= self.limit
    }

    /// Whether it is near or reached.
    pub fn is_near(&self) -> bool {
        let used = u128::from(self.used) * 1000;
        self.is_reached() || (self.warn > 0 && used >= u128::from(self.limit) * u128::from(self.warn))
    }

    /// Returns the share that is used, in percent.
    pub fn percent(&self) -> u64 {
        percent(self.used, self.limit).unwrap_or(0)
    }
}

/// What a task used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCosts {
    /// Its number.
    pub id: TaskId,
    /// What it is about, if it is still remembered.
    pub title: String,
    /// Today.
    pub today: Spent,
    /// In all.
    pub total: Spent,
}

impl Costs {
    /// Reads all of them from a book; the same with and without a supervisor.
    pub fn of(book: &Book, budget: Budget, now: Now) -> Self {
        let ledger = &book.ledger;
        let day = Day::of(now);
        let is_today = ledger.day() == day;
        let today: Sum = if is_today { ledger.today().into() } else { Sum::default() };
        let (more_usd, more_tokens) = if is_today { ledger.raised() } else { (Usd(0), 0) };
        let lines = [(Limit::DayUsd, more_usd.0), (Limit::DayTokens, more_tokens)].map(|(line, raised)| Line {
            line,
            used: line.measure(today.spent()),
            limit: budget.limit(line).saturating_add(raised),
            raised,
            warn: budget.warn,
        });
        let by_task = if is_today { ledger.tasks() } else { BTreeMap::default() };
        let mut tasks: Vec<TaskCosts> = by_task
            .into_iter()
            .map(|(id, today)| {
                let task = book.task(id);
                let title = task.map_or_else(String::new, |task| task.title());
                TaskCosts { id, title, today, total: task.map_or(today, |task| task.total()) }
            })
            .collect();
        tasks.sort_by_key(|task| (Reverse((task.today.usd, task.today.tokens())), task.id));
        let mut days: Vec<(Day, Sum)> = ledger.days().map(|(day, account)| (day, account.into())).collect();
        days.retain(|(_, sum)| *sum != Sum::default());
        Self {
            day,
            ends: Day::end(now),
            today,
            total: ledger.total().into(),
            lines: lines.into_iter().filter(|line| budget.limit(line.line) > 0).collect(),
            tasks,
            more: (0, Spent::default()),
            days,
            earlier: 0,
        }
    }

    /// Returns them as short as a screen shows them; what is left out is counted.
    #[must_use]
    pub fn short(mut self) -> Self {
        let rest = self.tasks.split_off(self.tasks.len().min(TASKS));
        self.more = (rest.len(), rest.iter().fold(Spent::default(), |sum, task| sum + task.today));
        self.earlier = self.days.len().saturating_sub(DAYS);
        self.days.drain(..self.earlier);
        self
    }

    /// Returns the line that stands in the way, if one does.
    pub fn reached(&self) -> Option<&Line> {
        self.lines.iter().find(|line| line.is_reached())
    }
}

impl Supervisor {
    /// Returns what was spent.
    pub fn costs(&self) -> Costs {
        Costs::of(&self.book, self.settings.budget, self.live.now)
    }
}

/// Says what such a fix costs and takes: `such a fix: $0.08, 1:20 (7 landed)`.
pub(super) fn typical(typical: Typical) -> String {
    let cost = match typical.usd {
        Some(usd) => usd.to_string(),
        None => format!("{} tokens, price unknown", typical.tokens),
    };
    let of = if typical.same_check { "" } else { " here" };
    format!("such a fix: {cost}, {} ({} landed{of})", brief(typical.took), typical.of)
}
