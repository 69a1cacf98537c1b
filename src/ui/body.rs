//! The text of the shown tab, laid out once for each change and not for each frame.

use ratatui::text::Line;

use super::pane;
use super::state::{State, Tab};
use super::theme::Theme;
use super::widget::{found, wrap};
use crate::model::id::{BatchId, EventId, Seq, TaskId};
use crate::model::path::ProjectPath;

/// What a spot of the text leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Details that unfold, or fold again.
    Fold(Seq),
    /// A place in a file.
    Place(ProjectPath, Option<u32>),
    /// Another task.
    Task(TaskId),
    /// Another task, with others below it that fold.
    Branch(TaskId),
    /// An event, whole (0), or the first, second … task that it started.
    Event(EventId, usize),
    /// What was filed together: the report of a day, the plan or the tasks of an orchestration.
    Batch(BatchId),
}

/// A line of a tab before it is wrapped.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What it says.
    pub line: Line<'static>,
    /// How far its second row is indented.
    pub hang: usize,
    /// Where it leads to.
    pub target: Option<Target>,
}

impl From<Line<'static>> for Item {
    fn from(line: Line<'static>) -> Self {
        Self { line, hang: 0, target: None }
    }
}

/// A line that leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its first row.
    pub row: usize,
    /// Where it leads to.
    pub target: Target,
}

/// What the text depends on.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    task: Option<TaskId>,
    version: u64,
    tab: Tab,
    unfolded: std::collections::BTreeSet<(Tab, Seq)>,
    folded: std::collections::BTreeSet<TaskId>,
    columns: u16,
    offset: i64,
    is_ascii: bool,
    theme: Theme,
    /// Which view it was made from, where other tasks are in it.
    views: u64,
}

impl Key {
    fn of(state: &State) -> Self {
        Self {
            task: state.selected,
            version: state.story.1.version,
            tab: state.tab,
            unfolded: state.unfolded.clone(),
            folded: if state.tab == Tab::Tree { state.folded.clone() } else { std::collections::BTreeSet::new() },
            columns: pane::text_area(state).map_or(0, |area| area.width),
            offset: state.offset,
            is_ascii: !state.glyphs.lines,
            theme: state.theme.clone(),
            views: if shows_others(state) { state.views } else { 0 },
        }
    }
}

/// Whether other tasks are in the shown tab.
fn shows_others(state: &State) -> bool {
    let brings = || state.row().is_some_and(|row| row.work.is_some());
    state.tab == Tab::Tree || state.tab == Tab::Check && brings()
}

/// The text of a tab, in rows of the width of the pane.
#[derive(Clone, Debug, Default)]
pub struct Body {
    key: Option<Key>,
    /// The rows.
    pub rows: Vec<Line<'static>>,
    /// The lines that lead somewhere, from top to bottom.
    pub spots: Vec<Spot>,
    /// Where the last thing of a log begins: it may still grow, and what is before it stays.
    tail: Option<Tail>,
}

/// Where a part of the text begins.
#[derive(Clone, Copy, Debug)]
struct Tail {
    /// Which of the task's pasts it belongs to.
    past: u64,
    fact: usize,
    row: usize,
    spot: usize,
}

impl Body {
    /// Lays out the text of the shown tab.
    pub fn of(state: &State) -> Self {
        let key = Key::of(state);
        let columns = usize::from(key.columns);
        let mut body = Self { key: Some(key), ..Self::default() };
        if columns == 0 {
            return body;
        }
        if state.tab == Tab::Log {
            body.go_on(state, columns, 0);
        } else {
            for item in pane::content(state, columns) {
                body.lay(item, columns);
            }
        }
        body
    }

    /// Lays out what is new; all of it, unless only a log became longer.
    pub fn renew(&mut self, state: &State) {
        let key = Key::of(state);
        let story = &state.story.1;
        let longer = self.tail.filter(|tail| tail.past == story.past && state.tab == Tab::Log);
        let is_same = self.key.as_mut().is_some_and(|known| {
            known.version = key.version;
            *known == key
        });
        match longer {
            Some(tail) if is_same => {
                self.rows.truncate(tail.row);
                self.spots.truncate(tail.spot);
                self.go_on(state, usize::from(key.columns), tail.fact);
            }
            Some(_) | None => *self = Self::of(state),
        }
    }

    fn go_on(&mut self, state: &State, columns: usize, from: usize) {
        let Some(story) = state.told() else { return };
        for (fact, items) in pane::log_groups(state, story, columns, from) {
            self.tail = Some(Tail { past: story.past, fact, row: self.rows.len(), spot: self.spots.len() });
            for item in items {
                self.lay(item, columns);
            }
        }
    }

    fn lay(&mut self, item: Item, columns: usize) {
        if let Some(target) = item.target {
            self.spots.push(Spot { row: self.rows.len(), target });
        }
        if item.line.width() <= columns {
            self.rows.push(item.line);
        } else {
            self.rows.extend(wrap(&item.line, columns, item.hang));
        }
    }

    /// Whether it is still what the state shows.
    pub fn fits(&self, state: &State) -> bool {
        self.key.as_ref().is_some_and(|key| *key == Key::of(state))
    }

    /// Returns the rows in which a text stands.
    pub fn find(&self, wanted: &str) -> Vec<usize> {
        let holds = |row: &Line<'_>| !found(&row.to_string(), wanted).is_empty();
        self.rows.iter().enumerate().filter(|(_, row)| holds(row)).map(|(number, _)| number).collect()
    }

    /// Returns the first row at which the end is seen in a pane of so many rows.
    pub fn last_top(&self, rows: u16) -> usize {
        self.rows.len().saturating_sub(usize::from(rows))
    }
}

impl State {
    /// Returns the marked spot of the shown tab.
    pub fn spot(&self) -> Option<&Spot> {
        self.body.spots.get(*self.marks.get(&self.tab)?)
    }
}
