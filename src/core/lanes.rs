//! How many tasks of each kind are worked on at once, and which kind has its turn when all share one limit.

use std::collections::VecDeque;

use crate::core::live::{Attempt, Step};
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::id::TaskId;
use crate::model::task::{Goal, Task};

/// Returns the queue of a task.
pub fn lane(task: &Task) -> Lane {
    match &task.goal {
        Goal::Check(_) => Lane::Fix,
        Goal::Assignment(assignment) => assignment.lane,
    }
}

impl Supervisor {
    /// Returns how many tasks of a lane may be worked on at once.
    pub(crate) fn width(&self, lane: Lane) -> usize {
        self.settings.width(lane) as usize
    }

    /// Returns how many attempts of a lane are under way.
    pub(crate) fn under_way(&self, lane: Lane) -> usize {
        self.live.attempts.values().filter(|attempt| attempt.lane == lane).count()
    }

    /// Whether one more attempt of a lane may begin.
    pub(crate) fn has_slot(&self, lane: Lane) -> bool {
        self.has_slot_at_all() && self.under_way(lane) < self.width(lane)
    }

    fn has_slot_at_all(&self) -> bool {
        let total = self.settings.lanes.total as usize;
        total == 0 || self.live.attempts.len() < total
    }

    /// Returns how many more agents of a lane may begin.
    pub(crate) fn room(&self, lane: Lane) -> usize {
        let total = self.settings.lanes.total as usize;
        let at_all = if total == 0 { usize::MAX } else { total };
        let agents: usize = Lane::ALL.into_iter().map(|lane| self.agents(lane)).sum();
        at_all.saturating_sub(agents).min(self.width(lane).saturating_sub(self.agents(lane)))
    }

    /// Returns the lanes in which something may begin, the least busy first: with one limit for all of them, none starves
    /// the others.
    pub(crate) fn open_lanes(&self) -> Vec<Lane> {
        let mut lanes: Vec<Lane> =
            Lane::ALL.into_iter().filter(|lane| self.has_slot(*lane) && !self.book.lanes.is_paused(*lane)).collect();
        lanes.sort_by_key(|lane| self.under_way(*lane));
        lanes
    }

    /// Whether no more runs, and no more is remembered, than the settings say.
    ///
    /// # Errors
    /// What is more.
    pub(crate) fn limits_hold(&self) -> Result<(), String> {
        let limits = &self.settings.limits;
        let surplus = self.live.surplus;
        for lane in Lane::ALL {
            let works = |attempt: &&Attempt| attempt.lane == lane && matches!(attempt.step, Step::Agent(Some(_)));
            let agents = self.live.attempts.values().filter(works).count();
            let left = surplus.agents[lane as usize];
            if agents > self.width(lane).max(left) {
                return Err(format!("{agents} agents run in the lane {lane}, {} may", self.width(lane)));
            }
        }
        let checks = self.live.checks().count();
        if checks > (limits.checks as usize).max(surplus.checks) {
            return Err(format!("{checks} checks run, {} may", limits.checks));
        }
        let (done, failed) = &self.book.finished;
        let surplus = |side: &VecDeque<TaskId>| side.iter().filter(|id| !self.book.is_needed(**id)).count();
        if surplus(done) > limits.completed as usize || surplus(failed) > limits.failed as usize {
            return Err("more finished tasks are remembered than asked for".to_owned());
        }
        Ok(())
    }
}
