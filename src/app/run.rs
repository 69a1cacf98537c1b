//! The loop: the next input, the machine, its effects; until it says exit.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc, watch};

use crate::app::clock::{self, Clock};
use crate::app::failure::Failure;
use crate::app::report::Reporter;
use crate::app::serve::{self, Waiting};
use crate::app::setup;
use crate::app::show::Show;
use crate::app::unstored::Unstored;
use crate::app::work::Tools;
use crate::app::{agents, checks, closing, mirror, past, signals, work};
use crate::core::command::Command;
use crate::core::effect::{Effect, Recorded, RunOrder, Work};
use crate::core::input::{Input, Product, RunOutcome, Start};
use crate::core::lines;
use crate::core::supervisor::Supervisor;
use crate::edge::control::{ControlCall, ControlReply, ControlRequest, FactLine, Views};
use crate::edge::session;
use crate::edge::store::{Journal, StoreError};
use crate::model::health::{Level, Part};
use crate::model::id::{JobId, Seq, SessionId};
use crate::model::session::Rung;
use crate::model::task::{DoneReason, Task, TaskState};

/// How many inputs may wait before the parts that send them have to.
const INBOX: usize = 1024;

/// How many facts a slow follower may be behind.
const FOLLOWERS: usize = 4096;

/// What the loop shows of itself while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// One line for each fact.
    Lines,
    /// One JSON object for each fact.
    Json,
    /// Nothing.
    Silent,
}

/// What the journal's writer last said.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The last fact on disk.
    pub seq: Seq,
    /// Why nothing more gets there, if so.
    pub outage: Option<StoreError>,
}

/// Everything the loop needs, made by [`crate::app::supervise`].
pub struct Shell {
    machine: Supervisor,
    clock: Clock,
    tools: Arc<Tools>,
    journal: Journal,
    journal_file: PathBuf,
    stored: watch::Receiver<Stored>,
    inbox: mpsc::Receiver<Input>,
    sender: mpsc::Sender<Input>,
    calls: mpsc::Receiver<ControlCall>,
    facts: broadcast::Sender<FactLine>,
    unstored: Unstored,
    waiting: Waiting,
    show: Show,
    sessions: BTreeMap<SessionId, mpsc::Sender<Rung>>,
    held_back: Vec<(Seq, JobId, Work)>,
    mirror: Option<PathBuf>,
    mirrored: bool,
    voice: Voice,
    answer: Option<Result<String, String>>,
    exit: Option<u8>,
}

/// The ends of the channels that lead into a [`Shell`].
pub struct Doors {
    /// Takes inputs from any part.
    pub inbox: mpsc::Sender<Input>,
    /// Takes calls from the control socket.
    pub calls: mpsc::Sender<ControlCall>,
    /// Gives out facts.
    pub facts: broadcast::Sender<FactLine>,
    /// What screens see.
    pub views: Arc<Views>,
}

impl Shell {
    /// Puts a shell together; nothing runs yet.
    pub fn new(
        machine: Supervisor,
        tools: Arc<Tools>,
        journal: Journal,
        journal_file: PathBuf,
        stored: watch::Receiver<Stored>,
        voice: Voice,
        mirror: Option<PathBuf>,
    ) -> (Self, Doors) {
        let (sender, inbox) = mpsc::channel(INBOX);
        let (call_sender, calls) = mpsc::channel(64);
        let (facts, _) = broadcast::channel(FOLLOWERS);
        let views = Arc::new(Views::default());
        let doors =
            Doors { inbox: sender.clone(), calls: call_sender, facts: facts.clone(), views: Arc::clone(&views) };
        let shell = Self {
            machine,
            clock: Clock::start(),
            tools,
            journal,
            journal_file,
            stored,
            inbox,
            sender,
            calls,
            facts,
            unstored: Unstored::default(),
            waiting: Waiting::default(),
            show: Show::new(views),
            sessions: BTreeMap::new(),
            held_back: Vec::new(),
            mirror,
            mirrored: true,
            voice,
            answer: None,
            exit: None,
        };
        (shell, doors)
    }

    /// Runs until the machine says exit; returns its code.
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub async fn run(mut self, start: Start) -> Result<u8, Failure> {
        let mut signals =
            signals::listen().map_err(|error| Failure::usage(format!("signals cannot be received: {error}")))?;
        self.input(Input::Started(Box::new(start)));
        while self.exit.is_none() {
            let wake = self.machine.next_wake().into_iter().chain(self.show.due()).min();
            let wait = wake.map(|moment| self.clock.until(moment));
            tokio::select! {
                biased;
                Some(signal) = signals.recv() => {
                    tracing::info!(signal, "told to stop");
                    let request = self.waiting.number();
                    self.input(Input::Asked(request, Command::Quit));
                    if let Some(text) = closing::stopping(&self.machine).filter(|_| self.voice == Voice::Lines) {
                        // A person who pressed ctrl-c sees why it is not over at once.
                        say(&text);
                    }
                }
                Ok(()) = self.stored.changed() => self.stored(),
                Some(input) = self.inbox.recv() => self.input(input),
                Some(call) = self.calls.recv() => self.call(call),
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => self.input(Input::Woke),
            }
            if self.inbox.is_empty() {
                self.reflect();
                self.show.refresh(&self.machine, self.clock.now().moment);
            }
        }
        Ok(self.leave())
    }

