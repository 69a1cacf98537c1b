//! What a person tells a running agent, unasked: whether it can hear it, and that it was said.

use crate::core::command::{Answer, Refusal};
use crate::core::effect::Effect;
use crate::core::fact::Fact;
use crate::core::live::Step;
use crate::core::supervisor::Supervisor;
use crate::model::id::{SessionId, TaskId};
use crate::model::question::LONGEST;
use crate::model::settings::AgentKind;
use crate::model::task::Task;

impl Supervisor {
    /// Whether the agent of a task would hear a message now.
    pub(crate) fn may_message(&self, task: &Task) -> bool {
        self.listener(task).is_ok()
    }

    /// Returns the session that hears messages about a task, or why none does.
    fn listener(&self, task: &Task) -> Result<SessionId, String> {
        let id = task.id;
        let Some(attempt) = self.live.attempts.get(&id) else {
            return Err(format!("no agent works on {id} now: it is {}", task.state.reason(self.live.now.wall)));
        };
        let Step::Agent(Some(session)) = attempt.step else {
            return Err(format!(
                "no agent works on {id} just now ({}); a message needs one that runs",
                attempt.stage.name_for(task.assignment().is_some())
            ));
        };
        if attempt.ending.is_some() {
            return Err(format!("the agent of {id} is told to end"));
        }
        if attempt.said.is_some() || attempt.over.is_some() {
            return Err(format!("the agent of {id} has said that it is done"));
        }
        match self.settings.agents.get(&attempt.by).map(|agent| agent.kind) {
            Some(AgentKind::Claude) => Ok(session),
            Some(AgentKind::Command) => {
                Err(format!("{} reads its prompt and nothing more (it is of kind \"command\")", attempt.by))
            }
            None => Err(format!("{} is no longer in the configuration", attempt.by)),
        }
    }

    /// Tells a running agent something, or says why it cannot hear it.
    pub(crate) fn message(&mut self, id: TaskId, text: &str, by: String) -> Result<Answer, Refusal> {
        let task = self.task(id).ok_or_else(|| Refusal::no_task(id))?;
        let session = self.listener(&task).map_err(Refusal::because)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::because("there is nothing in the message"));
        }
        let length = text.chars().count();
        if length > LONGEST {
            return Err(Refusal::because(format!("the message has {length} characters; {LONGEST} are possible")));
        }
        self.record(Fact::Messaged { task: id, text: text.to_owned(), by });
        self.out.push(Effect::Tell { session, text: text.to_owned() });
        let waits = self.book.questions.values().any(|question| question.task == id);
        let when = if waits { "when its question is answered" } else { "after the step that it is at" };
        Ok(Answer::said(format!("the agent of {id} reads it {when}")))
    }
}
