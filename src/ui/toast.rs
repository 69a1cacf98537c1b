//! What shows for a while: few lines, and those that matter stay until somebody has seen them.

use std::time::Duration;

use super::keyed::keyed;
use super::state::State;
use crate::model::time::Wall;

/// How long a toast stays.
pub const TOAST: Duration = Duration::from_secs(6);

/// The most toasts at a time: more than a glance takes in are none.
pub const TOASTS: usize = 3;

/// How long a toast was there before a key means that it was seen.
const GLANCE: Duration = Duration::from_secs(1);

/// How much a toast matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Note,
    /// Well done.
    Good,
    /// Went wrong, or a person has to know it.
    Bad,
}

/// A line that shows for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
    /// Since when it shows.
    pub since: Wall,
    /// When it goes; nothing: once it was seen.
    pub until: Option<Wall>,
    /// Whether it answers a key; the next answer takes its place.
    pub is_answer: bool,
}

impl State {
    /// Shows a line for a while. One that came by itself and matters stays until somebody is there.
    pub(super) fn toast(&mut self, tone: Tone, text: &str, is_answer: bool) {
        let text = keyed(self, text);
        let until = (is_answer || tone != Tone::Bad).then(|| self.now.after(TOAST));
        self.toasts.retain(|toast| toast.text != text && !(is_answer && toast.is_answer));
        self.toasts.push(Toast { text, tone, since: self.now, until, is_answer });
        if self.toasts.len() > TOASTS {
            let oldest = self.toasts.iter().position(|toast| toast.until.is_some()).unwrap_or(0);
            self.toasts.remove(oldest);
        }
    }

    /// Somebody is there: what was shown long enough to be read goes after its time.
    pub(super) fn toasts_seen(&mut self) {
        let (now, until) = (self.now, self.now.after(TOAST));
        for toast in self.toasts.iter_mut().filter(|toast| toast.since.after(GLANCE) <= now) {
            toast.until = toast.until.or(Some(until));
        }
    }
}
