//! What sessions, orchestrations and the queue are from outside, in the documented shapes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::answers::report::Reporter;
use crate::core::book::Rank;
use crate::core::lanes::lane;
use crate::core::orchestrate::mode_name;
use crate::model::assignment::{Assignment, BatchKind, Lane};
use crate::model::attempt::Stage;
use crate::model::hold::HoldReason;
use crate::model::id::{BatchId, SessionId, TaskId};
use crate::model::outcome::Artifact;
use crate::model::policy::FIXER;
use crate::model::task::{FailReason, ReadyReason, Task, TaskState};
use crate::model::time::Wall;

/// Returns the word for where a session stands. Created and starting are both `initializing`; what waits for its turn or
/// for others is `pending`; what waits for a person, or for others that failed, is `blocked`.
pub fn state(task: &Task) -> &'static str {
    match &task.state {
        TaskState::Held(HoldReason::Created) => "initializing",
        TaskState::Running if matches!(task.stage, None | Some(Stage::Prepare)) => "initializing",
        TaskState::Pending(_) | TaskState::Queued | TaskState::Cooling { .. } => "pending",
        TaskState::Running | TaskState::Ready(ReadyReason::InTurn(_)) => "running",
        TaskState::Blocked(_) | TaskState::Held(_) | TaskState::Review(_) => "blocked",
        // Its work is done, and others build on it; only landing waits for a yes.
        TaskState::Ready(_) | TaskState::Done(_) => "completed",
        TaskState::Failed(_) => "failed",
    }
}

/// Returns a session; nothing if the task is none.
pub fn session(reporter: &Reporter<'_>, task: &Task) -> Option<Value> {
    let assignment = task.assignment().filter(|_| lane(task) == Lane::Session)?;
    let project = assignment.project.clone().unwrap_or_default();
    Some(json!({
        "id": task.id.uuid(reporter.space),
        "type": assignment.role,
        "status": state(task),
        // There is no container: it works in a private copy of the tree.
        "containerId": Value::Null,
        "isolation": "workspace",
        "project": *project,
        "dependencies": assignment.after.iter().map(|id| id.uuid(reporter.space)).collect::<Vec<_>>(),
        "orchestrationId": assignment.batch.map(|batch| batch.uuid(reporter.space)),
        "task": task.id.0,
        "title": task.title(),
        "reason": reporter.why(task),
    }))
}

/// Lists the sessions, of one orchestration if it is named.
pub fn list(reporter: &Reporter<'_>, of: Option<BatchId>) -> Value {
    let is_of = |task: &&std::sync::Arc<Task>| {
        of.is_none() || task.assignment().is_some_and(|assignment| assignment.batch == of)
    };
    let sessions: Vec<Value> =
        reporter.book.tasks.values().filter(is_of).filter_map(|task| session(reporter, task)).collect();
    let batch = of.and_then(|of| reporter.book.batches.get(&of));
    json!({
        "sessions": sessions,
        "orchestration": batch.map(|batch| match &batch.kind {
            BatchKind::Orchestration { requirement, mode, start } => json!({
                "id": batch.id.uuid(reporter.space), "number": batch.id.0, "requirement": requirement, "mode": mode_name(*mode), "autoStart": start,
            }),
            BatchKind::Day { file, .. } => json!({ "id": batch.id.uuid(reporter.space), "number": batch.id.0, "file": file }),
        }),
    })
}

/// Returns what a session has brought; its log is read from the journal by whoever asks.
///
/// # Errors
/// If it is no session, or not completed: there is no output yet.
pub fn output(reporter: &Reporter<'_>, task: &Task) -> Result<Value, String> {
    if lane(task) != Lane::Session {
        return Err(format!("{} is no session", task.id));
    }
    let status = state(task);
    if status != "completed" {
        let last = task.attempts.iter().rev().find_map(|attempt| attempt.exit).filter(|exit| exit.number() != Some(0));
        let why = (reporter.reason)(task);
        let how = last.map(|exit| exit.to_string()).filter(|how| !why.contains(how));
        let how = how.map(|how| format!("; its agent's process: {how}")).unwrap_or_default();
        return Err(format!("session {} has no output: it is {status} ({why}{how})", task.id));
    }
    let outcome = task.outcome().cloned().unwrap_or_default();
    let receipt = task.receipt.as_ref().or(task.result.as_ref().map(|result| &result.receipt));
    // What changed is known; what an agent names besides is its word.
    let changed = receipt.into_iter().flat_map(|receipt| &receipt.files).map(|file| file.path.clone());
    let mut artifacts: Vec<Artifact> = changed.map(|path| Artifact::File { path }).collect();
    for artifact in outcome.artifacts {
        if !artifacts.contains(&artifact) {
            artifacts.push(artifact);
        }
    }
    Ok(json!({
        "sessionId": task.id.uuid(reporter.space),
        "task": task.id.0,
        "status": status,
        "output": {
            "logs": [],
            "artifacts": artifacts,
            "summary": outcome.summary,
            "nextSteps": outcome.next_steps,
        },
    }))
}

