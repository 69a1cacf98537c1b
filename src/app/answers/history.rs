//! What became true, for those who ask later: from the journal, and from memory what is not on disk yet.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::core::effect::Recorded;
use crate::edge::control::{Archive, Batch, Beginning, FactLine, Wanted};
use crate::edge::store::{Journal, StoreError, StoredFact};
use crate::model::id::{Seq, TaskId};
use crate::model::time::Wall;

/// How many facts memory keeps while the journal takes none; whoever asks then is told of the gap.
const KEPT: usize = 4096;

/// How many facts are read from the journal at a time, so that a long past is never in memory as a whole.
const PAGE: usize = 512;

/// The past of a project.
#[derive(Debug)]
pub struct History {
    journal: PathBuf,
    recent: Mutex<Recent>,
}

/// What memory knows.
#[derive(Clone, Debug, Default)]
struct Recent {
    /// Facts that are told and not yet on disk, oldest first.
    lines: VecDeque<FactLine>,
    /// The last fact there is; 0 if only the file knows.
    last: Seq,
    /// Whether the file belongs to another past than ours, because it could not be opened.
    is_only_memory: bool,
}

impl Recent {
    /// Returns what the file says; nothing if it says nothing for us.
    fn of_file<T>(&self, read: impl FnOnce() -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        if self.is_only_memory {
            return Ok(None);
        }
        match read() {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Missing { .. }) => Ok(None),
            // With a broken store everything goes on in memory; what is not there shows as a gap.
            Err(error) if self.last > Seq(0) => {
                tracing::warn!(%error, "the journal cannot be read");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl History {
    /// Takes the journal's file, which need not exist.
    pub fn new(journal: PathBuf) -> Self {
        Self { journal, recent: Mutex::default() }
    }

    /// Notes what the last fact is that was read from the journal.
    pub fn restored(&self, last: Seq) {
        self.recent().last = last;
    }

    /// Notes that nothing of this process comes into the file.
    pub fn only_memory(&self) {
        self.recent().is_only_memory = true;
    }

    /// Takes a fact that is on its way to the disk.
    pub fn push(&self, line: FactLine) {
        let mut recent = self.recent();
        if recent.lines.len() == KEPT {
            recent.lines.pop_front();
        }
        recent.last = line.seq;
        recent.lines.push_back(line);
    }

    /// Lets go of what is on disk by now.
    pub fn stored(&self, up_to: Seq) {
        let mut recent = self.recent();
        while recent.lines.front().is_some_and(|line| line.seq <= up_to) {
            recent.lines.pop_front();
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Archive for History {
    fn begin(&self, wanted: &Wanted) -> Result<Beginning, String> {
        let whole = Beginning { after: wanted.after, left_out: 0 };
        let Some(limit) = wanted.limit else { return Ok(whole) };
        // Before the file: what gets there meanwhile is then known twice, not never.
        let recent = self.recent().clone();
        let fitting: Vec<Seq> = recent
            .lines
            .iter()
            .filter(|line| line.seq > wanted.after && wanted.fits(line))
            .map(|line| line.seq)
            .collect();
        let upto = recent.lines.front().map_or(Seq(u64::MAX), |line| before(line.seq));
        let of_file = limit.saturating_sub(fitting.len());
        let tail = recent
            .of_file(|| Journal::tail(&self.journal, (wanted.after, upto), wanted.task, of_file))
            .map_err(|error| error.to_string())?
            .unwrap_or_default();
        let Some(left_out) = fitting.len().checked_sub(limit) else {
            return Ok(Beginning { after: tail.after.max(wanted.after), left_out: tail.left_out });
        };
        let after = fitting.get(left_out).map_or(recent.last.max(tail.after), |first| before(*first));
        Ok(Beginning { after: after.max(wanted.after), left_out: tail.left_out + left_out as u64 })
    }

    fn read(&self, wanted: &Wanted, after: Seq) -> Result<Batch, String> {
        // Before the file, as above.
        let recent = self.recent().clone();
        let page = recent
            .of_file(|| Journal::page(&self.journal, after, wanted.task, PAGE))
            .map_err(|error| error.to_string())?;
        if let Some(page) = page.filter(|page| page.to > after) {
            let facts = page.facts.iter().map(line_of).collect::<Result<_, _>>()?;
            return Ok(Batch { from: after, facts, to: page.to, more: true });
        }
        let rest: Vec<FactLine> = recent.lines.into_iter().filter(|line| line.seq > after).collect();
        let from = rest.first().map_or(recent.last.max(after), |first| before(first.seq));
        let facts = rest.into_iter().filter(|line| wanted.fits(line)).collect();
        Ok(Batch { from, facts, to: recent.last.max(after), more: false })
    }
}

fn before(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1))
}

/// Returns a fact as everybody is told it.
pub fn told(recorded: &Recorded) -> FactLine {
    let body = serde_json::to_value(&recorded.fact).unwrap_or_else(|_| json!({}));
    let task = recorded.fact.task();
    FactLine { seq: recorded.seq, task, json: with_place(body, recorded.seq, recorded.at, task).into() }
}

fn line_of(stored: &StoredFact) -> Result<FactLine, String> {
    let body: Value =
        serde_json::from_str(&stored.body).map_err(|error| format!("fact {} is damaged: {error}", stored.seq.0))?;
    let json = with_place(body, stored.seq, stored.wall, stored.task).into();
    Ok(FactLine { seq: stored.seq, task: stored.task, json })
}

/// Adds where and when it stands in the journal, and the task's long name.
fn with_place(mut fact: Value, seq: Seq, at: Wall, task: Option<TaskId>) -> String {
    if let Value::Object(fields) = &mut fact {
        fields.insert("seq".to_owned(), json!(seq));
        fields.insert("at".to_owned(), json!(at.iso()));
        fields.insert("at_ms".to_owned(), json!(at));
        if let Some(task) = task {
            fields.insert("task_id".to_owned(), json!(task.long()));
        }
    }
    fact.to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop here")]
mod tests {
    use super::*;

    fn line(seq: u64) -> FactLine {
        let task = seq.is_multiple_of(2).then_some(TaskId(7));
        FactLine { seq: Seq(seq), task, json: format!("{{\"n\":{seq}}}").into() }
    }

    fn stored(seq: u64) -> StoredFact {
        let FactLine { seq, task, json } = line(seq);
        StoredFact { seq, wall: Wall(0), kind: "beat".to_owned(), task, body: json.to_string() }
    }

    /// Ten facts on disk, and four in memory, of which the first is on disk, too.
    fn history(home: &tempfile::TempDir) -> History {
        let path = home.path().join("journal.db");
        let (mut journal, _) = Journal::open(&path, |_| {}).unwrap();
        journal.append((1..=10).map(stored).collect()).unwrap();
        journal.close().unwrap();
        let history = History::new(path);
        history.restored(Seq(9));
        for seq in 10..=13 {
            history.push(line(seq));
        }
        history
    }

    /// Reads to the end; gaps are zeros.
    fn read(history: &History, wanted: Wanted) -> (u64, Vec<u64>) {
        let begin = history.begin(&wanted).unwrap();
        let (mut last, mut seen, mut more) = (begin.after, Vec::new(), true);
        while more {
            let batch = history.read(&wanted, last).unwrap();
            if batch.from > last {
                seen.push(0);
            }
            seen.extend(batch.facts.iter().map(|fact| fact.seq.0));
            (last, more) = (batch.to, batch.more);
        }
        (begin.left_out, seen)
    }

    #[test]
    fn disk_and_memory_are_one_past() {
        let home = tempfile::tempdir().unwrap();
        let history = history(&home);
        let of = |after, task: Option<u32>, limit| {
            read(&history, Wanted { after: Seq(after), task: task.map(TaskId), limit })
        };
        assert_eq!(of(0, None, None), (0, (1..=13).collect()));
        assert_eq!(of(8, Some(7), None), (0, vec![10, 12]));
        assert_eq!(of(0, Some(7), Some(3)), (3, vec![8, 10, 12]));
        assert_eq!(of(0, Some(7), Some(1)), (5, vec![12]));
        assert_eq!(of(0, None, Some(5)), (8, vec![9, 10, 11, 12, 13]));
        assert_eq!(of(0, None, Some(99)), (0, (1..=13).collect()));
        assert_eq!(of(13, None, Some(2)), (0, Vec::new()));
        assert_eq!(of(0, Some(8), Some(2)), (0, Vec::new()));
        history.stored(Seq(12));
        assert_eq!(of(9, None, None).1, [10, 0, 13], "nobody stored 11 and 12 here, and that shows");
    }

    #[test]
    fn what_only_memory_has_is_bounded_and_a_gap_is_one() {
        let home = tempfile::tempdir().unwrap();
        let history = history(&home);
        history.only_memory();
        assert_eq!(read(&history, Wanted::default()).1, [0, 10, 11, 12, 13]);
        for seq in 14..=13 + KEPT as u64 {
            history.push(line(seq));
        }
        let (left_out, seen) = read(&history, Wanted::default());
        assert_eq!((left_out, seen.len(), &seen[..2]), (0, KEPT + 1, &[0, 14][..]));
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_no_empty_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal.db");
        assert_eq!(read(&History::new(path.clone()), Wanted::default()).1, Vec::<u64>::new(), "there is none");
        std::fs::write(&path, "no journal at all, and longer than a header of a hundred bytes: ".repeat(4)).unwrap();
        let history = History::new(path);
        assert!(history.read(&Wanted::default(), Seq(0)).is_err());
        history.push(line(5));
        assert_eq!(read(&history, Wanted::default()).1, [0, 5]);
    }

    #[test]
    fn a_fact_is_told_the_same_from_memory_and_from_disk() {
        let recorded =
            Recorded { seq: Seq(3), at: Wall(1_500), fact: crate::core::fact::Fact::Retried { task: TaskId(14) } };
        let told = told(&recorded);
        let stored = crate::app::project::setup::stored_of(&recorded).unwrap();
        assert_eq!(line_of(&stored), Ok(told.clone()));
        let value: Value = serde_json::from_str(&told.json).unwrap();
        let expected = json!({ "kind": "retried", "task": 14, "task_id": "task_0000000e", "seq": 3,
                               "at": "1970-01-01T00:00:01Z", "at_ms": 1500 });
        assert_eq!(value, expected);
    }
}
