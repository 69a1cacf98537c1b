//! What opening a journal costs, and its tables per append, beside the journal alone; run it with `cargo bench --bench journal`.
//!
//! Tasks of the queue go from their filing to their end, each step appended by itself, as the supervisor does. An append
//! lasts until it is confirmed, so most of it is the disk: what counts is the difference, and what the main loop works out.
//!
//! On two shared cores (load 8), medians of 1,500 appends beside 10,000 tasks: the journal alone 153 µs, with the tables 181 µs,
//! of that 1.6 µs in the main loop; 13.4 and 17.8 MiB on disk.
//!
//! Opening, on the same: 100,000 facts (28 MiB) in 215 ms, of that 84 to read, 99 to understand and 32 for the book; 300,000
//! (85 MiB) in 683 ms and 104 MiB of memory.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints what it measured, and may stop")]
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]

use std::sync::mpsc;
use std::time::{Duration, Instant};

use orchestrator_tui::app::project::setup::{fact_of, stored_of};
use orchestrator_tui::app::records::projection;
use orchestrator_tui::core::book::Book;
use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::edge::store::Journal;
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::assignment::{Assignment, Lane};
use orchestrator_tui::model::attempt::{AttemptEnd, AttemptRecord};
use orchestrator_tui::model::cost::Spent;
use orchestrator_tui::model::id::{Seq, SessionId, Slot, TaskId};
use orchestrator_tui::model::session::Exit;
use orchestrator_tui::model::settings::Lanes;
use orchestrator_tui::model::task::{DoneReason, Goal, Origin, Task, TaskState};
use orchestrator_tui::model::time::Wall;

/// So many tasks are filed first; they are in the tables while others begin and end.
const TASKS: u32 = 10_000;

/// So many of them are worked on.
const WORKED: u32 = 500;

fn main() {
    println!("opening");
    for count in [10_000, 100_000, 300_000] {
        measure_opening(count);
    }
    println!("{:<28} {:>10} {:>10} {:>10}", "", "median", "95 %", "worst");
    for round in 1..=3 {
        println!("round {round}");
        for with_tables in [false, true] {
            measure(with_tables);
        }
    }
}

/// Says what opening a journal costs: reading it, understanding its facts, and working out the book from them.
fn measure_opening(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (mut journal, _) = Journal::open(&path, |_| {}).unwrap();
    let mut seq = Seq(0);
    for number in 1.. {
        let facts: Vec<_> = life(number)
            .into_iter()
            .map(|fact| {
                seq = seq.next();
                stored_of(&Recorded { seq, at: Wall(1_767_225_600_000 + seq.0), fact }).unwrap()
            })
            .collect();
        journal.append(facts).unwrap();
        if seq.0 >= count {
            break;
        }
    }
    journal.close().unwrap();
    let before = resident();
    let began = Instant::now();
    let replay = Journal::read(&path).unwrap();
    let read = began.elapsed();
    let facts: Vec<Recorded> = replay.facts.into_iter().map(|fact| fact_of(&fact).unwrap()).collect();
    let understood = began.elapsed();
    let most = resident();
    let book = Book::replay(facts);
    let all = began.elapsed();
    println!(
        "{:<28} {all:>10.1?}: {read:.1?} to read, {:.1?} to understand, {:.1?} for the book of {} tasks; {} MiB on disk, {} MiB in memory",
        format!("  {} facts", seq.0),
        understood.saturating_sub(read),
        all.saturating_sub(understood),
        book.tasks.len(),
        std::fs::metadata(&path).unwrap().len() >> 20,
        most.saturating_sub(before) >> 20,
    );
}

