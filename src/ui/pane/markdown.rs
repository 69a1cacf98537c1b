//! Shows Markdown of ours as text for a screen: headings, lists, quotations, and tables that fit.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::ui::body::Item;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip_line, plain};

/// The columns between two columns of a table.
const GAP: usize = 2;

/// The fewest columns that the widest column of a table is cut to.
const CELL: usize = 8;

/// The fewest columns that say what a row is about; where there is no room for them, the last columns are left out.
const SUBJECT: usize = 28;

/// Returns the lines of a text.
pub(super) fn items(state: &State, text: &str, columns: usize) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut lines = text.lines().peekable();
    let mut is_code = false;
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            // What is to be written somewhere stands here as it is to be written.
            let text = plain(line);
            let style = state.theme.style(Role::Dim);
            let line =
                if state.glyphs.lines { Line::styled(text, style) } else { Line::from(signs(state, &text, Role::Dim)) };
            items.push(Item { line: indented(line, 2), hang: 4, target: None });
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(more) = lines.next_if(|next| next.starts_with('|')) {
                rows.push(more);
            }
            items.extend(table(state, &rows, columns).into_iter().map(Item::from));
        } else {
            items.push(block(state, line));
            if line.starts_with('#') {
                // A screen has few rows: what is before it sets a heading apart.
                let _ = lines.next_if(|next| next.is_empty());
            }
        }
    }
    items
}

/// Returns a line that is not part of a table or of code.
fn block(state: &State, line: &str) -> Item {
    let item = |spans: Vec<Span<'static>>, hang| Item { line: Line::from(spans), hang, target: None };
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&level) && line[level..].starts_with(' ') {
        let role = if level < 3 { Role::Heading } else { Role::Accent };
        let text = words(state, line[level..].trim(), role).into_iter().map(|span| span.content.into_owned());
        return Line::styled(text.collect::<String>(), state.theme.style(role)).into();
    }
    if let Some(said) = line.strip_prefix('>') {
        let bar = if state.glyphs.lines { "│ " } else { "| " };
        // What is quoted is of others, and stays as it was said.
        let text = plain(said.strip_prefix(' ').unwrap_or(said));
        return item(vec![Span::styled(bar, state.theme.style(Role::Dim)), Span::raw(text)], 2);
    }
    let indent = line.len() - line.trim_start().len();
    if let Some(rest) = line.trim_start().strip_prefix("- ") {
        let (mark, role, rest) = match (rest.strip_prefix("[x] "), rest.strip_prefix("[ ] ")) {
            (Some(rest), _) => (state.glyphs.good, Role::Good, rest),
            (None, Some(rest)) => (state.glyphs.quiet, Role::Dim, rest),
            (None, None) => (state.glyphs.note, Role::Dim, rest),
        };
        let mut spans = vec![Span::raw(" ".repeat(indent)), Span::styled(format!("{mark} "), state.theme.style(role))];
        spans.extend(words(state, rest, Role::Text));
        return item(spans, indent + 2);
    }
    item(words(state, line, Role::Text), indent)
}

/// Returns a table with columns of equal width; the widest are cut until it fits.
fn table(state: &State, rows: &[&str], columns: usize) -> Vec<Line<'static>> {
    let is_rule = |row: &&&str| row.chars().all(|letter| matches!(letter, '|' | '-' | ':' | ' '));
    let right: Vec<bool> = rows
        .iter()
        .find(is_rule)
        .map_or_else(Vec::new, |rule| cells(rule).iter().map(|cell| cell.ends_with(':')).collect());
    let rows: Vec<Vec<Line<'static>>> = rows
        .iter()
        .filter(|row| !is_rule(row))
        .enumerate()
        .map(|(at, row)| {
            let role = if at == 0 { Role::Dim } else { Role::Text };
            cells(row).iter().map(|cell| Line::from(words(state, cell, role))).collect()
        })
        .collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(Line::width).max().unwrap_or(0);
    let mut wide: Vec<usize> = (0..count).map(widest).collect();
    let subject = wide.first().copied().unwrap_or(0).min(SUBJECT);
    while wide.len() > 3 && subject + wide.iter().skip(1).map(|wide| wide + GAP).sum::<usize>() > columns {
        wide.pop();
    }
    let room = columns.saturating_sub(GAP * wide.len().saturating_sub(1));
    while wide.iter().sum::<usize>() > room
        && let Some(most) = wide.iter_mut().max().filter(|most| **most > CELL)
    {
        *most -= 1;
    }
    let line = |row: Vec<Line<'static>>| {
        let mut spans = Vec::new();
        for (at, (cell, wide)) in row.into_iter().zip(&wide).enumerate() {
            let cell = clip_line(cell, *wide, state.glyphs.more);
            let pad = " ".repeat(wide - cell.width().min(*wide));
            let gap = Span::raw(if at == 0 { String::new() } else { " ".repeat(GAP) });
            let is_right = right.get(at).copied().unwrap_or(false);
            let (before, after) = if is_right { (pad, String::new()) } else { (String::new(), pad) };
            spans.extend([gap, Span::raw(before)].into_iter().chain(cell.spans).chain([Span::raw(after)]));
        }
        clip_line(Line::from(spans), columns, state.glyphs.more)
    };
    rows.into_iter().map(line).collect()
}

