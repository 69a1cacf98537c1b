//! What the book says, as the JSON that verbs and routes give out. The shapes are documented and only grow.

use serde_json::{Value, json};

use crate::app::answers::{chain, events, plans};
use crate::core::book::Book;
use crate::core::view::attempts;
use crate::edge::control::ControlReply;
use crate::model::assignment::Lane;
use crate::model::check::{CheckRun, Fingerprint, Verdict};
use crate::model::cost::Spent;
use crate::model::counts::Counts;
use crate::model::health::{Level, Part};
use crate::model::id::Space;
use crate::model::plan::Advice;
use crate::model::receipt::{Receipt, Witness};
use crate::model::session::Exit;
use crate::model::task::{DoneReason, FailReason, Goal, Task, TaskState};
use crate::model::time::{Wall, hours};
use crate::model::workspace::FileChange;

/// A book, and what only the running machine knows: why queued tasks wait.
pub struct Reporter<'a> {
    /// The durable state.
    pub book: &'a Book,
    /// Says why a task is where it is.
    pub reason: &'a dyn Fn(&Task) -> String,
    /// Whether a supervisor runs.
    pub running: bool,
    /// The calendar.
    pub now: Wall,
    /// The project's own UUIDs.
    pub space: Space,
}

fn seconds(millis: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "exact below three million years")]
    let seconds = millis as f64 / 1000.0;
    json!(seconds)
}

fn span(took: std::time::Duration) -> Value {
    seconds(crate::model::time::millis(took))
}

fn cost(spent: Spent) -> Value {
    if spent.unpriced && spent.usd.0 == 0 { Value::Null } else { json!(spent.usd.dollars()) }
}

