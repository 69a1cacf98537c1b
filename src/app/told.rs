//! What the machine tells a session that runs.

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
