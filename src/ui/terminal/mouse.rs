//! What a move of the mouse is to a program that asked for it.

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use vt100::{MouseProtocolEncoding, MouseProtocolMode};

use super::emulator::Emulator;

/// Returns the bytes of a move at a column and a row of the program's screen, both from 0; none if it did not ask for it.
pub fn mouse(emulator: &Emulator, event: MouseEvent, (column, row): (u16, u16)) -> Vec<u8> {
    let (mode, encoding) = emulator.asked(|screen| (screen.mouse_protocol_mode(), screen.mouse_protocol_encoding()));
    let button = |button: MouseButton| match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    };
    let (code, needed) = match event.kind {
        MouseEventKind::Down(pressed) => (button(pressed), MouseProtocolMode::Press),
        MouseEventKind::Up(pressed) => (button(pressed), MouseProtocolMode::PressRelease),
        MouseEventKind::Drag(pressed) => (32 + button(pressed), MouseProtocolMode::ButtonMotion),
        MouseEventKind::Moved => (35, MouseProtocolMode::AnyMotion),
        MouseEventKind::ScrollUp => (64, MouseProtocolMode::Press),
        MouseEventKind::ScrollDown => (65, MouseProtocolMode::Press),
        MouseEventKind::ScrollLeft => (66, MouseProtocolMode::Press),
        MouseEventKind::ScrollRight => (67, MouseProtocolMode::Press),
    };
    if rank(mode) < rank(needed) {
        return Vec::new();
    }
    let mut code = code;
    for (modifier, value) in [(KeyModifiers::SHIFT, 4), (KeyModifiers::ALT, 8), (KeyModifiers::CONTROL, 16)] {
        if event.modifiers.contains(modifier) {
            code += value;
        }
    }
    let is_up = matches!(event.kind, MouseEventKind::Up(_));
    if encoding == MouseProtocolEncoding::Sgr {
        let last = if is_up { 'm' } else { 'M' };
        return format!("\x1b[<{code};{};{}{last}", column + 1, row + 1).into_bytes();
    }
    let code = if is_up { (code & !3) | 3 } else { code };
    let mut bytes = b"\x1b[M".to_vec();
    for value in [code, column.saturating_add(1), row.saturating_add(1)] {
        let value = value.saturating_add(32);
        match (encoding, u8::try_from(value)) {
            (MouseProtocolEncoding::Utf8, _) if value < 2048 => {
                let letter = char::from_u32(u32::from(value)).unwrap_or(' ');
                bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            (_, Ok(value)) => bytes.push(value),
            // A screen that is wider than this protocol can say.
            (_, Err(_)) => return Vec::new(),
        }
    }
    bytes
}

fn rank(mode: MouseProtocolMode) -> u8 {
    match mode {
        MouseProtocolMode::None => 0,
        MouseProtocolMode::Press => 1,
        MouseProtocolMode::PressRelease => 2,
        MouseProtocolMode::ButtonMotion => 3,
        MouseProtocolMode::AnyMotion => 4,
    }
}
