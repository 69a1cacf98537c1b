//! What was spent: by local day, by task, by who spent it; and what fixes that landed have cost here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::model::budget::{Day, Limit};
use crate::model::check::CheckName;
use crate::model::cost::{Spent, Usd};
use crate::model::id::{BatchId, TaskId};
use crate::model::task::Task;

/// How many days are remembered.
const DAYS: usize = 31;

/// Of how many of them it is remembered which task used what: a clock that is set back may go back a day.
const DAYS_BY_TASK: usize = 3;

/// How many landed fixes of each check are remembered, to say what such a fix costs.
const FIXES: usize = 25;

/// What was spent on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Account {
    /// By those who carry fixes out.
    pub fixer: Spent,
    /// By the planner.
    pub planner: Spent,
    /// Tokens whose price is not known.
    pub unpriced: u64,
    /// How many fixes landed.
    pub landed: u32,
}

impl Account {
    /// Returns all of it.
    pub fn spent(&self) -> Spent {
        self.fixer + self.planner
    }

    fn add_fixer(&mut self, spent: Spent) {
        self.fixer += spent;
        self.unpriced = self.unpriced.saturating_add(unpriced(spent));
    }

    fn add_planner(&mut self, spent: Spent) {
        self.planner += spent;
        self.unpriced = self.unpriced.saturating_add(unpriced(spent));
    }
}

/// Returns the tokens of unknown price, as far as one can tell: all of those of a run that is not priced in full.
fn unpriced(spent: Spent) -> u64 {
    if spent.unpriced { spent.tokens() } else { 0 }
}

/// Where a meter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Reading {
    /// What is in the accounts of days before.
    booked: Spent,
    /// What it says in all.
    spent: Spent,
}

impl Reading {
    /// Returns what belongs to today.
    fn today(self) -> Spent {
        let mut since = self.spent.since(self.booked);
        // What was used on earlier days at unknown prices is not unknown again today.
        since.unpriced &= since.tokens() > 0 || self.booked == Spent::default();
        since
    }
}

/// What landed fixes of one check have cost and taken, the last ones that stayed.
type Fixes = VecDeque<(TaskId, Spent, Duration)>;

/// What such a fix costs and takes, from those that landed here so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typical {
    /// The median of the known prices; `None`: no price is known.
    pub usd: Option<Usd>,
    /// The median of the tokens.
    pub tokens: u64,
    /// The median of the time.
    pub took: Duration,
    /// Of how many fixes.
    pub of: usize,
    /// Whether all of them were of the same check.
    pub same_check: bool,
}

/// All that is known about spending.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ledger {
    day: Day,
    days: BTreeMap<Day, Account>,
    /// By task, without what is still being counted; of the last days only.
    tasks: BTreeMap<Day, BTreeMap<TaskId, Spent>>,
    /// What is still being counted: attempts under way.
    open: BTreeMap<TaskId, Reading>,
    fixes: BTreeMap<CheckName, Fixes>,
    /// By what tasks were filed together with, as long as that is remembered.
    batches: BTreeMap<BatchId, Spent>,
    /// On which day fixes landed that stayed so far, as long as that day is remembered.
    landed: BTreeMap<TaskId, Day>,
    /// By how much a person raised today's lines: dollars and tokens.
    raised: (Usd, u64),
    /// What was said of today's lines: that one is near, or reached, and where it was then.
    warned: Vec<(Limit, bool, u64)>,
    /// Everything since the journal began.
    total: Account,
    /// What was spent today, by all; follows from the rest.
    spent: Spent,
}

impl Ledger {
    /// Whether something was spent on a day.
    pub fn knows(&self, day: Day) -> bool {
        self.days.contains_key(&day)
    }

    /// Returns the day that is being counted.
    pub fn day(&self) -> Day {
        self.day
    }

    /// Returns what was spent today so far, by all.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Returns what was spent today so far, what is still being counted included.
    pub fn today(&self) -> Account {
        let mut account = self.days.get(&self.day).copied().unwrap_or_default();
        self.add_open(&mut account);
        account
    }

    /// Returns everything since the journal began.
    pub fn total(&self) -> Account {
        let mut account = self.total;
        self.add_open(&mut account);
        account
    }

