//! The newest view, who looks at it, and who holds a lease on the supervisor.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::core::view::View;
use crate::model::id::Seq;

/// Who looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// How many streams are open.
    pub watching: usize,
    /// How many of them are a person's screen.
    pub leases: usize,
    /// How many screens there ever were; so one that came and went between two looks is seen.
    pub granted: u64,
    /// Whether the supervisor ends with the last screen.
    pub leased: bool,
}

/// What becomes of the supervisor when a screen goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Whether it ends with the last screen, unless that one takes its leave.
    pub leased: bool,
    /// How many screens look.
    pub screens: usize,
}

/// A view, and the last fact that it shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) seq: Seq,
    pub(super) view: Arc<View>,
}

/// One view for all who listen. Each reads at its own pace and skips what it was too slow for.
#[derive(Clone, Debug)]
pub struct Views(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Nothing while nobody looks: what is shown first is never old.
    shown: watch::Sender<Option<Shown>>,
    audience: watch::Sender<Audience>,
}

impl Views {
    /// Makes an empty one; `leased`: the supervisor ends with the last screen.
    pub fn new(leased: bool) -> Self {
        let audience = Audience { leased, ..Audience::default() };
        Self(Arc::new(Shared { shown: watch::Sender::new(None), audience: watch::Sender::new(audience) }))
    }

    /// Returns what tells of everybody who comes and goes.
    pub fn audience(&self) -> watch::Receiver<Audience> {
        self.0.audience.subscribe()
    }

    /// Whether somebody looks.
    pub fn is_watched(&self) -> bool {
        self.0.audience.borrow().watching > 0
    }

    /// Whether somebody looks and sees nothing yet.
    pub fn is_blank(&self) -> bool {
        self.is_watched() && self.0.shown.borrow().is_none()
    }

    /// Shows a view, as of a fact, to all who look; nothing happens if they see the same already, or nobody looks.
    pub fn show(&self, seq: Seq, view: View) {
        // Held meanwhile, so that the last one cannot leave an old view behind.
        let audience = self.0.audience.borrow();
        if audience.watching == 0 {
            return;
        }
        self.0.shown.send_if_modified(|shown| match shown {
            Some(shown) if *shown.view == view => {
                shown.seq = seq;
                false
            }
            _ => {
                *shown = Some(Shown { seq, view: Arc::new(view) });
                true
            }
        });
    }

    /// From now on the supervisor does not end with the last screen.
    pub fn release(&self) {
        self.0.audience.send_modify(|audience| audience.leased = false);
    }

    /// Takes a seat, with a lease or without.
    pub(super) fn seat(&self, lease: bool) -> Seat {
        self.0.audience.send_modify(|audience| {
            audience.watching += 1;
            audience.leases += usize::from(lease);
            audience.granted += u64::from(lease);
        });
        Seat { views: self.clone(), shown: self.0.shown.subscribe(), audience: self.audience(), lease }
    }
}

/// Somebody who looks, until dropped.
#[derive(Debug)]
pub(super) struct Seat {
    views: Views,
    /// What there is to see.
    pub(super) shown: watch::Receiver<Option<Shown>>,
    /// Who else looks.
    pub(super) audience: watch::Receiver<Audience>,
    lease: bool,
}

impl Seat {
    /// Returns who looks now, and what that means.
    pub(super) fn company(&mut self) -> Company {
        let Audience { leases, leased, .. } = *self.audience.borrow_and_update();
        Company { leased, screens: leases }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.views.0.audience.send_modify(|audience| {
            audience.watching -= 1;
            audience.leases -= usize::from(self.lease);
            if audience.watching == 0 {
                self.views.0.shown.send_replace(None);
            }
        });
    }
}
