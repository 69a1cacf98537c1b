//! Where each pane lies on a screen of a given size.

use ratatui::layout::Rect;

use super::state::Focus;

/// From this width on, list and task stand side by side.
const SIDE_BY_SIDE: u16 = 100;

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
    /// Divides a screen.
    pub fn of(screen: Rect, focus: Focus) -> Self {
        let header = Rect { height: 1.min(screen.height), ..screen };
        let footer = Rect { y: screen.bottom().saturating_sub(1), height: 1.min(screen.height), ..screen };
        let body = Rect { y: screen.y + 1, height: screen.height.saturating_sub(2), ..screen };
        let (tasks, task) = if screen.width >= SIDE_BY_SIDE {
            let left = (screen.width * 2 / 5).clamp(46, 76);
            let tasks = Rect { width: left, ..body };
            let task = Rect { x: body.x + left, width: body.width - left, ..body };
            (Some(tasks), Some(task))
        } else {
            match focus {
                Focus::Tasks => (Some(body), None),
                Focus::Task => (None, Some(body)),
            }
        };
        Self { header, tasks, task, footer, body }
    }
}
