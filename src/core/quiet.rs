//! Notices agents that say nothing for long. Silence is not death: it is shown, and nothing is done about it.

use std::time::Duration;

use crate::core::live::{Attempt, Step};
use crate::core::supervisor::Supervisor;
use crate::model::id::TaskId;
use crate::model::time::Moment;

/// After how long without a word an agent counts as quiet.
const QUIET: Duration = Duration::from_secs(5 * 60);

impl Supervisor {
    /// Notes that the agent of a task said something.
    pub(crate) fn hear(&mut self, task: TaskId) {
        if let Some(attempt) = self.live.attempts.get_mut(&task) {
            attempt.heard = Some(self.live.now.moment);
        }
    }

    /// Returns since when an agent says nothing, if that is worth a look.
    pub(crate) fn quiet_since(&self, attempt: &Attempt) -> Option<Moment> {
        let heard = heard(attempt)?;
        (self.live.now.moment >= heard.after(QUIET)).then_some(heard)
    }

    /// Returns the moments at which agents will count as quiet.
    pub(crate) fn quiet_wakes(&self) -> impl Iterator<Item = Moment> {
        let now = self.live.now.moment;
        let attempts = self.live.attempts.values();
        attempts.filter_map(heard).map(|heard| heard.after(QUIET)).filter(move |at| *at > now)
    }
}

/// Returns when an agent was heard last that would be expected to say something: not while it waits for a person.
fn heard(attempt: &Attempt) -> Option<Moment> {
    let works = matches!(attempt.step, Step::Agent(Some(_))) && attempt.asks_since.is_none();
    attempt.heard.filter(|_| works)
}
