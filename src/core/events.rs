//! Takes in what happened: from a person, from the agent of a task, from a file; each once.

use serde_json::Value;

use crate::core::book::{Known, Standing};
use crate::core::command::{Answer, Refusal};
use crate::core::effect::Work;
use crate::core::fact::Fact;
use crate::core::input::{Dropped, Product};
use crate::core::live::{JobOwner, Owner, Step};
use crate::core::supervisor::Supervisor;
use crate::model::event::{By, EXPOSED, Event, EventFile, MOST_DATA, Reporter};
use crate::model::id::{EventId, SessionId, TaskId};
use crate::model::routing::{self, Does};
use crate::model::task::Task;

impl Supervisor {
    /// Takes in that something happened.
    ///
    /// # Errors
    /// If it is no event, is about no task, or whoever reports it may not.
    pub(crate) fn emit(
        &mut self,
        kind: &str,
        data: String,
        task: Option<TaskId>,
        by: Reporter,
    ) -> Result<Answer, Refusal> {
        is_event(kind, &data)?;
        let (by, subject) = match by {
            Reporter::Session(session) => {
                let task = self.reports(session, kind, task)?;
                (By::Task(task.id), Some(subject_of(&task)))
            }
            Reporter::Person => (By::Person, self.meant(task)?),
            Reporter::File(file) => (By::File(file), self.meant(task)?),
        };
        if subject.is_none() {
            self.is_about_something(kind, &data, &by)?;
        }
        if let Some(known) = self.said_before(&by, kind, &data) {
            return Ok(answer(format!("event {} says that already", known.0), known));
        }
        let rate = self.settings.events.rate as usize;
        if let Some(subject) = subject.filter(|subject| self.book.events.rate(*subject, self.live.now.wall) > rate) {
            return Err(Refusal::because(format!(
                "{subject} has had all the events that it may have within an hour (events.rate is {rate})"
            )));
        }
        let id = self.happens(kind, data, by, subject);
        Ok(answer(format!("event {}: {kind}; `orchestrator-tui event {}` shows what came of it", id.0, id.0), id))
    }

    /// Writes down what happened.
    pub(crate) fn happens(&mut self, kind: &str, data: String, by: By, subject: Option<TaskId>) -> EventId {
        let led = match &by {
            By::Task(task) => self.book.task(*task),
            By::Queue => subject.and_then(|task| self.book.task(task)),
            By::Person | By::File(_) => None,
        };
        let before = led.and_then(|task| self.book.events.get(task.assignment()?.event?));
        let depth = before.map_or(1, |known| known.event.depth.saturating_add(1));
        let (id, at) = (self.book.events.next(), self.live.now.wall);
        let event = Event { id, kind: kind.to_owned(), data, by, subject, depth, at };
        self.record(Fact::Emitted { event: Box::new(event) });
        id
    }

