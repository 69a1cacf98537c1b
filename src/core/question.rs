//! What agents ask a person: opened once, answered once, by whoever answers first; silence is no answer.

use crate::core::book::Settled;
use crate::core::command::{Answer, Refusal};
use crate::core::effect::{Effect, PlannerOrder};
use crate::core::fact::Fact;
use crate::core::live::Step;
use crate::core::supervisor::Supervisor;
use crate::model::attempt::AttemptEnd;
use crate::model::hold::HoldReason;
use crate::model::id::{PlanId, QuestionId, SessionId, TaskId};
use crate::model::question::{About, Ask, Closed, Question, Reply};
use crate::model::settings::Unattended;
use crate::model::time::{Moment, brief};

/// What the planner is told that asks in a turn for which no fix waits any more.
const NOT_WANTED: &str = "The fix does not wait for this plan any more: ask nothing, and end your turn now.";

/// What an agent is told that asks which way to go where nobody can say.
const DECIDE: &str = "No person can answer now: decide yourself and say at the end what you assumed.";

impl Supervisor {
    /// Takes in that an agent waits for a person.
    pub(crate) fn agent_asks(&mut self, task: TaskId, session: SessionId, ask: Ask) {
        let Some(attempt) = self.live.attempts.get(&task) else { return };
        let agent = attempt.by.clone();
        // A run that is told to end is not answered: the request to end takes its questions back.
        if attempt.ending.is_none() && attempt.step == Step::Agent(Some(session)) {
            self.asks(task, session, agent, ask);
        }
    }

    /// Takes in that the planner waits for a person, in the turn of this question.
    pub(crate) fn planner_asks(&mut self, plan: PlanId, ask: Ask) {
        if let (Some(session), Some(task)) = (self.live.planner.session, self.planned_by(plan)) {
            return self.asks(task, session, "planner".to_owned(), ask);
        }
        // Its turn does not end before its dialog does, and nothing else is asked before that.
        let no = Reply::Deny { why: NOT_WANTED.to_owned() };
        self.out.push(Effect::Planner(PlannerOrder::Answer(ask.request, no)));
    }

    fn asks(&mut self, task: TaskId, session: SessionId, agent: String, ask: Ask) {
        if !self.live.requests.insert((session, ask.request.clone())) {
            return;
        }
        if self.book.grants.allow(task, &agent, &ask) {
            self.log(task, "allowed", format!("as before in this task: {}", ask.about.brief()));
            return self.tell(session, ask.request, Reply::Allow);
        }
        if !self.is_answered_by_somebody() {
            let why = match &ask.about {
                About::Permission { why, .. } => format!("Refused: {why}, and nobody can grant it now."),
                About::Choice { .. } | About::Plan { .. } => DECIDE.to_owned(),
            };
            self.log(task, "refused", format!("{}; nobody is here to ask", ask.about.brief()));
            return self.tell(session, ask.request, Reply::Deny { why });
        }
        let question = Question {
            id: self.book.last_question.next(),
            task,
            session,
            agent,
            shown: Question::stamp(session, &ask),
            ask,
            since: self.live.now.wall,
        };
        self.live.asked.insert(question.id, self.live.now.moment);
        self.record(Fact::Questioned { question: Box::new(question) });
        let now = self.live.now.moment;
        if let Some(attempt) = self.live.attempts.get_mut(&task) {
            attempt.asks_since = attempt.asks_since.or(Some(now));
        }
    }

    /// Lets the clock of a run go on when nothing of it waits for a person any more.
    fn go_on(&mut self, task: TaskId) {
        let now = self.live.now.moment;
        let still_asks = self.book.questions.values().any(|question| question.task == task);
        let attempt = self.live.attempts.get_mut(&task).filter(|_| !still_asks);
        if let Some((attempt, since)) = attempt.and_then(|attempt| attempt.asks_since.take().map(|at| (attempt, at))) {
            attempt.waited += now.since(since);
            // It has something to do only now.
            attempt.heard = Some(now);
        }
    }

    /// Whether questions wait for a person here: one is known to look, or the settings say that one will.
    fn is_answered_by_somebody(&self) -> bool {
        self.live.attended || self.settings.questions.unattended == Unattended::Wait
    }

    fn tell(&mut self, session: SessionId, request: String, reply: Reply) {
        if self.live.planner.session == Some(session) {
            return self.out.push(Effect::Planner(PlannerOrder::Answer(request, reply)));
        }
        self.out.push(Effect::Answer { session, request, reply });
    }

    /// Takes in that an agent does not wait any more.
    pub(crate) fn agent_withdrew(&mut self, session: SessionId, request: &str, why: Closed) {
        let is_meant = |known: &&Question| known.session == session && known.ask.request == request;
        let meant = self.book.questions.values().find(is_meant).map(|known| (known.id, known.task));
        if let Some((question, task)) = meant {
            self.record(Fact::Closed { question, task, why });
            self.go_on(task);
            self.wait_anew_for_plan(task);
        }
    }

