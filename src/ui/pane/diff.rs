//! What a task changed, or would change.

use ratatui::text::Line;

use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns the diff of the selected task: what waits for a yes, or what the last attempt made.
pub(in crate::ui) fn lines(state: &State) -> Vec<Line<'static>> {
    let dim = state.theme.style(Role::Dim);
    let Some(detail) = state.told().and_then(|story| story.detail.as_ref()) else { return Vec::new() };
    let task = &detail.task;
    let mut out = Vec::new();
    let diff = match &task.result {
        Some(result) => {
            if !result.conflict.is_empty() {
                out.push(Line::styled("you both changed these lines:", state.theme.style(Role::Warn)));
                out.extend(result.conflict.lines().map(|line| Line::from(plain(line))));
                out.push(Line::default());
            }
            result.diff.as_str()
        }
        None => task
            .attempts
            .iter()
            .rev()
            .map(|attempt| attempt.diff.as_str())
            .find(|diff| !diff.is_empty())
            .unwrap_or_default(),
    };
    if diff.is_empty() && out.is_empty() {
        out.push(Line::styled("nothing was changed yet", dim));
    }
    out.extend(diff.lines().map(|line| coloured(state, line)));
    out
}

fn coloured(state: &State, line: &str) -> Line<'static> {
    let role = match line.as_bytes().first() {
        _ if line.starts_with("+++") || line.starts_with("---") => Role::Heading,
        _ if line.starts_with("diff ") || line.starts_with("index ") => Role::Dim,
        Some(b'+') => Role::Added,
        Some(b'-') => Role::Removed,
        Some(b'@') => Role::Accent,
        _ => Role::Text,
    };
    Line::styled(plain(line), state.theme.style(role))
}
