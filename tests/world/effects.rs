//! Carries effects into the world, with delays and faults.

use orchestrator_tui::core::effect::{AgentOrder, Effect, Place, RunOrder, Work};
use orchestrator_tui::core::input::Input;
use orchestrator_tui::core::lanes::lane;
use orchestrator_tui::model::agent::{AgentReport, AgentResult, Trouble, Violation};
use orchestrator_tui::model::assignment::Lane;
use orchestrator_tui::model::id::{JobId, Seq, SessionId};
use orchestrator_tui::model::session::{Exit, Rung};

use super::disk::{mended, number};
use super::{Ending, Event, World};

/// A live session of the world.
pub(super) struct Session {
    pub ending: Ending,
    /// The rung it needs to end early; `None`: any.
    pub stubborn: Option<Rung>,
}

/// A command line and how it will go.
#[derive(Clone)]
pub(super) struct RunPlan {
    pub order: RunOrder,
    pub fault: RunFault,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RunFault {
    None,
    Flaky,
    OtherFailure,
    AlwaysGreen,
    TimesOut,
    Broken,
}

/// An agent and how it will go.
#[derive(Clone)]
pub(super) struct AgentPlan {
    pub order: AgentOrder,
    pub deed: Deed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Mends,
    MendsHalf,
    Nothing,
    Breaks,
    Dies,
    SaysError,
    RateLimit,
    Login,
    BreaksRule,
    Cheats,
}

impl World {
    pub(super) fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Record(recorded) => {
                assert_eq!(recorded.seq.0 as usize, self.journal.len() + 1, "a gap in the journal");
                self.journal.push(recorded);
                let seq = Seq(self.journal.len() as u64);
                let slow = self.slow_until.saturating_sub(self.now);
                let delay = if self.calm { 1 } else { self.chance.between(1, 40) + slow };
                self.at(delay, Event::Stores(seq));
            }
            Effect::Run(order) => self.runs(*order),
            Effect::StartAgent(order) => self.agent_starts(*order),
            Effect::Planner(order) => self.planner(order),
            Effect::Answer { session, request, reply } => self.agent_hears(session, request, &reply),
            Effect::Tell { session, text } => {
                assert!(self.sessions.contains_key(&session), "nobody is left to hear {text:?}");
            }
            Effect::Signal(session, rung) => self.signals(session, rung),
            Effect::Do { job, work, after } => match after {
                Some(seq) if self.stored < seq.0 as usize => self.waiting_for_store.push((seq, job, work)),
                _ => self.works_later(job, work),
            },
            Effect::Reply(request, _) => assert!(self.asked.remove(&request), "a second reply to {request:?}"),
            Effect::Exit(code) => {
                assert!(self.sessions.is_empty() || self.report.quits > 0 || !self.calm, "left with sessions alive");
                self.gone = Some(code);
            }
        }
    }

    pub(super) fn stores(&mut self, seq: Seq) {
        self.stored = self.stored.max(seq.0 as usize).min(self.journal.len());
        self.input(Input::Stored(seq));
        let stored = self.stored;
        let (ready, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting_for_store)
            .into_iter()
            .partition(|(after, _, _)| after.0 as usize <= stored);
        self.waiting_for_store.extend(waiting);
        for (_, job, work) in ready {
            self.works_later(job, work);
        }
    }

    fn works_later(&mut self, job: JobId, work: Work) {
        let slowest = if self.chance.one_in(10) { 9_000 } else { 400 };
        let delay = if self.calm { 5 } else { self.chance.between(1, slowest) };
        self.at(delay, Event::Works(job, work));
    }

    fn runs(&mut self, order: RunOrder) {
        let session = order.session;
        assert!(!self.sessions.contains_key(&session) && !self.ended.contains(&session), "{session:?} twice");
        assert!(!order.line.is_empty(), "nothing to run for {}", order.title);
        let fault = if self.calm { RunFault::None } else { self.run_fault(&order) };
        let delay = if self.calm { 20 } else { self.chance.between(1, 4_000) };
        let stubborn = (!self.calm && self.chance.one_in(10)).then_some(Rung::Kill);
        let plan = RunPlan { order, fault };
        let ending = Ending::Run(Box::new(plan));
        self.sessions.insert(session, Session { ending: ending.clone(), stubborn });
        self.at(delay, Event::Ends(session, ending));
    }

    fn run_fault(&mut self, order: &RunOrder) -> RunFault {
        let in_workspace = order.place != Place::Tree;
        match self.chance.below(60) {
            0 | 1 => RunFault::Flaky,
            2 if in_workspace => RunFault::OtherFailure,
            3 if in_workspace => RunFault::AlwaysGreen,
            4 => RunFault::TimesOut,
            5 if self.chance.one_in(4) => RunFault::Broken,
            _ => RunFault::None,
        }
    }

    fn agent_starts(&mut self, order: AgentOrder) {
        let session = order.session;
        self.check_order(&order);
        assert!(!self.ended.contains(&session) && !self.sessions.contains_key(&session), "{session:?} twice");
        let kind = lane(&order.task);
        let beside =
            |session: &&Session| matches!(&session.ending, Ending::Agent(plan) if lane(&plan.order.task) == kind);
        let agents = self.sessions.values().filter(beside).count() as u32;
        let lanes = self.settings.lanes;
        let width = match kind {
            Lane::Fix => self.settings.limits.running,
            Lane::Day => lanes.day,
            Lane::Session => lanes.session,
            Lane::Queue => lanes.queue,
            Lane::Issue => lanes.issue,
        };
        assert!(agents < width, "{agents} agents of {kind} already run");
        assert!(self.machine.live().repository.operation.is_none(), "an agent starts during a rebase");
        if !self.calm && self.chance.one_in(40) {
            return self.at(3, Event::Reaches(Input::AgentFailed(session, "no such program".into())));
        }
        let deeds = [
            Deed::Mends,
            Deed::Mends,
            Deed::Mends,
            Deed::Mends,
            Deed::MendsHalf,
            Deed::Nothing,
            Deed::Breaks,
            Deed::Dies,
            Deed::SaysError,
            Deed::RateLimit,
            Deed::Login,
            Deed::BreaksRule,
            Deed::Cheats,
        ];
        let deed = if self.calm { Deed::Mends } else { *self.chance.pick(&deeds) };
        let longest = if self.chance.one_in(2) { 5_000 } else { 60_000 };
        let delay = if self.calm { 100 } else { self.chance.between(1, longest) };
        let stubborn = (!self.calm && self.chance.one_in(5)).then_some(Rung::Kill);
        self.agent_reports(&order, delay);
        let ending = Ending::Agent(Box::new(AgentPlan { order, deed }));
        self.sessions.insert(session, Session { ending: ending.clone(), stubborn });
        self.at(1, Event::Reaches(Input::Reported(session, AgentReport::Began)));
        self.at(
            1,
            Event::Reaches(Input::Reported(
                session,
                AgentReport::Ready { conversation: "c".into(), model: "m".into() },
            )),
        );
        self.agent_spends(session, delay);
        if !self.calm && self.chance.one_in(3) {
            for number in 1..=self.chance.between(1, 3) {
                let moment = self.chance.between(1, delay);
                self.at(moment, Event::Questions(session, format!("request {number}")));
            }
        }
        match deed {
            Deed::RateLimit => {
                let trouble = AgentReport::Trouble(Trouble::RateLimit { until: None });
                self.at(delay, Event::Reaches(Input::Reported(session, trouble)));
            }
            Deed::Login => {
                let trouble = AgentReport::Trouble(Trouble::Login { message: "no".into() });
                self.at(delay, Event::Reaches(Input::Reported(session, trouble)));
            }
            Deed::BreaksRule => {
                let violation = Violation { rule: "guard.git".into(), what: "git push".into(), why: "no".into() };
                self.at(delay, Event::Reaches(Input::Reported(session, AgentReport::Violation(violation))));
            }
            _ => self.at(delay, Event::Ends(session, ending)),
        }
    }

    fn signals(&mut self, session: SessionId, rung: Rung) {
        assert!(!self.ended.contains(&session), "{session:?} is over and is signalled");
        let Some(known) = self.sessions.get(&session) else { return };
        if known.stubborn.is_some_and(|needed| rung < needed) {
            return;
        }
        let ending = known.ending.clone();
        let delay = if self.calm { 10 } else { self.chance.between(1, 1_500) };
        match ending {
            Ending::Run(_) => self.at(delay, Event::Ends(session, ending)),
            Ending::Agent(plan) => {
                let plan = AgentPlan { deed: Deed::Dies, ..*plan };
                self.at(delay, Event::Ends(session, Ending::Agent(Box::new(plan))));
            }
        }
    }

    pub(super) fn ends(&mut self, session: SessionId, ending: Ending) {
        if self.waits(session, &ending) {
            return self.at(2_000, Event::Ends(session, ending));
        }
        if self.sessions.remove(&session).is_none() {
            return; // It has ended already, by itself or by a signal.
        }
        match ending {
            Ending::Run(plan) => {
                let outcome = self.outcome(&plan);
                self.ended.insert(session);
                self.input(Input::RunEnded(session, outcome.clone()));
                if !self.calm && self.chance.one_in(30) {
                    self.input(Input::RunEnded(session, outcome));
                }
            }
            Ending::Agent(plan) => {
                self.agent_works(&plan);
                let said = match plan.deed {
                    Deed::Dies | Deed::RateLimit | Deed::Login | Deed::BreaksRule => None,
                    Deed::SaysError => Some(false),
                    _ => Some(true),
                };
                if let Some(ok) = said {
                    let result = AgentResult { ok, text: "said".into() };
                    self.input(Input::Reported(session, AgentReport::Done(result.clone())));
                    if !self.calm && self.chance.one_in(10) {
                        self.input(Input::Reported(session, AgentReport::Done(result)));
                    }
                }
                self.ended.insert(session);
                self.input(Input::AgentEnded(session, Exit::Code(0)));
                if !self.calm && self.chance.one_in(30) {
                    self.input(Input::AgentEnded(session, Exit::Code(0)));
                }
            }
        }
    }

    fn agent_works(&mut self, plan: &AgentPlan) {
        let chance_half = self.chance.one_in(2);
        let Some(tree) = (match plan.order.place {
            Place::Tree => Some(&mut self.disk.tree),
            Place::Workspace(slot) => self.disk.slots.get_mut(&slot),
        }) else {
            return;
        };
        let mut wrote = Vec::new();
        let is_coder = plan.order.task.assignment().is_some_and(|assignment| assignment.role == "coding");
        if is_coder && let Some((file, content)) = tree.iter().next().map(|(file, content)| (*file, *content)) {
            let new = if plan.deed == Deed::Breaks { content + 5 } else { mended(content) };
            tree.insert(file, new);
            wrote.push(super::disk::name(file));
        }
        for failure in &plan.order.task.failures {
            let Some(file) = failure.file.as_ref().map(number) else { continue };
            let Some(content) = tree.get(&file).copied() else { continue };
            let new = match plan.deed {
                Deed::Mends | Deed::Cheats => mended(content),
                Deed::MendsHalf if chance_half => mended(content),
                Deed::Breaks => content + 5,
                _ => continue,
            };
            tree.insert(file, new);
            wrote.push(super::disk::name(file));
        }
        if plan.order.place == Place::Tree && !wrote.is_empty() {
            let changed = wrote.into_iter().map(|path| (path, orchestrator_tui::core::input::Fate::Written)).collect();
            self.at(2, Event::Reaches(Input::Changed(changed)));
        }
    }
}
