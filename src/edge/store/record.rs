//! Facts as rows: how they are written and read back.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::StoreError;
use crate::model::id::{Seq, TaskId};
use crate::model::time::Wall;

/// One fact as the journal keeps it; what its body means is not the store's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFact {
    /// Its position, one more than the fact before it.
    pub seq: Seq,
    /// When it became true.
    pub wall: Wall,
    /// What kind of fact it is.
    pub kind: String,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// The whole fact as JSON.
    pub body: String,
}

/// All that became true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The facts, in order and without a gap.
    pub facts: Vec<StoredFact>,
}

impl Replay {
    /// Returns the position of the last fact, 0 in an empty journal.
    pub fn last(&self) -> Seq {
        self.facts.last().map(|fact| fact.seq).unwrap_or_default()
    }
}

/// A stretch of the journal as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The facts that fit, in order.
    pub facts: Vec<StoredFact>,
    /// What was looked at ends here; the rest of the journal if it is not full.
    pub to: Seq,
}

/// Where the last facts of a journal begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Behind this position.
    pub after: Seq,
    /// How many facts that fit lie before it.
    pub left_out: u64,
}

/// Reads at most `limit` facts after `after`, of one task if one is named.
pub(super) fn page(
    connection: &Connection,
    path: &Path,
    after: Seq,
    task: Option<TaskId>,
    limit: usize,
) -> Result<Page, StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    let view = connection.unchecked_transaction().map_err(wrap)?;
    let facts = select(&view, path, after, task, limit)?;
    let to = match facts.last() {
        Some(last) if facts.len() >= limit => last.seq,
        _ => newest(&view).map_err(wrap)?.max(after),
    };
    Ok(Page { facts, to })
}

/// Finds where the last `count` facts after `after` and up to `upto` begin, of one task if one is named.
pub(super) fn tail(
    connection: &Connection,
    path: &Path,
    (after, upto): (Seq, Seq),
    task: Option<TaskId>,
    count: usize,
) -> Result<Tail, StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    let view = connection.unchecked_transaction().map_err(wrap)?;
    let fits = if task.is_some() { "task = ?2" } else { "?2 IS NULL" };
    let task = task.map(|task| task.0);
    let last =
        format!("SELECT seq FROM fact WHERE seq > ?1 AND seq <= ?3 AND {fits} ORDER BY seq DESC LIMIT 1 OFFSET ?4");
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let given = params![bounded(after), task, bounded(upto), count];
    let found = view.query_row(&last, given, |row| number(row, 0)).optional();
    let Some(start) = found.map_err(wrap)? else { return Ok(Tail { after, left_out: 0 }) };
    let before = format!("SELECT count(*) FROM fact WHERE seq > ?1 AND seq <= ?3 AND {fits}");
    let left_out = view.query_row(&before, params![bounded(after), task, bounded(Seq(start))], |row| number(row, 0));
    Ok(Tail { after: Seq(start), left_out: left_out.map_err(wrap)? })
}

/// Returns the last fact, 0 if there is none.
fn newest(connection: &Connection) -> rusqlite::Result<Seq> {
    connection.query_row("SELECT ifnull(max(seq), 0) FROM fact", [], |row| number(row, 0)).map(Seq)
}

/// Reads everything as of one moment.
pub(super) fn replay(connection: &Connection, path: &Path) -> Result<Replay, StoreError> {
    let facts = select(connection, path, Seq(0), None, usize::MAX)?;
    let mut expected = Seq(1);
    for fact in &facts {
        if fact.seq != expected {
            let cause = format!("fact {} is followed by fact {}", expected.0 - 1, fact.seq.0);
            return Err(StoreError::Corrupt { path: path.to_owned(), cause });
        }
        expected = expected.next();
    }
    Ok(Replay { facts })
}

/// Reads at most `limit` facts after `after`, in order.
fn select(
    connection: &Connection,
    path: &Path,
    after: Seq,
    task: Option<TaskId>,
    limit: usize,
) -> Result<Vec<StoredFact>, StoreError> {
    // Two statements, so that the index of tasks is used where it helps.
    let sql = if task.is_some() {
        "SELECT seq, wall, kind, task, body FROM fact WHERE seq > ?1 AND task = ?2 ORDER BY seq LIMIT ?3"
    } else {
        "SELECT seq, wall, kind, task, body FROM fact WHERE seq > ?1 AND ?2 IS NULL ORDER BY seq LIMIT ?3"
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let task = task.map(|task| task.0);
    connection
        .prepare_cached(sql)
        .and_then(|mut rows| rows.query_map(params![bounded(after), task, limit], read)?.collect())
        .map_err(|error| StoreError::from_database(path, &error))
}

/// Returns a position as the file format holds it. None is stored beyond the largest, so nothing comes after one either.
fn bounded(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredFact> {
    Ok(StoredFact {
        seq: Seq(number(row, 0)?),
        wall: Wall(number(row, 1)?),
        kind: row.get(2)?,
        task: row.get::<_, Option<u32>>(3)?.map(TaskId),
        body: row.get(4)?,
    })
}

/// Reads a number that was unsigned when it was written.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let signed: i64 = row.get(column)?;
    u64::try_from(signed).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, signed))
}

/// Returns a number as the file format holds it.
pub(super) fn signed(seq: Seq, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::TooLarge { seq })
}

/// Writes facts, inside the caller's transaction.
pub(super) fn insert(connection: &Connection, path: &Path, facts: &[StoredFact]) -> Result<(), StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    let sql = "INSERT INTO fact (seq, wall, kind, task, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = connection.prepare_cached(sql).map_err(wrap)?;
    for fact in facts {
        let seq = signed(fact.seq, fact.seq.0)?;
        let wall = signed(fact.seq, fact.wall.0)?;
        let task = fact.task.map(|task| task.0);
        statement.execute(params![seq, wall, fact.kind, task, fact.body]).map_err(wrap)?;
    }
    Ok(())
}

/// Writes a row and takes it out again, inside the caller's transaction: a write like any other that leaves nothing.
/// (Of an update to the same value `SQLite` writes nothing.)
pub(super) fn touch(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection
        .execute_batch("INSERT INTO schema (version) VALUES (0); DELETE FROM schema WHERE version = 0;")
        .map_err(|error| StoreError::from_database(path, &error))
}