/// Returns the cells of a row; a stroke that is escaped ends none.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for letter in row.trim().trim_start_matches('|').chars() {
        if letter == '|' && !is_escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(letter);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    if cells.last().is_some_and(|last| last.trim().is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Returns a text with its code, what is bold and what is escaped as they are meant.
fn words(state: &State, text: &str, role: Role) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let (mut word, mut is_bold) = (String::new(), false);
    let mut rest = text;
    let flush = |word: &mut String, is_bold: bool, spans: &mut Vec<Span<'static>>| {
        let said = signs(state, &plain(&std::mem::take(word)), role);
        let bold = if is_bold { Modifier::BOLD } else { Modifier::empty() };
        spans.extend(said.into_iter().map(|span| Span::styled(span.content, span.style.add_modifier(bold))));
    };
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        if letter == '\\'
            && let Some(meant) = after.chars().next()
        {
            word.push(meant);
            rest = &after[meant.len_utf8()..];
        } else if let Some(after) = rest.strip_prefix("**") {
            flush(&mut word, is_bold, &mut spans);
            is_bold = !is_bold;
            rest = after;
        } else if let Some((code, after)) = coded(rest) {
            flush(&mut word, is_bold, &mut spans);
            let code = plain(&code.replace("\\|", "|"));
            spans.push(Span::styled(code, state.theme.style(if role == Role::Text { Role::Accent } else { role })));
            rest = after;
        } else {
            word.push(letter);
            rest = after;
        }
    }
    flush(&mut word, is_bold, &mut spans);
    spans
}

/// Returns the code that a text begins with, and what follows it.
fn coded(text: &str) -> Option<(&str, &str)> {
    let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
    let (sign, rest) = text.split_at(ticks);
    if ticks == 0 {
        return None;
    }
    let (code, after) = rest.split_once(sign)?;
    let is_padded = code.len() > 2 && code.starts_with(' ') && code.ends_with(' ');
    Some((if is_padded { &code[1..code.len() - 1] } else { code }, after))
}

/// Shows the pictures of a report as our signs: how wide a picture is, terminals do not agree about.
fn signs(state: &State, text: &str, role: Role) -> Vec<Span<'static>> {
    let glyphs = &state.glyphs;
    let known = [
        ("✅", glyphs.good, Role::Good),
        ("👀", glyphs.needs, Role::Warn),
        ("⏳", glyphs.busy, Role::Busy),
        ("⏸", glyphs.held, Role::Dim),
        ("⛔", glyphs.bad, Role::Bad),
        ("❌", glyphs.bad, Role::Bad),
        ("⚠\u{fe0f}", glyphs.needs, Role::Warn),
    ];
    let mut spans = Vec::new();
    let mut rest = text;
    loop {
        let first = known.iter().filter_map(|sign| Some((rest.find(sign.0)?, sign))).min_by_key(|(at, _)| *at);
        let Some((at, (picture, sign, colour))) = first else { break };
        spans.push(Span::styled(rest[..at].to_owned(), state.theme.style(role)));
        spans.push(Span::styled((*sign).to_owned(), state.theme.style(*colour)));
        rest = &rest[at + picture.len()..];
    }
    spans.push(Span::styled(rest.to_owned(), state.theme.style(role)));
    spans.retain(|span| !span.content.is_empty());
    spans
}

fn indented(line: Line<'static>, columns: usize) -> Line<'static> {
    let spans = std::iter::once(Span::raw(" ".repeat(columns))).chain(line.spans);
    Line::from(spans.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Wall;

    fn shown(text: &str, columns: usize) -> Vec<String> {
        let state = State::new("p", (80, 24), Wall(0));
        items(&state, text, columns).iter().map(|item| item.line.to_string()).collect()
    }

    #[test]
    fn what_is_meant_is_shown_and_not_how_it_is_written() {
        for (text, line) in [
            ("## What waits for you", "What waits for you"),
            ("- **task\\_1** · its agent asks: \\`x\\`", "• task_1 · its agent asks: `x`"),
            ("  - `orchestrator-tui land 3`", "  • orchestrator-tui land 3"),
            ("- [x] ``a`b``", "✓ a`b"),
            ("- [ ] `docs/x.md` — not there", "· docs/x.md — not there"),
            ("> # said **so**", "│ # said **so**"),
            ("✅ done: landed", "✓ done: landed"),
            ("#hash", "#hash"),
            ("a ` b ** c", "a ` b  c"),
        ] {
            assert_eq!(shown(text, 80), [line], "{text}");
        }
    }

    #[test]
    fn a_table_fits_and_its_columns_stand_below_each_other() {
        let table =
            "| task | result | + |\n|---|---|--:|\n| a long name of a task | ✅ done | 12 |\n| `a\\|b` | x | 3 |";
        assert_eq!(
            shown(table, 80),
            [
                "task                   result   +",
                "a long name of a task  ✓ done  12",
                "a|b                    x        3"
            ]
        );
        assert_eq!(
            shown(table, 24),
            ["task          result   +", "a long name…  ✓ done  12", "a|b           x        3"]
        );
        for columns in 0..40 {
            assert!(shown(table, columns).iter().all(|line| crate::ui::widget::width(line) <= columns.max(1)));
        }
    }
}
