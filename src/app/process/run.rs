//! The loop: the next input, the machine, its effects; until it says exit.

mod one;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::app::answers::history;
use crate::app::answers::report::Reporter;
use crate::app::answers::serve::{self, Called, Waiting};
use crate::app::clock::{self, Clock};
use crate::app::effects::told::{self, Told};
use crate::app::effects::tools::Tools;
use crate::app::effects::{agents, checks, work};
use crate::app::failure::Failure;
use crate::app::process::channels::Channels;
use crate::app::process::held::{self, Held, Stored};
use crate::app::process::lease::Lease;
use crate::app::process::showing::Showing;
use crate::app::process::voice::{Speaker, Voice};
use crate::app::process::{closing, signals};
use crate::app::project::{mark, setup};
use crate::app::records::mirrors::Mirrors;
use crate::app::records::projection;
use crate::app::words::redact::Spoken;
use crate::app::words::{redact, say};
use crate::core::command::Command;
use crate::core::effect::{Effect, Recorded, RunOrder, Work};
use crate::core::fact::Fact;
use crate::core::input::{Input, Product, RunOutcome, Start};
use crate::core::lines;
use crate::core::live::Phase;
use crate::core::supervisor::Supervisor;
use crate::edge::control::{Audience, ControlCall, Farewell};
use crate::edge::session;
use crate::edge::store::{Journal, StoreError};
use crate::model::health::{Level, Part};
use crate::model::id::{JobId, SessionId};
use crate::model::task::Task;

/// Everything the loop needs, made by [`crate::app::process::supervise`].
pub struct Shell {
    machine: Supervisor,
    clock: Clock,
    tools: Arc<Tools>,
    journal: Journal,
    stored: watch::Receiver<Stored>,
    channels: Channels,
    audience: watch::Receiver<Audience>,
    lease: Lease,
    showing: Showing,
    waiting: Waiting,
    sessions: BTreeMap<SessionId, mpsc::Sender<Told>>,
    held: Held,
    mirrors: Mirrors,
    speaker: Speaker,
    answer: Option<Result<String, String>>,
    /// What is being recorded of a person's words, as it was said.
    spoken: Option<Spoken>,
    exit: Option<u8>,
}

impl Shell {
    /// Puts a shell together; nothing runs yet.
    pub fn new(
        machine: Supervisor,
        tools: Arc<Tools>,
        journal: Journal,
        stored: watch::Receiver<Stored>,
        channels: Channels,
        speaker: Speaker,
        mirrors: Mirrors,
    ) -> Self {
        Self {
            machine,
            tools,
            journal,
            stored,
            audience: channels.views.audience(),
            lease: Lease::Free,
            showing: Showing::new(channels.views.clone()),
            channels,
            clock: Clock::start(),
            waiting: Waiting::default(),
            sessions: BTreeMap::new(),
            held: Held::default(),
            mirrors,
            speaker,
            answer: None,
            spoken: None,
            exit: None,
        }
    }

    /// Runs until the machine says exit; returns its code, and the statistics. `is_expected`: whoever started it for a
    /// screen is still there.
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub async fn run(mut self, start: Start, is_expected: bool) -> Result<Farewell, Failure> {
        let mut signals =
            signals::listen().map_err(|error| Failure::usage(format!("signals cannot be received: {error}")))?;
        if self.audience.borrow().leased {
            // From now on: what came before may have taken longer than a screen is waited for.
            self.lease = Lease::awaited(self.clock.now().moment, is_expected);
        }
        self.input(Input::Started(Box::new(start)));
        while self.exit.is_none() {
            let wait = self.machine.next_wake().map(|moment| self.clock.until(moment));
            let looks = self.showing.due().into_iter().chain(self.lease.due()).min();
            let look = looks.map(|moment| self.clock.until(moment));
            tokio::select! {
                biased;
                Some(signal) = signals.recv() => {
                    tracing::info!(signal, "told to stop");
                    self.quit();
                }
                Ok(()) = self.stored.changed() => self.stored(),
                // Before what is asked: whoever left before that is not there to answer.
                Ok(()) = self.audience.changed() => {}
                Some(input) = self.channels.inputs.recv() => self.input(input),
                Some(call) = self.channels.calls.recv() => self.call(call),
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => self.input(Input::Woke),
                () = tokio::time::sleep(look.unwrap_or_default()), if look.is_some() => {}
            }
            self.look();
            if self.channels.inputs.is_empty() {
                self.reflect();
            }
        }
        Ok(self.leave().0)
    }

