//! What an assignment is to bring: what to do, what to read first, what must exist then, what it waits for.

use std::collections::BTreeSet;

use ratatui::text::{Line, Span};

use super::tasks::sign;
use crate::core::view::{Happening, Row};
use crate::model::assignment::{Assignment, Deliverable};
use crate::model::attempt::AttemptEnd;
use crate::model::cost::Spent;
use crate::model::number::thousands;
use crate::model::task::Task;
use crate::model::time::millis;
use crate::ui::body::{Item, Target};
use crate::ui::keyed::keyed;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{plain, width};
use crate::ui::work::{chain, elapsed, overrun, spoken, took};

/// Returns the lines of the tab.
pub(super) fn items(state: &State, task: &Task, assignment: &Assignment) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let mut items: Vec<Item> = about(state, assignment);
    items.extend(for_whom(state, task));
    let heading = |items: &mut Vec<Item>, text: &str| {
        items.push(Line::default().into());
        items.push(Line::styled(text.to_owned(), style(Role::Heading)).into());
    };
    let text = |text: &str| text.lines().map(|line| Item::from(Line::raw(plain(line)))).collect::<Vec<_>>();
    // What an event starts is called like its subject and knows its text; what it is to do itself, its role says.
    let is_for_another = task.subject() != task.id;
    let event = state.told().and_then(|story| story.detail.as_ref()?.event.as_deref());
    if is_for_another || event.is_some() {
        heading(&mut items, "what to do");
        if let Some(role) = state.view.roles.iter().find(|role| role.name == assignment.role) {
            items.extend(text(&role.purpose));
            items.push(Line::styled(format!("  brings: {}", plain(&role.produces)), style(Role::Dim)).into());
        }
        items.extend(event.into_iter().flat_map(|event| reported(state, event, assignment)));
        if !is_for_another {
            items.extend(text(&assignment.description));
        }
    }
    if !assignment.description.is_empty() && (is_for_another || event.is_none()) {
        let what = if is_for_another { format!("what {} is about", task.subject()) } else { "what to do".to_owned() };
        heading(&mut items, &what);
        items.extend(text(&assignment.description));
    }
    if !assignment.deliverables.is_empty() {
        heading(&mut items, "what must exist then");
        items.extend(assignment.deliverables.iter().map(|wanted| deliverable(state, task, wanted)));
    }
    if !assignment.after.is_empty() {
        heading(&mut items, "after");
        items.extend(assignment.after.iter().map(|other| match state.view.rows.iter().find(|row| row.id == *other) {
            Some(row) => {
                let (glyph, role) = sign(state, row);
                let line = Line::from(vec![
                    Span::styled(format!("  {glyph} "), style(role)),
                    Span::styled(format!("{} ", row.id), style(Role::Dim)),
                    Span::raw(plain(&row.title)),
                    Span::styled(format!("  {}", keyed(state, &row.why)), style(Role::Dim)),
                ]);
                Item { line, hang: 4, target: Some(Target::Task(row.id)) }
            }
            None => Line::styled(format!("  {other} is no longer remembered"), style(Role::Dim)).into(),
        }));
    }
    if let Some(chain) = state.row().and_then(|row| chain(state, row)) {
        heading(&mut items, &format!("from role to role, about {}", chain.subject));
        let name = chain.rows.iter().map(|row| width(role_of(row))).max().unwrap_or(0);
        let used: Vec<[String; 2]> = chain.rows.iter().map(|row| used(state, row)).collect();
        let wide = [0, 1].map(|at| used.iter().map(|used| width(&used[at])).max().unwrap_or(0));
        let words = used.iter().map(|[cost, time]| format!("{cost:>0$}  {time:>1$}", wide[0], wide[1]));
        items.extend(chain.rows.iter().zip(words).map(|(row, used)| link(state, row, task, (name, &used))));
        let tokens = thousands(chain.spent.tokens());
        let all = format!("  all: {}, {tokens} tokens, {} of work", chain.spent, took(chain.worked));
        items.push(Line::raw(all).into());
    }
    if !assignment.context_files.is_empty() {
        heading(&mut items, "to read first");
        items.extend(assignment.context_files.iter().map(|file| Item::from(Line::raw(format!("  {}", plain(file))))));
    }
    items
}

fn role_of(row: &Row) -> &str {
    row.work.as_ref().map_or("fixer", |work| work.role.as_str())
}

/// Writes what a task cost and how long it was worked on; nothing of what was not begun.
fn used(state: &State, row: &Row) -> [String; 2] {
    let worked = elapsed(state, row);
    let cost = if row.spent == Spent::default() { String::new() } else { row.spent.to_string() };
    [cost, if worked > 0 { took(worked) } else { String::new() }]
}

