//! The terminal as a picture: draws what differs, and nothing when nothing does; and what comes from there.

use std::io::{self, BufWriter, Stdout};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::editor;
use crate::app::clock::Clock;
use crate::app::process::signals;
use crate::app::project::setup::Site;
use crate::edge::tty::{self, Borrower, Fate, Guard, Keys, Pressed, size};
use crate::model::time::Moment;
use crate::ui::event::Event;

/// How long after the terminal came back a signal still means whoever had it: ctrl-c reaches both, in no order.
const LATE: Duration = Duration::from_millis(200);

/// Room for what one picture writes, in bytes, so that it leaves at once: one of 200 columns and 60 rows has about 30,000.
const ROOM: usize = 64 * 1024;

/// What comes from the terminal, or from whoever speaks to its programs.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// The person did something.
    Event(Event),
    /// This signal wants us to end.
    Stop(&'static str),
    /// The terminal is ours again after it was somebody else's: much may have happened, and keys were meant for others.
    Back,
}

/// The terminal while it is ours.
pub(super) struct Window {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    shown: Option<Buffer>,
    /// What the window is called; empty: not known.
    title: String,
    /// Before the guard: with the terminal given back, nobody may read from it any more.
    keys: Option<Keys>,
    guard: Guard,
    /// Who has the terminal instead of us.
    borrower: Option<Borrower>,
    signals: mpsc::Receiver<&'static str>,
    clock: Clock,
    /// Whether it came back and nothing was heard since.
    is_fresh: bool,
    /// When something was first heard after it came back.
    back: Option<Moment>,
}

impl Window {
    /// Takes the terminal; from before that on no signal ends us unheard. To be called within a runtime.
    ///
    /// # Errors
    /// If it refuses, or signals cannot be listened to.
    pub(super) fn open(mouse: bool) -> io::Result<Self> {
        let signals = signals::listen_on_terminal()?;
        let guard = Guard::take(mouse)?;
        Ok(Self {
            terminal: terminal()?,
            shown: None,
            title: String::new(),
            guard,
            keys: Some(Keys::default()),
            borrower: None,
            signals,
            clock: Clock::start(),
            is_fresh: false,
            back: None,
        })
    }

