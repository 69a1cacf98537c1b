//! The journal of a task, fact by fact, as it is kept; each unfolds.

use ratatui::text::{Line, Span};

use super::time::clock;
use crate::core::lines;
use crate::ui::body::{Item, Target};
use crate::ui::state::{State, Story, Tab};
use crate::ui::theme::Role;
use crate::ui::widget::{clip, plain};

/// How much of a value a folded line shows.
const VALUE: usize = 40;

/// The most rows of a fact that is not unfolded.
const ROWS: usize = 3;

/// Returns the lines of the journal.
pub(super) fn items(state: &State, story: &Story, columns: usize) -> Vec<Item> {
    let dim = state.theme.style(Role::Dim);
    let mut items: Vec<Item> = Vec::new();
    if story.cut {
        items.push(Line::styled("what came before is too long to be shown; orchestrator-tui logs has it", dim).into());
    }
    for recorded in &story.facts {
        // Facts are made to be written; what cannot be is shown as Rust sees it.
        let value = serde_json::to_value(&recorded.fact)
            .unwrap_or_else(|_| serde_json::Value::String(format!("{:?}", recorded.fact)));
        let kind = value["kind"].as_str().unwrap_or("fact").to_owned();
        let head = format!("{:>5} {} ", recorded.seq.0, clock(state, recorded.at));
        let hang = head.len() + 16;
        let is_open = state.unfolded.contains(&(Tab::Facts, recorded.seq));
        let own = recorded.fact.task().map(|task| format!("{task} ")).unwrap_or_default();
        let text = match lines::local_line(&recorded.fact, recorded.at, state.offset) {
            _ if is_open => String::new(),
            Some(text) => {
                // What to type elsewhere is a key here, and stands in the footer.
                let text = text.split("; `orchestrator-tui").next().unwrap_or_default();
                let text = text.lines().next().unwrap_or_default();
                plain(text.strip_prefix(own.as_str()).unwrap_or(text)).trim().to_owned()
            }
            None => fields(&value, state.glyphs.more),
        };
        let line = Line::from(vec![
            Span::styled(head, dim),
            Span::styled(format!("{kind:<15} "), state.theme.style(Role::Accent)),
            Span::raw(clip(&text, columns.saturating_sub(hang).max(VALUE) * ROWS, state.glyphs.more)),
        ]);
        items.push(Item { line, hang, target: Some(Target::Fold(recorded.seq)) });
        if is_open {
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            items.extend(text.lines().map(|line| Line::styled(format!("      {}", plain(line)), dim).into()));
        }
    }
    items
}

/// Writes the fields, `name value`, without the task and the kind, which are known.
fn fields(value: &serde_json::Value, more: &str) -> String {
    let Some(object) = value.as_object() else { return clip(&plain(&value.to_string()), VALUE, more) };
    let known = |name: &&String| !matches!(name.as_str(), "kind" | "task");
    let field = |name: &String| match &object[name] {
        serde_json::Value::Object(_) => fields(&object[name], more),
        serde_json::Value::Array(list) => format!("{name} ({})", list.len()),
        serde_json::Value::String(text) => format!("{name} {}", clip(&plain(text), VALUE, more)),
        other => format!("{name} {other}"),
    };
    object.keys().filter(known).map(field).collect::<Vec<_>>().join("  ")
}
