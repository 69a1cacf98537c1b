//! What is asked about a plan: what was required, the sessions that it was taken apart into, and which waits for which.

use std::collections::BTreeMap;

use ratatui::text::{Line, Span};

use crate::core::view::Row;
use crate::model::id::{BatchId, TaskId};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, width};

/// The columns to which short titles are filled up, so that what they wait for stands below each other.
const TITLE: usize = 40;

/// Returns the sessions of a plan that wait for a yes to it, in order.
pub(in crate::ui) fn sessions(state: &State, batch: BatchId) -> Vec<&Row> {
    let is_its = |row: &&Row| row.allowed.approve && row.work.as_ref().is_some_and(|work| work.batch == Some(batch));
    let mut rows: Vec<&Row> = state.view.rows.iter().filter(is_its).collect();
    rows.sort_by_key(|row| row.id);
    rows
}

/// Returns what stands above the answers.
pub(super) fn lines(state: &State, batch: BatchId) -> Vec<Line<'static>> {
    let style = |role| state.theme.style(role);
    let known = state.view.batches.iter().find(|known| known.id == batch);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for said in known.map(|known| known.title.as_str()).unwrap_or_default().lines() {
        lines.push(Line::from(plain(said)));
    }
    lines.push(Line::default());
    let rows = sessions(state, batch);
    let names: BTreeMap<TaskId, &str> = rows.iter().map(|row| (row.id, row.title.as_str())).collect();
    let titles = rows.iter().map(|row| width(&plain(&row.title))).max().unwrap_or(0).min(TITLE);
    let wide = rows.iter().map(|row| row.id.to_string().len()).max().unwrap_or(0);
    for row in &rows {
        let after = row.work.as_ref().map(|work| work.after.as_slice()).unwrap_or_default();
        // What is done already holds nothing up.
        let after: Vec<String> = after.iter().filter(|id| names.contains_key(id)).map(ToString::to_string).collect();
        let (sign, role, when) = if after.is_empty() {
            (state.glyphs.busy, Role::Busy, "starts at once".to_owned())
        } else {
            (state.glyphs.queued, Role::Dim, format!("after {}", after.join(", ")))
        };
        let title = plain(&row.title);
        lines.push(Line::from(vec![
            Span::styled(format!("{sign} "), style(role)),
            Span::styled(format!("{:<wide$}  ", row.id.to_string()), style(Role::Dim)),
            Span::raw(format!("{title}{}", " ".repeat(titles.saturating_sub(width(&title))))),
            Span::styled(format!("  {when}"), style(Role::Dim)),
        ]));
    }
    lines.push(Line::default());
    let text = "Each works in a private copy of your files; what it makes waits for your yes again before it lands.";
    lines.push(Line::styled(text, style(Role::Dim)));
    lines
}
