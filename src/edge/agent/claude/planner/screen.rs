//! Reads the two signs in a planner's output that are not its picture: that it takes pastes, and the title it sets.

/// The longest sequence that is read, in bytes; what is longer is none of ours.
const LONGEST: usize = 4096;

/// What a title says: Claude puts a sign before its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Title {
    /// `✳`: it waits for a person, at its prompt or in a dialog.
    Waits,
    /// Another sign: it works.
    Works,
}

/// A sign that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It takes pastes, or does not any more.
    Pastes(bool),
    /// It has set its title.
    Title(Title),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum At {
    #[default]
    Ground,
    Escape,
    Control,
    /// A string such as a title, up to BEL or ESC `\`.
    Text,
    TextEscape,
}

/// Finds the signs, whatever the borders of the chunks.
#[derive(Clone, Debug, Default)]
pub(super) struct Screen {
    at: At,
    held: Vec<u8>,
}

impl Screen {
    /// Takes the next bytes and returns the signs in them, in order.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Sign> {
        let mut signs = Vec::new();
        for &byte in bytes {
            signs.extend(self.byte(byte));
        }
        signs
    }

    fn byte(&mut self, byte: u8) -> Option<Sign> {
        match (self.at, byte) {
            (At::Ground | At::Control, 0x1b) => self.begin(At::Escape),
            (At::Ground, _) | (At::Escape, 0x1b) => None,
            // After the first byte of its end, the string was cut off by another sequence.
            (At::Escape | At::TextEscape, b'[') => self.begin(At::Control),
            (At::Escape | At::TextEscape, b']') => self.begin(At::Text),
            (At::Control, 0x40..=0x7e) => {
                self.held.push(byte);
                let sign = match self.held.as_slice() {
                    b"?2004h" => Some(Sign::Pastes(true)),
                    b"?2004l" => Some(Sign::Pastes(false)),
                    _ => None,
                };
                self.begin(At::Ground);
                sign
            }
            (At::Text, 0x07) | (At::TextEscape, b'\\') => {
                let sign = title(&self.held);
                self.begin(At::Ground);
                sign
            }
            (At::Text, 0x1b) => {
                self.at = At::TextEscape;
                None
            }
            (At::Escape | At::TextEscape, _) => self.begin(At::Ground),
            (At::Control | At::Text, _) if self.held.len() >= LONGEST => self.begin(At::Ground),
            (At::Control | At::Text, _) => {
                self.held.push(byte);
                None
            }
        }
    }

    fn begin(&mut self, at: At) -> Option<Sign> {
        self.at = at;
        self.held.clear();
        None
    }
}

/// Reads an OSC 0 or 2. A title that begins with a letter is one of another program that it has started.
fn title(bytes: &[u8]) -> Option<Sign> {
    let text = String::from_utf8_lossy(bytes);
    let title = text.strip_prefix("0;").or_else(|| text.strip_prefix("2;"))?;
    match title.chars().next()? {
        '✳' => Some(Sign::Title(Title::Waits)),
        sign if !sign.is_ascii() && !sign.is_alphanumeric() => Some(Sign::Title(Title::Works)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\x1b[?25l\x1b[?2004h\x1b]0;✳ plan\x07\x1b[31mtext\x1b]0;◐ plan\x1b\\\x1b]52;c;aGk=\x07\x1b]0;bash\x07\x1b[?2004l";

    #[test]
    fn chunk_borders_do_not_matter() {
        let signs = [Sign::Pastes(true), Sign::Title(Title::Waits), Sign::Title(Title::Works), Sign::Pastes(false)];
        for size in 1..OUTPUT.len() {
            let mut screen = Screen::default();
            let seen: Vec<Sign> = OUTPUT.as_bytes().chunks(size).flat_map(|chunk| screen.feed(chunk)).collect();
            assert_eq!(seen, signs, "chunks of {size}");
        }
    }

    #[test]
    fn a_title_without_end_costs_nothing_and_hides_nothing() {
        let mut screen = Screen::default();
        let endless = [b"\x1b]0;".to_vec(), vec![b'x'; 100_000]].concat();
        assert_eq!(screen.feed(&endless), []);
        assert!(screen.held.len() <= LONGEST);
        assert_eq!(screen.feed(b"\x1b[?2004h"), [Sign::Pastes(true)]);
    }
}
