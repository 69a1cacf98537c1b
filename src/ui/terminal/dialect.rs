//! What programs write that the parser of cells does not know, said in words that it does: insert mode, line drawing,
//! tabulators, margins of the cursor.

use unicode_width::UnicodeWidthChar as _;

use super::answer;
use super::csi::{Csi, number};
use super::emulator::Discarded;

/// How much may be answered to one piece of output; whoever asks more often does not read the answers.
const ANSWERS: usize = 4096;

/// The parser of cells, with what it does not know.
pub(super) struct Dialect {
    pub(super) parser: vt100::Parser<Discarded>,
    pub(super) modes: Modes,
}

/// The modes that the parser of cells does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "terminals have modes")]
pub(super) struct Modes {
    /// Whether G0 and G1 are the set of lines and corners.
    drawing: [bool; 2],
    /// Whether G1 is in force.
    shifted: bool,
    saved: ([bool; 2], bool),
    insert: bool,
    no_wrap: bool,
    /// Whether a line feed begins a line.
    newline: bool,
    /// Where tabulators stop, if not at every eighth column.
    tabs: Option<Vec<bool>>,
    pub(super) origin: bool,
    /// The first row of the scrolled region, from 0.
    pub(super) top: u16,
    /// Whether the program wants to know who has the keys.
    pub(super) focus: bool,
    /// Whether every line feed begins a line because nothing between it and the program did so.
    raw: bool,
}

impl Modes {
    pub(super) fn new(raw: bool) -> Self {
        Self {
            drawing: [false; 2],
            shifted: false,
            saved: ([false; 2], false),
            insert: false,
            no_wrap: false,
            newline: false,
            tabs: None,
            origin: false,
            top: 0,
            focus: false,
            raw,
        }
    }

    fn is_plain(&self) -> bool {
        !self.insert && !self.no_wrap && self.tabs.is_none() && !self.is_drawing()
    }

    fn is_drawing(&self) -> bool {
        self.drawing[usize::from(self.shifted)]
    }
}

