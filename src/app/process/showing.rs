//! When those who look are shown something new: at once after a pause, else not too often, and never for nobody.

use std::time::Duration;

use crate::app::clock::{Clock, Stopwatch};
use crate::core::supervisor::Supervisor;
use crate::edge::control::Views;
use crate::model::time::Moment;

/// The shortest time between two views: more often than this no eye can follow.
const PAUSE: Duration = Duration::from_millis(50);

/// Time spent on views is at most one part in so many, however long the list of tasks is.
const SHARE: u32 = 10;

/// Shows views of the machine.
#[derive(Debug)]
pub struct Showing {
    views: Views,
    /// Whether something happened since the last view was made.
    is_stale: bool,
    /// When the next may be made.
    next: Moment,
}

impl Showing {
    /// Begins to show, to nobody yet.
    pub fn new(views: Views) -> Self {
        Self { views, is_stale: true, next: Moment::default() }
    }

    /// Notes that something happened.
    pub fn note(&mut self) {
        self.is_stale = true;
    }

    /// Returns when a view must be made, if somebody waits for one.
    pub fn due(&self) -> Option<Moment> {
        (self.is_stale && self.views.is_watched()).then_some(self.next)
    }

    /// Shows the machine as it is, if somebody looks and it is time.
    pub fn show(&mut self, machine: &Supervisor, clock: &Clock) {
        let now = clock.now().moment;
        let is_time = self.is_stale && now >= self.next && self.views.is_watched();
        if is_time || self.views.is_blank() {
            let watch = Stopwatch::start();
            self.views.show(machine.book().seq, machine.view());
            self.is_stale = false;
            self.next = now.after(PAUSE.max(watch.read() * SHARE));
        }
    }

    /// Shows the machine as it is at its end.
    pub fn show_last(&self, machine: &Supervisor) {
        if self.views.is_watched() {
            self.views.show(machine.book().seq, machine.view());
        }
    }
}
