//! How work went, as faces show it: by role, agent, check and day; the same with and without a supervisor.

use serde::{Deserialize, Serialize};

use crate::core::book::{Book, Score};
use crate::model::budget::Day;
use crate::model::cost::Spent;
use crate::model::counts::Counts;

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
    pub counts: Counts,
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
        let Score { counts, attempts, spent, median, p95, .. } = *score;
        Self { name, counts, attempts, median, p95, spent }
    }
}

impl Stats {
    /// Reads them from a book.
    pub fn of(book: &Book) -> Self {
        let tally = &book.tally;
        let lines = |scores: &std::collections::BTreeMap<String, Score>| {
            let mut lines: Vec<StatsLine> =
                scores.iter().map(|(name, score)| StatsLine::of(name.clone(), score)).collect();
            lines.sort_by_key(|line| std::cmp::Reverse((line.counts.ended, line.spent.usd, line.spent.tokens())));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::effect::Recorded;
    use crate::core::fact::{Fact, Remember};
    use crate::model::attempt::{AttemptEnd, AttemptRecord};
    use crate::model::cost::Usd;
    use crate::model::id::{LandingId, Seq, Slot, TaskId};
    use crate::model::task::{DoneReason, FailReason, Task, TaskState};
    use crate::model::time::Wall;

    /// A task as the journal has it; what does not matter here is as in one that was just filed.
    #[expect(clippy::unwrap_used, reason = "a test may stop here")]
    fn task(id: u32) -> Task {
        let check = serde_json::json!({ "check": "unit", "file": null });
        serde_json::from_value(serde_json::json!({
            "id": id, "goal": { "check": check }, "origin": "start", "filed": 0, "priority": 0, "forced": false,
            "files": [], "failures": [], "red_before": [], "excerpt": "", "state": "queued", "stage": null,
            "attempts": [], "charged": 0, "spent": Spent::default(), "running": Spent::default(), "began": null,
            "ended": null, "landing": null, "receipt": null, "result": null,
        }))
        .unwrap()
    }

    /// The life of a task: its attempt took so many seconds and cost a cent for each.
    fn life(id: u32, seconds: u64, good: bool) -> Vec<Fact> {
        let task_id = TaskId(id);
        let record = AttemptRecord {
            number: 1,
            end: if good { AttemptEnd::Verified } else { AttemptEnd::NoChange },
            summary: String::new(),
            diff: String::new(),
            spent: Spent { usd: Usd(seconds * 10_000), tokens_in: 10, ..Spent::default() },
            took: Duration::from_secs(seconds),
            landing: false,
            by: "claude".to_owned(),
            outcome: None,
            exit: None,
        };
        let then = if good {
            TaskState::Done(DoneReason::Landed(LandingId(id)))
        } else {
            TaskState::Failed(FailReason::Escalated { why: "tried".to_owned() })
        };
        vec![
            Fact::Filed { task: Box::new(task(id)) },
            Fact::AttemptStarted { task: task_id, number: 1, slot: Slot(1), landing: false },
            Fact::AttemptEnded { task: task_id, record: Box::new(record), then },
        ]
    }

    fn replayed(facts: Vec<Fact>) -> Book {
        let recorded = |(at, fact)| Recorded { seq: Seq(at as u64 + 1), at: Wall(at as u64), fact };
        Book::replay(facts.into_iter().enumerate().map(recorded))
    }

    #[test]
    fn what_is_forgotten_is_still_counted() {
        let remember = Remember { completed: 2, failed: 2, history: 2 };
        let mut facts =
            vec![Fact::Started { pid: 1, version: "test".to_owned(), remember }, Fact::DayBegan { day: Day(20_000) }];
        facts.extend((1..=30).flat_map(|id| life(id, u64::from(id), id % 3 != 0)));
        facts.push(Fact::DayBegan { day: Day(20_001) });
        facts.extend(life(31, 100, true));
        let book = replayed(facts.clone());
        assert!(book.tasks.len() <= 4, "{} are remembered", book.tasks.len());
        let stats = Stats::of(&book);
        let line = &stats.roles[0];
        assert_eq!(
            (line.name.as_str(), line.counts.ended, line.counts.succeeded, line.counts.failed),
            ("fixer", 31, 21, 10)
        );
        assert_eq!((line.median, line.p95, line.counts.rate()), (Some(16_000), Some(30_000), Some(677)));
        assert_eq!(line.spent.usd, Usd((465 + 100) * 10_000));
        assert_eq!((stats.agents[0].name.as_str(), stats.agents[0].attempts), ("claude", 31));
        assert_eq!((stats.checks[0].name.as_str(), stats.checks[0].counts.ended), ("unit", 31));
        let days: Vec<(i64, u32, Usd)> =
            stats.days.iter().map(|(day, line)| (day.0, line.counts.ended, line.spent.usd)).collect();
        assert_eq!(days, [(20_000, 30, Usd(4_650_000)), (20_001, 1, Usd(1_000_000))]);
        assert_eq!(stats.total.spent.usd, line.spent.usd);
        assert_eq!(Stats::of(&replayed(facts)), stats, "the same journal says the same");
    }

    #[test]
    fn what_is_undone_was_no_success_on_its_own_day_and_no_failure() {
        let mut facts = vec![Fact::DayBegan { day: Day(20_000) }];
        facts.extend(life(1, 60, true));
        facts.push(Fact::DayBegan { day: Day(20_001) });
        facts.push(Fact::Undone { task: TaskId(1), landing: LandingId(1), files: Vec::new() });
        let stats = Stats::of(&replayed(facts));
        let undone = Counts { ended: 1, undone: 1, ..Counts::default() };
        assert_eq!((stats.total.counts, stats.total.counts.rate()), (undone, None));
        assert_eq!(stats.days.first().map(|(day, line)| (day.0, line.counts)), Some((20_000, undone)));
        assert_eq!(stats.days.len(), 1, "nothing was done on the day of the undo");
    }
}
