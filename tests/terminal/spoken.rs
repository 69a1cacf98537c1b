//! What is said between a program and its terminal: questions and answers, keys, pastes, the mouse; and what tmux does not do.

use orchestrator_tui::ui::terminal::{Emulator, Selection, Spot, key, mouse, paste};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

fn terminal(columns: u16, rows: u16) -> Emulator {
    Emulator::new((columns, rows), false)
}

fn asked(bytes: &[u8]) -> String {
    terminal(80, 24).feed(bytes).escape_ascii().to_string()
}

#[test]
fn what_programs_wait_for_is_answered() {
    assert_eq!(asked(b"\x1b[c"), r"\x1b[?62;22c");
    assert_eq!(asked(b"\x1b[>c"), r"\x1b[>0;1;0c");
    assert_eq!(asked(b"\x1bZ"), r"\x1b[?62;22c");
    assert_eq!(asked(b"\x1b[5n"), r"\x1b[0n");
    assert_eq!(asked(b"\x1b[3;7H\x1b[6n\x1b[?6n"), r"\x1b[3;7R\x1b[?3;7R");
    assert_eq!(asked(b"\x1b[5;9r\x1b[?6h\x1b[2;3H\x1b[6n"), r"\x1b[2;3R");
    assert_eq!(asked(b"\x1b[18t"), r"\x1b[8;24;80t");
    assert_eq!(asked(b"\x1b[?2004h\x1b[?2004$p\x1b[?25$p\x1b[?12345$p"), r"\x1b[?2004;1$y\x1b[?25;1$y\x1b[?12345;0$y");
    assert_eq!(asked(b"\x1bP$qm\x1b\\"), r"\x1bP0$r\x1b\\");
    assert!(asked(b"\x1b[>q").contains("orchestrator-tui"));
    // An answer that holds what the program wrote would be typed by the program itself.
    assert_eq!(asked(b"\x1b]2;rm -rf /\x07\x1b[21t\x1b]52;c;?\x07\x1b]10;?\x07\x1b[?u\x1b[0x\x05"), "");
}

#[test]
fn whoever_asks_without_end_is_not_answered_without_end() {
    assert!(terminal(80, 24).feed(&b"\x1b[c".repeat(100_000)).len() <= 4096);
}

#[test]
fn a_question_that_comes_in_pieces_is_answered_once() {
    let mut terminal = terminal(80, 24);
    let answers: Vec<Vec<u8>> = b"\x1b[6n".chunks(1).map(|piece| terminal.feed(piece)).collect();
    assert_eq!(answers.concat(), b"\x1b[1;1R");
    let mut copy = terminal.clone();
    terminal.feed(b"\x1b[3");
    let mut halfway = terminal.clone();
    assert_eq!(halfway.feed(b";4H\x1b[6n"), b"\x1b[3;4R");
    assert_eq!(copy.feed(b";4H"), b"");
}

fn typed(setup: &[u8], code: KeyCode, modifiers: KeyModifiers) -> String {
    let mut terminal = terminal(80, 24);
    terminal.feed(setup);
    key(&terminal, KeyEvent::new(code, modifiers)).escape_ascii().to_string()
}

#[test]
fn keys_are_those_of_xterm() {
    let (none, ctrl, alt, shift) = (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT);
    for (code, modifiers, bytes) in [
        (KeyCode::Char('a'), none, "a"),
        (KeyCode::Char('é'), none, r"\xc3\xa9"),
        (KeyCode::Char('c'), ctrl, r"\x03"),
        (KeyCode::Char('C'), ctrl | shift, r"\x03"),
        (KeyCode::Char(' '), ctrl, r"\x00"),
        (KeyCode::Char('x'), alt, r"\x1bx"),
        (KeyCode::Char('x'), ctrl | alt, r"\x1b\x18"),
        (KeyCode::Enter, none, r"\r"),
        (KeyCode::Enter, alt, r"\x1b\r"),
        (KeyCode::Backspace, none, r"\x7f"),
        (KeyCode::Tab, none, r"\t"),
        (KeyCode::BackTab, shift, r"\x1b[Z"),
        (KeyCode::Esc, none, r"\x1b"),
        (KeyCode::Up, none, r"\x1b[A"),
        (KeyCode::Up, ctrl, r"\x1b[1;5A"),
        (KeyCode::Home, none, r"\x1b[H"),
        (KeyCode::Delete, none, r"\x1b[3~"),
        (KeyCode::PageUp, shift, r"\x1b[5;2~"),
        (KeyCode::F(1), none, r"\x1bOP"),
        (KeyCode::F(5), none, r"\x1b[15~"),
        (KeyCode::F(12), ctrl, r"\x1b[24;5~"),
        (KeyCode::CapsLock, none, ""),
    ] {
        assert_eq!(typed(b"", code, modifiers), bytes, "{code:?} {modifiers:?}");
    }
    assert_eq!(typed(b"\x1b[?1h", KeyCode::Up, none), r"\x1bOA");
    assert_eq!(typed(b"\x1b[?1h", KeyCode::Up, alt), r"\x1b[1;3A");
}

#[test]
fn a_paste_types_no_keys() {
    let mut terminal = terminal(80, 24);
    let text = "one\ntwo\x1b[201~\x03\ttail";
    assert_eq!(paste(&terminal, text), b"one\rtwo[201~\ttail");
    terminal.feed(b"\x1b[?2004h");
    assert_eq!(paste(&terminal, text), b"\x1b[200~one\rtwo[201~\ttail\x1b[201~");
}