    /// Shows those who look what is new, and ends with the last screen if it must.
    fn look(&mut self) {
        let audience = *self.audience.borrow_and_update();
        if audience.leases != self.machine.live().screens {
            self.input(Input::Screens(audience.leases));
        }
        if let Some(why) = self.lease.look(&audience, self.clock.now().moment)
            && matches!(self.machine.live().phase, Phase::Up)
        {
            tracing::info!(why, "stopping");
            self.quit();
        }
        self.showing.show(&self.machine, &self.clock);
    }

    fn quit(&mut self) {
        let request = self.waiting.number();
        self.input(Input::Asked(request, Command::Quit));
        if let Some(text) = closing::stopping(&self.machine).filter(|_| self.speaker.voice() == Voice::Lines) {
            // A person who pressed ctrl-c sees why it is not over at once.
            self.speaker.say(&text);
        }
    }

    fn leave(mut self) -> (Farewell, Result<(), StoreError>) {
        self.mirrors.tell_the_end();
        self.reflect();
        self.showing.show_last(&self.machine);
        let mut code = self.exit.unwrap_or(1);
        if !self.sessions.is_empty() {
            // Told three times: nobody is left to wait for the end of what still runs.
            let killed = session::kill(&self.tools.places.mark);
            tracing::warn!(?killed, "killed what still ran");
        }
        let mut said = closing::statistics(self.machine.book(), clock::wall());
        if let Some(why) = closing::why_not_green(self.machine.book()).filter(|_| code != 0) {
            said = format!("{why}\n{said}");
        }
        if self.speaker.voice() == Voice::Lines {
            self.speaker.say(&said);
        }
        let closed = self.journal.close().map(drop);
        if let Err(error) = &closed {
            tracing::error!(%error, "the journal could not be closed");
            code = code.max(1);
        }
        for (request, reply) in self.held.replies() {
            self.waiting.reply(request, reply.and_then(|answer| held::kept(answer, &closed)));
        }
        let unread = self.speaker.finish();
        if unread > 0 {
            say::complain(&format!("{unread} lines at the end were not written: nobody reads standard output"));
        }
        (Farewell { code, said }, closed)
    }

