//! The demo's tour: one step at a time below the panes, each waiting for what it talks about to happen.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::view::{Group, Row};
use crate::model::attempt::Stage;
use crate::model::check::Verdict;
use crate::model::time::Wall;
use crate::ui::action::Action;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, width, wrapped_rows, write_lines};

/// How long a step is shown at least, so that it can be read when things go fast.
const DWELL: Duration = Duration::from_millis(1500);

/// From this width on there is room for what happened, not only for what is next.
const ROOMY: u16 = 60;

/// The fewest rows of a screen that has room for it.
const ROWS: u16 = 12;

/// Where the tour stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tour {
    step: usize,
    since: Wall,
}

/// A step of the tour.
struct Step {
    /// What just happened.
    what: fn(&State) -> String,
    /// What is next, and with which key.
    next: fn(&State) -> String,
    /// Whether there is nothing to say at this point.
    is_moot: fn(&State) -> bool,
    /// Whether what it waits for has happened.
    is_done: fn(&State) -> bool,
}

const STEPS: &[Step] = &[
    Step {
        what: |_| "A small project with a real bug, in a folder of its own. Its real test runs now.".to_owned(),
        next: |_| "Wait until it turns red; building it takes a moment.".to_owned(),
        is_moot: |_| false,
        is_done: |state| task(state).is_some(),
    },
    Step {
        what: |state| match task(state) {
            Some(_) if cannot_run(state) => {
                "The test cannot even start here. That is no red test, so no agent is started.".to_owned()
            }
            Some(row) if row.group == Group::Held => format!(
                "The test is red, so there is a task, {}. It was red before you came, and nobody asked to have it fixed.",
                row.id
            ),
            Some(row) => format!("The test is red, so there is a task, {}.", row.id),
            None => "The test is red.".to_owned(),
        },
        next: |state| match task(state) {
            Some(row) if cannot_run(state) => {
                format!("{}. Then press {} to run it again.", sentence(&row.why), key(state, Action::Check))
            }
            Some(row) if row.allowed.fix => format!("Press {} to have it fixed.", key(state, Action::Fix)),
            Some(_) | None => "An agent starts by itself when nothing was saved for a while.".to_owned(),
        },
        is_moot: |_| false,
        is_done: |state| !cannot_run(state) && !in_group(state, Group::Held) && !in_group(state, Group::Queued),
    },
    Step {
        what: |_| {
            "An agent works on it in a private copy of the project. Your own files are not touched; go on typing if you like."
                .to_owned()
        },
        next: |state| format!("Watch what it does, or press {} to read all of it.", key(state, Action::NextPane)),
        is_moot: |_| false,
        is_done: |state| task(state).is_none_or(|row| row.group != Group::Working || row.stage >= Some(Stage::Verify)),
    },
    Step {
        what: |state| match task(state).map(|row| row.group) {
            Some(Group::Failed) => "It did not work out; nothing of it is in your files.".to_owned(),
            Some(Group::Queued) => {
                "The test is still red, so nothing lands. The next attempt is told what failed.".to_owned()
            }
            Some(Group::NeedsYou | Group::Working | Group::Held | Group::Done) | None => {
                "The agent says that it is done, which counts for nothing: the supervisor runs the test itself now."
                    .to_owned()
            }
        },
        next: |state| match task(state) {
            Some(row) if row.allowed.retry && row.group == Group::Failed => {
                format!("Press {} to try again.", key(state, Action::Retry))
            }
            Some(_) | None => "Wait for the verdict.".to_owned(),
        },
        is_moot: |_| false,
        is_done: |state| in_group(state, Group::NeedsYou) || in_group(state, Group::Done),
    },
    Step {
        what: |_| "The test is green in the copy. Nothing is in your files yet: it waits for your yes.".to_owned(),
        next: |state| format!("Press {} to see what it changes, and to let it land.", key(state, Action::Answer)),
        is_moot: |state| !in_group(state, Group::NeedsYou),
        is_done: |state| in_group(state, Group::Done),
    },
    Step {
        what: |_| {
            "Only now was your file written, with a verified fix; the project is green. It is not committed: that is yours."
                .to_owned()
        },
        next: |state| {
            let (diff, undo) = (key(state, Action::Diff), key(state, Action::Undo));
            format!("Press {diff} to see the diff, then {undo} to take it back.")
        },
        is_moot: |state| !task(state).is_some_and(|row| row.allowed.undo),
        is_done: |state| task(state).is_some_and(|row| row.group == Group::Done && !row.allowed.undo),
    },
    Step {
        what: |_| {
            "Taken back, byte for byte. The test turns red again, and is held: nobody mends what you took back on purpose."
                .to_owned()
        },
        next: |state| {
            format!("That is all. Press {} to leave, and start it in a project of yours.", key(state, Action::Quit))
        },
        is_moot: |_| false,
        is_done: |_| false,
    },
];

