//! The question of the selected task, at the bottom of the dashboard; it takes no keys until it is opened.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::evidence;
use super::open::Popup;
use crate::core::fact::Fact;
use crate::core::view::{Group, Row};
use crate::model::question::Question;
use crate::ui::action::Action;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, framed, plain, width, wrapped_rows, write_lines};

/// Below this many rows for the panes, the list and the footer have to say it.
const ROOM: u16 = 16;

/// The most rows of the reason.
const REASON: usize = 2;

/// Returns the task whose question is shown: the selected one, or the oldest if none is selected.
fn asking(state: &State) -> Option<&Row> {
    match state.row() {
        Some(row) => Some(row).filter(|row| row.group == Group::NeedsYou),
        None => state.view.rows.iter().find(|row| row.group == Group::NeedsYou),
    }
}

/// Returns how many rows it takes of the room for the panes; none if nothing is asked.
pub(in crate::ui) fn height(state: &State, body: Rect) -> u16 {
    // What is asked over the panes says it already, and better.
    let is_open = state.popups.iter().any(|popup| matches!(popup, Popup::Ask(_) | Popup::Reply(_)));
    let asks = state.page.is_none() && state.gone.is_none() && !is_open && body.height >= ROOM;
    match asking(state).filter(|_| asks) {
        Some(row) => {
            let rows = wrapped_rows(&[reason(row)], usize::from(body.width.saturating_sub(4))).clamp(1, REASON);
            u16::try_from(rows).unwrap_or(1) + 3
        }
        None => 0,
    }
}

/// Draws it.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let Some(row) = asking(state) else { return };
    let inner = framed(state, area, &format!("{} asks", row.id), true, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if let Some(since) = since(state, row) {
        let text = format!(" since {since} ");
        let wide = u16::try_from(width(&text)).unwrap_or(0);
        let at = area.right().saturating_sub(wide + 2).max(area.x);
        buf.set_stringn(at, area.y, &text, usize::from(wide), state.theme.style(Role::Dim));
    }
    let above = Rect { height: inner.height.saturating_sub(1), ..inner };
    let lines = [reason(row)];
    let rows = wrapped_rows(&lines, usize::from(above.width));
    write_lines(state, &lines, above, 0, buf);
    if rows > usize::from(above.height) && above.height > 0 {
        let more = state.glyphs.more;
        let wide = u16::try_from(width(more)).unwrap_or(1);
        buf.set_stringn(
            above.right().saturating_sub(wide),
            above.bottom() - 1,
            more,
            usize::from(wide),
            state.theme.style(Role::Warn),
        );
    }
    let keys = keys(state, row);
    if keys.width() <= usize::from(inner.width) {
        buf.set_line(inner.x, inner.bottom().saturating_sub(1), &keys, inner.width);
    } else {
        let text = clip(&keys.to_string(), usize::from(inner.width), state.glyphs.more);
        buf.set_stringn(
            inner.x,
            inner.bottom().saturating_sub(1),
            text,
            usize::from(inner.width),
            state.theme.style(Role::Dim),
        );
    }
}

fn reason(row: &Row) -> Line<'static> {
    Line::from(plain(&format!("{}   {}", row.title, row.why)))
}

/// Returns since when it asks, if what happened in it is known.
fn since(state: &State, row: &Row) -> Option<String> {
    if let Some(question) = question(state, row) {
        return Some(evidence::clock(state, question.since));
    }
    let story = state.told().filter(|_| state.selected == Some(row.id))?;
    let asked = |fact: &Fact| matches!(fact, Fact::Ready { .. } | Fact::NeedsReview { .. });
    let last = story.facts.iter().rev().find(|recorded| asked(&recorded.fact))?;
    Some(evidence::clock(state, last.at))
}

/// Returns what an agent asks about the task, if one does.
fn question<'a>(state: &'a State, row: &Row) -> Option<&'a Question> {
    state.view.questions.iter().find(|question| question.task == row.id)
}

/// Returns the keys that answer it.
fn keys(state: &State, row: &Row) -> Line<'static> {
    let allowed = row.allowed;
    let has_result = question(state, row).is_none() && !allowed.approve;
    let mut spans = Vec::new();
    for (is_allowed, action, text) in [
        (true, Action::Answer, "answer"),
        (allowed.land, Action::Land, "land it"),
        (allowed.undo, Action::Undo, "take it back"),
        (allowed.retry && !allowed.approve, Action::Retry, "try again"),
        (allowed.refuse, Action::Refuse, "throw it away"),
        (allowed.approve, Action::Fix, "start the plan"),
        (allowed.approve, Action::Refuse, "refuse the plan"),
        (has_result, Action::Diff, "see the diff"),
    ] {
        if is_allowed {
            spans.push(Span::styled(state.keymap.key_of(action), state.theme.style(Role::Accent)));
            spans.push(Span::raw(format!(" {text}    ")));
        }
    }
    Line::from(spans)
}
