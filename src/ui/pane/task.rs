//! The selected task: its stages, why it is where it is, and a tab of what is known about it.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::time::{age, count};
use super::{check, diff, facts, goal, log, plan, stages, tasks, tree};
use crate::core::fact::Fact;
use crate::core::view::{Group, Row};
use crate::model::cost::Spent;
use crate::ui::action::Action;
use crate::ui::body::{Body, Item};
use crate::ui::keyed::keyed;
use crate::ui::state::{Focus, State, Tab};
use crate::ui::theme::Role;
use crate::ui::widget::{bar, clip_line, divider, framed, marked, note, plain, put, width, wrap};
use crate::ui::work::{belongs, chain, overrun, took};

/// Below this many rows only the most needed of what stands above the text is shown.
const LOW: u16 = 10;

/// Where the parts of the pane lie.
struct Parts {
    area: Rect,
    stages: Rect,
    about: Rect,
    said: Vec<Line<'static>>,
    /// The row of the tabs, if there is room for them.
    tabs: Option<u16>,
    text: Rect,
}

/// Draws the pane.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let focused = state.focus == Focus::Task && state.page.is_none();
    let Some(row) = state.row() else {
        let inner = framed(state, area, "", focused, buf);
        let text = if state.view.rows.is_empty() {
            "what is done about a failure shows here; until then there is nothing to do"
        } else {
            "no task is selected; esc drops the filter"
        };
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let rows = wrap(&Line::styled(text, state.theme.style(Role::Dim)), usize::from(inner.width), 0);
        for (y, line) in (inner.y..inner.bottom()).zip(&rows) {
            put(line, Rect { y, height: 1, ..inner }, buf);
        }
        return;
    };
    let Some(parts) = parts(state) else { return };
    framed(state, area, &title(row, area), focused, buf);
    put(&stages::line(state, row, usize::from(parts.stages.width)), parts.stages, buf);
    for (y, line) in (parts.about.y..parts.about.bottom()).zip(&parts.said) {
        put(line, Rect { y, height: 1, ..parts.about }, buf);
    }
    if let Some(y) = parts.tabs {
        divider(state, parts.area, y, &tabs(state, parts.area, focused), focused, buf);
    }
    let fresh;
    let body = if state.body.fits(state) {
        &state.body
    } else {
        fresh = Body::of(state);
        &fresh
    };
    draw_text(state, body, &parts, focused, buf);
}

fn draw_text(state: &State, body: &Body, parts: &Parts, focused: bool, buf: &mut Buffer) {
    let text = parts.text;
    if state.told().is_none_or(|story| story.detail.is_none()) {
        put(&Line::styled("asking the supervisor …", state.theme.style(Role::Dim)), text, buf);
        return;
    }
    let last = body.last_top(text.height);
    let scroll = state.scroll();
    let top = if scroll.follow { last } else { scroll.top.min(last) };
    let spot = state.marks.get(&state.tab).and_then(|at| body.spots.get(*at)).map(|spot| spot.row);
    for (y, (number, line)) in (text.y..text.bottom()).zip(body.rows.iter().enumerate().skip(top)) {
        let area = Rect { y, height: 1, ..text };
        if state.search.text.is_empty() {
            put(line, area, buf);
        } else {
            put(&marked(line, &state.search.text, state.theme.style(Role::Match)), area, buf);
        }
        if spot == Some(number) && focused {
            let cursor = Span::styled(state.glyphs.cursor, state.theme.style(Role::Accent));
            put(&Line::from(cursor), Rect { x: text.x.saturating_sub(1), width: 1, ..area }, buf);
        }
    }
    // Beside the text: what stands above it does not scroll.
    let beside = Rect { y: text.y.saturating_sub(1), height: text.height.saturating_add(2), ..parts.area };
    bar(state, beside, top, usize::from(text.height), body.rows.len(), buf);
    let is_long = body.rows.len() > usize::from(text.height) && text.height > 0;
    let place = match scroll.follow {
        true if state.row().is_some_and(|row| row.group == Group::Working) => {
            format!("following {}", state.glyphs.busy)
        }
        true if is_long => "end".to_owned(),
        false if is_long => format!("{} of {}", (top + usize::from(text.height)).min(body.rows.len()), body.rows.len()),
        _ => String::new(),
    };
    note(state, parts.area, &place, buf);
}

