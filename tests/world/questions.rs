//! Agents that ask, and people who answer: at once, late, twice, each other's questions.

use std::collections::BTreeMap;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::Effect;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::Input;
use orchestrator_tui::model::agent::AgentReport;
use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::question::{About, Ask, Choice, Closed, Offer, Question, Reply};

use super::effects::Deed;
use super::{Ending, Event, World};

/// The most answers that come for one question at once.
const ANSWERERS: u64 = 4;

#[derive(Default)]
pub(super) struct Inbox {
    /// Requests of agents that are alive, and whether each was answered.
    waiting: BTreeMap<(SessionId, String), bool>,
    /// The request that reaches the machine just now.
    asking: Option<(SessionId, String)>,
    /// What a person says just now: the request and the reply.
    saying: Option<(SessionId, String, Reply)>,
    /// Every question that a face ever saw.
    read: Vec<Question>,
}

impl Inbox {
    /// A request reaches the machine just now.
    pub(super) fn opens(&mut self, request: (SessionId, String)) {
        self.waiting.insert(request.clone(), false);
        self.asking = Some(request);
    }

    /// Nobody waits for an answer to this any more.
    pub(super) fn drop_one(&mut self, session: SessionId, request: &str) {
        self.waiting.remove(&(session, request.to_owned()));
    }

    /// Nobody waits for an answer to anything that a session asked.
    pub(super) fn drop_all(&mut self, session: SessionId) {
        self.waiting.retain(|(asker, _), _| *asker != session);
    }
}

impl World {
    /// An agent asks, always with one of a few texts: identical prompts follow each other.
    pub(super) fn agent_questions(&mut self, session: SessionId, request: String) {
        if !self.sessions.contains_key(&session) {
            return;
        }
        let about = match self.chance.below(4) {
            0 => About::Plan { plan: "mend it".into() },
            1 => {
                let options = ["left", "right"].map(|label| Offer { label: label.into(), description: String::new() });
                let part =
                    Choice { header: "way".into(), text: "Which?".into(), options: options.to_vec(), several: false };
                About::Choice { parts: vec![part] }
            }
            _ => About::Permission { tool: "Bash".into(), wants: "make".into(), why: "no rule".into() },
        };
        self.report.questions += 1;
        self.inbox.waiting.insert((session, request.clone()), false);
        if self.chance.one_in(6) {
            let delay = self.chance.between(1, 20_000);
            self.at(delay, Event::Withdraws(session, request.clone()));
        }
        self.inbox.asking = Some((session, request.clone()));
        let asks = Input::Reported(session, AgentReport::Asks(Ask { request, exact: "make".into(), about }));
        self.input(asks.clone());
        if self.chance.one_in(20) {
            self.input(asks);
        }
        self.inbox.asking = None;
    }

    pub(super) fn agent_withdraws(&mut self, session: SessionId, request: String) {
        if self.inbox.waiting.get(&(session, request.clone())) == Some(&false) {
            self.inbox.waiting.remove(&(session, request.clone()));
            self.input(Input::Reported(session, AgentReport::Withdrew { request }));
        }
    }

    /// Whether a session goes on because it waits for an answer; one that dies does not care.
    pub(super) fn waits(&self, session: SessionId, ending: &Ending) -> bool {
        let dies = match ending {
            Ending::Agent(plan) => plan.deed == Deed::Dies,
            Ending::Run(_) => true,
        };
        let mut asked = self.inbox.waiting.iter().filter(|((asker, _), _)| *asker == session);
        !dies && self.sessions.contains_key(&session) && asked.any(|(_, answered)| !answered)
    }

    /// An answer reaches its agent: the one that asked, once, and as it was said.
    pub(super) fn agent_hears(&mut self, session: SessionId, request: String, reply: &Reply) {
        let key = (session, request);
        let is_planner = self.planner_session == Some(session);
        assert!(is_planner || self.sessions.contains_key(&session), "an answer for {key:?}, which is over");
        match self.inbox.waiting.insert(key.clone(), true) {
            Some(false) => {}
            // It had taken the request back, and the machine was not told yet.
            before => panic!("an answer for {key:?} that was {before:?}"),
        }
        match &self.inbox.saying {
            Some((run, asked, said)) => {
                assert_eq!(((*run, asked.clone()), said), (key, reply), "an answer went astray");
                self.report.answered += 1;
            }
            // Nobody is there, or it was allowed for the task before.
            None => assert_eq!(self.inbox.asking, Some(key), "nobody said {reply:?}"),
        }
    }

