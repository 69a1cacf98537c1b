//! Picks up what a supervisor left that died or was ended.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::finish::uncharged;
use crate::core::live::JobOwner;
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, AttemptRecord, Stage};
use crate::model::cost::Spent;
use crate::model::id::TaskId;
use crate::model::task::{DoneReason, Task, TaskState};

impl Supervisor {
    /// Queues what the last supervisor was working on, and takes back landings that it may have begun.
    pub(crate) fn recover(&mut self) {
        for task in self.book.tasks.values().cloned().collect::<Vec<_>>() {
            // While it is being taken back, its stage is that of landing again.
            let stands = task.stage != Some(Stage::Land) || task.state != TaskState::Running;
            let written = task.receipt.as_ref().map(|receipt| receipt.landing).filter(|_| stands);
            let begun = task.landing.filter(|landing| written != Some(*landing));
            if task.state == TaskState::Running {
                match task.landing {
                    // It is in the tree, and was only not confirmed; the checks run now anyway.
                    Some(landing) if begun.is_none() => {
                        self.ended_before(&task, AttemptEnd::Verified, TaskState::Done(DoneReason::Landed(landing)));
                    }
                    Some(_) | None => self.ended_before(&task, AttemptEnd::Interrupted, uncharged(&task)),
                }
            }
            if let Some(landing) = begun {
                let work = Work::Undo { landing, only_untouched: false };
                self.give(JobOwner::Recover(task.id, landing), work, None);
            }
        }
    }

    /// Writes down what attempts used that were only ending when the last supervisor died: their tasks stood elsewhere
    /// already.
    pub(crate) fn recover_money(&mut self) {
        let counting: BTreeMap<TaskId, Spent> = self.book.ledger.counting().collect();
        let at_work = self.book.agents.keys().filter(|id| self.live.left_by_the_last.contains_key(id));
        let uncounted = at_work.filter(|id| !counting.contains_key(id)).map(|id| (*id, Spent::default()));
        for (id, spent) in counting.iter().map(|(id, spent)| (*id, *spent)).chain(uncounted).collect::<Vec<_>>() {
            if let Some(task) = self.task(id) {
                self.ended_before(&task, AttemptEnd::Interrupted, task.state.clone());
            } else {
                let found = self.live.left_by_the_last.get(&id).copied();
                self.bury(id, 0, AttemptEnd::Interrupted, (found.map_or(spent, |found| found.or_more(spent)), None));
            }
        }
    }

    /// Writes the record of an attempt of which nobody can tell more.
    pub(crate) fn ended_before(&mut self, task: &Task, end: AttemptEnd, then: TaskState) {
        let agent = self.settings.roles.get(Self::role_of(task)).map(|role| role.agent.as_str()).unwrap_or_default();
        // The agent may have been in the middle of a call, whose price nobody can tell.
        let is_cut = end == AttemptEnd::Interrupted && task.stage == Some(Stage::Agent);
        let cut = is_cut && task.running != Spent::default();
        let known = Spent { unpriced: task.running.unpriced || cut, ..task.running };
        // It went on when nobody listened; and what it said last, before that, may not have got to the disk.
        let found = self.live.left_by_the_last.get(&task.id);
        let spent = found.map_or(known, |found| found.or_more(task.running));
        let is_unpriced = self.is_price_unknown(task, agent, spent, &end);
        let record = AttemptRecord {
            number: task.result.as_ref().map_or(task.charged + 1, |result| result.receipt.attempts),
            end,
            summary: String::new(),
            diff: String::new(),
            spent,
            took: Duration::ZERO,
            landing: task.result.is_some(),
            by: if is_cut { agent.to_owned() } else { String::new() },
            outcome: None,
            exit: None,
        };
        self.record(Fact::AttemptEnded { task: task.id, record: Box::new(record), then });
        if is_unpriced {
            self.hold_unpriced(task.id);
        }
    }
}
