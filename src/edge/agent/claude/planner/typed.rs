//! Follows what a person types into a planner's terminal, to know whether a line is half written there.
//!
//! Only what a person typed comes here; what a terminal says by itself does not. A key whose effect is not known for sure
//! leaves something in the line: a question that waits too long costs little, one pasted into a line costs the line.

/// What stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Content {
    #[default]
    Empty,
    /// So many characters, all typed at its end.
    Letters(usize),
    /// Something; how much is not known, as after a paste or a step into the history.
    Something,
    /// Enter was pressed in a line that may not have gone by it; a prompt that is taken next was this line.
    HandedOver,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
enum At {
    #[default]
    Ground,
    Escape,
    Control(Vec<u8>),
    /// A function key, or an arrow as an application asked for it.
    Single,
    /// So many more bytes of one character.
    Letter(u8),
    /// A paste, with what may be its end.
    Paste(Vec<u8>),
}

/// How a paste ends.
const PASTE_END: &[u8] = b"\x1b[201~";

/// The longest sequence of a key, in bytes.
const LONGEST_KEY: usize = 64;

/// How many keys are remembered that may answer a dialog, in bytes.
const KEYS: usize = 256;

/// The keys that move in a dialog.
const STEPS: [&[u8]; 4] = [b"\x1b[A", b"\x1b[B", b"\x1bOA", b"\x1bOB"];

/// The line as far as it follows from what was typed.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each notes one thing that was typed, in no order")]
pub(super) struct TypedLine {
    content: Content,
    at: At,
    /// The last byte of the line, or 0.
    last: u8,
    /// Whether Enter may do something else than hand the line over: fill in a name, choose from a list, begin a new line.
    doubtful: bool,
    /// Whether keys may mean anything since Escape was pressed, as in an editor with modes.
    modal: bool,
    /// Whether Escape alone was the last key: with the next one it may be another.
    escaped: bool,
    /// Whether a backslash was typed into it.
    has_backslash: bool,
    /// The line before the dialog that is open, and what was typed since.
    before: Option<Box<(TypedLine, Vec<u8>)>>,
}

impl TypedLine {
    /// Whether nothing stands in the line.
    pub(super) fn is_empty(&self) -> bool {
        self.content == Content::Empty && self.at == At::Ground
    }

    /// Whether something stands in the line that was not handed over.
    pub(super) fn is_half_written(&self) -> bool {
        !self.is_empty() && self.content != Content::HandedOver
    }

    /// Takes what was typed; `calm`: no turn runs, and none may be about to. Returns whether a line was handed over.
    pub(super) fn feed(&mut self, bytes: &[u8], calm: bool) -> bool {
        if let Some(before) = self.before.as_mut().filter(|before| before.1.len() < KEYS) {
            before.1.extend_from_slice(bytes);
        }
        let mut entered = false;
        for &byte in bytes {
            entered |= self.byte(byte, calm && !entered);
        }
        match self.at {
            // The escape key alone: terminals send the bytes of other keys in one piece.
            At::Escape => {
                self.at = At::Ground;
                self.escape(calm);
            }
            At::Control(_) | At::Single | At::Letter(_) => self.touch(),
            At::Ground | At::Paste(_) => {}
        }
        entered
    }

    /// Takes in that a prompt of a person was taken.
    pub(super) fn taken(&mut self) {
        if self.content == Content::HandedOver {
            self.clear();
        }
    }

    /// Notes that a dialog opens, which takes the keys from now on.
    pub(super) fn dialog_opens(&mut self) {
        self.before = Some(Box::new((Self { before: None, ..self.clone() }, Vec::new())));
    }

    /// Notes that it is over. If it was answered `here`, by what was typed since, the line is as it was before.
    pub(super) fn dialog_closes(&mut self, here: bool) {
        if let Some(before) = self.before.take()
            && here
            && answers_a_dialog(&before.1)
        {
            *self = before.0;
        }
    }

    fn byte(&mut self, byte: u8, calm: bool) -> bool {
        match std::mem::take(&mut self.at) {
            At::Ground => return self.key(byte, calm),
            At::Escape => match byte {
                b'[' => self.at = At::Control(Vec::new()),
                b'O' => self.at = At::Single,
                0x1b => {
                    self.escape(calm);
                    self.at = At::Escape;
                }
                // With alt: it may have changed the line.
                _ => self.touch(),
            },
            At::Control(mut held) => {
                held.push(byte);
                match byte {
                    0x40..=0x7e => self.control(&held),
                    0x20..=0x3f if held.len() < LONGEST_KEY => self.at = At::Control(held),
                    // No key is like that.
                    _ => self.touch(),
                }
            }
            At::Single => self.control(&[byte]),
            At::Letter(_) if !matches!(byte, 0x80..=0xbf) => {
                // A character that was cut off: how it is shown, who knows.
                self.touch();
                return self.key(byte, calm);
            }
            At::Letter(left) if left > 1 => self.at = At::Letter(left - 1),
            At::Letter(_) => {}
            At::Paste(mut held) => {
                // A name in it may open a list, from which Enter chooses.
                self.doubtful |= matches!(byte, b'@' | b'\\') || held.is_empty() && opens_a_list(byte);
                held.push(byte);
                if !held.ends_with(PASTE_END) {
                    let surplus = held.len().saturating_sub(PASTE_END.len());
                    held.drain(..surplus);
                    self.at = At::Paste(held);
                }
            }
        }
        false
    }

