//! Reads what the user does at the terminal; can stop reading while the terminal is lent to somebody else.

use std::pin::Pin;
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream, KeyEvent, MouseEvent};
use futures_core::Stream as _;

/// What the user did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// A paste.
    Paste(String),
    /// The window has another size.
    Resized(u16, u16),
    /// Nothing that matters.
    Nothing,
    /// The terminal is gone.
    Gone,
}

/// The user's keys. Dropped before the terminal is lent: its thread would take the keys from the other program.
#[derive(Debug, Default)]
pub struct Keys(EventStream);

impl Keys {
    /// Waits for the next thing the user does.
    pub async fn next(&mut self) -> Pressed {
        let next =
            std::future::poll_fn(|context: &mut Context<'_>| -> Poll<_> { Pin::new(&mut self.0).poll_next(context) });
        match next.await {
            Some(Ok(Event::Key(key))) => Pressed::Key(key),
            Some(Ok(Event::Mouse(mouse))) => Pressed::Mouse(mouse),
            Some(Ok(Event::Paste(text))) => Pressed::Paste(text),
            Some(Ok(Event::Resize(columns, rows))) => Pressed::Resized(columns, rows),
            Some(Ok(Event::FocusGained | Event::FocusLost)) => Pressed::Nothing,
            Some(Err(_)) | None => Pressed::Gone,
        }
    }
}
