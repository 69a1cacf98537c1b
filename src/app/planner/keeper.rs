//! Keeps the planner: starts it for a question, asks when it may be asked, passes the answer on, lets it sleep.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::dialogs::Dialogs;
use super::up::{Fault, Up, reply_nothing};
use crate::app::clock::Clock;
use crate::app::effects::agents::way_out;
use crate::app::effects::conversation::conversation;
use crate::app::effects::prompt;
use crate::app::effects::tools::Tools;
use crate::core::effect::{PlanOrder, PlannerOrder};
use crate::core::input::Input;
use crate::edge::agent::claude::planner::{Heard, HookEvent, Past};
use crate::edge::control::{ControlCall, ControlRequest};
use crate::edge::session::{SessionOutput, StartError};
use crate::model::agent::Violation;
use crate::model::id::{PlanId, SessionId, TaskId};
use crate::model::plan::{PlannerNews, PlannerState};
use crate::model::time::Moment;

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
    /// The conversation to go on with after a sleep.
    asleep: Option<Past>,
    dialogs: Dialogs,
    /// The last question before it is to end, once it was told to.
    ends: Option<PlanId>,
    /// What the machine was told last.
    told: (PlannerState, Option<SessionId>),
    /// What it was told last that the planner talks about, and where.
    talks: Option<(PathBuf, Option<TaskId>)>,
}

