//! The page of one event, whole: what was reported, by whom, with which data, and what came of it; each task leads there.

use ratatui::text::{Line, Span};

use super::events::{signed, title};
use super::time::{age, clock};
use crate::core::view::{EventRow, EventState};
use crate::model::id::TaskId;
use crate::ui::body::{Item, Target};
use crate::ui::keyed::keyed;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::plain;

/// The columns of what stands before each value.
const NAME: usize = 8;

/// Returns the lines of the page.
pub(super) fn items(state: &State) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let Some(opened) = state.event.as_ref() else { return Vec::new() };
    // The list is newer than what was asked for; older events are not in it.
    let listed = state.view.events.rows.iter().find(|row| row.id == opened.id);
    let told = match &opened.told {
        None => None,
        Some(Ok(told)) => Some(told),
        Some(Err(why)) => return vec![Line::styled(plain(why), style(Role::Bad)).into()],
    };
    let Some(row) = listed.or(told.map(|told| &told.row)) else {
        return vec![Line::styled(format!("on its way {}", state.glyphs.more), style(Role::Dim)).into()];
    };
    let mut items = about(state, row);
    let heading = |items: &mut Vec<Item>, text: &str| {
        items.extend([Line::default().into(), Line::styled(text.to_owned(), style(Role::Heading)).into()]);
    };
    heading(&mut items, "WHAT CAME OF IT");
    items.extend(row.came.iter().map(|(text, task)| came(state, row, text, *task)));
    heading(&mut items, "DATA");
    match told {
        None => items.push(Line::styled(format!("  on its way {}", state.glyphs.more), style(Role::Dim)).into()),
        Some(told) if matches!(told.data.trim(), "" | "{}" | "null") => {
            items.push(Line::styled("  none was reported with it", style(Role::Dim)).into());
        }
        Some(told) => {
            // A secret that was covered in it may have been more than a text.
            let pretty = serde_json::from_str::<serde_json::Value>(&told.data)
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or_else(|_| told.data.clone());
            items.extend(pretty.lines().map(|line| {
                let indent = line.len() - line.trim_start().len();
                Item { hang: indent + 4, ..Item::from(Line::raw(format!("  {}", plain(line)))) }
            }));
        }
    }
    items
}

fn about(state: &State, row: &EventRow) -> Vec<Item> {
    let style = |role| state.theme.style(role);
    let line = |name: &str, value: Vec<Span<'static>>, target: Option<Target>| {
        let mut spans = vec![Span::styled(format!("  {name:<NAME$} "), style(Role::Dim))];
        spans.extend(value);
        Item { line: Line::from(spans), hang: NAME + 3, target }
    };
    let (sign, word, role) = signed(state, row.state);
    let when = format!("{} ({})", clock(state, row.at), ago(&age(row.at, state.now)));
    let of = |task: TaskId| title(state, task).map(|title| format!("  {title}")).unwrap_or_default();
    let by = vec![Span::raw(plain(&row.by)), Span::styled(row.from.map(of).unwrap_or_default(), style(Role::Dim))];
    let mut items = vec![
        line("type", vec![Span::styled(plain(&row.kind), style(Role::Accent))], None),
        line("state", vec![Span::styled(format!("{sign} {word}"), style(role))], None),
        line("when", vec![Span::raw(when)], None),
        line("from", by, row.from.filter(|task| is_listed(state, *task)).map(Target::Task)),
    ];
    if let Some(subject) = row.subject.filter(|subject| row.from != Some(*subject)) {
        let about = vec![Span::raw(subject.to_string()), Span::styled(of(subject), style(Role::Dim))];
        items.push(line("about", about, Some(Target::Task(subject)).filter(|_| is_listed(state, subject))));
    }
    items
}

fn came(state: &State, row: &EventRow, text: &str, task: Option<TaskId>) -> Item {
    let role = if row.is_trouble() { Role::Bad } else { Role::Text };
    let mut spans = vec![Span::styled(format!("  {}", keyed(state, text)), state.theme.style(role))];
    let waits = row.state == EventState::Pending;
    if let Some(title) = task.and_then(|task| title(state, task)).filter(|_| !waits) {
        spans.push(Span::styled(format!("  {title}"), state.theme.style(Role::Dim)));
    }
    let target = task.filter(|task| is_listed(state, *task)).map(Target::Task);
    Item { line: Line::from(spans), hang: 4, target }
}

fn is_listed(state: &State, task: TaskId) -> bool {
    state.view.rows.iter().any(|row| row.id == task)
}

fn ago(age: &str) -> String {
    if age == "now" { "just now".to_owned() } else { format!("{age} ago") }
}
