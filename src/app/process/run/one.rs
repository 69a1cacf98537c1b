//! Carries out one command where no supervisor runs: only what gets to the disk is done, and said.

use super::Shell;
use crate::app::clock;
use crate::app::failure::Failure;
use crate::core::command::Command;
use crate::core::input::{Input, Start};
use crate::edge::store::StoreError;
use crate::model::task::{DoneReason, TaskState};

impl Shell {
    /// Carries out one command, as the machine decides, and returns what it answered.
    ///
    /// # Errors
    /// If the command was refused, or the journal cannot be written.
    pub async fn run_one(mut self, start: Start, command: Command) -> Result<String, Failure> {
        self.held.only_on_disk();
        self.input(Input::Started(Box::new(start)));
        let request = self.waiting.number();
        let landing = if let Command::Land { task, .. } = &command { Some(*task) } else { None };
        self.input(Input::Asked(request, command));
        while self.exit.is_none() {
            tokio::select! {
                Ok(()) = self.stored.changed() => {
                    let outage = self.stored.borrow().outage.clone();
                    if let Some(error) = outage {
                        // What was begun and is not on disk is not done; what has to be taken back is by the next start.
                        let _ = self.leave();
                        return Err(unwritten(&error));
                    }
                    self.stored();
                }
                Some(input) = self.channels.inputs.recv() => self.input(input),
            }
        }
        let mut answer = self.answer.take();
        if let Some(task) = landing.and_then(|task| self.machine.book().task(task))
            && let Some(Ok(_)) = answer
        {
            // The first answer is that it has begun; by now it has ended, one way or the other.
            let said = format!("{} {}", task.id, task.state.reason(clock::wall()));
            let has_landed = matches!(task.state, TaskState::Done(DoneReason::Landed(_)));
            answer = Some(if has_landed { Ok(said) } else { Err(said) });
        }
        self.leave().1.map_err(|error| unwritten(&error))?;
        match answer {
            Some(Ok(said)) => Ok(said),
            Some(Err(why)) => Err(Failure::refused(why)),
            None => Err(Failure::refused("it was not answered")),
        }
    }
}

fn unwritten(error: &StoreError) -> Failure {
    Failure::supervisor(format!(
        "the journal cannot be written: {error}\nhint: end what holds it, or make room, and say it again; `orchestrator-tui tasks` shows what came of it"
    ))
}
