//! Where each pane lies on a screen of a given size.

use ratatui::layout::Rect;

use super::pane::toasts_height;
use super::popup::strip_height;
use super::state::{Focus, State};
use super::tour;

/// From this width on, list and task stand side by side.
const SIDE_BY_SIDE: u16 = 100;

/// The fewest columns that a pane keeps when the divider is moved.
const NARROWEST: u16 = 30;

/// The smallest screen on which something useful can be shown.
pub const SMALLEST: (u16, u16) = (24, 5);

/// Where everything lies. A pane that is not shown has no area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The first line.
    pub header: Rect,
    /// The list of tasks.
    pub tasks: Option<Rect>,
    /// The selected task.
    pub task: Option<Rect>,
    /// The last line.
    pub footer: Rect,
    /// Between header and footer, without the strips.
    pub body: Rect,
    /// The question of the selected task.
    pub question: Option<Rect>,
    /// The tour of the demo.
    pub tour: Option<Rect>,
    /// What shows for a while.
    pub toasts: Option<Rect>,
}

impl Layout {
    /// Divides a screen; the strips stand below the panes, not over them.
    pub fn of(state: &State, screen: Rect) -> Self {
        let header = Rect { height: 1.min(screen.height), ..screen };
        let footer = Rect { y: screen.bottom().saturating_sub(1), height: 1.min(screen.height), ..screen };
        let mut body = Rect { y: screen.y + 1, height: screen.height.saturating_sub(2), ..screen };
        let said = toasts_height(state, body);
        let toasts = below(&mut body, said);
        let tour = below(&mut body, tour::height(state, screen));
        let asks = strip_height(state, body);
        let question = below(&mut body, asks);
        let (tasks, task) = if screen.width >= SIDE_BY_SIDE && !state.shape.zoom {
            let left = divider(screen.width, state.shape.split);
            let tasks = Rect { width: left, ..body };
            let task = Rect { x: body.x + left, width: body.width - left, ..body };
            (Some(tasks), Some(task))
        } else {
            match state.focus {
                Focus::Tasks => (Some(body), None),
                Focus::Task => (None, Some(body)),
            }
        };
        Self { header, tasks, task, footer, body, question, tour, toasts }
    }
}

/// Takes rows from the bottom of an area.
fn below(body: &mut Rect, rows: u16) -> Option<Rect> {
    let rows = rows.min(body.height);
    body.height -= rows;
    (rows > 0).then(|| Rect { y: body.bottom(), height: rows, ..*body })
}

/// Returns how many columns the list has beside the task: enough for a title and most reasons, unless a person said so.
fn divider(columns: u16, split: Option<u16>) -> u16 {
    let usual = (columns * 7 / 15).clamp(52, 66);
    split.unwrap_or(usual).clamp(NARROWEST, columns - NARROWEST)
}
