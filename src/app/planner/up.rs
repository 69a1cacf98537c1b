//! A planner that runs: its process under a holder, and the conversation with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::app::effects::checks::sweep_if_unknown;
use crate::app::effects::guarding::{Guarded, Ward};
use crate::app::effects::tools::Tools;
use crate::core::effect::Place;
use crate::edge::agent::claude::planner::{Bill, Heard, Past, PlannerSpec, Talk, environment};
use crate::edge::control::{ControlCall, ControlReply};
use crate::edge::session::{Output, Session, SessionOutput, StartError};
use crate::model::id::{PlanId, SessionId, TaskId};
use crate::model::plan::{Conversation, PlannerState};
use crate::model::policy::Policy;
use crate::model::prompt::PLANNER;
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
    /// What it may do, for as long as it runs.
    guarded: Guarded,
    /// Where the CLI keeps the conversation.
    transcript: Option<PathBuf>,
}

/// Why a planner does not run.
pub(super) enum Fault {
    /// Its program does not start.
    Start(StartError),
    /// There would be nothing to hold it back.
    Guard(String),
}

impl Up {
    /// Starts one in the user's project; `before`: the conversation that it goes on with.
    ///
    /// # Errors
    /// Why it does not start.
    pub(super) async fn start(
        tools: &Arc<Tools>,
        session: SessionId,
        agent: &Agent,
        conversation: String,
        before: Option<Past>,
        now: Moment,
    ) -> Result<Self, Fault> {
        let places = &tools.places;
        let resume = before.is_some();
        let past = before.unwrap_or(Past { conversation, ..Past::default() });
        let mut spec = places.spec(session, Place::Tree, PathBuf::new(), Vec::new(), LIMIT);
        spec.env = environment(&spec.env, agent);
        let guarded = {
            let (tools, env, agent) = (Arc::clone(tools), spec.env.clone(), agent.clone());
            spawn_blocking(move || {
                let agent = Some(&agent);
                let ward = Ward { session, agent, place: Place::Tree, base: None, role: PLANNER, line: "", asks: None };
                Guarded::lay(&tools.places, &tools.now(), &ward, &env)
            })
            .await
        };
        let guarded = guarded.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let guarded = guarded.map_err(|error| Fault::Guard(error.to_string()))?;
        let planner = PlannerSpec {
            agent: agent.clone(),
            conversation: past.conversation.clone(),
            resume,
            session,
            program: places.program.clone(),
            socket: places.layout.control_socket(),
            guard: guarded.file.clone(),
        };
        let (program, args) = planner.command();
        (spec.program, spec.args) = (program.into(), args);
        spec.env.extend(guarded.variables.clone());
        spec.stdin = Stdin::Terminal;
        spec.raw = false;
        spec.size = SIZE;
        let (handle, output) = Session::start(&places.program, &spec).await.map_err(Fault::Start)?;
        let talk = Talk::new(past, now);
        Ok(Self { session, agent: agent.clone(), talk, output, handle, typed: 0, guarded, transcript: None })
    }

    /// Returns the policy that it goes by.
    pub(super) fn policy(&self) -> &Policy {
        &self.guarded.scope.policy
    }

    /// Notes where the CLI keeps the conversation.
    pub(super) fn kept_in(&mut self, transcript: Option<&str>) {
        self.transcript = transcript.map(PathBuf::from).or(self.transcript.take());
    }

    /// Returns what the conversation says that it has used so far.
    pub(super) async fn bill(&self) -> Bill {
        let Some(transcript) = self.transcript.clone() else { return Bill::default() };
        spawn_blocking(move || Bill::of(&transcript)).await.unwrap_or_default()
    }

    /// Returns what it talks about, if that can be read again when we are gone.
    pub(super) fn talks(&self) -> Option<Conversation> {
        let (task, billed) = self.talk.billed();
        Some(Conversation { transcript: self.transcript.clone()?, task, billed })
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

    /// Ends it, and waits until its whole tree is gone. Its hooks are answered meanwhile: it waits for them. Returns what
    /// it has used that nobody knew of, and the conversation, if it can be gone on with.
    pub(super) async fn end(mut self, hooks: &mut mpsc::Receiver<ControlCall>) -> (Option<Heard>, Option<Past>) {
        let mut exit = None;
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
            if let Ok(over) = over.await {
                exit = Some(over);
                break;
            }
        }
        // Its holder may not hear us any more, or cannot end it: whatever is left is ended without it.
        sweep_if_unknown(&self.handle, exit.unwrap_or(Exit::Unknown)).await;
        let bill = self.bill().await;
        (self.talk.settle(bill), self.talk.resumable())
    }

    /// Takes leave of one that has ended, and ends what a holder may have left that died without a word. Returns what it has
    /// used that nobody knew of.
    pub(super) async fn clean_up(mut self, exit: Exit) -> Option<Heard> {
        sweep_if_unknown(&self.handle, exit).await;
        let bill = self.bill().await;
        self.talk.settle(bill)
    }
}

/// Answers a hook of which nothing follows.
pub(super) fn reply_nothing(call: ControlCall) {
    let _ = call.reply.send(ControlReply::done(serde_json::json!({})));
}
