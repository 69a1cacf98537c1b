//! How work went: tasks that ended, how long they took, what was used; by role, agent, check and day. It outlives the tasks.

use std::collections::{BTreeMap, VecDeque};

use crate::model::attempt::AttemptRecord;
use crate::model::budget::Day;
use crate::model::cost::Spent;
use crate::model::counts::Counts;
use crate::model::id::TaskId;
use crate::model::task::{Goal, Task, TaskState};
use crate::model::time::millis;

/// How many days are remembered; as many as the ledger.
const DAYS: usize = 31;

/// Of how many tasks of one kind the times are kept, the latest: what happened months ago says little about today.
const SAMPLE: usize = 200;

/// How many names of one kind are told apart; what comes later counts together.
const NAMES: usize = 200;

/// Under which name the rest counts.
const REST: &str = "others";

/// Of how many tasks it is remembered on which day they ended, should what they landed be taken back.
const ENDED: usize = 1000;

/// How work of one kind went.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Score {
    /// Tasks that were worked on and ended.
    pub counts: Counts,
    /// Attempts that ended.
    pub attempts: u32,
    /// What they used.
    pub spent: Spent,
    /// How long half of the tasks took at most, in milliseconds.
    pub median: Option<u64>,
    /// How long all but one in twenty took at most.
    pub p95: Option<u64>,
    /// How long the last ones took, oldest first.
    sample: VecDeque<u64>,
}

impl Score {
    fn attempt(&mut self, spent: Spent, counts: bool) {
        self.attempts += u32::from(counts);
        self.spent += spent;
    }

    fn ended(&mut self, state: &TaskState, took: u64) {
        self.counts.count(state);
        self.sample.push_back(took);
        if self.sample.len() > SAMPLE {
            self.sample.pop_front();
        }
        let mut sorted: Vec<u64> = self.sample.iter().copied().collect();
        sorted.sort_unstable();
        self.median = at_most(&sorted, 50);
        self.p95 = at_most(&sorted, 95);
    }
}

/// Returns the smallest value that so many in a hundred do not exceed.
fn at_most(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// How all work went.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// By the role that worked.
    pub roles: BTreeMap<String, Score>,
    /// By the agent, or `fixers` where commands did it without one.
    pub agents: BTreeMap<String, Score>,
    /// By the check that was to become green, or to stay so.
    pub checks: BTreeMap<String, Score>,
    /// By the local day on which it ended; what was used on it is in the ledger.
    pub days: BTreeMap<Day, Score>,
    /// All of it.
    pub total: Score,
    ended: VecDeque<(TaskId, Day)>,
}

impl Tally {
    /// An attempt at a task ended.
    pub(super) fn attempt_ended(&mut self, task: &Task, record: &AttemptRecord, day: Day) {
        // Bringing in what another attempt has made is none by itself.
        let counts = !record.landing;
        let spent = record.spent;
        self.each(task, &record.by, day, |score| score.attempt(spent, counts));
    }

    /// The planner used something.
    pub(super) fn planner_used(&mut self, spent: Spent) {
        named(&mut self.roles, "planner").spent += spent;
        self.total.spent += spent;
    }

    /// A task that was worked on is over.
    pub(super) fn ended(&mut self, task: &Task, state: &TaskState, day: Day) {
        let by = by(task).to_owned();
        self.each(task, &by, day, |score| score.ended(state, millis(task.worked())));
        self.ended.push_back((task.id, day));
        if self.ended.len() > ENDED {
            self.ended.pop_front();
        }
    }

    /// What a task had landed is taken back: it is no success any more.
    pub(super) fn taken_back(&mut self, task: &Task, state: &TaskState, today: Day) {
        let known = self.ended.iter().rev().find(|(known, _)| *known == task.id);
        let day = known.map_or(today, |(_, day)| *day);
        let by = by(task).to_owned();
        self.each(task, &by, day, |score| score.counts.count_anew(state));
    }

    fn each(&mut self, task: &Task, agent: &str, day: Day, change: impl Fn(&mut Score)) {
        let (role, check) = match &task.goal {
            Goal::Check(key) => ("fixer", Some(&key.check)),
            Goal::Assignment(assignment) => (assignment.role.as_str(), assignment.check.as_ref()),
        };
        change(&mut self.total);
        change(named(&mut self.roles, role));
        if !agent.is_empty() {
            change(named(&mut self.agents, agent));
        }
        if let Some(check) = check {
            change(named(&mut self.checks, &check.0));
        }
        change(self.days.entry(day).or_default());
        while self.days.len() > DAYS {
            self.days.pop_first();
        }
    }
}

fn named<'a>(scores: &'a mut BTreeMap<String, Score>, name: &str) -> &'a mut Score {
    let name = if scores.len() < NAMES || scores.contains_key(name) { name } else { REST };
    scores.entry(name.to_owned()).or_default()
}

/// Returns who worked on a task last.
fn by(task: &Task) -> &str {
    task.attempts.iter().rev().map(|attempt| attempt.by.as_str()).find(|by| !by.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::{DoneReason, FailReason};

    #[test]
    fn the_median_and_the_slowest_are_times_that_were_measured() {
        let sorted: Vec<u64> = (1..=20).collect();
        assert_eq!((at_most(&sorted, 50), at_most(&sorted, 95)), (Some(10), Some(19)));
        assert_eq!((at_most(&[7], 50), at_most(&[7], 95)), (Some(7), Some(7)));
        assert_eq!(at_most(&[], 50), None);
    }

    #[test]
    fn only_the_last_times_count_and_all_tasks_do() {
        let mut score = Score::default();
        for took in 0..1000 {
            let good = TaskState::Done(DoneReason::FixedByYou);
            let bad = TaskState::Failed(FailReason::EnvironmentDiffers);
            score.ended(if took % 4 == 0 { &bad } else { &good }, took);
        }
        let counts = score.counts;
        assert_eq!((counts.ended, counts.succeeded, counts.failed), (1000, 750, 250));
        assert_eq!((score.median, score.p95), (Some(899), Some(989)));
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let mut scores = BTreeMap::new();
        for number in 0..NAMES * 2 {
            named(&mut scores, &format!("role-{number:04}")).attempts += 1;
        }
        assert!(scores.len() <= NAMES + 1);
        assert_eq!(scores[REST].attempts as usize, NAMES);
        assert_eq!(scores.values().map(|score| score.attempts as usize).sum::<usize>(), NAMES * 2);
    }
}
