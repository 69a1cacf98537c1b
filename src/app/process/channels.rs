//! The channels between the loop and those who talk to it.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc};

use crate::app::answers::history::History;
use crate::app::project::doorkeeper::Concierge;
use crate::app::words::redact::Spoken;
use crate::core::effect::PlannerOrder;
use crate::core::input::Input;
use crate::edge::control::{AttachCall, ControlCall, FactLine, Sources, Views};

/// How many inputs may wait before the parts that send them have to.
const INBOX: usize = 1024;

/// How many calls may wait before those who ask have to.
const CALLS: usize = 64;

/// How many facts a slow follower may be behind.
const FOLLOWERS: usize = 4096;

/// The channels between the loop and those who talk to it.
pub struct Channels {
    /// Takes inputs from any part.
    pub inbox: mpsc::Sender<Input>,
    /// Gives them to the loop.
    pub(in crate::app) inputs: mpsc::Receiver<Input>,
    /// Takes calls from the control socket.
    pub caller: mpsc::Sender<ControlCall>,
    /// Gives them to the loop.
    pub(in crate::app) calls: mpsc::Receiver<ControlCall>,
    /// Takes those who want to look at a session's terminal.
    attach: mpsc::Sender<AttachCall>,
    /// Gives them to whoever serves terminals; once.
    pub attaches: Option<mpsc::Receiver<AttachCall>>,
    /// Takes what the planner is to do; its keeper ends with it.
    planner: mpsc::Sender<PlannerOrder>,
    /// Gives it to the keeper.
    pub(in crate::app) planner_orders: Option<mpsc::Receiver<PlannerOrder>>,
    /// Gives out new facts.
    pub facts: broadcast::Sender<FactLine>,
    /// Knows the old ones.
    pub history: Arc<History>,
    /// Shows the machine to those who look.
    pub views: Views,
}

impl Channels {
    /// Makes them; `leased`: the supervisor ends with the last screen.
    pub fn new(journal: PathBuf, leased: bool) -> Self {
        let (inbox, inputs) = mpsc::channel(INBOX);
        let (caller, calls) = mpsc::channel(CALLS);
        let (attach, attaches) = mpsc::channel(CALLS);
        let attaches = Some(attaches);
        let (planner, planner_orders) = mpsc::channel(CALLS);
        let planner_orders = Some(planner_orders);
        let (facts, _) = broadcast::channel(FOLLOWERS);
        let history = Arc::new(History::new(journal));
        let views = Views::new(leased);
        Self { inbox, inputs, caller, calls, attach, attaches, planner, planner_orders, facts, history, views }
    }

    /// Hands an order to the planner's keeper; an answer as it was `spoken`, not as it was covered.
    pub(in crate::app) fn plan(&self, mut order: PlannerOrder, spoken: &mut Option<Spoken>) {
        if let PlannerOrder::Answer(_, reply) = &mut order
            && let Some(spoken) = spoken.take()
        {
            *reply = spoken.reply(reply.clone());
        }
        // Full only if its keeper has not read for dozens of orders; the attempt's time limit goes on.
        if let Err(error) = self.planner.try_send(order) {
            tracing::warn!(%error, "the planner's keeper does not listen");
        }
    }

    /// Returns what the control socket gives out; what is asked there goes to `calls`. `mark`: what tells the sessions of
    /// the project, which may ask for little.
    pub fn sources(&self, calls: mpsc::Sender<ControlCall>, mark: &str) -> Sources {
        Sources {
            version: env!("CARGO_PKG_VERSION"),
            calls,
            attach: self.attach.clone(),
            facts: self.facts.clone(),
            archive: Arc::clone(&self.history) as _,
            views: self.views.clone(),
            keeper: Arc::new(Concierge::new(mark)),
        }
    }
}
