//! The page that lists the keys: those of the place it was opened from, all others, what no keymap says, and the signs.

use ratatui::text::{Line, Span};

use crate::ui::action::{Context, Entry, TABLE};
use crate::ui::state::{Focus, State};
use crate::ui::theme::Role;
use crate::ui::widget::width;

/// From this width on, there is room for the names that files use.
const WITH_NAMES: u16 = 96;

/// How wide the column of keys is, and on a narrow screen.
const KEYS: (usize, usize) = (16, 10);

/// What no keymap says.
const FIXED: [(&str, &[(&str, &str)]); 3] = [
    (
        "IN A QUESTION",
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
        "IN THE COMMANDS",
        &[
            ("letters", "Find by name or words; # finds tasks"),
            ("up down", "Mark another line"),
            ("enter", "Do what is marked"),
            ("ctrl+u ctrl+w", "Drop all that was typed, or its last word"),
            ("esc", "Close"),
        ],
    ),
    (
        "MOUSE",
        &[
            ("click", "Select a row, a tab, a place, an answer; again: open it"),
            ("wheel", "Scroll what lies under it"),
            ("drag", "Move the divider between the panes"),
        ],
    ),
];

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let (here, title) = match state.focus {
        _ if state.terminal.is_some() => (Context::Terminal, "IN A TERMINAL"),
        Focus::Tasks => (Context::Tasks, "IN THE LIST"),
        Focus::Task => (Context::Task, "IN THE TASK"),
    };
    let is_here = |entry: &&Entry| entry.contexts.contains(&here);
    let mut lines = vec![heading(state, title)];
    lines.extend(TABLE.iter().filter(is_here).map(|entry| line(state, entry)));
    let mut others = TABLE.iter().filter(|entry| !is_here(entry)).peekable();
    if others.peek().is_some() {
        lines.extend([Line::default(), heading(state, "ELSEWHERE")]);
        lines.extend(others.map(|entry| line(state, entry)));
    }
    for (title, keys) in FIXED {
        lines.extend([Line::default(), heading(state, title)]);
        lines.extend(keys.iter().map(|(keys, doc)| row(state, keys, doc, "", Role::Accent)));
    }
    lines.extend([Line::default(), heading(state, "SIGNS")]);
    let glyphs = &state.glyphs;
    for (sign, role, word) in [
        (glyphs.needs, Role::Warn, "waits for you, or degraded"),
        (glyphs.busy, Role::Busy, "at work"),
        (glyphs.held, Role::Dim, "held, or paused"),
        (glyphs.queued, Role::Text, "queued: goes on by itself"),
        (glyphs.good, Role::Good, "green, done, up"),
        (glyphs.bad, Role::Bad, "red, failed, down"),
        (glyphs.quiet, Role::Dim, "over without a result, or nothing to say"),
    ] {
        lines.push(row(state, sign, word, "", role));
    }
    lines
}

fn heading(state: &State, title: &'static str) -> Line<'static> {
    Line::styled(title, state.theme.style(Role::Heading))
}

fn line(state: &State, entry: &'static Entry) -> Line<'static> {
    let keys = state.keymap.keys_of(entry.action).join(" ");
    row(state, if keys.is_empty() { "no key" } else { &keys }, entry.doc, entry.name, Role::Accent)
}

fn row(state: &State, keys: &str, doc: &'static str, name: &'static str, role: Role) -> Line<'static> {
    let is_wide = state.size.0 >= WITH_NAMES;
    let column = if state.size.0 < 60 { KEYS.1 } else { KEYS.0 };
    let pad = column.saturating_sub(width(keys)).max(1);
    let mut spans = vec![Span::styled(format!("  {keys}{}", " ".repeat(pad)), state.theme.style(role)), Span::raw(doc)];
    if is_wide && !name.is_empty() {
        let pad = 58_usize.saturating_sub(width(doc)).max(2);
        spans.push(Span::styled(format!("{}{name}", " ".repeat(pad)), state.theme.style(Role::Dim)));
    }
    Line::from(spans)
}