impl Reporter<'_> {
    /// `GET status`: the schema of the state file, with statistics.
    pub fn status(&self) -> Value {
        let process = &self.book.process;
        let status = if process.stopped {
            "stopped"
        } else if self.running {
            "running"
        } else {
            "crashed"
        };
        let queue = |belongs: &dyn Fn(&TaskState) -> bool| -> Vec<Value> {
            self.book.tasks.values().filter(|task| belongs(&task.state)).map(|task| self.queued(task)).collect()
        };
        json!({
            "processes": { "orchestrator": {
                "status": status,
                "pid": process.pid,
                "last_heartbeat": process.beat.iso(),
                "started_at": process.started.iso(),
            }},
            "queues": {
                "pending": queue(&|state| !state.is_final() && !matches!(state, TaskState::Running)),
                "in_progress": queue(&|state| matches!(state, TaskState::Running)),
                "completed": queue(&|state| matches!(state, TaskState::Done(_))),
                "failed": queue(&|state| matches!(state, TaskState::Failed(_))),
            },
            "conversation_history": self.book.history.iter().map(|past| json!({
                "timestamp": past.at.iso(),
                "type": past.what,
                "task_id": past.task.long(),
                "file_path": past.file,
            })).collect::<Vec<_>>(),
            "test_results": self.book.results.iter().map(|result| json!({
                "task_id": result.task.map(crate::model::id::TaskId::long),
                "timestamp": result.at.iso(),
                "check": result.key.check,
                "file": result.key.file,
                "passed": result.verdict == Verdict::Green,
                "duration": seconds(result.millis),
                "test_path": result.tests,
                "coverage": result.coverage.map(|hundredths| f64::from(hundredths) / 100.0),
            })).collect::<Vec<_>>(),
            "checks": self.book.checks.iter().map(|(key, status)| json!({
                "check": key.check,
                "file": key.file,
                "verdict": status.verdict,
                "since": status.since.iso(),
                "failures": failures(&status.failures),
            })).collect::<Vec<_>>(),
            "statistics": self.statistics(),
            "waiting_for_you": self.waiting(),
            "paused": self.book.paused,
            "queue_paused": self.book.lanes.why(Lane::Queue),
            "parked": self.book.parked.as_ref().map(|(until, why)| json!({
                "until": until.map(Wall::iso),
                "reason": why,
            })),
            "configuration": self.book.refused.as_ref().map(|(since, why)| json!({
                "refused": why,
                "since": since.iso(),
            })),
            "sequence": self.book.seq,
        })
    }

    fn queued(&self, task: &Task) -> Value {
        let (kind, description) = match &task.goal {
            Goal::Check(key) => ("file_change", format!("Make {key} green")),
            Goal::Assignment(assignment) => (assignment.lane.name(), assignment.description.clone()),
        };
        json!({
            "id": task.id.long(),
            "type": kind,
            "file_path": task.check().and_then(|key| key.file.as_ref()).or_else(|| task.files.first()),
            "description": description,
            "created_at": task.filed.iso(),
            "status": source_status(&task.state),
            "retry_count": task.charged,
            "title": task.title(),
            "reason": (self.reason)(task),
        })
    }

    /// Numbers of this run of the supervisor, or of the last one, as printed at the end; `all_time`: since the journal
    /// began.
    pub fn statistics(&self) -> Value {
        let mut numbers = counted(self.book.this_run.counts);
        numbers["uptime"] = json!(hours(self.uptime()));
        numbers["all_time"] = counted(self.book.statistics.counts);
        numbers
    }

    fn uptime(&self) -> std::time::Duration {
        let end = if self.running { self.now } else { self.book.process.beat };
        end.since(self.book.process.started)
    }

    /// The statistics as text, as printed at the end.
    pub fn statistics_text(&self) -> String {
        let counts = self.book.this_run.counts;
        let by_you = counts.said_by_person().map(|how| format!("  Tasks ended by you: {how}\n")).unwrap_or_default();
        format!(
            "Session Statistics:\n  Uptime: {}\n  Tasks processed: {}\n  Tasks succeeded: {}\n  Tasks failed: {}\n  \
             Tasks escalated: {}\n{by_you}  Success rate: {}",
            hours(self.uptime()),
            counts.ended,
            counts.succeeded,
            counts.failed,
            counts.escalated,
            rate(counts),
        )
    }

    /// Says why a task is where it is; of a plan, which yes it waits for.
    pub fn why(&self, task: &Task) -> String {
        plans::waits_for(self.book, task).unwrap_or_else(|| (self.reason)(task))
    }

    /// What waits for a person, counted.
    fn waiting(&self) -> Value {
        let results = self.book.tasks.values().filter(|task| task.state.waits_for_person()).count();
        // Without a supervisor no agent hears an answer.
        let questions = if self.running { self.book.questions.len() } else { 0 };
        json!({ "questions": questions, "results": results, "plans": plans::waiting(self.book).count() })
    }

    /// `GET tasks`: one row for each task.
    pub fn tasks(&self) -> Value {
        self.book.tasks.values().map(|task| self.row(task)).collect()
    }

    fn row(&self, task: &Task) -> Value {
        json!({
            "id": task.id.long(),
            "number": task.id.0,
            "title": task.title(),
            "state": task.state.name(),
            "stage": task.stage,
            "reason": self.why(task),
            "waits_for_you": task.state.waits_for_person(),
            "files": task.files,
            "attempts": attempts(task),
            "cost_usd": cost(task.total()),
            "tokens": task.total().tokens_in + task.total().tokens_out,
        })
    }

    /// `GET tasks/ID`: the whole story of one task.
    pub fn task(&self, task: &Task) -> Value {
        let ended = task.ended.unwrap_or(self.now);
        let mut story = self.row(task);
        let details = json!({
            "check": task.check().map(|key| &key.check),
            "title": task.title(),
            "assignment": task.assignment(),
            "events": events::of_task(self.book, task),
            "file": task.check().and_then(|key| key.file.as_ref()),
            "filed_at": task.filed.iso(),
            "ended_at": task.ended.map(Wall::iso),
            "failures": failures(&task.failures),
            "red_before": failures(&task.red_before),
            "excerpt": task.excerpt,
            "success": match &task.state { TaskState::Done(_) => json!(true), TaskState::Failed(_) => json!(false), _ => Value::Null },
            "failure_reason": match &task.state { TaskState::Failed(reason) => json!(reason.to_string()), _ => Value::Null },
            "final_test_result": task.check().and_then(|key| self.book.checks.get(key)).map(|status| run(&status.last)),
            "total_duration": task.began.map(|began| span(ended.since(began))),
            "worked": span(task.worked()),
            "chain": chain::of_task(self.book, task),
            "plan": task.plan.as_ref().map(|plan| json!({
                "attempt": plan.attempt,
                "strategy": plan.strategy(),
                "why_none": match &plan.advice { Advice::Basic { why } => json!(why), Advice::Strategy(_) => Value::Null },
                "duration": span(plan.took),
            })),
            "history": task.attempts.iter().map(|attempt| json!({
                "number": attempt.number,
                "outcome": attempt.end.to_string(),
                "charged": attempt.end.is_charged(),
                "summary": attempt.summary,
                "handed_over": attempt.outcome,
                "diff": attempt.diff,
                "landing": attempt.landing,
                "exit_code": attempt.exit.and_then(Exit::number),
                "agent_end": attempt.exit.map(|exit| exit.to_string()),
                "cost_usd": cost(attempt.spent),
                "duration": span(attempt.took),
            })).collect::<Vec<_>>(),
            "landed": matches!(task.state, TaskState::Done(DoneReason::Landed(_))),
            "undone": task.state == TaskState::Failed(FailReason::Undone),
            "receipt": landed(task),
            "pending": task.result.as_ref().map(|pending| json!({
                "diff": pending.diff,
                "conflict": pending.conflict,
                "evidence": receipt(&pending.receipt),
            })),
        });
        if let (Value::Object(story), Value::Object(details)) = (&mut story, details) {
            story.extend(details);
        }
        story
    }

    /// `GET health`: each part as it was last examined, and whether all are up.
    pub fn health(&self) -> Value {
        let parts: serde_json::Map<String, Value> = Part::ALL
            .iter()
            .map(|part| (part.name().to_owned(), level(self.book.health.get(part).unwrap_or(&Level::Up))))
            .collect();
        let healthy = self.running && !self.book.health.values().any(|level| matches!(level, Level::Down { .. }));
        json!({
            "healthy": healthy,
            "running": self.running,
            "examined": false,
            "parts": parts,
            "last_heartbeat": self.book.process.beat.iso(),
        })
    }
}