    /// Returns the days that are remembered, today last.
    pub fn days(&self) -> impl Iterator<Item = (Day, Account)> + '_ {
        let before = self.days.range(..self.day).map(|(day, account)| (*day, *account));
        before.chain(std::iter::once((self.day, self.today())))
    }

    /// Returns what tasks used today.
    pub fn tasks(&self) -> BTreeMap<TaskId, Spent> {
        let mut tasks = self.tasks.get(&self.day).cloned().unwrap_or_default();
        for (task, reading) in &self.open {
            *tasks.entry(*task).or_default() += reading.today();
        }
        tasks.retain(|_, spent| *spent != Spent::default());
        tasks
    }

    /// Returns the tasks whose attempt is still being counted, and what it used so far.
    pub fn counting(&self) -> impl Iterator<Item = (TaskId, Spent)> + '_ {
        self.open.iter().map(|(task, reading)| (*task, reading.spent))
    }

    /// Returns by how much today's lines were raised: dollars and tokens.
    pub fn raised(&self) -> (Usd, u64) {
        self.raised
    }

    /// Whether it was said today that a line at this place is near (`false`) or reached (`true`).
    pub fn has_said(&self, line: Limit, reached: bool, limit: u64) -> bool {
        self.warned.contains(&(line, reached, limit))
    }

    /// Whether anything of today would be different tomorrow.
    pub fn is_worn(&self) -> bool {
        self.spent != Spent::default() || self.raised != (Usd(0), 0) || !self.warned.is_empty()
    }

    /// Returns what fixes of a check have cost here, or of any check if none of it landed yet.
    pub fn typical(&self, check: &CheckName) -> Option<Typical> {
        let own = self.fixes.get(check).filter(|fixes| !fixes.is_empty());
        let of: Vec<(Spent, Duration)> = match own {
            Some(fixes) => fixes.iter().map(|(_, spent, took)| (*spent, *took)).collect(),
            None => self.fixes.values().flatten().map(|(_, spent, took)| (*spent, *took)).collect(),
        };
        let took = median(of.iter().map(|(_, took)| *took))?;
        Some(Typical {
            usd: median(of.iter().filter(|(spent, _)| !spent.unpriced).map(|(spent, _)| spent.usd)),
            tokens: median(of.iter().map(|(spent, _)| spent.tokens())).unwrap_or_default(),
            took,
            of: of.len(),
            same_check: own.is_some(),
        })
    }

    /// Returns what all tasks of a batch used.
    pub fn of_batch(&self, batch: BatchId) -> Spent {
        self.batches.get(&batch).copied().unwrap_or_default()
    }

    fn add_open(&self, account: &mut Account) {
        for reading in self.open.values() {
            account.add_fixer(reading.today());
        }
    }

    /// An attempt at a task begins: what it uses is counted from zero.
    pub(super) fn attempt_started(&mut self, task: TaskId) {
        self.settle(task);
    }

    /// The attempt at a task has used so much in all.
    pub(super) fn used(&mut self, task: TaskId, spent: Spent) {
        self.read(task, spent);
    }

    /// The attempt at a task is over, and has used so much in all.
    pub(super) fn attempt_ended(&mut self, task: TaskId, spent: Spent) {
        if spent != Spent::default() {
            self.read(task, spent);
        }
        self.settle(task);
    }

    /// A person moved today's lines away.
    pub(super) fn raise(&mut self, usd: Usd, tokens: u64) {
        self.raised = (Usd(self.raised.0.0.saturating_add(usd.0)), self.raised.1.saturating_add(tokens));
    }

    /// It was said that a line is near, or reached.
    pub(super) fn said(&mut self, line: Limit, reached: bool, limit: u64) {
        self.warned.push((line, reached, limit));
    }

    /// Notes that a fix of a check landed and stays.
    pub(super) fn landed(&mut self, task: &Task) {
        self.days.entry(self.day).or_default().landed += 1;
        self.total.landed += 1;
        self.landed.insert(task.id, self.day);
        let took = task.attempts.iter().map(|attempt| attempt.took).sum();
        let Some(key) = task.check() else { return };
        let fixes = self.fixes.entry(key.check.clone()).or_default();
        fixes.push_back((task.id, task.total(), took));
        if fixes.len() > FIXES {
            fixes.pop_front();
        }
    }

    /// A person took back what a task had landed: it is none of the fixes that the money was spent for.
    pub(super) fn undone(&mut self, task: TaskId) {
        let Some(day) = self.landed.remove(&task) else { return };
        self.total.landed = self.total.landed.saturating_sub(1);
        if let Some(account) = self.days.get_mut(&day) {
            account.landed = account.landed.saturating_sub(1);
        }
        for fixes in self.fixes.values_mut() {
            fixes.retain(|(fixed, ..)| *fixed != task);
        }
    }

    /// The planner has used so much more, for a task or for a person.
    pub(super) fn planner_used(&mut self, task: Option<TaskId>, spent: Spent) {
        self.days.entry(self.day).or_default().add_planner(spent);
        self.total.add_planner(spent);
        if let Some(task) = task {
            *self.tasks.entry(self.day).or_default().entry(task).or_default() += spent;
        }
        self.spent = self.today().spent();
    }

    /// A task of a batch has used so much in all, and so much before.
    pub(super) fn batch_used(&mut self, batch: BatchId, before: Spent, after: Spent) {
        if before != after {
            let known = self.batches.entry(batch).or_default();
            *known = known.since(before) + after;
        }
    }

    /// Nothing of a batch is remembered any more.
    pub(super) fn batch_forgotten(&mut self, batch: BatchId) {
        self.batches.remove(&batch);
    }

    /// Another day begins.
    pub(super) fn begin(&mut self, day: Day) {
        for (task, reading) in &mut self.open {
            let today = reading.today();
            self.days.entry(self.day).or_default().add_fixer(today);
            self.total.add_fixer(today);
            *self.tasks.entry(self.day).or_default().entry(*task).or_default() += today;
            reading.booked = reading.spent;
        }
        self.day = day;
        while self.tasks.len() > DAYS_BY_TASK {
            self.tasks.pop_first();
        }
        self.warned.clear();
        self.raised = (Usd(0), 0);
        while self.days.len() > DAYS {
            self.days.pop_first();
        }
        let oldest = self.days.keys().next().copied().unwrap_or(day).min(day);
        self.landed.retain(|_, day| *day >= oldest);
        self.spent = self.today().spent();
    }

    fn read(&mut self, task: TaskId, spent: Spent) {
        self.open.entry(task).or_default().spent = spent;
        self.spent = self.today().spent();
    }

    /// Takes what was counted of an attempt into the accounts; it is over.
    fn settle(&mut self, task: TaskId) {
        let Some(reading) = self.open.remove(&task) else { return };
        let today = reading.today();
        self.days.entry(self.day).or_default().add_fixer(today);
        self.total.add_fixer(today);
        *self.tasks.entry(self.day).or_default().entry(task).or_default() += today;
        self.spent = self.today().spent();
    }
}

/// Returns the middle one; of two in the middle the lower.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.get(values.len().checked_sub(1)? / 2).copied()
}
