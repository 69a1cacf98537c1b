//! The journal against real files, other connections, and a process that is killed.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rusqlite::Connection;

use super::*;
use crate::model::id::TaskId;
use crate::model::time::Wall;

/// Longer than any answer takes on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(60);

fn fact(seq: u64) -> StoredFact {
    StoredFact {
        seq: Seq(seq),
        wall: Wall(1_000 + seq),
        kind: "check_ended".to_owned(),
        task: seq.is_multiple_of(2).then_some(TaskId(7)),
        body: format!("{{\"n\":{seq}}}"),
    }
}

fn facts(from: u64, to: u64) -> Vec<StoredFact> {
    (from..=to).map(fact).collect()
}

type Confirmed = Receiver<Result<Seq, StoreError>>;

fn open(path: &Path) -> Result<(Journal, Replay, Confirmed), StoreError> {
    let (sender, confirmed) = mpsc::channel();
    let (journal, replay) = Journal::open(path, move |result| drop(sender.send(result)))?;
    Ok((journal, replay, confirmed))
}

/// Waits until everything up to `seq` is confirmed.
fn until(confirmed: &Confirmed, seq: u64) {
    while confirmed.recv_timeout(DEADLINE).unwrap().unwrap() < Seq(seq) {}
}

#[test]
fn what_was_appended_is_there_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let (mut journal, replay, confirmed) = open(&path).unwrap();
    assert_eq!(replay, Replay::default());
    journal.append(facts(1, 3)).unwrap();
    journal.append(Vec::new()).unwrap();
    journal.append(facts(4, 5)).unwrap();
    until(&confirmed, 5);
    assert_eq!(journal.close(), Ok(Seq(5)));
    let (mut journal, replay, _confirmed) = open(&path).unwrap();
    assert_eq!(replay, Replay { facts: facts(1, 5) });
    journal.append(facts(6, 6)).unwrap();
    drop(journal);
    assert_eq!(Journal::read(&path).unwrap().last(), Seq(6), "dropping writes what is queued");
}

#[test]
fn a_gap_and_a_repetition_are_refused_and_change_nothing() {
    let mut journal = Journal::in_memory(|_| {}).unwrap();
    journal.append(facts(1, 2)).unwrap();
    let expected = Seq(3);
    for wrong in [fact(2), fact(4)] {
        let found = wrong.seq;
        assert_eq!(journal.append(vec![wrong]), Err(StoreError::OutOfOrder { expected, found }));
    }
    let expected = Seq(4);
    assert_eq!(journal.append(vec![fact(3), fact(3)]), Err(StoreError::OutOfOrder { expected, found: Seq(3) }));
    let mut late = fact(3);
    late.wall = Wall(u64::MAX);
    assert_eq!(journal.append(vec![late]), Err(StoreError::TooLarge { seq: Seq(3) }));
    journal.append(vec![fact(3)]).unwrap();
    assert_eq!(journal.close(), Ok(Seq(3)));
}

#[test]
fn pages_and_tails_are_of_one_task_if_one_is_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let (mut journal, _, _confirmed) = open(&path).unwrap();
    journal.append(facts(1, 10)).unwrap();
    journal.close().unwrap();
    let even = |list: &[u64]| list.iter().copied().map(fact).collect::<Vec<_>>();
    let page = |after, task, limit| Journal::page(&path, Seq(after), task, limit).unwrap();
    let seven = Some(TaskId(7));
    assert_eq!(page(0, seven, 2), Page { facts: even(&[2, 4]), to: Seq(4) });
    assert_eq!(page(6, seven, 9), Page { facts: even(&[8, 10]), to: Seq(10) });
    assert_eq!(page(0, Some(TaskId(8)), 9), Page { facts: Vec::new(), to: Seq(10) });
    assert_eq!(page(4, None, 2), Page { facts: facts(5, 6), to: Seq(6) });
    assert_eq!(page(10, None, 2), Page { facts: Vec::new(), to: Seq(10) });
    let tail = |after, task, count| Journal::tail(&path, (Seq(after), Seq(u64::MAX)), task, count).unwrap();
    assert_eq!(tail(0, seven, 2), Tail { after: Seq(6), left_out: 3 });
    assert_eq!(tail(0, seven, 5), Tail { after: Seq(0), left_out: 0 });
    assert_eq!(tail(5, seven, 2), Tail { after: Seq(6), left_out: 1 });
    assert_eq!(tail(0, None, 3), Tail { after: Seq(7), left_out: 7 });
    assert_eq!(tail(0, None, 0), Tail { after: Seq(10), left_out: 10 });
    assert_eq!(tail(0, Some(TaskId(8)), 3), Tail { after: Seq(0), left_out: 0 });
    let upto = Journal::tail(&path, (Seq(0), Seq(8)), seven, 1).unwrap();
    assert_eq!(upto, Tail { after: Seq(6), left_out: 3 });
}

