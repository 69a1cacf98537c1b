//! The tables against real files: together with their facts, filled anew, read by others.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;
use crate::edge::store::{Journal, StoredFact};
use crate::model::time::Wall;

fn fact(seq: u64) -> StoredFact {
    StoredFact { seq: Seq(seq), wall: Wall(seq), kind: "beat".to_owned(), task: None, body: "{}".to_owned() }
}

fn task(number: u32, state: &'static str) -> RowChange {
    RowChange::Task(Box::new(TaskRow {
        task: TaskId(number),
        title: format!("Task {number}"),
        description: String::new(),
        status: "queued",
        state,
        repo: Some("owner/shop".to_owned()),
        plan: None,
        agent: None,
    }))
}

fn queued(number: u32, status: &'static str, priority: i32) -> RowChange {
    of_source(1, number, status, priority)
}

fn of_source(source: u64, number: u32, status: &'static str, priority: i32) -> RowChange {
    let (forced, at, ended, waits) = (false, "then".to_owned(), None, status == "queued");
    RowChange::Queued(QueueRow { task: TaskId(number), status, forced, priority, at, ended, source, waits })
}

fn turn(source: u64, stamp: u64) -> RowChange {
    RowChange::Turn(TurnRow { forced: false, priority: 0, source, stamp })
}

fn agent(id: &str, number: u32) -> RowChange {
    RowChange::Agent(Box::new(AgentRow {
        id: id.to_owned(),
        task: TaskId(number),
        session: "session-1".to_owned(),
        role: "coding".to_owned(),
        at: "then".to_owned(),
        metadata: "{\"session\":1}".to_owned(),
    }))
}

fn logged(number: u32, text: &str) -> RowChange {
    RowChange::Logged { task: TaskId(number), at: "then".to_owned(), lines: vec![text.to_owned()] }
}

fn ended(number: u32) -> RowChange {
    let (at, metadata) = ("later".to_owned(), "{\"tokens\":7}".to_owned());
    RowChange::AgentEnded { task: TaskId(number), status: "completed", at, error: None, exit: Some(0), metadata }
}

/// Reads a table as its neighbours see it.
fn rows(path: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn open(path: &Path) -> Journal {
    Journal::open(path, |_| {}).unwrap().0
}

const TASKS: &str = "SELECT id || ' ' || state FROM tasks ORDER BY id";
const QUEUE: &str =
    "SELECT id || ' ' || ifnull(position, '-') || ' ' || status FROM queue ORDER BY ifnull(position, 99), id";

#[test]
fn they_come_with_their_facts_and_others_read_them_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let (send, confirmed) = std::sync::mpsc::channel();
    let (mut journal, _) = Journal::open(&path, move |news| drop(send.send(news))).unwrap();
    assert!(journal.has_tables(), "of no facts follows nothing");
    journal.append_with(vec![fact(1)], vec![task(1, "queued"), task(1, "running"), task(2, "queued")]).unwrap();
    while confirmed.recv().unwrap().unwrap() < Seq(1) {}
    assert_eq!(rows(&path, TASKS), ["task_00000001 running", "task_00000002 queued"]);
    assert!(journal.append_with(vec![fact(9)], vec![task(3, "queued")]).is_err(), "facts out of order");
    journal
        .append_with(vec![fact(2)], vec![RowChange::TaskOver { task: TaskId(1), status: "failed", state: "failed" }])
        .unwrap();
    journal.close().unwrap();
    assert_eq!(rows(&path, TASKS), ["task_00000001 failed", "task_00000002 queued"]);
    assert!(open(&path).has_tables());
}

#[test]
fn an_agent_has_its_log_and_its_end() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let mut journal = open(&path);
    let story = vec![
        logged(1, "nobody"),
        agent("coding-1", 1),
        agent("coding-2", 2),
        logged(1, "one"),
        ended(1),
        logged(1, "nobody any more"),
        agent("coding-3", 1),
        RowChange::AgentUp(TaskId(1)),
        logged(1, "three"),
    ];
    journal.append_with(vec![fact(1)], story).unwrap();
    journal.close().unwrap();
    let log = "SELECT agent_id || ' ' || stream || ' ' || content FROM agent_logs ORDER BY id";
    assert_eq!(rows(&path, log), ["coding-1 combined one", "coding-3 combined three"]);
    let agents =
        "SELECT id || ' ' || status || ' ' || ifnull(completed_at, '-') || ' ' || metadata FROM agents ORDER BY id";
    assert_eq!(
        rows(&path, agents),
        [
            "coding-1 completed later {\"session\":1,\"tokens\":7}",
            "coding-2 starting - {\"session\":1}",
            "coding-3 running - {\"session\":1}"
        ]
    );
}