    /// Faces read what is open.
    pub(super) fn read_questions(&mut self) {
        for question in self.machine.book().questions.values() {
            if !self.inbox.read.contains(question) {
                self.inbox.read.push(question.clone());
            }
        }
    }

    /// Several people answer what they have read, some of it long ago.
    pub(super) fn people_answer(&mut self) {
        let open: Vec<Question> = self.machine.book().questions.values().cloned().collect();
        let question = if !open.is_empty() && !self.chance.one_in(5) {
            self.chance.pick(&open).clone()
        } else if !self.inbox.read.is_empty() {
            let read = std::mem::take(&mut self.inbox.read);
            let question = self.chance.pick(&read).clone();
            self.inbox.read = read;
            question
        } else {
            return;
        };
        for _ in 0..self.chance.between(1, ANSWERERS) {
            if self.chance.one_in(5) {
                self.answered_in_place(&question);
            } else {
                self.somebody_answers(&question);
            }
        }
    }

    /// A person answers where the agent reads it by itself; the machine hears of it, perhaps too late.
    fn answered_in_place(&mut self, question: &Question) {
        let About::Choice { .. } = question.ask.about else { return };
        let (session, request) = (question.session, question.ask.request.clone());
        let is_open = self.machine.book().questions.get(&question.id) == Some(question) && self.gone.is_none();
        if is_open && let Some(answered) = self.inbox.waiting.get_mut(&(session, request.clone())) {
            *answered = true;
            self.report.answered += 1;
        }
        let reply = Reply::Choose { answers: vec![vec!["left".into()]] };
        self.input(Input::Reported(session, AgentReport::Answered { request, reply, by: "a file".into() }));
        assert_ne!(
            self.machine.book().questions.get(&question.id),
            Some(question),
            "it is answered, or never was open"
        );
    }

    fn somebody_answers(&mut self, question: &Question) {
        let reply = match self.chance.below(6) {
            0 => Reply::Deny { why: "no".into() },
            1 => Reply::AllowForTask,
            2 => Reply::Choose { answers: vec![vec!["left".into()]] },
            _ => match question.ask.about {
                About::Choice { .. } => Reply::Choose { answers: vec![vec!["right".into()]] },
                About::Permission { .. } | About::Plan { .. } => Reply::Allow,
            },
        };
        let shown = if self.chance.one_in(8) { "another".to_owned() } else { question.shown.clone() };
        let is_open = self.machine.book().questions.get(&question.id) == Some(question) && shown == question.shown;
        let accepted = is_open && question.fits(&reply).is_ok() && self.gone.is_none();
        let (answered, session) = (self.report.answered, question.session);
        self.inbox.saying = Some((session, question.ask.request.clone(), reply.clone()));
        self.ask(Command::Answer { question: question.id, shown, reply, by: "somebody".into() });
        self.inbox.saying = None;
        let took = self.report.answered > answered;
        assert_eq!(took, accepted, "question {question:?} took an answer, or did not");
        self.report.late_answers += u64::from(!is_open);
    }

    /// The agents died with the supervisor, and what they waited for with them.
    pub(super) fn forget_requests(&mut self) {
        self.inbox.waiting.clear();
    }

    /// Counts what became of questions.
    pub(super) fn count_question(&mut self, effect: &Effect) {
        let Effect::Record(recorded) = effect else { return };
        if let Fact::Closed { why, .. } = &recorded.fact {
            match why {
                Closed::Withdrawn | Closed::There => self.report.withdrawn += 1,
                Closed::Unanswered => self.report.unanswered += 1,
                Closed::Restarted => self.report.restarted += 1,
                Closed::RunOver => {}
            }
        }
    }

    /// Whoever still waits at the end is over.
    pub(super) fn check_questions(&self) {
        if self.gone.is_some() && !self.sessions.is_empty() {
            // Told to end three times, it waited for nobody.
            return;
        }
        let left: Vec<_> = self
            .inbox
            .waiting
            .iter()
            .filter(|((session, _), answered)| {
                !**answered && (self.sessions.contains_key(session) || self.planner_session == Some(*session))
            })
            .collect();
        assert!(left.is_empty(), "nobody ever answered {left:?}");
    }
}
