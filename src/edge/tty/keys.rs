//! Reads what the user does at the terminal; can stop reading while the terminal is lent to somebody else.

use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

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

/// How long the end of the reading thread is waited for; it is told, and has nothing else to do.
const ENDING: Duration = Duration::from_secs(5);

/// The user's keys. Dropped before the terminal is lent: its thread would take the keys from the other program. Once it is
/// dropped, nothing is read any more.
#[derive(Debug)]
pub struct Keys {
    /// Nothing once it ends.
    stream: Option<EventStream>,
    relay: Option<Arc<Relay>>,
    gone: Receiver<()>,
}

/// Passes on that there is something to read. The reading thread keeps one for as long as it reads: with the last is gone
/// whoever could read.
#[derive(Debug)]
struct Relay {
    outer: Mutex<Waker>,
    _reads: Sender<()>,
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.outer.lock().unwrap_or_else(PoisonError::into_inner).wake_by_ref();
    }
}

impl Default for Keys {
    fn default() -> Self {
        let (reads, gone) = channel();
        let relay = Relay { outer: Mutex::new(Waker::noop().clone()), _reads: reads };
        Self { stream: Some(EventStream::default()), relay: Some(Arc::new(relay)), gone }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Tells the thread to end; a key that is typed before it does so would be taken.
        (self.stream, self.relay) = (None, None);
        let _ = self.gone.recv_timeout(ENDING);
    }
}

impl Keys {
    /// Waits for the next thing the user does.
    pub async fn next(&mut self) -> Pressed {
        let next = std::future::poll_fn(|context: &mut Context<'_>| self.poll(context));
        match next.await {
            Some(Ok(Event::Key(key))) => Pressed::Key(key),
            Some(Ok(Event::Mouse(mouse))) => Pressed::Mouse(mouse),
            Some(Ok(Event::Paste(text))) => Pressed::Paste(text),
            Some(Ok(Event::Resize(columns, rows))) => Pressed::Resized(columns, rows),
            Some(Ok(Event::FocusGained | Event::FocusLost)) => Pressed::Nothing,
            Some(Err(_)) | None => Pressed::Gone,
        }
    }

    fn poll(&mut self, context: &Context<'_>) -> Poll<Option<std::io::Result<Event>>> {
        let (Some(stream), Some(relay)) = (&mut self.stream, &self.relay) else { return Poll::Ready(None) };
        context.waker().clone_into(&mut relay.outer.lock().unwrap_or_else(PoisonError::into_inner));
        let waker = Waker::from(Arc::clone(relay));
        Pin::new(stream).poll_next(&mut Context::from_waker(&waker))
    }
}
