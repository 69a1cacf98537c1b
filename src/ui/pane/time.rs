//! How times read on the screen: counts that move, spans that are over, ages that stay still.

use std::time::Duration;

use crate::core::lines;
use crate::model::time::{Wall, millis};
use crate::ui::state::State;

/// Writes the time between as `0:42`, counted in whole seconds; from an hour on as `1h17`, from two days on as `3d`.
pub(super) fn count(from: Wall, to: Wall) -> String {
    let seconds = millis(to.since(from)).div_ceil(1000);
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        3600..172_800 => format!("{}h{:02}", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d", (seconds / 86_400).min(9999)),
    }
}

/// Writes a span that is over, as short as it can be read: `2.1s`, `42s`, `3:20`, `1h17`.
pub(super) fn short(span: Duration) -> String {
    match span.as_secs() {
        0..10 => format!("{}.{}s", span.as_secs(), span.subsec_millis() / 100),
        10..60 => format!("{}s", span.as_secs()),
        _ => count(Wall(0), Wall(millis(span) / 1000 * 1000)),
    }
}

/// Writes an age so coarsely that an idle screen stays still: `now`, `2 min`, `1 h`, `3 days`.
pub(super) fn age(since: Wall, now: Wall) -> String {
    let minutes = now.since(since).as_secs() / 60;
    match minutes {
        0 => "now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// Writes the time of day, in the person's own time zone.
pub(in crate::ui) fn clock(state: &State, at: Wall) -> String {
    lines::time_of_day(at, state.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_never_wider_than_their_column() {
        let counted = |seconds: u64| count(Wall(0), Wall(seconds * 1000));
        assert_eq!([42, 200, 3599, 4620, 200_000].map(counted), ["0:42", "3:20", "59:59", "1h17", "2d"]);
        assert_eq!(count(Wall(0), Wall(41_001)), "0:42");
        for seconds in [0, 59, 3599, 3600, 172_799, 172_800, u64::MAX / 1000] {
            assert!(counted(seconds).len() <= 5, "{}", counted(seconds));
        }
        assert_eq!([2149, 42_000, 200_500].map(|span| short(Duration::from_millis(span))), ["2.1s", "42s", "3:20"]);
        let aged = |seconds: u64| age(Wall(0), Wall(seconds * 1000));
        assert_eq!([0, 59, 120, 3700, 200_000].map(aged), ["now", "now", "2 min", "1 h", "2 days"]);
    }
}
