//! The text of the shown tab, laid out once for each change and not for each frame.

use ratatui::text::Line;

use super::pane;
use super::state::{State, Tab};
use super::theme::Theme;
use super::widget::{found, wrap};
use crate::model::id::{Seq, TaskId};
use crate::model::path::ProjectPath;

/// What a spot of the text leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Details that unfold, or fold again.
    Fold(Seq),
    /// A place in a file.
    Place(ProjectPath, Option<u32>),
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
    columns: u16,
    offset: i64,
    is_ascii: bool,
    theme: Theme,
}

impl Key {
    fn of(state: &State) -> Self {
        Self {
            task: state.selected,
            version: state.story.1.version,
            tab: state.tab,
            unfolded: state.unfolded.clone(),
            columns: pane::text_area(state).map_or(0, |area| area.width),
            offset: state.offset,
            is_ascii: !state.glyphs.lines,
            theme: state.theme.clone(),
        }
    }
}

/// The text of a tab, in rows of the width of the pane.
#[derive(Clone, Debug, Default)]
pub struct Body {
    key: Option<Key>,
    /// The rows.
    pub rows: Vec<Line<'static>>,
    /// The lines that lead somewhere, from top to bottom.
    pub spots: Vec<Spot>,
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
        for item in pane::content(state, columns) {
            if let Some(target) = item.target {
                body.spots.push(Spot { row: body.rows.len(), target });
            }
            if item.line.width() <= columns {
                body.rows.push(item.line);
            } else {
                body.rows.extend(wrap(&item.line, columns, item.hang));
            }
        }
        body
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