#[test]
fn a_reader_sees_whole_batches_while_the_writer_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    assert_eq!(Journal::read(&path), Err(StoreError::Missing { path: path.clone() }));
    let (mut journal, _, confirmed) = open(&path).unwrap();
    for batch in 0..40 {
        journal.append(facts(batch * 5 + 1, batch * 5 + 5)).unwrap();
        assert_eq!(Journal::read(&path).unwrap().last().0 % 5, 0);
    }
    until(&confirmed, 200);
    assert_eq!(Journal::read(&path).unwrap().facts, facts(1, 200));
    assert_eq!(Journal::page(&path, Seq(150), None, 3).unwrap().facts, facts(151, 153));
    assert_eq!(Journal::page(&path, Seq(u64::MAX), None, 3).unwrap().facts, []);
}

#[test]
fn an_outage_is_said_once_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let (mut journal, _, confirmed) = open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.append(facts(1, 2)).unwrap();
    let busy = StoreError::Busy { path: path.clone() };
    assert_eq!(confirmed.recv_timeout(DEADLINE), Ok(Err(busy.clone())));
    journal.append(facts(3, 6)).unwrap();
    journal.append(facts(7, 7)).unwrap();
    other.execute_batch("COMMIT").unwrap();
    until(&confirmed, 7);
    assert_eq!(Journal::read(&path).unwrap().facts, facts(1, 7));
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.append(facts(8, 8)).unwrap();
    assert_eq!(confirmed.recv_timeout(DEADLINE), Ok(Err(busy.clone())), "the next outage is said again");
    assert_eq!(journal.close(), Err(busy));
    assert_eq!(Journal::read(&path).unwrap().last(), Seq(7));
}

#[test]
fn a_pulse_proves_that_it_is_written_and_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let (mut journal, _, confirmed) = open(&path).unwrap();
    journal.append(facts(1, 2)).unwrap();
    until(&confirmed, 2);
    let pulse = journal.pulse();
    let log = path.with_file_name("journal.db-wal");
    let before = fs::metadata(&log).unwrap().len();
    assert_eq!(pulse.beat(DEADLINE), Ok(()));
    assert!(fs::metadata(&log).unwrap().len() > before, "nothing was written");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = StoreError::Busy { path: path.clone() };
    assert_eq!(pulse.beat(DEADLINE), Err(busy.clone()));
    let silent = pulse.beat(Duration::from_millis(1)).unwrap_err();
    assert_eq!(silent, StoreError::Silent { path: path.clone(), limit: Duration::from_millis(1) });
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(pulse.beat(DEADLINE), Ok(()), "it recovers by itself");
    let told: Vec<_> = confirmed.try_iter().collect();
    assert!(told.contains(&Err(busy)) && told.last() == Some(&Ok(Seq(2))), "{told:?}");
    journal.close().unwrap();
    assert_eq!(pulse.beat(DEADLINE), Err(StoreError::Closed { path: path.clone() }));
    assert_eq!(Journal::read(&path).unwrap().facts, facts(1, 2));
}

