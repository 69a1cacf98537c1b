//! Text of known width: cut with a mark, wrapped, searched, written without control characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::model::plain;
use crate::ui::state::State;

/// Returns how many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns the text as it can be shown in a row: signs stand for what would steer the terminal, a tab becomes spaces.
pub fn plain(text: &str) -> String {
    plain::row(text)
}

/// Cuts a text to so many columns; `more` marks the cut.
pub fn clip(text: &str, columns: usize, more: &str) -> String {
    // Most texts are short and plain, and then a byte is a column at most.
    if text.len() <= columns || text.width() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(more.width());
    let mut cut = String::new();
    let mut used = 0;
    for piece in text.graphemes(true) {
        let wide = piece.width();
        if used + wide > room {
            break;
        }
        used += wide;
        cut.push_str(piece);
    }
    if columns >= more.width() {
        cut.push_str(more);
    }
    cut
}

/// Cuts a text to so many columns, where that does it by leaving out what follows a semicolon; else as [`clip`] does.
pub fn clip_clauses(text: &str, columns: usize, more: &str) -> String {
    let mut rest = text;
    while width(rest) > columns {
        match rest.rsplit_once("; ") {
            Some((before, _)) => rest = before,
            None => return clip(text, columns, more),
        }
    }
    rest.to_owned()
}

/// Cuts a line to so many columns and keeps its styles; `more` marks the cut.
pub fn clip_line(line: Line<'static>, columns: usize, more: &str) -> Line<'static> {
    if line.width() <= columns {
        return line;
    }
    let mut room = columns;
    let mut spans = Vec::new();
    for span in line.spans {
        let wide = span.content.width();
        if wide < room {
            room -= wide;
            spans.push(span);
        } else {
            // Whatever follows is cut, so the mark must stand even if this one fits.
            let text = format!("{} ", span.content);
            spans.push(Span::styled(clip(&text, room, more), span.style));
            break;
        }
    }
    Line { spans, ..line }
}

/// Returns how many rows the lines take when wrapped.
pub fn wrapped_rows(lines: &[Line<'_>], columns: usize) -> usize {
    lines.iter().map(|line| if line.width() <= columns { 1 } else { wrap(line, columns, 0).len() }).sum()
}

/// Breaks a line into rows of at most so many columns, at spaces where there are some. Rows after the first are indented
/// by so many columns, or if that is zero, as the first is.
pub fn wrap<'a>(line: &Line<'a>, columns: usize, hang: usize) -> Vec<Line<'a>> {
    let columns = columns.max(1);
    if line.width() <= columns {
        return vec![line.clone()];
    }
    let text = line.to_string();
    let pieces = pieces(&text);
    let first = pieces.iter().take_while(|piece| piece.is_space).count();
    let indent = (if hang > 0 { hang } else { first }).min(columns / 2);
    let byte = |at: usize| pieces.get(at).map_or(text.len(), |piece| piece.start);
    let mut rows = Vec::new();
    let mut start = 0;
    while start < pieces.len() {
        let room = columns - if rows.is_empty() { 0 } else { indent };
        let (mut used, mut end, mut space) = (0, start, None);
        while let Some(piece) = pieces.get(end) {
            if used + piece.wide > room {
                break;
            }
            used += piece.wide;
            if piece.is_space {
                space = Some(end);
            }
            end += 1;
        }
        let (stop, next) = match space {
            _ if end == pieces.len() => (end, end),
            _ if pieces[end].is_space => (end, end + 1),
            // A break that leaves less than half a row is worse than a word cut in two.
            Some(space) if space > start + room / 2 => (space, space + 1),
            _ => (end.max(start + 1), end.max(start + 1)),
        };
        let mut spans = Vec::new();
        if !rows.is_empty() && indent > 0 {
            spans.push(Span::raw(" ".repeat(indent)));
        }
        cut(line, byte(start)..byte(stop), &mut spans);
        rows.push(Line::from(spans).style(line.style));
        start = next;
    }
    rows
}

/// What cannot be divided: a letter with all that belongs to it.
struct Piece {
    start: usize,
    wide: usize,
    is_space: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    if text.is_ascii() {
        let wide = |letter: u8| usize::from(!letter.is_ascii_control());
        let letters = text.bytes().enumerate();
        return letters.map(|(start, letter)| Piece { start, wide: wide(letter), is_space: letter == b' ' }).collect();
    }
    let letters = text.grapheme_indices(true);
    letters.map(|(start, piece)| Piece { start, wide: piece.width(), is_space: piece == " " }).collect()
}

/// Takes a part of a line, by its bytes, with its styles.
fn cut<'a>(line: &Line<'a>, part: std::ops::Range<usize>, spans: &mut Vec<Span<'a>>) {
    let mut at = 0;
    for span in &line.spans {
        let (from, to) = (part.start.max(at), part.end.min(at + span.content.len()));
        if from < to
            && let Some(text) = span.content.get(from - at..to - at)
        {
            spans.push(Span::styled(text.to_owned(), span.style));
        }
        at += span.content.len();
    }
}

