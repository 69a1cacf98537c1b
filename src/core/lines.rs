//! One line for each fact, for `run --headless`, `logs` and the screen.

use crate::core::fact::Fact;
use crate::model::agent::Violation;
use crate::model::assignment::{Batch, BatchKind, Lane};
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::budget::Limit;
use crate::model::check::{CheckRun, Fingerprint, Verdict};
use crate::model::cost::Usd;
use crate::model::event::{Consequence, Event};
use crate::model::health::Level;
use crate::model::hold::{HoldReason, SnoozeEnd};
use crate::model::id::{BatchId, EventId, TaskId};
use crate::model::lane::LaneChange;
use crate::model::plan::{Advice, Plan};
use crate::model::question::Question;
use crate::model::receipt::Receipt;
use crate::model::settings::LandMode;
use crate::model::task::{DoneReason, FailReason, TaskState};
use crate::model::time::{Wall, brief};
use crate::model::workspace::FileChange;

/// Returns the line of a fact, without its time; `None` for facts that say nothing to a person. Times in it are UTC.
pub fn line(fact: &Fact, now: Wall) -> Option<String> {
    said(fact, now, &Wall::iso)
}

/// Returns the same with times as a person's clock shows them; `offset` is how far that is ahead of UTC, in seconds.
pub fn local_line(fact: &Fact, now: Wall, offset: i64) -> Option<String> {
    said(fact, now, &|at| time_of_day(at, offset).chars().take(5).collect())
}

