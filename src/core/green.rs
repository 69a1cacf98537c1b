//! Remembers the tree in which checks are green.

use std::collections::BTreeSet;

use crate::core::book::CheckStatus;
use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::input::Product;
use crate::core::live::{JobOwner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;

impl Supervisor {
    /// Remembers the tree in which checks turned green, once the tree is quiet.
    pub(crate) fn remember_green(&mut self) {
        let under_way = self.live.jobs.values().any(|owner| matches!(owner, JobOwner::Green(_)));
        if self.live.turned_green.is_empty() || under_way || !self.is_tree_quiet() {
            return;
        }
        if matches!(self.live.phase, Phase::Stopping { .. }) || self.live.one_command {
            self.live.turned_green.clear();
            return;
        }
        let keys = std::mem::take(&mut self.live.turned_green).into_iter().collect();
        self.give(JobOwner::Green(keys), Work::Snapshot, None);
    }

    /// Whether the tree is as the last checks saw it, as far as we know.
    fn is_tree_quiet(&self) -> bool {
        let lands = |step: &Step| matches!(step, Step::Land(_) | Step::Record(_) | Step::TakeBack(_));
        let undone = |owner: &JobOwner| matches!(owner, JobOwner::Undo(..) | JobOwner::Recover(..));
        !self.live.is_tree_busy()
            && self.live.burst.is_none()
            && !self.is_working_in_place()
            && !self.live.attempts.values().any(|attempt| lands(&attempt.step))
            && !self.live.jobs.values().any(undone)
    }

    /// Takes in the tree in which these checks were green.
    pub(crate) fn green_at(&mut self, keys: Vec<CheckKey>, product: Product) {
        let Product::Snapshot(snapshot) = product else { return };
        let green = |key: &CheckKey| self.book.checks.get(key).is_some_and(CheckStatus::is_green);
        let keys: BTreeSet<CheckKey> = keys.into_iter().filter(green).collect();
        if keys.is_empty() {
            return;
        }
        if !self.is_tree_quiet() {
            // Something was written meanwhile; the snapshot may have it, and the checks have not seen it.
            self.live.turned_green.extend(keys);
            return;
        }
        self.record(Fact::GreenAt { keys: keys.into_iter().collect(), tree: snapshot.tree });
    }
}