/// Returns the task that the tour is about: the first one whose test could run, if there is one.
fn task(state: &State) -> Option<&Row> {
    state.view.rows.iter().min_by_key(|row| (row.group == Group::Failed && row.why.contains("cannot run"), row.id))
}

/// Whether the test cannot even start.
fn cannot_run(state: &State) -> bool {
    state.view.checks.iter().any(|check| check.verdict == Some(Verdict::Broken))
}

/// Writes a reason as a sentence without its stop.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn in_group(state: &State, group: Group) -> bool {
    task(state).is_some_and(|row| row.group == group)
}

fn key(state: &State, action: Action) -> String {
    state.keymap.key_of(action)
}

impl Tour {
    /// Begins it.
    pub fn begin(now: Wall) -> Self {
        Self { step: 0, since: now }
    }

    fn step(self) -> Option<&'static Step> {
        STEPS.get(self.step)
    }

    /// Returns the tour at its next step that has something to say; nothing after the last one.
    #[must_use]
    pub fn skipped(self, state: &State) -> Option<Self> {
        let ahead = STEPS.iter().enumerate().skip(self.step + 1);
        let next = ahead.into_iter().find(|(_, step)| !(step.is_moot)(state));
        next.map(|(step, _)| Self { step, since: state.now })
    }

    /// Returns the tour as it goes on from what is seen now.
    #[must_use]
    pub fn looked(self, state: &State) -> Option<Self> {
        let is_done = self.step().is_none_or(|step| (step.is_done)(state));
        if is_done && state.now >= self.since.after(DWELL) { self.skipped(state) } else { Some(self) }
    }

    /// Returns when it goes on by itself.
    pub fn next_tick(&self, state: &State) -> Option<Wall> {
        self.step().filter(|step| (step.is_done)(state)).map(|_| self.since.after(DWELL))
    }
}

fn lines(state: &State, step: &Step, columns: u16) -> Vec<Line<'static>> {
    let next = Line::styled(plain(&(step.next)(state)), state.theme.style(Role::Accent));
    if columns < ROOMY { vec![next] } else { vec![Line::from(plain(&(step.what)(state))), next] }
}

/// Returns how many rows the tour takes.
pub(super) fn height(state: &State, screen: Rect) -> u16 {
    let step = state.tour.and_then(Tour::step).filter(|_| screen.height >= ROWS);
    step.map_or(0, |step| {
        let rows = wrapped_rows(&lines(state, step, screen.width), usize::from(screen.width.saturating_sub(2)));
        u16::try_from(rows.min(5)).unwrap_or(1) + 1
    })
}

/// Draws it.
pub(super) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let Some((tour, step)) = state.tour.and_then(|tour| Some((tour, tour.step()?))) else { return };
    let dash = state.glyphs.dash;
    let label = match area.width {
        70.. => "rehearsal: no model, no account, no cost",
        _ => "rehearsal, no cost",
    };
    let place = format!(" tour {} of {} ", tour.step + 1, STEPS.len());
    let keys = if area.width < ROOMY { "" } else { " enter skips   esc ends " };
    let rule = state.theme.style(Role::Border);
    let mut spans = vec![
        Span::styled(dash, rule),
        Span::styled(place, state.theme.style(Role::Accent)),
        Span::styled(dash, rule),
        Span::styled(format!(" {label} "), state.theme.style(Role::Warn)),
    ];
    let taken: usize = spans.iter().map(Span::width).sum();
    let rest = usize::from(area.width).saturating_sub(taken + width(keys) + 1);
    spans.push(Span::styled(dash.repeat(rest), rule));
    spans.push(Span::styled(keys, state.theme.style(Role::Dim)));
    spans.push(Span::styled(dash, rule));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
    let text = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    write_lines(state, &lines(state, step, area.width), text, 0, buf);
}
