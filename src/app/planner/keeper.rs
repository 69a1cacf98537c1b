//! Keeps the planner: starts it for a question, asks when it may be asked, passes the answer on, lets it sleep.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;

use super::up::{Up, reply_nothing};
use crate::app::agents::{conversation, way_out};
use crate::app::clock::Clock;
use crate::app::prompt;
use crate::app::work::Tools;
use crate::core::effect::{PlanOrder, PlannerOrder};
use crate::core::input::Input;
use crate::edge::agent::claude::planner::{Heard, HookEvent};
use crate::edge::control::{ControlCall, ControlReply, ControlRequest};
use crate::edge::session::{SessionOutput, StartError};
use crate::model::cost::Usd;
use crate::model::id::{PlanId, SessionId};
use crate::model::plan::{PlannerNews, PlannerState};
use crate::model::time::Moment;

/// How long it may be idle before it is put to sleep.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// A question on its way.
struct Question {
    order: Box<PlanOrder>,
    text: String,
    sent: bool,
}

/// Keeps the planner of one project.
pub struct Keeper {
    tools: Arc<Tools>,
    inbox: mpsc::Sender<Input>,
    hooks: mpsc::Receiver<ControlCall>,
    clock: Clock,
    up: Option<Up>,
    question: Option<Question>,
    /// The conversation to go on with after a sleep, and what it has cost.
    asleep: Option<(String, Usd)>,
    /// What the machine was told last.
    told: (PlannerState, Option<SessionId>),
}

/// What happened next.
enum Next {
    Order(Option<PlannerOrder>),
    Hook(ControlCall),
    Output(Option<SessionOutput>),
    Due,
}

impl Keeper {
    /// Puts one together; nothing is started.
    pub fn new(tools: &Arc<Tools>, inbox: mpsc::Sender<Input>, hooks: mpsc::Receiver<ControlCall>) -> Self {
        Self {
            tools: Arc::clone(tools),
            inbox,
            hooks,
            clock: Clock::start(),
            up: None,
            question: None,
            asleep: None,
            told: (PlannerState::Asleep, None),
        }
    }

    /// Carries out orders until nobody can give any more; then ends the planner.
    pub async fn run(mut self, mut orders: mpsc::Receiver<PlannerOrder>) {
        loop {
            match self.next(&mut orders).await {
                Next::Order(Some(PlannerOrder::Ask(order))) => self.take(order).await,
                Next::Order(Some(PlannerOrder::Withdraw(plan))) => {
                    self.question.take_if(|question| question.order.plan == plan);
                }
                Next::Order(None) => return self.end().await,
                Next::Hook(call) => self.hook(call).await,
                Next::Output(news) => self.output(news).await,
                Next::Due => self.due().await,
            }
            self.ask().await;
            self.tell_state().await;
        }
    }

