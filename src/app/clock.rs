//! The only place that reads clocks.
#![expect(clippy::disallowed_methods, reason = "every other part is told what time it is")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::time::{Moment, Now, Wall, millis};

/// The steady clock since the process began, and the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Starts the steady clock at zero.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Reads both clocks.
    pub fn now(&self) -> Now {
        let wall = wall();
        Now { moment: Moment(millis(self.began.elapsed())), wall, offset: offset(wall) }
    }

    /// Returns how long it is until `moment`; zero if it has passed.
    pub fn until(&self, moment: Moment) -> Duration {
        moment.since(self.now().moment)
    }
}

/// Reads the calendar.
pub fn wall() -> Wall {
    Wall(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis))
}

/// Reads the calendar as the times of files are given.
pub fn system() -> SystemTime {
    SystemTime::now()
}

/// Measures how long something takes, for evidence and logs.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub fn read(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns how far the user's local time is ahead of UTC at a time, in seconds; zero if the time zone is not known.
pub fn offset(at: Wall) -> i64 {
    let at = i64::try_from(at.0).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    at.map_or(0, |at| i64::from(jiff::tz::TimeZone::system().to_offset(at).seconds()))
}

/// Writes a time, given as ISO 8601, as the user's clock shows it, to the minute: `2025-11-18 18:30`.
pub fn local(iso: &str) -> Option<String> {
    let at: jiff::Timestamp = iso.parse().ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
}
