//! What one input costs the machine with 10, 1,000 and 10,000 queued tasks, fixes or assignments; the aim is 200 µs.
//!
//! A look of a face at all of it may take a few milliseconds. Run it with `cargo bench --bench schedule`. Each line is
//! the mean over some hundred inputs, `next_wake` included.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints what it measured, and may stop")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrator_tui::core::command::Command;
use orchestrator_tui::core::effect::{Effect, Recorded};
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::input::{Fate, Input, RunOutcome, Start};
use orchestrator_tui::core::matching::Matcher;
use orchestrator_tui::core::supervisor::Supervisor;
use orchestrator_tui::core::view::Delta;
use orchestrator_tui::model::agent::{AgentReport, LogLine};
use orchestrator_tui::model::assignment::{Assignment, Batch, BatchKind, Complexity, Deliverable, Lane};
use orchestrator_tui::model::check::{CheckKey, CheckName, CheckRun, Findings, Fingerprint, Verdict};
use orchestrator_tui::model::cost::{Spent, Usd};
use orchestrator_tui::model::filing::{Filing, NewTask};
use orchestrator_tui::model::id::{BatchId, LandingId, RequestId, Seq, SessionId, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::session::Exit;
use orchestrator_tui::model::task::{Goal, Origin, Task, TaskState};
use orchestrator_tui::model::time::{Moment, Now, Wall};
use orchestrator_tui::model::workspace::RepoState;

#[path = "schedule/edge.rs"]
mod edge;
#[path = "schedule/settings.rs"]
mod settings;

use edge::product;
use settings::settings;

/// The calendar at the beginning.
const DAWN: u64 = 1_767_225_600_000;

/// How the tasks lie.
#[derive(Clone, Copy)]
struct Lie {
    tasks: u32,
    /// Whether all tasks may touch one common file, so that each waits for the one before.
    common: bool,
    running: u32,
    /// Whether they bring something, instead of mending a check.
    brings: bool,
}

fn main() {
    println!("{:>7} {:>8} {:>8}  {:<34} {:>10} {:>10}", "tasks", "running", "files", "input", "mean", "worst");
    for tasks in [10, 1_000, 10_000] {
        for (common, running) in [(false, 1), (false, 4), (true, 4)] {
            measure(Lie { tasks, common, running, brings: false });
        }
        measure_assignments(tasks);
    }
}

/// Measures assignments: half of them in the queue, half of them a day's work in which each waits for two before it.
fn measure_assignments(tasks: u32) {
    let before = resident();
    let mut bench = Bench::new(Lie { tasks, common: false, running: 4, brings: true });
    bench.start();
    let grown = resident().saturating_sub(before);
    println!("{tasks:>7} assignments take {} bytes each", grown / u64::from(tasks));
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
    bench.times("an attempt ends, the next starts", tasks.min(3_000), |bench| {
        bench.later(10);
        match bench.agents.pop() {
            Some(agent) => Input::AgentEnded(agent, Exit::Code(0)),
            None => Input::Woke,
        }
    });
    bench.times("a task is filed", 300, |bench| {
        let assignment = Box::new(assignment(tasks * 2 + bench.saves, tasks));
        bench.saves += 1;
        let task = NewTask { assignment, after: Vec::new(), priority: 0, held: false };
        let filing = Box::new(Filing { batch: None, tasks: vec![task] });
        Input::Asked(RequestId(bench.facts), Command::File { filing })
    });
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
    bench.times("a check is red again", 300, |bench| {
        let file = bench.some_file();
        bench.hand(Input::Changed(vec![(file, Fate::Written)]));
        bench.later(400);
        let (session, key) = bench.tree_runs.pop().unwrap();
        Input::RunEnded(session, red(&key))
    });
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
        let settings = Arc::new(settings(lie.running));
        let matcher = Arc::new(Matcher::new(&settings).unwrap());
        let fixes = (1..=if lie.brings { 0 } else { lie.tasks }).flat_map(|number| {
            let run = Fact::Ran { key: key(number), run: run(&key(number)), tests: None };
            [run, Fact::Filed { task: Box::new(task(number, lie.common)) }]
        });
        let day = (lie.tasks / 2 + 1..=lie.tasks).map(TaskId).collect();
        let kind = BatchKind::Day { file: "day.yaml".into(), folder: "day".into(), date: "2026-01-01".into() };
        let batch = Batch { id: BatchId(1), kind, budget: Some(Usd(1_000_000_000)), tasks: day };
        let batch = lie.brings.then(|| Fact::BatchBegan { batch: Box::new(batch) });
        let assigned = (1..=if lie.brings { lie.tasks } else { 0 }).map(|number| {
            let goal = Goal::Assignment(Box::new(assignment(number, lie.tasks)));
            let waits = goal_after(&goal).first().copied();
            let state = waits.map_or(TaskState::Queued, TaskState::Pending);
            let bare = Task { failures: Vec::new(), excerpt: String::new(), ..task(number, false) };
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
        let (mut sum, mut worst) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..count {
            let next = input(self);
            let now = self.clock();
            let began = Instant::now();
            let effects = self.machine.handle(now, next);
            let wake = self.machine.next_wake();
            let took = began.elapsed();
            assert!(wake.is_some(), "nothing wakes it");
            sum += took;
            worst = worst.max(took);
            for input in self.carry_out(effects) {
                self.hand(input);
            }
        }
        print(self.lie, what, sum / count, worst);
    }

    /// Measures what a face costs that looks after each of so many saves: the view, and what is new in it.
    #[expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
    fn looks(&mut self, count: u32) {
        let (mut view, mut difference) = ((Duration::ZERO, Duration::ZERO), (Duration::ZERO, Duration::ZERO));
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
            view = (view.0 + looked, view.1.max(looked));
            difference = (difference.0 + compared, difference.1.max(compared));
        }
        print(self.lie, "a look at everything", view.0 / count, view.1);
        print(self.lie, "what is new since the last look", difference.0 / count, difference.1);
    }
}

fn print(lie: Lie, what: &str, mean: Duration, worst: Duration) {
    let Lie { tasks, common, running, brings } = lie;
    let files = match (brings, common) {
        (true, _) => "brought",
        (false, true) => "common",
        (false, false) => "own",
    };
    println!("{tasks:>7} {running:>8} {files:>8}  {what:<34} {mean:>10.1?} {worst:>10.1?}");
}

fn file(number: u32) -> ProjectPath {
    ProjectPath::new(format!("src/module_{}/file_{number}.py", number % 97)).unwrap()
}

fn key(number: u32) -> CheckKey {
    CheckKey { check: CheckName("each".into()), file: Some(file(number)) }
}

fn run(key: &CheckKey) -> CheckRun {
    let failures = vec![Fingerprint { id: format!("{key} fails"), file: key.file.clone(), line: Some(7) }];
    let findings = Findings { failures, excerpt: "E   assert 1 == 2\n".repeat(20), ..Findings::default() };
    CheckRun { verdict: Verdict::Red, code: Some(1), took: Duration::from_millis(300), findings }
}

fn red(key: &CheckKey) -> RunOutcome {
    RunOutcome::Ran(run(key))
}

fn task(number: u32, common: bool) -> Task {
    let key = key(number);
    let run = run(&key);
    let shared = ProjectPath::new("src/common.py").unwrap();
    Task {
        files: key.file.clone().into_iter().chain(common.then_some(shared)).collect(),
        failures: run.findings.failures,
        excerpt: run.findings.excerpt,
        ..Task::new(TaskId(number), Goal::Check(key), Origin::Start, Wall(DAWN))
    }
}

fn goal_after(goal: &Goal) -> &[TaskId] {
    match goal {
        Goal::Check(_) => &[],
        Goal::Assignment(assignment) => &assignment.after,
    }
}

fn assignment(number: u32, tasks: u32) -> Assignment {
    let is_day = number > tasks / 2 && number <= tasks;
    let place = number.saturating_sub(tasks / 2);
    let after = [place / 2, place / 3].into_iter().filter(|other| is_day && *other > 0 && *other < place);
    let after: std::collections::BTreeSet<TaskId> = after.map(|other| TaskId(other + tasks / 2)).collect();
    Assignment {
        label: format!("task-{number:05}"),
        name: format!("Write the module number {number}"),
        description: "What it must do stands in a few sentences, as a person writes them.".repeat(4),
        lane: if is_day { Lane::Day } else { Lane::Queue },
        workflow: "task".into(),
        role: "coding".into(),
        module: "modules".into(),
        complexity: Some(Complexity::Medium),
        context_files: vec!["docs/guide.md".into()],
        deliverables: vec![Deliverable { said: format!("Updated {}", file(number)), path: file(number) }],
        after: after.into_iter().collect(),
        check: None,
        budget: None,
        land: orchestrator_tui::model::settings::LandMode::Ask,
        batch: is_day.then_some(BatchId(1)),
        event: None,
        subject: None,
        project: None,
    }
}
