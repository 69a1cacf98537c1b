//! What a process of a session asked for that only a person may ask for: refused, written down once, and said.

use crate::core::fact::Fact;
use crate::core::live::Owner;
use crate::core::supervisor::Supervisor;
use crate::model::id::TaskId;
use crate::model::session::Stranger;

/// So many are remembered, so that one that tries again and again fills no journal.
const REMEMBERED: usize = 256;

impl Supervisor {
    /// Says where a stranger belongs, and to which task.
    pub fn whose(&self, stranger: Stranger) -> (String, Option<TaskId>) {
        let session = match stranger {
            Stranger::Session(session) => session,
            Stranger::Elsewhere => return ("a session of another project".to_owned(), None),
            Stranger::Unknown => return ("nobody known (it has ended, or is out of sight)".to_owned(), None),
        };
        if self.live.planner.session == Some(session) {
            return ("the session of the planner".to_owned(), None);
        }
        let running = self.live.sessions.get(&session);
        match running.map(|running| (&running.owner, &running.check)) {
            Some((Owner::Attempt(task), _)) => (format!("the session of {task}"), Some(*task)),
            Some((Owner::Tree { .. }, Some(key))) => (format!("the session of the check {key}"), None),
            Some((Owner::Tree { .. }, None)) | None => ("a session that is over".to_owned(), None),
        }
    }

    /// Notes what a stranger asked for.
    pub(crate) fn trespassed(&mut self, stranger: Stranger, deed: String) {
        let note = (stranger, deed);
        if self.live.trespasses.contains(&note) {
            return;
        }
        if self.live.trespasses.len() >= REMEMBERED {
            self.live.trespasses.pop_front();
        }
        self.live.trespasses.push_back(note.clone());
        let (whose, task) = self.whose(stranger);
        self.record(Fact::Trespassed { task, whose, deed: note.1 });
    }
}
