//! The selected task: its stages, why it is where it is, and a tab of what is known about it.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{check, diff, facts, log, tasks};
use crate::core::fact::Fact;
use crate::core::view::{Group, Row};
use crate::model::attempt::Stage;
use crate::model::time::{Wall, brief};
use crate::ui::layout::Layout;
use crate::ui::state::{Focus, State, Story, Tab};
use crate::ui::theme::Role;
use crate::ui::widget::{clip, framed, plain, wrapped_rows, write_lines};

/// Rows above the tab's text: stages, reason, tabs.
const ABOVE: u16 = 3;

/// Draws the pane.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let focused = state.focus == Focus::Task && state.page.is_none();
    let Some(row) = state.row() else {
        let inner = framed(state, area, "", focused, buf);
        let text =
            if state.view.rows.is_empty() { "a task shows here once there is one" } else { "no task is selected" };
        buf.set_stringn(inner.x + 1, inner.y, text, usize::from(inner.width), state.theme.style(Role::Dim));
        return;
    };
    let inner = framed(state, area, &format!("{}  {}", row.id, plain(&row.key.to_string())), focused, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    buf.set_line(inner.x, inner.y, &stages(state, row), inner.width);
    if inner.height > 1 {
        buf.set_line(inner.x, inner.y + 1, &about(state, row, usize::from(inner.width)), inner.width);
    }
    if inner.height > 2 {
        buf.set_line(inner.x, inner.y + 2, &tabs(state), inner.width);
    }
    let text = text_area(inner);
    let lines = content(state);
    let last = wrapped_rows(&lines, usize::from(text.width)).saturating_sub(usize::from(text.height));
    let scroll = state.scroll();
    let top = if scroll.follow { last } else { scroll.top.min(last) };
    write_lines(state, &lines, text, top, buf);
    let place = match (last, scroll.follow) {
        (0, _) => String::new(),
        (_, true) => format!(" following {} ", state.glyphs.busy),
        (_, false) => format!(" {}% ", top * 100 / last),
    };
    let wide = u16::try_from(place.chars().count()).unwrap_or(0);
    buf.set_stringn(
        area.right().saturating_sub(wide + 2),
        area.bottom() - 1,
        &place,
        usize::from(wide),
        state.theme.style(Role::Dim),
    );
}

fn text_area(inner: Rect) -> Rect {
    let above = ABOVE.min(inner.height);
    Rect { y: inner.y + above, height: inner.height - above, ..inner }
}

/// Returns the lines of the shown tab.
fn content(state: &State) -> Vec<Line<'static>> {
    let Some(story) = state.told() else { return Vec::new() };
    match state.tab {
        Tab::Log => log::lines(state, story),
        Tab::Diff => diff::lines(state),
        Tab::Check => check::lines(state, story),
        Tab::Facts => facts::lines(state, story),
    }
}

/// Returns the first row at which the end of the shown tab is seen; nothing if the pane is not shown.
pub(in crate::ui) fn last_line(state: &State) -> Option<usize> {
    let area = Layout::of(crate::ui::draw::screen(state), state.focus).task?;
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    let text = text_area(inner);
    Some(wrapped_rows(&content(state), usize::from(text.width)).saturating_sub(usize::from(text.height)))
}

/// Returns the row of the next line that holds the searched text.
pub(in crate::ui) fn find(state: &State, forward: bool) -> Option<usize> {
    let area = Layout::of(crate::ui::draw::screen(state), state.focus).task?;
    let columns = usize::from(area.width.saturating_sub(4));
    let wanted = state.search.text.to_lowercase();
    let lines = content(state);
    let mut row = 0;
    let mut found = Vec::new();
    for line in &lines {
        if line.to_string().to_lowercase().contains(&wanted) {
            found.push(row);
        }
        row += wrapped_rows(std::slice::from_ref(line), columns);
    }
    let scroll = state.scroll();
    let from = if scroll.follow { last_line(state)? } else { scroll.top };
    let next =
        if forward { found.iter().find(|row| **row > from) } else { found.iter().rev().find(|row| **row < from) };
    next.or(if forward { found.first() } else { found.last() }).copied()
}

