//! Which task stands in which line of the list: worked out once for each view and filter, so that drawing and moving
//! cost the same with ten tasks as with ten thousand.

use crate::core::view::{Group, Row, View};
use crate::model::id::TaskId;
use crate::model::time::Wall;

use super::widget::holds;

/// A title longer than this is cut before a reason is.
const TITLE_MAX: usize = 36;

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The heading of a group.
    Heading(Group),
    /// A task, and its place among the rows of the view.
    Task(TaskId, usize),
}

/// Where the rows of a group stand, and what at their right edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ending {
    /// How many tasks the group has.
    pub tasks: usize,
    /// The line of the first of them.
    pub first: usize,
    /// Columns for a time.
    pub time: usize,
    /// Columns for a cost.
    pub cost: usize,
}

/// The list, as the filter lets it through.
#[derive(Clone, Debug, Default)]
pub struct List {
    entries: Vec<Entry>,
    endings: [Ending; 6],
    filter: String,
    /// How many tasks are in it.
    pub tasks: usize,
    /// Columns for the numbers.
    pub ids: usize,
    /// Columns for the titles.
    pub titles: usize,
    /// Whether an attempt is under way.
    pub is_working: bool,
    /// When the last count down to something ends.
    pub until: Wall,
    /// The first line shown.
    pub top: usize,
    /// Whether the list was turned by the wheel, away from the selected row.
    pub is_loose: bool,
}

impl List {
    /// Makes the list of a view; what is shown of it stays where it is.
    #[must_use]
    pub fn of(view: &View, filter: &str, before: &Self) -> Self {
        let mut list = Self {
            filter: filter.to_owned(),
            top: before.top,
            is_loose: before.is_loose,
            entries: Vec::with_capacity(view.rows.len() + 6),
            ..Self::default()
        };
        let mut group = None;
        let mut highest = 0;
        for (at, row) in view.rows.iter().enumerate() {
            list.is_working |= row.group == Group::Working;
            if matches!(row.group, Group::Queued | Group::Held) {
                list.until = list.until.max(row.until.unwrap_or_default());
            }
            if !lets_through(row, filter) {
                continue;
            }
            if group != Some(row.group) {
                group = Some(row.group);
                list.entries.push(Entry::Heading(row.group));
                list.endings[row.group as usize].first = list.entries.len();
            }
            list.entries.push(Entry::Task(row.id, at));
            list.tasks += 1;
            highest = highest.max(row.id.0);
            list.titles = list.titles.max(title_bound(row));
            let ending = &mut list.endings[row.group as usize];
            ending.tasks += 1;
            ending.cost = ending.cost.max(cost_columns(row));
            if has_time(row) {
                ending.time = 5;
            }
        }
        list.ids = digits(u64::from(highest)) + 1;
        list.titles = list.titles.min(TITLE_MAX);
        list
    }

    /// Whether it was made with this filter.
    pub fn is_filtered_by(&self, filter: &str) -> bool {
        self.filter == filter
    }

    /// Returns the lines.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns what stands at the right edge of a group.
    pub fn ending(&self, group: Group) -> Ending {
        self.endings[group as usize]
    }

    /// Returns how many tasks of a group are above or below what is shown.
    pub fn out_of_sight(&self, group: Group, top: usize, rows: usize) -> usize {
        let Ending { tasks, first, .. } = self.ending(group);
        tasks - (first + tasks).min(top + rows).saturating_sub(first.max(top)).min(tasks)
    }

    /// Returns the line of a task.
    pub fn line_of(&self, task: TaskId) -> Option<usize> {
        self.entries.iter().position(|entry| matches!(entry, Entry::Task(id, _) if *id == task))
    }

    /// Returns the row of a task, if it is shown.
    pub fn row_of<'a>(&self, view: &'a View, task: TaskId) -> Option<&'a Row> {
        let Entry::Task(_, at) = self.entries.get(self.line_of(task)?)? else { return None };
        view.rows.get(*at).filter(|row| row.id == task)
    }

    /// Returns the task in this line, or else in the nearest one below, or above.
    pub fn nearest(&self, line: usize) -> Option<TaskId> {
        let task = |entry: &Entry| match entry {
            Entry::Task(id, _) => Some(*id),
            Entry::Heading(_) => None,
        };
        let line = line.min(self.entries.len());
        self.entries[line..].iter().find_map(task).or_else(|| self.entries[..line].iter().rev().find_map(task))
    }

    /// Returns the task so many tasks further down, or up if negative; it stops at the ends.
    pub fn step(&self, from: Option<TaskId>, by: isize) -> Option<TaskId> {
        let Some(at) = from.and_then(|task| self.line_of(task)) else { return self.nearest(0) };
        let tasks = |entry: &&Entry| matches!(entry, Entry::Task(..));
        let far = by.unsigned_abs();
        let entry = if by < 0 {
            let above = self.entries[..=at].iter().rev().filter(tasks);
            above.take(far + 1).last()
        } else {
            self.entries[at..].iter().filter(tasks).take(far + 1).last()
        };
        entry.and_then(|entry| match entry {
            Entry::Task(id, _) => Some(*id),
            Entry::Heading(_) => None,
        })
    }

    /// Brings a line into sight, with its heading where it is the first of its group, and a little of what is around.
    pub fn show(&mut self, line: usize, rows: usize) {
        let last = self.entries.len().saturating_sub(rows);
        let margin = 2.min(rows.saturating_sub(1) / 2);
        let lowest = line.saturating_sub(margin);
        let highest = (line + margin + 1).saturating_sub(rows);
        self.top = self.top.clamp(highest.min(lowest), lowest.max(highest)).min(last);
    }

    /// Turns the list so many lines, as far as there are any.
    pub fn turn(&mut self, by: isize, rows: usize) {
        self.top = self.top.saturating_add_signed(by).min(self.entries.len().saturating_sub(rows));
        self.is_loose = true;
    }
}

/// Whether a row shows a time at its right edge; the same whenever it is asked.
fn has_time(row: &Row) -> bool {
    match row.group {
        Group::Working => row.since.is_some(),
        Group::Queued | Group::Held => row.until.is_some(),
        Group::Done => row.took.is_some(),
        Group::NeedsYou | Group::Failed => false,
    }
}

/// Whether the filter lets a row through: by its number, its name, its file, its reason, its group, its role, lane or batch.
fn lets_through(row: &Row, filter: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let file =
        row.check.as_ref().and_then(|key| key.file.as_ref()).map(|file| String::from_utf8_lossy(file.as_bytes()));
    let belongs = row.work.as_ref().map(|work| {
        let batch = work.batch.map(|batch| format!("batch {}", batch.0)).unwrap_or_default();
        format!("{} {} {batch}", work.role, work.lane)
    });
    holds(&row.title, filter)
        || belongs.is_some_and(|belongs| holds(&belongs, filter))
        || file.is_some_and(|file| holds(&file, filter))
        || holds(&row.why, filter)
        || row.id.to_string() == filter
        || row.group.title().eq_ignore_ascii_case(filter)
}

/// Returns at least how many columns the title takes, without writing it.
fn title_bound(row: &Row) -> usize {
    row.title.chars().count()
}

fn cost_columns(row: &Row) -> usize {
    if row.spent.usd.0 > 0 { digits(row.spent.usd.0 / 1_000_000) + 4 + usize::from(row.spent.unpriced) } else { 0 }
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |power| power as usize + 1)
}
