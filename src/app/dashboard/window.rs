//! The terminal as a picture: draws what differs, and nothing when nothing does.

use std::io::{self, Stdout};
use std::path::Path;
use std::process::Command;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{Clear, ClearType};
use ratatui::layout::Rect;

use super::editor;
use crate::app::setup::Site;
use crate::app::signals;
use crate::edge::tty::{Guard, Keys, Pressed, size};

/// The terminal while it is ours.
pub(super) struct Window {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    shown: Option<Buffer>,
    /// The terminal's modes.
    pub(super) guard: Guard,
    /// What the user does; nothing while the terminal is lent.
    pub(super) keys: Option<Keys>,
}

impl Window {
    /// Takes the terminal.
    ///
    /// # Errors
    /// If it refuses.
    pub(super) fn open(mouse: bool) -> io::Result<Self> {
        let guard = Guard::take(mouse)?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(Self { terminal, shown: None, guard, keys: Some(Keys::default()) })
    }

    /// Shows what `paint` paints, if it differs from what is shown.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn show(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        let (width, height) = size()?;
        let area = Rect { x: 0, y: 0, width, height };
        let mut next = Buffer::empty(area);
        paint(area, &mut next);
        if self.shown.as_ref() == Some(&next) {
            return Ok(());
        }
        self.terminal.draw(|frame| {
            // The window may have changed its size in between; then the next event says so.
            if frame.area() == area {
                frame.buffer_mut().clone_from(&next);
            }
        })?;
        self.shown = Some(next);
        Ok(())
    }

    /// Draws everything anew the next time.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.shown = None;
        // A terminal of its own, not `clear`: that one asks where the cursor is, and not every terminal answers.
        self.terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        execute!(io::stdout(), Clear(ClearType::All))
    }

    /// Lends the terminal to somebody else, who must be done when `meanwhile` returns.
    ///
    /// # Errors
    /// If it cannot be taken again.
    pub(super) fn lend<T>(&mut self, meanwhile: impl FnOnce() -> T) -> io::Result<T> {
        // Its thread would take the other program's keys.
        self.keys = None;
        self.guard.lend();
        let result = meanwhile();
        self.guard.retake()?;
        self.keys = Some(Keys::default());
        self.forget()?;
        Ok(result)
    }

    /// Waits for what the user does; for ever while the terminal is lent.
    pub(super) async fn pressed(&mut self) -> Pressed {
        match &mut self.keys {
            Some(keys) => keys.next().await,
            None => std::future::pending().await,
        }
    }

    /// Stops this process until the shell continues it.
    ///
    /// # Errors
    /// If the terminal cannot be taken again.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.lend(signals::stop_here)
    }

    /// Takes the terminal again after somebody stopped us without asking.
    ///
    /// # Errors
    /// If it cannot be taken again.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        // Given back first: whoever stopped us may have changed the modes, and they are only set if they are not thought so.
        self.guard.lend();
        self.guard.retake()?;
        self.forget()
    }

    /// Opens a file in the user's editor and waits for its end; the text is why that did not work.
    ///
    /// # Errors
    /// If the terminal cannot be taken again.
    pub(super) fn edit(&mut self, site: &Site, file: &Path, line: Option<u32>) -> io::Result<Result<(), String>> {
        let words = match editor::command(&site.environment, file, line) {
            Ok(words) => words,
            Err(why) => return Ok(Err(why)),
        };
        let run = || Command::new(&words[0]).args(&words[1..]).current_dir(&site.project).status();
        Ok(match self.lend(run)? {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{} cannot be started: {error}", words[0])),
        })
    }
}