impl Dialect {
    /// Takes in text.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        let shifts = |byte: &u8| matches!(byte, 0x0e | 0x0f);
        if !self.modes.is_plain() || bytes.iter().any(shifts) {
            self.slowly(bytes);
        } else if self.modes.raw || self.modes.newline {
            self.lines(bytes);
        } else {
            self.parser.process(bytes);
        }
    }

    /// Takes in text of which each line begins at the left.
    fn lines(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match line.split_last() {
                Some((b'\n', line)) => {
                    self.parser.process(line);
                    self.parser.process(b"\r\n");
                }
                _ => self.parser.process(line),
            }
        }
    }

    /// Takes in text letter by letter, each as the modes want it.
    fn slowly(&mut self, bytes: &[u8]) {
        for letter in String::from_utf8_lossy(bytes).chars() {
            match letter {
                '\u{e}' => self.modes.shifted = true,
                '\u{f}' => self.modes.shifted = false,
                '\t' if self.modes.tabs.is_some() => self.tab(1),
                '\n' if self.modes.raw || self.modes.newline => self.parser.process(b"\r\n"),
                letter if letter.is_control() => self.put(letter),
                letter => self.letter(letter),
            }
        }
    }

    fn letter(&mut self, letter: char) {
        let letter = if self.modes.is_drawing() { drawn(letter) } else { letter };
        let wide = u16::try_from(letter.width().unwrap_or(0)).unwrap_or(0);
        let (_, column) = self.parser.screen().cursor_position();
        let columns = self.columns();
        if self.modes.no_wrap && wide > 0 && column.saturating_add(wide) > columns {
            self.go_to_column(columns.saturating_sub(wide));
        }
        if self.modes.insert && wide > 0 && column < columns {
            self.say(format_args!("\x1b[{wide}@"));
        }
        self.put(letter);
    }

    fn put(&mut self, letter: char) {
        self.parser.process(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Says something that the parser of cells knows.
    fn say(&mut self, words: std::fmt::Arguments<'_>) {
        self.parser.process(words.to_string().as_bytes());
    }

    fn columns(&self) -> u16 {
        self.parser.screen().size().1.get()
    }

    fn go_to_column(&mut self, column: u16) {
        self.say(format_args!("\x1b[{}G", column.saturating_add(1)));
    }

    /// Goes so many tabulators on, or back.
    fn tab(&mut self, count: i32) {
        let columns = self.columns();
        let (_, from) = self.parser.screen().cursor_position();
        let stops = |column: u16| match &self.modes.tabs {
            Some(tabs) => tabs.get(usize::from(column)).copied().unwrap_or(false),
            None => column.is_multiple_of(8),
        };
        let mut at = from.min(columns - 1);
        for _ in 0..count.unsigned_abs().min(u32::from(columns)) {
            at = if count > 0 {
                (at + 1..columns).find(|column| stops(*column)).unwrap_or(columns - 1)
            } else {
                (0..at).rev().find(|column| stops(*column)).unwrap_or(0)
            };
        }
        self.go_to_column(at);
    }

    /// Takes in a whole sequence; what it asks is answered.
    pub(super) fn sequence(&mut self, sequence: &[u8], answers: &mut Vec<u8>) {
        if let Some(csi) = Csi::of(sequence) {
            self.csi(&csi, sequence, answers);
        } else {
            self.escape(sequence, answers);
        }
        answers.truncate(ANSWERS);
    }

    fn escape(&mut self, sequence: &[u8], answers: &mut Vec<u8>) {
        match sequence.get(1..).unwrap_or_default() {
            [b'(', set] => self.modes.drawing[0] = *set == b'0',
            [b')', set] => self.modes.drawing[1] = *set == b'0',
            b"D" => self.parser.process(b"\x0b"),
            b"E" => self.parser.process(b"\r\x0b"),
            b"H" => {
                let (_, column) = self.parser.screen().cursor_position();
                if let Some(stop) = self.tabs().get_mut(usize::from(column)) {
                    *stop = true;
                }
            }
            b"Z" => answers.extend_from_slice(answer::DEVICE),
            b"#8" => self.align(),
            b"7" => {
                self.modes.saved = (self.modes.drawing, self.modes.shifted);
                self.parser.process(sequence);
            }
            b"8" => {
                (self.modes.drawing, self.modes.shifted) = self.modes.saved;
                self.parser.process(sequence);
            }
            b"c" => {
                self.modes = Modes::new(self.modes.raw);
                self.parser.process(sequence);
            }
            // The alarm of others, and sets of letters that nobody uses any more.
            _ => self.parser.process(sequence),
        }
    }

    fn tabs(&mut self) -> &mut Vec<bool> {
        let columns = usize::from(self.columns());
        let tabs = self.modes.tabs.get_or_insert_with(Vec::new);
        for column in tabs.len()..columns {
            tabs.push(column % 8 == 0);
        }
        tabs
    }

    /// Fills the screen, as a technician does who adjusts the tube.
    fn align(&mut self) {
        let (rows, columns) = self.parser.screen().size();
        self.parser.process(b"\x1b[?6l\x1b[r\x1b[m");
        for row in 1..=rows.get() {
            self.say(format_args!("\x1b[{row}H{}", "E".repeat(usize::from(columns.get()))));
        }
        self.parser.process(b"\x1b[H");
        (self.modes.origin, self.modes.top) = (false, 0);
    }

    fn csi(&mut self, csi: &Csi<'_>, sequence: &[u8], answers: &mut Vec<u8>) {
        let one = csi.first().max(1);
        match (csi.private, csi.between, csi.last) {
            (None, b"", b'c') if csi.first() == 0 => answers.extend_from_slice(answer::DEVICE),
            (Some(b'>'), b"", b'c') if csi.first() == 0 => answers.extend_from_slice(answer::SECONDARY),
            (Some(b'>'), b"", b'q') if csi.first() == 0 => answers.extend_from_slice(answer::name().as_bytes()),
            (private @ (None | Some(b'?')), b"", b'n') => {
                if let Some(text) = answer::status(private.is_some(), csi.first(), self) {
                    answers.extend_from_slice(text.as_bytes());
                }
            }
            (private @ (None | Some(b'?')), b"$", b'p') => {
                answers.extend_from_slice(answer::mode(private.is_some(), csi.first(), self).as_bytes());
            }
            (None, b"", b't') => {
                if csi.first() == 18 {
                    answers.extend_from_slice(answer::size(self).as_bytes());
                }
            }
            (None, b"", b'h' | b'l') => {
                for mode in csi.numbers() {
                    match mode {
                        4 => self.modes.insert = csi.last == b'h',
                        20 => self.modes.newline = csi.last == b'h',
                        _ => {}
                    }
                }
            }
            (Some(b'?'), b"", b'h' | b'l') => {
                for mode in csi.numbers() {
                    self.private(mode, csi.last == b'h');
                }
            }
            (None, b"", b'I') => self.tab(i32::from(one)),
            (None, b"", b'Z') => self.tab(-i32::from(one)),
            (None, b"", b'a') => self.say(format_args!("\x1b[{one}C")),
            (None, b"", b'e') => self.say(format_args!("\x1b[{one}B")),
            (None, b"", b's') if csi.params.is_empty() => self.escape(b"\x1b7", answers),
            (None, b"", b'u') if csi.params.is_empty() => self.escape(b"\x1b8", answers),
            (None, b"", b'g') => match csi.first() {
                0 => {
                    let (_, column) = self.parser.screen().cursor_position();
                    if let Some(stop) = self.tabs().get_mut(usize::from(column)) {
                        *stop = false;
                    }
                }
                3 => self.tabs().fill(false),
                _ => {}
            },
            (None, b"", b'b') => {
                // More than a screen full of it changes nothing.
                let (rows, columns) = self.parser.screen().size();
                let most = rows.get().saturating_mul(columns.get());
                self.say(format_args!("\x1b[{}b", one.min(most)));
            }
            (None, b"", b'r') => {
                let mut margins = csi.numbers();
                let rows = self.parser.screen().size().0.get();
                let top = margins.next().unwrap_or(0).max(1);
                let bottom = margins.next().filter(|bottom| *bottom > 0).unwrap_or(rows).min(rows);
                // One that holds less than two rows is none.
                if top < bottom {
                    self.modes.top = top - 1;
                    self.parser.process(sequence);
                }
            }
            (None, b"!", b'p') => {
                self.modes = Modes::new(self.modes.raw);
                self.parser.process(b"\x1b[?6l\x1b[?1l\x1b[?25h\x1b>\x1b[r\x1b[m\x1b7");
            }
            (None, b"", b'm') => self.colours(csi, sequence),
            _ => self.parser.process(sequence),
        }
    }

    fn private(&mut self, mode: u16, on: bool) {
        match (mode, on) {
            (7, _) => self.modes.no_wrap = !on,
            (1004, _) => self.modes.focus = on,
            // Another width is the window's business; what is left of it is an empty screen.
            (3, _) => self.parser.process(b"\x1b[?6l\x1b[r\x1b[2J\x1b[H"),
            (47 | 1047, _) => {
                if mode == 1047 && !on && self.parser.screen().alternate_screen() {
                    self.parser.process(b"\x1b[2J");
                }
                // Both screens share the cursor.
                let (row, column) = self.parser.screen().cursor_position();
                self.parser.process(if on { b"\x1b[?47h" } else { b"\x1b[?47l" });
                self.say(format_args!("\x1b[?6l\x1b[{};{}H", row + 1, column + 1));
                self.modes.origin = false;
            }
            (1048, true) => self.parser.process(b"\x1b7"),
            (1048, false) => self.parser.process(b"\x1b8"),
            // The cursor is where it was saved only if it was.
            (1049, false) if !self.parser.screen().alternate_screen() => {}
            (1049, true) if self.parser.screen().alternate_screen() => {}
            _ => self.say(format_args!("\x1b[?{mode}{}", if on { 'h' } else { 'l' })),
        }
        match mode {
            3 => (self.modes.origin, self.modes.top) = (false, 0),
            6 => self.modes.origin = on,
            _ => {}
        }
    }

    /// Sets colours and styles; those of the underline have parameters that would be taken for styles of their own.
    fn colours(&mut self, csi: &Csi<'_>, sequence: &[u8]) {
        let is_odd = |param: &[u8]| param == b"21" || param.starts_with(b"58") || param.contains(&b':');
        if !csi.params.split(|byte| *byte == b';').any(is_odd) {
            self.parser.process(sequence);
            return;
        }
        let mut kept: Vec<String> = Vec::new();
        let mut params = csi.params.split(|byte| *byte == b';');
        while let Some(param) = params.next() {
            match param {
                b"4:0" => kept.push("24".to_owned()),
                b"21" => kept.push("4".to_owned()),
                b"38" | b"48" | b"58" => {
                    let kind = params.next().unwrap_or_default();
                    let rest = if kind == b"2" { 3 } else { 1 };
                    let mut words = vec![number(param), number(kind)];
                    words.extend(params.by_ref().take(rest).map(number));
                    if param != b"58" {
                        kept.extend(words.iter().map(u16::to_string));
                    }
                }
                param if param.starts_with(b"58:") => {}
                // With a colour space, which nobody fills in.
                param if param.starts_with(b"38:2:") || param.starts_with(b"48:2:") => {
                    let mut parts: Vec<u16> = param.split(|byte| *byte == b':').map(number).collect();
                    if parts.len() > 5 {
                        parts.remove(2);
                    }
                    kept.extend(parts.iter().take(5).map(u16::to_string));
                }
                param if param.starts_with(b"38:5:") || param.starts_with(b"48:5:") => {
                    kept.extend(param.split(|byte| *byte == b':').take(3).map(|part| number(part).to_string()));
                }
                param if param.starts_with(b"4:") => kept.push("4".to_owned()),
                param => kept.push(String::from_utf8_lossy(param).into_owned()),
            }
        }
        if !kept.is_empty() {
            self.say(format_args!("\x1b[{}m", kept.join(";")));
        }
    }
}

/// Returns the line or corner that stands for a letter.
fn drawn(letter: char) -> char {
    const LINES: &str = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";
    let at = (letter as usize).checked_sub('`' as usize);
    at.and_then(|at| LINES.chars().nth(at)).unwrap_or(letter)
}
