//! A planner that runs: its process under a holder, and the conversation with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::app::checks::sweep_if_unknown;
use crate::app::work::Tools;
use crate::core::effect::Place;
use crate::edge::agent::claude::planner::{PlannerSpec, Talk, environment};
use crate::edge::control::{ControlCall, ControlReply};
use crate::edge::session::{Output, Session, SessionOutput, StartError};
use crate::model::cost::Usd;
use crate::model::id::{PlanId, SessionId, TaskId};
use crate::model::plan::PlannerState;
use crate::model::session::{Exit, Rung, Stdin};
use crate::model::settings::Agent;
use crate::model::time::Moment;

/// How long one process may live: as good as for ever, and it sleeps long before.
const LIMIT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The size of its terminal until somebody looks at it.
const SIZE: (u16, u16) = (120, 36);

/// How long it may take to end after each rung.
const ENDING: [(Rung, Duration); 2] = [(Rung::Terminate, Duration::from_secs(5)), (Rung::Kill, Duration::from_secs(5))];

/// A planner that runs.
pub(super) struct Up {
    /// Its session.
    pub(super) session: SessionId,
    /// What it was started from.
    pub(super) agent: Agent,
    /// What was said.
    pub(super) talk: Talk,
    /// What it says.
    pub(super) output: Output,
    handle: Session,
    /// How many bytes others have typed.
    typed: u64,
}

impl Up {
    /// Starts one in the user's project; `before`: the conversation that it goes on with, and what it has cost.
    ///
    /// # Errors
    /// Why it does not start.
    pub(super) async fn start(
        tools: &Arc<Tools>,
        session: SessionId,
        agent: &Agent,
        conversation: String,
        before: Option<(String, Usd)>,
        now: Moment,
    ) -> Result<Self, StartError> {
        let places = &tools.places;
        let resume = before.is_some();
        let (conversation, total) = before.unwrap_or((conversation, Usd(0)));
        let planner = PlannerSpec {
            agent: agent.clone(),
            conversation: conversation.clone(),
            resume,
            session,
            program: places.program.clone(),
            socket: places.layout.control_socket(),
        };
        let (program, args) = planner.command();
        let mut spec = places.spec(session, Place::Tree, program.into(), args, LIMIT);
        spec.env = environment(&spec.env, agent);
        spec.stdin = Stdin::Terminal;
        spec.raw = false;
        spec.size = SIZE;
        let (handle, output) = Session::start(&places.program, &spec).await?;
        let talk = Talk::new(conversation, total, now);
        Ok(Self { session, agent: agent.clone(), talk, output, handle, typed: 0 })
    }

    /// Asks a question if it can be asked now; whether it was.
    pub(super) async fn ask(&mut self, now: Moment, plan: PlanId, task: TaskId, prompt: &str) -> bool {
        let Some(bytes) = self.talk.ask(now, plan, task, prompt) else { return false };
        // Somebody may have begun to type in this very moment: then nothing is written.
        self.handle.write_unless(self.typed, &bytes).await.is_ok()
    }

    /// Takes in what its session says; how it ended, if it did.
    pub(super) fn hear(&mut self, now: Moment, news: Option<SessionOutput>) -> Option<Exit> {
        match news {
            Some(SessionOutput::Bytes { bytes, .. }) => self.talk.screen(now, &bytes),
            Some(SessionOutput::Typed(bytes)) => {
                self.typed += bytes.len() as u64;
                self.talk.typed(now, &bytes);
            }
            Some(SessionOutput::NotWritten) => self.talk.unask(),
            Some(SessionOutput::Errors(_) | SessionOutput::Hole { .. }) => {}
            Some(SessionOutput::Ended(exit)) => return Some(exit),
            None => return Some(Exit::Unknown),
        }
        None
    }

    /// Whether a question that was sent was not written after all.
    pub(super) fn is_free(&self) -> bool {
        self.talk.state() != PlannerState::Asked
    }

    /// Ends it, and waits until its whole tree is gone. Its hooks are answered meanwhile: it waits for them.
    pub(super) async fn end(mut self, hooks: &mut mpsc::Receiver<ControlCall>) {
        for (rung, patience) in ENDING {
            if self.handle.signal(rung).is_err() {
                break;
            }
            let over = tokio::time::timeout(patience, async {
                loop {
                    tokio::select! {
                        news = self.output.recv() => match news {
                            Some(SessionOutput::Ended(exit)) => return exit,
                            None => return Exit::Unknown,
                            Some(_) => {}
                        },
                        Some(call) = hooks.recv() => reply_nothing(call),
                    }
                }
            });
            if let Ok(exit) = over.await {
                return sweep_if_unknown(&self.handle, exit).await;
            }
        }
        // Its holder does not hear us any more, or cannot end it: whatever is left is ended without it.
        sweep_if_unknown(&self.handle, Exit::Unknown).await;
    }

    /// Takes leave of one that has ended, and ends what a holder may have left that died without a word.
    pub(super) async fn clean_up(self, exit: Exit) {
        sweep_if_unknown(&self.handle, exit).await;
    }
}

/// Answers a hook of which nothing follows.
pub(super) fn reply_nothing(call: ControlCall) {
    let _ = call.reply.send(ControlReply::done(serde_json::json!({})));
}
