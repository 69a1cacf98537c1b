//! What may be spent, in dollars and in tokens, for one task and on one day; and what a day is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::cost::{Spent, Usd};
use crate::model::number::thousands;
use crate::model::time::{Now, Wall};

const DAY: i64 = 24 * 60 * 60;

/// `[budget]`: what may be spent; zero is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Budget {
    /// For everything on one day.
    pub day: Usd,
    /// For one task.
    pub task: Usd,
    /// Tokens for everything on one day.
    pub day_tokens: u64,
    /// Tokens for one task.
    pub task_tokens: u64,
    /// The share of a day's line at which a warning comes once, in thousandths; zero: none does.
    pub warn: u32,
}

impl Budget {
    /// Returns how far a line is, in millionths of a dollar or in tokens; zero if there is no such line.
    pub fn limit(&self, line: Limit) -> u64 {
        match line {
            Limit::DayUsd => self.day.0,
            Limit::DayTokens => self.day_tokens,
            Limit::TaskUsd => self.task.0,
            Limit::TaskTokens => self.task_tokens,
            // It is not written in the configuration.
            Limit::BatchUsd => 0,
        }
    }

    /// Returns the first of these lines that so much has reached.
    pub fn reached(&self, lines: [Limit; 2], spent: Spent) -> Option<Limit> {
        lines.into_iter().find(|line| self.limit(*line) > 0 && line.measure(spent) >= self.limit(*line))
    }
}

/// One of the lines that spending must not cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// `budget.day_usd`
    DayUsd,
    /// `budget.day_tokens`
    DayTokens,
    /// `budget.task_usd`
    TaskUsd,
    /// `budget.task_tokens`
    TaskTokens,
    /// `max_cost_usd` of a task file
    BatchUsd,
}

impl Limit {
    /// The lines of a day.
    pub const DAY: [Self; 2] = [Self::DayUsd, Self::DayTokens];
    /// The lines of a task.
    pub const TASK: [Self; 2] = [Self::TaskUsd, Self::TaskTokens];

    /// Returns its name in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::DayUsd => "budget.day_usd",
            Self::DayTokens => "budget.day_tokens",
            Self::TaskUsd => "budget.task_usd",
            Self::TaskTokens => "budget.task_tokens",
            Self::BatchUsd => "max_cost_usd",
        }
    }

    /// Whether it is about the whole day.
    pub fn is_of_day(self) -> bool {
        Self::DAY.contains(&self)
    }

    /// Whether whoever reaches it waits, and does not come to a bad end.
    pub fn parks(self) -> bool {
        self.is_of_day() || self == Self::BatchUsd
    }

    /// Returns what counts for it, in millionths of a dollar or in tokens.
    pub fn measure(self, spent: Spent) -> u64 {
        match self {
            Self::DayUsd | Self::TaskUsd | Self::BatchUsd => spent.usd.0,
            Self::DayTokens | Self::TaskTokens => spent.tokens(),
        }
    }

    /// Writes how much of it is used: `$0.40 of $1.00`, `820 of 1,000 tokens`.
    pub fn share(self, used: u64, limit: u64) -> String {
        match self {
            Self::DayUsd | Self::TaskUsd | Self::BatchUsd => format!("{} of {}", Usd(used), Usd(limit)),
            Self::DayTokens | Self::TaskTokens => format!("{} of {} tokens", thousands(used), thousands(limit)),
        }
    }

    /// Writes an amount that counts for it.
    pub fn amount(self, amount: u64) -> String {
        match self {
            Self::DayUsd | Self::TaskUsd | Self::BatchUsd => Usd(amount).to_string(),
            Self::DayTokens | Self::TaskTokens => format!("{} tokens", thousands(amount)),
        }
    }
}

/// A day in the user's time zone, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i64);

impl Day {
    /// Returns the day it is.
    pub fn of(now: Now) -> Self {
        Self((seconds(now.wall) + now.offset).div_euclid(DAY))
    }

    /// Returns when the day that it is ends: the next midnight, as far as the time zone is known now.
    pub fn end(now: Now) -> Wall {
        let end = (Self::of(now).0 + 1) * DAY - now.offset;
        Wall(u64::try_from(end).unwrap_or(0) * 1000)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = Wall(u64::try_from(self.0 * DAY).unwrap_or(0) * 1000).iso();
        f.write_str(date.split('T').next().unwrap_or_default())
    }
}

fn seconds(wall: Wall) -> i64 {
    i64::try_from(wall.0 / 1000).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Moment;

    fn at(wall: u64, offset: i64) -> Now {
        Now { moment: Moment(0), wall: Wall(wall * 1000), offset }
    }

    #[test]
    fn a_day_is_local() {
        let late = 1_795_185_135; // 2026-11-20T14:32:15Z
        assert_eq!(Day::of(at(late, 0)).to_string(), "2026-11-20");
        assert_eq!(Day::of(at(late, 10 * 3600)).to_string(), "2026-11-21");
        assert_eq!(Day::end(at(late, 0)).iso(), "2026-11-21T00:00:00Z");
        assert_eq!(Day::end(at(late, 10 * 3600)).iso(), "2026-11-21T14:00:00Z");
        assert_eq!(Day::end(at(late, -8 * 3600)).iso(), "2026-11-21T08:00:00Z");
        let end = Day::end(at(late, -8 * 3600)).0 / 1000;
        assert_eq!(Day::of(at(end - 1, -8 * 3600)).0 + 1, Day::of(at(end, -8 * 3600)).0);
    }

    #[test]
    fn a_line_is_reached_by_what_counts_for_it() {
        let budget = Budget { day: Usd(500), day_tokens: 100, ..Budget::default() };
        let spent = |usd, tokens_in| Spent { usd: Usd(usd), tokens_in, ..Spent::default() };
        assert_eq!(budget.reached(Limit::DAY, spent(499, 99)), None);
        assert_eq!(budget.reached(Limit::DAY, spent(500, 0)), Some(Limit::DayUsd));
        assert_eq!(budget.reached(Limit::DAY, spent(0, 100)), Some(Limit::DayTokens));
        assert_eq!(budget.reached(Limit::TASK, spent(9_999, 9_999)), None, "zero is no limit");
        assert_eq!(Limit::DayTokens.amount(1_204_000), "1,204,000 tokens");
    }
}
