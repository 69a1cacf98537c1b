//! Takes the terminal and gives it back: once, by whoever comes first, also from a panic on any thread.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::Print;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use nix::sys::termios::{FlushArg, tcflush};

/// Whether the terminal is ours. There is one terminal, and a panic has no other way to know.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Puts the window's title aside, and takes it back; xterm's «window manipulation» 22 and 23, ignored elsewhere.
const SAVE_TITLE: &str = "\x1b[22;2t";
const RESTORE_TITLE: &str = "\x1b[23;2t";

/// Whether standard input and output are a terminal.
pub fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Returns columns and rows.
///
/// # Errors
/// If the terminal does not say.
pub fn size() -> io::Result<(u16, u16)> {
    crossterm::terminal::size()
}

/// The terminal, while it is ours. Dropped, it is given back.
#[derive(Debug)]
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Takes the terminal: raw mode, the other screen, bracketed paste, the mouse if wanted.
    ///
    /// # Errors
    /// If the terminal refuses; then it is as it was.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let guard = Self { mouse };
        guard.enter()?;
        Ok(guard)
    }

    /// Gives the terminal back for a while: to an editor, or to the shell.
    pub fn lend(&self) {
        give_back();
    }

    /// Takes the terminal again after [`lend`](Self::lend). What was typed for somebody else, and not read there, is gone.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn retake(&self) -> io::Result<()> {
        self.enter()?;
        // Refused only by what is no terminal any more, and that is found out by whoever reads it.
        let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
        Ok(())
    }

    fn enter(&self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut out = io::stdout().lock();
        let entered = execute!(out, Print(SAVE_TITLE), EnterAlternateScreen, EnableBracketedPaste);
        let entered = entered.and_then(|()| if self.mouse { execute!(out, EnableMouseCapture) } else { Ok(()) });
        if entered.is_err() {
            give_back();
        }
        entered
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn set_mouse(&mut self, ours: bool) -> io::Result<()> {
        self.mouse = ours;
        if ours { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }

    /// Names the window.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn set_title(&self, title: &str) -> io::Result<()> {
        execute!(io::stdout(), SetTitle(title))
    }

    /// Puts text into the clipboard of the terminal, also over ssh (OSC 52).
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Rings the bell.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    pub fn ring(&self) -> io::Result<()> {
        execute!(io::stdout(), Print("\x07"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back if it is ours; a second call does nothing.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout().lock();
    // Nothing can be done about a terminal that is gone.
    let _ = queue!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Print(RESTORE_TITLE), Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}
