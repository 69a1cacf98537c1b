//! Every promise of the machine as a check, run after each input in debug builds and in the simulation.

use std::collections::BTreeSet;

use crate::core::book::{self, Class, Index, Source};
use crate::core::effect::Place;
use crate::core::landing_order::Turn;
use crate::core::lanes::lane;
use crate::core::live::{Attempt, Owner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::cost::Spent;
use crate::model::hold::{HoldReason, SnoozeEnd};
use crate::model::id::{JobId, SessionId};
use crate::model::task::{ReadyReason, TaskState};

/// Returns the first promise that does not hold.
///
/// # Errors
/// The promise, with what breaks it.
pub fn check(machine: &Supervisor) -> Result<(), String> {
    attempts_belong_to_tasks(machine)?;
    machine.limits_hold()?;
    checks_keep_apart(machine)?;
    tasks_can_move(machine)?;
    places_have_one_writer(machine)?;
    lines_hold(machine)?;
    machine.gates_hold()?;
    machine.unasked_is_held()?;
    ledger_is_whole(machine)?;
    one_question_at_a_time(machine)?;
    questions_are_waited_for(machine)?;
    if machine.book.up.iter().any(|task| !machine.book.agents.contains_key(task)) {
        return Err("an agent runs that was not started".to_owned());
    }
    events_are_followed(machine)?;
    turns_follow_the_queue(machine)?;
    machine.waiters_hold()?;
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

/// An event waits only for the end of the attempt that reported it.
fn events_are_followed(machine: &Supervisor) -> Result<(), String> {
    if machine.live.phase != Phase::Up || machine.live.one_command {
        return Ok(());
    }
    match machine.book.events.pending().find(|known| machine.is_due(known)) {
        Some(known) => Err(format!("event {} could be followed and is not", known.event.id.0)),
        None => Ok(()),
    }
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

/// Exactly the sources of which something waits have a turn.
fn turns_follow_the_queue(machine: &Supervisor) -> Result<(), String> {
    let book = &machine.book;
    let lines = book.index.waiting().filter_map(|id| book.task(id));
    let waits: BTreeSet<_> = lines.map(|task| (lane(task), Class::of(task), Source::of(task))).collect();
    if book.turns.lines().eq(waits.iter()) {
        return Ok(());
    }
    Err(format!("{:?} have turns, {waits:?} wait", book.turns))
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
        if matches!(task.state, TaskState::Ready(ReadyReason::InTurn(_))) && machine.turn_of(task) != Turn::Comes {
            return Err(format!("it is the turn of {}, or never will be, and it waits for it", task.id));
        }
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
        let task = machine.book.task(*id);
        let own = task.and_then(|task| machine.task_line(task));
        let batch = || task.and_then(|task| Some(machine.batch_line(task)?.0));
        if let Some(line) = own.or_else(batch).or(machine.day_line()) {
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
    for batch in book.batches.values().filter(|batch| book.index.is_open_batch(batch.id)) {
        let tasks = batch.tasks.iter().filter_map(|id| book.task(*id));
        let (tasks, known) =
            (tasks.fold(Spent::default(), |sum, task| sum + task.total()), book.ledger.of_batch(batch.id));
        if (tasks.usd, tasks.tokens()) != (known.usd, known.tokens()) {
            return Err(format!("the tasks of batch {} have used {tasks:?}, the ledger has {known:?}", batch.id.0));
        }
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
