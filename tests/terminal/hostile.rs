//! Anything a program may write, in any size: no panic, no growth, and nothing but cells on the outer terminal.

use orchestrator_tui::model::id::SessionId;
use orchestrator_tui::model::session::Terminal;
use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::draw::paint;
use orchestrator_tui::ui::event::{Event, Intent, News, Wish};
use orchestrator_tui::ui::state::State;
use orchestrator_tui::ui::terminal::{Attached, Emulator};
use orchestrator_tui::ui::update::update;
use proptest::prelude::*;
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

const NOW: Wall = Wall(1_795_185_167_000);
/// A word that a hostile program hides in what it writes to the terminal itself.
const MARK: &str = "HOSTILE";

/// Pieces of which hostile output is made.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![Just(0_u32), Just(1), Just(2), 0..600_u32, Just(65_535), Just(4_000_000_000)];
    let csi = (
        prop::sample::select(vec!["", "?", ">", "=", "<"]),
        prop::collection::vec(number, 0..5),
        "[ !$\"']?",
        0x40..0x7f_u8,
    )
        .prop_map(|(private, params, between, last)| {
            let params: Vec<String> = params.iter().map(u32::to_string).collect();
            let mut bytes = format!("\x1b[{private}{}{between}", params.join(";")).into_bytes();
            bytes.push(last);
            bytes
        });
    let strings = prop::sample::select(vec![
        format!("\x1b]0;{MARK}\x07"),
        format!("\x1b]52;c;{MARK}\x1b\\"),
        format!("\x1b]8;;http://{MARK}\x1b\\link\x1b]8;;\x1b\\"),
        format!("\x1bP{MARK}\x1b\\"),
        format!("\x1b_G{MARK}\x1b\\"),
        format!("\x1b^{MARK}\x1b\\"),
        format!("\x1bX{MARK}\x1b\\"),
        format!("\x1b]52;c;{MARK}"),
        "\x1b[200~\x1b[201~".to_owned(),
        "\u{9b}31m\u{9d}0;x\u{9c}".to_owned(),
        "\u{202e}\u{2066}\u{200f}\u{e0041}a\u{fe0f}".to_owned(),
        "👩\u{200d}👩\u{200d}👧 中文 e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".to_owned(),
        "\x1b[?1049h".to_owned(),
        "\x1b[?1049l".to_owned(),
        "\x1b#8".to_owned(),
        "\x1b[4h\x1b[?7l\x1b(0".to_owned(),
        "\x1bc".to_owned(),
    ])
    .prop_map(String::into_bytes);
    prop_oneof![
        4 => csi,
        3 => strings,
        2 => prop::collection::vec(any::<u8>(), 0..60),
        2 => "\\PC{0,80}".prop_map(String::into_bytes),
        1 => "[\\x00-\\x1f]{0,10}".prop_map(String::into_bytes),
        1 => (any::<char>(), 0..5000_usize).prop_map(|(letter, times)| letter.to_string().repeat(times).into_bytes()),
        1 => Just(b"\n".repeat(300)),
    ]
}

#[derive(Clone, Debug)]
enum Move {
    Writes(Vec<u8>),
    Hole,
    Size(u16, u16),
    Window(u16, u16),
    Scrolls(bool),
    Clicks(u16, u16),
    Drags(u16, u16),
    Lets,
    Types(char),
    Looks,
}

fn size() -> impl Strategy<Value = u16> {
    prop_oneof![Just(1_u16), Just(2), 1..20_u16, 1..120_u16, Just(500)]
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        12 => piece().prop_map(Move::Writes),
        1 => Just(Move::Hole),
        2 => (size(), size()).prop_map(|(columns, rows)| Move::Size(columns, rows)),
        2 => (size(), size()).prop_map(|(columns, rows)| Move::Window(columns, rows)),
        1 => any::<bool>().prop_map(Move::Scrolls),
        1 => (0..500_u16, 0..500_u16).prop_map(|(x, y)| Move::Clicks(x, y)),
        1 => (0..500_u16, 0..500_u16).prop_map(|(x, y)| Move::Drags(x, y)),
        1 => Just(Move::Lets),
        1 => any::<char>().prop_map(Move::Types),
        1 => Just(Move::Looks),
    ]
}

fn mouse(kind: MouseEventKind, (column, row): (u16, u16)) -> Event {
    Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

/// Draws the screen as the outer terminal would be sent it, and returns those bytes.
fn sent(state: &State) -> Vec<u8> {
    let area = Rect { x: 0, y: 0, width: state.size.0, height: state.size.1 };
    let mut buffer = Buffer::empty(area);
    paint(state, area, &mut buffer);
    let mut bytes = Vec::new();
    let cells =
        Buffer::empty(area).diff(&buffer).into_iter().map(|(x, y, cell)| (x, y, cell.clone())).collect::<Vec<_>>();
    CrosstermBackend::new(&mut bytes).draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell))).expect("drawn");
    bytes
}

