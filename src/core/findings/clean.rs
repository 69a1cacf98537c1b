//! Which lines of text are in raw terminal output: no escapes, no overwritten progress, no machine paths.

use std::ops::Range;

/// How much of the start of a long output is looked at, in bytes: what was run and the first failures.
const HEAD: usize = 2 << 20;
/// How much of the end of a long output is looked at, in bytes: the summary, where most tools list the failures.
const TAIL: usize = 6 << 20;
/// Longer lines are cut, in bytes; a longer line is minified code or data, never a message.
const LINE: usize = 4096;
/// An escape string (a title, a hyperlink) longer than this is not one, in bytes.
const ESCAPE: usize = 4096;

/// The lines of an output as a person would read them.
pub(super) struct Output {
    text: String,
    lines: Vec<Range<usize>>,
}

impl Output {
    /// Cleans raw output; `roots` are absolute folders, of which no trace is left.
    pub(super) fn new(raw: &[u8], roots: &[&str]) -> Self {
        let mut roots: Vec<&str> =
            roots.iter().map(|root| root.trim_end_matches('/')).filter(|r| r.len() > 1).collect();
        // The longest first: a workspace may lie inside the project.
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let mut output = Self { text: String::new(), lines: Vec::new() };
        if raw.len() <= HEAD + TAIL {
            output.take(raw, &roots);
        } else {
            let head = raw[..HEAD].iter().rposition(|byte| *byte == b'\n').map_or(HEAD, |end| end + 1);
            let tail = raw.len() - TAIL;
            let tail = raw[tail..].iter().position(|byte| *byte == b'\n').map_or(tail, |end| tail + end + 1);
            output.take(&raw[..head], &roots);
            output.push(&format!("[… {} bytes of output left out …]", tail - head), &roots);
            output.take(&raw[tail..], &roots);
        }
        output
    }

    /// Returns how many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns a line without its end; empty past the last one.
    pub(super) fn line(&self, index: usize) -> &str {
        self.lines.get(index).map_or("", |range| &self.text[range.clone()])
    }

    /// Returns all lines with their numbers, from 0.
    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = (usize, &str)> {
        self.lines.iter().enumerate().map(|(index, range)| (index, &self.text[range.clone()]))
    }

    /// Returns the lines of a range, cut to what there is.
    pub(super) fn slice(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = &str> {
        let end = range.end.min(self.lines.len());
        self.lines[range.start.min(end)..end].iter().map(|range| &self.text[range.clone()])
    }

    fn take(&mut self, raw: &[u8], roots: &[&str]) {
        let mut line = Vec::new();
        // A carriage return takes effect with the next visible byte: before a line feed it means nothing.
        let mut returned = false;
        let mut rest = raw;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'\n' => {
                    self.push(&String::from_utf8_lossy(&line), roots);
                    line.clear();
                    returned = false;
                }
                b'\r' => returned = true,
                0x1b => rest = after_escape(tail),
                0x08 => {
                    line.pop();
                }
                0..0x20 | 0x7f if byte != b'\t' => {}
                _ => {
                    if returned {
                        line.clear();
                        returned = false;
                    }
                    line.push(byte);
                }
            }
        }
        if !line.is_empty() {
            self.push(&String::from_utf8_lossy(&line), roots);
        }
    }

    fn push(&mut self, line: &str, roots: &[&str]) {
        let line = without_roots(line, roots);
        let mut line = line.trim_end();
        if line.len() > LINE {
            line = &line[..boundary(line, LINE)];
        }
        let start = self.text.len();
        // C1 controls: eight-bit escapes, which no tool means as text.
        self.text.extend(line.chars().filter(|letter| !('\u{80}'..='\u{9f}').contains(letter)));
        self.lines.push(start..self.text.len());
    }
}