    /// Shows what `paint` paints, if it differs from what is shown and the terminal is ours.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn show(&mut self, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        if self.is_lent() {
            return Ok(());
        }
        let (width, height) = size()?;
        let area = Rect { x: 0, y: 0, width, height };
        let mut next = Buffer::empty(area);
        paint(area, &mut next);
        if self.shown.as_ref() == Some(&next) {
            return Ok(());
        }
        // Terminals that know this (DEC mode 2026) show the picture whole; all others ignore it.
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            // The window may have changed its size in between; then the next event says so.
            if frame.area() == area {
                frame.buffer_mut().clone_from(&next);
            }
        })?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.shown = Some(next);
        Ok(())
    }

    /// Names the window.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn entitle(&mut self, title: &str) -> io::Result<()> {
        if !self.is_lent() && self.title != title {
            self.guard.set_title(title)?;
            title.clone_into(&mut self.title);
        }
        Ok(())
    }

    /// Rings the bell, if the terminal is ours.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn ring(&self) -> io::Result<()> {
        if self.is_lent() { Ok(()) } else { self.guard.ring() }
    }

    /// Puts text into the clipboard.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn copy(&self, text: &str) -> io::Result<()> {
        self.guard.copy(text)
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn set_mouse(&mut self, ours: bool) -> io::Result<()> {
        self.guard.set_mouse(ours)
    }

    /// Draws everything anew the next time.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.shown = None;
        // A terminal of its own, not `clear`: that one asks where the cursor is, and not every terminal answers.
        self.terminal = terminal()?;
        execute!(io::stdout(), Clear(ClearType::All))
    }

    /// Waits for what the person does, or a signal. What is between the terminal and the shell is done here. May be
    /// cancelled.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) async fn heard(&mut self) -> io::Result<Heard> {
        loop {
            if std::mem::take(&mut self.is_fresh) {
                self.back = Some(self.clock.now().moment);
            }
            tokio::select! {
                biased;
                Some(signal) = self.signals.recv() => {
                    if let Some(heard) = self.signalled(signal)? {
                        return Ok(heard);
                    }
                }
                done = done(&mut self.borrower, &mut self.keys) => match done {
                    Done::Pressed(Pressed::Key(key)) => return Ok(Heard::Event(Event::Key(key))),
                    Done::Pressed(Pressed::Mouse(mouse)) => return Ok(Heard::Event(Event::Mouse(mouse))),
                    Done::Pressed(Pressed::Paste(text)) => return Ok(Heard::Event(Event::Paste(text))),
                    Done::Pressed(Pressed::Resized(columns, rows)) => {
                        return Ok(Heard::Event(Event::Resized(columns, rows)));
                    }
                    Done::Pressed(Pressed::Nothing) => {}
                    Done::Pressed(Pressed::Gone) => return Ok(Heard::Stop("SIGHUP")),
                    Done::Borrower(Fate::Stopped) => self.stop_with_borrower(),
                    Done::Borrower(Fate::Ended) => {
                        self.borrower = None;
                        self.take_back()?;
                        return Ok(Heard::Back);
                    }
                },
            }
        }
    }

    fn signalled(&mut self, signal: &'static str) -> io::Result<Option<Heard>> {
        if let Some(borrower) = &self.borrower {
            borrower.signal(match signal {
                "SIGTERM" => Signal::SIGTERM,
                "SIGHUP" => Signal::SIGHUP,
                // Typed for whoever has the terminal.
                _ => return Ok(None),
            });
            return Ok(Some(Heard::Stop(signal)));
        }
        let is_late = self.back.is_some_and(|back| self.clock.now().moment < back.after(LATE));
        match signal {
            "SIGINT" | "SIGQUIT" | "SIGTSTP" | "SIGCONT" if is_late => Ok(None),
            "SIGTSTP" => {
                self.suspend()?;
                Ok(Some(Heard::Back))
            }
            "SIGCONT" => {
                self.resume()?;
                Ok(Some(Heard::Back))
            }
            _ => Ok(Some(Heard::Stop(signal))),
        }
    }

    /// Stops with whoever has the terminal, so that the shell gets it; the shell continues both.
    fn stop_with_borrower(&self) {
        tty::stop();
        if let Some(borrower) = &self.borrower {
            borrower.signal(Signal::SIGCONT);
        }
    }

    /// Whether somebody else has the terminal.
    pub(super) fn is_lent(&self) -> bool {
        self.borrower.is_some()
    }

    fn give(&mut self) {
        // Its thread would take the other program's keys.
        self.keys = None;
        self.guard.lend();
    }

    fn take_back(&mut self) -> io::Result<()> {
        self.guard.retake()?;
        self.keys = Some(Keys::default());
        // It went back to what it was before us.
        self.title.clear();
        self.is_fresh = true;
        self.forget()
    }

    /// Stops this process until the shell continues it.
    ///
    /// # Errors
    /// If the terminal cannot be taken again.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.give();
        tty::stop();
        self.take_back()
    }

    /// Takes the terminal again after somebody stopped us without asking.
    fn resume(&mut self) -> io::Result<()> {
        // Given back first: whoever stopped us may have changed the modes, and they are only set if they are not thought so.
        self.give();
        self.take_back()
    }

    /// Opens a file in the user's editor, which has the terminal until [`Heard::Back`]; the text is why that did not work.
    ///
    /// # Errors
    /// If the terminal cannot be taken again.
    pub(super) fn edit(&mut self, site: &Site, file: &Path, line: Option<u32>) -> io::Result<Result<(), String>> {
        let words = match editor::command(&site.environment, file, line) {
            Ok(words) => words,
            Err(why) => return Ok(Err(why)),
        };
        self.give();
        match Borrower::start(Command::new(&words[0]).args(&words[1..]).current_dir(&site.project)) {
            Ok(borrower) => {
                self.borrower = Some(borrower);
                Ok(Ok(()))
            }
            Err(error) => {
                self.take_back()?;
                Ok(Err(format!("{} cannot be started: {error}", words[0])))
            }
        }
    }
}

fn terminal() -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(ROOM, io::stdout())))
}

/// What was done by whoever has the terminal.
enum Done {
    Pressed(Pressed),
    Borrower(Fate),
}

async fn done(borrower: &mut Option<Borrower>, keys: &mut Option<Keys>) -> Done {
    match (borrower, keys) {
        (Some(borrower), _) => Done::Borrower(borrower.next().await),
        (None, Some(keys)) => Done::Pressed(keys.next().await),
        (None, None) => std::future::pending().await,
    }
}