    async fn next(&mut self, orders: &mut mpsc::Receiver<PlannerOrder>) -> Next {
        let due = self.up.as_ref().and_then(|up| {
            let sleeps = up.talk.sleeps_from().map(|since| since.after(IDLE));
            up.talk.due().into_iter().chain(sleeps).min()
        });
        let wait = due.map(|due| self.clock.until(due));
        let output = async {
            match &mut self.up {
                Some(up) => up.output.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            order = orders.recv() => Next::Order(order),
            Some(call) = self.hooks.recv() => Next::Hook(call),
            news = output => Next::Output(news),
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => Next::Due,
        }
    }

    fn now(&self) -> Moment {
        self.clock.now().moment
    }

    async fn tell(&self, news: PlannerNews) {
        // Nobody listens any more when the supervisor has ended.
        let _ = self.inbox.send(Input::Planner(news)).await;
    }

    async fn tell_state(&mut self) {
        let state = match &self.up {
            Some(up) => (up.talk.state(), Some(up.session)),
            None => (PlannerState::Asleep, None),
        };
        if state != self.told {
            self.told = state;
            self.tell(PlannerNews::Is(state.0, state.1)).await;
        }
    }

    /// Takes a question, and sees to it that a planner runs that can be asked.
    async fn take(&mut self, order: Box<PlanOrder>) {
        let plan = order.plan;
        let Some(agent) = self.tools.now().settings.agents.get(&order.agent).cloned() else {
            return self.tell(PlannerNews::Unable(plan, format!("no agent is called {:?}", order.agent))).await;
        };
        let is_old = |up: &mut Up| {
            let is_quiet =
                matches!(up.talk.state(), PlannerState::Idle | PlannerState::Dialog | PlannerState::Starting);
            is_quiet && (up.agent != agent || up.talk.is_full())
        };
        if let Some(up) = self.up.take_if(is_old) {
            up.end(&mut self.hooks).await;
        }
        if self.up.is_none() {
            let before = self.asleep.take();
            let fresh = conversation(&self.tools.places, order.session);
            let started = Up::start(&self.tools, order.session, &agent, fresh, before, self.now()).await;
            match started {
                Ok(up) => self.up = Some(up),
                Err(error) => {
                    let why = format!("{error} {}", way_out(&agent, &order.agent));
                    let news = match error {
                        StartError::NoProgram(_) | StartError::NoInterpreter(_) => PlannerNews::Unable(plan, why),
                        _ => PlannerNews::Silent(plan, why),
                    };
                    return self.tell(news).await;
                }
            }
            // Before the question is written, which takes a while: whoever looks can see it come up.
            self.tell_state().await;
        }
        let text = prompt::for_planner(&self.tools, &order).await;
        self.question = Some(Question { order, text, sent: false });
    }

    /// Asks the question that waits, if it can be asked now.
    async fn ask(&mut self) {
        let now = self.now();
        let (Some(up), Some(question)) = (&mut self.up, &mut self.question) else { return };
        question.sent &= !up.is_free();
        if !question.sent {
            question.sent = up.ask(now, question.order.plan, question.order.task.id, &question.text).await;
        }
    }

    async fn hook(&mut self, call: ControlCall) {
        let now = self.now();
        let ControlRequest::Command { body, .. } = &call.request else { return reply_nothing(call) };
        let session = body["session"].as_u64().map(SessionId);
        let Some(up) = self.up.as_mut().filter(|up| Some(up.session) == session) else { return reply_nothing(call) };
        let event = HookEvent::read(body["kind"].as_str().unwrap_or_default(), &body["event"]);
        tracing::debug!(?event, "the planner");
        let (heard, output) = up.talk.hook(now, event);
        // Whoever asked may have gone.
        let _ = call.reply.send(ControlReply::done(json!({ "output": output })));
        self.heard(heard).await;
    }

    async fn output(&mut self, news: Option<SessionOutput>) {
        let now = self.now();
        let Some(exit) = self.up.as_mut().and_then(|up| up.hear(now, news)) else { return };
        let Some(up) = self.up.take() else { return };
        up.clean_up(exit).await;
        if let Some(question) = self.question.take() {
            let why = format!("the planner ended ({exit})");
            self.tell(PlannerNews::Silent(question.order.plan, why)).await;
        }
    }

    /// Something is due by time alone: an end that never came, or sleep.
    async fn due(&mut self) {
        let now = self.now();
        let Some(up) = &mut self.up else { return };
        let heard = up.talk.tick(now);
        let sleeps = self.question.is_none() && up.talk.sleeps_from().is_some_and(|since| since.after(IDLE) <= now);
        self.heard(heard).await;
        if sleeps && let Some(up) = self.up.take() {
            self.asleep = up.talk.resumable();
            up.end(&mut self.hooks).await;
        }
    }

    async fn heard(&mut self, heard: Vec<Heard>) {
        for heard in heard {
            let news = match heard {
                Heard::Answer(plan, text) => {
                    self.is_over(plan);
                    PlannerNews::Answered(plan, text)
                }
                Heard::Silent(plan, why) => {
                    self.is_over(plan);
                    PlannerNews::Silent(plan, why)
                }
                Heard::Used(task, spent) => PlannerNews::Used(task, spent),
            };
            self.tell(news).await;
        }
    }

    fn is_over(&mut self, plan: PlanId) {
        self.question.take_if(|question| question.order.plan == plan);
    }

    async fn end(mut self) {
        self.hooks.close();
        if let Some(up) = self.up.take() {
            up.end(&mut self.hooks).await;
        }
    }
}
