//! Asks the planner for a strategy before an agent works: one question at a time, for a bounded time, and never in the way.

use std::time::Duration;

use crate::core::effect::{Effect, PlanOrder, PlannerOrder};
use crate::core::fact::Fact;
use crate::core::live::{Attempt, Step};
use crate::core::supervisor::Supervisor;
use crate::model::attempt::{AttemptEnd, Stage};
use crate::model::cost::Spent;
use crate::model::id::{PlanId, SessionId, TaskId};
use crate::model::plan::{Advice, Conversation, Plan, PlannerNews, PlannerState};
use crate::model::question::Closed;
use crate::model::settings::{AgentKind, Planner};
use crate::model::task::Task;
use crate::model::time::Moment;

/// How long the end of the planner is waited for before the supervisor leaves: its program's own, and some.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

/// How much of a strategy is kept, in bytes.
const STRATEGY_KEPT: usize = 16 * 1024;

/// What is known of the planner.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PlannerLive {
    /// What it is doing.
    pub state: PlannerState,
    /// The session it runs in.
    pub session: Option<SessionId>,
    /// The question it was asked last and has not answered, and for which task.
    pub asked: Option<(PlanId, TaskId)>,
    /// The last number of a question.
    pub last: PlanId,
    /// Why it cannot run before the settings change.
    pub unable: Option<String>,
    /// Whether it was said that there is none.
    pub said: bool,
    /// Whether it was told to end.
    pub ending: Ending,
}

/// How far the planner is with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ending {
    /// It was not told to end since it was asked last.
    #[default]
    Not,
    /// It was told, and is waited for until then at the latest.
    Until(Moment),
    /// It is gone, and what it used is known.
    Over,
}

impl Supervisor {
    /// Whether an attempt of this number is to be planned, as the settings say.
    pub(crate) fn is_planned(&self, number: u32) -> bool {
        match self.settings.fix.planner {
            Planner::Off => false,
            Planner::Auto => number > 1,
            Planner::Always => true,
        }
    }

    /// Returns the agent that plans: that of the role, or else the fixer's. Only Claude has a terminal that can be asked.
    ///
    /// # Errors
    /// Why there is none, for a person to read.
    pub(crate) fn planner(&self) -> Result<String, String> {
        let roles = &self.settings.roles;
        let Some(role) = roles.get("planner").or_else(|| roles.get("fixer")) else {
            return Err("no agent plays it".to_owned());
        };
        match self.settings.agents.get(&role.agent).map(|agent| agent.kind) {
            Some(AgentKind::Claude) => self.live.planner.unable.clone().map_or(Ok(role.agent.clone()), Err),
            Some(AgentKind::Command) => Err(format!("agent `{}` is no Claude", role.agent)),
            None => Err(format!("there is no agent `{}`", role.agent)),
        }
    }

    /// Whether an attempt stops at the stage that asks for a strategy; if not, why is said once.
    pub(crate) fn stops_for_plan(&mut self, id: TaskId) -> bool {
        match self.planner() {
            Ok(_) => true,
            Err(why) => {
                if !self.live.planner.said {
                    self.live.planner.said = true;
                    self.log(id, "planner", format!("skipped from now on: {why}"));
                }
                false
            }
        }
    }

    /// Lets an attempt wait for its turn at the planner.
    pub(crate) fn wait_for_plan(&mut self, id: TaskId) {
        let until = self.live.now.moment.after(self.settings.fix.plan_wait);
        self.enter(id, Stage::Plan, Step::Plan(None, until));
    }

    /// Moves attempts that wait for the planner.
    pub(crate) fn advance_plans(&mut self) {
        for id in self.live.attempts.keys().copied().collect::<Vec<_>>() {
            if let Some(Attempt { step: Step::Plan(asked, until), ending: None, .. }) = self.live.attempts.get(&id) {
                let (asked, until) = (*asked, *until);
                self.advance_plan(id, asked, until);
            }
        }
    }

