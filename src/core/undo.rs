//! Takes landings back: for a person, after a crash, and work done in place that came to nothing.

use crate::core::command::{Answer, Refusal};
use crate::core::effect::{Place, Work};
use crate::core::fact::Fact;
use crate::core::input::Product;
use crate::core::live::{JobOwner, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::AttemptEnd;
use crate::model::id::{LandingId, RequestId, TaskId};
use crate::model::task::{FailReason, TaskState};
use crate::model::workspace::FileChange;

impl Supervisor {
    /// Whether work done in place must be taken back before its attempt can end; if so, that begins.
    pub(crate) fn must_roll_back(&mut self, id: TaskId, end: &AttemptEnd) -> bool {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return false };
        if attempt.place != Place::Tree || !attempt.dirty || attempt.landing.is_some() {
            return false;
        }
        let Some(base) = attempt.base.clone() else { return false };
        attempt.ending = Some(end.clone());
        let landing = self.begin_landing(id);
        let job = self.give(JobOwner::Attempt(id), Work::RecordInPlace { landing, base }, Some(self.book.seq));
        if let Some(attempt) = self.live.attempts.get_mut(&id) {
            attempt.rolling = Some(landing);
            attempt.step = Step::Record(job);
        }
        true
    }

    /// What was done in place is recorded; now it is taken back.
    pub(crate) fn rolled_back(&mut self, id: TaskId, end: AttemptEnd, product: &Product) {
        let Some(attempt) = self.live.attempts.get_mut(&id) else { return };
        match (attempt.rolling, product) {
            (Some(landing), Product::Landed(files)) if !files.is_empty() => {
                let work = Work::Undo { landing, only_untouched: false };
                let job = self.give(JobOwner::Attempt(id), work, None);
                self.set_step(id, Step::TakeBack(job));
            }
            _ => {
                attempt.dirty = false;
                attempt.rolling = None;
                self.record(Fact::LandingFailed { task: id });
                self.finish(id, end, None);
            }
        }
    }

    /// A landing that a dead supervisor may have begun was looked at.
    pub(crate) fn recovered(&mut self, task: TaskId, landing: LandingId, product: &Product) {
        match product {
            Product::Undone(files) => {
                self.record(Fact::TakenBack { task, landing });
                let keys = self.keys_touched_by(files.iter().map(|file| &file.path));
                self.want_touched(keys, task);
            }
            // It had landed, and was taken back before the journal heard of it.
            Product::NothingToUndo if self.has_landed(task, landing) => {
                self.record(Fact::TakenBack { task, landing });
            }
            _ => {
                self.record(Fact::LandingFailed { task });
            }
        }
    }

    fn has_landed(&self, task: TaskId, landing: LandingId) -> bool {
        self.book.task(task).and_then(|task| task.receipt.as_ref()).is_some_and(|receipt| receipt.landing == landing)
    }

    /// A landing was taken back for a person, or not.
    pub(crate) fn undo_done(&mut self, task: TaskId, request: RequestId, product: Product) {
        let landing = self.task(task).and_then(|task| task.receipt.as_ref().map(|receipt| receipt.landing));
        let reply = match product {
            Product::Undone(files) => {
                let landing = landing.unwrap_or_default();
                let said = if files.is_empty() {
                    format!("nothing of {task} is left in your tree; nothing was written")
                } else {
                    format!("took back {task}: {}", names(&files))
                };
                let keys = self.keys_touched_by(files.iter().map(|file| &file.path));
                self.record(Fact::Undone { task, landing, files });
                if !self.live.one_command && self.is_up() {
                    self.want_touched(keys, task);
                }
                Ok(Answer { said })
            }
            Product::UndoConflict(paths) => {
                let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
                Err(Refusal::because(format!(
                    "{task} cannot be taken back: you edited the same lines since, in {}; nothing was written",
                    names.join(", ")
                )))
            }
            Product::NothingToUndo => Err(Refusal::because(format!("the landing of {task} was taken back before"))),
            Product::Failed(why) => Err(Refusal::because(format!("{task} could not be taken back: {why}"))),
            other => Err(Refusal::because(format!("{task} could not be taken back: unexpected {other:?}"))),
        };
        self.reply(request, reply);
    }

    pub(crate) fn undo(&mut self, request: RequestId, id: TaskId) -> Result<(), Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let under_way = self.live.jobs.values().any(|owner| matches!(owner, JobOwner::Undo(other, _) if *other == id));
        if under_way || self.live.attempts.contains_key(&id) {
            return Err(Refusal::because(format!("{id} is still landing, or being taken back")));
        }
        let Some(receipt) = task.receipt.as_ref().filter(|_| task.state != TaskState::Failed(FailReason::Undone))
        else {
            let why = task.state.reason(self.live.now.wall);
            return Err(Refusal::because(format!("{id} has landed nothing that could be taken back: {why}")));
        };
        let work = Work::Undo { landing: receipt.landing, only_untouched: false };
        self.give(JobOwner::Undo(id, request), work, None);
        Ok(())
    }
}

fn names(files: &[FileChange]) -> String {
    let names: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
    names.join(", ")
}
