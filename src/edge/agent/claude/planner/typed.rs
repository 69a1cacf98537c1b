//! Follows what a person types into a planner's terminal, to know whether a line is half written there.

/// What stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Content {
    #[default]
    Empty,
    /// So many characters, all typed at its end.
    Letters(usize),
    /// Something; how much is not known, as after a paste or a step into the history.
    Something,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
enum At {
    #[default]
    Ground,
    Escape,
    Control(Vec<u8>),
    /// What a terminal answers with, up to BEL or ESC `\`.
    Text,
    TextEscape,
    /// Bytes of an old mouse report.
    Mouse(u8),
    /// A paste, with what may be its end.
    Paste(Vec<u8>),
}

/// How a paste ends.
const PASTE_END: &[u8] = b"\x1b[201~";

/// The line as far as it follows from what was typed. In doubt something stands in it.
#[derive(Clone, Debug, Default)]
pub(super) struct TypedLine {
    content: Content,
    at: At,
}

impl TypedLine {
    /// Whether nothing stands in the line.
    pub(super) fn is_empty(&self) -> bool {
        self.content == Content::Empty
    }

    /// Takes what was typed; returns whether a line was handed over.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut entered = false;
        for &byte in bytes {
            entered |= self.byte(byte);
        }
        if self.at == At::Escape {
            // The escape key alone: terminals send the bytes of other keys in one piece.
            self.at = At::Ground;
        }
        entered
    }

    fn byte(&mut self, byte: u8) -> bool {
        match std::mem::take(&mut self.at) {
            At::Ground => return self.key(byte),
            At::Escape => match byte {
                b'[' => self.at = At::Control(Vec::new()),
                b']' | b'P' | b'_' | b'^' | b'X' => self.at = At::Text,
                0x1b => self.at = At::Escape,
                // With alt, or a function key: it may have changed the line.
                _ => self.touch(),
            },
            At::Control(mut held) => {
                held.push(byte);
                match byte {
                    b'M' if held.len() == 1 => self.at = At::Mouse(3),
                    0x40..=0x7e => self.control(&held),
                    _ if held.len() < 64 => self.at = At::Control(held),
                    _ => self.touch(),
                }
            }
            At::Text => match byte {
                0x07 => {}
                0x1b => self.at = At::TextEscape,
                _ => self.at = At::Text,
            },
            At::TextEscape if byte == b'\\' => {}
            At::TextEscape => self.at = At::Text,
            At::Mouse(left) if left > 1 => self.at = At::Mouse(left - 1),
            At::Mouse(_) => {}
            At::Paste(mut held) => {
                held.push(byte);
                if held.ends_with(PASTE_END) {
                    if held.len() > PASTE_END.len() {
                        self.content = Content::Something;
                    }
                } else {
                    // One more byte than the end is enough to know that something was pasted.
                    let surplus = held.len().saturating_sub(PASTE_END.len() + 1);
                    held.drain(..surplus);
                    self.at = At::Paste(held);
                }
            }
        }
        false
    }

    fn key(&mut self, byte: u8) -> bool {
        match byte {
            b'\r' => {
                let entered = !self.is_empty();
                self.content = Content::Empty;
                return entered;
            }
            0x1b => self.at = At::Escape,
            // Ctrl-C empties the line.
            0x03 => self.content = Content::Empty,
            // Backspace.
            0x7f | 0x08 => {
                self.content = match self.content {
                    Content::Letters(0 | 1) | Content::Empty => Content::Empty,
                    Content::Letters(more) => Content::Letters(more - 1),
                    Content::Something => Content::Something,
                };
            }
            // Ctrl-U: to the beginning of the line.
            0x15 if self.content != Content::Something => self.content = Content::Empty,
            // Ctrl-D, ctrl-L; the later bytes of one character.
            0x04 | 0x0c | 0x80..=0xbf => {}
            0x00..=0x1f => self.content = Content::Something,
            _ => {
                self.content = match self.content {
                    Content::Empty => Content::Letters(1),
                    Content::Letters(count) => Content::Letters(count + 1),
                    Content::Something => Content::Something,
                };
            }
        }
        false
    }

    fn control(&mut self, held: &[u8]) {
        match held {
            b"200~" => self.at = At::Paste(Vec::new()),
            // Focus, shift-tab, the mouse, and what a terminal answers when it is asked about itself.
            b"I" | b"O" | b"Z" | [b'<' | b'?' | b'>', ..] | [.., b'R' | b't' | b'n'] => {}
            // Steps within the line change nothing in an empty one; up and down may fetch an old line.
            [.., b'C' | b'D' | b'H' | b'F' | b'~'] if self.is_empty() => {}
            _ => self.touch(),
        }
    }

    fn touch(&mut self) {
        self.content = Content::Something;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(typed: &[&str]) -> (bool, bool) {
        let mut line = TypedLine::default();
        let entered: Vec<bool> = typed.iter().map(|keys| line.feed(keys.as_bytes())).collect();
        (line.is_empty(), entered.contains(&true))
    }

    #[test]
    fn a_line_is_half_written_until_it_is_entered_or_taken_back() {
        for typed in [
            &["h", "i"][..],
            &["grün", "\x7f", "\x7f", "\x7f"],
            &["\x1b[A"],
            &["\x1bb"],
            &["\x1b[200~text\x1b[201~"],
            &["a", "\x1b[D", "\x7f"],
            &["a", "\n"],
            &["\x12"],
        ] {
            assert_eq!(after(typed), (false, false), "{typed:?}");
        }
        for typed in [
            &[""][..],
            &["gr", "ü", "\x7f\x7f\x7f"],
            &["text", "\x03"],
            &["\x1b[A", "\x03"],
            &["text\x15"],
            &["\x1b"],
            &["\x1b[200~", "\x1b[201~"],
        ] {
            assert_eq!(after(typed), (true, false), "{typed:?}");
        }
        assert_eq!(after(&["hi\r"]), (true, true));
        assert_eq!(after(&["\x1b[200~two\rlines\x1b[201~", "\r"]), (true, true));
        assert_eq!(after(&["\r"]), (true, false), "an empty line hands over nothing");
    }

    #[test]
    fn what_a_terminal_says_by_itself_is_no_typing() {
        for bytes in [
            "\x1b[I\x1b[O",
            "\x1b[<35;10;5M\x1b[<0;1;1m",
            "\x1b[M !!",
            "\x1b[?62;4c",
            "\x1b[>1;4000;20c",
            "\x1b[12;40R",
            "\x1b]11;rgb:0000/0000/0000\x07",
            "\x1bP>|xterm(370)\x1b\\",
            "\x1b[?0u",
            "\x1b[Z",
        ] {
            assert_eq!(after(&[bytes]), (true, false), "{bytes:?}");
        }
    }
}