    /// Makes sure that whoever an event about no task puts to work knows what it is about, and that nothing is to end which
    /// nobody has named.
    fn is_about_something(&self, kind: &str, data: &str, by: &By) -> Result<(), Refusal> {
        let (task, said) = match by {
            By::File(_) => (r#"`"task": 14`"#, r#"`"data": {"title": "…", "description": "…"}`"#),
            By::Person | By::Queue | By::Task(_) => ("`--task 14`", r#"`--data '{"title": "…", "description": "…"}'`"#),
        };
        let says = serde_json::from_str(data).is_ok_and(|data| says_something(&data));
        for does in routing::follows(&self.settings.rules, kind) {
            let why = match does {
                Does::Complete => format!("{kind} ends the task that it is about, and none is named; {task} names it"),
                Does::Start { .. } | Does::FileBug if says => continue,
                Does::Start { role, .. } => format!(
                    "{kind} puts the {role} to work, and nothing says on what; {task} names a task, or {said} says it"
                ),
                Does::FileBug => {
                    format!("{kind} files a bug, and nothing says which; {task} names what is wrong, or {said} says it")
                }
            };
            return Err(Refusal::usage(why));
        }
        Ok(())
    }

    /// Returns the task whose agent reports an event.
    fn reports(&self, session: SessionId, kind: &str, named: Option<TaskId>) -> Result<Task, Refusal> {
        let running = self.live.sessions.get(&session).filter(|running| running.check.is_none());
        let task = running.and_then(|running| match running.owner {
            Owner::Attempt(task) => self.book.task(task),
            Owner::Tree { .. } => None,
        });
        let works = |task: &Task| {
            let attempt = self.live.attempts.get(&task.id);
            attempt.is_some_and(|attempt| attempt.ending.is_none() && attempt.step == Step::Agent(Some(session)))
        };
        let Some(task) = task.filter(|task| works(task)) else {
            return Err(Refusal::because("only the agent of a task reports events, while it works"));
        };
        if named.is_some_and(|named| named != task.id && named != subject_of(task)) {
            return Err(Refusal::because(format!("an agent reports for its own task, {}, and no other", task.id)));
        }
        let role = Self::role_of(task);
        let emits = self.settings.roles.get(role).map(|role| role.emits.as_slice()).unwrap_or_default();
        if emits.iter().any(|known| known == kind) {
            return Ok(Task::clone(task));
        }
        let may = if emits.is_empty() { "nothing".to_owned() } else { emits.join(", ") };
        Err(Refusal::because(format!("the role {role} reports {may}, and not {kind}")))
    }

    /// Returns the subject that a task belongs to.
    fn meant(&self, task: Option<TaskId>) -> Result<Option<TaskId>, Refusal> {
        let Some(id) = task else { return Ok(None) };
        self.book.task(id).map(|task| Some(subject_of(task))).ok_or_else(|| Refusal::no_task(id))
    }

    /// Returns the event by which an agent has said the same in this very attempt.
    fn said_before(&self, by: &By, kind: &str, data: &str) -> Option<EventId> {
        let same = |known: &&Known| {
            known.standing == Standing::Open
                && known.event.by == *by
                && known.event.kind == kind
                && known.event.data == data
        };
        self.book.events.pending().find(same).map(|known| known.event.id)
    }

    /// Takes in a file of the folder for events, once; one that cannot be taken in is said, once.
    pub(crate) fn event_file(&mut self, file: EventFile, said: Result<Dropped, String>) {
        if !self.is_up() {
            // It stays there until the next start.
            return;
        }
        if self.book.events.why_left(&file) == Some(EXPOSED) {
            // Whoever wrote it did so when agents could: that none can any more says nothing.
            return;
        }
        let is_known = self.book.events.of_file(&file).is_some();
        let taken = if is_known { Ok(()) } else { self.dropped(&file, said) };
        match taken {
            Ok(()) => {
                // Not before the journal has it: a file that is gone is taken in by nobody.
                let seq = self.book.seq;
                self.give(JobOwner::EventFile(file.clone()), Work::PutAway { file }, Some(seq));
            }
            Err(why) => self.leave_file(file, why),
        }
    }

    fn dropped(&mut self, file: &EventFile, said: Result<Dropped, String>) -> Result<(), String> {
        said.and_then(|Dropped { event, data, task }| {
            let taken = self.emit(&event, data, task, Reporter::File(file.clone()));
            taken.map(|_| ()).map_err(|refusal| refusal.message)
        })
    }

    fn leave_file(&mut self, file: EventFile, why: String) {
        if self.book.events.why_left(&file).is_none() {
            self.record(Fact::EventFileLeft { file, why });
        }
    }

    /// Takes in whether a file that brought an event is out of the way. One that is not is known, and not taken twice.
    pub(crate) fn put_away(&mut self, file: EventFile, product: Product) {
        if let Product::Failed(why) = product {
            self.leave_file(file, format!("it was taken in, and cannot be moved away: {why}"));
        }
    }
}

/// Returns the task that passes from role to role, and that a task belongs to; by itself it is its own.
pub(crate) fn subject_of(task: &Task) -> TaskId {
    task.subject()
}

/// Whether there is any word in the data of an event, or a number that has a name, as that of a pull request.
fn says_something(data: &Value) -> bool {
    match data {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(fields) => fields.values().any(|value| value.is_number() || says_something(value)),
    }
}

fn is_event(kind: &str, data: &str) -> Result<(), Refusal> {
    if !routing::is_event(kind) {
        let hint = "write lower-case words with dots between them, such as pr.created";
        return Err(Refusal::usage(format!("{kind:?} is no event; {hint}")));
    }
    if data.len() > MOST_DATA {
        let size = data.len();
        return Err(Refusal::usage(format!("the data has {size} bytes; an event has at most {MOST_DATA}")));
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(data) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::usage(format!("the data is not JSON: {error}"))),
    }
}

fn answer(said: String, event: EventId) -> Answer {
    Answer { event: Some(event), ..Answer::said(said) }
}
