//! What facts mean for the tables that any `SQLite` tool reads beside the journal.

use std::collections::BTreeSet;

use serde_json::json;

use crate::app::answers::sessions::{agent_name, stands};
use crate::core::book::{Book, Class, Source, Wait};
use crate::core::effect::Recorded;
use crate::core::fact::Fact;
use crate::core::lanes::lane;
use crate::edge::store::{AgentRow, Journal, QueueRow, RowChange, StoreError, TaskRow, TurnRow};
use crate::model::assignment::Lane;
use crate::model::attempt::{AttemptEnd, AttemptRecord};
use crate::model::id::TaskId;
use crate::model::lane::LaneChange;
use crate::model::policy::FIXER;
use crate::model::session::Exit;
use crate::model::settings::Lanes;
use crate::model::task::{FailReason, Task, TaskState};
use crate::model::time::{Wall, millis};

/// Returns what follows from facts; `book` is how all is after them.
pub fn of(facts: &[Recorded], book: &Book, lanes: &Lanes) -> Vec<RowChange> {
    let mut changes = Vec::new();
    let mut touched = BTreeSet::new();
    for recorded in facts {
        of_one(recorded, book, lanes, &mut changes);
        if let Some(task) = recorded.fact.task().filter(|_| is_of_row(&recorded.fact)) {
            touched.insert(task);
        }
    }
    // Once for all that became of it.
    for id in touched {
        if let Some(task) = book.task(id) {
            of_task(task, book, &mut changes);
        } else if let Some(state) = facts.iter().rev().find_map(|recorded| end_of(&recorded.fact, id)) {
            // It is over and already forgotten.
            changes.push(RowChange::TaskOver { task: id, status: stands(state, false).1, state: state.name() });
        }
    }
    changes
}

/// Fills the tables of a journal that was opened without ones that say what its facts say.
///
/// # Errors
/// If the journal is not written any more.
pub fn fill(journal: &mut Journal, facts: &[Recorded], lanes: &Lanes) -> Result<(), StoreError> {
    if journal.has_tables() { Ok(()) } else { journal.fill_tables(of_all(facts, lanes)) }
}

/// Returns what follows from all facts, from the first on.
fn of_all(facts: &[Recorded], lanes: &Lanes) -> Vec<RowChange> {
    let mut book = Book::default();
    let mut changes = Vec::new();
    for recorded in facts {
        book.apply(recorded);
        changes.extend(of(std::slice::from_ref(recorded), &book, lanes));
    }
    settings(&book, lanes, &mut changes);
    changes
}

/// Whether a fact changes what the row of its task says.
fn is_of_row(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Used { .. }
            | Fact::Logged { .. }
            | Fact::PlannerUsed { .. }
            | Fact::Staged { .. }
            | Fact::Messaged { .. }
            | Fact::Violated { .. }
            | Fact::PlannerTalks { .. }
            | Fact::Trespassed { .. }
            | Fact::Questioned { .. }
            | Fact::Answered { .. }
            | Fact::Closed { .. }
            | Fact::Merged { .. }
    )
}

fn of_one(recorded: &Recorded, book: &Book, lanes: &Lanes, changes: &mut Vec<RowChange>) {
    let at = recorded.at;
    match &recorded.fact {
        Fact::AgentStarted { task, session } => {
            let Some(known) = book.task(*task) else { return };
            changes.push(RowChange::Agent(Box::new(AgentRow {
                id: agent_name(known, *session),
                task: *task,
                session: format!("session-{}", session.0),
                role: known.assignment().map_or(FIXER, |it| &it.role).to_owned(),
                at: at.iso(),
                metadata: json!({ "session": session }).to_string(),
            })));
        }
        Fact::AgentUp { task, .. } => changes.push(RowChange::AgentUp(*task)),
        Fact::AttemptEnded { task, record, .. } => changes.push(ended(*task, at, record)),
        Fact::Logged { task, lines } => {
            let texts = lines.iter().map(|line| format!("{}: {}", line.label, line.text)).collect();
            changes.push(RowChange::Logged { task: *task, at: at.iso(), lines: texts });
        }
        Fact::Lane { lane: Lane::Queue, change } => {
            if *change == LaneChange::Cleared {
                changes.push(RowChange::QueueCleared);
            }
            settings(book, lanes, changes);
        }
        Fact::Started { .. } | Fact::Reconfigured { .. } => settings(book, lanes, changes),
        _ => {}
    }
}

fn ended(task: TaskId, at: Wall, record: &AttemptRecord) -> RowChange {
    let status = match &record.end {
        AttemptEnd::Verified => "completed",
        AttemptEnd::TimedOut { .. } => "timeout",
        AttemptEnd::Violation(_) | AttemptEnd::Interrupted | AttemptEnd::Withdrawn => "killed",
        AttemptEnd::Refuted { .. }
        | AttemptEnd::AgentFailed { .. }
        | AttemptEnd::NoChange
        | AttemptEnd::Undelivered { .. }
        | AttemptEnd::Broken { .. }
        | AttemptEnd::Parked { .. } => "failed",
    };
    let spent = record.spent;
    let metadata = json!({
        "attempt": record.number,
        "cost_usd": if spent.unpriced { None } else { Some(spent.usd.dollars()) },
        "tokens": spent.tokens(),
        "duration_ms": millis(record.took),
        "outcome": record.end.to_string(),
    });
    let error = (record.end != AttemptEnd::Verified).then(|| record.end.to_string());
    let exit = record.exit.and_then(Exit::number);
    RowChange::AgentEnded { task, status, at: at.iso(), error, exit, metadata: metadata.to_string() }
}

