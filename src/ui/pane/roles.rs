//! The page that lists the roles: who plays each, what it is for, and what of it is under way.

use ratatui::text::{Line, Span};

use crate::core::view::{Group, RoleRow};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    if state.view.roles.is_empty() {
        return vec![Line::styled("not known yet: asking the supervisor", state.theme.style(Role::Dim))];
    }
    let mut lines = Vec::new();
    for role in &state.view.roles {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(role_lines(state, role));
    }
    lines
}

fn role_lines(state: &State, role: &RoleRow) -> Vec<Line<'static>> {
    let dim = state.theme.style(Role::Dim);
    let is_its = |name: &str| name == role.name;
    let of = |group: Group| {
        let rows = state.view.rows.iter().filter(|row| row.group == group);
        rows.filter(|row| row.work.as_ref().map_or(is_its("fixer"), |work| is_its(&work.role))).count()
    };
    let (working, queued) = (of(Group::Working), of(Group::Queued) + of(Group::Held));
    let mut head = vec![
        Span::styled(format!("{:<14} ", plain(&role.name)), state.theme.style(Role::Heading)),
        Span::styled(format!("{:<8} ", plain(&role.agent)), state.theme.style(Role::Accent)),
        Span::raw(format!("{:<13}", if role.edits { "changes files" } else { "only looks" })),
    ];
    if let Some(budget) = role.budget {
        head.push(Span::styled(format!("  at most {budget}"), dim));
    }
    if working > 0 {
        head.push(Span::styled(format!("  {} {working} at work", state.glyphs.busy), state.theme.style(Role::Busy)));
    }
    if queued > 0 {
        head.push(Span::styled(
            format!("  {} {queued} {}", state.glyphs.queued, if queued == 1 { "waits" } else { "wait" }),
            dim,
        ));
    }
    let mut lines = vec![Line::from(head), Line::from(format!("  {}", plain(&role.purpose)))];
    if !role.produces.is_empty() {
        lines.push(Line::styled(format!("  brings: {}", plain(&role.produces)), dim));
    }
    if !role.emits.is_empty() {
        lines.push(Line::styled(format!("  reports: {}", plain(&role.emits.join(", "))), dim));
    }
    lines
}