#[test]
fn a_newer_format_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    drop(open(&path).unwrap());
    Connection::open(&path).unwrap().execute("UPDATE schema SET version = 99", []).unwrap();
    let newer = StoreError::Newer { path: path.clone(), found: 99, known: 1 };
    assert!(newer.to_string().contains("format 99"));
    assert_eq!(open(&path).err(), Some(newer.clone()));
    assert_eq!(Journal::read(&path), Err(newer));
}

#[test]
fn damage_is_found_when_opening() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    fs::write(&path, "this is no database, and long enough to be read as a header of one".repeat(20)).unwrap();
    assert!(matches!(open(&path), Err(StoreError::Corrupt { .. })));
    assert!(matches!(Journal::read(&path), Err(StoreError::Corrupt { .. })));
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE somebody_elses (a)").unwrap();
    assert!(matches!(open(&path), Err(StoreError::Corrupt { .. })));
    fs::remove_file(&path).unwrap();
    let (mut journal, _, _confirmed) = open(&path).unwrap();
    journal.append(facts(1, 5)).unwrap();
    journal.close().unwrap();
    Connection::open(&path).unwrap().execute("DELETE FROM fact WHERE seq = 3", []).unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("fact 2 is followed by fact 4"), "{error}");
}

#[test]
fn a_full_disk_is_told_from_other_failures() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let connection = schema::open_to_write(&path).unwrap();
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    let error = record::insert(&connection, &path, &facts(1, 5_000)).unwrap_err();
    assert_eq!(error, StoreError::Full { path });
}

/// Runs `test` as a user whom file modes concern: the superuser's threads take another user's place.
#[cfg(target_os = "linux")]
fn as_a_plain_user(test: impl FnOnce() + Send + 'static) {
    let on_own_thread = std::thread::spawn(move || {
        nix::unistd::setfsuid(nix::unistd::Uid::from_raw(65_534));
        test();
    });
    on_own_thread.join().unwrap();
}

#[cfg(not(target_os = "linux"))]
fn as_a_plain_user(test: impl FnOnce() + Send + 'static) {
    test();
}

#[test]
fn a_read_only_folder_is_said_and_can_still_be_read() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    let (mut journal, _, _confirmed) = open(&path).unwrap();
    journal.append(facts(1, 5)).unwrap();
    journal.close().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let journal = path.clone();
    as_a_plain_user(move || {
        assert!(matches!(open(&journal), Err(StoreError::ReadOnly { .. })));
        let elsewhere = journal.with_file_name("new.db");
        let error = open(&elsewhere).unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }));
        assert!(error.to_string().contains("ORCHESTRATOR_STATE_DIR"), "{error}");
        assert_eq!(Journal::read(&journal).unwrap().facts, facts(1, 5));
    });
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The size of a batch in the next test.
const BATCH: u64 = 50;

/// The process that the next test kills; does nothing when it is run on its own.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment is how this process knows what it is for")]
fn appends_batches_until_it_is_killed() {
    let Ok(path) = std::env::var("TEST_JOURNAL") else { return };
    let (mut journal, replay, confirmed) = open(Path::new(&path)).unwrap();
    let mut last = replay.last().0;
    let mut out = std::io::stdout();
    loop {
        for _ in 0..3 {
            journal.append(facts(last + 1, last + BATCH)).unwrap();
            last += BATCH;
        }
        until(&confirmed, last);
        writeln!(out, "\nstored {last}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_whole_batches_and_all_that_was_confirmed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.db");
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "edge::store::journal::tests::appends_batches_until_it_is_killed"])
            .env("TEST_JOURNAL", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let confirmed = lines.filter_map(|line| line.strip_prefix("stored ")?.parse::<u64>().ok());
        let confirmed = confirmed.take(round).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let last = Journal::read(&path).unwrap().last().0;
        assert!(last >= confirmed, "{last} of {confirmed}");
        assert_eq!(last % BATCH, 0);
    }
}
