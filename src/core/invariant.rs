//! Every promise of the machine as a check, run after each input in debug builds and in the simulation.

use crate::core::book::{self, Book, Index, Wait};
use crate::core::effect::Place;
use crate::core::fact::Fact;
use crate::core::live::{Attempt, Owner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::assignment::Lane;
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::cost::Spent;
use crate::model::hold::{HoldReason, SnoozeEnd};
use crate::model::id::{JobId, SessionId};
use crate::model::task::{FailReason, Task, TaskState};

/// Returns the first promise that does not hold.
///
/// # Errors
/// The promise, with what breaks it.
pub fn check(machine: &Supervisor) -> Result<(), String> {
    attempts_belong_to_tasks(machine)?;
    limits_hold(machine)?;
    checks_keep_apart(machine)?;
    tasks_can_move(machine)?;
    places_have_one_writer(machine)?;
    lines_hold(machine)?;
    machine.gates_hold()?;
    ledger_is_whole(machine)?;
    one_question_at_a_time(machine)?;
    questions_are_waited_for(machine)?;
    if machine.book.index != Index::of(&machine.book.tasks) {
        return Err("the index of tasks is not what the tasks say".to_owned());
    }
    Ok(())
}

fn attempts_belong_to_tasks(machine: &Supervisor) -> Result<(), String> {
    for (id, attempt) in &machine.live.attempts {
        let Some(task) = machine.book.task(*id) else {
            if attempt.ending.is_some() {
                continue;
            }
            return Err(format!("an attempt works on the unknown task {id}"));
        };
        if attempt.ending.is_none() && task.state != TaskState::Running {
            return Err(format!("{id} is {} while an attempt works on it at {:?}", task.state.name(), attempt.step));
        }
        let (waits_for_session, waits_for_job) = waits_for(&attempt.step);
        if let Some(session) = waits_for_session
            && !machine.live.sessions.contains_key(&session)
        {
            return Err(format!("{id} waits for the session {} that is over", session.0));
        }
        if let Some(job) = waits_for_job
            && !machine.live.jobs.contains_key(&job)
        {
            return Err(format!("{id} waits for a job that is done, at {:?}", attempt.step));
        }
    }
    for task in machine.book.open() {
        let works = machine.live.attempts.contains_key(&task.id);
        if task.state == TaskState::Running
            && !works
            && !machine.live.one_command
            && machine.live.phase != Phase::Asleep
            && machine.live.phase != Phase::Gone
        {
            return Err(format!("{} is running and nothing works on it", task.id));
        }
    }
    for (id, running) in &machine.live.sessions {
        if let Owner::Attempt(task) = &running.owner
            && !machine.live.attempts.contains_key(task)
        {
            return Err(format!("the session {} belongs to no attempt", id.0));
        }
    }
    Ok(())
}

/// Returns the session and the job that a step waits for.
fn waits_for(step: &Step) -> (Option<SessionId>, Option<JobId>) {
    match step {
        Step::Run(_, session) | Step::Agent(session) => (*session, None),
        Step::Snapshot(job)
        | Step::Prepare(job)
        | Step::Collect(job)
        | Step::Merge(job)
        | Step::Restore(job)
        | Step::Land(job)
        | Step::Record(job)
        | Step::TakeBack(job) => (None, Some(*job)),
        Step::SecondOpinion | Step::Plan(..) | Step::Gate | Step::Confirm(_) | Step::Ending => (None, None),
    }
}

/// The planner is asked by at most one attempt, and that one waits for it.
fn one_question_at_a_time(machine: &Supervisor) -> Result<(), String> {
    if machine.live.phase == Phase::Gone {
        return Ok(());
    }
    let asks = machine.live.attempts.iter().filter_map(|(id, attempt)| {
        if let Step::Plan(Some(plan), _) = attempt.step { Some((plan, *id)) } else { None }
    });
    let asks: Vec<_> = asks.collect();
    if asks == machine.live.planner.asked.into_iter().collect::<Vec<_>>() {
        return Ok(());
    }
    Err(format!("the planner was asked {:?}, and {asks:?} wait for it", machine.live.planner.asked))
}

/// A question is open only while its run waits for it; an answer always has somebody to go to.
fn questions_are_waited_for(machine: &Supervisor) -> Result<(), String> {
    for question in machine.book.questions.values() {
        let attempt = machine.live.attempts.get(&question.task);
        let plans = machine.live.planner.session == Some(question.session);
        let waits = attempt.is_some_and(|attempt| {
            let is_planned = plans && matches!(attempt.step, Step::Plan(Some(_), _));
            attempt.ending.is_none() && (is_planned || attempt.step == Step::Agent(Some(question.session)))
        });
        if !waits && !machine.live.one_command && machine.live.phase != Phase::Asleep {
            return Err(format!("question {} is open and no run waits for it", question.id.0));
        }
    }
    Ok(())
}

fn limits_hold(machine: &Supervisor) -> Result<(), String> {
    let limits = &machine.settings.limits;
    let surplus = machine.live.surplus;
    for lane in Lane::ALL {
        let works = |attempt: &&Attempt| attempt.lane == lane && matches!(attempt.step, Step::Agent(Some(_)));
        let agents = machine.live.attempts.values().filter(works).count();
        let left = surplus.agents[lane as usize];
        if agents > machine.width(lane).max(left) {
            return Err(format!("{agents} agents run in the lane {lane}, {} may", machine.width(lane)));
        }
    }
    let checks = machine.live.checks().count();
    if checks > (limits.checks as usize).max(surplus.checks) {
        return Err(format!("{checks} checks run, {} may", limits.checks));
    }
    let (done, failed) = &machine.book.finished;
    if done.len() > limits.completed as usize || failed.len() > limits.failed as usize {
        return Err("more finished tasks are remembered than asked for".to_owned());
    }
    Ok(())
}

fn checks_keep_apart(machine: &Supervisor) -> Result<(), String> {
    let running: Vec<_> = machine.live.checks().collect();
    let before = machine.live.surplus.last_session;
    for (index, (_, one)) in running.iter().enumerate() {
        // Sessions are in the order in which they began.
        for (_, other) in running[index + 1..].iter().filter(|(id, _)| **id > before) {
            let (Some(key), Some(other_key)) = (&one.check, &other.check) else { continue };
            let (Some(check), Some(other_check)) = (machine.check(&key.check), machine.check(&other_key.check)) else {
                continue;
            };
            if key.check == other_key.check && !check.parallel && one.place != other.place {
                return Err(format!("{} runs in two places at once", key.check));
            }
            if key == other_key && one.place == other.place && one.place == Place::Tree {
                return Err(format!("{key} runs twice at once in the user's tree"));
            }
            if !check.lock.is_empty() && check.lock == other_check.lock {
                return Err(format!(
                    "{} and {} run together under the lock {}",
                    key.check, other_key.check, check.lock
                ));
            }
        }
    }
    Ok(())
}

/// A task that waits has a reason that ends: something that runs, a deadline that will wake us, or a person.
fn tasks_can_move(machine: &Supervisor) -> Result<(), String> {
    if machine.live.phase != Phase::Up || machine.live.one_command {
        return Ok(());
    }
    for task in machine.book.open() {
        let waits_for_person = matches!(task.state, TaskState::Ready(_) | TaskState::Review(_));
        let works = machine.live.attempts.contains_key(&task.id);
        if !machine.has_goal(task) && !waits_for_person && !works {
            return Err(format!("{} is open and its check is not in the configuration", task.id));
        }
        if let TaskState::Held(HoldReason::Snoozed { until, .. }) = &task.state
            && task.check().and_then(|key| machine.book.snoozed.get(key)) != Some(until)
        {
            return Err(format!("{} is held by a snooze that is over", task.id));
        }
        let waits = matches!(task.state, TaskState::Queued | TaskState::Cooling { .. });
        if waits && machine.waiting(task).is_none() {
            return Err(format!("{} could start and does not ({})", task.id, book::subject(task)));
        }
    }
    if let Some(key) = machine.live.wanted.keys().find(|key| !machine.is_meaningful(key)) {
        return Err(format!("{key} is wanted and is not in the configuration"));
    }
    let is_over = |until: &SnoozeEnd| matches!(until, SnoozeEnd::At(until) if *until <= machine.live.now.wall);
    if machine.book.snoozed.values().any(is_over) {
        return Err("a snooze has not ended in time".to_owned());
    }
    if machine.next_wake().is_none() {
        return Err("nothing would ever wake the machine".to_owned());
    }
    Ok(())
}

fn places_have_one_writer(machine: &Supervisor) -> Result<(), String> {
    let mut slots: Vec<_> = machine.live.attempts.values().map(|attempt| attempt.slot).collect();
    slots.sort();
    if slots.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("two attempts share a workspace".to_owned());
    }
    let landing = machine.live.attempts.values().filter(|attempt| matches!(attempt.step, Step::Land(_))).count();
    let in_place = machine.live.attempts.values().filter(|attempt| attempt.place == Place::Tree).count();
    if in_place > 1 || (in_place > 0 && landing > 0) {
        return Err("two attempts write into the user's tree".to_owned());
    }
    Ok(())
}

