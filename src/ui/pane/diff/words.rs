//! Which words of a changed line are other ones than before.

use std::ops::Range;

/// Lines with more pieces than this are shown as changed as a whole.
const PIECES_MAX: usize = 200;

/// Returns which bytes of the old and of the new line differ; nothing if the lines have too little in common for that to
/// help a reader.
pub(super) fn changed(old: &str, new: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let (olds, news) = (pieces(old), pieces(new));
    if olds.len() > PIECES_MAX || news.len() > PIECES_MAX {
        return (Vec::new(), Vec::new());
    }
    let same = common(&olds, &news);
    let letters: usize = same.iter().map(|(at, _)| olds[*at].1.trim().len()).sum();
    let all = old.trim().len().max(new.trim().len());
    if letters * 5 < all * 2 {
        return (Vec::new(), Vec::new());
    }
    let other = |pieces: &[(usize, &str)], kept: &dyn Fn(usize) -> bool| {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (number, (start, piece)) in pieces.iter().enumerate().filter(|(number, _)| !kept(*number)) {
            let _ = number;
            let end = start + piece.len();
            match ranges.last_mut() {
                Some(last) if last.end == *start => last.end = end,
                _ => ranges.push(*start..end),
            }
        }
        ranges
    };
    (
        other(&olds, &|number| same.iter().any(|(old, _)| *old == number)),
        other(&news, &|number| same.iter().any(|(_, new)| *new == number)),
    )
}

/// Takes a line apart: words, runs of spaces, and every other sign by itself.
fn pieces(line: &str) -> Vec<(usize, &str)> {
    let kind = |letter: char| {
        if letter.is_alphanumeric() || letter == '_' {
            1
        } else if letter.is_whitespace() {
            2
        } else {
            0
        }
    };
    let mut pieces: Vec<(usize, &str)> = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, letter) in line.char_indices() {
        let here = kind(letter);
        if at > start && (last != Some(here) || here == 0) {
            pieces.push((start, &line[start..at]));
            start = at;
        }
        last = Some(here);
    }
    if start < line.len() {
        pieces.push((start, &line[start..]));
    }
    pieces
}

/// Returns the longest list of pieces that both have in the same order.
fn common(old: &[(usize, &str)], new: &[(usize, &str)]) -> Vec<(usize, usize)> {
    let mut long = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            long[i][j] = if old[i].1 == new[j].1 { long[i + 1][j + 1] + 1 } else { long[i + 1][j].max(long[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut same = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i].1 == new[j].1 {
            same.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if long[i + 1][j] >= long[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<'a>(old: &'a str, new: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
        let (gone, came) = changed(old, new);
        let cut = |text: &'a str, ranges: Vec<Range<usize>>| ranges.into_iter().map(|range| &text[range]).collect();
        (cut(old, gone), cut(new, came))
    }

    #[test]
    fn only_other_words_are_marked() {
        assert_eq!(words("let a = b + 1;", "let a = b + 2;"), (vec!["1"], vec!["2"]));
        assert_eq!(words("if (x.due < now)", "if (x.due <= now)"), (vec![], vec!["="]));
        assert_eq!(words("größe = 1", "größe = 12"), (vec!["1"], vec!["12"]));
    }

    #[test]
    fn lines_with_little_in_common_are_other_lines() {
        assert_eq!(words("return 1;", "for (const entry of all) {"), (vec![], vec![]));
        assert_eq!(words("", "x"), (vec![], vec![]));
    }
}