#[test]
fn sources_take_turns_in_the_queue() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let mut journal = open(&path);
    let of = |source: u64, numbers: &[u32]| -> Vec<RowChange> {
        numbers.iter().map(|number| of_source(source, *number, "queued", 0)).collect()
    };
    let filed = [of(1, &[1, 2, 3]), of(4, &[4, 5]), of(5, &[6]), vec![turn(1, 7), turn(4, 2), turn(5, 2)]].concat();
    journal.append_with(vec![fact(1)], filed).unwrap();
    journal.append_with(vec![fact(2)], vec![turn(4, 9)]).unwrap();
    journal.close().unwrap();
    assert_eq!(
        rows(&path, QUEUE),
        [6, 1, 4, 2, 5, 3].iter().zip(1..).map(|(id, at)| format!("{id} {at} queued")).collect::<Vec<_>>()
    );
}

#[test]
fn the_queue_is_in_its_order_whatever_becomes_of_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let mut journal = open(&path);
    let three =
        vec![queued(1, "queued", 0), queued(2, "queued", 5), queued(3, "processing", 0), queued(4, "failed", 9)];
    journal.append_with(vec![fact(1)], three).unwrap();
    journal.append_with(vec![fact(2)], Vec::new()).unwrap();
    journal.close().unwrap();
    assert_eq!(rows(&path, QUEUE), ["3 1 processing", "2 2 queued", "1 3 queued", "4 - failed"]);
    let mut journal = open(&path);
    let next = vec![queued(3, "completed", 0), RowChange::Unqueued(TaskId(2)), RowChange::QueueCleared];
    let (key, value) = ("paused", "true".to_owned());
    journal.append_with(vec![fact(3)], [next, vec![RowChange::Setting { key, value }]].concat()).unwrap();
    journal.close().unwrap();
    assert_eq!(rows(&path, QUEUE), ["1 1 queued"]);
    assert_eq!(rows(&path, "SELECT key || '=' || value FROM queue_settings"), ["paused=true"]);
}

#[test]
fn facts_that_came_without_them_let_them_be_filled_anew() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let mut journal = open(&path);
    journal.append_with(vec![fact(1)], vec![task(1, "queued"), agent("coding-1", 1), logged(1, "one")]).unwrap();
    journal.append(vec![fact(2)]).unwrap();
    journal.close().unwrap();
    let mut journal = open(&path);
    assert!(!journal.has_tables());
    journal.fill_tables(vec![task(2, "done")]).unwrap();
    journal.close().unwrap();
    assert_eq!(rows(&path, TASKS), ["task_00000002 done"]);
    assert_eq!(rows(&path, "SELECT content FROM agent_logs"), [""; 0]);
    assert!(open(&path).has_tables());
}

#[test]
fn another_shape_or_none_loses_no_facts() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    for spoil in ["UPDATE projection SET version = 0", "DROP TABLE tasks; DROP VIEW queue; DROP TABLE projection"] {
        let mut journal = open(&path);
        let next = Journal::read(&path).map_or(Seq(1), |replay| replay.last().next());
        journal.append_with(vec![fact(next.0)], vec![task(1, "queued")]).unwrap();
        journal.close().unwrap();
        Connection::open(&path).unwrap().execute_batch(spoil).unwrap();
        let mut journal = open(&path);
        assert!(!journal.has_tables(), "{spoil}");
        assert_eq!(rows(&path, TASKS), [""; 0], "{spoil}");
        journal.fill_tables(vec![task(1, "done")]).unwrap();
        assert_eq!(journal.close(), Ok(next), "{spoil}");
        assert_eq!(rows(&path, TASKS), ["task_00000001 done"], "{spoil}");
        assert_eq!(Journal::read(&path).unwrap().last(), next, "{spoil}");
    }
}
