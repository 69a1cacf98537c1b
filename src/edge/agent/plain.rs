//! Makes a program's text safe to show: one line, no escape sequences, no control characters, bounded.

use crate::model::plain::turns;

/// Returns `text` as one line of at most `cap` characters; what is cut off is marked with `…`.
///
/// Terminal escape sequences are removed whole, white space is collapsed, control characters and the characters
/// that turn the reading direction (which can make text read as something else) are left out.
pub(super) fn one_line(text: &str, cap: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    let mut gap = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            skip_escape(&mut letters);
            continue;
        }
        if letter.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if letter.is_control() || turns(letter) {
            continue;
        }
        let needed = 1 + usize::from(gap);
        if length + needed > cap {
            line.push('…');
            return line;
        }
        if gap {
            line.push(' ');
            gap = false;
        }
        line.push(letter);
        length += needed;
    }
    line
}

/// Returns all of `text`, line by line, with what cannot be seen written out as `\u{1b}`, at most `cap` characters.
///
/// For what a person decides about: nothing is left out, so nothing can hide.
pub(super) fn visible(text: &str, cap: usize) -> String {
    let mut shown = String::new();
    for (count, letter) in text.chars().enumerate() {
        if count == cap {
            let more = text.chars().count() - cap;
            return format!("{shown}… (and {more} more characters)");
        }
        match letter {
            '\n' => shown.push('\n'),
            '\t' => shown.push_str("    "),
            letter if letter.is_control() || turns(letter) => shown.extend(letter.escape_unicode()),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Skips what follows an ESC: a control sequence up to its final byte, a string up to its end, or one character.
fn skip_escape(letters: &mut std::str::Chars<'_>) {
    match letters.next() {
        Some('[') => {
            letters.find(|letter| ('\u{40}'..='\u{7e}').contains(letter));
        }
        Some(']' | 'P' | '^' | '_' | 'X') => {
            while let Some(letter) = letters.next() {
                match letter {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        letters.next();
                        return;
                    }
                    _ => {}
                }
            }
        }
        Some('(' | ')' | '#' | '%') => {
            letters.next();
        }
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_move_the_cursor() {
        assert_eq!(one_line("a\u{1b}[31mb\u{1b}[0m\u{1b}]0;title\u{7}c\u{1b}]8;;x\u{1b}\\d\u{1b}(Be", 99), "abcde");
        assert_eq!(one_line("  two\r\n\tlines \u{8}x\u{202e} ", 99), "two lines x");
        assert_eq!(one_line("\u{1b}[?25h", 99), "");
        assert_eq!(one_line("unfinished \u{1b}[12", 99), "unfinished");
    }

    #[test]
    fn length_is_bounded_in_characters() {
        assert_eq!(one_line("grün grün", 6), "grün g…");
        assert_eq!(one_line("grün", 4), "grün");
    }
}