#[test]
fn the_mouse_is_told_only_as_far_as_it_was_asked_for() {
    let event = |kind| MouseEvent { kind, column: 0, row: 0, modifiers: KeyModifiers::NONE };
    let told = |setup: &[u8], kind| {
        let mut terminal = terminal(80, 24);
        terminal.feed(setup);
        mouse(&terminal, event(kind), (4, 2)).escape_ascii().to_string()
    };
    let (down, up) = (MouseEventKind::Down(MouseButton::Left), MouseEventKind::Up(MouseButton::Left));
    let drag = MouseEventKind::Drag(MouseButton::Left);
    assert_eq!(told(b"", down), "");
    assert_eq!(told(b"\x1b[?1000h\x1b[?1006h", down), r"\x1b[<0;5;3M");
    assert_eq!(told(b"\x1b[?1000h\x1b[?1006h", up), r"\x1b[<0;5;3m");
    assert_eq!(told(b"\x1b[?1000h\x1b[?1006h", drag), "");
    assert_eq!(told(b"\x1b[?1002h\x1b[?1006h", drag), r"\x1b[<32;5;3M");
    assert_eq!(told(b"\x1b[?1002h\x1b[?1006h", MouseEventKind::Moved), "");
    assert_eq!(told(b"\x1b[?1003h\x1b[?1006h", MouseEventKind::Moved), r"\x1b[<35;5;3M");
    assert_eq!(told(b"\x1b[?1000h", MouseEventKind::ScrollUp), r"\x1b[M`%#");
    assert_eq!(told(b"\x1b[?1000h", up), r"\x1b[M#%#");
}

#[test]
fn what_tmux_does_not_do() {
    let mut terminal = terminal(20, 5);
    terminal.feed(b"\x1b[1;1Hab\x1b[2aX\x1b[eY");
    assert_eq!(terminal.contents(), "ab  X\n     Y");
    terminal.feed(b"\x1b[2J\x1b[2;3H\x1b[?1048h\x1b[5;5H\x1b[?1048lZ");
    assert_eq!(terminal.contents(), "\n  Z");
    // vttest: this line should be at the bottom, and the other one above it.
    terminal.feed(b"\x1b[?6h\x1b[2J\x1b[4;5r\r\nbottom\x1b[1;1Habove");
    assert_eq!(terminal.contents(), "\n\n\nabove\nbottom");
    // A soft reset.
    terminal.feed(b"\x1b[2J\x1b[2;4r\x1b[?6h\x1b[4h\x1b[1m\x1b[!p\x1b[1;1Hab\x1b[1;1Hc");
    assert_eq!(terminal.contents(), "cb");
    // Half of a wide letter is none.
    terminal.feed("\x1bc中文\x1b[1;2Hz".as_bytes());
    assert_eq!(terminal.contents(), " z文");
}

fn drawn(emulator: &Emulator, width: u16, height: u16, last: Option<u64>) -> Vec<String> {
    let area = Rect { x: 0, y: 0, width, height };
    let mut buffer = Buffer::empty(area);
    emulator.paint(area, last, None, false, &mut buffer);
    // Behind a wide letter there is nothing to read.
    let is_letter = |x: u16, y| x == 0 || buffer[(x - 1, y)].symbol().width() < 2;
    let row = |y| (0..width).filter(|x| is_letter(*x, y)).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| row(y).trim_end().to_owned()).collect()
}

#[test]
fn a_terminal_that_is_wider_than_the_pane_is_wrapped_and_its_end_is_seen() {
    let mut terminal = Emulator::new((40, 10), true);
    terminal.feed(b"short\n0123456789abcdefghij0123\nlast");
    assert_eq!(drawn(&terminal, 10, 6, None), ["short", "0123456789", "abcdefghij", "0123", "last", ""]);
    assert_eq!(drawn(&terminal, 10, 3, None), ["abcdefghij", "0123", "last"]);
    assert_eq!(drawn(&terminal, 10, 2, Some(1)), ["abcdefghij", "0123"]);
    // A count that goes on in its line does not pile up.
    terminal.feed(b"\r\x1b[K0 of 9");
    terminal.feed(b"\r\x1b[K1 of 9");
    assert_eq!(drawn(&terminal, 10, 2, None), ["0123", "1 of 9"]);
    terminal.feed("\n12345678中文".as_bytes());
    assert_eq!(drawn(&terminal, 9, 2, None), ["12345678", "中文"].map(str::to_owned));
}

#[test]
fn lines_above_the_screen_keep_their_numbers_and_copies_are_whole_lines() {
    let mut terminal = terminal(10, 3);
    for number in 0..5000 {
        terminal.feed(format!("line {number}\r\n").as_bytes());
    }
    let area = Rect { x: 0, y: 0, width: 10, height: 3 };
    let spot = |terminal: &Emulator, last| {
        terminal.spot(area, last, ratatui::layout::Position { x: 0, y: 0 }).expect("a spot").line
    };
    assert_eq!(drawn(&terminal, 10, 3, Some(4000)), ["line 3998", "line 3999", "line 4000"]);
    assert_eq!(spot(&terminal, Some(4000)), 3998);
    let longest = "x".repeat(25);
    terminal.feed(format!("{longest}  \r\nend").as_bytes());
    let marked = Selection { from: Spot { line: 4999, column: 5 }, to: Spot { line: 5003, column: 9 } };
    assert_eq!(terminal.text(&marked), format!("4999\n{longest}\nend"));
    // Those that are gone are not shown as others.
    assert!(spot(&terminal, Some(0)) > 2500, "{}", spot(&terminal, Some(0)));
}