fn said(fact: &Fact, now: Wall, time: &dyn Fn(Wall) -> String) -> Option<String> {
    let text = match fact {
        Fact::Started { pid, version, .. } => format!("orchestrator-tui {version} started, process {pid}"),
        Fact::Stopped => "stopped".to_owned(),
        Fact::Beat
        | Fact::DayBegan { .. }
        | Fact::GreenAt { .. }
        | Fact::AgentStarted { .. }
        | Fact::AgentUp { .. }
        | Fact::Used { .. }
        | Fact::PlannerUsed { .. }
        | Fact::PlannerTalks { .. }
        | Fact::Merged { .. }
        | Fact::LandingBegan { .. } => return None,
        Fact::Changed { files, count, .. } => match files.as_slice() {
            [only] => format!("changed: {only}"),
            [first, ..] => format!("changed: {first} and {} more", count.saturating_sub(1)),
            [] => format!("changed: {count} files"),
        },
        Fact::Ran { key, run, .. } => format!("{} {key} {}", glyph(run.verdict), ran(run)),
        Fact::Neared { line, used, limit, reached } => neared(*line, *used, *limit, *reached),
        Fact::Raised { usd, tokens } => raised(*usd, *tokens),
        Fact::Forgotten { key } => format!("· {key} has nothing to run"),
        Fact::Filed { task } => {
            format!("{} filed: {}{}", task.id, task.title(), already(&task.failures, &task.red_before))
        }
        Fact::BatchBegan { batch } => began(batch),
        Fact::Emitted { event } => emitted(event),
        Fact::EventFileLeft { file, why } => format!("⚠ the event file {} is left where it is: {why}", file.name),
        Fact::Routed { event, outcomes } => routed(*event, outcomes),
        Fact::BatchGrew { batch, tasks } => grew(*batch, tasks.len()),
        Fact::BatchApproved { batch } => format!("the plan of batch {} is approved", batch.0),
        Fact::BatchLimited { batch, budget } => limited(*batch, *budget),
        Fact::Lane { lane, change } => lane_line(*lane, change),
        Fact::Gated { task, state } if *state == TaskState::Queued => format!("{task} waits for nothing more"),
        Fact::Held { task, reason } => {
            format!("{task} {}; `orchestrator-tui fix {}` starts it", held(reason, time), task.0)
        }
        Fact::Released { task, forced: true } => format!("{task} starts because you said so"),
        Fact::Released { task, forced: false } => format!("{task} may start"),
        Fact::Retried { task } => format!("{task} is tried again"),
        Fact::AttemptStarted { task, number, landing: true, .. } => {
            format!("{task} goes on: what attempt {number} made is brought in")
        }
        Fact::AttemptStarted { task, number, slot, landing: false } => {
            format!("{task} attempt {number} in workspace {}", slot.0)
        }
        Fact::Staged { task, stage, brings } => format!("{task} {}", stage.name_for(*brings)),
        Fact::Planned { task, plan } => planned(*task, plan),
        Fact::Logged { task, lines } => {
            let lines: Vec<String> =
                lines.iter().map(|line| format!("{task}   {:<8} {}", line.label, line.text)).collect();
            lines.join("\n")
        }
        Fact::Violated { task, violation } => violated(*task, violation),
        Fact::Trespassed { task, whose, deed } => trespassed(*task, whose, deed),
        Fact::Questioned { question } => {
            let Question { id, task, agent, ask, .. } = &**question;
            format!("? {task} {agent} {}; `orchestrator-tui answer {}`", ask.about.brief(), id.0)
        }
        Fact::Answered { question, task, reply, .. } => format!("{task} question {}: {}", question.0, reply.brief()),
        Fact::Closed { question, task, why } => format!("{task} question {} is closed: {}", question.0, why.text()),
        Fact::Messaged { task, text, .. } => {
            let lines: Vec<String> = text.lines().map(|line| format!("{task}   {:<8} {line}", "you")).collect();
            lines.join("\n")
        }
        Fact::AttemptEnded { task, record, then } => return ended(*task, record, then, now, time),
        Fact::Ready { task, reason, .. } => {
            format!("{task} {reason}; `orchestrator-tui show {0}`, then `land {0}` or `refuse {0}`", task.0)
        }
        Fact::NeedsReview { task, reason, .. } => format!("{task} {reason}; `orchestrator-tui show {}`", task.0),
        Fact::Landed { task, receipt } => landed(*task, receipt),
        Fact::LandingFailed { task } => format!("{task} did not land"),
        Fact::TakenBack { task, .. } => format!("{task} landing taken back"),
        Fact::Undone { task, files, .. } => {
            let files: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
            format!("{task} undone: {}", files.join(", "))
        }
        Fact::Gated { task, state } | Fact::Ended { task, state } => format!("{task} {}", state.reason(now)),
        Fact::Parked { until: Some(until), why } => format!("parked until {}: {why}", time(*until)),
        Fact::Parked { until: None, why } => format!("parked: {why}"),
        Fact::Unparked => "going on".to_owned(),
        Fact::BreakerTripped { subject, failures, until } => {
            format!("breaker: {subject} failed {failures} times and is left alone until {}", time(*until))
        }
        Fact::Paused => "paused".to_owned(),
        Fact::Resumed => "resumed".to_owned(),
        Fact::Replaced { task, files, .. } => {
            let files: Vec<String> = files.iter().map(ToString::to_string).collect();
            format!("your save replaced {task}: {}", files.join(", "))
        }
        Fact::Snoozed { key, until } => format!("{key} is snoozed {}", ending(until, time)),
        Fact::Unsnoozed { key } => format!("{key} is no longer snoozed"),
        Fact::Lesson { lesson, dropped } => format!("lesson {lesson} {}", if *dropped { "dropped" } else { "kept" }),
        Fact::Agreed { land } => agreed(*land).to_owned(),
        Fact::Reconfigured { changes, .. } if changes.is_empty() => "configuration re-read: it is as before".to_owned(),
        Fact::Reconfigured { changes, .. } => format!("configuration re-read: {}", changes.join("; ")),
        Fact::ConfigRefused { why } => format!("configuration not taken up, the one before goes on: {why}"),
        Fact::Felt { part, level } => format!("health: {} {}", part.name(), felt(level)),
    };
    Some(text)
}

fn neared(line: Limit, used: u64, limit: u64, reached: bool) -> String {
    let (key, share) = (line.key(), line.share(used, limit));
    if reached {
        return format!(
            "{key} is used up: {share}; nothing starts until midnight, \
             `orchestrator-tui costs --raise 10` goes on today"
        );
    }
    format!("{share} are used today ({key})")
}

fn raised(usd: Usd, tokens: u64) -> String {
    let lines = [(Limit::DayUsd, usd.0), (Limit::DayTokens, tokens)];
    let more = lines.into_iter().filter(|(_, more)| *more > 0).map(|(line, more)| line.amount(more));
    format!("today may cost {} more", more.collect::<Vec<_>>().join(" and "))
}

fn violated(task: Option<TaskId>, violation: &Violation) -> String {
    match task {
        Some(task) => format!("⚠ {task} agent stopped, it broke {violation}"),
        None => format!("⚠ the planner was stopped, it broke {violation}"),
    }
}

