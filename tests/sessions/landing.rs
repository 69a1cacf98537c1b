//! Sessions that are made from each other, land in any order people and faults think of, and are taken back: who lands by itself does so once, and nobody waits for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchestrator_tui::core::command::{Answer, Command, Refusal};
use orchestrator_tui::core::effect::{Effect, Recorded, Work};
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::{Collected, Input, Product, Start};
use orchestrator_tui::core::matching::Matcher;
use orchestrator_tui::core::supervisor::Supervisor;
use orchestrator_tui::model::agent::{AgentReport, AgentResult};
use orchestrator_tui::model::filing::{Filing, NewTask};
use orchestrator_tui::model::id::{JobId, RequestId, SessionId, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::session::Exit;
use orchestrator_tui::model::settings::{LandMode, Settings};
use orchestrator_tui::model::task::{ReadyReason, Task, TaskState};
use orchestrator_tui::model::time::{Moment, Now, Wall};
use orchestrator_tui::model::workspace::{ChangeKind, FileChange, RepoState, Snapshot, TreeId};
use proptest::prelude::*;

use crate::hands::{node, settings};

const COUNT: usize = 8;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// A job or an agent ends, well.
    GoesOn,
    /// A job ends with a conflict, or in trouble.
    GoesWrong,
    Land,
    Refuse,
    Undo,
    Retry,
    Hold,
    Kill,
    /// The supervisor dies and is started again.
    Crash,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, prop::sample::Index)>> {
    let deed = prop_oneof![
        24 => Just(Deed::GoesOn),
        2 => Just(Deed::GoesWrong),
        8 => Just(Deed::Land),
        1 => Just(Deed::Refuse),
        2 => Just(Deed::Undo),
        2 => Just(Deed::Retry),
        1 => Just(Deed::Hold),
        1 => Just(Deed::Kill),
        1 => Just(Deed::Crash),
    ];
    prop::collection::vec((deed, any::<prop::sample::Index>()), 40..160)
}

/// For each of them, which of lower number it is made from, and whether it lands by itself.
fn graph() -> impl Strategy<Value = Vec<(BTreeSet<usize>, bool)>> {
    let one = (prop::collection::vec(any::<prop::sample::Index>(), 0..3), any::<bool>());
    prop::collection::vec(one, COUNT).prop_map(|all| {
        let before = |(at, (picks, auto)): (usize, (Vec<prop::sample::Index>, bool))| {
            (if at == 0 { BTreeSet::new() } else { picks.iter().map(|pick| pick.index(at)).collect() }, auto)
        };
        all.into_iter().enumerate().map(before).collect()
    })
}

fn filing(graph: &[(BTreeSet<usize>, bool)]) -> Vec<NewTask> {
    let one = |(at, (after, auto)): (usize, &(BTreeSet<usize>, bool))| {
        let after: Vec<String> = after.iter().map(|other| format!("s{other}")).collect();
        let mut new = node(&format!("s{at}"), &after);
        "implementation".clone_into(&mut new.assignment.role);
        new.assignment.land = if *auto { LandMode::Auto } else { LandMode::Ask };
        new
    };
    graph.iter().enumerate().map(one).collect()
}

/// The machine, and what it waits for.
struct Yard {
    settings: Arc<Settings>,
    machine: Supervisor,
    now: u64,
    requests: u64,
    trees: u64,
    jobs: Vec<(JobId, Work)>,
    agents: BTreeMap<TaskId, SessionId>,
    replies: Vec<Result<Answer, Refusal>>,
    journal: Vec<Recorded>,
}

impl Yard {
    fn new() -> Self {
        let settings = Arc::new(settings(9, 4));
        let machine = Self::restored(&settings, &[]);
        let (jobs, agents, replies, journal) = (Vec::new(), BTreeMap::new(), Vec::new(), Vec::new());
        let mut yard = Self { settings, machine, now: 0, requests: 0, trees: 0, jobs, agents, replies, journal };
        yard.start();
        yard
    }

    fn restored(settings: &Arc<Settings>, journal: &[Recorded]) -> Supervisor {
        let matcher = Arc::new(Matcher::new(settings).expect("no globs"));
        Supervisor::restore(settings.clone(), matcher, journal.iter().cloned())
    }