    fn advance_plan(&mut self, id: TaskId, asked: Option<PlanId>, until: Moment) {
        if !self.is_up() {
            // Nothing that costs begins any more.
            return self.end_attempt(id, AttemptEnd::Interrupted);
        }
        if let Some(line) = self.day_line().filter(|_| asked.is_none()) {
            return self.end_attempt(id, AttemptEnd::Parked { why: format!("stopped at {}", line.key()) });
        }
        if self.asks_for_plan(id) {
            // The person's time is not the planner's.
            return;
        }
        if until <= self.live.now.moment {
            return self.give_up_plan(id);
        }
        if asked.is_some() {
            return;
        }
        if !self.is_planned(self.live.attempts.get(&id).map_or(1, |attempt| attempt.number)) {
            return self.planned(id, Advice::Basic { why: "planning was turned off".to_owned() });
        }
        let calm = self.live.repository.operation.is_none() && !self.book.paused;
        if calm && self.is_planner_free() && self.book.parked.is_none() {
            self.ask_planner(id, until);
        }
    }

    /// Whether it may be asked. After a turn of ours it is free when the price of that is known: the next one may be over a
    /// line of the budget.
    fn is_planner_free(&self) -> bool {
        let may = match self.live.planner.state {
            PlannerState::Asleep | PlannerState::Starting | PlannerState::Idle => true,
            PlannerState::Asked | PlannerState::Busy | PlannerState::Typing | PlannerState::Dialog => false,
        };
        may && self.live.planner.asked.is_none()
    }

    /// Goes on without an answer, and says what was in the way.
    fn give_up_plan(&mut self, id: TaskId) {
        let other = self.live.planner.asked.map(|(_, task)| task).filter(|task| *task != id);
        let why = match other {
            Some(other) => format!("the planner works on {other}"),
            None if self.book.paused => "paused".to_owned(),
            None => self.live.planner.state.in_the_way().to_owned(),
        };
        self.go_without_plan(id, why);
    }

    /// Goes on without an answer, for this reason.
    pub(crate) fn go_without_plan(&mut self, id: TaskId, why: String) {
        self.withdraw_plan(id);
        self.planned(id, Advice::Basic { why });
    }

    fn ask_planner(&mut self, id: TaskId, until: Moment) {
        let (Some(task), Some(attempt)) = (self.task(id), self.live.attempts.get(&id)) else { return };
        let (number, base) = (attempt.number, attempt.base.as_ref().map(|base| base.tree.clone()));
        let (Ok(agent), Some(base)) = (self.planner(), base) else {
            return self.planned(id, Advice::Basic { why: "the planner cannot be asked any more".to_owned() });
        };
        if let Some(line) = self.task_line(&task) {
            return self.planned(id, Advice::Basic { why: format!("{} is used up", line.key()) });
        }
        let plan = self.live.planner.last.next();
        self.live.planner.last = plan;
        let order = PlanOrder {
            plan,
            // Taken only if it does not run already.
            session: self.new_session(),
            agent,
            line: self.line_for(&task),
            last_green: self.green_tree_of(&task),
            task: Task::clone(&task),
            number,
            base,
        };
        self.live.planner.asked = Some((plan, id));
        self.live.planner.ending = Ending::Not;
        self.out.push(Effect::Planner(PlannerOrder::Ask(Box::new(order))));
        self.set_step(id, Step::Plan(Some(plan), until));
    }

    /// Takes a question back whose attempt does not wait any more.
    pub(crate) fn withdraw_plan(&mut self, id: TaskId) {
        if let Some((plan, _)) = self.live.planner.asked.filter(|(_, task)| *task == id) {
            self.live.planner.asked = None;
            self.out.push(Effect::Planner(PlannerOrder::Withdraw(plan)));
        }
    }

    /// Returns the task that waits for the answer to this question.
    pub(crate) fn planned_by(&self, plan: PlanId) -> Option<TaskId> {
        let (_, id) = self.live.planner.asked.filter(|(asked, _)| *asked == plan)?;
        let attempt = self.live.attempts.get(&id)?;
        (attempt.ending.is_none() && matches!(attempt.step, Step::Plan(Some(_), _))).then_some(id)
    }