/// What happened next.
enum Next {
    Order(Option<PlannerOrder>),
    Hook(ControlCall),
    Output(Option<SessionOutput>),
    Left(String),
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
            dialogs: Dialogs::default(),
            ends: None,
            told: (PlannerState::Asleep, None),
            talks: None,
        }
    }

    /// Carries out orders until nobody can give any more; then ends the planner.
    pub async fn run(mut self, mut orders: mpsc::Receiver<PlannerOrder>) {
        loop {
            match self.next(&mut orders).await {
                Next::Order(Some(PlannerOrder::Ask(order))) => self.take(order).await,
                Next::Order(Some(PlannerOrder::Withdraw(plan))) => self.is_over(plan),
                Next::Order(Some(PlannerOrder::Answer(request, reply))) => {
                    if self.dialogs.answer(&request, &reply)
                        && let Some(up) = &mut self.up
                    {
                        up.talk.dialog_over(false);
                    }
                }
                Next::Order(Some(PlannerOrder::End(plan))) => {
                    self.question = None;
                    self.ends = Some(plan);
                }
                Next::Order(None) => return self.end().await,
                Next::Hook(call) => self.hook(call).await,
                Next::Output(news) => self.output(news).await,
                Next::Left(request) => self.left(&request).await,
                Next::Due => self.due().await,
            }
            self.ask().await;
            self.tell_state().await;
            self.end_if_paid().await;
        }
    }

    /// Ends it when it was told to, as soon as the price of its last turn is known.
    async fn end_if_paid(&mut self) {
        let is_paid = self.up.as_ref().is_none_or(|up| !up.talk.owes());
        let Some(plan) = self.ends.take_if(|_| is_paid) else { return };
        if let Some(up) = self.up.take() {
            self.put_down(up).await;
        }
        self.tell_state().await;
        self.tell(PlannerNews::Ended(plan)).await;
    }

    async fn next(&mut self, orders: &mut mpsc::Receiver<PlannerOrder>) -> Next {
        let due = self.up.as_ref().and_then(|up| up.talk.due().into_iter().chain(self.sleeps(up)).min());
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
            Some(request) = self.dialogs.next_left() => Next::Left(request),
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
        let talk = self.up.as_ref().and_then(Up::talks);
        let talks = talk.as_ref().map(|talk| (talk.transcript.clone(), talk.task));
        if talks != self.talks {
            self.talks = talks;
            if let Some(talk) = talk {
                self.tell(PlannerNews::Talks(talk)).await;
            }
        }
    }

    /// Takes a question, and sees to it that a planner runs that can be asked.
    async fn take(&mut self, order: Box<PlanOrder>) {
        let plan = order.plan;
        self.ends = None;
        let Some(agent) = self.tools.now().settings.agents.get(&order.agent).cloned() else {
            return self.tell(PlannerNews::Unable(plan, format!("no agent is called {:?}", order.agent))).await;
        };
        let policy = self.tools.now().settings.policy.clone();
        let is_old = |up: &mut Up| {
            let is_quiet =
                matches!(up.talk.state(), PlannerState::Idle | PlannerState::Dialog | PlannerState::Starting);
            is_quiet && (up.agent != agent || *up.policy() != policy || up.talk.is_full())
        };
        if let Some(up) = self.up.take_if(is_old) {
            self.put_down(up).await;
        }
        if self.up.is_none() {
            let before = self.asleep.take();
            let fresh = conversation(&self.tools.places, order.session);
            let started = Up::start(&self.tools, order.session, &agent, fresh, before, self.now()).await;
            match started {
                Ok(up) => self.up = Some(up),
                Err(Fault::Guard(error)) => {
                    let why = format!("no guard can be laid around the planner: {error}; it does not run without");
                    return self.tell(PlannerNews::Silent(plan, why)).await;
                }
                Err(Fault::Start(error)) => {
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
        let said = &body["event"];
        up.kept_in(said["transcript_path"].as_str());
        let mut event = HookEvent::read(body["kind"].as_str().unwrap_or_default(), said);
        tracing::debug!(?event, "the planner");
        if let HookEvent::Status { bill, .. } = &mut event {
            *bill = up.bill().await;
        }
        let over = self.dialogs.over_by(said);
        if !over.is_empty() {
            up.talk.dialog_over(true);
        }
        let is_dialog = event == HookEvent::Asks;
        let (heard, plan) = (up.talk.hook(now, event), up.talk.asking());
        let violation = serde_json::from_value::<Option<Violation>>(body["violation"].clone()).ok().flatten();
        for name in over {
            self.tell(PlannerNews::AnsweredThere(name)).await;
        }
        self.heard(heard).await;
        match plan {
            Some(plan) if is_dialog => self.open(call, plan).await,
            Some(plan) if violation.is_some() => {
                reply_nothing(call);
                self.violated(plan, violation).await;
            }
            // In a turn of a person it is the person who is asked, and told.
            Some(_) | None => reply_nothing(call),
        }
    }

    /// Lets a person answer a dialog of our turn, here or there.
    async fn open(&mut self, call: ControlCall, plan: PlanId) {
        let is_wanted = self.question.as_ref().is_some_and(|question| question.order.plan == plan);
        let redactor = self.tools.places.secrecy.now();
        match self.dialogs.open(call, plan, is_wanted, &redactor) {
            Some(ask) => self.tell(PlannerNews::Asks(plan, ask)).await,
            None => {
                if let Some(up) = &mut self.up {
                    up.talk.dialog_over(false);
                }
            }
        }
    }

    /// A dialog was left by "no" in its terminal.
    async fn left(&mut self, request: &str) {
        if !self.dialogs.take(request) {
            return;
        }
        let now = self.now();
        self.tell(PlannerNews::AnsweredThere(request.to_owned())).await;
        let heard = self.up.as_mut().and_then(|up| up.talk.stopped_here(now));
        self.heard(heard.into_iter().collect()).await;
    }

    /// It wanted what a safety rule forbids: its hook has said no, and it is ended.
    async fn violated(&mut self, plan: PlanId, violation: Option<Violation>) {
        let (Some(violation), Some(up)) = (violation, self.up.take()) else { return };
        self.is_over(plan);
        self.tell(PlannerNews::Violated(plan, violation)).await;
        self.put_down(up).await;
    }

    /// Ends a planner; what it has used is known then at the latest. Returns what can be gone on with.
    async fn put_down(&mut self, up: Up) -> Option<Past> {
        self.dialogs.clear();
        let (used, past) = up.end(&mut self.hooks).await;
        self.heard(used.into_iter().collect()).await;
        past
    }

    async fn output(&mut self, news: Option<SessionOutput>) {
        let now = self.now();
        let Some(exit) = self.up.as_mut().and_then(|up| up.hear(now, news)) else { return };
        let Some(up) = self.up.take() else { return };
        self.dialogs.clear();
        let used = up.clean_up(exit).await;
        self.heard(used.into_iter().collect()).await;
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
        self.heard(heard).await;
        let sleeps = self.up.as_ref().and_then(|up| self.sleeps(up)).is_some_and(|due| due <= now);
        if sleeps && let Some(up) = self.up.take() {
            self.asleep = self.put_down(up).await;
        }
    }

    /// Returns when it is put to sleep if nothing happens.
    fn sleeps(&self, up: &Up) -> Option<Moment> {
        let idle = self.tools.now().settings.fix.planner_sleep;
        up.talk.sleeps_from().filter(|_| self.question.is_none()).map(|since| since.after(idle))
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

    /// Nobody waits for the answer to a question any more, nor is anything asked for it.
    fn is_over(&mut self, plan: PlanId) {
        self.question.take_if(|question| question.order.plan == plan);
        if self.dialogs.close(plan)
            && let Some(up) = &mut self.up
        {
            up.talk.dialog_over(false);
        }
    }

    async fn end(mut self) {
        self.hooks.close();
        if let Some(up) = self.up.take() {
            self.put_down(up).await;
        }
    }
}
