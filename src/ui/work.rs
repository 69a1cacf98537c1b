//! What follows from a row about an assignment: how long it took so far, whether that is more than expected, where it belongs.

use crate::core::view::{Group, Row};
use crate::model::cost::Spent;
use crate::model::id::TaskId;
use crate::model::time::{brief, millis};

use super::state::State;

/// Returns how long it was worked on, the running attempt included, in milliseconds.
pub(super) fn elapsed(state: &State, row: &Row) -> u64 {
    let worked = row.work.as_ref().map_or(row.took.unwrap_or(0), |work| work.worked);
    let running = row.since.filter(|_| row.group == Group::Working).map_or(0, |since| millis(state.now.since(since)));
    worked + running
}

/// Says that it takes longer than was expected, if so: `1:20 of 1 h expected`.
pub(super) fn overrun(state: &State, row: &Row) -> Option<String> {
    let expected = row.work.as_ref()?.expected?;
    let took = elapsed(state, row);
    if took <= expected {
        return None;
    }
    let minutes = took / 60_000;
    Some(format!("{}:{:02} of {} expected", minutes / 60, minutes % 60, spoken(expected)))
}

/// Writes an expectation as a person says it: `1 h`, `2.5 h`.
pub(super) fn spoken(millis: u64) -> String {
    let tenths = millis / 360_000;
    if tenths.is_multiple_of(10) { format!("{} h", tenths / 10) } else { format!("{}.{} h", tenths / 10, tenths % 10) }
}

/// Writes how long something took.
pub(super) fn took(millis: u64) -> String {
    brief(std::time::Duration::from_millis(millis))
}

/// Says who does it and where it belongs: `coding · batch 2`, `coding · queue`.
pub(super) fn belongs(row: &Row) -> Option<String> {
    let work = row.work.as_ref()?;
    let place = work.batch.map_or_else(|| work.lane.to_string(), |batch| format!("batch {}", batch.0));
    // A session is often called what its role is.
    let is_said = row.title.eq_ignore_ascii_case(&work.role);
    Some(if is_said { place } else { format!("{} · {place}", work.role) })
}

/// The tasks that work on the same, from role to role, and what they used in all.
pub(super) struct Chain<'a> {
    /// What all of them are about.
    pub(super) subject: TaskId,
    /// The tasks that are still listed, the first first.
    pub(super) rows: Vec<&'a Row>,
    /// What they used.
    pub(super) spent: Spent,
    /// How long they worked, in milliseconds.
    pub(super) worked: u64,
}

/// Returns the tasks that work on the same as one, if there are others.
pub(super) fn chain<'a>(state: &'a State, row: &Row) -> Option<Chain<'a>> {
    let subject_of = |row: &Row| row.work.as_ref().and_then(|work| work.subject).unwrap_or(row.id);
    let subject = subject_of(row);
    let mut rows: Vec<&Row> = state.view.rows.iter().filter(|row| subject_of(row) == subject).collect();
    rows.sort_by_key(|row| row.id);
    let spent = rows.iter().fold(Spent::default(), |sum, row| sum + row.spent);
    let worked = rows.iter().map(|row| elapsed(state, row)).sum();
    (rows.len() > 1).then_some(Chain { subject, rows, spent, worked })
}
