//! One value of a file becomes a setting: its place is remembered, and a number or time that makes no sense is said.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use crate::config::diagnostic::Diagnostic;
use crate::config::file::{Given, List, Time, write_time};
use crate::config::origin::{Origin, Places};

/// The numbers that make sense for a key. Zero would stop everything; the upper ends are far above any use and catch
/// typing errors.
pub(crate) fn counts(key: &str) -> RangeInclusive<i64> {
    match key {
        "limits.running" | "lanes.queue" | "lanes.day" | "lanes.issue" | "lanes.session" => 1..=64,
        "lanes.total" => 0..=256,
        "limits.checks" => 1..=256,
        "fix.attempts" | "fix.breaker.failures" => 1..=100,
        "events.depth" | "events.rate" => 1..=1000,
        role if role.starts_with("role.") => 1..=100,
        _ => 1..=100_000,
    }
}

/// The times that make sense for a key.
pub(crate) fn times(key: &str) -> RangeInclusive<Duration> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3600;
    let (least, most) = match key {
        "watch.settle" => (10, MINUTE),
        "watch.settle_max" => (10, 10 * MINUTE),
        "fix.after" | "fix.backoff" | "limits.stop" => (0, HOUR),
        "fix.backoff_max" => (0, 24 * HOUR),
        "fix.breaker.window" => (1000, 30 * 24 * HOUR),
        "fix.plan_wait" | "limits.heartbeat" => (1000, HOUR),
        "limits.health" => (5000, 24 * HOUR),
        _ => (1000, 24 * HOUR),
    };
    Duration::from_millis(least)..=Duration::from_secs(most)
}

/// One file on its way into the settings.
pub(crate) struct Layer<'a> {
    pub(super) index: usize,
    pub(super) places: &'a mut Places,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
    pub(super) texts: &'a mut BTreeMap<String, String>,
}

impl Layer<'_> {
    pub(crate) fn note<T>(&mut self, key: &str, given: &Spanned<T>) {
        // Built-in values have no place: nobody wrote them.
        if self.index > 0 {
            self.places.keys.insert(key.to_owned(), Origin::File(self.index, given.span()));
        }
    }

    pub(crate) fn put<T>(&mut self, key: &str, target: &mut T, given: Given<T>) {
        if let Some(given) = given {
            self.note(key, &given);
            *target = given.into_inner();
        }
    }

    pub(super) fn list(&mut self, key: &str, target: &mut Vec<String>, given: List) {
        let Some(given) = given else { return };
        self.places.forget(key);
        self.note(key, &given);
        let elements = given.into_inner().into_iter().enumerate();
        *target = elements
            .map(|(number, element)| {
                self.note(&format!("{key}[{number}]"), &element);
                element.into_inner()
            })
            .collect();
    }

    pub(super) fn time(&mut self, key: &str, target: &mut Duration, given: Given<Time>) {
        let Some(given) = given else { return };
        self.note(key, &given);
        let (Time(value), range) = (*given.get_ref(), times(key));
        if range.contains(&value) {
            *target = value;
        } else {
            let message = format!("{} makes no sense here", write_time(value));
            let hint = format!("write a time from {} to {}", write_time(*range.start()), write_time(*range.end()));
            self.diagnostics.push(self.places.diagnostic(key, message).hint(hint));
        }
    }

    pub(super) fn count(&mut self, key: &str, target: &mut u32, given: Given<i64>) {
        let Some(given) = given else { return };
        self.note(key, &given);
        let (value, range) = (*given.get_ref(), counts(key));
        match u32::try_from(value) {
            Ok(number) if range.contains(&value) => *target = number,
            Ok(_) | Err(_) => {
                let hint = format!("write a number from {} to {}", range.start(), range.end());
                let diagnostic = self.places.diagnostic(key, format!("{value} makes no sense here"));
                self.diagnostics.push(diagnostic.hint(hint));
            }
        }
    }
}
