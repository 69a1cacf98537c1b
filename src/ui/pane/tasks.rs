//! The list of tasks, by group, each row with the reason why it is where it is.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::checks;
use super::time::{age, count};
use crate::core::view::{CheckRow, Group, Row};
use crate::model::check::Verdict;
use crate::model::id::TaskId;
use crate::model::time::Wall;
use crate::ui::action::Action;
use crate::ui::keyed::keyed;
use crate::ui::list::Entry;
use crate::ui::state::{Focus, State};
use crate::ui::theme::Role;
use crate::ui::widget::{bar, clip, clip_clauses, foot, framed, marked, note, plain, put, width};
use crate::ui::work::{belongs, overrun};

/// The fewest columns that a reason gets before a title is cut.
const REASON_MIN: usize = 8;

/// The columns at the end of the lower border that say how much is below.
const NOTE: u16 = 16;

/// The most columns of the name of a check in the lower border.
const ALONE: usize = 24;

/// How wide the columns of the list are, in a pane of some width.
struct Columns {
    ids: usize,
    title: usize,
    inner: usize,
}

impl Columns {
    fn of(state: &State, inner: usize) -> Self {
        let list = &state.list;
        // Cursor, sign, number and a space after each.
        let fixed = 4 + list.ids;
        let room = inner.saturating_sub(fixed + 2 + REASON_MIN + 12);
        Self { ids: list.ids, title: list.titles.min(room.max(inner / 4)), inner }
    }
}

/// Draws the list.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let list = &state.list;
    let title = if state.filter.text.is_empty() {
        "Tasks".to_owned()
    } else {
        format!("Tasks {} of {}", list.tasks, state.view.rows.len())
    };
    let inner = framed(state, area, &title, state.focus == Focus::Tasks && state.page.is_none(), buf);
    let entries = list.entries();
    if entries.is_empty() {
        checks::draw(state, inner, buf);
        return;
    }
    let rows = usize::from(inner.height);
    let top = list.top.min(entries.len().saturating_sub(rows));
    let columns = Columns::of(state, usize::from(inner.width));
    for (y, entry) in (inner.y..inner.bottom()).zip(&entries[top..]) {
        let line = Rect { y, height: 1, ..inner };
        match entry {
            Entry::Heading(group) => {
                let text = Span::styled(format!(" {}", group.title()), state.theme.style(Role::Heading));
                let mut spans = vec![text];
                if entries.len() > rows {
                    let tasks = list.ending(*group).tasks;
                    spans.push(Span::styled(format!(" {tasks}"), state.theme.style(Role::Dim)));
                }
                put(&Line::from(spans), line, buf);
            }
            Entry::Task(_, at) => {
                if let Some(row) = state.view.rows.get(*at) {
                    draw_row(state, row, &columns, line, buf);
                }
            }
        }
    }
    let kept = if entries.len() > rows { NOTE } else { 0 };
    let room = usize::from(area.width.saturating_sub(4 + kept));
    // What failed waits for a person, also where it is out of sight.
    let failed = list.out_of_sight(Group::Failed, top, rows);
    let failed = (failed > 0).then(|| format!("{failed} failed: {} shows", state.keymap.key_of(Action::NeedsMe)));
    if let Some(text) = failed
        .into_iter()
        .chain(red_alone(state))
        .map(|text| format!(" {} {text} ", state.glyphs.bad))
        .find(|text| width(text) <= room)
    {
        foot(state, area, Line::styled(text, state.theme.style(Role::Bad)), kept, buf);
    }
    if entries.len() > rows {
        bar(state, area, top, rows, entries.len(), buf);
        let below = entries.len().saturating_sub(top + rows);
        note(state, area, &if below == 0 { "end".to_owned() } else { format!("{below} more below") }, buf);
    }
}

