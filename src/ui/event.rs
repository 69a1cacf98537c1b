//! What reaches the screen, and what it wants from the app.

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use crate::core::command::Command;
use crate::core::effect::Recorded;
use crate::core::view::{Detail, Happening, View};
use crate::model::id::{BatchId, EventId, SessionId, TaskId};
use crate::model::path::ProjectPath;
use crate::model::session::Terminal;

use super::state::Told;

/// Something that reaches the screen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was moved, pressed or turned.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// Time passed; [`State::next_tick`](super::state::State::next_tick) asked for it.
    Tick,
    /// The supervisor looks like this now.
    Seen(Box<View>),
    /// All about a task, as asked for.
    Detailed(Box<Detail>),
    /// What happened in a task so far, as asked for, oldest first; `cut`: there was more before.
    Told {
        /// Which task.
        task: TaskId,
        /// What happened.
        facts: Vec<Recorded>,
        /// Whether the beginning is missing.
        cut: bool,
    },
    /// An event, whole, as asked for, or why it cannot be had.
    Whole(EventId, Result<Box<Happening>, String>),
    /// The report of a day, as asked for, or why it cannot be had.
    Reported(BatchId, Result<Told, String>),
    /// Something became true just now.
    Happened(Box<Recorded>),
    /// A command was answered; the error is a refusal.
    Answered(Result<String, String>),
    /// Something came from the terminal of a session.
    Terminal(SessionId, News),
    /// The supervisor is gone, for this reason; empty: it ended in order.
    Gone(String),
}

/// What comes from the terminal of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// What it is like; what it writes from the offset on is new, and what it asks before was asked of somebody else.
    About(Terminal, u64),
    /// What it wrote, from this offset on.
    Output(u64, Vec<u8>),
    /// So many bytes are left out here.
    Hole(u64),
    /// It has so many columns and rows from here on.
    Size(u16, u16),
    /// It shows nothing more, for this reason.
    Over(String),
}

/// What the screen wants of the terminal that it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To show the terminal of this session instead of any other.
    Attach(SessionId),
    /// To show none.
    Detach,
    /// To type this.
    Type(Vec<u8>),
    /// To tell it this of the mouse.
    Mouse(Vec<u8>),
    /// To answer this to what the program asked before that offset.
    Answer(u64, Vec<u8>),
    /// To give it so many columns and rows.
    Size(u16, u16),
}

/// How a person leaves while work runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// What runs may finish, within `limits.stop`.
    Finish,
    /// What runs is ended now and begins again the next time.
    Stop,
    /// The supervisor goes on without a screen.
    LeaveRunning,
}

/// What the screen wants from the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Ask the supervisor for something.
    Command(Command),
    /// Fetch all about a task, and what happened in it.
    Fetch(TaskId),
    /// Fetch an event, whole.
    Event(EventId),
    /// Fetch the report of a day.
    Report(BatchId),
    /// Open a file in the user's editor.
    Edit(ProjectPath, Option<u32>),
    /// Something new waits for the person; the app rings or writes it, as the settings say.
    Attention(String),
    /// Put text into the clipboard of the terminal.
    Copy(String),
    /// Something about the terminal of a session.
    Terminal(Wish),
    /// Whether the mouse belongs to the screen.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Leave.
    Leave(Leave),
    /// Do what a signal to stop does.
    Interrupt,
}