/// Names the task: with the whole path of its file where there is room.
fn title(row: &Row, area: Rect) -> String {
    let whole = match row.check.as_ref().and_then(|key| Some((key.file.as_ref()?, &key.check))) {
        Some((file, check)) => format!("{}  {file} · {check}", row.id),
        None => format!("{}  {}", row.id, row.title),
    };
    let is_room = width(&whole) + 6 <= usize::from(area.width);
    plain(&if is_room { whole } else { format!("{}  {}", row.id, row.title) })
}

/// Returns where the parts of the pane lie, if it is shown and there is a task.
fn parts(state: &State) -> Option<Parts> {
    let area = state.layout().task?;
    let row = state.row()?;
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    let stages = Rect { height: inner.height.min(1), ..inner };
    let most = if inner.height < LOW { 1 } else { usize::from(inner.height / 4).max(4) };
    let said = about(state, row, usize::from(inner.width), most);
    let long = u16::try_from(said.len()).unwrap_or(u16::MAX);
    let about = Rect { y: stages.bottom(), height: long.min(inner.height.saturating_sub(1)), ..inner };
    let tabs = (about.bottom() < inner.bottom()).then(|| about.bottom());
    let top = tabs.map_or(inner.bottom(), |y| y + 1);
    let text = Rect { y: top, height: inner.bottom().saturating_sub(top), ..inner };
    Some(Parts { area, stages, about, said, tabs, text })
}

/// Returns where the text of the tab lies.
pub(in crate::ui) fn text_area(state: &State) -> Option<Rect> {
    parts(state).map(|parts| parts.text)
}

/// Returns the lines of the shown tab, for so many columns.
pub(in crate::ui) fn content(state: &State, columns: usize) -> Vec<Item> {
    let Some(story) = state.told() else { return Vec::new() };
    match state.tab {
        Tab::Log => log::groups(state, story, columns, 0).into_iter().flat_map(|(_, items)| items).collect(),
        Tab::Diff => diff::items(state, columns),
        Tab::Plan => plan::items(state, story),
        Tab::Check => {
            let task = story.detail.as_ref().map(|detail| &detail.task);
            match task.and_then(|task| Some((task, task.assignment()?))) {
                Some((task, assignment)) => goal::items(state, task, assignment),
                None => check::items(state, story),
            }
        }
        Tab::Facts => facts::items(state, story, columns),
        Tab::Tree => tree::items(state, columns),
    }
}

/// Writes the titles of the tabs: with their numbers, where there is room for them.
fn titles(state: &State, area: Rect) -> [String; Tab::ALL.len()] {
    let brings = state.row().is_some_and(|row| row.work.is_some());
    let numbered = |number: usize, tab: Tab| format!(" {number} {} ", tab.title(brings));
    let titles = std::array::from_fn(|at| numbered(at + 1, Tab::ALL[at]));
    let columns: usize = titles.iter().map(|title| width(title) + 1).sum();
    if columns <= usize::from(area.width.saturating_sub(3)) {
        return titles;
    }
    Tab::ALL.map(|tab| format!(" {} ", tab.title(brings)))
}

fn tabs(state: &State, area: Rect, focused: bool) -> Line<'static> {
    let border = state.theme.style(if focused { Role::Accent } else { Role::Border });
    let mut spans = Vec::new();
    for (number, (tab, title)) in Tab::ALL.into_iter().zip(titles(state, area)).enumerate() {
        let role = if tab == state.tab { Role::Selected } else { Role::Dim };
        if number > 0 {
            let dash = if state.glyphs.lines { "─" } else { "-" };
            spans.push(Span::styled(dash, border));
        }
        spans.push(Span::styled(title, state.theme.style(role)));
    }
    Line::from(spans)
}

