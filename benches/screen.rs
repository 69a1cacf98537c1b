//! Times what a person feels: a frame, a key, a turn of the wheel, news. Run: `cargo bench --bench screen`
//!
//! With ten tasks and with ten thousand, and a task with a long log, and with a busy terminal; each step is done [`ROUNDS`] times.
#![expect(clippy::print_stdout, reason = "a measurement, not the product")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::time::{Duration, Instant};

use orchestrator_tui::core::effect::Recorded;
use orchestrator_tui::core::fact::Fact;
use orchestrator_tui::core::view::{Allowed, Group, Row, View};
use orchestrator_tui::model::agent::LogLine;
use orchestrator_tui::model::check::{CheckKey, CheckName};
use orchestrator_tui::model::cost::Spent;
use orchestrator_tui::model::id::{Seq, SessionId, TaskId};
use orchestrator_tui::model::path::ProjectPath;
use orchestrator_tui::model::session::Terminal;
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::draw::paint;
use orchestrator_tui::ui::event::{Event, News};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::terminal::{Attached, Emulator};
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
        work: None,
        id: TaskId(id + 1),
        title: format!("file{number}.ts · unit"),
        check: Some(CheckKey {
            check: CheckName("unit".to_owned()),
            file: ProjectPath::new(format!("src/module{}/file{number}.ts", number % 50)),
        }),
        group,
        why: format!("waits for #{number}"),
        until: None,
        since: Some(NOW),
        took: None,
        stage: None,
        session: None,
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

/// A screen full of colours that changes with every piece, as `htop` or a build with many workers writes it.
fn busy(round: usize, columns: u16, rows: u16) -> Vec<u8> {
    let mut bytes = b"\x1b[H".to_vec();
    for row in 0..usize::from(rows) {
        for word in 0..usize::from(columns) / 8 {
            let (colour, number) = ((round + row + word) % 256, (round * 31 + row * 7 + word) % 1000);
            bytes.extend_from_slice(format!("\x1b[38;5;{colour}m{number:07} ").as_bytes());
        }
        if row + 1 < usize::from(rows) {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes
}

/// Times a busy terminal of a session over the whole screen; returns its frame.
fn terminal() -> Duration {
    let (session, size) = (SessionId(1), (200, 60));
    let pane = (size.0, size.1 - 2);
    let mut bench = Bench::new(10, size);
    bench.state.terminal = Some(Box::new(Attached::new(session, "a check".to_owned(), false)));
    let about = Terminal { typing: true, raw: false, size: pane };
    update(&mut bench.state, NOW, Event::Terminal(session, News::About(about, 0)));
    println!("a busy terminal at {}×{}{:>35}{:>12}", size.0, size.1, "update", "frame");
    bench.time("all of its screen changes", |_, round| {
        Event::Terminal(session, News::Output(0, busy(round, pane.0, pane.1)))
    });
    bench.time("64 KB of a log", |_, round| {
        let line =
            format!("{round} src/services/CaseService.ts: \x1b[31mexpected\x1b[m 3 to be 2, and more of the same\r\n");
        Event::Terminal(session, News::Output(0, line.repeat(64 * 1024 / line.len()).into_bytes()))
    });
    bench.time("nothing happened", |_, _| Event::Tick);
    bench.time("scrolled back, the wheel", |_, round| {
        let kind = if round % 40 < 20 { MouseEventKind::ScrollUp } else { MouseEventKind::ScrollDown };
        Event::Mouse(MouseEvent { kind, column: 5, row: 9, modifiers: KeyModifiers::NONE })
    });
    let worst = bench.worst_frame;
    // A check's terminal is wider than the pane and is wrapped there.
    let mut bench = Bench::new(10, size);
    bench.state.terminal = Some(Box::new(Attached::new(session, "a check".to_owned(), false)));
    let about = Terminal { typing: false, raw: true, size: (400, 50) };
    update(&mut bench.state, NOW, Event::Terminal(session, News::About(about, 0)));
    bench.time("64 KB of a check, wrapped", |_, round| {
        let line = format!("{round} {}\n", "a long line of a test runner that knows 400 columns ".repeat(6));
        Event::Terminal(session, News::Output(0, line.repeat(64 * 1024 / line.len()).into_bytes()))
    });
    let (mut times, mut emulator) = (Vec::new(), Emulator::new(pane, false));
    let mut bytes = 0;
    for round in 0..ROUNDS {
        let piece = busy(round, pane.0, pane.1);
        bytes += piece.len();
        let started = Instant::now();
        emulator.feed(&piece);
        times.push(started.elapsed());
    }
    let seconds: f64 = times.iter().map(Duration::as_secs_f64).sum();
    println!("  fed at {:.0} MB/s", f64::from(u32::try_from(bytes).unwrap_or(0)) / 1e6 / seconds);
    let before = resident();
    let mut full: Vec<Emulator> = Vec::new();
    for _ in 0..10 {
        let mut emulator = Emulator::new(pane, false);
        for _ in 0..3000 {
            emulator.feed(b"a line\r\n");
        }
        full.push(emulator);
    }
    let each = resident().saturating_sub(before) / full.len() as u64;
    println!("  memory of one with all its lines: {:.1} MB\n", f64::from(u32::try_from(each).unwrap_or(0)) / 1e3);
    worst.max(bench.worst_frame)
}

/// Returns how much memory this process has, in KB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
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
    worst = worst.max(terminal());
    assert!(worst < LONGEST, "a frame takes {worst:?}");
}
