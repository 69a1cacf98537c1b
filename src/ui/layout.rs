//! Where each pane lies on a screen of a given size.

use ratatui::layout::Rect;

use super::state::{Focus, State};

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
    /// Between header and footer.
    pub body: Rect,
}

impl Layout {
    /// Divides the screen.
    pub fn of(state: &State) -> Self {
        let screen = Rect { x: 0, y: 0, width: state.size.0, height: state.size.1 };
        let header = Rect { height: 1.min(screen.height), ..screen };
        let footer = Rect { y: screen.bottom().saturating_sub(1), height: 1.min(screen.height), ..screen };
        let body = Rect { y: 1.min(screen.height), height: screen.height.saturating_sub(2), ..screen };
        let (tasks, task) = if screen.width >= SIDE_BY_SIDE && !state.zoom {
            let left = divider(screen.width, state.split);
            let tasks = Rect { width: left, ..body };
            let task = Rect { x: body.x + left, width: body.width - left, ..body };
            (Some(tasks), Some(task))
        } else {
            match state.focus {
                Focus::Tasks => (Some(body), None),
                Focus::Task => (None, Some(body)),
            }
        };
        Self { header, tasks, task, footer, body }
    }
}

/// Returns how many columns the list has beside the task: enough for a title and most reasons, unless a person said so.
fn divider(columns: u16, split: Option<u16>) -> u16 {
    let usual = (columns / 7 * 3).clamp(52, 60);
    split.unwrap_or(usual).clamp(NARROWEST, columns - NARROWEST)
}
