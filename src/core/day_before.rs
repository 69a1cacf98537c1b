//! Which day a task file goes on with: the one that it names, one that was begun before, or one of its own.

use std::sync::Arc;

use crate::core::command::Refusal;
use crate::core::supervisor::Supervisor;
use crate::model::assignment::{Batch, BatchKind};
use crate::model::filing::{Filing, Redo};
use crate::model::id::{BatchId, TaskId};
use crate::model::task::{FailReason, Task, TaskState};

impl Supervisor {
    /// Returns what a filing goes on with: the day that it names, or else the same day of the same file, under way or over;
    /// nothing, if it is a day of its own.
    ///
    /// # Errors
    /// If it names one that is another day, so much of it is forgotten that nobody knows what is new, or all of it is to be
    /// done again while some of it is open.
    pub(crate) fn day_before(&self, filing: &Filing) -> Result<Option<Arc<Batch>>, Refusal> {
        let Some(new) = &filing.batch else { return Ok(None) };
        let BatchKind::Day { .. } = &new.kind else { return Ok(None) };
        let is_it = |kind: &BatchKind| is_same_day(kind, &new.kind);
        let Some(again) = new.again else {
            let open = |batch: &&Arc<Batch>| self.book.index.is_open_batch(batch.id);
            let mut batches = self.book.batches.values().rev().filter(|batch| is_it(&batch.kind));
            let (known, last) = (batches.clone().find(open), batches.next());
            return match (new.redo, known.or(last)) {
                (Redo::All, _) => known.map_or(Ok(None), |batch| self.may_leave(batch).map(|()| None)),
                (Redo::Failed, None) => Err(Refusal::because("nothing of this day was ever begun; `start` begins it")),
                (Redo::Changed | Redo::Failed, Some(batch)) => self.whole(batch).map(Some),
                (Redo::Changed, None) => Ok(None),
            };
        };
        match self.book.batches.get(&again) {
            Some(batch) if is_it(&batch.kind) => self.whole(batch).map(Some),
            Some(_) => Err(Refusal::because(format!(
                "this is another day than batch {}; `start` files all of it as a day of its own",
                again.0
            ))),
            None => Err(forgotten(again)),
        }
    }

    /// Returns a day of which every task is remembered.
    fn whole(&self, batch: &Arc<Batch>) -> Result<Arc<Batch>, Refusal> {
        let is_whole = batch.tasks.iter().all(|id| self.book.task(*id).is_some());
        if is_whole { Ok(Arc::clone(batch)) } else { Err(forgotten(batch.id)) }
    }

    /// Makes sure that of a day nothing is open but what was never begun, as what it waits for failed.
    fn may_leave(&self, batch: &Batch) -> Result<(), Refusal> {
        let open = batch.tasks.iter().filter_map(|id| self.book.task(*id));
        let open = open.filter(|task| !task.state.is_final() && !is_left_over(task));
        let open: Vec<String> = open.map(|task| task.id.to_string()).collect();
        let which = match open.as_slice() {
            [] => return Ok(()),
            [one] => format!("{one} is open: land, refuse or kill it first"),
            [some @ .., last] => format!("{} and {last} are open: land, refuse or kill them first", some.join(", ")),
        };
        Err(Refusal::because(format!("batch {} is not over, {which}; without --again the day goes on", batch.id.0)))
    }

    /// Ends what was never begun of the same days before, when all of one is done again.
    pub(crate) fn end_left_over(&mut self, again: BatchId, kind: &BatchKind) {
        let is_it = |batch: &&Arc<Batch>| batch.id != again && is_same_day(&batch.kind, kind);
        let before: Vec<TaskId> =
            self.book.batches.values().filter(is_it).flat_map(|batch| batch.tasks.iter().copied()).collect();
        let left = |id: &TaskId| self.book.task(*id).is_some_and(|task| is_left_over(task));
        for id in before.into_iter().filter(left).collect::<Vec<_>>() {
            self.close(id, TaskState::Failed(FailReason::Killed));
        }
    }
}

/// Refuses because nobody knows what is new.
fn forgotten(batch: BatchId) -> Refusal {
    Refusal::because(format!(
        "of batch {} not all is remembered (limits.completed, limits.failed), so what is new is not known; `start --again` files all of it as a day of its own",
        batch.0
    ))
}

fn is_same_day(one: &BatchKind, other: &BatchKind) -> bool {
    match (one, other) {
        (BatchKind::Day { file, date, .. }, BatchKind::Day { file: known, date: day, .. }) => {
            file == known && date == day
        }
        (BatchKind::Orchestration { .. }, _) | (_, BatchKind::Orchestration { .. }) => false,
    }
}

/// Whether a task waits for one that failed, and was never begun.
pub(crate) fn is_left_over(task: &Task) -> bool {
    matches!(task.state, TaskState::Blocked(_)) && task.began.is_none()
}