    /// Whether the planner waits for a person before it can answer.
    fn asks_for_plan(&self, id: TaskId) -> bool {
        self.book
            .questions
            .values()
            .any(|question| question.task == id && Some(question.session) == self.live.planner.session)
    }

    /// Begins the time anew in which the planner is to answer, once a person has answered it.
    pub(crate) fn wait_anew_for_plan(&mut self, id: TaskId) {
        if let Some(Attempt { step: Step::Plan(asked @ Some(_), _), ending: None, .. }) = self.live.attempts.get(&id) {
            let step = Step::Plan(*asked, self.live.now.moment.after(self.settings.fix.plan_wait));
            self.set_step(id, step);
        }
    }

    /// Takes in what the planner's keeper says. An answer to a question that was taken back is nobody's.
    pub(crate) fn planner_news(&mut self, news: PlannerNews) {
        match news {
            PlannerNews::Is(state, session) => {
                if let Some(gone) = self.live.planner.session.filter(|known| Some(*known) != session) {
                    self.close_questions_of(gone);
                    self.live.requests.retain(|(asker, _)| *asker != gone);
                }
                self.live.planner.state = state;
                self.live.planner.session = session;
                if session.is_none() {
                    // What it used was said before; from now on a person may go on with the conversation elsewhere.
                    self.planner_talks(None);
                }
            }
            PlannerNews::Talks(talk) => self.planner_talks(Some(talk)),
            PlannerNews::Ended(plan) => {
                if plan == self.live.planner.last {
                    self.live.planner.ending = Ending::Over;
                }
            }
            PlannerNews::Used(task, spent) => {
                self.record(Fact::PlannerUsed { task, spent });
            }
            PlannerNews::Answered(plan, mut text) => {
                crate::core::finish::truncate(&mut text, STRATEGY_KEPT);
                self.answered(plan, Advice::Strategy(text));
            }
            PlannerNews::Asks(plan, ask) => self.planner_asks(plan, ask),
            PlannerNews::AnsweredThere(request) => {
                if let Some(session) = self.live.planner.session {
                    self.agent_withdrew(session, &request, Closed::There);
                }
            }
            PlannerNews::Violated(plan, violation) => {
                match self.planned_by(plan) {
                    Some(task) => self.violated(task, violation),
                    // It is stopped all the same, and its user is told; no attempt waits for it that would end by that.
                    None => {
                        self.record(Fact::Violated { task: None, violation });
                    }
                }
            }
            PlannerNews::Silent(plan, why) => self.answered(plan, Advice::Basic { why }),
            PlannerNews::Unable(plan, why) => {
                if self.live.planner.asked.is_some_and(|(asked, _)| asked == plan) {
                    // It will not be asked again before the settings change; the task's record says why.
                    self.live.planner.unable = Some(why.clone());
                    self.live.planner.said = true;
                }
                self.answered(plan, Advice::Basic { why });
            }
        }
    }

    fn answered(&mut self, plan: PlanId, advice: Advice) {
        let Some((_, id)) = self.live.planner.asked.filter(|(asked, _)| *asked == plan) else { return };
        self.live.planner.asked = None;
        if matches!(self.live.attempts.get(&id), Some(Attempt { step: Step::Plan(Some(_), _), .. })) {
            self.planned(id, advice);
        }
    }

    /// Goes on to the agent with what came of asking.
    fn planned(&mut self, id: TaskId, advice: Advice) {
        let Some(attempt) = self.live.attempts.get(&id) else { return };
        let Attempt { number, step: Step::Plan(_, until), .. } = *attempt else { return };
        self.close_questions(id, Closed::RunOver);
        let left = until.since(self.live.now.moment);
        let took = self.settings.fix.plan_wait.checked_sub(left).unwrap_or(Duration::ZERO);
        let plan = Plan { attempt: number, advice, took };
        self.record(Fact::Planned { task: id, plan: Box::new(plan) });
        self.proceed(id, Stage::Plan);
    }