/// What becomes of a task that one attempt of a quarter of an hour mends, as the supervisor writes it down.
fn life(number: u32) -> Vec<Fact> {
    let task_id = TaskId(number);
    let spent = Spent { tokens_in: 20_000, tokens_out: 900, ..Spent::default() };
    let line = |number: u32| LogLine {
        label: "claude".to_owned(),
        text: format!("{number} I read the module and look for the cause. "),
    };
    let mut facts = vec![
        Fact::Filed { task: Box::new(task(number)) },
        Fact::AttemptStarted { task: task_id, number: 1, slot: Slot(0), landing: false },
        Fact::AgentStarted { task: task_id, session: SessionId(u64::from(number)) },
        Fact::AgentUp { task: task_id, session: SessionId(u64::from(number)) },
    ];
    for round in 0..25 {
        facts.push(Fact::Logged { task: task_id, lines: (0..2).map(|at| line(round * 2 + at)).collect() });
        if round % 2 == 0 {
            facts.push(Fact::Used { task: task_id, spent });
        }
    }
    let record = AttemptRecord {
        number: 1,
        end: AttemptEnd::Verified,
        summary: "The rounding is right now. ".repeat(10),
        diff: "-    total = price * count\n+    total = round(price * count, 2)\n".repeat(40),
        spent,
        took: Duration::from_secs(900),
        landing: false,
        by: "claude".to_owned(),
        outcome: None,
        exit: Some(Exit::Code(0)),
    };
    let then = TaskState::Done(DoneReason::Finished);
    facts.push(Fact::AttemptEnded { task: task_id, record: Box::new(record), then });
    facts
}

fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

fn measure(with_tables: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (confirm, confirmed) = mpsc::channel();
    let (mut journal, _) = Journal::open(&path, move |seq| confirm.send(seq.unwrap()).unwrap()).unwrap();
    let (mut book, lanes) = (Book::default(), Lanes::default());
    let (mut appended, mut worked_out) = (Vec::new(), Vec::new());
    let mut seq = Seq(0);
    let mut append = |facts: Vec<Fact>, counts: bool| {
        let facts: Vec<Recorded> = facts
            .into_iter()
            .map(|fact| {
                seq = seq.next();
                Recorded { seq, at: Wall(1_767_225_600_000 + seq.0), fact }
            })
            .collect();
        for recorded in &facts {
            book.apply(recorded);
        }
        let rows = facts.iter().map(|recorded| stored_of(recorded).unwrap()).collect();
        let began = Instant::now();
        if with_tables {
            let changes = projection::of(&facts, &book, &lanes);
            worked_out.push(began.elapsed());
            journal.append_with(rows, changes).unwrap();
        } else {
            journal.append(rows).unwrap();
        }
        while confirmed.recv().unwrap() < seq {}
        if counts {
            appended.push(began.elapsed());
        }
    };
    append((1..=TASKS).map(|number| Fact::Filed { task: Box::new(task(number)) }).collect(), false);
    for task in (1..=WORKED).map(TaskId) {
        append(vec![Fact::AttemptStarted { task, number: 1, slot: Slot(0), landing: false }], true);
        append(vec![Fact::AgentStarted { task, session: SessionId(u64::from(task.0)) }], true);
        append(vec![Fact::Ended { task, state: TaskState::Done(DoneReason::Finished) }], true);
    }
    let what = if with_tables { "  journal and tables" } else { "  journal alone" };
    print(what, &mut appended);
    if with_tables {
        print("  of that, in the main loop", &mut worked_out[1..]);
    }
    drop(journal);
    println!("{:<28} {:>7} KiB", "  on disk", std::fs::metadata(&path).unwrap().len() / 1024);
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort();
    let (middle, most, worst) = (times[times.len() / 2], times[times.len() * 95 / 100], times[times.len() - 1]);
    println!("{what:<28} {middle:>10.1?} {most:>10.1?} {worst:>10.1?}");
}

fn task(number: u32) -> Task {
    let assignment = Assignment {
        label: format!("task-{number:05}"),
        description: "What it must do stands in a few sentences, as a person writes them.".repeat(4),
        module: "modules".into(),
        context_files: vec!["docs/guide.md".into()],
        ..Assignment::new(format!("Write the module number {number}"), Lane::Queue, "task", "coding")
    };
    Task::new(TaskId(number), Goal::Assignment(Box::new(assignment)), Origin::Person, Wall(1_767_225_600_000))
}