/// Checks that there are only letters, colours and moves of the cursor.
fn holds_only_cells(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            if letters.next() != Some('[') {
                return Err("a sequence that is no CSI".to_owned());
            }
            let last = letters.by_ref().find(|letter| !letter.is_ascii_digit() && !";:".contains(*letter));
            if !matches!(last, Some('m' | 'H')) {
                return Err(format!("a sequence that ends in {last:?}"));
            }
        } else if letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            return Err(format!("{letter:?}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, rng_seed: proptest::test_runner::RngSeed::Fixed(52), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_cells_reaches_the_outer_terminal(moves in prop::collection::vec(any_move(), 1..120)) {
        let session = SessionId(7);
        let mut state = State::new("project", (80, 24), NOW);
        state.terminal = Some(Box::new(Attached::new(session, "a check".to_owned(), false)));
        let about = Terminal { typing: true, raw: false, size: (80, 22) };
        let mut offset = 0;
        let mut intents = update(&mut state, NOW, Event::Terminal(session, News::About(about, 0)));
        for one in moves {
            let event = match one {
                Move::Writes(bytes) => {
                    offset += bytes.len() as u64;
                    Event::Terminal(session, News::Output(offset - bytes.len() as u64, bytes))
                }
                Move::Hole => Event::Terminal(session, News::Hole(1 << 40)),
                Move::Size(columns, rows) => Event::Terminal(session, News::Size(columns, rows)),
                Move::Window(columns, rows) => Event::Resized(columns, rows),
                Move::Scrolls(down) => mouse(if down { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp }, (3, 3)),
                Move::Clicks(x, y) => mouse(MouseEventKind::Down(MouseButton::Left), (x, y)),
                Move::Drags(x, y) => mouse(MouseEventKind::Drag(MouseButton::Left), (x, y)),
                Move::Lets => mouse(MouseEventKind::Up(MouseButton::Left), (9, 9)),
                Move::Types(letter) => Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)),
                Move::Looks => Event::Tick,
            };
            let is_looked_at = matches!(event, Event::Tick | Event::Resized(..));
            intents.extend(update(&mut state, NOW, event));
            if is_looked_at {
                let drawn = holds_only_cells(&sent(&state));
                prop_assert!(drawn.is_ok(), "{drawn:?}");
            }
        }
        let drawn = holds_only_cells(&sent(&state));
        prop_assert!(drawn.is_ok(), "{drawn:?}");
        prop_assert_eq!(state.terminal.as_ref().map(|shown| shown.emulator.broken()), Some(0), "the parser broke");
        for intent in intents {
            match intent {
                // The program's own words never come back to it as if somebody typed them.
                Intent::Terminal(Wish::Answer(_, bytes)) => {
                    prop_assert!(!String::from_utf8_lossy(&bytes).contains(MARK));
                }
                Intent::Terminal(Wish::Type(_) | Wish::Mouse(_) | Wish::Size(..)) => {}
                // Only what a person marked is copied.
                Intent::Copy(text) => prop_assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "copied {:?}", text),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn the_emulator_takes_anything_in_any_size(
        sizes in prop::collection::vec((size(), size()), 1..6),
        pieces in prop::collection::vec(piece(), 1..60),
        raw in any::<bool>(),
    ) {
        let mut emulator = Emulator::new(sizes[0], raw);
        for (number, bytes) in pieces.iter().enumerate() {
            emulator.feed(bytes);
            let (columns, rows) = sizes[number % sizes.len()];
            emulator.resize((columns, rows));
            prop_assert_eq!(emulator.size(), (columns.max(2), rows.max(2)));
        }
        prop_assert_eq!(emulator.broken(), 0);
    }
}

#[test]
fn titles_the_clipboard_and_queries_do_not_come_through() {
    let session = SessionId(7);
    let mut state = State::new("project", (80, 24), NOW);
    state.terminal = Some(Box::new(Attached::new(session, "a check".to_owned(), false)));
    update(&mut state, NOW, Event::Terminal(session, News::About(Terminal { typing: true, ..Terminal::default() }, 0)));
    let title = state.window_title();
    let hostile = format!("\x1b]0;{MARK}\x07\x1b]52;c;{MARK}\x07\x1b[c\x1b[6n\x1b[?1049h\x1b[?1003h\x07plain");
    update(&mut state, NOW, Event::Terminal(session, News::Output(0, hostile.into_bytes())));
    let bytes = String::from_utf8(sent(&state)).expect("text");
    assert!(bytes.contains("plain") && !bytes.contains(MARK) && !bytes.contains('\x07'));
    assert_eq!(state.window_title(), title);
}