    fn input(&mut self, mut input: Input) {
        self.spoken = redact::cover(&self.tools.places.secrecy.now(), &mut input);
        if let Input::RunEnded(session, _) | Input::AgentEnded(session, _) | Input::AgentFailed(session, _) = &input {
            self.sessions.remove(session);
        }
        let only_stored = matches!(input, Input::Stored(_));
        let effects = self.machine.handle(self.clock.now(), input);
        if !only_stored || !effects.is_empty() {
            self.showing.note();
        }
        // All facts of an input become true together, and before anything else is done about it.
        let (mut facts, mut others) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Record(recorded) => facts.push(recorded),
                other => others.push(other),
            }
        }
        self.append(&facts);
        for effect in others {
            self.execute(effect);
        }
    }

    fn append(&mut self, facts: &[Recorded]) {
        if facts.is_empty() {
            return;
        }
        let mut rows = Vec::with_capacity(facts.len());
        for recorded in facts {
            match setup::stored_of(recorded) {
                Ok(row) => rows.push(row),
                Err(error) => tracing::error!(%error, "a fact cannot be written"),
            }
            self.tools.landings.learn(&recorded.fact);
            if let Fact::BatchBegan { batch } = &recorded.fact {
                self.tools.keeps_day(batch);
            }
            self.mirrors.learn(self.machine.book(), recorded);
            self.tell(recorded);
        }
        let changes = projection::of(facts, self.machine.book(), &self.machine.settings().lanes);
        match self.journal.append_with(rows, changes) {
            Ok(()) => self.held.appended(facts.last().map(|recorded| recorded.seq).unwrap_or_default()),
            Err(error) => tracing::error!(%error, "the journal takes no facts"),
        }
    }

    fn tell(&self, recorded: &Recorded) {
        let told = history::told(recorded);
        match self.speaker.voice() {
            Voice::Json => self.speaker.fact(recorded.seq, &told.json),
            Voice::Lines => {
                if let Some(line) = lines::line(&recorded.fact, recorded.at) {
                    self.speaker.fact(recorded.seq, &lines::stamped(recorded.at, clock::offset(recorded.at), &line));
                }
            }
            Voice::Silent => {}
        }
        self.channels.history.push(told.clone());
        // Nobody may be listening.
        let _ = self.channels.facts.send(told);
    }

    fn stored(&mut self) {
        let stored = self.stored.borrow_and_update().clone();
        self.channels.history.stored(stored.seq);
        let level = match &stored.outage {
            None => Level::Up,
            Some(error) => Level::Down { reason: format!("going on in memory: {error}"), since: clock::wall() },
        };
        let was_down = matches!(self.machine.book().health.get(&Part::StateManager), Some(Level::Down { .. }));
        if was_down != stored.outage.is_some() {
            self.input(Input::Felt(Part::StateManager, level));
        }
        self.let_go();
        self.input(Input::Stored(stored.seq));
    }

    /// Does and says what waited for the disk.
    fn let_go(&mut self) {
        let free = self.held.free(&self.stored.borrow());
        for (job, work) in free.work {
            self.work(job, work);
        }
        for (request, reply) in free.replies {
            self.waiting.reply(request, reply);
        }
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Record(_) => {}
            Effect::Run(order) => self.start_run(*order),
            Effect::StartAgent(order) => {
                let (rungs, told) = mpsc::channel(8);
                self.sessions.insert(order.session, rungs);
                tokio::spawn(agents::run(Arc::clone(&self.tools), *order, told, self.channels.inbox.clone()));
            }
            Effect::Planner(order) => self.channels.plan(order, &mut self.spoken),
            Effect::Signal(session, rung) => {
                if let Some(rungs) = self.sessions.get(&session) {
                    // Full only if it was told eight times without reading; the machine will tell it again.
                    let _ = rungs.try_send(Told::End(rung));
                }
            }
            Effect::Answer { session, request, reply } => {
                let reply = self.spoken.take().map_or(reply.clone(), |spoken| spoken.reply(reply));
                told::hand_over(self.sessions.get(&session), Told::Answer(request, reply));
            }
            Effect::Tell { session, text } => {
                let text = self.spoken.take().map_or(text.clone(), |spoken| spoken.message(text));
                told::hand_over(self.sessions.get(&session), Told::Message(text));
            }
            Effect::Do { job, work, after } => {
                self.held.work(after.unwrap_or_default(), job, work);
                self.let_go();
            }
            Effect::Reply(request, reply) => {
                self.answer = Some(match &reply {
                    Ok(answer) => Ok(answer.said.clone()),
                    Err(refusal) => Err(refusal.message.clone()),
                });
                self.held.reply(request, reply);
                self.let_go();
            }
            Effect::Exit(code) => self.exit = Some(code),
        }
    }

    fn start_run(&mut self, order: RunOrder) {
        let (rungs, told) = mpsc::channel(8);
        let session = order.session;
        self.sessions.insert(session, rungs);
        let (tools, inbox) = (Arc::clone(&self.tools), self.channels.inbox.clone());
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
        let (tools, inbox) = (Arc::clone(&self.tools), self.channels.inbox.clone());
        tokio::spawn(async move {
            let product = tokio::task::spawn_blocking(move || work::carry_out(&tools, work)).await;
            let product = product.unwrap_or_else(|error| Product::Failed(format!("it broke: {error}")));
            let _ = inbox.send(Input::Done(job, product)).await;
        });
    }

    fn call(&mut self, call: ControlCall) {
        match serve::call((&self.machine, &self.tools), self.clock.now(), &mut self.waiting, call) {
            Called::Answered => {}
            Called::Command(request, command) => self.input(Input::Asked(request, command)),
            Called::Trespass(by, deed) => self.input(Input::Trespassed(by, deed)),
            Called::Leave(reply) => {
                let said = self.lease.leave(&self.audience.borrow());
                if self.lease == Lease::Free {
                    self.channels.views.release();
                }
                let _ = reply.send(serve::said(said));
            }
        }
    }

    /// Mirrors the state, where that was asked for, once for all that happened since.
    fn reflect(&mut self) {
        if !self.mirrors.is_stale() {
            return;
        }
        let (now, space) = (self.clock.now(), mark::space(&self.tools.places.mark));
        let reason = |task: &Task| serve::reason(&self.machine, task, now);
        let book = self.machine.book();
        self.mirrors.reflect(&Reporter { book, reason: &reason, running: self.exit.is_none(), now: now.wall, space });
    }
}
