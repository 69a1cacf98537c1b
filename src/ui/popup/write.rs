//! A line of text that a person writes to the agent of a task.

use ratatui::text::{Line, Span};

use super::sheet::Sheet;
use crate::model::id::TaskId;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// A message that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// To the agent of which task.
    pub task: TaskId,
    /// What was written so far.
    pub text: String,
}

impl Writing {
    /// Returns it as it is drawn now.
    pub(in crate::ui) fn sheet(&self, state: &State) -> Sheet {
        let row = state.view.rows.iter().find(|row| row.id == self.task);
        let what = row.map(|row| format!("{}   {}", row.title, row.why)).unwrap_or_default();
        let accent = state.theme.style(Role::Accent);
        let lines = vec![
            Line::styled(plain(&what), state.theme.style(Role::Dim)),
            Line::default(),
            Line::from(vec![Span::styled("you: ", accent), Span::raw(plain(&self.text)), Span::styled("_", accent)]),
        ];
        Sheet {
            title: format!("{} message to its agent", self.task),
            lines,
            answers: Vec::new(),
            marked: None,
            top: usize::MAX,
            hints: ("enter sends it   esc not now", "enter sends   esc not now"),
        }
    }
}
