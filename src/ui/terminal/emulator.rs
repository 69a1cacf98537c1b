//! A terminal that is fed with bytes: keeps its screen and the lines above it, and says what is to be answered.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::num::NonZeroU16;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::answer;
use super::cut::{Cutter, Piece};
use super::dialect::{Dialect, Modes};

/// The fewest and the most columns and rows; with less than two the parser breaks, and with more than any screen has,
/// a number from outside would decide about our memory.
const SIZES: (u16, u16) = (2, 1000);
/// How many cells are kept above the screen; a cell is 32 bytes, so that is 8 MB.
const CELLS: usize = 256_000;
/// The fewest and the most lines that are kept above the screen.
const LINES: (usize, usize) = (200, 2000);

thread_local! {
    /// Whether a panic would be caught.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is caught here, and so is no reason to end the program.
pub fn is_contained() -> bool {
    CONTAINED.with(Cell::get)
}

/// Counts the lines that are kept no longer, so that those that are keep their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Discarded(pub(super) u64);

impl vt100::Callbacks for Discarded {
    fn on_scroll(&mut self, _: vt100::capture::RowContents<'_>, alternate_screen: bool) {
        if !alternate_screen {
            self.0 += 1;
        }
    }
}

/// A terminal; see the [module](super).
pub struct Emulator {
    cutter: Cutter,
    /// Looking at lines above the screen moves the parser's own view of them, and back.
    pub(super) dialect: RefCell<Dialect>,
    raw: bool,
    /// How often it had to begin anew.
    broken: u32,
}

impl Emulator {
    /// Makes an empty terminal of so many columns and rows; `raw`: a line feed begins a line, too.
    pub fn new(size: (u16, u16), raw: bool) -> Self {
        let dialect = RefCell::new(dialect(size, raw));
        Self { cutter: Cutter::default(), dialect, raw, broken: 0 }
    }

    /// Takes in what the program writes; returns what is to be answered to it. Whatever it is: it does not panic, and
    /// takes no more memory.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        let (cutter, dialect) = (&mut self.cutter, self.dialect.get_mut());
        let fed = contained(|| {
            cutter.cut(bytes, |piece| match piece {
                Piece::Text(text) => dialect.text(text),
                Piece::Sequence(sequence) => dialect.sequence(sequence, &mut answers),
                Piece::String(string) => answers.extend_from_slice(answer::string(string)),
            });
        });
        if fed.is_none() {
            self.begin_anew();
        }
        answers
    }

    /// Gives it so many columns and rows, as far as a terminal can have them.
    pub fn resize(&mut self, size: (u16, u16)) {
        let (columns, rows) = (clamp(size.0), clamp(size.1));
        let dialect = self.dialect.get_mut();
        if dialect.parser.screen().size() == (rows, columns) {
            return;
        }
        dialect.modes.top = 0;
        if contained(|| dialect.parser.set_size(rows, columns)).is_none() {
            self.begin_anew();
            *self.dialect.get_mut() = self::dialect(size, self.raw);
        }
    }

    /// Empties it: its parser broke, which is no reason for the program to end, nor for ours.
    fn begin_anew(&mut self) {
        let size = self.size();
        self.cutter = Cutter::default();
        *self.dialect.get_mut() = dialect(size, self.raw);
        self.broken += 1;
    }

    /// Returns columns and rows.
    pub fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.dialect.borrow().parser.screen().size();
        (columns.get(), rows.get())
    }

    /// Asks the screen something.
    pub(super) fn asked<T>(&self, ask: impl FnOnce(&vt100::Screen) -> T) -> T {
        ask(self.dialect.borrow().parser.screen())
    }

    /// Returns how often its parser broke, and it began anew.
    pub fn broken(&self) -> u32 {
        self.broken
    }

    /// Whether the program has the other screen, which has no lines above it.
    pub fn is_alternate(&self) -> bool {
        self.asked(vt100::Screen::alternate_screen)
    }

    /// Whether the program wants to know what the mouse does.
    pub fn wants_mouse(&self) -> bool {
        self.asked(|screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None)
    }

    /// Whether the program wants to know who has the keys.
    pub fn wants_focus(&self) -> bool {
        self.dialect.borrow().modes.focus
    }

    /// Returns the screen as text, without what is above it.
    pub fn contents(&self) -> String {
        self.asked(vt100::Screen::contents)
    }

    /// Returns the row and the column of the cursor.
    pub fn cursor(&self) -> (u16, u16) {
        self.asked(vt100::Screen::cursor_position)
    }
}

impl Clone for Emulator {
    fn clone(&self) -> Self {
        let known = self.dialect.borrow();
        let mut dialect = dialect(self.size(), self.raw);
        // The parser itself has nothing in hand: it is only ever given whole characters and sequences.
        *dialect.parser.screen_mut() = known.parser.screen().clone();
        *dialect.parser.callbacks_mut() = *known.parser.callbacks();
        dialect.modes = known.modes.clone();
        Self { cutter: self.cutter.clone(), dialect: RefCell::new(dialect), raw: self.raw, broken: self.broken }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("size", &self.size()).field("raw", &self.raw).finish_non_exhaustive()
    }
}

fn dialect((columns, rows): (u16, u16), raw: bool) -> Dialect {
    let (columns, rows) = (clamp(columns), clamp(rows));
    let lines = (CELLS / usize::from(columns.get().max(128))).clamp(LINES.0, LINES.1);
    let parser = vt100::Parser::new_with_callbacks(rows, columns, lines, Discarded::default());
    Dialect { parser, modes: Modes::new(raw) }
}

fn clamp(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size.clamp(SIZES.0, SIZES.1)).unwrap_or(NonZeroU16::MIN)
}

/// Does something that may panic although it never should; nothing: it did.
fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CONTAINED.with(|contained| contained.replace(true));
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    CONTAINED.with(|contained| contained.set(before));
    done
}