fn trespassed(task: Option<TaskId>, whose: &str, deed: &str) -> String {
    let task = task.map(|task| format!("{task} ")).unwrap_or_default();
    format!("⚠ {task}refused: a process of {whose} asked to {deed}; only a person may")
}

fn landed(task: TaskId, receipt: &Receipt) -> String {
    let place = |file: &FileChange| format!("{} +{} −{}", file.place(), file.added, file.removed);
    let files: Vec<String> = receipt.files.iter().map(place).collect();
    let price = receipt.spent.price().map(|_| format!(" ({})", receipt.spent)).unwrap_or_default();
    format!("✓ {task} landed in your tree: {}{price}", files.join(", "))
}

fn planned(task: TaskId, plan: &Plan) -> String {
    match &plan.advice {
        Advice::Strategy(text) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let lines: Vec<String> = lines.map(|line| format!("\n{task}            {line}")).collect();
            format!("{task}   planner  a strategy in {}{}", brief(plan.took), lines.concat())
        }
        Advice::Basic { why } => format!("{task}   planner  the basic strategy, after {}: {why}", brief(plan.took)),
    }
}

fn routed(event: EventId, outcomes: &[Consequence]) -> String {
    let each: Vec<String> = outcomes.iter().map(ToString::to_string).collect();
    format!("event {}: {}", event.0, each.join(", "))
}

fn emitted(event: &Event) -> String {
    let subject = event.subject.map(|task| format!(" about {task}")).unwrap_or_default();
    format!("event {}: {} from {}{subject}", event.id.0, event.kind, event.by)
}

fn agreed(land: LandMode) -> &'static str {
    match land {
        LandMode::Auto => "from now on verified fixes land by themselves",
        LandMode::Ask => "from now on verified fixes wait for a yes",
    }
}

fn grew(batch: BatchId, more: usize) -> String {
    format!("batch {}: {more} more {}", batch.0, if more == 1 { "task" } else { "tasks" })
}

fn limited(batch: BatchId, budget: Option<Usd>) -> String {
    let key = Limit::BatchUsd.key();
    match budget {
        Some(limit) => format!("batch {}: {key} is {limit} now", batch.0),
        None => format!("batch {}: there is no {key} any more", batch.0),
    }
}

fn began(batch: &Batch) -> String {
    let count = batch.tasks.len();
    match &batch.kind {
        BatchKind::Day { file, .. } => {
            let tasks = if count == 1 { "task" } else { "tasks" };
            format!("batch {}: {count} {tasks} of {}", batch.id.0, file.display())
        }
        BatchKind::Orchestration { requirement, .. } => {
            let sessions = if count == 1 { "session" } else { "sessions" };
            let first = requirement.lines().next().unwrap_or_default();
            format!("batch {}: {count} {sessions} for: {first}", batch.id.0)
        }
    }
}

fn lane_line(lane: Lane, change: &LaneChange) -> String {
    match change {
        LaneChange::Paused { why } => {
            format!("the {lane} lane is paused: {why}; `orchestrator-tui {lane} resume` goes on")
        }
        LaneChange::Resumed => format!("the {lane} lane goes on"),
        LaneChange::Cleared => format!("what was over in the {lane} lane is cleared"),
    }
}

/// Says how an attempt ended.
fn ended(
    task: TaskId,
    record: &AttemptRecord,
    then: &TaskState,
    now: Wall,
    time: &dyn Fn(Wall) -> String,
) -> Option<String> {
    let text = match then {
        // The line that says it waits for a person has said so.
        TaskState::Ready(_) | TaskState::Review(_) if record.end == AttemptEnd::Verified => return None,
        TaskState::Done(DoneReason::Landed(_)) => {
            format!("{task} done; `orchestrator-tui undo {}` takes it back", task.0)
        }
        TaskState::Failed(FailReason::Escalated { .. }) => {
            format!("{task} {}; `orchestrator-tui show {}` tells the story", then.reason(now), task.0)
        }
        TaskState::Done(_) | TaskState::Failed(_) => format!("{task} {}", then.reason(now)),
        TaskState::Cooling { until } => {
            format!("{task} attempt {} {}; next in {}", record.number, record.end, brief(until.since(now)))
        }
        // A person's word was said when it was given, and a broken rule is how it ended.
        TaskState::Held(reason) if is_news(reason, &record.end) => {
            let (why, number) = (held(reason, time), record.number);
            format!("{task} attempt {number} {}; {why}; `orchestrator-tui fix {}` starts it", record.end, task.0)
        }
        TaskState::Queued
        | TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Held(_)
        | TaskState::Running
        | TaskState::Ready(_)
        | TaskState::Review(_) => {
            if matches!(record.end, AttemptEnd::Parked { .. }) {
                // Why was said when everything was parked.
                return Some(format!("{task} goes back to the queue; the attempt does not count"));
            }
            if record.landing {
                return Some(format!("{task} landing {}", record.end));
            }
            format!("{task} attempt {} {}", record.number, record.end)
        }
    };
    Some(text)
}

