//! What the screen knows: the supervisor as last seen, and where the person is looking.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::core::effect::Recorded;
use crate::core::view::{CheckRow, Course, Detail, Group, Happening, Row, View};
use crate::model::check::Verdict;
use crate::model::id::{BatchId, EventId, Seq, TaskId};
use crate::model::time::{Wall, millis};

use super::action::Context;
use super::body::{Body, Target};
use super::glyph::{Glyphs, UNICODE};
use super::keymap::{Chord, Keymap};
use super::layout::Layout;
use super::list::{Entry, List};
pub use super::place::{Focus, Page, Scroll, Shape, Tab};
use super::popup::Popup;
use super::terminal::Attached;
use super::theme::Theme;
use super::toast::Toast;
use super::tour::Tour;
use super::widget::plain;

/// How long keys are ignored after something came or went by itself: nobody types that fast on purpose.
pub(super) const DEAF: Duration = Duration::from_millis(200);

/// What was fetched about the selected task.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// All about it.
    pub detail: Option<Detail>,
    /// What happened in it, oldest first.
    pub facts: Vec<Recorded>,
    /// Whether the beginning is missing.
    pub cut: bool,
    /// Counts what came to it, so that one can see that it is another one.
    pub version: u64,
    /// The version at which the facts were others than before, and not only more.
    pub past: u64,
}

/// The report of a day, and the page below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose.
    pub batch: BatchId,
    /// The report, or why it cannot be had; none: it is on its way.
    pub told: Option<Result<Told, String>>,
    /// The page that it was opened from, its first line, and what was marked there.
    pub below: Option<(Page, usize, Option<Target>)>,
}

/// An event that is shown whole, and the page below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which.
    pub id: EventId,
    /// All of it, or why it cannot be had; none: it is on its way.
    pub told: Option<Result<Box<Happening>, String>>,
    /// The page that it was opened from, its first line, what was marked there, and what narrowed it.
    pub below: Option<(Page, usize, Option<Target>, Filter)>,
}

/// The report itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its Markdown.
    pub text: String,
    /// Where it lies, or will.
    pub path: String,
    /// Whether it lies there already; maybe as it was some time ago.
    pub is_written: bool,
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
    /// How often it was seen, so that one can see that it is another one.
    pub views: u64,
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
    /// The marked spot of each tab, by its place among the spots.
    pub marks: BTreeMap<Tab, usize>,
    /// What is unfolded in the log and in the journal.
    pub unfolded: BTreeSet<(Tab, Seq)>,
    /// The tasks whose branches are folded in the tree.
    pub folded: BTreeSet<TaskId>,
    /// Which task stands in which line of the list.
    pub list: List,
    /// The text of the shown tab.
    pub body: Body,
    /// How the panes share the screen.
    pub shape: Shape,
    /// Narrows the list.
    pub filter: Filter,
    /// Searches the pane.
    pub search: Filter,
    /// The row of the match that was gone to last.
    pub search_at: Option<usize>,
    /// The terminal of a session, over the panes.
    pub terminal: Option<Box<Attached>>,
    /// A page over the panes, and its first line.
    pub page: Option<(Page, usize)>,
    /// Narrows the page, where it is a list.
    pub page_filter: Filter,
    /// What is marked on the page.
    pub page_mark: Option<Target>,
    /// The report of a day, as last asked for.
    pub report: Option<Box<Report>>,
    /// An event, as last asked for.
    pub event: Option<Box<Opened>>,
    /// The newest event that was on the screen when its page was open.
    pub events_seen: EventId,
    /// Questions and lists over everything, the last one on top.
    pub popups: Vec<Popup>,
    /// What shows for a while.
    pub toasts: Vec<Toast>,
    /// Keys are ignored until then: something came or went without the person's doing, and they were typed for what was
    /// there before.
    pub deaf_until: Wall,
    /// The demo's tour, while it is on.
    pub tour: Option<Tour>,
    /// The chords of a sequence so far.
    pub pending: Vec<Chord>,
    /// Whether the mouse belongs to the screen.
    pub mouse: bool,
    /// Why the supervisor is gone, if it is.
    pub gone: Option<String>,
    /// Whether the supervisor goes on without this screen, so that leaving leaves it alone.
    pub attached: bool,
}

impl State {
    /// Begins with nothing seen yet.
    pub fn new(project: &str, size: (u16, u16), now: Wall) -> Self {
        Self {
            project: project.to_owned(),
            label: String::new(),
            view: View::default(),
            views: 0,
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
            marks: BTreeMap::new(),
            unfolded: BTreeSet::new(),
            folded: BTreeSet::new(),
            list: List::default(),
            body: Body::default(),
            shape: Shape::default(),
            filter: Filter::default(),
            search: Filter::default(),
            search_at: None,
            terminal: None,
            page: None,
            page_filter: Filter::default(),
            page_mark: None,
            report: None,
            event: None,
            events_seen: EventId::default(),
            popups: Vec::new(),
            toasts: Vec::new(),
            deaf_until: Wall(0),
            tour: None,
            pending: Vec::new(),
            mouse: true,
            gone: None,
            attached: false,
        }
    }

