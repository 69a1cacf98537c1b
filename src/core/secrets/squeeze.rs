//! A text as a terminal shows it: without line breaks, the blanks after them, and what sets colours.
//!
//! A long token is broken by whoever prints it, and coloured by whoever greps for it. In JSON a line break is `\n`, and a
//! colour begins with `\u001b[`; both are read as what they mean.

/// The longest escape sequence that is read past, in bytes.
const ESCAPE: usize = 48;

/// What is left of a text, and where it stood.
#[derive(Debug, Default)]
pub(super) struct Squeezed {
    /// What is left.
    pub(super) bytes: Vec<u8>,
    cuts: Vec<Cut>,
    /// Where an escape sequence begins that is not over yet.
    pub(super) unfinished: Option<usize>,
}

/// A place where something was left out.
#[derive(Debug)]
struct Cut {
    /// Before which of the bytes that are left.
    at: usize,
    /// Where that byte stands in the text.
    raw: usize,
    /// Whether it was a line break, and no mere colour.
    breaks: bool,
}

impl Squeezed {
    /// Squeezes a text.
    pub(super) fn new(text: &[u8]) -> Self {
        let mut squeezed = Self { bytes: Vec::with_capacity(text.len()), ..Self::default() };
        let mut at = 0;
        while at < text.len() {
            let plain = plain(&text[at..]);
            squeezed.bytes.extend_from_slice(&text[at..at + plain]);
            at += plain;
            if at == text.len() {
                break;
            }
            match special(&text[at..]) {
                Special::Break(mut length) => {
                    length += text[at + length..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                    at += length;
                    squeezed.cut(at, true);
                }
                Special::Colour(length) => {
                    at += length;
                    squeezed.cut(at, false);
                }
                Special::Unfinished => {
                    squeezed.unfinished.get_or_insert(at);
                    squeezed.bytes.push(text[at]);
                    at += 1;
                }
                Special::Nothing => {
                    squeezed.bytes.push(text[at]);
                    at += 1;
                }
            }
        }
        squeezed
    }

    fn cut(&mut self, raw: usize, breaks: bool) {
        let at = self.bytes.len();
        match self.cuts.last_mut() {
            Some(last) if last.at == at => {
                last.raw = raw;
                last.breaks |= breaks;
            }
            _ => self.cuts.push(Cut { at, raw, breaks }),
        }
    }

    /// Returns where in the text a byte stands that is left.
    pub(super) fn raw(&self, at: usize) -> usize {
        let before = self.cuts.partition_point(|cut| cut.at <= at);
        match before.checked_sub(1).and_then(|last| self.cuts.get(last)) {
            Some(cut) => cut.raw + (at - cut.at),
            None => at,
        }
    }

    /// Returns where in the text what ends before `at` ends.
    pub(super) fn raw_end(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |last| self.raw(last) + 1)
    }

    /// Whether a line began at this byte.
    pub(super) fn breaks(&self, at: usize) -> bool {
        self.cuts.binary_search_by_key(&at, |cut| cut.at).is_ok_and(|found| self.cuts[found].breaks)
    }
}

/// Returns how many bytes from here on are nothing special.
fn plain(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'\\' | 0x1b)).unwrap_or(text.len())
}

enum Special {
    Break(usize),
    Colour(usize),
    /// It may become one of them.
    Unfinished,
    Nothing,
}

fn special(text: &[u8]) -> Special {
    match text {
        [b'\n' | b'\r', ..] | [b'\\', b'n' | b'r' | b't', ..] => Special::Break(if text[0] == b'\\' { 2 } else { 1 }),
        [0x1b, b'[', rest @ ..] => colour(2, rest),
        [0x1b | b'\\'] => Special::Unfinished,
        [b'\\', ..] => {
            for begin in [b"\\u001b[".as_slice(), b"\\u001B[", b"\\x1b["] {
                if let Some(rest) = text.strip_prefix(begin) {
                    return colour(begin.len(), rest);
                }
                if begin.starts_with(text) {
                    return Special::Unfinished;
                }
            }
            Special::Nothing
        }
        _ => Special::Nothing,
    }
}

/// Reads parameters up to the final byte.
fn colour(begin: usize, rest: &[u8]) -> Special {
    match rest.iter().take(ESCAPE).position(|byte| !(0x20..0x40).contains(byte)) {
        Some(last) if (0x40..0x7f).contains(&rest[last]) => Special::Colour(begin + last + 1),
        None if rest.len() < ESCAPE => Special::Unfinished,
        Some(_) | None => Special::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_found_again_in_the_text() {
        let text = b"ab\r\n   c\x1b[1;31md\\n e\\\\f\\u001b[0mg";
        let squeezed = Squeezed::new(text);
        assert_eq!(squeezed.bytes, b"abcde\\\\fg");
        for (at, byte) in squeezed.bytes.iter().enumerate() {
            assert_eq!(text[squeezed.raw(at)], *byte, "{at}");
        }
        let breaks: Vec<usize> = (0..10).filter(|&at| squeezed.breaks(at)).collect();
        assert_eq!(breaks, [2, 4]);
        assert_eq!((squeezed.raw_end(0), squeezed.raw_end(2), squeezed.raw_end(3)), (0, 2, 8));
    }

    #[test]
    fn what_may_become_a_colour_is_said() {
        for text in [&b"ab\x1b"[..], b"ab\x1b[31", b"ab\\", b"ab\\u00", b"ab\\u001b["] {
            assert_eq!(Squeezed::new(text).unfinished, Some(2), "{text:?}");
        }
        for text in [&b"ab\x1bc"[..], b"ab\x1b[31m", b"ab\\q"] {
            assert_eq!(Squeezed::new(text).unfinished, None, "{text:?}");
        }
    }
}
