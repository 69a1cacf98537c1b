//! The simulated world: what the shell and the edges would do, from one seed, with faults.

mod calm;
mod disk;
mod effects;
mod events;
mod faces;
mod filings;
mod jobs;
mod money;
mod people;
mod plan;
mod planner;
mod questions;
mod report;
mod runs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::{Effect, Recorded, Work};
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::{Fate, Input, Start};
use orchestrator_tui::core::live::JobOwner;
use orchestrator_tui::core::matching::Matcher;
use orchestrator_tui::core::supervisor::Supervisor;
use orchestrator_tui::core::view::View;
use orchestrator_tui::model::check::CheckKey;
use orchestrator_tui::model::hold::HoldReason;
use orchestrator_tui::model::id::{JobId, LandingId, PlanId, RequestId, Seq, SessionId};
use orchestrator_tui::model::settings::Settings;
use orchestrator_tui::model::task::{DoneReason, FailReason, ReadyReason, TaskState};
use orchestrator_tui::model::time::{Moment, Now, Wall};
use orchestrator_tui::model::workspace::TreeId;

use disk::{Disk, Tree};
use plan::Chance;
pub(crate) use report::Report;

/// How a seed is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Not at all; that is quick.
    Silently,
    /// As a hash.
    Hashed,
    /// Every input and effect, for a person.
    Aloud,
}

/// Something that will happen in the world.
enum Event {
    /// It reaches the machine as it is.
    Reaches(Input),
    /// The watcher sees what became of a file.
    Notices(u8),
    /// The store confirms.
    Stores(Seq),
    /// A job is carried out now.
    Works(JobId, Work),
    /// A session ends by itself or because it was told to.
    Ends(SessionId, Ending),
    /// An agent asks a person, under this name.
    Questions(SessionId, String),
    /// An agent does not want to know any more.
    Withdraws(SessionId, String),
    /// A person asks for something.
    Asks(Command),
    /// A file lies in the folder for events.
    Lies(String),
    /// An agent reports an event.
    Emits(SessionId, String),
    /// A person, or the weather, does something.
    Strikes,
}

/// How a simulated session ends.
#[derive(Clone)]
enum Ending {
    Run(Box<effects::RunPlan>),
    Agent(Box<effects::AgentPlan>),
}

struct World {
    now: u64,
    wall_offset: u64,
    /// How far local time is ahead of UTC, in seconds.
    zone: i64,
    bill: money::Bill,
    chance: Chance,
    calm: bool,
    told: Told,
    settings: Arc<Settings>,
    matcher: Arc<Matcher>,
    machine: Supervisor,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    disk: Disk,
    journal: Vec<Recorded>,
    stored: usize,
    waiting_for_store: Vec<(Seq, JobId, Work)>,
    /// The store takes its time until then.
    slow_until: u64,
    /// From which trees each result was made.
    made_from: BTreeMap<TreeId, BTreeSet<TreeId>>,
    /// Results that were made in the user's tree.
    made_in_place: BTreeSet<TreeId>,
    /// What was merged: the user's tree and the merged tree, and what the result was made from.
    merged: BTreeMap<(TreeId, TreeId), TreeId>,
    /// What the last run of each check in the user's tree looked at, and what it looked at when its outcome counted.
    looked: BTreeMap<CheckKey, Tree>,
    seen: BTreeMap<CheckKey, Tree>,
    /// Which check has looked at which tree in a workspace.
    judged: BTreeSet<(TreeId, CheckKey)>,
    sessions: BTreeMap<SessionId, effects::Session>,
    ended: BTreeSet<SessionId>,
    asked: BTreeSet<RequestId>,
    requests: u64,
    /// What agents wait for, and what faces have read of it.
    inbox: questions::Inbox,
    /// The folder for events.
    folder: events::Folder,
    operation: bool,
    /// The question that the planner was asked and has not answered.
    planner_asked: Option<PlanId>,
    planner_session: Option<SessionId>,
    gone: Option<u8>,
    first_session: u64,
    /// What faces saw last.
    view: View,
    report: Report,
}

/// Runs one seed to its calm end.
pub(crate) fn run(seed: u64, inputs: u32, told: Told) -> Report {
    let mut world = World::new(seed, told);
    world.start();
    world.at(5, Event::Strikes);
    for _ in 0..inputs {
        if !world.step() {
            break;
        }
    }
    world.calm_down();
    world.report
}

