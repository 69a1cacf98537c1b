//! Every promise of the machine as a check, run after each input in debug builds and in the simulation.

use crate::core::book;
use crate::core::effect::Place;
use crate::core::live::{Owner, Phase, Step};
use crate::core::supervisor::Supervisor;
use crate::model::task::TaskState;

/// Returns the first promise that does not hold.
///
/// # Errors
/// The promise, with what breaks it.
pub fn check(machine: &Supervisor) -> Result<(), String> {
    attempts_belong_to_tasks(machine)?;
    limits_hold(machine)?;
    checks_keep_apart(machine)?;
    tasks_can_move(machine)?;
    places_have_one_writer(machine)
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
        let waits_for_session = match &attempt.step {
            Step::Run(_, session) | Step::Agent(session) => *session,
            _ => None,
        };
        if let Some(session) = waits_for_session
            && !machine.live.sessions.contains_key(&session)
        {
            return Err(format!("{id} waits for the session {} that is over", session.0));
        }
        let waits_for_job = match &attempt.step {
            Step::Snapshot(job)
            | Step::Prepare(job)
            | Step::Collect(job)
            | Step::Merge(job)
            | Step::Restore(job)
            | Step::Land(job)
            | Step::Record(job)
            | Step::TakeBack(job) => Some(*job),
            _ => None,
        };
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

fn limits_hold(machine: &Supervisor) -> Result<(), String> {
    let limits = &machine.settings.limits;
    let starting_or_working = machine.live.attempts.values().filter(|attempt| attempt.ending.is_none());
    let landing =
        |attempt: &&crate::core::live::Attempt| attempt.accepted.as_ref().is_some_and(|accepted| !accepted.is_empty());
    let working = starting_or_working.filter(|attempt| !landing(attempt) && attempt.step != Step::Gate).count();
    let agents = machine.live.attempts.values().filter(|attempt| matches!(attempt.step, Step::Agent(Some(_)))).count();
    if agents > limits.running as usize {
        return Err(format!("{agents} agents run, {} may (and {working} attempts)", limits.running));
    }
    let checks = machine.live.checks().count();
    if checks > limits.checks as usize {
        return Err(format!("{checks} checks run, {} may", limits.checks));
    }
    let (done, failed) = &machine.book.finished;
    if done.len() > limits.completed as usize || failed.len() > limits.failed as usize {
        return Err("more finished tasks are remembered than asked for".to_owned());
    }
    Ok(())
}

fn checks_keep_apart(machine: &Supervisor) -> Result<(), String> {
    let running: Vec<_> = machine.live.checks().map(|(_, running)| running).collect();
    for (index, one) in running.iter().enumerate() {
        for other in &running[index + 1..] {
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
        let waits = matches!(task.state, TaskState::Queued | TaskState::Cooling { .. });
        if waits && machine.waiting(task).is_none() {
            return Err(format!("{} could start and does not ({})", task.id, book::subject(task)));
        }
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
