//! What the machine tells a session that runs.

use tokio::sync::mpsc;

use crate::model::question::Reply;
use crate::model::session::Rung;

/// What a session is told.
#[derive(Debug)]
pub enum Told {
    /// To end, so hard.
    End(Rung),
    /// What a person said to its request of this name.
    Answer(String, Reply),
    /// What a person says unasked.
    Message(String),
}

/// Hands a person's words to a session. Never drops them: a run that waits reads; one that is gone needs nothing.
pub fn hand_over(session: Option<&mpsc::Sender<Told>>, word: Told) {
    let Some(told) = session.cloned() else { return };
    tokio::spawn(async move { told.send(word).await });
}