/// Writes wrapped lines, from row `top` on.
pub fn write_lines(_state: &State, lines: &[Line<'_>], area: Rect, top: usize, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    let rows = lines.iter().flat_map(|line| wrap(line, columns, 0)).skip(top).take(usize::from(area.height));
    for (row, line) in (area.y..).zip(rows) {
        put(&line, Rect { y: row, height: 1, ..area }, buf);
    }
}

/// Writes a line into the first row of an area, and never outside of the screen.
pub fn put(line: &Line<'_>, area: Rect, buf: &mut Buffer) {
    let inside = area.intersection(buf.area);
    if inside.is_empty() || inside.y != area.y || inside.x != area.x {
        return;
    }
    buf.set_line(inside.x, inside.y, line, inside.width);
}

/// Returns where a text stands in another one, small and capital letters being the same, in characters.
pub fn found(text: &str, wanted: &str) -> Vec<(usize, usize)> {
    if wanted.is_empty() || text.len() < wanted.len() && text.is_ascii() {
        return Vec::new();
    }
    let small = |text: &str| text.chars().map(lower).collect::<Vec<char>>();
    let (text, wanted) = (small(text), small(wanted));
    let mut places = Vec::new();
    let mut at = 0;
    while at + wanted.len() <= text.len() {
        if text[at..].starts_with(&wanted) {
            places.push((at, at + wanted.len()));
            at += wanted.len();
        } else {
            at += 1;
        }
    }
    places
}

/// Whether a text stands in another one, small and capital letters being the same.
pub fn holds(text: &str, wanted: &str) -> bool {
    let mut rest = text.chars();
    loop {
        let mut here = rest.clone();
        if wanted.chars().all(|letter| here.next().is_some_and(|other| lower(other) == lower(letter))) {
            return true;
        }
        if rest.next().is_none() {
            return false;
        }
    }
}

/// Returns the small letter; where a capital one has several, the first.
fn lower(letter: char) -> char {
    if letter.is_ascii() { letter.to_ascii_lowercase() } else { letter.to_lowercase().next().unwrap_or(letter) }
}

/// Gives what matches another style.
pub fn marked(line: &Line<'static>, wanted: &str, style: Style) -> Line<'static> {
    let places = found(&line.to_string(), wanted);
    if places.is_empty() {
        return line.clone();
    }
    let mut spans = Vec::new();
    let mut at = 0;
    for span in &line.spans {
        let mut run = String::new();
        let mut inside = false;
        for letter in span.content.chars() {
            let is_match = places.iter().any(|(start, end)| (*start..*end).contains(&at));
            if is_match != inside && !run.is_empty() {
                let style = if inside { span.style.patch(style) } else { span.style };
                spans.push(Span::styled(std::mem::take(&mut run), style));
            }
            inside = is_match;
            run.push(letter);
            at += 1;
        }
        if !run.is_empty() {
            spans.push(Span::styled(run, if inside { span.style.patch(style) } else { span.style }));
        }
    }
    Line { spans, ..line.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Vec<String> {
        wrap(&Line::from(text.to_owned()), columns, 0).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_cut_is_marked_and_fits() {
        assert_eq!(clip("abcdef", 6, "…"), "abcdef");
        assert_eq!(clip("abcdefg", 6, "…"), "abcde…");
        assert_eq!(clip("日本語", 5, "…"), "日本…");
        assert_eq!(clip("abc", 0, "…"), "");
        let line = Line::from(vec![Span::raw("abc"), Span::raw("def"), Span::raw("g")]);
        assert_eq!(clip_line(line.clone(), 6, "…").to_string(), "abcde…");
        assert_eq!(clip_line(line, 7, "…").to_string(), "abcdefg");
    }

    #[test]
    fn long_lines_break_at_spaces_and_keep_their_indent() {
        assert_eq!(rows("one two three", 8), ["one two", "three"]);
        assert_eq!(rows("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(rows("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(rows("", 4), [""]);
        let hung = wrap(&Line::from("12:00 one two three"), 14, 6);
        assert_eq!(hung.iter().map(ToString::to_string).collect::<Vec<_>>(), ["12:00 one two", "      three"]);
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(plain("a\u{1b}[31mb\tc\u{7}"), "a␛[31mb    c␇");
        assert_eq!(plain("rm \u{202e}fr- \u{9b}x"), "rm <U+202E>fr- <U+009B>x");
    }

    #[test]
    fn what_is_searched_is_found_whatever_its_case() {
        assert_eq!(found("CaseService case", "case"), [(0, 4), (12, 16)]);
        assert_eq!(found("Grün GRÜN", "grün"), [(0, 4), (5, 9)]);
        assert_eq!(found("aaa", "aa"), [(0, 2)]);
        assert_eq!(found("a", ""), []);
        assert!(holds("CaseService", "serv") && holds("x", "") && !holds("CaseService", "server"));
        let line = marked(&Line::from(vec![Span::raw("ab"), Span::raw("cd")]), "bc", Style::new().bold());
        assert_eq!(line.spans.len(), 4);
        assert_eq!(line.to_string(), "abcd");
    }
}
