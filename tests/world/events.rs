//! Queued work, and what happens: reported by people, by agents at work and by files; each is followed once.

use std::collections::BTreeMap;

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::AgentOrder;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::{Dropped, Input, Product};
use orchestrator_tui::model::assignment::{Assignment, Lane};
use orchestrator_tui::model::event::{By, Consequence, EventFile, Reporter};
use orchestrator_tui::model::filing::{After, Filing, NewTask};
use orchestrator_tui::model::id::{EventId, SessionId, TaskId};
use orchestrator_tui::model::settings::LandMode;

use super::{Event, World};

/// What people and files report: the whole table, and what no rule is about.
const KINDS: [&str; 12] = [
    "task.assigned",
    "task.plan.created",
    "pr.created",
    "pr.updated",
    "pr.changes.requested",
    "pr.merged",
    "deploy.requested",
    "deploy.completed",
    "audit.requested",
    "verify.passed",
    "verify.failed",
    "nobody.knows",
];

/// The folder for events, and what was dropped there in all.
#[derive(Default)]
pub(super) struct Folder {
    files: BTreeMap<String, (EventFile, String)>,
    dropped: u32,
}

impl World {
    fn some_kind(&mut self) -> String {
        (*self.chance.pick(&KINDS)).to_owned()
    }

    /// A person queues a task or two, the second after the first.
    pub(super) fn somebody_queues(&mut self) {
        let count = self.chance.between(1, 2);
        let mut tasks = Vec::new();
        for number in 0..count {
            let assignment = Assignment {
                label: format!("work{}-{number}", self.requests),
                description: "Do it.".into(),
                land: if self.chance.one_in(2) { LandMode::Auto } else { LandMode::Ask },
                ..Assignment::new("some work", Lane::Queue, "task", "coding")
            };
            let after = (number > 0).then(|| After::Label(format!("work{}-0", self.requests)));
            let (priority, held) = (self.chance.below(3) as i32, self.chance.one_in(6));
            tasks.push(NewTask {
                assignment: Box::new(assignment),
                after: after.into_iter().collect(),
                priority,
                held,
            });
        }
        self.ask(Command::File { filing: Box::new(Filing { batch: None, tasks }) });
    }

    /// A person reports something, often about a task.
    pub(super) fn somebody_reports(&mut self) {
        let task = self.chance.one_in(2).then(|| self.some_task(|task| !task.state.is_final()));
        let data = if self.chance.one_in(4) { "{}" } else { r#"{"title": "more"}"# }.to_owned();
        let event = self.some_kind();
        self.ask(Command::Emit { event, data, task, by: Reporter::Person });
    }

    /// A file is dropped; the watch may tell of it more than once.
    pub(super) fn somebody_drops(&mut self) {
        let name = format!("{}.json", self.chance.below(3));
        self.folder.dropped += 1;
        let mark = self.folder.dropped.to_string();
        let kind = if self.chance.one_in(6) { String::new() } else { self.some_kind() };
        self.folder.files.insert(name.clone(), (EventFile { name: name.clone(), mark }, kind));
        for _ in 0..self.chance.between(1, 2) {
            let delay = self.chance.between(1, 500);
            self.at(delay, Event::Lies(name.clone()));
        }
    }

    /// The folder for events is looked at.
    pub(super) fn lies(&mut self, name: &str) {
        let Some((file, kind)) = self.folder.files.get(name).cloned() else { return };
        let dropped = Dropped { event: kind.clone(), data: r#"{"title": "more"}"#.to_owned(), task: None };
        let said = if kind.is_empty() { Err("not JSON".to_owned()) } else { Ok(dropped) };
        self.input(Input::EventFile(file, said));
    }

    /// A supervisor that starts looks at all that lies there.
    pub(super) fn look_at_files(&mut self) {
        for name in self.folder.files.keys().cloned().collect::<Vec<_>>() {
            self.at(1, Event::Lies(name));
        }
    }

    pub(super) fn put_away(&mut self, file: &EventFile) -> Product {
        let taken = self.journal.iter().take(self.stored).any(|recorded| match &recorded.fact {
            Fact::Emitted { event } => event.by == By::File(file.clone()),
            _ => false,
        });
        assert!(taken, "{file:?} is put away before it is on disk that it was taken in");
        if !self.calm && self.chance.one_in(20) {
            return Product::Failed("the disk is full".into());
        }
        self.folder.files.retain(|_, (known, _)| known != file);
        Product::PutAway
    }

    /// An agent of a role that has something to report does so while it works, sometimes twice, sometimes what it may not.
    pub(super) fn agent_reports(&mut self, order: &AgentOrder, longest: u64) {
        let Some(assignment) = order.task.assignment() else { return };
        let emits = self.settings.roles.get(&assignment.role).map(|role| role.emits.clone()).unwrap_or_default();
        if emits.is_empty() || self.chance.one_in(6) {
            return;
        }
        let kind = if self.chance.one_in(10) { "verify.passed".to_owned() } else { self.chance.pick(&emits).clone() };
        for _ in 0..self.chance.between(1, 2) {
            let delay = self.chance.between(1, longest);
            self.at(delay, Event::Emits(order.session, kind.clone()));
        }
    }

    pub(super) fn emits(&mut self, session: SessionId, event: String) {
        if self.sessions.contains_key(&session) {
            self.ask(Command::Emit { event, data: "{}".to_owned(), task: None, by: Reporter::Session(session) });
        }
    }

    /// Every event was followed once, and what it filed is what is said of it; each file was taken in once.
    pub(super) fn check_events(&mut self) {
        let mut filed: BTreeMap<EventId, Vec<TaskId>> = BTreeMap::new();
        let mut followed: BTreeMap<EventId, Vec<Consequence>> = BTreeMap::new();
        let mut taken = Vec::new();
        for recorded in &self.journal {
            match &recorded.fact {
                Fact::Emitted { event } => {
                    if let By::File(file) = &event.by {
                        assert!(!taken.contains(&file), "{file:?} is taken in twice");
                        taken.push(file);
                    }
                }
                Fact::Filed { task } => {
                    if let Some(event) = task.assignment().and_then(|assignment| assignment.event) {
                        filed.entry(event).or_default().push(task.id);
                    }
                }
                Fact::Routed { event, outcomes } => {
                    let before = followed.insert(*event, outcomes.clone());
                    assert!(before.is_none(), "event {} is followed twice", event.0);
                }
                _ => {}
            }
        }
        for (event, tasks) in &filed {
            assert_eq!(tasks.len(), 1, "event {} has filed {tasks:?}, and each rule files one", event.0);
        }
        for (event, outcomes) in followed {
            let said: Vec<TaskId> = outcomes.iter().filter_map(Consequence::filed).collect();
            assert_eq!(said, filed.remove(&event).unwrap_or_default(), "of event {}", event.0);
        }
    }

    /// Counts what became of events.
    pub(super) fn count_event(&mut self, fact: &Fact) {
        match fact {
            Fact::Emitted { .. } => self.report.events += 1,
            Fact::EventFileLeft { .. } => self.report.files_left += 1,
            Fact::Routed { outcomes, .. } => {
                for outcome in outcomes {
                    match outcome {
                        Consequence::Started(_) => self.report.started += 1,
                        Consequence::Completed(_) => self.report.completed += 1,
                        Consequence::Bug(_) => self.report.bugs += 1,
                        Consequence::Nobody(_) => self.report.nobody += 1,
                        Consequence::Failed(why) => {
                            self.report.not_followed += 1;
                            self.report.cut += u64::from(why.contains("events.depth") || why.contains("events.rate"));
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
