//! Which fact may follow what the book knows: promises about the order of facts, checked before each in debug builds.

use crate::core::book::{Book, Wait};
use crate::core::depend::after;
use crate::core::fact::Fact;
use crate::core::made::Made;
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::event::Consequence;
use crate::model::id::TaskId;
use crate::model::task::{DoneReason, FailReason, Task, TaskState};

/// Returns why a fact cannot be true after what the book knows.
///
/// # Errors
/// What it contradicts.
pub(crate) fn may_follow(book: &Book, fact: &Fact) -> Result<(), String> {
    if let Some(broken) = question_may(book, fact).or_else(|| event_may(book, fact)) {
        return Err(broken);
    }
    let known = fact.task().and_then(|id| book.task(id));
    let (holds, promise) = match (fact, known) {
        (Fact::Filed { task }, None) if task.id != book.last_task.next() => (false, "tasks are numbered in order"),
        (Fact::Filed { task }, _) => {
            (task.check().is_none_or(|key| book.open_task(key).is_none()), "a check has one open task")
        }
        (Fact::LandingBegan { landing, .. }, _) if *landing <= book.last_landing => {
            // Some numbers may be known from the disk alone.
            (false, "landings are numbered in order")
        }
        (Fact::LandingBegan { .. }, Some(task)) => {
            let is_kept =
                |id: &TaskId| book.task(*id).is_some_and(|other| matches!(Made::of(other), Made::Kept | Made::InTurn));
            (!after(task).iter().any(is_kept), "a result lands after those that it was made from")
        }
        (Fact::BatchGrew { batch, .. } | Fact::BatchApproved { batch } | Fact::BatchLimited { batch, .. }, _) => {
            (book.batches.contains_key(batch), "only what was filed together changes")
        }
        (Fact::Changed { change, .. }, _) => (*change == book.last_change.next(), "changes are numbered in order"),
        (fact, Some(task)) => may_befall(task, fact),
        (_, None) => (true, ""),
    };
    if holds {
        return Ok(());
    }
    Err(known.map_or_else(|| promise.to_owned(), |task| format!("{} is {}, but {promise}", task.id, task.state.name())))
}

/// Returns which promise about questions a fact would break.
fn question_may(book: &Book, fact: &Fact) -> Option<String> {
    if let Fact::Questioned { question } = fact {
        let numbered = question.id == book.last_question.next();
        return (!numbered).then(|| "questions are numbered without gaps".to_owned());
    }
    if let Fact::Answered { question, task, reply, .. } = fact {
        let open = book.questions.get(question).filter(|open| open.task == *task);
        return match open {
            Some(open) => open.fits(reply).err(),
            None => Some(format!("question {} is answered and was not open", question.0)),
        };
    }
    if let Fact::Closed { question, .. } = fact {
        let open = book.questions.contains_key(question);
        return (!open).then(|| format!("question {} is closed and was not open", question.0));
    }
    None
}

/// Returns which promise about events a fact would break.
fn event_may(book: &Book, fact: &Fact) -> Option<String> {
    if let Fact::Emitted { event } = fact {
        return (event.id != book.events.next()).then(|| "events are numbered without gaps".to_owned());
    }
    let Fact::Routed { event, outcomes } = fact else { return None };
    let Some(known) = book.events.get(*event) else { return Some(format!("event {} never happened", event.0)) };
    if !known.is_pending() {
        return Some(format!("event {} is followed twice", event.0));
    }
    let filed: Vec<TaskId> = outcomes.iter().filter_map(Consequence::filed).collect();
    (filed != known.filed).then(|| format!("event {} has filed {:?}, and {filed:?} is said", event.0, known.filed))
}

