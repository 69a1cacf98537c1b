//! What the screen knows: the supervisor as last seen, and where the person is looking.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::effect::Recorded;
use crate::core::view::{Course, Detail, Group, Row, View};
use crate::model::id::TaskId;
use crate::model::time::Wall;

use super::action::Context;
use super::glyph::{Glyphs, UNICODE};
use super::keymap::{Chord, Keymap};
use super::popup::Popup;
use super::theme::Theme;

/// How long a toast stays.
pub const TOAST: Duration = Duration::from_secs(6);

/// The tabs of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    /// One line for each thing that happened.
    Log,
    /// What was changed.
    Diff,
    /// What the check says.
    Check,
    /// The journal.
    Facts,
}

impl Tab {
    /// Every tab, in the order shown.
    pub const ALL: [Self; 4] = [Self::Log, Self::Diff, Self::Check, Self::Facts];

    /// Returns the title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Diff => "Diff",
            Self::Check => "Check",
            Self::Facts => "Facts",
        }
    }
}

/// A full-screen page over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Health and statistics.
    Health,
    /// The keys.
    Help,
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    Tasks,
    /// The task beside it.
    Task,
}

/// Where a text is scrolled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scroll {
    /// The first line shown.
    pub top: usize,
    /// Whether it sticks to the end.
    pub follow: bool,
}

/// What was fetched about the selected task.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// All about it.
    pub detail: Option<Detail>,
    /// What happened in it, oldest first.
    pub facts: Vec<Recorded>,
    /// Whether the beginning is missing.
    pub cut: bool,
}

/// How much a toast matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Note,
    /// Well done.
    Good,
    /// Refused, or went wrong.
    Bad,
}

/// A line that shows for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
    /// When it goes.
    pub until: Wall,
}

/// A text that is being typed to narrow the list or to search a pane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What was typed.
    pub text: String,
    /// Whether keys still go into it.
    pub editing: bool,
}

/// Everything the screen knows.
#[derive(Clone, Debug)]
pub struct State {
    /// The project's name.
    pub project: String,
    /// A word before the project's name: `demo`; empty: none.
    pub label: String,
    /// The supervisor, as last seen.
    pub view: View,
    /// Whether it was seen at all.
    pub seen: bool,
    /// The calendar, as of the last event.
    pub now: Wall,
    /// How far local time is ahead of UTC, in seconds.
    pub offset: i64,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What things look like.
    pub theme: Theme,
    /// The signs.
    pub glyphs: Glyphs,
    /// The keys.
    pub keymap: Keymap,
    /// The selected task.
    pub selected: Option<TaskId>,
    /// Which pane has the keys.
    pub focus: Focus,
    /// Which tab of the task is shown.
    pub tab: Tab,
    /// What was fetched, by task; the selected one only.
    pub story: (Option<TaskId>, Story),
    /// Where each tab is scrolled to.
    pub scrolls: BTreeMap<Tab, Scroll>,
    /// Narrows the list.
    pub filter: Filter,
    /// Searches the pane.
    pub search: Filter,
    /// A page over the panes, and its first line.
    pub page: Option<(Page, usize)>,
    /// Questions and lists over everything, the last one on top.
    pub popups: Vec<Popup>,
    /// What shows for a while.
    pub toasts: Vec<Toast>,
    /// The chords of a sequence so far.
    pub pending: Vec<Chord>,
    /// Whether the mouse belongs to the screen.
    pub mouse: bool,
    /// Why the supervisor is gone, if it is.
    pub gone: Option<String>,
}

impl State {
    /// Begins with nothing seen yet.
    pub fn new(project: &str, size: (u16, u16), now: Wall) -> Self {
        Self {
            project: project.to_owned(),
            label: String::new(),
            view: View::default(),
            seen: false,
            now,
            offset: 0,
            size,
            theme: Theme::default(),
            glyphs: UNICODE,
            keymap: Keymap::default(),
            selected: None,
            focus: Focus::Tasks,
            tab: Tab::Log,
            story: (None, Story::default()),
            scrolls: BTreeMap::new(),
            filter: Filter::default(),
            search: Filter::default(),
            page: None,
            popups: Vec::new(),
            toasts: Vec::new(),
            pending: Vec::new(),
            mouse: true,
            gone: None,
        }
    }

    /// Returns the rows that the filter lets through, in the order shown.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        let wanted = self.filter.text.to_lowercase();
        self.view.rows.iter().filter(move |row| {
            wanted.is_empty()
                || row.key.to_string().to_lowercase().contains(&wanted)
                || row.why.to_lowercase().contains(&wanted)
                || row.id.to_string() == wanted
        })
    }

    /// Returns the task in a place of the list.
    pub fn task_at(&self, place: usize) -> Option<TaskId> {
        self.rows().nth(place).map(|row| row.id)
    }

    /// Returns the row of the selected task.
    pub fn row(&self) -> Option<&Row> {
        let selected = self.selected?;
        self.view.rows.iter().find(|row| row.id == selected)
    }

    /// Returns what was fetched about the selected task, if it has come.
    pub fn told(&self) -> Option<&Story> {
        (self.selected.is_some() && self.story.0 == self.selected).then_some(&self.story.1)
    }

    /// Returns where the shown tab is scrolled to.
    pub fn scroll(&self) -> Scroll {
        let start = Scroll { top: 0, follow: self.tab == Tab::Log || self.tab == Tab::Facts };
        self.scrolls.get(&self.tab).copied().unwrap_or(start)
    }

    /// Returns where the keys go when no popup is open.
    pub fn context(&self) -> Context {
        match (self.page, self.focus) {
            (Some(_), _) => Context::Page,
            (None, Focus::Tasks) => Context::Tasks,
            (None, Focus::Task) => Context::Task,
        }
    }

    /// Whether an agent works or something lands, so that leaving asks.
    pub fn is_working(&self) -> bool {
        self.view.rows.iter().any(|row| row.group == Group::Working)
    }

    /// Returns when the heart is late, if nothing comes before.
    fn late_at(&self) -> Wall {
        // Two beats may be missed: a laptop sleeps, a disk is slow.
        self.view.head.beat.after(Duration::from_millis(self.view.head.heartbeat.saturating_mul(3)))
    }

    /// Whether the supervisor's heart is late.
    pub fn is_late(&self) -> bool {
        self.seen && self.gone.is_none() && self.view.head.course == Course::Up && self.now > self.late_at()
    }

    /// Returns when something on the screen changes by time alone: a count, the end of a toast, a late heart.
    pub fn next_tick(&self) -> Option<Wall> {
        let counts = self.view.rows.iter().any(|row| {
            row.group == Group::Working || (row.until.is_some_and(|until| until > self.now) && row.group != Group::Held)
        }) || self.view.checks.iter().any(|check| check.running.is_some())
            || matches!(self.view.head.course, Course::Stopping(..))
            || self.view.head.parked.as_ref().is_some_and(|(until, _)| until.is_some());
        let second = (counts && self.gone.is_none()).then(|| Wall((self.now.0 / 1000 + 1) * 1000));
        let toast = self.toasts.iter().map(|toast| toast.until).min();
        let late = (self.seen && self.gone.is_none() && !self.is_late())
            .then(|| self.late_at().after(Duration::from_millis(1)));
        second.into_iter().chain(toast).chain(late).min()
    }
}
