//! Remembers the tree in which checks are green.

use crate::core::book::CheckStatus;
use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::input::Product;
use crate::core::live::{JobOwner, Phase};
use crate::core::supervisor::Supervisor;
use crate::model::check::CheckKey;

impl Supervisor {
    /// Remembers the tree in which checks turned green, once the tree is quiet.
    pub(crate) fn remember_green(&mut self) {
        let busy = self.live.is_tree_busy() || self.live.burst.is_some();
        let under_way = self.live.jobs.values().any(|owner| matches!(owner, JobOwner::Green(_)));
        if self.live.turned_green.is_empty() || busy || under_way || self.is_working_in_place() {
            return;
        }
        if matches!(self.live.phase, Phase::Stopping { .. }) {
            self.live.turned_green.clear();
            return;
        }
        let keys = std::mem::take(&mut self.live.turned_green).into_iter().collect();
        self.give(JobOwner::Green(keys), Work::Snapshot, None);
    }

    /// Takes in the tree in which these checks were green.
    pub(crate) fn green_at(&mut self, keys: Vec<CheckKey>, product: Product) {
        let Product::Snapshot(snapshot) = product else { return };
        let green = |key: &CheckKey| self.book.checks.get(key).is_some_and(CheckStatus::is_green);
        let keys: Vec<CheckKey> = keys.into_iter().filter(green).collect();
        if !keys.is_empty() {
            self.record(Fact::GreenAt { keys, tree: snapshot.tree });
        }
    }
}
