//! The page that lists the keys, from the table of actions: first what works where the keys were asked for.

use ratatui::text::{Line, Span};

use crate::ui::action::{Context, Entry, TABLE};
use crate::ui::state::{Focus, State};
use crate::ui::theme::Role;
use crate::ui::widget::width;

/// From this width on the names that files use are shown, too.
const WITH_NAMES: u16 = 100;

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let (here, title) = match state.focus {
        Focus::Tasks => (Context::Tasks, "IN THE LIST"),
        Focus::Task => (Context::Task, "IN THE TASK"),
    };
    let keys: Vec<(String, &Entry)> =
        TABLE.iter().map(|entry| (state.keymap.keys_of(entry.action).join(" "), entry)).collect();
    let widest = keys.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0);
    let line = |(keys, entry): &(String, &Entry)| {
        let keys = if keys.is_empty() { "no key" } else { keys };
        let mut spans =
            vec![Span::styled(format!("  {keys:<widest$}  "), state.theme.style(Role::Accent)), Span::raw(entry.doc)];
        if state.size.0 >= WITH_NAMES {
            spans[1] = Span::raw(format!("{:<58}", entry.doc));
            spans.push(Span::styled(format!("  {}", entry.name), state.theme.style(Role::Dim)));
        }
        Line::from(spans)
    };
    let heading = |text: &'static str| Line::styled(text, state.theme.style(Role::Heading));
    let fits = |context: Context| move |(_, entry): &&(String, &Entry)| entry.contexts.contains(&context);
    let mut lines = vec![heading(title)];
    lines.extend(keys.iter().filter(fits(here)).map(line));
    let others: Vec<Line<'static>> = keys.iter().filter(|known| !fits(here)(known)).map(line).collect();
    if !others.is_empty() {
        lines.push(Line::default());
        lines.push(heading("ELSEWHERE"));
        lines.extend(others);
    }
    lines.push(Line::default());
    lines.push(heading("MOUSE"));
    for (what, does) in [
        ("click", "Select a row, a tab, a place; again: open it"),
        ("wheel", "Scroll what lies under it"),
        ("drag", "Move the divider between the panes"),
    ] {
        lines.push(Line::from(vec![
            Span::styled(format!("  {what:<widest$}  "), state.theme.style(Role::Accent)),
            Span::raw(does),
        ]));
    }
    lines.push(Line::default());
    lines.push(heading("SIGNS"));
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
        lines.push(Line::from(vec![
            Span::styled(format!("  {sign:<widest$}  "), state.theme.style(role)),
            Span::raw(word),
        ]));
    }
    lines
}
