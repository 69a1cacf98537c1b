//! What one input costs the machine with 10, 1,000 and 10,000 queued tasks, fixes or assignments; the aim is 200 µs.
//!
//! A look of a face at all of it may take some milliseconds, and so may an input that by itself changes thousands of tasks
//! (`all checks are asked for`, `the first of a chain fails`): each change is a fact. Run it with `cargo bench --bench
//! schedule`. Each line is the median, the 95th percentile and the worst of some hundred inputs, `next_wake` included; where
//! the machine is busy with other things, the median tells.
//!
//! On two quiet cores (release, 10,000 tasks, medians): a red check 8 to 11 µs, also when all may touch one file or lie below one
//! folder that is being worked on; the end of an attempt and the start of the next up to 12 µs, a filing 5 µs, also where each is
//! passed on; a task file of 10,000 tasks 61 ms, 6 µs for each. What thousands wait for makes each of them looked at once when it
//! goes: up to 3 ms. 10,000 fixes take 42 MiB, 10,000 assignments 29 MiB (resident, measured before anything else).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints what it measured, and may stop")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::{Effect, Recorded};
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::{Fate, Input, Start};
use orchestrator_tui::core::matching::Matcher;
use orchestrator_tui::core::supervisor::Supervisor;
use orchestrator_tui::core::view::Delta;
use orchestrator_tui::model::agent::{AgentReport, LogLine};
use orchestrator_tui::model::assignment::{Batch, BatchKind};
use orchestrator_tui::model::check::{CheckKey, CheckName};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::id::{BatchId, LandingId, RequestId, Seq, SessionId, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::session::Exit;
use orchestrator_tui::model::task::{Goal, Task, TaskState};
use orchestrator_tui::model::time::{Moment, Now, Wall};
use orchestrator_tui::model::workspace::RepoState;

#[path = "schedule/edge.rs"]
mod edge;
#[path = "schedule/filings.rs"]
mod filings;
#[path = "schedule/settings.rs"]
mod settings;
#[path = "schedule/work.rs"]
mod work;

use edge::product;
use settings::settings;
use work::{assignment, file, goal_after, key, red, run, task};

/// The calendar at the beginning.
const DAWN: u64 = 1_767_225_600_000;

/// How the tasks lie.
#[derive(Clone, Copy)]
struct Lie {
    tasks: u32,
    running: u32,
    goals: Goals,
}

/// What the tasks are to reach.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goals {
    /// Each mends a check of its own.
    Own,
    /// The same, and all may touch one common file, so that each waits for the one before.
    Common,
    /// Half of them in the queue, half a day's work in which each waits for two before it.
    Brought,
    /// All of them in the queue, each below a folder that the first one works on.
    Folder,
    /// All of them in the queue, and one that waits for all others.
    Last,
    /// A day's work in which each waits for the one before.
    Chain,
    /// All of them in the queue, each passed on to a role of its own.
    Passed,
    /// None; all are filed at once.
    None,
}

impl Goals {
    fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Common => "common",
            Self::Brought => "brought",
            Self::Folder => "folder",
            Self::Last => "last",
            Self::Chain => "chain",
            Self::Passed => "passed",
            Self::None => "none",
        }
    }

    fn brings(self) -> bool {
        !matches!(self, Self::Own | Self::Common)
    }
}

fn main() {
    memory();
    println!(
        "{:>7} {:>8} {:>8}  {:<34} {:>10} {:>10} {:>10}",
        "tasks", "running", "files", "input", "median", "95 %", "worst"
    );
    for tasks in [10, 1_000, 10_000] {
        for (goals, running) in [(Goals::Own, 1), (Goals::Own, 4), (Goals::Common, 4)] {
            measure(Lie { tasks, running, goals });
        }
        measure_assignments(tasks);
        measure_others(tasks);
        filings::measure_task_file(tasks);
        filings::measure_passed_on(tasks);
    }
}

/// Says how much memory tasks take, while nothing else has used any.
fn memory() {
    let tasks = 10_000;
    let mut kept = Vec::new();
    for goals in [Goals::Own, Goals::Brought] {
        let before = resident();
        let mut bench = Bench::new(Lie { tasks, running: 4, goals });
        bench.start();
        let grown = resident().saturating_sub(before);
        let what = if goals.brings() { "assignments" } else { "fixes" };
        println!("{tasks} {what}: {} KiB, {} bytes each", grown / 1024, grown / u64::from(tasks));
        kept.push(bench);
    }
}

/// Measures what is hard on the conflict radar and on those that wait for others.
fn measure_others(tasks: u32) {
    for goals in [Goals::Folder, Goals::Last] {
        let mut bench = Bench::new(Lie { tasks, running: 4, goals });
        bench.start();
        bench.times("a save", 300, |bench| Input::Changed(vec![(bench.some_file(), Fate::Written)]));
        bench.later(400);
        bench.later(11_000);
        bench.times("a check is red again", 300, Bench::red_again);
        bench.times("an attempt ends, the next starts", tasks.min(3_000), Bench::one_ends);
    }
    let mut bench = Bench::new(Lie { tasks, running: 4, goals: Goals::Chain });
    bench.start();
    bench.times("the first of a chain fails", 1, |_| Input::Asked(RequestId(1), Command::Kill { task: TaskId(1) }));
    bench.times("it is tried again", 1, |_| Input::Asked(RequestId(2), Command::Retry { task: TaskId(1) }));
}