/// No agent works on over a line of the budget that has not been asked to end.
fn lines_hold(machine: &Supervisor) -> Result<(), String> {
    if machine.live.phase == Phase::Asleep {
        return Ok(());
    }
    let works = |attempt: &Attempt| matches!(attempt.step, Step::Agent(Some(_))) && attempt.over.is_none();
    for (id, _) in machine.live.attempts.iter().filter(|(_, attempt)| works(attempt)) {
        let own = machine.book.task(*id).and_then(|task| machine.task_line(task));
        if let Some(line) = own.or(machine.day_line()) {
            return Err(format!("the agent of {id} works on although {} is used up", line.key()));
        }
    }
    Ok(())
}

/// The ledger is the sum of what was used: by finished attempts and by those under way.
fn ledger_is_whole(machine: &Supervisor) -> Result<(), String> {
    let book = &machine.book;
    let total = book.ledger.total();
    let total = total.fixer + total.planner;
    let running = machine.live.attempts.values().fold(Spent::default(), |sum, attempt| sum + attempt.spent);
    let used = book.statistics.spent + running;
    let is_up = !machine.live.one_command && machine.live.phase != Phase::Asleep && machine.live.phase != Phase::Gone;
    if is_up && (total.usd, total.tokens()) != (used.usd, used.tokens()) {
        return Err(format!("the ledger has {total:?}, used was {used:?}"));
    }
    let today = book.ledger.today();
    let tasks = book.ledger.tasks().into_values().fold(Spent::default(), |sum, spent| sum + spent);
    // What a person asks the planner belongs to no task.
    let asked = today.spent().since(tasks);
    let is_asked = asked.usd <= today.planner.usd && asked.tokens() <= today.planner.tokens();
    let is_less = tasks.usd <= today.spent().usd && tasks.tokens() <= today.spent().tokens();
    if !is_asked || !is_less || book.ledger.spent() != today.spent() {
        return Err(format!("today's ledger has {today:?}, its tasks {tasks:?}"));
    }
    Ok(())
}

