//! What lies between the screen and the supervisor: events come, wishes go.

use tokio::sync::mpsc;

use crate::core::command::Command;
use crate::model::id::TaskId;
use crate::ui::event::Event;

/// What the screen wants from the supervisor.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// A command; answered by [`Event::Answered`].
    Command(Command),
    /// All about a task; answered by [`Event::Detailed`] and [`Event::Told`].
    Task(TaskId),
    /// That the supervisor goes on without this screen.
    Leave,
}

/// The two ends that the screen holds.
pub(super) struct Link {
    /// What happens.
    pub(super) events: mpsc::Receiver<Event>,
    /// What is wanted.
    pub(super) wanted: mpsc::Sender<Wanted>,
}
