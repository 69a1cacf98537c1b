//! The terminal that a person looks at: which session, how it stands, where it is scrolled to, who has the keys.

use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::emulator::Emulator;
use super::select::Selection;
use crate::model::id::SessionId;
use crate::model::session::Terminal;

/// How a session's terminal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is being attached to.
    Opening,
    /// It runs.
    Open,
    /// It shows nothing more, for this reason.
    Over(String),
}

/// The terminal that a person looks at.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Whose it is.
    pub session: SessionId,
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub phase: Phase,
    /// Its screen.
    pub emulator: Emulator,
    /// What it is like.
    pub about: Terminal,
    /// Whether a person who could type only wants to look.
    pub only_looks: bool,
    /// The line at the foot; none: the newest.
    pub foot: Option<u64>,
    /// What is marked.
    pub marked: Option<Selection>,
    /// Whether the mouse is held while it marks.
    pub is_marking: bool,
    /// Keys that may become the chord that leaves.
    pub(in crate::ui) held: Vec<KeyEvent>,
    /// Whether a person has typed into it: when it ends, the next keys are still meant for it.
    pub(in crate::ui) was_typed: bool,
    /// What is asked before this offset was asked of somebody else.
    pub(in crate::ui) live_from: u64,
    /// The size that was asked for last.
    pub(in crate::ui) asked: Option<(u16, u16)>,
}

impl Attached {
    /// Begins with nothing shown yet.
    pub fn new(session: SessionId, name: String, only_looks: bool) -> Self {
        let about = Terminal::default();
        Self {
            session,
            name,
            phase: Phase::Opening,
            emulator: Emulator::new(about.size, about.raw),
            about,
            only_looks,
            foot: None,
            marked: None,
            is_marking: false,
            held: Vec::new(),
            was_typed: false,
            live_from: 0,
            asked: None,
        }
    }

    /// Whether keys go to the program.
    pub fn is_typed(&self) -> bool {
        self.phase == Phase::Open && self.about.typing && !self.only_looks
    }

    /// Whether keys are not ours: they go to the program, or were meant for one that is not there yet, or not any more.
    pub fn has_keys(&self) -> bool {
        !self.only_looks
            && match self.phase {
                Phase::Opening => true,
                Phase::Open => self.about.typing,
                Phase::Over(_) => self.was_typed,
            }
    }

    /// Returns how many lines lie below what is shown in a pane.
    pub fn below(&self, pane: Rect) -> u64 {
        self.emulator.below((pane.width, pane.height), self.foot)
    }

    /// Turns it by so many lines down, or up if negative.
    pub fn turn(&mut self, pane: Rect, lines: i64) {
        self.foot = self.emulator.turned((pane.width, pane.height), self.foot, lines);
    }
}
