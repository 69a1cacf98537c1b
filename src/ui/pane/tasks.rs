//! The list of tasks, by group, each row with the reason why it is where it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::checks;
use crate::core::view::{Group, Row};
use crate::model::id::TaskId;
use crate::model::time::{Wall, millis};
use crate::ui::state::{Focus, State};
use crate::ui::theme::Role;
use crate::ui::widget::{clip, framed, plain, width};

/// A line of the list.
enum Entry<'a> {
    Heading(Group),
    Task(&'a Row),
}

fn entries(state: &State) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut last = None;
    for row in state.rows() {
        if last != Some(row.group) {
            last = Some(row.group);
            entries.push(Entry::Heading(row.group));
        }
        entries.push(Entry::Task(row));
    }
    entries
}

/// Returns the first entry shown, so that the selected one is, with its heading where there is room.
fn top(state: &State, entries: &[Entry<'_>], rows: usize) -> usize {
    let at = entries.iter().position(|entry| matches!(entry, Entry::Task(row) if Some(row.id) == state.selected));
    let Some(at) = at else { return 0 };
    if entries.len() <= rows || at < rows {
        return 0;
    }
    (at + 1 + rows / 4).min(entries.len()).saturating_sub(rows)
}

/// Draws the list.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let count = state.rows().count();
    let title = if state.filter.text.is_empty() {
        "Tasks".to_owned()
    } else {
        format!("Tasks {count} of {}", state.view.rows.len())
    };
    let inner = framed(state, area, &title, state.focus == Focus::Tasks && state.page.is_none(), buf);
    let entries = entries(state);
    if entries.is_empty() {
        checks::draw(state, inner, buf);
        return;
    }
    let top = top(state, &entries, usize::from(inner.height));
    let widest = state.view.rows.iter().map(|row| width(&row.id.to_string())).max().unwrap_or(2);
    for (y, entry) in (inner.y..inner.bottom()).zip(&entries[top..]) {
        match entry {
            Entry::Heading(group) => {
                buf.set_stringn(
                    inner.x + 1,
                    y,
                    group.title(),
                    usize::from(inner.width),
                    state.theme.style(Role::Heading),
                );
            }
            Entry::Task(row) => draw_row(state, row, widest, Rect { y, height: 1, ..inner }, buf),
        }
    }
    let shown = top + usize::from(inner.height);
    if shown < entries.len() {
        let text = format!(" {} more below ", entries.len() - shown);
        let at = area.right().saturating_sub(u16::try_from(text.len()).unwrap_or(0) + 2);
        buf.set_stringn(at, area.bottom() - 1, &text, text.len(), state.theme.style(Role::Dim));
    }
}

fn draw_row(state: &State, row: &Row, widest: usize, area: Rect, buf: &mut Buffer) {
    let is_selected = state.selected == Some(row.id);
    let (glyph, role) = sign(state, row);
    let id = format!("{:>widest$}", row.id.to_string());
    let end = ending(state, row);
    // Cursor, glyph, id, title, reason, and what stands at the right edge.
    let fixed = 5 + widest + width(&end);
    let room = usize::from(area.width).saturating_sub(fixed + 2);
    let title = plain(&row.key.to_string());
    let why = reason(row);
    let for_title = width(&title).min((room / 2).max(room.saturating_sub(width(&why) + 2)));
    let title = clip(&title, for_title, state.glyphs.more);
    let for_why = room.saturating_sub(width(&title));
    let why = clip(&why, for_why, state.glyphs.more);
    let pad = for_why.saturating_sub(width(&why));
    let dim = state.theme.style(if row.group == Group::NeedsYou { Role::Warn } else { Role::Dim });
    let line = Line::from(vec![
        Span::styled(if is_selected { state.glyphs.cursor } else { " " }, state.theme.style(Role::Accent)),
        Span::styled(glyph, state.theme.style(role)),
        Span::raw(format!(" {id} ")),
        Span::raw(title),
        Span::styled(format!("  {why}"), dim),
        Span::raw(" ".repeat(pad + 1)),
        Span::raw(end),
    ]);
    buf.set_line(area.x, area.y, &line, area.width);
    if is_selected && state.focus == Focus::Tasks {
        buf.set_style(
            Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area },
            state.theme.style(Role::Selected),
        );
    }
}

/// Returns why the row is where it is, in short.
fn reason(row: &Row) -> String {
    let (made, limit) = row.attempts;
    match row.group {
        Group::Working => format!("{} {made}/{limit}", row.why),
        Group::NeedsYou | Group::Held | Group::Queued | Group::Done | Group::Failed => {
            plain(row.why.strip_prefix("held: ").unwrap_or(&row.why))
        }
    }
}

/// Returns what stands at the right edge: a count of time, or what it cost.
fn ending(state: &State, row: &Row) -> String {
    let time = match (row.group, row.since, row.until) {
        (Group::Working, Some(since), _) => Some(count(since, state.now)),
        (Group::Queued | Group::Held, _, Some(until)) if until > state.now => Some(count(state.now, until)),
        _ => None,
    };
    let cost = (row.spent.usd.0 > 0 || row.spent.unpriced)
        .then(|| if row.spent.unpriced { "$?".to_owned() } else { row.spent.to_string() });
    [time, cost].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Writes the time between as `0:42`, counted in whole seconds.
pub(super) fn count(from: Wall, to: Wall) -> String {
    let seconds = millis(to.since(from)).div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Returns the sign of a row.
pub(super) fn sign(state: &State, row: &Row) -> (&'static str, Role) {
    match row.group {
        Group::NeedsYou => (state.glyphs.needs, Role::Warn),
        Group::Working => (state.glyphs.busy, Role::Busy),
        Group::Held => (state.glyphs.held, Role::Dim),
        Group::Queued => (state.glyphs.queued, Role::Text),
        Group::Done if row.allowed.undo || row.why.starts_with("fixed") => (state.glyphs.good, Role::Good),
        Group::Done => (state.glyphs.quiet, Role::Dim),
        Group::Failed => (state.glyphs.bad, Role::Bad),
    }
}

/// Returns the task that is drawn in a row of the screen.
pub(in crate::ui) fn row_at(state: &State, area: Rect, y: u16) -> Option<TaskId> {
    let line = usize::from(y.checked_sub(area.y + 1)?);
    let rows = usize::from(area.height.saturating_sub(2));
    let entries = entries(state);
    match entries.get(top(state, &entries, rows) + line).filter(|_| line < rows)? {
        Entry::Task(row) => Some(row.id),
        Entry::Heading(_) => None,
    }
}
