//! What faces see: differences lead from one view to the next, and what they offer is what is not refused.

use std::collections::BTreeSet;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::Effect;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::core::view::{Delta, Row, View};
use orchestrator_tui::model::hold::{HoldReason, Snooze, SnoozeEnd};
use orchestrator_tui::model::id::{RequestId, TaskId};
use orchestrator_tui::model::task::TaskState;

use super::World;

/// A face looks after so many inputs.
const LOOKS: u64 = 16;

/// A face far away is told in bytes, once in so many looks.
const BYTES: u64 = 16;

/// The number of a request that only a copy of the machine hears of.
const PROBE: RequestId = RequestId(u64::MAX);

impl World {
    /// Looks at the machine now and then, as faces do.
    pub(super) fn look(&mut self) {
        if !self.report.inputs.is_multiple_of(LOOKS) || self.gone.is_some() {
            return;
        }
        let looks = self.report.inputs / LOOKS;
        let view = self.machine.view();
        let delta = Delta::between(&self.view, &view);
        assert_eq!(delta.is_empty(), self.view == view, "an empty difference between different views, or news of none");
        let told = if looks.is_multiple_of(BYTES) { through_bytes(&delta) } else { delta };
        let mut led = std::mem::take(&mut self.view);
        led.apply(told);
        assert_eq!(led, view, "the difference leads elsewhere");
        self.view = view;
        self.check_rows();
        self.try_command(looks);
    }

    /// Every task has one row, in the order of the groups, with a reason.
    fn check_rows(&self) {
        let View { rows, head, .. } = &self.view;
        let at_work: u32 = head.lanes.iter().map(|lane| lane.at_work).sum();
        assert_eq!(at_work as usize, self.machine.live().attempts.len(), "some are at work in no lane");
        let shown: BTreeSet<TaskId> = rows.iter().map(|row| row.id).collect();
        let known: BTreeSet<TaskId> = self.machine.book().tasks.keys().copied().collect();
        assert_eq!((shown, rows.len()), (known.clone(), known.len()), "rows are not the tasks");
        assert!(rows.is_sorted_by_key(|row| row.group), "groups are mixed up");
        assert!(rows.iter().all(|row| !row.why.is_empty()), "a row without a reason");
        for row in rows {
            let state = &self.machine.book().task(row.id).expect("it has a row").state;
            if let TaskState::Held(HoldReason::Snoozed { until: SnoozeEnd::At(until), .. }) = state {
                assert_eq!(row.until, Some(*until), "a snooze without its end");
            }
        }
    }

    /// Asks a copy of the machine for something, and compares its answer with what was offered.
    fn try_command(&self, looks: u64) {
        if self.view.rows.is_empty() {
            return;
        }
        let row = &self.view.rows[(looks / 9) as usize % self.view.rows.len()];
        let (command, offered) = offer(row, looks % 10);
        let mut copy = self.machine.clone();
        let effects = copy.handle(self.clock(), Input::Asked(PROBE, command.clone()));
        let refused = effects.iter().find_map(|effect| match effect {
            Effect::Reply(PROBE, Err(refusal)) => Some(refusal.to_string()),
            _ => None,
        });
        assert_eq!(refused.is_none(), offered, "{command:?} of {row:?}: {refused:?}");
    }
}

fn offer(row: &Row, which: u64) -> (Command, bool) {
    let (task, allowed) = (row.id, row.allowed);
    match which {
        0 => (Command::Fix { task }, allowed.fix),
        1 => (Command::Retry { task }, allowed.retry),
        2 => (Command::Kill { task }, allowed.kill),
        3 => (Command::Undo { task }, allowed.undo),
        4 => (Command::Land { task, result: None, agree: None }, allowed.land),
        5 => (Command::Refuse { task, result: None }, allowed.refuse),
        6 => (Command::Hold { task }, allowed.hold),
        8 => (Command::Message { task, text: "look again".into(), by: String::new() }, allowed.message),
        7 => (Command::Snooze { task, until: Snooze::For(60) }, allowed.snooze),
        _ => (Command::Unsnooze { task }, allowed.unsnooze),
    }
}

fn through_bytes(delta: &Delta) -> Delta {
    let bytes = serde_json::to_vec(delta).expect("it can be written");
    serde_json::from_slice(&bytes).expect("it can be read")
}
