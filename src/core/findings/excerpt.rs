//! Which part of an output a person or an agent should read.

use std::fmt::Write as _;

use super::clean::{Output, boundary};
use super::found::Found;

/// How long an excerpt may be, in bytes.
const LIMIT: usize = 8 << 10;
/// What each failure gets at least while there is room, in bytes.
const SHARE: usize = 700;
/// How much of the end of the output goes along, in bytes: the summary.
const SUMMARY: usize = 1 << 10;

/// Returns the end of a green output.
pub(super) fn of_green(output: &Output) -> String {
    let start = tail_start(output, 0, SUMMARY);
    joined(output, start..output.len())
}

/// Returns the failures' blocks, then the end of the output; long ones cut in the middle.
pub(super) fn of_red(output: &Output, found: &[(String, Found)]) -> String {
    let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
    let mut ranges: Vec<_> = found.iter().map(|(_, found)| found.block.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    for range in ranges {
        match blocks.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => blocks.push(range),
        }
    }
    let mut text = String::new();
    let room = LIMIT - SUMMARY - 200;
    let share = (room / blocks.len().max(1)).max(SHARE);
    for (index, block) in blocks.iter().enumerate() {
        let left = room.saturating_sub(text.len());
        if left < SHARE / 2 {
            let _ = writeln!(text, "[… {} more left out …]", blocks.len() - index);
            break;
        }
        // What short blocks leave over goes to the long ones.
        let fair = share.max(left / (blocks.len() - index));
        text.push_str(&cut(&joined(output, block.clone()), fair.min(left)));
        // What stood together stays together.
        if blocks.get(index + 1).is_none_or(|next| next.start > block.end) {
            text.push('\n');
        }
    }
    let shown = blocks.last().map_or(0, |block| block.end);
    let start =
        tail_start(output, shown, LIMIT.saturating_sub(text.len() + 100).min(if shown == 0 { LIMIT } else { SUMMARY }));
    if start > shown && start < output.len() && !text.is_empty() {
        text.push_str("[…]\n");
    }
    text.push_str(&joined(output, start..output.len()));
    let text = text.trim_end();
    text[..boundary(text, LIMIT)].to_owned()
}

/// Returns the first line from `from` on, such that the rest of the output is at most `limit` bytes.
fn tail_start(output: &Output, from: usize, limit: usize) -> usize {
    let mut size = 0;
    let mut start = output.len();
    while start > from {
        size += output.line(start - 1).len() + 1;
        if size > limit {
            break;
        }
        start -= 1;
    }
    start
}

fn joined(output: &Output, lines: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    for line in output.slice(lines) {
        // One blank line separates as well as five.
        if line.is_empty() && (text.is_empty() || text.ends_with("\n\n")) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Cuts the middle out of a text that is longer than `limit` bytes.
fn cut(text: &str, limit: usize) -> String {
    const MARK: &str = "\n[… cut …]\n";
    if text.len() <= limit {
        return text.to_owned();
    }
    let keep = limit.saturating_sub(MARK.len());
    let head = boundary(text, keep / 2);
    let tail = boundary(text, text.len() - keep / 2);
    let head = text[..head].rfind('\n').filter(|end| *end > head / 2).unwrap_or(head);
    let tail = text[tail..].find('\n').filter(|start| *start < keep / 4).map_or(tail, |start| tail + start + 1);
    format!("{}{MARK}{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_bounded_and_shows_every_kind_of_end() {
        let mut raw = String::from("start\n");
        for block in 0..30 {
            let _ = write!(raw, "failure {block}\n{}", "detail ü\n".repeat(100));
        }
        raw.push_str("the summary\n");
        let output = Output::new(raw.as_bytes(), &[]);
        let found: Vec<_> = (0..30)
            .map(|block| (String::new(), Found::new("", None, 1 + block * 101..1 + (block + 1) * 101 - 1)))
            .collect();
        let text = of_red(&output, &found);
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.starts_with("failure 0\n"));
        assert!(text.contains("[… cut …]") && text.contains("more left out") && text.ends_with("the summary"));
    }
}