/// Returns the tab whose title is drawn at this place of the screen.
pub(in crate::ui) fn tab_at(state: &State, column: u16, y: u16) -> Option<Tab> {
    let parts = parts(state).filter(|parts| parts.tabs == Some(y))?;
    let mut left = parts.area.x + 2;
    for (tab, title) in Tab::ALL.into_iter().zip(titles(state, parts.area)) {
        let wide = u16::try_from(width(&title)).unwrap_or(u16::MAX);
        if (left..left.saturating_add(wide)).contains(&column) {
            return Some(tab);
        }
        left = left.saturating_add(wide + 1);
    }
    None
}

/// Says why the task is where it is, whole, then how often it was tried, what it cost and where.
fn about(state: &State, row: &Row, columns: usize, most: usize) -> Vec<Line<'static>> {
    let (glyph, role) = tasks::sign(state, row);
    let mut why = keyed(state, &row.why);
    if let Some(until) = row.until.filter(|until| *until > state.now) {
        let _ = write!(why, " {}", count(state.now, until));
    }
    if let Some(typical) = &row.typical {
        let _ = write!(why, "; {}", plain(typical));
    }
    if let Some(since) = row.quiet {
        let key = state.keymap.key_of(Action::Tab(1));
        let _ = write!(why, ": quiet for {}, {key} shows its log; nothing is done about it", age(since, state.now));
    }
    if let Some(over) = overrun(state, row) {
        let _ = write!(why, ": {over}");
    }
    let why = Line::from(vec![Span::styled(format!("{glyph} "), state.theme.style(role)), Span::raw(why)]);
    // The line of stages says where an attempt is.
    let is_said = row.group == Group::Working
        && row.quiet.is_none()
        && overrun(state, row).is_none()
        && row.stage.is_some_and(|stage| stage.name_for(row.work.is_some()) == row.why);
    let mut lines = if is_said { Vec::new() } else { wrap(&why, columns, 2) };
    let rest = Line::styled(rest(state, row).join("   "), state.theme.style(Role::Dim));
    let for_why = most.saturating_sub(usize::from(most > 1 && rest.width() > 0)).max(1);
    if lines.len() > for_why {
        lines.truncate(for_why);
        if let Some(last) = lines.pop() {
            let text = format!("{} {}", last.to_string().trim_end(), state.glyphs.more);
            lines.push(clip_line(Line::from(text), columns, state.glyphs.more));
        }
    }
    if most > 1 && rest.width() > 0 {
        lines.push(clip_line(rest, columns, state.glyphs.more));
    }
    lines
}

fn rest(state: &State, row: &Row) -> Vec<String> {
    let (made, limit) = row.attempts;
    let mut parts: Vec<String> = belongs(row).into_iter().collect();
    if made > 0 {
        parts.push(format!("attempt {made} of {limit}"));
    }
    if row.spent.usd.0 > 0 {
        parts.push(row.spent.to_string());
    }
    if let Some(chain) = chain(state, row) {
        parts.push(format!("all {}: {}, {}", chain.rows.len(), chain.spent, took(chain.worked)));
    }
    let facts = state.told().map(|story| story.facts.as_slice()).unwrap_or_default();
    let slot = facts.iter().rev().find_map(|recorded| match &recorded.fact {
        Fact::AttemptStarted { slot, .. } => Some(slot.0),
        _ => None,
    });
    if let Some(slot) = slot.filter(|_| row.group == Group::Working) {
        parts.push(format!("workspace {slot}"));
    }
    if let Some(detail) = state.told().and_then(|story| story.detail.as_ref()) {
        parts.push(format!("filed {}", ago(&age(detail.task.filed, state.now))));
        if let Some(ended) = detail.task.ended {
            parts.push(format!("over {}", ago(&age(ended, state.now))));
        }
    }
    if row.spent.price().is_none() {
        parts.push(Spent::NO_PRICE.to_owned());
    }
    parts
}

fn ago(age: &str) -> String {
    if age == "now" { "just now".to_owned() } else { format!("{age} ago") }
}
