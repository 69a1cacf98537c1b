//! Writes a screen as text: its rows, then which part looks like what.

use std::fmt::Write as _;

use orchestrator_tui::ui::draw::draw;
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::theme::ROLES;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};
use ratatui::{Frame, Terminal};
use unicode_width::UnicodeWidthStr as _;

/// Draws a state as a terminal of its size would show it.
pub(crate) fn buffer(state: &State) -> Buffer {
    buffer_of(state.size, |frame| draw(state, frame))
}

/// Draws something as a terminal of this size would show it.
pub(crate) fn buffer_of(size: (u16, u16), draw: impl FnOnce(&mut Frame)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a terminal in memory");
    terminal.draw(draw).expect("drawn in memory");
    terminal.backend().buffer().clone()
}

/// Gives every role a colour of its own, so that what was drawn says its role whatever the theme.
pub(crate) fn with_roles(mut state: State) -> State {
    for (number, (_, role)) in ROLES.iter().enumerate() {
        let colour = Color::Indexed(u8::try_from(number).expect("few roles"));
        let base = state.theme.style(*role);
        let style = if base.bg.is_some() || base.add_modifier.contains(Modifier::REVERSED) {
            Style::new().bg(colour)
        } else {
            Style::new().fg(colour)
        };
        state.theme.set(*role, style);
    }
    state
}

/// Writes the rows, each between bars, and below them the looks of the rows that have any.
pub(crate) fn written(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let _ = writeln!(out, "|{}|", text(buffer, y));
    }
    let mut looks: Vec<(u16, u16, String)> = Vec::new();
    for y in 0..buffer.area.height {
        let runs = runs(buffer, y).join(", ");
        match looks.last_mut() {
            Some((_, end, last)) if *last == runs => *end = y,
            _ => looks.push((y, y, runs)),
        }
    }
    for (start, end, runs) in looks.iter().filter(|(_, _, runs)| !runs.is_empty()) {
        let rows = if start == end { start.to_string() } else { format!("{start}-{end}") };
        let _ = writeln!(out, "{rows:>5}: {runs}");
    }
    out
}

/// Returns one row as text.
pub(crate) fn text(buffer: &Buffer, y: u16) -> String {
    let mut row = String::new();
    let mut covered = 0;
    for x in 0..buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        if covered > 0 {
            covered -= 1;
            continue;
        }
        row.push_str(symbol);
        covered = symbol.width().saturating_sub(1);
    }
    row
}

fn runs(buffer: &Buffer, y: u16) -> Vec<String> {
    let mut runs: Vec<(u16, u16, String)> = Vec::new();
    for x in 0..buffer.area.width {
        let look = look(&buffer[(x, y)]);
        match runs.last_mut() {
            Some((_, end, last)) if *last == look => *end = x,
            _ => runs.push((x, x, look)),
        }
    }
    let named = runs.into_iter().filter(|(_, _, look)| !look.is_empty());
    named.map(|(start, end, look)| format!("{start}-{end} {look}")).collect()
}

fn look(cell: &Cell) -> String {
    let mut parts = Vec::new();
    for (colour, sign) in [(cell.fg, ""), (cell.bg, "on ")] {
        let name = match colour {
            Color::Reset => continue,
            Color::Indexed(number) if usize::from(number) < ROLES.len() => ROLES[usize::from(number)].0.to_owned(),
            other => other.to_string().to_lowercase(),
        };
        if name != "text" {
            parts.push(format!("{sign}{name}"));
        }
    }
    for (modifier, name) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dimmed"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underlined"),
        (Modifier::REVERSED, "reversed"),
    ] {
        if cell.modifier.contains(modifier) {
            parts.push(name.to_owned());
        }
    }
    parts.join(" ")
}
