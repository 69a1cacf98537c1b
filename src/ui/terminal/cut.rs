//! Cuts what a program writes into text and control sequences, whole ones, wherever the pieces of it end.

/// The longest sequence that means something; of a longer one nothing is kept but that it goes on.
const SEQUENCE: usize = 256;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;

/// A piece of what a program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text and single control characters; a character is never cut in two.
    Text(&'a [u8]),
    /// A sequence from its ESC to its last byte.
    Sequence(&'a [u8]),
    /// A string for the terminal itself, from its ESC to before its end: a title, the clipboard, a query.
    String(&'a [u8]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    Csi,
    /// OSC, DCS, APC, PM, SOS.
    String,
    /// An ESC in a string: its end, if a backslash follows.
    StringEscape,
}

/// Where in a sequence the last piece ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Cutter {
    state: State,
    /// What there is of the sequence, or the first bytes of a character.
    kept: Vec<u8>,
    /// Whether the sequence is longer than any that means something.
    is_long: bool,
}

impl Cutter {
    /// Cuts the next bytes; what is not whole yet is kept for the next call.
    pub(super) fn cut(&mut self, bytes: &[u8], mut take: impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.state == State::Text {
                rest = self.text(rest, &mut take);
                continue;
            }
            rest = after;
            match (self.state, byte) {
                (State::String, BEL) | (State::StringEscape, b'\\') => self.end(&mut take),
                (State::String | State::StringEscape | State::Escape | State::Csi, CAN | SUB) => {
                    self.begin(State::Text);
                }
                (State::String, ESC) => self.state = State::StringEscape,
                (State::String, _) => self.keep(byte),
                // The string has no end of its own; something else begins.
                (State::StringEscape, _) => {
                    self.end(&mut take);
                    self.begin(State::Escape);
                    self.keep(ESC);
                    self.escape(byte, &mut take);
                }
                (State::Escape, _) => self.escape(byte, &mut take),
                (State::Csi, _) => self.csi(byte, &mut take),
                (State::Text, _) => {}
            }
        }
    }

    /// Takes text up to the next ESC; returns what comes after it.
    fn text<'a>(&mut self, bytes: &'a [u8], take: &mut impl FnMut(Piece<'_>)) -> &'a [u8] {
        let end = bytes.iter().position(|byte| *byte == ESC).unwrap_or(bytes.len());
        let (mut text, rest) = bytes.split_at(end);
        while !self.kept.is_empty() && !text.is_empty() {
            // The first bytes of a character came before.
            let more = text[0] & 0xc0 == 0x80 && self.kept.len() < missing(self.kept[0]);
            if more {
                self.kept.push(text[0]);
                text = &text[1..];
            }
            if !more || self.kept.len() == missing(self.kept[0]) {
                take(Piece::Text(&self.kept));
                self.kept.clear();
            }
        }
        if !text.is_empty() {
            let cut = if rest.is_empty() { text.len() - unfinished(text) } else { text.len() };
            let (whole, begun) = text.split_at(cut);
            if !whole.is_empty() {
                take(Piece::Text(whole));
            }
            self.kept.extend_from_slice(begun);
        }
        let Some((_, rest)) = rest.split_first() else { return rest };
        if !self.kept.is_empty() {
            take(Piece::Text(&self.kept));
        }
        self.begin(State::Escape);
        self.keep(ESC);
        rest
    }

    fn escape(&mut self, byte: u8, take: &mut impl FnMut(Piece<'_>)) {
        match byte {
            ESC => {
                self.begin(State::Escape);
                self.keep(ESC);
            }
            0..0x20 | 0x7f => take(Piece::Text(&[byte])),
            b'[' if self.kept.len() == 1 => {
                self.keep(byte);
                self.state = State::Csi;
            }
            b']' | b'P' | b'_' | b'^' | b'X' if self.kept.len() == 1 => {
                self.keep(byte);
                self.state = State::String;
            }
            0x20..0x30 => self.keep(byte),
            0x30..0x7f => {
                self.keep(byte);
                self.end(take);
            }
            0x80.. => {
                // No sequence at all: what follows is text.
                self.begin(State::Text);
                self.kept.push(byte);
            }
        }
    }

    fn csi(&mut self, byte: u8, take: &mut impl FnMut(Piece<'_>)) {
        match byte {
            ESC => {
                self.begin(State::Escape);
                self.keep(ESC);
            }
            // A control character in the middle of a sequence has its effect at once.
            0..0x20 | 0x7f => take(Piece::Text(&[byte])),
            0x20..0x40 => self.keep(byte),
            0x40..0x7f => {
                self.keep(byte);
                self.end(take);
            }
            0x80.. => self.begin(State::Text),
        }
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.kept.clear();
        self.is_long = false;
    }

    fn keep(&mut self, byte: u8) {
        if self.kept.len() < SEQUENCE {
            self.kept.push(byte);
        } else {
            self.is_long = true;
        }
    }

    fn end(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        let is_string = matches!(self.state, State::String | State::StringEscape);
        if !self.is_long {
            take(if is_string { Piece::String(&self.kept) } else { Piece::Sequence(&self.kept) });
        }
        self.begin(State::Text);
    }
}

/// Returns how many bytes the character has that begins with this byte.
fn missing(first: u8) -> usize {
    match first {
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => 1,
    }
}

/// Returns how many bytes at the end are a character that is not whole yet.
fn unfinished(text: &[u8]) -> usize {
    let back = text.iter().rev().take(3).position(|byte| byte & 0xc0 != 0x80).unwrap_or(3);
    let first = text.len().checked_sub(back + 1).map_or(0, |at| text[at]);
    if missing(first) > back + 1 { back + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut cutter = Cutter::default();
        let mut seen = Vec::new();
        for bytes in pieces {
            cutter.cut(bytes, |piece| {
                let (kind, bytes) = match piece {
                    Piece::Text(bytes) => ('t', bytes),
                    Piece::Sequence(bytes) => ('s', bytes),
                    Piece::String(bytes) => ('x', bytes),
                };
                seen.push(format!("{kind} {}", bytes.escape_ascii()));
            });
        }
        seen
    }

    #[test]
    fn sequences_are_whole_wherever_the_bytes_are_cut() {
        let bytes = "a\u{e9}\u{20ac}\u{1f600}\x1b[31;1mred\x1b]0;title\x07b\x1b(0q\x1bPx\x1b\\c\x1b[?25l".as_bytes();
        let joined = |pieces: &[&[u8]]| {
            // Text may come in any number of pieces.
            let mut all: Vec<String> = Vec::new();
            for piece in cut(pieces) {
                match (all.last_mut(), piece.strip_prefix("t ")) {
                    (Some(last), Some(text)) if last.starts_with("t ") => last.push_str(text),
                    _ => all.push(piece),
                }
            }
            all
        };
        let whole = joined(&[bytes]);
        assert_eq!(whole.iter().filter(|piece| !piece.starts_with('t')).count(), 5, "{whole:?}");
        for size in 1..bytes.len() {
            assert_eq!(joined(&bytes.chunks(size).collect::<Vec<_>>()), whole, "cut every {size} bytes");
        }
        for piece in cut(&bytes.chunks(1).collect::<Vec<_>>()) {
            assert!(!piece.starts_with("t \\x8") && !piece.starts_with("t \\xa"), "half a character: {piece}");
        }
    }

    #[test]
    fn what_has_no_end_is_not_kept() {
        let mut cutter = Cutter::default();
        cutter.cut(b"\x1b]52;c;", |_| {});
        for _ in 0..1000 {
            cutter.cut(&[b'A'; 1000], |piece| unreachable!("{piece:?}"));
        }
        assert!(cutter.kept.capacity() <= 4 * SEQUENCE);
        let mut after = Vec::new();
        cutter.cut(b"\x07ok", |piece| after.push(format!("{piece:?}")));
        assert_eq!(after.len(), 1, "{after:?}");
    }

    #[test]
    fn cancelled_and_interrupted_sequences_leave_nothing() {
        assert_eq!(cut(&[b"\x1b[31\x18m"]), ["t m"]);
        assert_eq!(cut(&[b"\x1b[3\r1m"]), ["t \\r", "s \\x1b[31m"]);
        assert_eq!(cut(&[b"\x1b[3\x1b[1m"]), ["s \\x1b[1m"]);
        assert_eq!(cut(&[b"\x1b]0;a\x1b[1mb"]), ["x \\x1b]0;a", "s \\x1b[1m", "t b"]);
    }
}