/// Says which checks are red that nobody works on or decides about, and what to do: their tasks were refused or killed.
/// In ever fewer words; nothing if there is none.
fn red_alone(state: &State) -> Vec<String> {
    let is_red = |check: &&CheckRow| {
        check.running.is_none() && check.verdict.is_some_and(|verdict| !matches!(verdict, Verdict::Green))
    };
    let open: BTreeSet<_> =
        state.view.rows.iter().filter(|row| row.group != Group::Done).filter_map(|row| row.check.as_ref()).collect();
    let alone: Vec<_> = state.view.checks.iter().filter(is_red).filter(|check| !open.contains(&check.key)).collect();
    let checks = state.keymap.key_of(Action::Check);
    let short = format!("{} not green, no task: {checks}", alone.len());
    match alone.as_slice() {
        [] => Vec::new(),
        [only] => {
            let again =
                state.view.rows.iter().rev().find(|row| row.check.as_ref() == Some(&only.key) && row.allowed.retry);
            let what = match again {
                Some(row) => {
                    format!("{} on {} retries, {checks} checks", state.keymap.key_of(Action::Retry), row.id)
                }
                None => format!("{checks} checks"),
            };
            let name = clip(&plain(&only.key.to_string()), ALONE, state.glyphs.more);
            vec![format!("{name} red, no task: {what}"), format!("red without a task: {what}"), short]
        }
        more => vec![format!("{} not green, no task: {checks} checks again", more.len()), short],
    }
}

fn draw_row(state: &State, row: &Row, columns: &Columns, area: Rect, buf: &mut Buffer) {
    let is_selected = state.selected == Some(row.id);
    let is_marked = is_selected && state.focus == Focus::Tasks && state.page.is_none();
    let style = |role| state.theme.style(if is_marked { Role::Selected } else { role });
    let (glyph, role) = sign(state, row);
    let more = state.glyphs.more;
    let ending = ending(state, row, columns.inner);
    let title = plain(&row.title);
    let (why, place) = reason(state, row);
    let room = columns.inner.saturating_sub(4 + columns.ids + 2 + width(&ending) + usize::from(!ending.is_empty()));
    // A long title may have what a short reason leaves; where a task belongs is said where that is left by both.
    let wide = width(&title).min(room.saturating_sub(width(&why))).max(columns.title);
    // That nothing was changed where something was to be must not be cut.
    let most = if is_unchanged(row) { room.saturating_sub(width(&why)).max(REASON_MIN) } else { wide };
    let wide = wide.min(most);
    let title = clip(&title, wide, more);
    let room = room.saturating_sub(wide);
    let why = match place.filter(|place| width(&why) + 2 + width(place) <= room) {
        Some(place) if why.is_empty() => place,
        Some(place) => format!("{why}  {place}"),
        None => clip_clauses(&why, room, more),
    };
    let is_news = matches!(row.group, Group::NeedsYou | Group::Working | Group::Queued | Group::Failed);
    let pad = |text: &str, columns: usize| " ".repeat(columns.saturating_sub(width(text)));
    let line = Line::from(vec![
        Span::styled(if is_selected { state.glyphs.cursor } else { " " }, state.theme.style(Role::Accent)),
        Span::styled(glyph, style(role)),
        Span::styled(format!(" {:>1$} ", row.id.to_string(), columns.ids), style(Role::Dim)),
        Span::styled(format!("{title}{}  ", pad(&title, wide)), style(if is_news { Role::Text } else { Role::Dim })),
        Span::styled(why.clone(), style(if row.group == Group::NeedsYou { Role::Warn } else { Role::Dim })),
        Span::styled(pad(&why, room), style(Role::Text)),
        Span::styled(if ending.is_empty() { String::new() } else { format!(" {ending}") }, style(Role::Text)),
    ]);
    let line = if state.filter.text.is_empty() {
        line
    } else {
        marked(&line, &state.filter.text, state.theme.style(Role::Match))
    };
    put(&line, area, buf);
}