/// Measures assignments: half of them in the queue, half of them a day's work in which each waits for two before it.
fn measure_assignments(tasks: u32) {
    let mut bench = Bench::new(Lie { tasks, running: 4, goals: Goals::Brought });
    bench.start();
    let logs = AgentReport::Log(vec![LogLine { label: "Claude".into(), text: "reads a file".into() }]);
    let agent = bench.agents.first().copied().unwrap_or(SessionId(0));
    bench.times("a line of an agent's log", 300, |_| Input::Reported(agent, logs.clone()));
    bench.times("an agent has used more", 300, |bench| {
        bench.saves += 1;
        let spent = Spent { usd: Usd(u64::from(bench.saves)), ..Spent::default() };
        Input::Reported(agent, AgentReport::Used(spent))
    });
    bench.times("the journal is written", 300, |bench| Input::Stored(Seq(bench.facts)));
    bench.times("a save", 300, |bench| Input::Changed(vec![(bench.some_file(), Fate::Written)]));
    bench.later(400);
    bench.times("an idle moment", 300, |bench| {
        bench.now += 10;
        Input::Woke
    });
    bench.later(11_000);
    bench.times("an attempt ends, the next starts", tasks.min(3_000), Bench::one_ends);
    bench.times("a task is filed", 300, filings::one_more);
    bench.looks(100);
}

/// Returns how much memory the process has, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

fn measure(lie: Lie) {
    let mut bench = Bench::new(lie);
    bench.start();
    let logs = AgentReport::Log(vec![LogLine { label: "Claude".into(), text: "reads a file".into() }]);
    let agent = bench.agents.first().copied().unwrap_or(SessionId(0));
    bench.times("a line of an agent's log", 300, |_| Input::Reported(agent, logs.clone()));
    bench.times("the journal is written", 300, |bench| Input::Stored(Seq(bench.facts)));
    bench.times("a save", 300, |bench| Input::Changed(vec![(bench.some_file(), Fate::Written)]));
    bench.later(400);
    bench.times("a check is red again", 300, Bench::red_again);
    bench.times("an idle moment", 300, |bench| {
        bench.now += 10;
        Input::Woke
    });
    bench.later(11_000);
    bench.times("an attempt ends, the next starts", 300, |bench| {
        bench.later(10);
        match bench.agents.pop() {
            Some(agent) => Input::AgentEnded(agent, Exit::Code(1)),
            None => Input::Woke,
        }
    });
    bench.looks(100);
    let everything = |bench: &mut Bench| Input::Asked(RequestId(bench.facts), Command::Check);
    bench.times("all checks are asked for", 1, everything);
    bench.times("one of them ends, the next starts", lie.tasks.min(300), |bench| {
        let (session, key) = bench.tree_runs.pop().unwrap();
        Input::RunEnded(session, red(&key))
    });
}

struct Bench {
    lie: Lie,
    machine: Supervisor,
    now: u64,
    facts: u64,
    saves: u32,
    tree_runs: Vec<(SessionId, CheckKey)>,
    agents: Vec<SessionId>,
}

impl Bench {
    fn new(lie: Lie) -> Self {
        let settings = Arc::new(settings(lie));
        let matcher = Arc::new(Matcher::new(&settings).unwrap());
        let count = if lie.goals == Goals::None { 0 } else { lie.tasks };
        let fixes = (1..=if lie.goals.brings() { 0 } else { count }).flat_map(|number| {
            let run = Fact::Ran { key: key(number), run: run(&key(number)), tests: None };
            [run, Fact::Filed { task: Box::new(task(number, lie.goals == Goals::Common)) }]
        });
        let first = if lie.goals == Goals::Brought { lie.tasks / 2 + 1 } else { 1 };
        let day = (first..=lie.tasks).map(TaskId).collect();
        let kind = BatchKind::Day { file: "day.yaml".into(), folder: "day".into(), date: "2026-01-01".into() };
        let batch = Batch { id: BatchId(1), kind, budget: Some(Usd(1_000_000_000)), tasks: day };
        let batch =
            matches!(lie.goals, Goals::Brought | Goals::Chain).then(|| Fact::BatchBegan { batch: Box::new(batch) });
        let assigned = (1..=if lie.goals.brings() { count } else { 0 }).map(|number| {
            let goal = Goal::Assignment(Box::new(assignment(number, lie)));
            let awaited = goal_after(&goal).first().copied();
            let state = awaited.map_or(TaskState::Queued, TaskState::Pending);
            let paths: Vec<ProjectPath> = match &goal {
                Goal::Assignment(known) => known.deliverables.iter().map(|wanted| wanted.path.clone()).collect(),
                Goal::Check(_) => Vec::new(),
            };
            let bare = Task { files: paths, failures: Vec::new(), excerpt: String::new(), ..task(number, false) };
            Fact::Filed { task: Box::new(Task { goal, state, ..bare }) }
        });
        let facts = fixes.chain(batch).chain(assigned);
        let facts = facts.enumerate().map(|(at, fact)| Recorded { seq: Seq(at as u64 + 1), at: Wall(DAWN), fact });
        let machine = Supervisor::restore(settings, matcher, facts);
        Self { lie, machine, now: 0, facts: 0, saves: 0, tree_runs: Vec::new(), agents: Vec::new() }
    }

