//! The tables beside the journal that any `SQLite` tool reads: agents, their logs, tasks, the queue and its settings.
//!
//! They say nothing of their own: each change is written in the transaction of the facts it follows from, and they are
//! filled anew from all facts when their shape changes or facts came without them. So they are no part of the format.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::error::StoreError;
use super::record::signed;
use crate::model::id::{Seq, TaskId};

/// The shape of the tables. Whoever changes them, or what is written into them, counts on: they are filled anew then.
const SHAPE: i64 = 3;

/// The columns are documented, and only grow at the end. What a reader may count on is in the README. The position in the
/// queue is that of [`Book::in_turn`](crate::core::book::Book::in_turn): those at work, then round by round one of each source,
/// in turn, then what is held or waits for others.
const TABLES: &str = "
    DROP VIEW IF EXISTS queue;
    DROP TABLE IF EXISTS queue_entry;
    DROP TABLE IF EXISTS queue_turn;
    DROP TABLE IF EXISTS queue_settings;
    DROP TABLE IF EXISTS agent_logs;
    DROP TABLE IF EXISTS agents;
    DROP TABLE IF EXISTS tasks;
    DROP TABLE IF EXISTS projection;
    CREATE TABLE tasks (
        id                TEXT PRIMARY KEY,
        title             TEXT NOT NULL,
        description       TEXT NOT NULL,
        status            TEXT NOT NULL,
        repo              TEXT,
        repos             TEXT NOT NULL,
        execution_plan    TEXT,
        assigned_agent_id TEXT,
        state             TEXT NOT NULL
    );
    CREATE TABLE agents (
        id           TEXT PRIMARY KEY,
        task_id      TEXT NOT NULL,
        container_id TEXT,
        status       TEXT NOT NULL,
        agent_type   TEXT NOT NULL,
        started_at   TEXT NOT NULL,
        completed_at TEXT,
        exit_code    INTEGER,
        error        TEXT,
        logs         TEXT,
        metadata     TEXT NOT NULL
    );
    CREATE INDEX agent_of_task ON agents (task_id) WHERE completed_at IS NULL;
    CREATE TABLE agent_logs (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        agent_id  TEXT NOT NULL REFERENCES agents (id),
        timestamp TEXT NOT NULL,
        stream    TEXT NOT NULL,
        content   TEXT NOT NULL
    );
    CREATE INDEX log_of_agent ON agent_logs (agent_id);
    CREATE TABLE queue_entry (
        id           INTEGER PRIMARY KEY,
        task_id      TEXT NOT NULL REFERENCES tasks (id),
        status       TEXT NOT NULL,
        forced       INTEGER NOT NULL,
        priority     INTEGER NOT NULL,
        queued_at    TEXT NOT NULL,
        completed_at TEXT,
        source       INTEGER NOT NULL,
        waits        INTEGER NOT NULL
    );
    CREATE TABLE queue_turn (
        forced   INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        source   INTEGER NOT NULL,
        stamp    INTEGER NOT NULL,
        PRIMARY KEY (forced, priority, source)
    );
    CREATE VIEW queue AS
        WITH entry AS (
            SELECT *, status IN ('queued', 'processing') AS open,
                   iif(waits, row_number() OVER (PARTITION BY waits, forced, priority, source ORDER BY id), 0) AS round,
                   iif(waits, (SELECT stamp FROM queue_turn AS turn WHERE turn.forced = queue_entry.forced
                               AND turn.priority = queue_entry.priority AND turn.source = queue_entry.source), 0) AS stamp
            FROM queue_entry
        )
        SELECT id, task_id, iif(open, row_number() OVER (
                   ORDER BY NOT open, status <> 'processing', NOT waits, forced DESC, priority DESC, round, stamp, source, id
               ), NULL) AS position, status, queued_at, completed_at
        FROM entry;
    CREATE TABLE queue_settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE projection (version INTEGER NOT NULL, seq INTEGER NOT NULL);
";