impl World {
    fn new(seed: u64, told: Told) -> Self {
        let mut chance = Chance::new(seed);
        let settings = Arc::new(plan::settings(&mut chance));
        let matcher = Arc::new(Matcher::new(&settings).expect("the globs are good"));
        let machine = Supervisor::restore(settings.clone(), matcher.clone(), []);
        let disk = Disk::new(&mut chance);
        let wall_offset = 1_700_000_000_000;
        Self {
            now: 0,
            wall_offset,
            zone: money::offset(&mut chance, wall_offset),
            bill: money::Bill::default(),
            chance,
            calm: false,
            told,
            settings,
            matcher,
            machine,
            events: BTreeMap::new(),
            next_event: 0,
            disk,
            journal: Vec::new(),
            stored: 0,
            waiting_for_store: Vec::new(),
            slow_until: 0,
            made_from: BTreeMap::new(),
            made_in_place: BTreeSet::new(),
            merged: BTreeMap::new(),
            judged: BTreeSet::new(),
            looked: BTreeMap::new(),
            seen: BTreeMap::new(),
            sessions: BTreeMap::new(),
            ended: BTreeSet::new(),
            asked: BTreeSet::new(),
            requests: 0,
            inbox: questions::Inbox::default(),
            folder: events::Folder::default(),
            operation: false,
            planner_asked: None,
            planner_session: None,
            gone: None,
            first_session: 0,
            view: View::default(),
            report: Report::default(),
        }
    }

    fn clock(&self) -> Now {
        Now { moment: Moment(self.now), wall: Wall(self.wall_offset + self.now), offset: self.zone }
    }

    fn at(&mut self, delay: u64, event: Event) {
        self.next_event += 1;
        self.events.insert((self.now + delay, self.next_event), event);
    }

    fn start(&mut self) {
        let until_idle = self.chance.one_in(4);
        let start = Start {
            pid: 1,
            version: "sim".into(),
            first_session: SessionId(self.first_session),
            last_landing: LandingId::default(),
            until_idle,
            attended: self.chance.one_in(2),
            one_command: false,
            files: self.disk.names(),
            repository: self.disk.repository(self.operation),
            used: std::mem::take(&mut self.bill.left),
            planner_used: self.bill.planner_left.take(),
        };
        self.input(Input::Started(Box::new(start)));
    }

    /// Lets the next thing happen. Returns false when nothing will ever happen.
    fn step(&mut self) -> bool {
        let next = self.events.keys().next().copied();
        let wake = self.machine.next_wake().map(|moment| moment.0).filter(|_| self.gone.is_none());
        match (next, wake) {
            (None, None) => return false,
            (Some((at, _)), Some(wake)) if wake < at => self.wake(wake),
            (None, Some(wake)) => self.wake(wake),
            (Some(key), _) => {
                self.now = self.now.max(key.0);
                let event = self.events.remove(&key).expect("it is the first");
                self.happen(event);
            }
        }
        true
    }

