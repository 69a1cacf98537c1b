//! How many tasks ended, and how: what succeeded, what failed, and what a person ended, which is neither.

use serde::{Deserialize, Serialize};

use super::task::{FailReason, TaskState};

/// Tasks that were worked on and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All of them.
    pub ended: u32,
    /// Those that ended well.
    pub succeeded: u32,
    /// Those that did not, by themselves.
    pub failed: u32,
    /// Those of them that were escalated.
    pub escalated: u32,
    /// Those whose result a person did not want.
    pub refused: u32,
    /// Those whose landing a person took back.
    pub undone: u32,
    /// Those that a person killed.
    pub killed: u32,
}

impl Counts {
    /// Counts one that has ended.
    pub fn count(&mut self, state: &TaskState) {
        self.ended += 1;
        self.sort(state);
    }

    /// Counts anew one that had ended well, as it turned out since.
    pub fn count_anew(&mut self, state: &TaskState) {
        if self.succeeded > 0 {
            self.succeeded -= 1;
            self.sort(state);
        }
    }

    fn sort(&mut self, state: &TaskState) {
        let counter = match state {
            TaskState::Failed(reason) => match reason {
                FailReason::Refused | FailReason::NotWanted(_) => &mut self.refused,
                FailReason::Undone => &mut self.undone,
                FailReason::Killed => &mut self.killed,
                FailReason::Escalated { .. } => {
                    self.escalated += 1;
                    &mut self.failed
                }
                FailReason::EnvironmentDiffers
                | FailReason::WorkspaceUnusable { .. }
                | FailReason::Budget
                | FailReason::NotVerified(_)
                | FailReason::CheckBroken { .. } => &mut self.failed,
            },
            TaskState::Done(_)
            | TaskState::Queued
            | TaskState::Pending(_)
            | TaskState::Blocked(_)
            | TaskState::Held(_)
            | TaskState::Running
            | TaskState::Cooling { .. }
            | TaskState::Ready(_)
            | TaskState::Review(_) => &mut self.succeeded,
        };
        *counter += 1;
    }

    /// Returns how many a person ended.
    pub fn by_person(&self) -> u32 {
        self.refused + self.undone + self.killed
    }

    /// Returns the share of those that succeeded among those that succeeded or failed, in thousandths.
    pub fn rate(&self) -> Option<u32> {
        (self.succeeded * 1000).checked_div(self.succeeded + self.failed)
    }

    /// Writes that share in percent, to one decimal.
    pub fn percent(&self) -> Option<String> {
        self.rate().map(|_| {
            let (good, all) = (f64::from(self.succeeded), f64::from(self.succeeded + self.failed));
            format!("{:.1}%", good * 100.0 / all)
        })
    }

    /// Says how those ended that a person ended: `2 refused, 1 undone`; nothing if there are none.
    pub fn said_by_person(&self) -> Option<String> {
        let parts = [(self.refused, "refused"), (self.undone, "undone"), (self.killed, "killed")];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