/// A task, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// Its number.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// What is to be done.
    pub description: String,
    /// Where it stands, in the documented words.
    pub status: &'static str,
    /// Where it stands, in the words of `tasks`.
    pub state: &'static str,
    /// The repository that it names.
    pub repo: Option<String>,
    /// What was planned or handed over, as JSON.
    pub plan: Option<String>,
    /// The agent at work.
    pub agent: Option<String>,
}

/// An agent that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// Its name.
    pub id: String,
    /// For which task.
    pub task: TaskId,
    /// The session that it works in.
    pub session: String,
    /// Its role.
    pub role: String,
    /// When it began.
    pub at: String,
    /// More about it, as JSON.
    pub metadata: String,
}

/// A task in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// Which.
    pub task: TaskId,
    /// Where it stands, in the documented words.
    pub status: &'static str,
    /// Whether a person put it before all others.
    pub forced: bool,
    /// Higher goes first.
    pub priority: i32,
    /// Since when it is there.
    pub at: String,
    /// When it was over.
    pub ended: Option<String>,
    /// Who filed it, as a number.
    pub source: u64,
    /// Whether it only waits for its turn.
    pub waits: bool,
}

/// When a source has its turn, among those who filed what is as urgent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnRow {
    /// Whether it is about what a person put before all others.
    pub forced: bool,
    /// How urgent.
    pub priority: i32,
    /// The source, as a number.
    pub source: u64,
    /// The lowest has its turn first.
    pub stamp: u64,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// A task is so from now on.
    Task(Box<TaskRow>),
    /// A task is over that nothing more is known of.
    TaskOver {
        /// Which.
        task: TaskId,
        /// How, in the documented words.
        status: &'static str,
        /// How, in the words of `tasks`.
        state: &'static str,
    },
    /// An agent is started.
    Agent(Box<AgentRow>),
    /// The agent of a task runs.
    AgentUp(TaskId),
    /// The agent of a task ended.
    AgentEnded {
        /// Of which task.
        task: TaskId,
        /// How, in the documented words.
        status: &'static str,
        /// When.
        at: String,
        /// Why, if it brought nothing.
        error: Option<String>,
        /// The exit code of its process, as a shell has it.
        exit: Option<i32>,
        /// More about it, as JSON; added to what is known.
        metadata: String,
    },
    /// The agent of a task said or did something.
    Logged {
        /// Of which task.
        task: TaskId,
        /// When.
        at: String,
        /// What.
        lines: Vec<String>,
    },
    /// A task stands so in the queue.
    Queued(QueueRow),
    /// A source has its turn then.
    Turn(TurnRow),
    /// A task was taken out of the queue.
    Unqueued(TaskId),
    /// What is over left the queue.
    QueueCleared,
    /// The queue is set so.
    Setting {
        /// What.
        key: &'static str,
        /// To what.
        value: String,
    },
}

/// Makes sure that there are tables of this shape; returns whether they are up to the last fact.
///
/// # Errors
/// [`StoreError`] when they cannot be made.
pub(super) fn prepare(connection: &Connection, path: &Path, last: Seq) -> Result<bool, StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    // What follows from the facts must never be able to refuse them.
    connection.pragma_update(None, "foreign_keys", "OFF").map_err(wrap)?;
    let known = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'projection'";
    let is_there = connection.query_row(known, [], |_| Ok(())).optional().map_err(wrap)?.is_some();
    if is_there {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        let found = connection.query_row("SELECT version, seq FROM projection", [], read).optional().map_err(wrap)?;
        if let Some((SHAPE, seq)) = found {
            return Ok(seq == signed(last, last.0)?);
        }
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(wrap)?;
    transaction.execute_batch(TABLES).map_err(wrap)?;
    transaction.execute("INSERT INTO projection (version, seq) VALUES (?1, 0)", [SHAPE]).map_err(wrap)?;
    transaction.commit().map_err(wrap)?;
    Ok(last == Seq(0))
}

/// Takes everything out, inside the caller's transaction.
pub(super) fn empty(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let all = "DELETE FROM agent_logs; DELETE FROM agents; DELETE FROM queue_entry; DELETE FROM queue_turn;
               DELETE FROM queue_settings;
               DELETE FROM tasks;";
    connection.execute_batch(all).map_err(|error| StoreError::from_database(path, &error))
}

