//! Times what a person feels: a frame, a key, a turn of the wheel, news. Run: `cargo bench --bench screen`
//!
//! With ten tasks and with ten thousand, and a task with a long log; each step is done [`ROUNDS`] times.
#![expect(clippy::print_stdout, reason = "a measurement, not the product")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::time::{Duration, Instant};

use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::{Allowed, Group, Row, View};
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::check::{CheckKey, CheckName};
use orchestrator_tui::model::cost::Spent;
use orchestrator_tui::model::id::{Seq, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::draw::paint;
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::update::update;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

const ROUNDS: usize = 200;
const LOG: u64 = 2000;
const NOW: Wall = Wall(1_795_185_167_000);
/// A frame takes longer than this only if something is wrong: there are sixty in a second.
const LONGEST: Duration = Duration::from_millis(5);

fn row(number: usize, rows: usize) -> Row {
    let group = match number * 100 / rows {
        0..5 => Group::NeedsYou,
        5..10 => Group::Working,
        10..30 => Group::Held,
        30..80 => Group::Queued,
        80..95 => Group::Done,
        _ => Group::Failed,
    };
    let id = u32::try_from(number).unwrap_or(0);
    Row {
        id: TaskId(id + 1),
        key: CheckKey {
            check: CheckName("unit".to_owned()),
            file: ProjectPath::new(format!("src/module{}/file{number}.ts", number % 50)),
        },
        group,
        why: format!("waits for #{number}"),
        until: None,
        since: Some(NOW),
        took: None,
        stage: None,
        attempts: (1, 5),
        spent: Spent::default(),
        quiet: None,
        typical: None,
        allowed: Allowed { fix: true, kill: true, ..Allowed::default() },
    }
}

fn view(rows: usize) -> View {
    View { rows: (0..rows).map(|number| row(number, rows)).collect(), ..View::default() }
}

fn logged(task: TaskId, seq: u64) -> Recorded {
    let text = format!("src/services/CaseService{seq}.ts and a few words more, so that some of the lines wrap around");
    let lines = vec![LogLine { label: "Edit".to_owned(), text }];
    Recorded { seq: Seq(seq), at: NOW, fact: Fact::Logged { task, lines } }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

struct Bench {
    state: State,
    buffer: Buffer,
    worst_frame: Duration,
}

impl Bench {
    fn new(rows: usize, size: (u16, u16)) -> Self {
        let mut state = State::new("project", size, NOW);
        update(&mut state, NOW, Event::Seen(Box::new(view(rows))));
        let middle = TaskId(u32::try_from(rows / 2).unwrap_or(1));
        state.selected = Some(middle);
        update(&mut state, NOW, Event::Tick);
        let facts = (1..=LOG).map(|seq| logged(middle, seq)).collect();
        update(&mut state, NOW, Event::Told { task: middle, facts, cut: false });
        let buffer = Buffer::empty(Rect { x: 0, y: 0, width: size.0, height: size.1 });
        Self { state, buffer, worst_frame: Duration::ZERO }
    }

    /// Times an event and the frame after it.
    fn time(&mut self, name: &str, event: impl Fn(&State, usize) -> Event) {
        let (mut updates, mut frames) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let event = event(&self.state, round);
            let started = Instant::now();
            update(&mut self.state, NOW, event);
            updates.push(started.elapsed());
            self.buffer.reset();
            let area = self.buffer.area;
            let started = Instant::now();
            paint(&self.state, area, &mut self.buffer);
            frames.push(started.elapsed());
        }
        let (update, frame) = (median(&mut updates), median(&mut frames));
        self.worst_frame = self.worst_frame.max(frame);
        println!("  {name:<34}{:>9.1} µs{:>9.1} µs", micros(update), micros(frame));
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn key(letter: char) -> Event {
    Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE))
}

fn main() {
    let mut worst = Duration::ZERO;
    for size in [(120, 36), (200, 60)] {
        for rows in [10, 10_000] {
            println!("{rows} tasks at {}×{}, a log of {LOG} lines{:>13}{:>12}", size.0, size.1, "update", "frame");
            let mut bench = Bench::new(rows, size);
            bench.time("nothing happened", |_, _| Event::Tick);
            bench.time("a key: next task and back", |_, round| key(if round % 2 == 0 { 'j' } else { 'k' }));
            bench.time("the wheel", |_, round| {
                let kind = if round % 40 < 20 { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
                Event::Mouse(MouseEvent { kind, column: 5, row: 9, modifiers: KeyModifiers::NONE })
            });
            bench.time("a view arrives", |state, _| Event::Seen(Box::new(state.view.clone())));
            let mut bench = Bench::new(rows, size);
            bench.time("a line of the log arrives", |state, round| {
                let seq = LOG + 1 + u64::try_from(round).unwrap_or(0);
                Event::Happened(Box::new(logged(state.selected.unwrap_or_default(), seq)))
            });
            bench.time("the last key of a filter", |state, round| {
                let letter = if round % 2 == 0 { KeyCode::Char('9') } else { KeyCode::Backspace };
                let _ = state;
                if round == 0 { key('/') } else { Event::Key(KeyEvent::new(letter, KeyModifiers::NONE)) }
            });
            worst = worst.max(bench.worst_frame);
            println!();
        }
    }
    assert!(worst < LONGEST, "a frame takes {worst:?}");
}
