//! A line of text that a person writes: to the agent of a task, or a new task.

use ratatui::text::{Line, Span};

use super::sheet::Sheet;
use crate::model::id::TaskId;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// The agent of this task reads it.
    Agent(TaskId),
    /// It becomes a task.
    Task,
}

/// A line that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// What for.
    pub to: To,
    /// What was written so far.
    pub text: String,
}

impl Writing {
    /// Returns it as it is drawn now.
    pub(in crate::ui) fn sheet(&self, state: &State) -> Sheet {
        let (title, what, name, hints) = match self.to {
            To::Agent(task) => {
                let row = state.view.rows.iter().find(|row| row.id == task);
                let what = row.map(|row| format!("{}   {}", row.title, row.why)).unwrap_or_default();
                let hints = ("enter sends it   esc not now", "enter sends   esc not now");
                (format!("{task} message to its agent"), what, "you: ", hints)
            }
            To::Task => {
                let what = "what is to be done; it is queued for the role coding, and its result waits for your yes";
                let hints = ("enter files it   esc not now", "enter files   esc not now");
                ("new task".to_owned(), what.to_owned(), "task: ", hints)
            }
        };
        let accent = state.theme.style(Role::Accent);
        let lines = vec![
            Line::styled(plain(&what), state.theme.style(Role::Dim)),
            Line::default(),
            Line::from(vec![Span::styled(name, accent), Span::raw(plain(&self.text)), Span::styled("_", accent)]),
        ];
        Sheet { title, lines, answers: Vec::new(), marked: None, top: usize::MAX, hints }
    }
}