    fn clock(&self) -> Now {
        Now { moment: Moment(self.now), wall: Wall(DAWN + 100_000 + self.now), offset: 0 }
    }

    /// Lets a check run again, to its end.
    fn red_again(&mut self) -> Input {
        let file = self.some_file();
        self.hand(Input::Changed(vec![(file, Fate::Written)]));
        self.later(400);
        let (session, key) = self.tree_runs.pop().unwrap();
        Input::RunEnded(session, red(&key))
    }

    /// Lets an agent end that did what it should.
    fn one_ends(&mut self) -> Input {
        self.later(10);
        match self.agents.pop() {
            Some(agent) => Input::AgentEnded(agent, Exit::Code(0)),
            None => Input::Woke,
        }
    }

    fn some_file(&mut self) -> ProjectPath {
        self.saves += 1;
        file(self.saves * 7 % self.lie.tasks + 1)
    }

    /// Starts without running every check, and lets the agents begin.
    fn start(&mut self) {
        self.hand(Input::Started(Box::new(Start {
            pid: 1,
            version: "bench".into(),
            first_session: SessionId(0),
            until_idle: false,
            attended: false,
            one_command: false,
            last_landing: LandingId::default(),
            files: Vec::new(),
            repository: RepoState::default(),
            used: std::collections::BTreeMap::default(),
            planner_used: None,
        })));
        while let Some((session, key)) = self.tree_runs.pop() {
            self.hand(Input::RunEnded(session, red(&key)));
        }
        self.later(11_000);
    }

    fn later(&mut self, millis: u64) {
        self.now += millis;
        self.hand(Input::Woke);
    }

    fn hand(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let effects = self.machine.handle(self.clock(), input);
            inputs.extend(self.carry_out(effects));
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Vec<Input> {
        let mut inputs = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record(_) => self.facts += 1,
                Effect::Run(order) => {
                    let key = CheckKey { check: CheckName("each".into()), file: order.source.clone() };
                    if order.task.is_some() {
                        inputs.push(Input::RunEnded(order.session, red(&key)));
                    } else {
                        self.tree_runs.push((order.session, key));
                    }
                }
                Effect::StartAgent(order) => self.agents.push(order.session),
                Effect::Do { job, work, .. } => inputs.push(Input::Done(job, product(&work))),
                Effect::Signal(..)
                | Effect::Answer { .. }
                | Effect::Tell { .. }
                | Effect::Reply(..)
                | Effect::Planner(_)
                | Effect::Exit(_) => {}
            }
        }
        inputs
    }

    /// Measures inputs of a kind; what the machine wants done for them is done outside of the time.
    #[expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
    fn times(&mut self, what: &str, count: u32, input: impl Fn(&mut Self) -> Input) {
        let mut times = Vec::new();
        for _ in 0..count {
            let next = input(self);
            let now = self.clock();
            let began = Instant::now();
            let effects = self.machine.handle(now, next);
            let wake = self.machine.next_wake();
            times.push(began.elapsed());
            assert!(wake.is_some(), "nothing wakes it");
            for input in self.carry_out(effects) {
                self.hand(input);
            }
        }
        print(self.lie, what, times);
    }

    /// Measures what a face costs that looks after each of so many saves: the view, and what is new in it.
    #[expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
    fn looks(&mut self, count: u32) {
        let (mut views, mut differences) = (Vec::new(), Vec::new());
        let mut before = self.machine.view();
        for _ in 0..count {
            let file = self.some_file();
            self.hand(Input::Changed(vec![(file, Fate::Written)]));
            self.later(400);
            let began = Instant::now();
            let after = self.machine.view();
            let looked = began.elapsed();
            let delta = Delta::between(&before, &after);
            let compared = began.elapsed().saturating_sub(looked);
            assert!(after.rows.len() >= self.lie.tasks as usize, "rows are missing");
            drop(delta);
            before = after;
            views.push(looked);
            differences.push(compared);
        }
        print(self.lie, "a look at everything", views);
        print(self.lie, "what is new since the last look", differences);
    }
}

fn print(lie: Lie, what: &str, mut times: Vec<Duration>) {
    let Lie { tasks, running, goals } = lie;
    times.sort();
    let (middle, most) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    let worst = times[times.len() - 1];
    println!("{tasks:>7} {running:>8} {:>8}  {what:<34} {middle:>10.1?} {most:>10.1?} {worst:>10.1?}", goals.name());
}
