//! Shows the machine to whoever looks: not for each input, and not at all while nobody does.

use std::sync::Arc;
use std::time::Duration;

use crate::core::supervisor::Supervisor;
use crate::edge::control::Views;
use crate::model::time::Moment;

/// The least time between two looks: twenty in a second are as good as all.
const BETWEEN: Duration = Duration::from_millis(50);

/// Shows the machine.
pub struct Show {
    views: Arc<Views>,
    /// When it was last looked at.
    last: Option<Moment>,
    /// Whether something may have changed since.
    stale: bool,
}

impl Show {
    /// Begins with nothing shown.
    pub fn new(views: Arc<Views>) -> Self {
        Self { views, last: None, stale: true }
    }

    /// Notes that something may have changed.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Returns when to call [`refresh`](Self::refresh) next; nothing if nothing changed or nobody looks.
    pub fn due(&self) -> Option<Moment> {
        (self.stale && self.views.is_seen()).then(|| self.last.map_or(Moment(0), |last| last.after(BETWEEN)))
    }

    /// Shows the machine as it is, if it is due.
    pub fn refresh(&mut self, machine: &Supervisor, now: Moment) {
        if self.due().is_some_and(|due| due <= now) {
            self.show(machine, now);
        }
    }

    /// Shows the machine as it is, now.
    pub fn show(&mut self, machine: &Supervisor, now: Moment) {
        self.views.show(machine.book().seq, machine.view());
        self.last = Some(now);
        self.stale = false;
    }
}
