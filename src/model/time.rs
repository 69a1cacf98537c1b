//! Moments and spans of time as numbers; no clock is read here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point of the supervisor's own steady clock, in milliseconds since it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(pub u64);

/// A point of calendar time, in milliseconds since 1970-01-01 UTC. It may jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub u64);

/// What the clocks say, read once for each input by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// The steady clock, for deadlines of this process.
    pub moment: Moment,
    /// The calendar, for what is remembered.
    pub wall: Wall,
    /// How far the user's local time is ahead of UTC, in seconds; what makes a day one.
    pub offset: i64,
}

/// Returns a duration in whole milliseconds, at most `u64::MAX`.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Moment {
    /// Returns the moment `span` after this one.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// Returns the time from `earlier` to this moment, zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Wall {
    /// Returns the time `span` after this one.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// Returns the time from `earlier` to this one, zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Writes the time as ISO 8601 in UTC, to the second: `2026-11-20T14:32:15Z`.
    pub fn iso(self) -> String {
        let seconds = self.0 / 1000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Days to civil date, after Howard Hinnant's description of the proleptic Gregorian calendar.
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Writes a span the way rows show it: `0.4 s`, `42 s`, `3:20`, `2:05:11`.
pub fn brief(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, span.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => hours(span),
    }
}

/// Writes a span as `h:mm:ss`, as the statistics do.
pub fn hours(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_time_is_written_in_utc() {
        assert_eq!(Wall(0).iso(), "1970-01-01T00:00:00Z");
        assert_eq!(Wall(951_827_696_000).iso(), "2000-02-29T12:34:56Z");
        assert_eq!(Wall(1_795_185_135_999).iso(), "2026-11-20T14:32:15Z");
    }

    #[test]
    fn spans_are_short() {
        assert_eq!(brief(Duration::from_millis(2149)), "2.1 s");
        assert_eq!(brief(Duration::from_secs(42)), "42 s");
        assert_eq!(brief(Duration::from_secs(200)), "3:20");
        assert_eq!(hours(Duration::from_secs(9255)), "2:34:15");
    }
}