/// Whether nobody has said yet that a task is held after an attempt that ended like this.
fn is_news(reason: &HoldReason, end: &AttemptEnd) -> bool {
    match reason {
        HoldReason::PriceUnknown => true,
        HoldReason::Snoozed { then: Some(then), .. } => is_news(then, end),
        HoldReason::ByYou | HoldReason::Violation(_) | HoldReason::Snoozed { then: None, .. } => false,
        HoldReason::RedBefore
        | HoldReason::HeadMoved
        | HoldReason::Operation(_)
        | HoldReason::TooMany(_)
        | HoldReason::Undone(_)
        | HoldReason::Refused(_)
        | HoldReason::FixingOff
        | HoldReason::RedBeforeFixing
        | HoldReason::Unanswered
        | HoldReason::Created
        | HoldReason::PassedOn
        | HoldReason::Stalled
        | HoldReason::Unfit(_) => end.is_charged(),
    }
}

fn held(reason: &HoldReason, time: &dyn Fn(Wall) -> String) -> String {
    if let HoldReason::Snoozed { until, .. } = reason {
        format!("held: snoozed {}", ending(until, time))
    } else {
        reason.to_string()
    }
}

fn ending(until: &SnoozeEnd, time: &dyn Fn(Wall) -> String) -> String {
    match until {
        SnoozeEnd::At(at) => format!("until {}", time(*at)),
        other @ (SnoozeEnd::Green | SnoozeEnd::LeavingBranch(_)) => other.to_string(),
    }
}

/// Puts the time of day before each line of a text; `offset` is how far local time is ahead of UTC, in seconds.
pub fn stamped(at: Wall, offset: i64, text: &str) -> String {
    let time = time_of_day(at, offset);
    let lines: Vec<String> = text.lines().map(|line| format!("{time} {line}")).collect();
    lines.join("\n")
}

/// Writes the time of day: `14:32:05`.
pub fn time_of_day(at: Wall, offset: i64) -> String {
    let seconds = i64::try_from(at.0 / 1000).unwrap_or(i64::MAX).saturating_add(offset).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn felt(level: &Level) -> String {
    match level {
        Level::Up => "is up".to_owned(),
        Level::Degraded { reason, .. } => format!("is degraded: {reason}"),
        Level::Down { reason, .. } => format!("is down: {reason}"),
    }
}

fn glyph(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Green => "✓",
        Verdict::Red | Verdict::TimedOut | Verdict::Broken => "✗",
    }
}

fn ran(run: &CheckRun) -> String {
    let took = brief(run.took);
    let tests = run.findings.tests.map(|tests| format!(", {} passed, {} failed", tests.passed, tests.failed));
    let tests = tests.unwrap_or_default();
    match run.verdict {
        Verdict::Green => format!("green in {took}{tests}"),
        Verdict::Red => match run.findings.failures.as_slice() {
            [] => format!("red in {took}{tests}"),
            [only] => format!("red in {took}{tests}: {}", only.id),
            [first, rest @ ..] => format!("red in {took}{tests}: {} and {} more", first.id, rest.len()),
        },
        Verdict::TimedOut => format!("ended after its time limit, {took}"),
        Verdict::Broken => format!("cannot run: {}", run.findings.excerpt.lines().next().unwrap_or("no reason given")),
    }
}

fn already(failures: &[Fingerprint], before: &[Fingerprint]) -> String {
    if before.is_empty() {
        return String::new();
    }
    format!(
        ": you broke {}, {} {} red already",
        failures.len(),
        before.len(),
        if before.len() == 1 { "was" } else { "were" }
    )
}