    fn planner_talks(&mut self, talk: Option<Conversation>) {
        if self.book.planner != talk {
            self.record(Fact::PlannerTalks { talk });
        }
    }

    /// Writes down what the planner of a supervisor used that died before it was billed.
    pub(crate) fn planner_was_left(&mut self, used: Option<Spent>) {
        let task = self.book.planner.as_ref().and_then(|talk| talk.task);
        if let Some(spent) = used {
            self.record(Fact::PlannerUsed { task, spent });
        }
        self.planner_talks(None);
    }

    /// Whether the planner is gone, so that all that it used is known; it is told to end if it was not.
    pub(crate) fn is_planner_over(&mut self) -> bool {
        if self.live.planner.last == PlanId::default() {
            return true;
        }
        match self.live.planner.ending {
            Ending::Over => true,
            Ending::Until(until) => until <= self.live.now.moment,
            Ending::Not => {
                self.live.planner.ending = Ending::Until(self.live.now.moment.after(ENDS_WITHIN));
                self.out.push(Effect::Planner(PlannerOrder::End(self.live.planner.last)));
                false
            }
        }
    }

    /// Returns when attempts stop waiting for the planner, and when its end is waited for no more.
    pub(crate) fn plan_wakes(&self) -> impl Iterator<Item = Moment> {
        let waiting =
            self.live.attempts.iter().filter(|(id, attempt)| attempt.ending.is_none() && !self.asks_for_plan(**id));
        let waiting =
            waiting.filter_map(|(_, attempt)| if let Step::Plan(_, until) = attempt.step { Some(until) } else { None });
        let ends = match self.live.planner.ending {
            Ending::Until(until) if until > self.live.now.moment => Some(until),
            Ending::Until(_) | Ending::Not | Ending::Over => None,
        };
        waiting.chain(ends)
    }

    /// Says what is done in the planner's terminal besides what a person does there, for its title; empty: nothing.
    pub(crate) fn planner_says(&self) -> String {
        let waits = |attempt: &Attempt| attempt.ending.is_none() && matches!(attempt.step, Step::Plan(..));
        let next = || self.live.attempts.iter().find(|(_, attempt)| waits(attempt)).map(|(id, _)| *id);
        let asked = self.live.planner.asked.map(|(_, task)| task);
        let Some(task) = asked.or_else(next) else { return String::new() };
        match self.live.planner.state {
            PlannerState::Asked if self.asks_for_plan(task) => format!("plans {task} and waits for your answer"),
            PlannerState::Asked if asked.is_none() => format!("will ask for a plan for {task} when this turn is over"),
            PlannerState::Asked => format!("works on a plan for {task}"),
            PlannerState::Asleep | PlannerState::Starting => format!("will ask for a plan for {task} when it is ready"),
            PlannerState::Idle => format!("asks for a plan for {task}"),
            PlannerState::Busy => format!("will ask for a plan for {task} when it is idle"),
            PlannerState::Typing => format!("will ask for a plan for {task} when your line is sent or empty"),
            PlannerState::Dialog => format!("will ask for a plan for {task} when no dialog is open"),
        }
    }

    /// Says what an attempt waits for at the planner, for a row.
    pub(crate) fn plan_waits(&self, id: TaskId) -> Option<String> {
        let Some(Attempt { step: Step::Plan(_, _), .. }) = self.live.attempts.get(&id) else { return None };
        match (self.live.planner.asked, self.live.planner.state) {
            (Some((_, other)), _) if other != id => Some(format!("plan: after {other}")),
            (_, PlannerState::Typing) => Some("plan: waits for you to finish your line".to_owned()),
            (_, PlannerState::Busy) => Some("plan: waits for what you asked the planner".to_owned()),
            (_, PlannerState::Dialog) => Some("plan: waits, a dialog is open there".to_owned()),
            (_, PlannerState::Asleep | PlannerState::Starting | PlannerState::Idle | PlannerState::Asked) => None,
        }
    }
}