/// Whether a fact may be true of a task next, and which promise says so.
fn may_befall(task: &Task, fact: &Fact) -> (bool, &'static str) {
    let open = !task.state.is_final();
    let waits = Wait::of(task).is_some();
    let is_held = matches!(task.state, TaskState::Held(_));
    let has_result = matches!(task.state, TaskState::Ready(_) | TaskState::Review(_));
    match fact {
        Fact::Merged { .. } => (open, "nothing is added to a task that is over"),
        Fact::Gated { .. } => {
            let is_gated = matches!(task.state, TaskState::Pending(_) | TaskState::Blocked(_));
            (waits || is_gated, "only what waits is gated")
        }
        Fact::Held { .. } => {
            let works = task.state == TaskState::Running && task.result.is_none();
            // What was made for it is made again.
            let anew = matches!(task.state, TaskState::Failed(FailReason::NotWanted(_)));
            (waits || is_held || works || anew, "only what waits or is worked on is held")
        }
        Fact::Released { .. } => (waits || is_held, "only what waits is released"),
        Fact::Replaced { landing, .. } => {
            let landed = task.receipt.as_ref().is_some_and(|receipt| receipt.landing == *landing);
            (landed && task.replaced.is_empty(), "only what has landed is replaced, and is said once")
        }
        Fact::Retried { .. } => {
            let may = matches!(task.state, TaskState::Failed(_) | TaskState::Review(_));
            (may || waits || is_held, "only what failed or waits is tried again")
        }
        Fact::AttemptStarted { number, .. } => match &task.result {
            Some(result) => (has_result && *number == result.receipt.attempts, "a result lands as its own attempt"),
            None => (waits && *number == task.charged + 1, "attempts are numbered by what was charged"),
        },
        Fact::AttemptEnded { record, then, .. } => {
            // What landed after a yes, or did not, is told under the number of the attempt that made it.
            let made = |known: &AttemptRecord| known.number == record.number && known.end == AttemptEnd::Verified;
            let number = record.number == task.charged + 1 || task.attempts.iter().any(made);
            let ends = open || *then == task.state;
            (ends && (number || !open), "an attempt ends once, under its number, and not what is over")
        }
        Fact::Violated { .. } => (task.state == TaskState::Running, "only what runs breaks a rule"),
        Fact::AgentStarted { .. } => (task.state == TaskState::Running, "an agent works for a running task"),
        Fact::AgentUp { .. } => (task.state == TaskState::Running, "an agent runs for a running task"),
        Fact::Messaged { .. } => (task.state == TaskState::Running, "only what runs is told something"),
        Fact::Staged { .. } => (task.state == TaskState::Running, "only a running task has a stage"),
        Fact::Planned { .. } => (task.state == TaskState::Running, "only a running task is planned for"),
        Fact::Ready { .. } => {
            // What a person should know of one that waits may become more, or less.
            let waits = has_result && task.result.is_some();
            (task.state == TaskState::Running || waits, "a result comes from an attempt")
        }
        Fact::NeedsReview { .. } => (open, "nothing is asked about a task that is over"),
        Fact::Landed { receipt, .. } => {
            (open && task.landing == Some(receipt.landing), "what lands was announced before")
        }
        Fact::TakenBack { landing, .. } => (task.landing == Some(*landing), "only what was begun is taken back"),
        Fact::Undone { landing, .. } => {
            let landed = task.receipt.as_ref().is_some_and(|receipt| receipt.landing == *landing);
            (landed && task.state != TaskState::Failed(FailReason::Undone), "only what has landed is undone, and once")
        }
        Fact::Ended { state, .. } => {
            let is_done = task.state == TaskState::Done(DoneReason::Finished);
            let may = open || is_done && matches!(state, TaskState::Failed(FailReason::NotWanted(_)));
            (may && state.is_final(), "a task ends once, unless what was made for it is not wanted")
        }
        Fact::Filed { .. }
        | Fact::LandingBegan { .. }
        | Fact::LandingFailed { .. }
        | Fact::Used { .. }
        | Fact::PlannerUsed { .. }
        | Fact::Logged { .. }
        | Fact::PlannerTalks { .. }
        | Fact::Trespassed { .. }
        | Fact::Questioned { .. }
        | Fact::Answered { .. }
        | Fact::Closed { .. }
        | Fact::Started { .. }
        | Fact::Stopped
        | Fact::Beat
        | Fact::BatchBegan { .. }
        | Fact::EventFileLeft { .. }
        | Fact::Emitted { .. }
        | Fact::Routed { .. }
        | Fact::BatchGrew { .. }
        | Fact::BatchApproved { .. }
        | Fact::BatchLimited { .. }
        | Fact::Lane { .. }
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
        | Fact::Felt { .. } => (true, ""),
    }
}