/// Carries out what follows from the facts up to `seq`, inside the caller's transaction.
pub(super) fn write(connection: &Connection, path: &Path, seq: Seq, changes: &[RowChange]) -> Result<(), StoreError> {
    let upto = signed(seq, seq.0)?;
    let written = || {
        for change in changes {
            carry_out(connection, change)?;
        }
        connection.prepare_cached("UPDATE projection SET seq = ?1")?.execute([upto])
    };
    written().map(drop).map_err(|error: rusqlite::Error| StoreError::from_database(path, &error))
}

fn carry_out(connection: &Connection, change: &RowChange) -> rusqlite::Result<()> {
    match change {
        RowChange::Task(row) => {
            let repos = row.repo.as_ref().map_or_else(|| "[]".to_owned(), |repo| serde_json::json!([repo]).to_string());
            connection
                .prepare_cached("INSERT OR REPLACE INTO tasks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
                .execute(params![
                    row.task.long(),
                    row.title,
                    row.description,
                    row.status,
                    row.repo,
                    repos,
                    row.plan,
                    row.agent,
                    row.state
                ])
        }
        RowChange::TaskOver { task, status, state } => {
            connection
                .prepare_cached("UPDATE tasks SET status = ?2, state = ?3, assigned_agent_id = NULL WHERE id = ?1")?
                .execute(params![task.long(), status, state])?;
            // Of what is over both speak alike.
            connection
                .prepare_cached("UPDATE queue_entry SET status = ?2 WHERE id = ?1")?
                .execute(params![task.0, status])
        }
        RowChange::Agent(row) => connection
            .prepare_cached(
                "INSERT OR REPLACE INTO agents (id, task_id, container_id, status, agent_type, started_at, metadata)
                 VALUES (?1, ?2, ?3, 'starting', ?4, ?5, ?6)",
            )?
            .execute(params![row.id, row.task.long(), row.session, row.role, row.at, row.metadata]),
        RowChange::AgentUp(task) => connection
            .prepare_cached("UPDATE agents SET status = 'running' WHERE task_id = ?1 AND completed_at IS NULL")?
            .execute([task.long()]),
        RowChange::AgentEnded { task, status, at, error, exit, metadata } => connection
            .prepare_cached(
                "UPDATE agents SET status = ?2, completed_at = ?3, error = ?4, exit_code = ?5,
                        metadata = json_patch(metadata, ?6)
                 WHERE task_id = ?1 AND completed_at IS NULL",
            )?
            .execute(params![task.long(), status, at, error, exit, metadata]),
        RowChange::Logged { task, at, lines } => {
            // What is said while no agent works, such as by a check, is in the journal alone.
            let mut statement = connection.prepare_cached(
                "INSERT INTO agent_logs (agent_id, timestamp, stream, content)
                 SELECT id, ?2, 'combined', ?3 FROM agents WHERE task_id = ?1 AND completed_at IS NULL",
            )?;
            for line in lines {
                statement.execute(params![task.long(), at, line])?;
            }
            return Ok(());
        }
        RowChange::Queued(row) => connection
            .prepare_cached("INSERT OR REPLACE INTO queue_entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute(params![
                row.task.0,
                row.task.long(),
                row.status,
                row.forced,
                row.priority,
                row.at,
                row.ended,
                number(row.source),
                row.waits
            ]),
        RowChange::Turn(row) => connection
            .prepare_cached("INSERT OR REPLACE INTO queue_turn VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![row.forced, row.priority, number(row.source), number(row.stamp)]),
        RowChange::Unqueued(task) => {
            connection.prepare_cached("DELETE FROM queue_entry WHERE id = ?1")?.execute([task.0])
        }
        RowChange::QueueCleared => {
            connection.execute("DELETE FROM queue_entry WHERE status NOT IN ('queued', 'processing')", [])
        }
        RowChange::Setting { key, value } => connection
            .prepare_cached("INSERT OR REPLACE INTO queue_settings VALUES (?1, ?2)")?
            .execute(params![key, value]),
    }
    .map(drop)
}

/// Returns a number as a table holds it.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
