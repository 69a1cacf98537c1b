//! Which result lands before which: what was made from another one lands after it, by itself if it may, or not at all.

use crate::core::depend::after;
use crate::core::fact::Fact;
use crate::core::made::Made;
use crate::core::supervisor::Supervisor;
use crate::model::id::TaskId;
use crate::model::path::ProjectPath;
use crate::model::task::{FailReason, ReadyReason, Task, TaskState};

/// What a result that another one was made from has still to go through before that one may land.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// It is just landing.
    Lands(TaskId),
    /// A person has to say what becomes of it.
    Waits(TaskId),
}

/// Why nothing lands by itself on a base that is not what it was.
const GONE: &str = "which came to nothing, or is made anew";

/// Whether it is the turn of a result that lands by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Not yet.
    Comes,
    /// Now.
    HasCome,
    /// Never: this is not what it was made from any more.
    IsGone(TaskId),
}

impl Supervisor {
    /// Returns what must land before a result that was made from it; what waits for a person goes before what is just
    /// landing.
    pub(crate) fn lands_after(&self, task: &Task) -> Option<Before> {
        let mut lands = None;
        for id in after(task) {
            let makers = self.makers(task, *id).filter_map(|maker| self.before(maker));
            for before in self.before(*id).or_else(|| self.made_anew(*id)).into_iter().chain(makers) {
                match before {
                    Before::Waits(_) => return Some(before),
                    Before::Lands(_) => lands = lands.or(Some(before)),
                }
            }
        }
        lands
    }

    /// Says what a result that others were made from has still to go through; `None`: it is in the user's tree, or there is
    /// none.
    fn before(&self, id: TaskId) -> Option<Before> {
        let attempt = self.live.attempts.get(&id);
        // That it is on its way is first known here; the journal hears of it when it is written.
        let lands = attempt.is_some_and(|attempt| attempt.accepted.is_some()).then_some(Before::Lands(id));
        match self.made(id)? {
            Made::Kept | Made::Stuck => Some(Before::Waits(id)),
            Made::InTurn => match self.lands_after(self.book.task(id)?) {
                Some(Before::Waits(_)) => Some(Before::Waits(id)),
                Some(Before::Lands(_)) | None => Some(Before::Lands(id)),
            },
            Made::UnderWay => lands,
            // What a supervisor that died has begun is looked at by the next one.
            Made::Landing => lands.or_else(|| self.book.task(id)?.result.as_ref().map(|_| Before::Waits(id))),
            Made::NotYet | Made::ByOthers | Made::InDoubt | Made::There | Made::Nothing => None,
        }
    }

    /// Says of what was done once, and is to be done again, that it has not landed.
    fn made_anew(&self, id: TaskId) -> Option<Before> {
        match self.made(id)? {
            Made::NotYet | Made::UnderWay | Made::Landing => Some(Before::Waits(id)),
            Made::ByOthers | Made::Kept | Made::InTurn | Made::Stuck | Made::InDoubt | Made::There | Made::Nothing => {
                None
            }
        }
    }

    /// Lets those results land whose turn has come. One whose base came to nothing, or is made anew, waits for a yes instead:
    /// nobody has seen it work with what there is now. Returns whether something came of it.
    pub(crate) fn land_in_turn(&mut self) -> bool {
        let before = self.book.seq;
        for id in self.book.index.in_turn().collect::<Vec<_>>() {
            let Some(task) = self.task(id) else { continue };
            match self.turn_of(&task) {
                Turn::Comes => {}
                Turn::HasCome => {
                    if let Some(result) = &task.result {
                        self.land_by_itself(id, result);
                    }
                }
                Turn::IsGone(base) => self.ask_instead(&task, format!("it was made from {base}, {GONE}")),
            }
        }
        self.book.seq != before
    }

    /// Says whether it is the turn of a result that lands by itself.
    pub(crate) fn turn_of(&self, task: &Task) -> Turn {
        let is_anew = |id: &&TaskId| self.before(**id).is_none() && self.made_anew(**id).is_some();
        let anew = || after(task).iter().find(is_anew).copied();
        if let Some(base) = self.failed_from_under(task).or_else(anew) {
            return Turn::IsGone(base);
        }
        let is_free =
            !self.live.one_command && self.may_begin_landing(task.id) && self.live.repository.operation.is_none();
        if is_free && self.lands_after(task).is_none() { Turn::HasCome } else { Turn::Comes }
    }

    /// Lets a result that was to land by itself wait for a yes.
    pub(crate) fn ask_instead(&mut self, task: &Task, why: String) {
        if let Some(result) = &task.result {
            self.log(task.id, "land", why);
            let result = Box::new(result.clone());
            self.record(Fact::Ready { task: task.id, reason: ReadyReason::Asked, result });
        }
    }

    /// Returns what a result was made from that came to nothing: it was refused, say, while an agent went on with it.
    pub(crate) fn failed_from_under(&self, task: &Task) -> Option<TaskId> {
        after(task).iter().find(|id| self.made(**id) == Some(Made::Nothing)).copied()
    }

    /// Returns what a result was made from that is not in the user's tree any more, if it has to do with these files.
    pub(crate) fn gone_from_under(&self, task: &Task, paths: &[ProjectPath]) -> Option<TaskId> {
        let is_gone = |id: &&TaskId| {
            let Some(other) = self.book.task(**id) else { return false };
            match &other.state {
                TaskState::Failed(FailReason::Undone) => {
                    let landed = other.receipt.iter().flat_map(|receipt| &receipt.files);
                    landed.into_iter().any(|file| paths.contains(&file.path))
                }
                // What was in it is not known any more.
                TaskState::Failed(FailReason::Refused | FailReason::Killed | FailReason::NotWanted(_)) => true,
                TaskState::Queued
                | TaskState::Pending(_)
                | TaskState::Blocked(_)
                | TaskState::Held(_)
                | TaskState::Running
                | TaskState::Cooling { .. }
                | TaskState::Ready(_)
                | TaskState::Review(_)
                | TaskState::Done(_)
                | TaskState::Failed(_) => false,
            }
        };
        after(task).iter().find(is_gone).copied()
    }
}
