//! The simulated planner: it answers, late or never, dies, is in a person's hands, and costs money.

use orchestrator_tui::core::effect::{PlanOrder, PlannerOrder};
use orchestrator_tui::core::input::Input;
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::id::PlanId;
use orchestrator_tui::model::plan::{Conversation, PlannerNews, PlannerState};
use orchestrator_tui::model::question::{About, Ask};

use super::{Event, World};

impl World {
    pub(super) fn planner(&mut self, order: PlannerOrder) {
        match order {
            PlannerOrder::Ask(order) => self.is_asked(&order),
            PlannerOrder::Withdraw(plan) => {
                assert_eq!(self.planner_asked.take(), Some(plan), "a question is taken back that was not asked");
                self.report.plans_given_up += 1;
                self.planner_drops();
                self.planner_is_free();
            }
            PlannerOrder::Answer(request, reply) => {
                // One that is gone hears nothing.
                if let Some(session) = self.planner_session {
                    self.agent_hears(session, request, &reply);
                }
            }
            PlannerOrder::End(plan) => self.planner_ends(plan),
        }
    }

    /// Its keeper closes the dialogs for whose plan nobody waits.
    fn planner_drops(&mut self) {
        if let Some(session) = self.planner_session {
            self.inbox.drop_all(session);
        }
    }

    /// Its turn is over, sooner or later.
    fn planner_is_free(&mut self) {
        let after = if self.calm { 1 } else { self.chance.between(1, 4_000) };
        self.at(after, Event::Reaches(Input::Planner(PlannerNews::Is(PlannerState::Idle, self.planner_session))));
    }

    fn planner_ends(&mut self, plan: PlanId) {
        if !self.calm && self.chance.one_in(8) {
            return; // It cannot be ended, and is not waited for.
        }
        let delay = if self.calm { 50 } else { self.chance.between(1, 12_000) };
        let spent = Spent { usd: Usd(self.chance.below(50_000)), tokens_in: 10, ..Spent::default() };
        for news in
            [PlannerNews::Used(None, spent), PlannerNews::Is(PlannerState::Asleep, None), PlannerNews::Ended(plan)]
        {
            self.at(delay, Event::Reaches(Input::Planner(news)));
        }
    }

    fn is_asked(&mut self, order: &PlanOrder) {
        assert_eq!(self.planner_asked, None, "two questions at a time");
        assert!(self.machine.live().repository.operation.is_none(), "the planner is asked during a rebase");
        self.planner_asked = Some(order.plan);
        self.planner_session = Some(order.session);
        let news = |news| Event::Reaches(Input::Planner(news));
        let states = [PlannerState::Starting, PlannerState::Typing, PlannerState::Dialog, PlannerState::Asked];
        let state = *self.chance.pick(&states);
        self.at(1, news(PlannerNews::Is(state, Some(order.session))));
        let begun = Conversation { transcript: "t".into(), task: Some(order.task.id), billed: Spent::default() };
        self.at(1, news(PlannerNews::Talks(begun)));
        let deed = if self.calm { 0 } else { self.chance.below(12) };
        let longest = if self.chance.one_in(4) { 70_000 } else { 6_000 };
        let delay = if self.calm { 50 } else { self.chance.between(1, longest) };
        let end = match deed {
            0..=6 => PlannerNews::Answered(order.plan, "look at the cause".into()),
            7 | 8 => PlannerNews::Silent(order.plan, "it ended (signal 9)".into()),
            9 => PlannerNews::Unable(order.plan, "no such program".into()),
            _ => return, // It never says a word.
        };
        if !self.calm && self.chance.one_in(4) {
            let request = format!("dialog-{}", order.plan.0);
            let about = About::Permission { tool: "Bash".into(), wants: "make".into(), why: "no rule".into() };
            let ask = Ask { request: request.clone(), exact: "make".into(), about };
            self.at(delay / 2 + 1, news(PlannerNews::Asks(order.plan, ask)));
            if self.chance.one_in(2) {
                let after = self.chance.between(delay / 2 + 1, delay + 5_000);
                self.at(after, news(PlannerNews::AnsweredThere(request)));
            }
        }
        self.at(delay, news(end.clone()));
        if !self.calm && self.chance.one_in(5) {
            self.at(delay + 1, news(end));
        }
        if self.chance.one_in(2) {
            let spent = Spent { usd: Usd(self.chance.below(50_000)), ..Spent::default() };
            let task = (!self.chance.one_in(4)).then_some(order.task.id);
            let late = self.chance.below(3_000);
            self.at(delay + late, news(PlannerNews::Used(task, spent)));
        }
    }

    /// Notes what the machine hears of the planner, before it does.
    pub(super) fn planner_says(&mut self, input: &Input) {
        match input {
            Input::Planner(PlannerNews::Asks(_, ask)) => {
                if let Some(session) = self.planner_session {
                    self.inbox.opens((session, ask.request.clone()));
                    self.report.questions += 1;
                }
            }
            Input::Planner(PlannerNews::AnsweredThere(request)) => {
                if let Some(session) = self.planner_session {
                    self.inbox.drop_one(session, request);
                }
            }
            Input::Planner(PlannerNews::Is(_, None)) => {
                self.planner_drops();
                self.planner_session = None;
            }
            Input::Planner(PlannerNews::Ended(_)) => self.report.planners_ended += 1,
            Input::Planner(PlannerNews::Answered(plan, _)) if self.planner_asked == Some(*plan) => {
                self.planner_asked = None;
                self.planner_drops();
                self.planner_is_free();
                self.report.planned += 1;
            }
            Input::Planner(PlannerNews::Silent(plan, _) | PlannerNews::Unable(plan, _))
                if self.planner_asked == Some(*plan) =>
            {
                self.planner_asked = None;
                self.planner_drops();
                self.planner_is_free();
            }
            _ => {}
        }
    }
}
