//! Pieces of a prompt with a limit each: lists, lines, fenced blocks, shortened texts.

/// The longest line of a list, in bytes.
const LINE_CAP: usize = 300;

/// Items as a list; of more than `most`, the rest is counted.
pub(super) fn list(items: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = items.len().saturating_sub(most);
    let mut lines: Vec<_> = items.take(most).map(|item| format!("- {item}")).collect();
    if more > 0 {
        lines.push(format!("- … and {more} more"));
    }
    lines.join("\n")
}

/// One line for a list.
pub(super) fn line(text: &str) -> String {
    let flat: Vec<_> = text.split_whitespace().collect();
    shorten(&flat.join(" "), LINE_CAP).replace('\n', " ")
}

/// A fenced block, or nothing for a blank text.
pub(super) fn block(language: &str, text: &str, cap: usize) -> String {
    let text = text.trim_matches('\n');
    if text.trim().is_empty() { String::new() } else { fenced(language, &shorten(text, cap)) }
}

/// Fences a text with more backticks than it has in a row, so that it cannot end the block itself.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}")
}

/// Keeps the head and the tail of a text over `cap` bytes, cut at line ends where there are some near, with a mark
/// between that says how much is missing. The tail gets the greater part: that is where outputs say what is wrong.
pub(super) fn shorten(text: &str, cap: usize) -> String {
    if text.len() <= cap {
        return text.to_owned();
    }
    let mut head = (0..=cap / 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut tail =
        (text.len() - (cap - cap / 3)..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    if let Some(end) = text[..head].rfind('\n').filter(|end| head - end < LINE_CAP) {
        head = end;
    }
    if let Some(start) = text[tail..].find('\n').filter(|start| *start < LINE_CAP) {
        tail += start + 1;
    }
    format!("{}\n[… {} bytes left out …]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_are_kept() {
        let text = (0..1000).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
        let short = shorten(&text, 300);
        assert!(short.starts_with("line 0\n") && short.ends_with("line 999\n"), "{short}");
        assert!(short.lines().all(|line| text.contains(line) || line.starts_with("[… ")), "{short}");
    }
}
