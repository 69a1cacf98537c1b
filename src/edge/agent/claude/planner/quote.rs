//! Makes text safe to hand to a terminal as one paste.

/// Returns what pastes `text` into a terminal program and submits it, as one write. Control characters are left out, so
/// that nothing in the text can end the paste or press a key.
pub(super) fn paste(text: &str) -> Vec<u8> {
    let safe: String =
        text.chars().filter(|letter| *letter == '\n' || *letter == '\t' || !letter.is_control()).collect();
    format!("\x1b[200~{safe}\x1b[201~\r").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_presses_a_key() {
        let bytes = paste("a\u{1b}[201~\rrm -rf\u{7}\u{9b}201~\nb\tc\u{3}");
        assert_eq!(bytes, b"\x1b[200~a[201~rm -rf201~\nb\tc\x1b[201~\r");
    }
}
