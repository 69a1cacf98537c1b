//! Screens that tmux showed for the same bytes: of `vttest`, and of what programs use. One file for each subject.
//!
//! ```text
//! # what it is about
//! size 80 24
//! step NAME
//! > bytes, with \e \r \n \\ \xNN
//! cursor COLUMN ROW
//! |a row of tmux (capture-pane -e), from the top
//! ```

use orchestrator_tui::ui::terminal::Emulator;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

struct Step {
    name: String,
    input: Vec<u8>,
    cursor: (u16, u16),
    rows: Vec<Vec<u8>>,
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match letters.next().expect("an escape") {
            'e' => bytes.push(27),
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            'x' => {
                let digits: String = letters.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("hexadecimal"));
            }
            other => bytes.push(other as u8),
        }
    }
    bytes
}

fn read(text: &str) -> ((u16, u16), Vec<Step>) {
    let mut size = (0, 0);
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        let pair = |rest: &str| {
            let (one, other) = rest.split_once(' ').expect("two numbers");
            (one.parse().expect("a number"), other.parse().expect("a number"))
        };
        if let Some(rest) = line.strip_prefix("size ") {
            size = pair(rest);
        } else if let Some(name) = line.strip_prefix("step ") {
            steps.push(Step { name: name.to_owned(), input: Vec::new(), cursor: (0, 0), rows: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            if let Some(input) = line.strip_prefix("> ") {
                step.input.extend(unescape(input));
            } else if let Some(rest) = line.strip_prefix("cursor ") {
                step.cursor = pair(rest);
            } else if let Some(row) = line.strip_prefix('|') {
                step.rows.push(unescape(row));
            }
        }
    }
    (size, steps)
}

fn shown(emulator: &Emulator) -> Buffer {
    let (width, height) = emulator.size();
    let area = Rect { x: 0, y: 0, width, height };
    let mut buffer = Buffer::empty(area);
    emulator.paint(area, None, None, false, &mut buffer);
    buffer
}

/// Puts the rows of tmux on a screen of their own: they hold letters, colours and lines, and nothing that moves.
fn expected(size: (u16, u16), rows: &[Vec<u8>]) -> Buffer {
    let mut emulator = Emulator::new(size, false);
    emulator.feed(b"\x1b)0\x1b[?7l");
    for (number, row) in rows.iter().enumerate() {
        emulator.feed(format!("\x1b[{};1H", number + 1).as_bytes());
        emulator.feed(row);
    }
    shown(&emulator)
}

fn text(buffer: &Buffer) -> String {
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(|y| row(y).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn compare(file: &str, recorded: &str) {
    let (size, steps) = read(recorded);
    assert!(!steps.is_empty());
    // However the bytes are cut.
    for cut in [usize::MAX, 7, 1] {
        let mut emulator = Emulator::new(size, false);
        for step in &steps {
            for piece in step.input.chunks(cut.min(step.input.len())) {
                emulator.feed(piece);
            }
            let (seen, wanted) = (shown(&emulator), expected(size, &step.rows));
            assert_eq!(text(&seen), text(&wanted), "{file}, step {}: the text", step.name);
            for at in seen.area.positions() {
                assert_eq!(seen[at], wanted[at], "{file}, step {}: the cell at {at}", step.name);
            }
            let (row, column) = emulator.cursor();
            assert_eq!(
                (column.min(size.0 - 1), row),
                (step.cursor.0.min(size.0 - 1), step.cursor.1),
                "{file}, step {}: the cursor",
                step.name
            );
        }
    }
}

macro_rules! recorded {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            compare(stringify!($name), include_str!(concat!(stringify!($name), ".txt")));
        }
    )*};
}

recorded!(alternate, colours, modes, regions, vttest_cursor, vttest_insert, vttest_screen, wide);