/// One of the tasks that work on the same: who did it, where it stands, what it used.
fn link(state: &State, row: &Row, task: &Task, (name, used): (usize, &str)) -> Item {
    let (glyph, role) = sign(state, row);
    let style = |role| state.theme.style(role);
    let own = if row.id == task.id { Role::Heading } else { Role::Text };
    let line = Line::from(vec![
        Span::styled(format!("  {glyph} "), style(role)),
        Span::styled(format!("{:<4} ", row.id.to_string()), style(Role::Dim)),
        Span::styled(format!("{:<name$}  ", plain(role_of(row))), style(own)),
        Span::raw(format!("{used}  ")),
        Span::styled(keyed(state, &row.why), style(Role::Dim)),
    ]);
    Item { line, hang: 4, target: Some(Target::Task(row.id)).filter(|_| row.id != task.id) }
}

/// Says which event asked for it, reported by whom, and for which task.
fn for_whom(state: &State, task: &Task) -> Vec<Item> {
    let dim = state.theme.style(Role::Dim);
    let mut items = Vec::new();
    if let Some(event) = state.told().and_then(|story| story.detail.as_ref()?.event.as_deref()) {
        let row = &event.row;
        let line = Line::from(vec![
            Span::styled(format!("{:<10} ", "asked by"), dim),
            Span::raw(format!("event {}, {} from {}", row.id.0, plain(&row.kind), plain(&row.by))),
        ]);
        items.push(Item { line, hang: 11, target: Some(Target::Event(row.id, 0)) });
    }
    if task.subject() != task.id {
        let row = state.view.rows.iter().find(|row| row.id == task.subject());
        let title = row.map(|row| format!("  {}", plain(&row.title))).unwrap_or_default();
        let line = Line::from(vec![
            Span::styled(format!("{:<10} ", "for"), dim),
            Span::raw(task.subject().to_string()),
            Span::raw(title),
        ]);
        items.push(Item { line, hang: 11, target: row.map(|row| Target::Task(row.id)) });
    }
    items
}

/// Says what was reported with the event that started it, as far as it is not said elsewhere on the tab.
fn reported(state: &State, event: &Happening, assignment: &Assignment) -> Vec<Item> {
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
    let is_said = |value: &serde_json::Value| {
        let known = [assignment.name.as_str(), assignment.description.as_str()];
        value.as_str().is_some_and(|text| text.is_empty() || known.contains(&text))
    };
    let fields = data.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, value)| *name != "task" && !is_said(value));
    let line = |(name, value): (&String, &serde_json::Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let line = Line::from(vec![
            Span::styled(format!("  {}: ", plain(name)), state.theme.style(Role::Dim)),
            Span::raw(plain(&text)),
        ]);
        Item { hang: 4, ..Item::from(line) }
    };
    fields.map(line).collect()
}

/// Says in a few lines who does it, where it belongs, what it may take.
fn about(state: &State, assignment: &Assignment) -> Vec<Item> {
    let dim = state.theme.style(Role::Dim);
    let row = |name: &str, value: String| {
        let line = Line::from(vec![Span::styled(format!("{name:<10} "), dim), Span::raw(plain(&value))]);
        Item { hang: 11, ..Item::from(line) }
    };
    let lane = match assignment.batch {
        Some(batch) => format!("{}, batch {}", assignment.lane, batch.0),
        None => assignment.lane.to_string(),
    };
    let mut items = vec![row("role", assignment.role.clone()), row("lane", lane)];
    items.push(row("workflow", assignment.workflow.clone()));
    if !assignment.module.is_empty() {
        items.push(row("module", assignment.module.clone()));
    }
    if let Some(complexity) = assignment.complexity {
        let expected = spoken(millis(complexity.expected()));
        let over = state.row().and_then(|row| overrun(state, row)).map(|over| format!("; {over}")).unwrap_or_default();
        items.push(row("expected", format!("{expected} ({}){over}", complexity.name())));
    }
    if let Some(check) = &assignment.check {
        items.push(row("check", format!("{check} must be green")));
    }
    if let Some(budget) = assignment.budget {
        items.push(row("budget", budget.to_string()));
    }
    items
}

/// Says of a deliverable whether it is there, as far as the last result tells.
fn deliverable(state: &State, task: &Task, wanted: &Deliverable) -> Item {
    let style = |role| state.theme.style(role);
    let receipts = task.result.as_ref().map(|result| &result.receipt).or(task.receipt.as_ref());
    let brought = receipts.is_some_and(|receipt| wanted.is_among(&receipt.files));
    let missing: BTreeSet<&str> = match task.attempts.last().map(|attempt| &attempt.end) {
        Some(AttemptEnd::Undelivered { missing }) => missing.iter().map(String::as_str).collect(),
        Some(_) | None => BTreeSet::new(),
    };
    let (glyph, role, what) = if brought {
        (state.glyphs.good, Role::Good, "")
    } else if missing.contains(wanted.said.as_str()) {
        (state.glyphs.bad, Role::Bad, "  not brought by the last attempt")
    } else {
        (state.glyphs.quiet, Role::Dim, "")
    };
    let line = Line::from(vec![
        Span::styled(format!("  {glyph} "), style(role)),
        Span::raw(plain(&wanted.said)),
        Span::styled(what, style(Role::Dim)),
    ]);
    Item { line, hang: 4, target: Some(Target::Place(wanted.path.clone(), None)) }
}