fn of_task(task: &Task, book: &Book, changes: &mut Vec<RowChange>) {
    let assignment = task.assignment();
    let project = assignment.and_then(|assignment| assignment.project.as_deref());
    let (queue, status) = stands(&task.state, book.up.contains(&task.id));
    let plan = task.outcome().and_then(|outcome| serde_json::to_string(outcome).ok());
    let plan = plan.or_else(|| task.plan.as_ref().and_then(|plan| serde_json::to_string(plan).ok()));
    changes.push(RowChange::Task(Box::new(TaskRow {
        task: task.id,
        title: task.title(),
        description: assignment.map_or_else(|| format!("Make {} green", task.title()), |it| it.description.clone()),
        status,
        state: task.state.name(),
        repo: project.map(|project| project.repository.clone()).filter(|name| !name.is_empty()),
        plan,
        agent: book.agents.get(&task.id).map(|session| agent_name(task, *session)),
    })));
    if lane(task) == Lane::Queue {
        let source = Source::of(task);
        for forced in [false, true] {
            let line = (Lane::Queue, Class::with(forced, task.priority), source);
            let turn = book.turns.stamp(&line).map(|stamp| TurnRow {
                forced,
                priority: task.priority,
                source: source.number(),
                stamp,
            });
            changes.extend(turn.map(RowChange::Turn));
        }
        changes.push(if task.state == TaskState::Failed(FailReason::Killed) {
            // What was taken out is no failure of the queue.
            RowChange::Unqueued(task.id)
        } else {
            RowChange::Queued(QueueRow {
                task: task.id,
                status: queue,
                forced: task.forced,
                priority: task.priority,
                at: task.filed.iso(),
                ended: task.ended.map(Wall::iso),
                source: source.number(),
                waits: Wait::of(task).is_some(),
            })
        });
    }
}

/// Returns how a fact says that a task ended.
fn end_of(fact: &Fact, id: TaskId) -> Option<&TaskState> {
    match fact {
        Fact::Ended { task, state } | Fact::AttemptEnded { task, then: state, .. } if *task == id => {
            Some(state).filter(|state| state.is_final())
        }
        Fact::Undone { task, .. } if *task == id => Some(&TaskState::Failed(FailReason::Undone)),
        _ => None,
    }
}

fn settings(book: &Book, lanes: &Lanes, changes: &mut Vec<RowChange>) {
    let values = [
        ("paused", book.lanes.is_paused(Lane::Queue).to_string()),
        ("enabled", lanes.enabled.to_string()),
        ("stop_on_failure", lanes.stop_on_failure.to_string()),
        ("max_concurrent", lanes.queue.to_string()),
    ];
    changes.extend(values.map(|(key, value)| RowChange::Setting { key, value }));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::assignment::Assignment;
    use crate::model::attempt::Stage;
    use crate::model::cost::Spent;
    use crate::model::id::{Seq, SessionId, Slot};
    use crate::model::task::{Goal, Origin};

    fn record(end: AttemptEnd) -> Box<AttemptRecord> {
        Box::new(AttemptRecord {
            number: 1,
            end,
            summary: String::new(),
            diff: String::new(),
            spent: Spent::default(),
            took: Duration::from_secs(60),
            landing: false,
            by: "claude".to_owned(),
            outcome: None,
            exit: None,
        })
    }

    /// Says of each change what it writes as the status of a task or an agent.
    fn statuses(changes: &[RowChange]) -> Vec<String> {
        let said = |change: &RowChange| match change {
            RowChange::Task(row) => Some(format!("task {}", row.status)),
            RowChange::Agent(row) => Some(format!("agent {} starting", row.id)),
            RowChange::AgentUp(_) => Some("agent running".to_owned()),
            RowChange::AgentEnded { status, .. } => Some(format!("agent {status}")),
            _ => None,
        };
        changes.iter().filter_map(said).collect()
    }

    #[test]
    fn a_task_is_assigned_until_its_agent_runs() {
        let (task, session) = (TaskId(1), SessionId(10));
        let assignment = Assignment::new("write a guide".to_owned(), Lane::Queue, "task", "coding");
        let filed = Task::new(task, Goal::Assignment(Box::new(assignment)), Origin::Person, Wall(0));
        let then = TaskState::Failed(FailReason::Escalated { why: "tried".to_owned() });
        let facts = [
            (Fact::Filed { task: Box::new(filed) }, vec!["task queued"]),
            (Fact::AttemptStarted { task, number: 1, slot: Slot(1), landing: false }, vec!["task assigned"]),
            (Fact::Staged { task, stage: Stage::Agent, brings: true }, vec![]),
            (Fact::AgentStarted { task, session }, vec!["agent coding-a starting", "task assigned"]),
            (Fact::AgentUp { task, session }, vec!["agent running", "task in_progress"]),
            (
                Fact::AttemptEnded {
                    task,
                    record: record(AttemptEnd::TimedOut { limit: Duration::from_secs(60) }),
                    then,
                },
                vec!["agent timeout", "task failed"],
            ),
        ];
        let mut book = Book::default();
        for (number, (fact, said)) in facts.into_iter().enumerate() {
            let recorded = Recorded { seq: Seq(number as u64 + 1), at: Wall(number as u64), fact };
            book.apply(&recorded);
            let changes = of(std::slice::from_ref(&recorded), &book, &Lanes::default());
            assert_eq!(statuses(&changes), said, "{:?}", recorded.fact);
        }
    }
}