    fn start(&mut self) {
        let first_session = self.machine.live().last_session;
        let start =
            Start { pid: 1, version: "t".into(), repository: RepoState::default(), first_session, ..Start::default() };
        self.give(Input::Started(Box::new(start)));
    }

    fn crash(&mut self) {
        let last = self.machine.live().last_session;
        self.machine = Self::restored(&self.settings, &self.journal);
        (self.jobs, self.agents) = (Vec::new(), BTreeMap::new());
        let repository = RepoState::default();
        self.give(Input::Started(Box::new(Start { pid: 1, repository, first_session: last, ..Start::default() })));
    }

    fn give(&mut self, input: Input) {
        self.now += 1_000;
        let now = Now { moment: Moment(self.now), wall: Wall(1_700_000_000_000 + self.now), offset: 0 };
        let mut told = Vec::new();
        for effect in self.machine.handle(now, input) {
            match effect {
                Effect::Do { job, work, .. } => self.jobs.push((job, work)),
                Effect::StartAgent(order) => {
                    self.agents.insert(order.task.id, order.session);
                }
                Effect::Signal(session, _) => told.push(session),
                Effect::Reply(_, said) => self.replies.push(said),
                Effect::Record(recorded) => self.journal.push(recorded),
                Effect::Run(_) | Effect::Planner(_) | Effect::Answer { .. } | Effect::Tell { .. } | Effect::Exit(_) => {
                }
            }
        }
        for session in told {
            let known = self.agents.len();
            self.agents.retain(|_, other| *other != session);
            if self.agents.len() < known {
                self.give(Input::AgentEnded(session, Exit::Signal(9)));
            }
        }
    }

    fn ask(&mut self, command: Command) {
        self.requests += 1;
        self.give(Input::Asked(RequestId(self.requests), command));
    }

    fn pick(&self, at: prop::sample::Index, matters: impl Fn(&Task) -> bool) -> Option<TaskId> {
        let such: Vec<TaskId> =
            self.machine.book().tasks.values().filter(|task| matters(task)).map(|task| task.id).collect();
        (!such.is_empty()).then(|| such[at.index(such.len())])
    }

    fn snapshot(&mut self) -> Snapshot {
        self.trees += 1;
        Snapshot { tree: TreeId(format!("tree{}", self.trees)), commit: "c".into(), left_out: Vec::new() }
    }

    /// Carries out a job, well or not.
    fn product(&mut self, work: &Work, well: bool) -> Product {
        let path = ProjectPath::new("a.txt").expect("a path");
        let change = FileChange { path: path.clone(), kind: ChangeKind::Modified, added: 1, removed: 1, line: None };
        match work {
            Work::Merge { .. } if !well => Product::Conflict { paths: vec![path], shown: String::new() },
            Work::Land { .. } if !well => Product::Surprised,
            Work::Undo { .. } if !well => Product::UndoConflict(vec![path]),
            _ if !well => Product::Failed("the disk is full".into()),
            Work::Snapshot | Work::Compose { .. } => Product::Snapshot(self.snapshot()),
            Work::Prepare { .. } => Product::Prepared { needs_command: false, warnings: Vec::new() },
            Work::Collect { .. } => Product::Collected(Collected {
                tree: self.snapshot().tree,
                changes: vec![change],
                suspicions: Vec::new(),
                patch: String::new(),
            }),
            Work::Restore { .. } => Product::Restored,
            Work::PutAway { .. } => Product::PutAway,
            Work::Merge { theirs, .. } => Product::Merged { ours: self.snapshot(), tree: theirs.clone() },
            Work::Land { .. } | Work::RecordInPlace { .. } => {
                Product::Landed { files: vec![change], warnings: Vec::new() }
            }
            Work::Undo { .. } => Product::Undone(vec![change]),
        }
    }

    /// Lets one of what is under way end; returns whether anything is.
    fn goes_on(&mut self, pick: impl Fn(usize) -> usize, well: bool) -> bool {
        let count = self.jobs.len() + self.agents.len();
        if count == 0 {
            return false;
        }
        let which = pick(count);
        if which < self.jobs.len() {
            let (job, work) = self.jobs.remove(which);
            let product = self.product(&work, well);
            self.give(Input::Done(job, product));
            return true;
        }
        let (id, session) =
            self.agents.iter().nth(which - self.jobs.len()).map(|(id, session)| (*id, *session)).expect("it is there");
        self.agents.remove(&id);
        self.give(Input::Reported(session, AgentReport::Done(AgentResult { ok: well, text: String::new() })));
        self.give(Input::AgentEnded(session, Exit::Code(0)));
        true
    }

