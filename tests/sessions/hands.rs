//! The world around the machine, as small as it can be: every job is done at once, and the test says what agents do.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrator_tui::config::{Inputs, load};
use orchestrator_tui::core::command::{Answer, Command, Refusal};
use orchestrator_tui::core::effect::{AgentOrder, Effect, Recorded, Work};
use orchestrator_tui::core::input::{Collected, Input, Product, Start};
use orchestrator_tui::core::matching::Matcher;
use orchestrator_tui::core::orchestrate::session;
use orchestrator_tui::core::supervisor::Supervisor;
use orchestrator_tui::model::agent::{AgentReport, AgentResult};
use orchestrator_tui::model::assignment::{Assignment, Lane, Project};
use orchestrator_tui::model::filing::{After, Filing, NewTask};
use orchestrator_tui::model::id::{RequestId, TaskId};
use orchestrator_tui::model::outcome::Outcome;
use orchestrator_tui::model::session::Exit;
use orchestrator_tui::model::settings::Settings;
use orchestrator_tui::model::task::Task;
use orchestrator_tui::model::time::{Moment, Now, Wall};
use orchestrator_tui::model::workspace::{RepoState, Snapshot, TreeId};

/// The machine and what runs because of it.
pub(crate) struct Hands {
    pub(crate) machine: Supervisor,
    settings: Arc<Settings>,
    now: u64,
    requests: u64,
    /// Agents at work, with what they were told.
    pub(crate) agents: BTreeMap<TaskId, AgentOrder>,
    /// Every agent that was ever started.
    pub(crate) started: Vec<AgentOrder>,
    /// Every fact.
    pub(crate) journal: Vec<Recorded>,
}

/// The built-in settings without checks; each role has so many attempts, and so many sessions run at once.
pub(crate) fn settings(attempts: u32, width: u32) -> Settings {
    let mut settings = load(&Inputs::default()).expect("the built-in settings hold").settings;
    settings.checks.clear();
    settings.lanes.session = width;
    settings.budget.task.0 = 0;
    settings.roles.values_mut().for_each(|role| role.attempts = Some(attempts));
    settings
}

/// A session with a name, which waits for others.
pub(crate) fn node(name: &str, after: &[String]) -> NewTask {
    let project = Project { requirements: format!("Do {name}."), ..Project::default() };
    let assignment = session("analysis", name.to_owned(), format!("do {name}"), project);
    let after = after.iter().cloned().map(After::Label).collect();
    NewTask { assignment: Box::new(assignment), after, priority: 0, held: false }
}

/// A task of the queue.
pub(crate) fn queued(name: &str, priority: i32) -> NewTask {
    let mut task = node(name, &[]);
    task.assignment = Box::new(Assignment { lane: Lane::Queue, workflow: "task".to_owned(), ..*task.assignment });
    task.priority = priority;
    task
}

impl Hands {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::after(settings, Vec::new())
    }

    /// As after a restart, with a journal.
    pub(crate) fn after(settings: Settings, journal: Vec<Recorded>) -> Self {
        let settings = Arc::new(settings);
        let matcher = Arc::new(Matcher::new(&settings).expect("no globs"));
        let machine = Supervisor::restore(settings.clone(), matcher, journal.iter().cloned());
        let (agents, started) = (BTreeMap::new(), Vec::new());
        let mut hands = Self { machine, settings, now: 1_000, requests: 0, agents, started, journal };
        let repository = RepoState::default();
        hands.give(Input::Started(Box::new(Start { pid: 1, version: "t".into(), repository, ..Start::default() })));
        hands
    }

    fn clock(&self) -> Now {
        Now { moment: Moment(self.now), wall: Wall(1_700_000_000_000 + self.now), offset: 0 }
    }

    /// Lets the machine take something in, and does at once what it wants done.
    pub(crate) fn give(&mut self, input: Input) -> Option<Result<Answer, Refusal>> {
        let mut inputs = vec![input];
        let mut reply = None;
        while let Some(input) = inputs.pop() {
            self.now += 1;
            for effect in self.machine.handle(self.clock(), input) {
                match effect {
                    Effect::Do { job, work, .. } => inputs.push(Input::Done(job, product(work))),
                    Effect::StartAgent(order) => {
                        self.started.push((*order).clone());
                        self.agents.insert(order.task.id, *order);
                    }
                    Effect::Reply(_, said) => reply = Some(said),
                    Effect::Record(recorded) => self.journal.push(recorded),
                    Effect::Signal(..)
                    | Effect::Run(_)
                    | Effect::Planner(_)
                    | Effect::Answer { .. }
                    | Effect::Tell { .. }
                    | Effect::Exit(_) => {}
                }
            }
        }
        reply
    }

    /// Asks for something.
    pub(crate) fn ask(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.requests += 1;
        self.give(Input::Asked(RequestId(self.requests), command)).expect("it is answered at once")
    }

    /// Files tasks that have nothing in common.
    pub(crate) fn file(&mut self, tasks: Vec<NewTask>) -> Result<Answer, Refusal> {
        self.ask(Command::File { filing: Box::new(Filing { batch: None, tasks }) })
    }

    /// Lets an agent end, well or not, with what it hands over.
    pub(crate) fn end(&mut self, task: TaskId, ok: bool, outcome: Outcome) {
        let order = self.agents.remove(&task).expect("its agent works");
        let text = outcome.summary.clone();
        if ok {
            self.give(Input::Reported(order.session, AgentReport::HandsOver(Box::new(outcome))));
        }
        self.give(Input::Reported(order.session, AgentReport::Done(AgentResult { ok, text })));
        self.give(Input::AgentEnded(order.session, Exit::Code(0)));
    }

    /// Lets other settings hold from now on.
    pub(crate) fn reconfigure(&mut self, settings: Settings) {
        let settings = Arc::new(settings);
        let matcher = Arc::new(Matcher::new(&settings).expect("no globs"));
        self.settings = settings.clone();
        self.give(Input::Reconfigured(settings, matcher));
    }

    /// Lets so much time pass.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.give(Input::Woke);
    }

    /// The newest task with this label.
    pub(crate) fn task(&self, label: &str) -> &Task {
        let is_it = |task: &&Arc<Task>| task.assignment().is_some_and(|known| known.label == label);
        self.machine.book().tasks.values().rev().find(is_it).expect("it was filed")
    }

    /// Starts anew from what was recorded so far, as after a `kill -9`.
    pub(crate) fn restart(self, kept: usize) -> Self {
        Self::after((*self.settings).clone(), self.journal.into_iter().take(kept).collect())
    }
}

fn product(work: Work) -> Product {
    let snapshot = |tree: &str| Snapshot { tree: TreeId(tree.into()), commit: tree.into(), left_out: Vec::new() };
    match work {
        Work::Snapshot | Work::Compose { .. } => Product::Snapshot(snapshot("tree")),
        Work::Prepare { .. } => Product::Prepared { needs_command: false, warnings: Vec::new() },
        Work::Collect { base, .. } => Product::Collected(Collected {
            tree: base.tree,
            changes: Vec::new(),
            suspicions: Vec::new(),
            patch: String::new(),
        }),
        Work::Restore { .. } => Product::Restored,
        Work::PutAway { .. } => Product::PutAway,
        Work::Merge { .. } | Work::Land { .. } | Work::RecordInPlace { .. } | Work::Undo { .. } => {
            Product::Failed("nothing lands here".into())
        }
    }
}