/// Returns why a fact cannot be true after what the book knows.
///
/// # Errors
/// What it contradicts.
pub fn may_follow(book: &Book, fact: &Fact) -> Result<(), String> {
    if let Some(broken) = question_may(book, fact) {
        return Err(broken);
    }
    let known = fact.task().and_then(|id| book.task(id));
    let (holds, promise) = match (fact, known) {
        (Fact::Filed { task }, None) if task.id != book.last_task.next() => (false, "tasks are numbered in order"),
        (Fact::Filed { task }, _) => {
            (task.check().is_none_or(|key| book.open_task(key).is_none()), "a check has one open task")
        }
        (Fact::LandingBegan { landing, .. }, _) => {
            // Some numbers may be known from the disk alone.
            (*landing > book.last_landing, "landings are numbered in order")
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
            (waits || is_held || works, "only what waits or is worked on is held")
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
        Fact::Ended { state, .. } => (open && state.is_final(), "a task ends once"),
        Fact::Filed { .. }
        | Fact::LandingBegan { .. }
        | Fact::LandingFailed { .. }
        | Fact::Used { .. }
        | Fact::PlannerUsed { .. }
        | Fact::Logged { .. }
        | Fact::Trespassed { .. }
        | Fact::Questioned { .. }
        | Fact::Answered { .. }
        | Fact::Closed { .. }
        | Fact::Started { .. }
        | Fact::Stopped
        | Fact::Beat
        | Fact::BatchBegan { .. }
        | Fact::BatchGrew { .. }
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
