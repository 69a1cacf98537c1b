//! What a fact is about: which task, and whether it matters to those that wait.

use crate::core::fact::Fact;
use crate::model::event::Consequence;
use crate::model::id::TaskId;

impl Fact {
    /// Whether it may change something for the tasks that wait.
    pub(crate) fn is_about_waiting(&self) -> bool {
        !matches!(
            self,
            Self::Logged { .. }
                | Self::AgentStarted { .. }
                | Self::AgentUp { .. }
                | Self::Used { .. }
                | Self::Neared { .. }
                | Self::Trespassed { .. }
                | Self::Planned { .. }
                | Self::Staged { .. }
                | Self::PlannerTalks { .. }
                | Self::Felt { .. }
                | Self::GreenAt { .. }
                | Self::Beat
        )
    }

    /// Returns the task that stands elsewhere by it, as far as those that wait for it care.
    pub(crate) fn turns(&self) -> Option<TaskId> {
        match self {
            Self::Filed { .. }
            | Self::Gated { .. }
            | Self::Held { .. }
            | Self::Released { .. }
            | Self::Retried { .. }
            | Self::AttemptStarted { .. }
            | Self::AttemptEnded { .. }
            | Self::Ready { .. }
            | Self::NeedsReview { .. }
            | Self::Undone { .. }
            | Self::LandingBegan { .. }
            | Self::LandingFailed { .. }
            | Self::TakenBack { .. }
            | Self::Ended { .. } => self.task(),
            Self::Merged { .. }
            | Self::Staged { .. }
            | Self::AgentStarted { .. }
            | Self::AgentUp { .. }
            | Self::Used { .. }
            | Self::Planned { .. }
            | Self::PlannerUsed { .. }
            | Self::PlannerTalks { .. }
            | Self::Logged { .. }
            | Self::Violated { .. }
            | Self::Trespassed { .. }
            | Self::Questioned { .. }
            | Self::Answered { .. }
            | Self::Messaged { .. }
            | Self::Closed { .. }
            | Self::Landed { .. }
            | Self::Replaced { .. }
            | Self::Started { .. }
            | Self::Stopped
            | Self::Beat
            | Self::BatchBegan { .. }
            | Self::EventFileLeft { .. }
            | Self::Emitted { .. }
            | Self::Routed { .. }
            | Self::BatchGrew { .. }
            | Self::BatchApproved { .. }
            | Self::BatchLimited { .. }
            | Self::Lane { .. }
            | Self::Changed { .. }
            | Self::Ran { .. }
            | Self::Forgotten { .. }
            | Self::GreenAt { .. }
            | Self::Parked { .. }
            | Self::Unparked
            | Self::BreakerTripped { .. }
            | Self::Paused
            | Self::Resumed
            | Self::Snoozed { .. }
            | Self::Unsnoozed { .. }
            | Self::Agreed { .. }
            | Self::Lesson { .. }
            | Self::Reconfigured { .. }
            | Self::ConfigRefused { .. }
            | Self::DayBegan { .. }
            | Self::Neared { .. }
            | Self::Raised { .. }
            | Self::Felt { .. } => None,
        }
    }

    /// Returns the task it is about, if it is about one.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::Filed { task } => Some(task.id),
            Self::Questioned { question } => Some(question.task),
            Self::Merged { task, .. }
            | Self::Gated { task, .. }
            | Self::Held { task, .. }
            | Self::Released { task, .. }
            | Self::Retried { task }
            | Self::AttemptStarted { task, .. }
            | Self::Staged { task, .. }
            | Self::AgentStarted { task, .. }
            | Self::AgentUp { task, .. }
            | Self::Used { task, .. }
            | Self::Planned { task, .. }
            | Self::Logged { task, .. }
            | Self::Answered { task, .. }
            | Self::Messaged { task, .. }
            | Self::Closed { task, .. }
            | Self::AttemptEnded { task, .. }
            | Self::Ready { task, .. }
            | Self::NeedsReview { task, .. }
            | Self::LandingBegan { task, .. }
            | Self::Landed { task, .. }
            | Self::LandingFailed { task }
            | Self::TakenBack { task, .. }
            | Self::Undone { task, .. }
            | Self::Replaced { task, .. }
            | Self::Ended { task, .. } => Some(*task),
            Self::PlannerUsed { task, .. } | Self::Trespassed { task, .. } | Self::Violated { task, .. } => *task,
            Self::Emitted { event } => event.about(),
            Self::Routed { outcomes, .. } => outcomes.iter().find_map(Consequence::filed),
            Self::Started { .. }
            | Self::Stopped
            | Self::Beat
            | Self::BatchBegan { .. }
            | Self::EventFileLeft { .. }
            | Self::BatchGrew { .. }
            | Self::BatchApproved { .. }
            | Self::BatchLimited { .. }
            | Self::Lane { .. }
            | Self::Changed { .. }
            | Self::Ran { .. }
            | Self::Forgotten { .. }
            | Self::GreenAt { .. }
            | Self::Parked { .. }
            | Self::Unparked
            | Self::BreakerTripped { .. }
            | Self::Paused
            | Self::Resumed
            | Self::Snoozed { .. }
            | Self::Unsnoozed { .. }
            | Self::Agreed { .. }
            | Self::Lesson { .. }
            | Self::Reconfigured { .. }
            | Self::ConfigRefused { .. }
            | Self::DayBegan { .. }
            | Self::Neared { .. }
            | Self::Raised { .. }
            | Self::PlannerTalks { .. }
            | Self::Felt { .. } => None,
        }
    }
}
