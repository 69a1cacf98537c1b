//! The page of what was filed together, the latest first: a day's report while the day is under way, an orchestration.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::events;
use super::tasks::{short_why, sign};
use super::time::clock;
use crate::core::view::{BatchRow, Group, Row};
use crate::model::cost::Spent;
use crate::model::time::hours;
use crate::ui::action::Action;
use crate::ui::body::{Item, Target};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, clip_clauses, clip_line, plain, width};
use crate::ui::work::{elapsed, overrun};

/// The columns of the bar that says how far it is.
const BAR: usize = 12;

/// The columns that why a task is where it is gets, before its title is cut.
const WHY: usize = 24;

/// The columns of the sign and the number of a task.
const LEAD: usize = 10;

/// Returns the lines of the page.
pub(super) fn items(state: &State, columns: usize) -> Vec<Item> {
    let batches = &state.view.batches;
    let mut items: Vec<Item> = Vec::new();
    if let Some(news) = events::news(state) {
        let key = state.keymap.key_of(Action::Events);
        let text = format!("EVENTS   {news}; {key} shows them");
        items.push(Line::styled(text, state.theme.style(Role::Warn)).into());
    }
    if batches.is_empty() {
        let text = "no task file and no orchestration is under way; orchestrator-tui start FILE begins a day's work";
        items.push(Line::styled(text, state.theme.style(Role::Dim)).into());
    }
    for batch in batches.iter().rev() {
        if !items.is_empty() {
            items.push(Line::default().into());
        }
        items.extend(batch_items(state, batch, columns));
    }
    items
}

fn batch_items(state: &State, batch: &BatchRow, columns: usize) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let is_its = |row: &&Row| row.work.as_ref().is_some_and(|work| work.batch == Some(batch.id));
    let mut rows: Vec<&Row> = state.view.rows.iter().filter(is_its).collect();
    rows.sort_by_key(|row| row.id);
    let of = |group: Group| rows.iter().filter(|row| row.group == group).count();
    let title = match &batch.date {
        Some(date) => format!("DAY {}   {}", plain(date), plain(&batch.title)),
        None => format!("ORCHESTRATION   {}", plain(&batch.title)),
    };
    let number = format!("   batch {}", batch.id.0);
    let title = clip(&title, columns.saturating_sub(width(&number)), state.glyphs.more);
    let head = Line::from(vec![Span::styled(title, style(Role::Heading)), Span::styled(number, style(Role::Dim))]);
    let mut lines: Vec<Item> = vec![Item { line: head, hang: 0, target: Some(Target::Batch(batch.id)) }];
    // What a person ended or took back is over, and not done.
    let is_done = |row: &&&Row| row.group == Group::Done && sign(state, row).0 == state.glyphs.good;
    let (done, failed) = (rows.iter().filter(is_done).count(), of(Group::Failed));
    let dropped = of(Group::Done) - done;
    let parts = [
        (done, "done", Role::Good),
        (dropped, "dropped", Role::Dim),
        (failed, "failed", Role::Bad),
        (of(Group::Working), "at work", Role::Busy),
        (of(Group::NeedsYou), "for you", Role::Warn),
        (of(Group::Queued), "queued", Role::Text),
        (of(Group::Held), "held", Role::Dim),
    ];
    let mut tasks = vec![Span::styled(format!("  {:<8} ", "tasks"), style(Role::Dim))];
    tasks.extend(bar(state, done, failed + dropped, batch.tasks));
    tasks.push(Span::raw(format!(" {} of {}  ", done + failed + dropped, batch.tasks)));
    let named = parts.into_iter().filter(|(count, ..)| *count > 0);
    for (at, (count, word, role)) in named.enumerate() {
        tasks.push(Span::raw(if at == 0 { "" } else { ", " }));
        tasks.push(Span::styled(format!("{count} {word}"), style(role)));
    }
    let said = [Line::from(tasks), money(state, batch, &rows), time(state, &rows)];
    lines.extend(said.map(|line| Item { line, hang: 11, target: None }));
    let waits: Vec<&&Row> = rows.iter().filter(|row| row.group == Group::NeedsYou).collect();
    if batch.planned > 0 {
        let text = format!("  its plan waits for your yes: {} sessions; enter shows it", batch.planned);
        lines.push(Line::styled(text, style(Role::Warn)).into());
    } else if !waits.is_empty() {
        let answer = state.keymap.key_of(Action::Answer);
        let text = format!("  waits for you: {} (esc, then {answer})", waits.len());
        lines.push(Line::styled(text, style(Role::Warn)).into());
    }
    let table = Table::of(state, &rows, columns);
    lines.extend(rows.iter().map(|row| {
        let target = Some(Target::Task(row.id));
        Item { line: table.line(state, row), hang: 0, target }
    }));
    lines
}