/// Returns the queue: what waits and works in order, what is over since it was cleared, and how it is set.
pub fn queue(reporter: &Reporter<'_>) -> Value {
    let of_queue = || reporter.book.tasks.values().filter(|task| lane(task) == Lane::Queue);
    // What only waits for a yes to land is worked on no more.
    let is_over = |task: &Task| task.state.is_final() || stands(&task.state, true).0 == "completed";
    let mut open: Vec<_> = of_queue().filter(|task| !is_over(task)).collect();
    let turns: BTreeMap<TaskId, usize> =
        reporter.book.in_turn(Lane::Queue).into_iter().enumerate().map(|(at, task)| (task, at)).collect();
    let turn = |task: &Task| turns.get(&task.id).copied().unwrap_or(usize::MAX);
    open.sort_by_key(|task| (task.state != TaskState::Running, turn(task), Rank::of(task)));
    let cleared = reporter.book.lanes.cleared(Lane::Queue).unwrap_or_default();
    // What was removed is not shown as a failure.
    let is_shown = |task: &&std::sync::Arc<Task>| {
        let removed = task.state == TaskState::Failed(FailReason::Killed);
        is_over(task) && !removed && task.ended.is_none_or(|ended| ended > cleared)
    };
    let over = of_queue().filter(is_shown).map(|task| item(reporter, task, None));
    let items = open.into_iter().enumerate().map(|(at, task)| item(reporter, task, Some(at + 1)));
    let why = reporter.book.lanes.why(Lane::Queue);
    json!({
        "items": items.collect::<Vec<_>>(),
        "completed": over.collect::<Vec<_>>(),
        "settings": { "paused": why.is_some(), "reason": why },
    })
}

/// Returns the documented words for where a task stands in the queue, and as a task; `is_up`: an agent has begun to work in
/// its attempt. Before that it is assigned, as is one that other roles work on.
pub fn stands(state: &TaskState, is_up: bool) -> (&'static str, &'static str) {
    match state {
        TaskState::Running if is_up => ("processing", "in_progress"),
        TaskState::Ready(ReadyReason::InTurn(_)) => ("processing", "in_progress"),
        TaskState::Running => ("processing", "assigned"),
        TaskState::Done(_) | TaskState::Ready(_) => ("completed", "completed"),
        TaskState::Failed(_) => ("failed", "failed"),
        TaskState::Held(HoldReason::PassedOn) => ("queued", "assigned"),
        TaskState::Held(_) | TaskState::Pending(_) | TaskState::Blocked(_) => ("queued", "pending"),
        TaskState::Queued | TaskState::Cooling { .. } | TaskState::Review(_) => ("queued", "queued"),
    }
}

/// Returns the name of the agent that works on a task, as lists and tables have it: `coding-19aa3f0c211`.
pub fn agent_name(task: &Task, session: SessionId) -> String {
    format!("{}-{:x}", task.assignment().map_or(FIXER, |assignment| &assignment.role), session.0)
}

fn item(reporter: &Reporter<'_>, task: &Task, position: Option<usize>) -> Value {
    let (status, stands) = stands(&task.state, reporter.book.up.contains(&task.id));
    let assignment = task.assignment();
    let project = assignment.and_then(|assignment| assignment.project.as_deref());
    // Of a result that waits for a yes the work is completed, if not the task.
    let is_made = matches!(task.state, TaskState::Ready(_));
    let made = task.result.as_ref().filter(|_| is_made).map(|result| result.receipt.at);
    let agent = reporter.book.agents.get(&task.id).map(|session| agent_name(task, *session));
    json!({
        "id": task.id.0,
        "task_id": task.id.long(),
        "position": position,
        "status": status,
        "queued_at": task.filed.iso(),
        "completed_at": task.ended.or(made).map(Wall::iso),
        "title": assignment.map(Assignment::title),
        "description": assignment.map(|assignment| &assignment.description),
        "task_status": stands,
        "repo": project.map(|project| &project.repository).filter(|name| !name.is_empty()),
        "role": assignment.map(|assignment| &assignment.role),
        "priority": task.priority,
        // What an agent says last is no plan.
        "execution_plan": task.plan.as_ref().and_then(|plan| plan.strategy()),
        "assigned_agent_id": agent,
        "reason": (reporter.reason)(task),
    })
}