    /// Carries out one command, as the machine decides, and returns what it answered.
    ///
    /// # Errors
    /// If signals cannot be listened to, or the command was refused.
    pub async fn run_one(mut self, start: Start, command: Command) -> Result<String, Failure> {
        self.input(Input::Started(Box::new(start)));
        let request = self.waiting.number();
        let landing = if let Command::Land { task } = command { Some(task) } else { None };
        self.input(Input::Asked(request, command));
        while self.exit.is_none() {
            tokio::select! {
                Ok(()) = self.stored.changed() => self.stored(),
                Some(input) = self.inbox.recv() => self.input(input),
            }
        }
        let mut answer = self.answer.take();
        if let Some(task) = landing.and_then(|task| self.machine.book().task(task))
            && let Some(Ok(_)) = answer
        {
            // The first answer is that it has begun; by now it has ended, one way or the other.
            let said = format!("{} {}", task.id, task.state.reason(clock::wall()));
            let has_landed = matches!(task.state, TaskState::Done(DoneReason::Landed(_)));
            answer = Some(if has_landed { Ok(said) } else { Err(said) });
        }
        self.leave();
        match answer {
            Some(Ok(said)) => Ok(said),
            Some(Err(why)) => Err(Failure::refused(why)),
            None => Err(Failure::refused("it was not answered")),
        }
    }

    fn leave(mut self) -> u8 {
        self.mirrored = false;
        self.reflect();
        self.show.show(&self.machine, self.clock.now().moment);
        let code = self.exit.unwrap_or(1);
        if !self.sessions.is_empty() {
            // Told three times: nobody is left to wait for the end of what still runs.
            let killed = session::kill(&self.tools.places.mark);
            tracing::warn!(?killed, "killed what still ran");
        }
        if self.voice == Voice::Lines {
            if let Some(why) = closing::why_not_green(self.machine.book()).filter(|_| code != 0) {
                say(&why);
            }
            say(&closing::statistics(self.machine.book(), clock::wall()));
        }
        if let Err(error) = self.journal.close() {
            tracing::error!(%error, "the journal could not be closed");
            return code.max(1);
        }
        code
    }