    fn key(&mut self, byte: u8, calm: bool) -> bool {
        let after_escape = std::mem::take(&mut self.escaped);
        match byte {
            0x1b => {
                self.escaped = after_escape;
                self.at = At::Escape;
            }
            // With the escape key before it, it may be another key.
            0x00..=0x1f | 0x7f if after_escape => self.touch(),
            b'\r' => return self.enter(calm),
            // Ctrl-C empties the line, if it is not a turn that it stops; that may bring its prompt back.
            0x03 if calm => self.clear(),
            // Backspace.
            0x7f | 0x08 => {
                // What stands at the end now is not known.
                self.last = 0;
                self.doubtful |= self.has_backslash;
                match self.content {
                    Content::Letters(0 | 1) if !self.modal => self.clear(),
                    Content::Letters(more) if !self.modal => self.content = Content::Letters(more - 1),
                    Content::Letters(_) | Content::HandedOver => self.touch(),
                    Content::Something | Content::Empty => {}
                }
            }
            // Ctrl-U: to the beginning of the line.
            0x15 if self.modal || self.content == Content::HandedOver => self.touch(),
            0x15 => {
                if let Content::Letters(_) = self.content {
                    self.clear();
                }
            }
            // Ctrl-D, ctrl-L.
            0x04 | 0x0c => {}
            // A new line within it.
            b'\n' => {
                self.content = Content::Something;
                self.last = byte;
            }
            0x20..=0x7e => self.letter(byte),
            0xc2..=0xdf => self.begin_letter(byte, 1),
            0xe0..=0xef => self.begin_letter(byte, 2),
            0xf0..=0xf4 => self.begin_letter(byte, 3),
            // Other keys with control; and what no character begins with.
            _ => self.touch(),
        }
        false
    }

    /// Enter. It hands over what was simply typed or pasted. A line with more to it may have stayed.
    fn enter(&mut self, calm: bool) -> bool {
        match self.content {
            Content::Empty => return false,
            // Claude goes on in a new line.
            Content::Letters(_) | Content::Something if self.last == b'\\' => {
                self.touch();
                return self.modal;
            }
            Content::Letters(_) | Content::Something if !self.doubtful => self.clear(),
            Content::Letters(_) | Content::Something if calm => self.content = Content::HandedOver,
            // If the one before has handed it over, this one was pressed in an empty line.
            Content::HandedOver => {}
            Content::Letters(_) | Content::Something => self.content = Content::Something,
        }
        self.last = 0;
        true
    }

    /// The escape key alone: it stops a turn, which may bring its prompt back; a second one opens the history.
    fn escape(&mut self, calm: bool) {
        let is_second = std::mem::replace(&mut self.escaped, true);
        self.modal = true;
        self.doubtful = true;
        if is_second || !calm || self.content != Content::Empty {
            self.content = Content::Something;
        }
    }

    fn letter(&mut self, byte: u8) {
        let begins_a_word = matches!(self.last, 0 | b' ' | b'\n');
        // What opens a list from which Enter chooses, or begins a command.
        self.doubtful |= byte == b'@' || begins_a_word && opens_a_list(byte);
        self.has_backslash |= byte == b'\\';
        self.content = match self.content {
            Content::Empty if !self.modal => Content::Letters(1),
            Content::Letters(count) if !self.modal => Content::Letters(count + 1),
            Content::Empty | Content::Letters(_) | Content::Something | Content::HandedOver => Content::Something,
        };
        self.last = byte;
    }

    fn begin_letter(&mut self, byte: u8, more: u8) {
        self.letter(byte);
        self.at = At::Letter(more);
    }

    fn control(&mut self, held: &[u8]) {
        self.escaped = false;
        match held {
            b"200~" => {
                self.at = At::Paste(Vec::new());
                // Also when it is empty: a picture of the clipboard may come of it.
                self.content = Content::Something;
                self.last = 0;
            }
            // In an empty line there is nothing to the left and nothing to delete. To the right there may be a line that is
            // suggested; up and down may fetch an old one.
            b"D" | b"H" | b"3~" | b"5~" | b"6~" | b"Z" if self.content == Content::Empty => {}
            _ => self.touch(),
        }
    }

    fn clear(&mut self) {
        self.content = Content::Empty;
        self.doubtful = false;
        self.has_backslash = false;
        self.last = 0;
    }

    fn touch(&mut self) {
        self.content = Content::Something;
        self.doubtful = true;
        self.escaped = false;
        self.last = 0;
    }
}

/// Whether keys do nothing but answer a dialog: steps up and down, then one key that chooses.
fn answers_a_dialog(keys: &[u8]) -> bool {
    let mut keys = keys;
    while let Some(rest) = STEPS.iter().find_map(|step| keys.strip_prefix(*step)) {
        keys = rest;
    }
    matches!(keys, [b'1'..=b'9' | b'\r' | 0x1b])
}

/// Whether a word that begins like this is a command, or opens a list of them.
fn opens_a_list(byte: u8) -> bool {
    matches!(byte, b'/' | b'!' | b'#')
}

#[cfg(test)]
#[path = "typed_tests.rs"]
mod tests;