/// Returns why the row is where it is, without what its heading says, and who does it and where it belongs.
fn reason(state: &State, row: &Row) -> (String, Option<String>) {
    let (made, limit) = row.attempts;
    let place = belongs(row).map(|place| plain(&place));
    if row.group == Group::Working {
        if let Some(since) = row.quiet {
            return (format!("quiet {}", age(since, state.now)), None);
        }
        let over = overrun(state, row).map(|over| format!("{over}  ")).unwrap_or_default();
        return (plain(&format!("{over}{} {made}/{limit}", row.why)), place);
    }
    let why = short_why(state, row);
    match &row.typical {
        Some(typical) => (format!("{why}; {}", plain(typical)), None),
        None => (why, place),
    }
}

/// Returns why a task is where it is, without what its sign says.
pub(super) fn short_why(state: &State, row: &Row) -> String {
    let known = [
        "held: ",
        "needs review: ",
        "ready to land: ",
        "ready, ",
        "ready: ",
        "blocked: ",
        "finished: ",
        "starts ",
        "paused by ",
        "the check ",
    ];
    keyed(state, known.iter().find_map(|known| row.why.strip_prefix(known)).unwrap_or(&row.why))
}

/// Returns what stands at the right edge: a time, then what it cost, each in a column of its group.
fn ending(state: &State, row: &Row, inner: usize) -> String {
    let columns = state.list.ending(row.group);
    let time = match (row.group, row.since, row.until, row.took) {
        (Group::Working, Some(since), ..) => count(since, state.now),
        (Group::Queued | Group::Held, _, Some(until), _) if until > state.now => count(state.now, until),
        (Group::Done, .., Some(took)) => count(Wall(0), Wall(took)),
        _ => String::new(),
    };
    let cost = if row.spent.usd.0 > 0 {
        // At least so much, where some of it has no price.
        format!("{}{}", row.spent.usd, if row.spent.unpriced { "+" } else { "" })
    } else {
        String::new()
    };
    // On a narrow screen the reason is worth more than the cost.
    let cost = if columns.cost > 0 && inner >= 40 { format!("{cost:>0$}", columns.cost) } else { String::new() };
    let time = if columns.time > 0 { format!("{time:>0$}", columns.time) } else { String::new() };
    let gap = if time.is_empty() || cost.is_empty() { "" } else { " " };
    let ending = format!("{time}{gap}{cost}");
    // A row without either needs no column.
    if ending.trim().is_empty() { String::new() } else { ending }
}

/// Returns the sign of a row.
pub(super) fn sign(state: &State, row: &Row) -> (&'static str, Role) {
    match row.group {
        Group::NeedsYou => (state.glyphs.needs, Role::Warn),
        Group::Working => (state.glyphs.busy, Role::Busy),
        Group::Held => (state.glyphs.held, Role::Dim),
        Group::Queued => (state.glyphs.queued, Role::Text),
        Group::Done if row.allowed.undo || row.why.starts_with("fixed") || row.why == "finished" => {
            (state.glyphs.good, Role::Good)
        }
        Group::Done if is_unchanged(row) => (state.glyphs.good, Role::Dim),
        Group::Done => (state.glyphs.quiet, Role::Dim),
        Group::Failed => (state.glyphs.bad, Role::Bad),
    }
}

/// Whether it came to a good end although it was to change something and did not.
pub(super) fn is_unchanged(row: &Row) -> bool {
    row.group == Group::Done && row.why.starts_with("finished:")
}

/// Returns the task that is drawn in a row of the screen.
pub(in crate::ui) fn row_at(state: &State, area: Rect, y: u16) -> Option<TaskId> {
    let line = usize::from(y.checked_sub(area.y + 1)?);
    let rows = usize::from(area.height.saturating_sub(2));
    let entries = state.list.entries();
    let top = state.list.top.min(entries.len().saturating_sub(rows));
    match entries.get(top + line).filter(|_| line < rows)? {
        Entry::Task(id, _) => Some(*id),
        Entry::Heading(_) => None,
    }
}
