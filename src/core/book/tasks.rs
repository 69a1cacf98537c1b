//! How facts change tasks.

use std::sync::Arc;

use crate::core::fact::Fact;
use crate::model::attempt::AttemptRecord;
use crate::model::cost::Spent;
use crate::model::id::{QuestionId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::question::Asked;
use crate::model::task::{DoneReason, FailReason, Goal, Task, TaskState};
use crate::model::time::Wall;

use super::durable::Book;
use super::index::{Index, Wait};
use super::turns::line;

/// How many unwanted fixes, and how many failures of one subject, are remembered.
const REMEMBERED: usize = 1000;

/// How many questions of a task are remembered.
const ASKED: usize = 50;

impl Book {
    /// Applies a fact about a task.
    #[expect(clippy::too_many_lines, reason = "one arm for each fact")]
    pub(super) fn apply_to_task(&mut self, at: Wall, fact: &Fact) {
        match fact {
            Fact::Filed { task } => {
                self.last_task = self.last_task.max(task.id);
                self.index.add(task);
                self.tasks.insert(task.id, Arc::new((**task).clone()));
                self.take_turns([line(task)]);
            }
            Fact::AttemptEnded { task, record, then } => {
                self.attempt_ended(*task, record, then);
                if then.is_final() {
                    self.end(at, *task, then);
                }
            }
            Fact::LandingBegan { task, landing } => {
                self.last_landing = self.last_landing.max(*landing);
                self.change_task(*task, |task| task.landing = Some(*landing));
            }
            Fact::Undone { task, .. } => {
                self.unwant(*task, true);
                self.ledger.undone(*task);
                self.change_task(*task, |task| task.landing = None);
                self.end(at, *task, &TaskState::Failed(FailReason::Undone));
            }
            Fact::Ended { task, state } => {
                if *state == TaskState::Failed(FailReason::Refused) {
                    self.unwant(*task, false);
                }
                self.end(at, *task, state);
            }
            Fact::Merged { task, files, failures, red_before, excerpt } => self.change_task(*task, |task| {
                add_files(task, files);
                task.failures.clone_from(failures);
                task.red_before.clone_from(red_before);
                task.excerpt.clone_from(excerpt);
            }),
            Fact::Gated { task, state } => self.change_task(*task, |task| task.state = state.clone()),
            Fact::Held { task, reason } => {
                let was_over = self.task(*task).is_some_and(|task| task.state.is_final());
                self.change_task(*task, |task| {
                    task.state = TaskState::Held(reason.clone());
                    task.stage = None;
                    task.ended = None;
                });
                // What was made for it may be made again, after its end.
                if was_over {
                    self.unlist(*task);
                }
            }
            Fact::Released { task, forced } => self.change_task(*task, |task| {
                task.state = TaskState::Queued;
                task.forced = *forced;
            }),
            Fact::Retried { task } => self.retried(*task),
            Fact::AttemptStarted { task, .. } => self.attempt_started(at, *task),
            Fact::Staged { task, stage, .. } => self.change_task(*task, |task| task.stage = Some(*stage)),
            Fact::Used { task, spent } => self.used(*task, *spent),
            Fact::Planned { task, plan } => self.change_task(*task, |task| task.plan = Some((**plan).clone())),
            Fact::PlannerUsed { task, spent } => self.planner_used(*task, *spent),
            Fact::Ready { task, reason, result } => self.change_task(*task, |task| {
                task.state = TaskState::Ready(reason.clone());
                task.result = Some((**result).clone());
            }),
            Fact::NeedsReview { task, reason, result } => self.change_task(*task, |task| {
                task.state = TaskState::Review(reason.clone());
                task.result = result.as_deref().cloned();
                if task.receipt.as_ref().map(|receipt| receipt.landing) != task.landing {
                    // What may be left of a landing is in a person's hands now.
                    task.landing = None;
                }
            }),
            Fact::Replaced { task, files, .. } => self.change_task(*task, |task| task.replaced.clone_from(files)),
            Fact::Landed { task, receipt } => self.change_task(*task, |task| {
                task.receipt = Some((**receipt).clone());
                task.replaced = Vec::new();
                task.result = None;
            }),
            Fact::LandingFailed { task } => self.change_task(*task, |task| task.landing = None),
            Fact::TakenBack { task, .. } => self.change_task(*task, |task| {
                task.landing = None;
                task.receipt = None;
            }),
            Fact::Questioned { question } => self.change_task(question.task, |task| {
                let text = question.ask.about.brief();
                task.asked.push(Asked { question: question.id, text, answer: None, by: String::new() });
                let surplus = task.asked.len().saturating_sub(ASKED);
                task.asked.drain(..surplus);
            }),
            Fact::Answered { question, task, reply, by } => self.answered(*task, *question, reply.brief(), by),
            Fact::Closed { question, task, why } => self.answered(*task, *question, why.text().to_owned(), ""),
            Fact::Logged { .. }
            | Fact::AgentStarted { .. }
            | Fact::AgentUp { .. }
            | Fact::Violated { .. }
            | Fact::Trespassed { .. }
            | Fact::PlannerTalks { .. }
            | Fact::Messaged { .. }
            | Fact::BatchBegan { .. }
            | Fact::EventFileLeft { .. }
            | Fact::Emitted { .. }
            | Fact::Routed { .. }
            | Fact::BatchGrew { .. }
            | Fact::BatchApproved { .. }
            | Fact::BatchLimited { .. }
            | Fact::Lane { .. }
            | Fact::Started { .. }
            | Fact::Stopped
            | Fact::Beat
            | Fact::Changed { .. }
            | Fact::Ran { .. }
            | Fact::Forgotten { .. }
            | Fact::GreenAt { .. }
            | Fact::Parked { .. }
            | Fact::Unparked
            | Fact::BreakerTripped { .. }
            | Fact::Paused
            | Fact::Resumed
            | Fact::Snoozed { .. }
            | Fact::Unsnoozed { .. }
            | Fact::Agreed { .. }
            | Fact::Lesson { .. }
            | Fact::Reconfigured { .. }
            | Fact::ConfigRefused { .. }
            | Fact::DayBegan { .. }
            | Fact::Neared { .. }
            | Fact::Raised { .. }
            | Fact::Felt { .. } => {}
        }
    }

    fn answered(&mut self, task: TaskId, question: QuestionId, answer: String, by: &str) {
        self.change_task(task, |task| {
            if let Some(asked) = task.asked.iter_mut().find(|asked| asked.question == question) {
                asked.answer = Some(answer);
                by.clone_into(&mut asked.by);
            }
        });
    }

    pub(super) fn change_task(&mut self, id: TaskId, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.tasks.get_mut(&id) {
            let (before, used, was_over) = (Index::before(task), task.total(), task.state.is_final());
            let stood = line(task);
            let task = Arc::make_mut(task);
            change(task);
            self.index.changed(&before, task);
            let stands = line(task);
            if let Some(batch) = task.assignment().and_then(|assignment| assignment.batch) {
                self.ledger.batch_used(batch, used, task.total());
            }
            let (is_over, event) = (task.state.is_final(), task.assignment().and_then(|assignment| assignment.event));
            if let Some(event) = event.filter(|_| is_over != was_over) {
                self.events.weigh(event, &self.index);
            }
            self.take_turns([stood, stands]);
            if is_over && !was_over {
                self.release(id);
            }
        }
    }

    /// Looks whether something was remembered only because this task was open; then it may be forgotten now.
    fn release(&mut self, id: TaskId) {
        self.grants.end(id);
        let Some(task) = self.tasks.get(&id).cloned() else { return };
        let Some(assignment) = task.assignment() else { return };
        if let Some(batch) = assignment.batch.filter(|batch| !self.index.is_open_batch(*batch)) {
            return self.batch_over(batch);
        }
        // What it waited for, and those that this was passed on to, may be needed no more.
        let over = assignment.after.iter().filter(|other| !self.index.has_dependents(**other));
        let all = over.flat_map(|other| std::iter::once(*other).chain(self.index.remembered_of_subject(*other)));
        for free in all.filter(|id| !self.is_needed(*id)).collect::<Vec<_>>() {
            self.may_forget(free);
        }
    }

    /// A task that is over is needed no more.
    fn may_forget(&mut self, id: TaskId) {
        let (done, failed) = &self.finished;
        for (side, kept) in [(done, &mut self.kept.0), (failed, &mut self.kept.1)] {
            *kept = side.iter().take(*kept).position(|known| *known == id).unwrap_or(*kept);
        }
    }

    /// Takes a task off the lists of those that are over.
    fn unlist(&mut self, id: TaskId) {
        let (done, failed) = &mut self.finished;
        for (side, kept) in [(done, &mut self.kept.0), (failed, &mut self.kept.1)] {
            if let Some(at) = side.iter().position(|known| *known == id) {
                side.remove(at);
                *kept -= usize::from(at < *kept);
            }
        }
    }

    /// A task begins anew; it is finished no more.
    fn retried(&mut self, id: TaskId) {
        self.change_task(id, |task| {
            if task.state == TaskState::Failed(FailReason::Undone) {
                // What it landed is gone; it is about what it lands next.
                task.receipt = None;
            }
            task.state = TaskState::Queued;
            task.forced = true;
            task.charged = 0;
            task.ended = None;
            task.result = None;
        });
        self.unlist(id);
    }

    fn used(&mut self, id: TaskId, spent: Spent) {
        self.ledger.used(id, spent);
        self.change_task(id, |task| task.running = spent);
    }

    fn attempt_started(&mut self, at: Wall, id: TaskId) {
        self.ledger.attempt_started(id);
        if let Some(task) = self.tasks.get(&id).filter(|task| Wait::of(task).is_some()) {
            self.turns.serve(line(task));
        }
        self.change_task(id, |task| {
            task.state = TaskState::Running;
            task.began = task.began.or(Some(at));
            task.running = Spent::default();
        });
    }

    fn attempt_ended(&mut self, id: TaskId, record: &AttemptRecord, then: &TaskState) {
        self.agents.remove(&id);
        self.up.remove(&id);
        self.statistics.spent += record.spent;
        self.this_run.spent += record.spent;
        self.ledger.attempt_ended(id, record.spent);
        if let Some(task) = self.tasks.get(&id) {
            self.tally.attempt_ended(task, record, self.ledger.day());
        }
        self.change_task(id, |task| {
            // A result that waited for a yes lands under the number of the attempt that made it.
            if record.end.is_charged() {
                task.charged = task.charged.max(record.number);
            }
            task.spent += record.spent;
            task.running = Spent::default();
            task.attempts.push(record.clone());
            task.stage = None;
            if !task.state.is_final() && !then.is_final() {
                task.state = then.clone();
                task.forced = task.forced && !record.end.is_charged();
                if !matches!(then, TaskState::Ready(_) | TaskState::Review(_)) {
                    task.result = None;
                }
            }
        });
    }

    pub(super) fn forget_oldest(&mut self) {
        for failed in [false, true] {
            let (limit, mut from) =
                if failed { (self.remember.failed, self.kept.1) } else { (self.remember.completed, self.kept.0) };
            loop {
                let side = if failed { &self.finished.1 } else { &self.finished.0 };
                if side.len() <= limit as usize {
                    break;
                }
                // What open tasks wait for, or were filed together with, is remembered as long as they are open.
                let free = side.range(from.min(side.len())..).position(|id| !self.is_needed(*id));
                let Some(free) = free else {
                    from = side.len();
                    break;
                };
                from += free;
                let side = if failed { &mut self.finished.1 } else { &mut self.finished.0 };
                if let Some(old) = side.remove(from) {
                    self.forget_task(old);
                }
            }
            *(if failed { &mut self.kept.1 } else { &mut self.kept.0 }) = from;
        }
    }

    fn unwant(&mut self, id: TaskId, undone: bool) {
        let Some(task) = self.tasks.get(&id) else { return };
        let Some(key) = task.check().cloned() else { return };
        let ids = task.failures.iter().map(|failure| failure.id.clone()).collect();
        self.unwanted.push((key, ids, id, undone));
        let surplus = self.unwanted.len().saturating_sub(REMEMBERED);
        self.unwanted.drain(..surplus);
    }

    /// A fix of these failures has landed and stays: a person wants it now.
    fn want_again(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get(&id) else { return };
        let mended = |id: &String| task.failures.iter().any(|failure| failure.id == *id);
        for (_, ids, ..) in self.unwanted.iter_mut().filter(|(key, ..)| task.is_about(key)) {
            ids.retain(|id| !mended(id));
        }
        self.unwanted.retain(|(_, ids, ..)| !ids.is_empty());
    }

    /// Ends a task once; a task that is undone after it was done changes sides.
    fn end(&mut self, at: Wall, id: TaskId, state: &TaskState) {
        let Some(task) = self.tasks.get(&id) else { return };
        let (was_over, began, subject) = (task.state.is_final(), task.began, subject(task));
        let counted_before = task.ended.is_some_and(|ended| ended < self.process.started);
        let was_done = matches!(task.state, TaskState::Done(_));
        self.change_task(id, |task| {
            task.state = state.clone();
            task.ended = Some(at);
            task.stage = None;
            task.forced = false;
            task.result = None;
        });
        if matches!(state, TaskState::Done(DoneReason::Landed(_))) {
            self.want_again(id);
            if let (Some(task), false) = (self.tasks.get(&id), was_over) {
                self.ledger.landed(task);
            }
        }
        self.unlist(id);
        let (done, failed) = &mut self.finished;
        let side = if matches!(state, TaskState::Failed(_)) { failed } else { done };
        side.push_back(id);
        let day = self.ledger.day();
        if was_done && began.is_some() && matches!(state, TaskState::Failed(_)) {
            self.statistics.counts.count_anew(state);
            if let Some(task) = self.tasks.get(&id) {
                self.tally.taken_back(task, state, day);
            }
            // What an earlier run has counted is none of this one's numbers.
            if !counted_before {
                self.this_run.counts.count_anew(state);
            }
        }
        if was_over || began.is_none() {
            return self.forget_oldest();
        }
        if let Some(task) = self.tasks.get(&id) {
            self.tally.ended(task, state, day);
        }
        self.forget_oldest();
        self.statistics.counts.count(state);
        self.this_run.counts.count(state);
        if matches!(state, TaskState::Failed(FailReason::Escalated { .. })) {
            let times = self.failures.entry(subject).or_default();
            times.push(at);
            let surplus = times.len().saturating_sub(REMEMBERED);
            times.drain(..surplus);
        }
    }
}

fn add_files(task: &mut Task, files: &[ProjectPath]) {
    for file in files {
        if !task.files.contains(file) {
            task.files.push(file.clone());
        }
    }
}

/// Returns what the breaker counts failures of: the file a task is about, else its check.
pub fn subject(task: &Task) -> String {
    let blamed = || task.failures.iter().find_map(|failure| failure.file.as_ref());
    match &task.goal {
        Goal::Check(key) => match key.file.as_ref().or_else(blamed) {
            Some(file) => file.to_string(),
            None => key.check.to_string(),
        },
        Goal::Assignment(assignment) => assignment.title(),
    }
}
