//! The page that lists the keys: first those of the place it was opened from, then all others, then those of questions.

use ratatui::text::{Line, Span};

use crate::ui::action::{Context, Entry, TABLE};
use crate::ui::state::{Focus, State};
use crate::ui::theme::Role;
use crate::ui::widget::width;

/// From this width on, there is room for the names that files use.
const WITH_NAMES: u16 = 96;

/// How wide the column of keys is, and on a narrow screen.
const KEYS: (usize, usize) = (16, 10);

/// The keys of what lies over the panes; they are the same whatever the keymap says.
const FIXED: [(&str, &[(&str, &str)]); 2] = [
    (
        "In a question",
        &[
            ("1 2 3", "Give the answer with this number; its letter does the same"),
            ("up down", "Mark another answer"),
            ("enter", "Give the marked answer"),
            ("pgdn space j", "Read on"),
            ("pgup k", "Read back"),
            ("esc", "Not now: nothing is changed"),
        ],
    ),
    (
        "In the commands",
        &[
            ("letters", "Find by name or words; # finds tasks"),
            ("up down", "Mark another line"),
            ("enter", "Do what is marked"),
            ("ctrl+u ctrl+w", "Drop all that was typed, or its last word"),
            ("esc", "Close"),
        ],
    ),
];

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let (here, title) = match state.focus {
        Focus::Tasks => (Context::Tasks, "In the list of tasks"),
        Focus::Task => (Context::Task, "In the pane of a task"),
    };
    let is_here = |entry: &&Entry| entry.contexts.contains(&here);
    let mut lines = vec![heading(state, title)];
    lines.extend(TABLE.iter().filter(is_here).map(|entry| line(state, entry)));
    let mut others = TABLE.iter().filter(|entry| !is_here(entry)).peekable();
    if others.peek().is_some() {
        lines.extend([Line::default(), heading(state, "Elsewhere")]);
        lines.extend(others.map(|entry| line(state, entry)));
    }
    for (title, keys) in FIXED {
        lines.extend([Line::default(), heading(state, title)]);
        lines.extend(keys.iter().map(|(keys, doc)| row(state, keys, doc, "")));
    }
    lines
}

fn heading(state: &State, title: &'static str) -> Line<'static> {
    Line::styled(title, state.theme.style(Role::Heading))
}

fn line(state: &State, entry: &'static Entry) -> Line<'static> {
    let keys = state.keymap.keys_of(entry.action).join(" ");
    row(state, if keys.is_empty() { "no key" } else { &keys }, entry.doc, entry.name)
}

fn row(state: &State, keys: &str, doc: &'static str, name: &'static str) -> Line<'static> {
    let is_wide = state.size.0 >= WITH_NAMES;
    let column = if state.size.0 < 60 { KEYS.1 } else { KEYS.0 };
    let pad = column.saturating_sub(width(keys)).max(1);
    let mut spans =
        vec![Span::styled(format!("  {keys}{}", " ".repeat(pad)), state.theme.style(Role::Accent)), Span::raw(doc)];
    if is_wide && !name.is_empty() {
        let pad = 58_usize.saturating_sub(width(doc)).max(2);
        spans.push(Span::styled(format!("{}{name}", " ".repeat(pad)), state.theme.style(Role::Dim)));
    }
    Line::from(spans)
}
