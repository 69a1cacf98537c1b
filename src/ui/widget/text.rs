//! Text of known width: cut with a mark, wrapped, written without control characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::ui::state::State;

/// Returns how many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns the text without control characters; a tab becomes spaces.
pub fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            if letter == '\t' {
                vec![' '; 4]
            } else if letter.is_control() {
                Vec::new()
            } else {
                vec![letter]
            }
        })
        .collect()
}

/// Cuts a text to so many columns; `more` marks the cut.
pub fn clip(text: &str, columns: usize, more: &str) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(more.width());
    let mut cut = String::new();
    let mut used = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide > room {
            break;
        }
        used += wide;
        cut.push(letter);
    }
    if columns >= more.width() {
        cut.push_str(more);
    }
    cut
}

/// Returns how many rows the lines take when wrapped.
pub fn wrapped_rows(lines: &[Line<'_>], columns: usize) -> usize {
    lines.iter().map(|line| wrap(line, columns).len()).sum()
}

/// Breaks a line into rows of at most so many columns, at spaces where there are some; rows after the first are indented
/// as the first is.
fn wrap<'a>(line: &Line<'a>, columns: usize) -> Vec<Line<'a>> {
    let columns = columns.max(1);
    if line.width() <= columns {
        return vec![line.clone()];
    }
    let letters: Vec<(char, ratatui::style::Style)> =
        line.spans.iter().flat_map(|span| span.content.chars().map(|letter| (letter, span.style))).collect();
    let indent = letters.iter().take_while(|(letter, _)| *letter == ' ').count().min(columns / 2);
    let mut rows = Vec::new();
    let mut start = 0;
    while start < letters.len() {
        let room = columns - if rows.is_empty() { 0 } else { indent };
        let (mut used, mut end, mut space) = (0, start, None);
        while end < letters.len() {
            let wide = letters[end].0.width().unwrap_or(0);
            if used + wide > room {
                break;
            }
            used += wide;
            if letters[end].0 == ' ' {
                space = Some(end);
            }
            end += 1;
        }
        let (stop, next) = match space {
            _ if end == letters.len() => (end, end),
            _ if letters[end].0 == ' ' => (end, end + 1),
            // A break that leaves less than half a row is worse than a word cut in two.
            Some(space) if space > start + room / 2 => (space, space + 1),
            _ => (end.max(start + 1), end.max(start + 1)),
        };
        let mut spans: Vec<Span<'a>> = Vec::new();
        if !rows.is_empty() && indent > 0 {
            spans.push(Span::raw(" ".repeat(indent)));
        }
        for (letter, style) in &letters[start..stop] {
            match spans.last_mut() {
                Some(last) if last.style == *style => last.content.to_mut().push(*letter),
                _ => spans.push(Span::styled(letter.to_string(), *style)),
            }
        }
        rows.push(Line::from(spans).style(line.style));
        start = next;
    }
    rows
}

/// Writes wrapped lines, from row `top` on.
pub fn write_lines(_state: &State, lines: &[Line<'_>], area: Rect, top: usize, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    let rows = lines.iter().flat_map(|line| wrap(line, columns)).skip(top).take(usize::from(area.height));
    for (row, line) in (area.y..).zip(rows) {
        buf.set_line(area.x, row, &line, area.width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Vec<String> {
        wrap(&Line::from(text.to_owned()), columns).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_cut_is_marked_and_fits() {
        assert_eq!(clip("abcdef", 6, "…"), "abcdef");
        assert_eq!(clip("abcdefg", 6, "…"), "abcde…");
        assert_eq!(clip("日本語", 5, "…"), "日本…");
        assert_eq!(clip("abc", 0, "…"), "");
    }

    #[test]
    fn long_lines_break_at_spaces_and_keep_their_indent() {
        assert_eq!(rows("one two three", 8), ["one two", "three"]);
        assert_eq!(rows("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(rows("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(rows("", 4), [""]);
    }

    #[test]
    fn control_characters_are_not_written() {
        assert_eq!(plain("a\u{1b}[31mb\tc\u{7}"), "a[31mb    c");
    }
}