/// Returns the last character boundary at or before `at`.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Returns what follows an escape sequence, whose ESC is already taken.
fn after_escape(rest: &[u8]) -> &[u8] {
    match rest.first() {
        Some(b'[') => {
            let end = rest[1..].iter().position(|byte| !(0x20..=0x3f).contains(byte)).map(|end| end + 1);
            match end {
                Some(end) if (0x40..=0x7e).contains(&rest[end]) => &rest[end + 1..],
                Some(end) => &rest[end..],
                None => &[],
            }
        }
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let window = &rest[..rest.len().min(ESCAPE)];
            let end = window.iter().position(|byte| matches!(byte, 0x07 | 0x1b | b'\n'));
            match end {
                Some(end) if window[end] == 0x07 => &rest[end + 1..],
                Some(end) if window[end] == 0x1b && rest.get(end + 1) == Some(&b'\\') => &rest[end + 2..],
                Some(end) => &rest[end..],
                None => &rest[1..],
            }
        }
        Some(b' '..=b'/') => rest.get(2..).unwrap_or_default(),
        Some(0x30..=0x7e) => &rest[1..],
        _ => rest,
    }
}

/// Takes absolute roots out of a line: `ROOT/src/a.rs` becomes `src/a.rs`, a bare `ROOT` becomes `.`.
fn without_roots(line: &str, roots: &[&str]) -> String {
    let mut line = line.to_owned();
    for root in roots {
        let mut from = 0;
        while let Some(at) = line[from..].find(root).map(|at| from + at) {
            let end = at + root.len();
            let url = line[..at].ends_with("file://");
            let before = line[..at].chars().next_back();
            let after = line[end..].chars().next();
            let starts = url || before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-' | '/'));
            let ends = after.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'));
            if !starts || !ends {
                from = end;
                continue;
            }
            let start = if url { at - "file://".len() } else { at };
            let inside = after == Some('/') && line[end + 1..].chars().next().is_some_and(|c| !c.is_whitespace());
            if inside {
                line.replace_range(start..=end, "");
                from = start;
            } else {
                line.replace_range(start..end, ".");
                from = start + 1;
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(raw: &[u8], roots: &[&str]) -> Vec<String> {
        Output::new(raw, roots).lines().map(|(_, line)| line.to_owned()).collect()
    }

    #[test]
    fn escapes_and_overwritten_progress_are_gone() {
        let raw = b"\x1b[31mred\x1b[0m\x1b(B\r\n10%\r50%\r\x1b[K100%\n\x1b]8;;file:///x\x1b\\link\x1b]8;;\x07!\nab\x08c\xff\x00\n";
        assert_eq!(lines(raw, &[]), ["red", "100%", "link!", "ac\u{fffd}"]);
    }

    #[test]
    fn unfinished_escapes_do_not_swallow_the_output() {
        assert_eq!(lines(b"a\x1b[", &[]), ["a"]);
        assert_eq!(lines(b"\x1b]0;never closed\nb\n", &[]), ["", "b"]);
        assert_eq!(lines(b"\x1b", &[]), Vec::<String>::new());
    }

    #[test]
    fn roots_leave_no_trace_and_nothing_else_goes() {
        let roots = ["/home/me/shop", "/state/trees/7/"];
        assert_eq!(lines(b"at /home/me/shop/src/a.rs:1", &roots), ["at src/a.rs:1"]);
        assert_eq!(lines(b"(file:///state/trees/7/a.js:1:2)", &roots), ["(a.js:1:2)"]);
        assert_eq!(lines(b"rootdir: /home/me/shop", &roots), ["rootdir: ."]);
        assert_eq!(lines(b"/home/me/shop2/a /x/home/me/shop/a", &roots), ["/home/me/shop2/a /x/home/me/shop/a"]);
    }

    #[test]
    fn a_huge_output_keeps_its_start_and_its_end() {
        let mut raw = b"first\n".to_vec();
        raw.extend(b"middle of it all\n".repeat(1 << 20));
        raw.extend(b"last\n");
        let output = Output::new(&raw, &[]);
        assert_eq!(output.line(0), "first");
        assert_eq!(output.line(output.len() - 1), "last");
        assert!(output.text.len() <= HEAD + TAIL);
        assert!(output.lines().any(|(_, line)| line.contains("left out")));
    }
}
