//! Whether the supervisor ends with the last screen that looks at it.

use std::time::Duration;

use crate::edge::control::Audience;
use crate::model::time::Moment;

/// How long a supervisor that was started for a screen waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it waits when whoever started it has gone: another may have begun to look meanwhile, and is about to come.
const SHORT: Duration = Duration::from_secs(2);

/// On whom the supervisor's life depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// On nobody.
    Free,
    /// On a screen that must come until then.
    Awaited(Moment),
    /// On the last of the screens that look.
    Held,
}

impl Lease {
    /// Begins to wait for a screen; `is_expected`: whoever started the supervisor is still there.
    pub fn awaited(now: Moment, is_expected: bool) -> Self {
        Self::Awaited(now.after(if is_expected { PATIENCE } else { SHORT }))
    }

    /// Returns when it must be looked at again.
    pub fn due(self) -> Option<Moment> {
        match self {
            Self::Awaited(until) => Some(until),
            Self::Free | Self::Held => None,
        }
    }

    /// Takes in who looks, and when; returns why the supervisor must end now, if so, and only once.
    pub fn look(&mut self, audience: &Audience, now: Moment) -> Option<&'static str> {
        let until = match self {
            Self::Free => return None,
            Self::Awaited(until) => Some(*until),
            Self::Held => None,
        };
        if audience.leases > 0 {
            *self = Self::Held;
            return None;
        }
        let why = if audience.granted > 0 {
            "the last screen has gone without leave"
        } else if until.is_some_and(|until| now >= until) {
            "no screen has come"
        } else {
            return None;
        };
        *self = Self::Free;
        Some(why)
    }

    /// Lets a screen go; returns what that comes to.
    pub fn leave(&mut self, audience: &Audience) -> &'static str {
        match self {
            Self::Free => "it goes on in any case; `orchestrator-tui stop` ends it",
            Self::Awaited(_) | Self::Held if audience.leases > 1 => "it goes on with the other screen",
            Self::Awaited(_) | Self::Held => {
                *self = Self::Free;
                "it goes on in the background: `orchestrator-tui` shows it again, `orchestrator-tui stop` ends it"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(leases: usize, granted: u64) -> Audience {
        Audience { watching: leases, leases, granted, leased: true }
    }

    #[test]
    fn a_screen_must_come_in_time() {
        assert_eq!(Lease::awaited(Moment(1_000), false).due(), Some(Moment(3_000)));
        let mut lease = Lease::awaited(Moment(1_000), true);
        assert_eq!(lease.due(), Some(Moment(31_000)));
        assert_eq!(lease.look(&audience(0, 0), Moment(30_999)), None);
        assert!(lease.look(&audience(0, 0), Moment(31_000)).is_some());
        assert_eq!(lease.look(&audience(0, 0), Moment(31_000)), None, "once");
    }

    #[test]
    fn it_ends_with_the_last_screen_also_with_one_that_was_only_seen_to_be_gone() {
        let mut lease = Lease::awaited(Moment(0), true);
        assert_eq!(lease.look(&audience(2, 2), Moment(1)), None);
        assert_eq!((lease.look(&audience(1, 2), Moment(99_000)), lease.due()), (None, None));
        assert!(lease.look(&audience(0, 2), Moment(99_000)).is_some());
        let mut lease = Lease::awaited(Moment(0), true);
        assert!(lease.look(&audience(0, 1), Moment(1)).is_some());
    }

    #[test]
    fn the_last_one_may_leave() {
        let mut lease = Lease::Held;
        lease.leave(&audience(2, 2));
        assert_eq!(lease, Lease::Held);
        lease.leave(&audience(1, 2));
        assert_eq!(lease.look(&audience(0, 2), Moment(1)), None);
        assert_eq!(lease.look(&audience(1, 3), Moment(2)), None, "and whoever comes then is a guest");
        assert_eq!(lease.look(&audience(0, 3), Moment(3)), None);
    }
}