    /// Takes in that a person answered where the agent reads it by itself: it is told nothing more.
    pub(crate) fn agent_knows(&mut self, task: TaskId, session: SessionId, request: &str, reply: Reply, by: String) {
        let is_meant = |known: &&Question| known.session == session && known.ask.request == request;
        match self.book.questions.values().find(is_meant).map(|known| (known.id, known.fits(&reply))) {
            Some((question, Ok(()))) => {
                self.record(Fact::Answered { question, task, reply, by });
            }
            Some((question, Err(why))) => self.log(task, "note", format!("question {}, {by}: {why}", question.0)),
            None => self.log(task, "note", format!("{by} came too late: {}", reply.brief())),
        }
    }

    /// Carries out a person's answer, or says why it comes to nothing.
    pub(crate) fn answer(&mut self, id: QuestionId, shown: &str, reply: Reply, by: String) -> Result<Answer, Refusal> {
        let Some(question) = self.book.questions.get(&id) else {
            let over = self.book.settled.iter().find(|settled| settled.question == id);
            let Some(how) = over.map(Settled::text) else { return Err(Refusal::no_question(id)) };
            return Err(Refusal::because(format!("question {} {how}", id.0)));
        };
        if question.shown != shown {
            return Err(Refusal::because(format!("question {} is not the one that was shown; look at it again", id.0)));
        }
        question.fits(&reply).map_err(|why| Refusal::because(format!("question {}: {why}", id.0)))?;
        let (task, session, ask) = (question.task, question.session, question.ask.clone());
        let said = format!("question {} of {task}: {}", id.0, reply.brief());
        self.record(Fact::Answered { question: id, task, reply: reply.clone(), by });
        self.go_on(task);
        self.tell(session, ask.request, reply);
        self.wait_anew_for_plan(task);
        Ok(Answer::said(said))
    }

    /// Closes what a task's run waits for, as it will not wait any longer.
    pub(crate) fn close_questions(&mut self, task: TaskId, why: Closed) {
        let of_task = self.book.questions.values().filter(|question| question.task == task);
        for question in of_task.map(|question| question.id).collect::<Vec<_>>() {
            self.record(Fact::Closed { question, task, why });
        }
        self.go_on(task);
    }

    /// Closes what a session waits for that is gone.
    pub(crate) fn close_questions_of(&mut self, session: SessionId) {
        let of_session = self.book.questions.values().filter(|question| question.session == session);
        for (question, task) in of_session.map(|question| (question.id, question.task)).collect::<Vec<_>>() {
            self.record(Fact::Closed { question, task, why: Closed::RunOver });
        }
    }

    /// Closes what a supervisor's runs waited for that is gone, and they with it.
    pub(crate) fn close_old_questions(&mut self) {
        let open: Vec<_> = self.book.questions.values().map(|question| (question.id, question.task)).collect();
        for (question, task) in open {
            self.record(Fact::Closed { question, task, why: Closed::Restarted });
        }
    }

    /// Ends runs whose question waits for too long. Nothing is allowed or denied by that; the task is held. Where it is
    /// the planner that asks, the fix goes on without it.
    pub(crate) fn end_unanswered(&mut self) {
        let wait = self.settings.questions.wait;
        let now = self.live.now.moment;
        self.live.asked.retain(|question, _| self.book.questions.contains_key(question));
        let late = |question: &&Question| self.expires(question.id).is_some_and(|at| at <= now);
        let late: Vec<_> = self.book.questions.values().filter(late).map(|late| (late.id, late.task)).collect();
        for (question, task) in late {
            let is_open = self.book.questions.contains_key(&question);
            let Some(attempt) = self.live.attempts.get_mut(&task).filter(|_| is_open) else { continue };
            if attempt.ending.is_some() {
                continue;
            }
            let why = format!("nobody answered question {} within {}", question.0, brief(wait));
            if let Step::Plan(..) = attempt.step {
                self.close_questions(task, Closed::Unanswered);
                self.go_without_plan(task, why);
                continue;
            }
            attempt.held_after = Some(HoldReason::Unanswered);
            self.close_questions(task, Closed::Unanswered);
            self.end_attempt(task, AttemptEnd::Parked { why });
        }
    }

    /// Returns when a question has waited for too long, by the steady clock.
    fn expires(&self, question: QuestionId) -> Option<Moment> {
        self.live.asked.get(&question).map(|asked| asked.after(self.settings.questions.wait))
    }

    /// Returns when the oldest question has waited for too long.
    pub(crate) fn question_wakes(&self) -> Option<Moment> {
        self.book.questions.keys().filter_map(|question| self.expires(*question)).min()
    }
}