    /// Takes in what the calendar says. If it was set back, what lasts for a while from now does not last longer.
    pub fn sees(&mut self, now: Wall) {
        let back = millis(self.now.since(now));
        if back > 0 {
            let toasts =
                self.toasts.iter_mut().flat_map(|toast| [Some(&mut toast.since), toast.until.as_mut()]).flatten();
            for at in toasts.chain([&mut self.deaf_until]) {
                at.0 = at.0.saturating_sub(back);
            }
        }
        self.now = now;
    }

    /// Ignores keys for a moment: they were typed for what was there before.
    pub fn be_deaf(&mut self, now: Wall) {
        self.sees(now);
        self.deaf_until = now.after(DEAF);
    }

    /// Returns the rows that the filter lets through, in the order shown.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        let at = |entry: &Entry| match entry {
            Entry::Task(_, at) => Some(*at),
            Entry::Heading(_) => None,
        };
        self.list.entries().iter().filter_map(at).filter_map(|at| self.view.rows.get(at))
    }

    /// Returns the row of the selected task.
    pub fn row(&self) -> Option<&Row> {
        let selected = self.selected?;
        let listed = self.list.row_of(&self.view, selected);
        listed.or_else(|| self.view.rows.iter().find(|row| row.id == selected))
    }

    /// Makes the list anew, after the view or the filter became another one; the selection goes to a task that is shown.
    pub fn relist(&mut self) {
        let line = self.selected.and_then(|task| self.list.line_of(task)).unwrap_or(0);
        self.list = List::of(&self.view, &self.filter.text, &self.list);
        if self.selected.is_none_or(|task| self.list.line_of(task).is_none()) {
            self.selected = self.list.nearest(line);
        }
    }

    /// Returns where each pane lies.
    pub fn layout(&self) -> Layout {
        Layout::of(self, super::draw::screen(self))
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

    /// Returns the first row of the shown tab that is in sight.
    pub fn top(&self) -> usize {
        let last = self.body.last_top(super::pane::text_area(self).map_or(0, |area| area.height));
        let scroll = self.scroll();
        if scroll.follow { last } else { scroll.top.min(last) }
    }

    /// Returns where the keys go when no popup is open.
    pub fn context(&self) -> Context {
        match (self.page, &self.terminal, self.focus) {
            (Some(_), _, _) => Context::Page,
            (None, Some(terminal), _) if terminal.has_keys() => Context::Typing,
            (None, Some(_), _) => Context::Terminal,
            (None, None, Focus::Tasks) => Context::Tasks,
            (None, None, Focus::Task) => Context::Task,
        }
    }

    /// Returns what the window is called: how many things wait for the person, and how the project stands.
    pub fn window_title(&self) -> String {
        let waiting = self.view.rows.iter().filter(|row| row.group == Group::NeedsYou).count();
        let waiting = if waiting == 0 { String::new() } else { format!("({waiting}?) ") };
        let (red, broken) = self.red();
        let stands = match (&self.gone, red, broken) {
            (Some(_), ..) => ": ended".to_owned(),
            (None, ..) if self.view.checks.is_empty() => String::new(),
            (None, 0, 0) => ": green".to_owned(),
            (None, 0, broken) => format!(": {broken} cannot run"),
            (None, red, _) => format!(": {red} red"),
        };
        plain(&format!("{waiting}{}{stands}", self.project))
    }

    /// Returns how many checks are red, and how many cannot even run.
    pub fn red(&self) -> (usize, usize) {
        let count = |is: fn(Verdict) -> bool| {
            self.view.checks.iter().filter(|check: &&CheckRow| check.verdict.is_some_and(is)).count()
        };
        let red = count(|verdict| matches!(verdict, Verdict::Red | Verdict::TimedOut));
        (red, count(|verdict| verdict == Verdict::Broken))
    }

    /// Whether an agent works or something lands, so that leaving asks.
    pub fn is_working(&self) -> bool {
        // An agent that waits for an answer works too.
        self.list.is_working || !self.view.questions.is_empty()
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
        let counts = self.list.is_working
            || self.list.until > self.now
            || self.view.checks.iter().any(|check| check.running.is_some())
            || matches!(self.view.head.course, Course::Stopping(..))
            || self.view.head.parked.as_ref().is_some_and(|(until, _)| until.is_some());
        let second = (counts && self.gone.is_none()).then(|| Wall((self.now.0 / 1000 + 1) * 1000));
        let toast = self.toasts.iter().filter_map(|toast| toast.until).min();
        let late = (self.seen && self.gone.is_none() && !self.is_late())
            .then(|| self.late_at().after(Duration::from_millis(1)));
        let tour = self.tour.as_ref().and_then(|tour| tour.next_tick(self));
        second.into_iter().chain(toast).chain(late).chain(tour).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::toast::Tone;

    #[test]
    fn a_clock_that_is_set_back_leaves_nobody_deaf_and_no_line_for_hours() {
        let mut state = State::new("p", (80, 24), Wall(90_000_000));
        state.toast(Tone::Note, "it goes on", false);
        state.be_deaf(Wall(90_000_000));
        state.sees(Wall(86_400_000));
        let Toast { since, until, .. } = state.toasts[0];
        assert_eq!((state.deaf_until, since, until), (Wall(86_400_200), Wall(86_400_000), Some(Wall(86_406_000))));
        state.sees(Wall(86_400_100));
        assert_eq!(state.deaf_until, Wall(86_400_200));
    }
}