fn bar(state: &State, done: usize, lost: usize, all: usize) -> Vec<Span<'static>> {
    let (on, off, bad) = if state.glyphs.lines { ("█", "░", "▒") } else { ("#", "-", "x") };
    let share = |part: usize| (part * BAR).checked_div(all).unwrap_or(0).min(BAR);
    let (good, ended) = (share(done), share(done + lost));
    vec![
        Span::styled(on.repeat(good), state.theme.style(Role::Good)),
        Span::styled(bad.repeat(ended - good), state.theme.style(Role::Bad)),
        Span::styled(off.repeat(BAR - ended), state.theme.style(Role::Dim)),
    ]
}

fn money(state: &State, batch: &BatchRow, rows: &[&Row]) -> Line<'static> {
    let spent = rows.iter().fold(Spent::default(), |sum, row| sum + row.spent);
    let mut spans = vec![Span::styled(format!("  {:<8} ", "cost"), state.theme.style(Role::Dim))];
    match batch.budget {
        Some(limit) => {
            let percent = spent.usd.0.saturating_mul(100).checked_div(limit.0).unwrap_or(0);
            let role = if percent >= 100 { Role::Bad } else { Role::Text };
            let what = if percent >= 100 { ", used up: nothing of it starts" } else { "" };
            spans.push(Span::styled(format!("{spent} of {limit} ({percent}%){what}"), state.theme.style(role)));
        }
        None => spans.push(Span::raw(format!("{spent}, no limit but the day's"))),
    }
    Line::from(spans)
}

fn time(state: &State, rows: &[&Row]) -> Line<'static> {
    let worked: u64 = rows.iter().map(|row| elapsed(state, row)).sum();
    let began = rows.iter().filter_map(|row| row.work.as_ref()?.began).min();
    let is_over = rows.iter().all(|row| matches!(row.group, Group::Done | Group::Failed));
    let ended = rows.iter().filter(|_| is_over).filter_map(|row| row.since).max();
    let when = match (began, ended) {
        (Some(began), Some(ended)) => format!(", from {} to {}", clock(state, began), clock(state, ended)),
        (Some(began), None) => format!(", since {}", clock(state, began)),
        (None, _) => ", not begun".to_owned(),
    };
    Line::from(vec![
        Span::styled(format!("  {:<8} ", "time"), state.theme.style(Role::Dim)),
        Span::raw(format!("{} of work{when}", hours(Duration::from_millis(worked)))),
    ])
}

/// How wide the columns of the tasks are; one that nothing stands in has none.
struct Table {
    columns: usize,
    title: usize,
    cost: usize,
    time: usize,
}

impl Table {
    fn of(state: &State, rows: &[&Row], columns: usize) -> Self {
        let widest = |text: &dyn Fn(&Row) -> String| rows.iter().map(|row| width(&text(row))).max().unwrap_or(0);
        let (cost, time) = (widest(&cost), widest(&|row| took(state, row)));
        let rest = columns.saturating_sub(LEAD + cost + time + 6);
        let title = widest(&|row| plain(&row.title)).min(rest.saturating_sub(WHY).max(rest / 2));
        Self { columns, title, cost, time }
    }

    /// Writes a task in one line: what is cut is in its own pane.
    fn line(&self, state: &State, row: &Row) -> Line<'static> {
        let (glyph, role) = sign(state, row);
        let dim = state.theme.style(Role::Dim);
        let title = clip(&plain(&row.title), self.title, state.glyphs.more);
        let mut spans = vec![
            Span::raw("  "),
            Span::styled(glyph, state.theme.style(role)),
            Span::styled(format!(" {:<5} ", row.id.to_string()), dim),
            Span::raw(format!("{title}{}  ", " ".repeat(self.title.saturating_sub(width(&title))))),
        ];
        for (text, wide) in [(cost(row), self.cost), (took(state, row), self.time)] {
            if wide > 0 {
                spans.push(Span::styled(format!("{text:>wide$}  "), dim));
            }
        }
        if let Some(over) = overrun(state, row) {
            spans.push(Span::styled(format!("{over}  "), state.theme.style(Role::Warn)));
        }
        let room = self.columns.saturating_sub(spans.iter().map(Span::width).sum());
        spans.push(Span::styled(clip_clauses(&short_why(state, row), room, state.glyphs.more), dim));
        clip_line(Line::from(spans), self.columns, state.glyphs.more)
    }
}

fn cost(row: &Row) -> String {
    if row.spent == Spent::default() { String::new() } else { row.spent.to_string() }
}

fn took(state: &State, row: &Row) -> String {
    let took = elapsed(state, row);
    let is_over = row.group == Group::Done && took > 0;
    if is_over { super::time::short(Duration::from_millis(took)) } else { String::new() }
}