    fn wake(&mut self, at: u64) {
        self.now = self.now.max(at);
        self.input(Input::Woke);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Reaches(input) => self.input(input),
            Event::Stores(seq) => self.stores(seq),
            Event::Works(job, work) => self.works(job, work),
            Event::Ends(session, ending) => self.ends(session, ending),
            Event::Notices(file) => {
                let fate = if self.disk.tree.contains_key(&file) { Fate::Written } else { Fate::Removed };
                self.input(Input::Changed(vec![(disk::name(file), fate)]));
            }
            Event::Questions(session, request) => self.agent_questions(session, request),
            Event::Withdraws(session, request) => self.agent_withdraws(session, request),
            Event::Asks(command) => self.ask(command),
            Event::Lies(name) => self.lies(&name),
            Event::Emits(session, kind) => self.emits(session, kind),
            Event::Strikes => self.strikes(),
        }
    }

    /// Hands an input to the machine and carries its effects into the world.
    fn input(&mut self, input: Input) {
        if self.gone.is_some() {
            return;
        }
        if self.told == Told::Aloud {
            println!("{:>8} > {input:?}", self.now);
        }
        self.report.inputs += 1;
        self.bill(&input);
        self.planner_says(&input);
        let effects = self.machine.handle(self.clock(), input);
        for effect in effects {
            if self.told == Told::Aloud {
                println!("{:>8}     {effect:?}", self.now);
            }
            assert!(self.gone.is_none(), "an effect after Exit: {effect:?}");
            self.tell(&effect);
            self.effect(effect);
        }
        let wake = self.machine.next_wake();
        assert!(wake.is_none_or(|wake| wake.0 > self.now), "the machine wants to be woken in the past: {wake:?}");
        self.read_questions();
        self.look();
        if self.gone.is_some() {
            assert!(self.asked.is_empty(), "it left without an answer to {:?}", self.asked);
        }
    }

    fn tell(&mut self, effect: &Effect) {
        if self.told == Told::Hashed {
            for byte in format!("{effect:?}").bytes() {
                self.report.story = (self.report.story ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
        self.count_question(effect);
        let Effect::Record(Recorded { fact, .. }) = effect else { return };
        self.count_event(fact);
        self.raised(fact);
        match fact {
            Fact::Ran { key, .. } => {
                let looked = self.looked.get(key).expect("it ran").clone();
                self.seen.insert(key.clone(), looked);
            }
            Fact::Landed { .. } => self.report.landed += 1,
            Fact::Undone { .. } => self.report.undone += 1,
            Fact::TakenBack { .. } => self.report.taken_back += 1,
            Fact::NeedsReview { .. } => self.report.reviews += 1,
            Fact::Ready { reason, .. } => {
                self.report.ready += 1;
                self.report.first += u64::from(*reason == ReadyReason::First);
                self.report.kept += u64::from(reason.to_string().contains("no longer in the configuration"));
            }
            Fact::Replaced { .. } => self.report.replaced += 1,
            Fact::Held { reason: HoldReason::Snoozed { .. }, .. } => self.report.snoozed += 1,
            Fact::Held { reason: HoldReason::PriceUnknown, .. } => self.report.unpriced += 1,
            Fact::Held { reason: HoldReason::ByYou, .. } => self.report.held_by_you += 1,
            Fact::Unsnoozed { .. } => self.report.unsnoozed += 1,
            Fact::Parked { .. } => self.report.parked += 1,
            Fact::AttemptEnded { then: state, .. } | Fact::Ended { state, .. } => match state {
                TaskState::Done(DoneReason::Flaky) => self.report.flaky += 1,
                TaskState::Done(DoneReason::CheckGone) => self.report.checks_gone += 1,
                TaskState::Done(DoneReason::FixedByYou) => self.report.fixed_by_you += 1,
                TaskState::Done(DoneReason::FixedBy(_)) => self.report.fixed_by_other += 1,
                TaskState::Failed(FailReason::Escalated { .. }) => self.report.escalated += 1,
                TaskState::Failed(FailReason::Killed) => self.report.killed += 1,
                TaskState::Failed(FailReason::NotWanted(_)) => self.report.not_wanted += 1,
                TaskState::Held(HoldReason::PriceUnknown) => self.report.unpriced += 1,
                _ => {}
            },
            _ => {}
        }
    }

    /// The supervisor dies; the journal has what was stored, the disk has what was written.
    fn crash(&mut self) {
        self.check_replay();
        self.check_events();
        self.report.crashes += 1;
        self.journal.truncate(self.stored);
        self.restart();
    }

    fn other_settings(&mut self) {
        let mut settings = plan::settings(&mut self.chance);
        if self.chance.one_in(3) {
            settings.checks.remove(self.chance.below(3) as usize);
        }
        self.matcher = Arc::new(Matcher::new(&settings).expect("the globs are good"));
        self.settings = Arc::new(settings);
    }

    fn restart(&mut self) {
        self.agents_go_on();
        self.first_session = self.machine.live().last_session.0;
        self.sessions.clear();
        self.forget_requests();
        self.waiting_for_store.clear();
        self.slow_until = 0;
        self.asked.clear();
        self.planner_asked = None;
        self.planner_session = None;
        self.events.clear();
        self.gone = None;
        if !self.calm && self.chance.one_in(4) {
            self.report.changed_settings += 1;
            self.other_settings();
        }
        self.machine = Supervisor::restore(self.settings.clone(), self.matcher.clone(), self.journal.iter().cloned());
        self.now += 1_000;
        self.bill_restored();
        self.planner_goes_on();
        let owed = self.owed();
        self.look_at_files();
        self.start();
        self.check_paid(owed);
        self.bill_restored();
        let recovering = |owner: &&JobOwner| matches!(owner, JobOwner::Recover(..));
        self.report.recovered += self.machine.live().jobs.values().filter(recovering).count() as u64;
        if !self.calm {
            self.at(20, Event::Strikes);
        }
    }
}