/// Returns the text of the shown tab, for the clipboard.
pub(in crate::ui) fn copied(state: &State) -> Option<String> {
    let lines: Vec<String> = content(state).iter().map(ToString::to_string).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn tabs(state: &State) -> Line<'static> {
    let mut spans = Vec::new();
    for (number, tab) in Tab::ALL.into_iter().enumerate() {
        let style = state.theme.style(if tab == state.tab { Role::Selected } else { Role::Dim });
        spans.push(Span::styled(format!(" {} {} ", number + 1, tab.title()), style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

/// Says why the task is where it is, how often it was tried, and what it cost.
fn about(state: &State, row: &Row, columns: usize) -> Line<'static> {
    let (made, limit) = row.attempts;
    let mut parts = vec![plain(&row.why)];
    if made > 0 {
        parts.push(format!("attempt {made} of {limit}"));
    }
    if row.spent.usd.0 > 0 || row.spent.unpriced {
        parts.push(row.spent.to_string());
    }
    let (glyph, role) = tasks::sign(state, row);
    let text = clip(&parts.join("   "), columns.saturating_sub(2), state.glyphs.more);
    Line::from(vec![Span::styled(format!("{glyph} "), state.theme.style(role)), Span::raw(text)])
}

/// Draws the workflow: each stage with what came of it.
fn stages(state: &State, row: &Row) -> Line<'static> {
    let Some(detail) = state.told().and_then(|story| story.detail.as_ref()) else { return Line::default() };
    let reached = state.told().map(times).unwrap_or_default();
    let mut spans = Vec::new();
    for (number, stage) in detail.stages.iter().enumerate() {
        if number > 0 {
            spans.push(Span::styled(format!(" {} ", state.glyphs.dash), state.theme.style(Role::Dim)));
        }
        let (sign, role) = match reached.get(stage) {
            Some((_, Some(took))) => (format!("{} {}", state.glyphs.good, brief(*took)), Role::Good),
            Some((since, None)) if row.group == Group::Working => {
                (format!("{} {}", state.glyphs.busy, tasks::count(*since, state.now)), Role::Busy)
            }
            Some((_, None)) => tasks_sign(state, row),
            None => (state.glyphs.quiet.to_owned(), Role::Dim),
        };
        spans.push(Span::raw(format!("{} ", stage.name())));
        spans.push(Span::styled(sign, state.theme.style(role)));
    }
    Line::from(spans)
}

fn tasks_sign(state: &State, row: &Row) -> (String, Role) {
    let (glyph, role) = tasks::sign(state, row);
    (glyph.to_owned(), role)
}

/// Returns when the last attempt reached each stage, and how long it stayed there if it went on.
fn times(story: &Story) -> BTreeMap<Stage, (Wall, Option<std::time::Duration>)> {
    let mut reached: BTreeMap<Stage, (Wall, Option<std::time::Duration>)> = BTreeMap::new();
    let mut current: Option<(Stage, Wall)> = None;
    for recorded in &story.facts {
        match &recorded.fact {
            Fact::AttemptStarted { .. } => {
                reached.clear();
                current = None;
            }
            Fact::Staged { stage, .. } => {
                if let Some((before, since)) = current {
                    reached.insert(before, (since, Some(recorded.at.since(since))));
                }
                current = Some((*stage, recorded.at));
                reached.insert(*stage, (recorded.at, None));
            }
            Fact::AttemptEnded { record, .. } => {
                if let Some((before, since)) =
                    current.take().filter(|_| record.end == crate::model::attempt::AttemptEnd::Verified)
                {
                    reached.insert(before, (since, Some(recorded.at.since(since))));
                }
            }
            _ => {}
        }
    }
    reached
}
