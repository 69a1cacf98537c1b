//! Takes landings back: for a person, after a crash, and work done in place that came to nothing.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::core::command::{Answer, Refusal};
use crate::core::effect::{Effect, Place, Work};
use crate::core::fact::Fact;
use crate::core::input::Product;
use crate::core::live::{JobOwner, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::AttemptEnd;
use crate::model::id::{LandingId, RequestId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::task::{FailReason, ReviewReason, Task, TaskState};
use crate::model::workspace::FileChange;

/// What came of taking a landing back.
pub(crate) enum Undone {
    /// These files were written.
    Files(Vec<FileChange>),
    /// These were edited since; nothing was written.
    Edited(Vec<ProjectPath>),
    /// There is no such landing, or it was taken back before.
    Nothing,
    /// It went wrong, for this reason.
    Failed(String),
}

impl From<Product> for Undone {
    fn from(product: Product) -> Self {
        match product {
            Product::Undone(files) => Self::Files(files),
            Product::UndoConflict(paths) => Self::Edited(paths),
            Product::NothingToUndo => Self::Nothing,
            Product::Failed(why) => Self::Failed(format!("a landing could not be taken back: {why}")),
            other @ (Product::Snapshot(_)
            | Product::Prepared { .. }
            | Product::Collected(_)
            | Product::Restored
            | Product::PutAway
            | Product::Merged { .. }
            | Product::Conflict { .. }
            | Product::Landed { .. }
            | Product::Surprised
            | Product::Refused(_)) => Self::Failed(format!("a landing could not be taken back: unexpected {other:?}")),
        }
    }
}

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
        if let (Some(landing), Product::Landed { files, .. }) = (attempt.rolling, product)
            && !files.is_empty()
        {
            attempt.files.clone_from(files);
            return self.begin_taking_back(id, landing, false, end);
        }
        attempt.dirty = false;
        attempt.rolling = None;
        if let Product::Failed(why) = product {
            self.log(id, "note", format!("what was done in place stays as it is, it could not be recorded: {why}"));
            if self.is_up() {
                self.want_everything(false);
            }
        }
        self.record(Fact::LandingFailed { task: id });
        self.finish(id, end, None);
    }

    /// A landing that a dead supervisor may have begun was looked at.
    pub(crate) fn recovered(&mut self, task: TaskId, landing: LandingId, product: Product) {
        let reason = match Undone::from(product) {
            Undone::Files(files) => {
                self.record(Fact::TakenBack { task, landing });
                self.wrote(&files);
                self.wants_checks_of(&files, task);
                return;
            }
            // It had landed, and was taken back before the journal heard of it.
            Undone::Nothing if self.has_landed(task, landing) => {
                self.record(Fact::TakenBack { task, landing });
                return;
            }
            Undone::Nothing => {
                self.record(Fact::LandingFailed { task });
                return;
            }
            Undone::Edited(paths) => ReviewReason::Conflict(paths),
            Undone::Failed(why) => ReviewReason::Refused(why),
        };
        if self.task(task).is_some_and(|task| !task.state.is_final()) {
            self.record(Fact::NeedsReview { task, reason, result: None });
        }
    }

    fn has_landed(&self, task: TaskId, landing: LandingId) -> bool {
        self.book.task(task).and_then(|task| task.receipt.as_ref()).is_some_and(|receipt| receipt.landing == landing)
    }

    /// Takes a landing back for a person; answered when it is done.
    ///
    /// # Errors
    /// If the task has landed nothing, or is busy.
    pub(crate) fn undo(&mut self, request: RequestId, id: TaskId) -> Result<(), Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        if !self.is_settled(id) {
            return Err(Refusal::because(format!("{id} is still landing, or being taken back")));
        }
        let Some(landing) = standing(&task) else {
            let why = task.state.reason(self.live.now.wall);
            return Err(Refusal::because(format!("{id} has landed nothing that could be taken back: {why}")));
        };
        let work = Work::Undo { landing, only_untouched: false };
        self.give(JobOwner::Undo(id, landing, request), work, None);
        Ok(())
    }

    /// Whether a task has landed something that can be taken back now, as far as we know.
    pub(crate) fn may_undo(&self, task: &Task) -> bool {
        standing(task).is_some() && self.is_settled(task.id)
    }

    /// Whether nothing of a task is just written into the user's tree, or taken back.
    fn is_settled(&self, id: TaskId) -> bool {
        let undoes = |owner: &JobOwner| matches!(owner, JobOwner::Undo(other, ..) if *other == id);
        !self.live.attempts.contains_key(&id) && !self.live.jobs.values().any(undoes)
    }

    /// A landing was taken back for a person, or not.
    pub(crate) fn undo_done(&mut self, task: TaskId, landing: LandingId, request: RequestId, product: Product) {
        let reply = match Undone::from(product) {
            Undone::Files(files) => {
                let said = if files.is_empty() {
                    format!("nothing of {task} is left in your tree; nothing was written")
                } else {
                    format!("took back {task}: {}", names(files.iter().map(|file| &file.path)))
                };
                let said = format!("{said}{}", self.builds_on(task, landing));
                self.wrote(&files);
                self.record(Fact::Undone { task, landing, files: files.clone() });
                self.not_wanted(task);
                self.wants_checks_of(&files, task);
                Ok(Answer::said(said))
            }
            Undone::Edited(paths) => {
                let others = self.landed_since(task, landing, |path| paths.contains(path));
                let (who, hint) = match others.last() {
                    Some(last) => {
                        let hint = format!("; `orchestrator-tui undo {}` takes the later one back first", last.0);
                        (format!("{}, or you, changed", list(&others)), hint)
                    }
                    None => ("you edited".to_owned(), String::new()),
                };
                Err(Refusal::because(format!(
                    "{task} cannot be taken back: {who} the same lines since, in {}; nothing was written{hint}",
                    names(paths.iter())
                )))
            }
            Undone::Nothing => Err(Refusal::because(format!("the landing of {task} was taken back before"))),
            Undone::Failed(why) => {
                // Some of it may have been written.
                let written =
                    self.task(task).and_then(|task| task.receipt.as_ref().map(|receipt| receipt.files.clone()));
                self.wants_checks_of(&written.unwrap_or_default(), task);
                Err(Refusal::because(why))
            }
        };
        self.reply(request, reply);
    }

    /// Returns the tasks that landed something after a landing, and have not taken it back, in files that are asked about.
    fn landed_since(&self, task: TaskId, landing: LandingId, touches: impl Fn(&ProjectPath) -> bool) -> Vec<TaskId> {
        let later = |other: &&Arc<Task>| other.id != task && standing(other).is_some_and(|since| since > landing);
        let files = |other: &Task| other.receipt.iter().flat_map(|receipt| receipt.files.clone()).collect::<Vec<_>>();
        let mut found: Vec<(LandingId, TaskId)> = self
            .book
            .tasks
            .values()
            .filter(later)
            .filter(|other| files(other).iter().any(|file| touches(&file.path)))
            .filter_map(|other| Some((standing(other)?, other.id)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Says what was made on top of a landing that is taken back: it stays, and may miss what it builds on.
    fn builds_on(&self, task: TaskId, landing: LandingId) -> String {
        let landed: Vec<ProjectPath> = self
            .book
            .task(task)
            .and_then(|task| task.receipt.as_ref())
            .map(|receipt| receipt.files.iter().map(|file| file.path.clone()).collect())
            .unwrap_or_default();
        let later = self.landed_since(task, landing, |path| landed.contains(path));
        let made = |other: &&Arc<Task>| {
            let waited = other.assignment().is_some_and(|assignment| assignment.after.contains(&task));
            waited && !later.contains(&other.id) && (other.result.is_some() || standing(other).is_some())
        };
        let made: Vec<TaskId> = self.book.tasks.values().filter(made).map(|other| other.id).collect();
        let mut said = String::new();
        if !later.is_empty() {
            let stays = if later.len() == 1 { "stays" } else { "stay" };
            let _ = write!(said, "; {} changed the same files later and {stays}", list(&later));
        }
        if !made.is_empty() {
            let (was, stays) = if made.len() == 1 { ("was", "stays") } else { ("were", "stay") };
            let _ = write!(said, "; {} {was} made on top of it and {stays}: worth another look", list(&made));
        }
        said
    }

    /// Answers a request.
    pub(crate) fn reply(&mut self, request: RequestId, reply: Result<Answer, Refusal>) {
        if self.live.one_command {
            self.live.commanded = Some(u8::from(reply.is_err()));
        }
        self.out.push(Effect::Reply(request, reply));
    }

    /// Answers what can no longer be answered with its outcome, because the supervisor leaves.
    pub(crate) fn answer_at_the_end(&mut self) {
        let asked: Vec<(TaskId, RequestId)> = self
            .live
            .jobs
            .values()
            .filter_map(|owner| match owner {
                JobOwner::Undo(task, _, request) => Some((*task, *request)),
                JobOwner::Attempt(_) | JobOwner::EventFile(_) | JobOwner::Green(_) | JobOwner::Recover(..) => None,
            })
            .collect();
        for (task, request) in asked {
            let why = format!("the supervisor left before it knew whether {task} was taken back; see `git status`");
            self.reply(request, Err(Refusal::because(why)));
        }
    }
}

impl Supervisor {
    /// Takes in that a person's save put back files that a task had landed; it is said once for each landing.
    pub(crate) fn replaced(&mut self, id: TaskId, files: &[ProjectPath]) {
        let Some(task) = self.task(id) else { return };
        let Some(landing) = standing(&task).filter(|_| task.replaced.is_empty()) else { return };
        let landed = |file: &&ProjectPath| {
            let written = task.receipt.iter().flat_map(|receipt| &receipt.files);
            written.map(|change| &change.path).any(|path| path == *file)
        };
        let files: Vec<ProjectPath> = files.iter().filter(landed).cloned().collect();
        if !files.is_empty() {
            self.record(Fact::Replaced { task: id, landing, files });
        }
    }
}

/// Returns the landing of a task that is in the user's tree as far as we know.
pub(crate) fn standing(task: &Task) -> Option<LandingId> {
    let receipt = task.receipt.as_ref()?;
    (task.state != TaskState::Failed(FailReason::Undone)).then_some(receipt.landing)
}

/// Names tasks: `#3`, `#3 and #4`.
fn list(tasks: &[TaskId]) -> String {
    match tasks {
        [some @ .., one, last] => {
            let before: Vec<String> = some.iter().chain([one]).map(ToString::to_string).collect();
            format!("{} and {last}", before.join(", "))
        }
        few => few.iter().map(ToString::to_string).collect(),
    }
}

fn names<'a>(paths: impl Iterator<Item = &'a ProjectPath>) -> String {
    paths.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