    fn input(&mut self, input: Input) {
        if let Input::RunEnded(session, _) | Input::AgentEnded(session, _) | Input::AgentFailed(session, _) = &input {
            self.sessions.remove(session);
        }
        let effects = self.machine.handle(self.clock.now(), input);
        self.show.touch();
        let mut facts = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record(recorded) => facts.push(recorded),
                other => {
                    self.append(&std::mem::take(&mut facts));
                    self.execute(other);
                }
            }
        }
        self.append(&facts);
    }

    fn append(&mut self, facts: &[Recorded]) {
        if facts.is_empty() {
            return;
        }
        self.mirrored = false;
        let mut rows = Vec::with_capacity(facts.len());
        for recorded in facts {
            match setup::stored_of(recorded) {
                Ok(row) => rows.push(row),
                Err(error) => tracing::error!(%error, "a fact cannot be written"),
            }
            self.unstored.push(recorded);
            self.tell(recorded);
        }
        if let Err(error) = self.journal.append(rows) {
            tracing::error!(%error, "the journal takes no facts");
        }
    }

    fn tell(&self, recorded: &Recorded) {
        let json = fact_json(recorded);
        match self.voice {
            Voice::Json => say(&json),
            Voice::Lines => {
                if let Some(line) = lines::line(&recorded.fact, recorded.at) {
                    say(&lines::stamped(recorded.at, clock::offset(recorded.at), &line));
                }
            }
            Voice::Silent => {}
        }
        // Nobody may be listening.
        let _ = self.facts.send(FactLine { seq: recorded.seq, json: json.into() });
    }

    fn stored(&mut self) {
        let stored = self.stored.borrow_and_update().clone();
        self.unstored.stored(stored.seq);
        let level = match &stored.outage {
            None => Level::Up,
            Some(error) => Level::Down { reason: format!("going on in memory: {error}"), since: clock::wall() },
        };
        let was_down = matches!(self.machine.book().health.get(&Part::StateManager), Some(Level::Down { .. }));
        if was_down != stored.outage.is_some() {
            self.input(Input::Felt(Part::StateManager, level));
        }
        // With a broken store everything goes on in memory; landings keep their images all the same.
        let ready = |seq: Seq| seq <= stored.seq || stored.outage.is_some();
        let (go, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held_back).into_iter().partition(|(seq, _, _)| ready(*seq));
        self.held_back = stay;
        for (_, job, work) in go {
            self.work(job, work);
        }
        self.input(Input::Stored(stored.seq));
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Record(_) => {}
            Effect::Run(order) => self.start_run(*order),
            Effect::StartAgent(order) => {
                let (rungs, told) = mpsc::channel(8);
                self.sessions.insert(order.session, rungs);
                tokio::spawn(agents::run(Arc::clone(&self.tools), *order, told, self.sender.clone()));
            }
            Effect::Signal(session, rung) => {
                if let Some(rungs) = self.sessions.get(&session) {
                    // Full only if it was told eight times without reading; the machine will tell it again.
                    let _ = rungs.try_send(rung);
                }
            }
            Effect::Do { job, work, after } => {
                let stored = self.stored.borrow().clone();
                match after {
                    Some(seq) if seq > stored.seq && stored.outage.is_none() => self.held_back.push((seq, job, work)),
                    _ => self.work(job, work),
                }
            }
            Effect::Reply(request, reply) => {
                self.answer = Some(match &reply {
                    Ok(answer) => Ok(answer.said.clone()),
                    Err(refusal) => Err(refusal.message.clone()),
                });
                self.waiting.reply(request, reply);
            }
            Effect::Exit(code) => self.exit = Some(code),
        }
    }

    fn start_run(&mut self, order: RunOrder) {
        let (rungs, told) = mpsc::channel(8);
        let session = order.session;
        self.sessions.insert(session, rungs);
        let (tools, inbox) = (Arc::clone(&self.tools), self.sender.clone());
        tokio::spawn(async move {
            let outcome = checks::run(&tools.places, order.clone(), told).await;
            if let RunOutcome::Ran(run) = &outcome
                && run.is_green()
            {
                tools.prepared(&order);
            }
            let _ = inbox.send(Input::RunEnded(session, outcome)).await;
        });
    }

    fn work(&self, job: JobId, work: Work) {
        let (tools, inbox) = (Arc::clone(&self.tools), self.sender.clone());
        tokio::spawn(async move {
            let product = tokio::task::spawn_blocking(move || work::carry_out(&tools, work)).await;
            let product = product.unwrap_or_else(|error| Product::Failed(format!("it broke: {error}")));
            let _ = inbox.send(Input::Done(job, product)).await;
        });
    }

    fn call(&mut self, call: ControlCall) {
        let now = self.clock.now();
        if let ControlRequest::Query { path, query } = &call.request {
            match path.as_str() {
                "facts" | "past" => {
                    let last = self.unstored.all();
                    let reading = past::read(self.journal_file.clone(), query.clone(), last);
                    tokio::spawn(async move {
                        // Whoever asked may have gone.
                        let _ = call.reply.send(reading.await);
                    });
                    return;
                }
                "view" => {
                    self.show.show(&self.machine, now.moment);
                    let _ = call.reply.send(ControlReply::done(Value::Null));
                    return;
                }
                _ => {}
            }
        }
        if let Some((request, command)) = serve::call(&self.machine, now, &mut self.waiting, call) {
            self.input(Input::Asked(request, command));
        }
    }

    /// Mirrors the state, if that was asked for, once for all that happened since.
    fn reflect(&mut self) {
        let Some(path) = self.mirror.as_ref().filter(|_| !self.mirrored) else { return };
        self.mirrored = true;
        let now = self.clock.now();
        let reason = |task: &Task| serve::reason(&self.machine, task, now);
        let reporter =
            Reporter { book: self.machine.book(), reason: &reason, running: self.exit.is_none(), now: now.wall };
        if let Err(error) = mirror::write(path, &reporter.status()) {
            tracing::warn!(%error, path = %path.display(), "the state file cannot be written");
        }
    }
}

/// Writes a line; a reader that has gone (`| head`) does not stop the work.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Returns a fact as JSON, with its place and time.
pub fn fact_value(recorded: &Recorded) -> Value {
    let mut value = serde_json::to_value(&recorded.fact).unwrap_or_else(|_| json!({}));
    if let Value::Object(fields) = &mut value {
        fields.insert("seq".to_owned(), json!(recorded.seq));
        fields.insert("at".to_owned(), json!(recorded.at.iso()));
        fields.insert("at_ms".to_owned(), json!(recorded.at));
        if let Some(task) = recorded.fact.task() {
            fields.insert("task_id".to_owned(), json!(task.long()));
        }
    }
    value
}

fn fact_json(recorded: &Recorded) -> String {
    fact_value(recorded).to_string()
}
