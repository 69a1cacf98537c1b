//! What a key or a paste is to a program: the bytes that xterm would send.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::emulator::Emulator;

/// Returns the bytes of a key; none for keys that have none.
pub fn key(emulator: &Emulator, key: KeyEvent) -> Vec<u8> {
    let (application, _) = emulator.asked(|screen| (screen.application_cursor(), screen.application_keypad()));
    let modifiers = key.modifiers;
    let (ctrl, alt) = (modifiers.contains(KeyModifiers::CONTROL), modifiers.contains(KeyModifiers::ALT));
    let shift = modifiers.contains(KeyModifiers::SHIFT);
    // As xterm counts them: 1, and 1 for shift, 2 for alt, 4 for ctrl.
    let modified = 1 + u8::from(shift) + 2 * u8::from(alt) + 4 * u8::from(ctrl);
    let letter = |last: char| match (modified, application) {
        (1, true) => format!("\x1bO{last}"),
        (1, false) => format!("\x1b[{last}"),
        _ => format!("\x1b[1;{modified}{last}"),
    };
    let number = |number: u8| match modified {
        1 => format!("\x1b[{number}~"),
        _ => format!("\x1b[{number};{modified}~"),
    };
    let text = match key.code {
        KeyCode::Char(typed) => return char_bytes(typed, ctrl, alt),
        KeyCode::Enter => "\r".to_owned(),
        KeyCode::Tab => "\t".to_owned(),
        KeyCode::BackTab => return b"\x1b[Z".to_vec(),
        KeyCode::Backspace if ctrl => "\x08".to_owned(),
        KeyCode::Backspace => "\x7f".to_owned(),
        KeyCode::Esc => "\x1b".to_owned(),
        KeyCode::Up => return letter('A').into_bytes(),
        KeyCode::Down => return letter('B').into_bytes(),
        KeyCode::Right => return letter('C').into_bytes(),
        KeyCode::Left => return letter('D').into_bytes(),
        KeyCode::Home => return letter('H').into_bytes(),
        KeyCode::End => return letter('F').into_bytes(),
        KeyCode::Insert => return number(2).into_bytes(),
        KeyCode::Delete => return number(3).into_bytes(),
        KeyCode::PageUp => return number(5).into_bytes(),
        KeyCode::PageDown => return number(6).into_bytes(),
        KeyCode::F(at @ 1..=4) => {
            let last = ['P', 'Q', 'R', 'S'][usize::from(at - 1)];
            let bytes = if modified == 1 { format!("\x1bO{last}") } else { format!("\x1b[1;{modified}{last}") };
            return bytes.into_bytes();
        }
        KeyCode::F(at @ 5..=12) => return number([15, 17, 18, 19, 20, 21, 23, 24][usize::from(at - 5)]).into_bytes(),
        _ => return Vec::new(),
    };
    let mut bytes = if alt { vec![0x1b] } else { Vec::new() };
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn char_bytes(typed: char, ctrl: bool, alt: bool) -> Vec<u8> {
    let mut bytes = if alt { vec![0x1b] } else { Vec::new() };
    let control = match typed.to_ascii_lowercase() {
        letter @ 'a'..='z' => Some(letter as u8 - b'a' + 1),
        ' ' | '2' | '@' => Some(0),
        '3' | '[' => Some(0x1b),
        '4' | '\\' => Some(0x1c),
        '5' | ']' => Some(0x1d),
        '6' | '^' => Some(0x1e),
        '7' | '_' | '/' => Some(0x1f),
        '8' | '?' => Some(0x7f),
        _ => None,
    };
    match control.filter(|_| ctrl) {
        Some(control) => bytes.push(control),
        None => bytes.extend_from_slice(typed.encode_utf8(&mut [0; 4]).as_bytes()),
    }
    bytes
}

/// Returns the bytes of a paste: bracketed if the program knows brackets, and never with a control character in it that
/// would be taken for a key, or end the brackets.
pub fn paste(emulator: &Emulator, text: &str) -> Vec<u8> {
    let clean: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t'))
        .map(|letter| if letter == '\n' { '\r' } else { letter })
        .collect();
    if emulator.asked(vt100::Screen::bracketed_paste) {
        format!("\x1b[200~{clean}\x1b[201~").into_bytes()
    } else {
        clean.into_bytes()
    }
}
