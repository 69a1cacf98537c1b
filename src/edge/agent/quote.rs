//! Makes a text one word of a POSIX shell, whatever stands in it.

/// Returns `text` as one word of a POSIX shell.
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one() {
        assert_eq!(shell_word("/a b/it's"), "'/a b/it'\\''s'");
    }
}