/// How well a part works, why not better, since when, and what mends it: that ends the reason, after a semicolon.
fn level(level: &Level) -> Value {
    let (word, reason, since) = match level {
        Level::Up => return json!({ "healthy": true }),
        Level::Degraded { reason, since } => ("degraded", reason, since),
        Level::Down { reason, since } => ("down", reason, since),
    };
    let (why, mend) = match reason.rsplit_once("; ") {
        Some((why, mend)) => (why, Some(mend)),
        None => (reason.as_str(), None),
    };
    json!({ "healthy": word != "down", "degraded": word == "degraded", "reason": why, "mend": mend, "since": since.iso() })
}

/// Adds to the health when the heart last beat, and whether that is late: on a busy machine it may miss one beat, not
/// two.
pub fn with_heart(health: ControlReply, beat: Wall, now: Wall, every: std::time::Duration) -> ControlReply {
    let age = now.since(beat);
    let late = age > 2 * every;
    let healthy = health.body()["healthy"] == true && !late;
    let heart = json!({ "last": beat.iso(), "age": span(age), "every": span(every), "late": late });
    health.with("healthy", json!(healthy)).with("heart", heart)
}

fn counted(counts: Counts) -> Value {
    json!({
        "tasks_processed": counts.ended,
        "tasks_succeeded": counts.succeeded,
        "tasks_failed": counts.failed,
        "tasks_escalated": counts.escalated,
        "tasks_refused": counts.refused,
        "tasks_undone": counts.undone,
        "tasks_killed": counts.killed,
        "success_rate": rate(counts),
    })
}

/// Writes the share of tasks that ended well as the sources print it.
fn rate(counts: Counts) -> String {
    counts.percent().unwrap_or_else(|| "0.0%".to_owned())
}

/// Returns the status word of the state file's schema.
fn source_status(state: &TaskState) -> &'static str {
    match state {
        TaskState::Running => "in_progress",
        TaskState::Done(_) => "completed",
        TaskState::Failed(_) => "failed",
        TaskState::Queued
        | TaskState::Pending(_)
        | TaskState::Blocked(_)
        | TaskState::Held(_)
        | TaskState::Cooling { .. }
        | TaskState::Ready(_)
        | TaskState::Review(_) => "pending",
    }
}

fn failures(list: &[Fingerprint]) -> Value {
    list.iter().map(|failure| json!({ "id": failure.id, "file": failure.file, "line": failure.line })).collect()
}

fn run(run: &CheckRun) -> Value {
    json!({
        "passed": run.is_green(),
        "verdict": run.verdict,
        "exit_code": run.code,
        "duration": span(run.took),
        "failures": failures(&run.findings.failures),
        "tests": run.findings.tests,
        "coverage": run.findings.coverage.map(|hundredths| f64::from(hundredths) / 100.0),
        "output": run.findings.excerpt,
    })
}

fn witness(witness: &Witness) -> Value {
    json!({
        "check": witness.check.check,
        "file": witness.check.file,
        "verdict": witness.verdict,
        "exit_code": witness.code,
        "failures": failures(&witness.failures),
        "tests": witness.tests,
        "duration": span(witness.took),
    })
}

fn files(list: &[FileChange]) -> Value {
    let row = |file: &FileChange| {
        let FileChange { path, kind, added, removed, line } = file;
        json!({ "path": path, "change": kind, "line": line, "added": added, "removed": removed })
    };
    list.iter().map(row).collect()
}

/// `GET tasks/ID/receipt`: the evidence for a landed fix, and whether it is still in the user's tree.
pub fn landed(task: &Task) -> Option<Value> {
    let mut value = receipt(task.receipt.as_ref()?);
    let undone = task.state == TaskState::Failed(FailReason::Undone);
    if let Value::Object(fields) = &mut value {
        fields.insert("undone".to_owned(), json!(undone));
        fields.insert("undone_at".to_owned(), json!(task.ended.filter(|_| undone).map(Wall::iso)));
        fields.insert("replaced".to_owned(), json!(task.replaced));
    }
    Some(value)
}

/// The evidence for a result, landed or not.
fn receipt(receipt: &Receipt) -> Value {
    json!({
        "task": receipt.task.long(),
        "landing": receipt.landing,
        "landed_at": receipt.at.iso(),
        "fixed": failures(&receipt.fixed),
        "red": receipt.red.as_ref().map(witness),
        "green": receipt.green.iter().map(witness).collect::<Vec<_>>(),
        "tree_before": receipt.tree_before,
        "tree_after": receipt.tree_after,
        "files": files(&receipt.files),
        "accepted": receipt.accepted.iter().map(|doubt| doubt.what.clone()).collect::<Vec<_>>(),
        "by": receipt.by,
        "attempts": receipt.attempts,
        "cost_usd": cost(receipt.spent),
        "tokens_in": receipt.spent.tokens_in,
        "tokens_out": receipt.spent.tokens_out,
        "duration": span(receipt.took),
    })
}
