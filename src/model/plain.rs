//! Text that cannot steer a terminal: which characters are written as a sign that stands for them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character does something to a terminal, or shows a text in another order than the one in which it works,
/// instead of being shown.
fn steers(letter: char) -> bool {
    letter.is_control() || turns(letter)
}

/// Whether a character turns the reading order, ends a line where no line ends, or is not to be seen at all.
pub fn turns(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Writes the sign that stands for a character that [steers]: `␛`, `␍`; for those that have none, `<U+202E>`.
fn sign(letter: char, out: &mut String) {
    match u32::from(letter) {
        code @ 0..=0x1f => out.extend(char::from_u32(0x2400 + code)),
        0x7f => out.push('\u{2421}'),
        code => {
            // Writing to a string cannot fail.
            let _ = write!(out, "<U+{code:04X}>");
        }
    }
}

fn replaced(text: &str, is_kept: impl Fn(char) -> bool, put: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let is_bad = |letter: char| steers(letter) && !is_kept(letter);
    if !text.chars().any(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_bad(letter) { put(letter, &mut out) } else { out.push(letter) }
    }
    Cow::Owned(out)
}

/// Returns a text of lines with signs for what would steer a terminal; only ends of lines and tabs stay what they are.
pub fn text(text: &str) -> Cow<'_, str> {
    replaced(text, |letter| matches!(letter, '\n' | '\t'), sign)
}

/// Returns a text as one row of a screen, with signs for what would steer a terminal; a tab becomes spaces.
pub fn row(text: &str) -> String {
    let put = |letter: char, out: &mut String| if letter == '\t' { out.push_str("    ") } else { sign(letter, out) };
    replaced(text, |_| false, put).into_owned()
}

/// Returns a JSON text in which strings say with escapes what would steer a terminal: it means the same.
pub fn json(text: &str) -> Cow<'_, str> {
    // All of them are below U+FFFF; serde_json has written those below a space itself.
    let put = |letter: char, out: &mut String| {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{:04x}", u32::from(letter));
    };
    replaced(text, |letter| matches!(letter, '\n' | '\t' | '\r'), put)
}

/// Whether a text is shown as it is, in one line: what a name or a title must be.
pub fn is_row(text: &str) -> bool {
    !text.chars().any(steers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_shown() {
        assert_eq!(text("+\tx  # \r\u{1b}[2K+x = 1\n"), "+\tx  # ␍␛[2K+x = 1\n");
        assert_eq!(text("\u{1b}]0;title\u{7}a\u{8}b\u{7f}\u{9b}31m"), "␛]0;title␇a␈b␡<U+009B>31m");
        assert_eq!(text("rm \u{202e}fr-\u{2066}"), "rm <U+202E>fr-<U+2066>");
        assert!(matches!(text("grün 日本 👩‍💻\n"), Cow::Borrowed(_)));
        assert_eq!(row("a\tb\nc"), "a    b␊c");
        assert!(is_row("Add paging") && !is_row("two\nlines") && !is_row("\u{1b}[31mred"));
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({ "a": "\u{1b}[2J\u{9b}\u{202e}\u{7f}\n", "b": [1, "ä"] });
        for written in [value.to_string(), serde_json::to_string_pretty(&value).unwrap_or_default()] {
            let safe = json(&written);
            assert!(!safe.chars().any(|letter| steers(letter) && letter != '\n'), "{safe}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).ok().as_ref(), Some(&value));
        }
    }
}