    fn does(&mut self, deed: Deed, at: prop::sample::Index) {
        let command = match deed {
            Deed::GoesOn | Deed::GoesWrong => {
                self.goes_on(|count| at.index(count), matches!(deed, Deed::GoesOn));
                return;
            }
            Deed::Crash => return self.crash(),
            Deed::Land => self.pick(at, |task| task.result.is_some()).map(|task| Command::Land {
                task,
                result: None,
                agree: None,
            }),
            Deed::Refuse => {
                self.pick(at, |task| task.result.is_some()).map(|task| Command::Refuse { task, result: None })
            }
            Deed::Undo => self.pick(at, |task| task.receipt.is_some()).map(|task| Command::Undo { task }),
            Deed::Retry => {
                let may = |task: &Task| matches!(task.state, TaskState::Failed(_) | TaskState::Review(_));
                self.pick(at, may).map(|task| Command::Retry { task })
            }
            Deed::Hold => self.pick(at, |task| !task.state.is_final()).map(|task| Command::Hold { task }),
            Deed::Kill => self.pick(at, |task| !task.state.is_final()).map(|task| Command::Kill { task }),
        };
        if let Some(command) = command {
            self.ask(command);
        }
    }

    /// Nobody does anything but say yes, try again and let go on: everything is in the tree then.
    fn calm_down(&mut self) {
        for _ in 0..2_000 {
            self.now += 600_000;
            self.give(Input::Woke);
            if self.goes_on(|_| 0, true) {
                continue;
            }
            let held = |task: &Task| matches!(task.state, TaskState::Held(_));
            // Of what a dead supervisor may have written a person says that it is to be made anew.
            let over = |task: &Task| matches!(task.state, TaskState::Failed(_) | TaskState::Review(_));
            // What lands in its turn needs no yes: its turn comes.
            let waits =
                |task: &Task| task.result.is_some() && !matches!(task.state, TaskState::Ready(ReadyReason::InTurn(_)));
            let book = self.machine.book();
            let tasks: Vec<(TaskId, bool, bool, bool)> =
                book.tasks.values().map(|task| (task.id, waits(task), held(task), over(task))).collect();
            for (task, waits, held, over) in tasks {
                if waits {
                    self.ask(Command::Land { task, result: None, agree: None });
                } else if held {
                    self.ask(Command::Fix { task });
                } else if over {
                    self.ask(Command::Retry { task });
                }
            }
            if self.jobs.is_empty() && self.agents.is_empty() && self.machine.book().open().next().is_none() {
                return;
            }
        }
        let states: Vec<String> =
            self.machine.book().tasks.values().map(|task| format!("{}: {:?}", task.id, task.state)).collect();
        panic!("something waits for ever: {states:#?}");
    }

    /// No agent began at what was kept for its turn and neither tried again nor thrown away since.
    fn check_paid_once(&self) {
        let mut kept = BTreeSet::new();
        for Recorded { fact, .. } in &self.journal {
            match fact {
                Fact::Ready { task, reason: ReadyReason::InTurn(_), .. } => {
                    kept.insert(*task);
                }
                Fact::Retried { task } | Fact::TakenBack { task, .. } | Fact::Undone { task, .. } => {
                    kept.remove(task);
                }
                Fact::AgentStarted { task, .. } => {
                    assert!(!kept.contains(task), "{task} was made, and paid, twice");
                }
                _ => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_landings_all_of_it_gets_in_and_is_paid_once(graph in graph(), deeds in deeds()) {
        let mut yard = Yard::new();
        yard.requests += 1;
        let filing = Filing { batch: None, tasks: filing(&graph) };
        yard.give(Input::Asked(RequestId(yard.requests), Command::File { filing: Box::new(filing) }));
        for (deed, at) in &deeds {
            yard.does(*deed, *at);
        }
        yard.calm_down();
        yard.check_paid_once();
    }
}
