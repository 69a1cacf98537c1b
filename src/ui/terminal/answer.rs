//! What a program is told that asks its terminal something. Nothing of what it wrote itself ever comes back as input.

use super::dialect::Dialect;
use vt100::{MouseProtocolEncoding, MouseProtocolMode};

/// A VT220 with colours.
pub(super) const DEVICE: &[u8] = b"\x1b[?62;22c";
/// Of no known make.
pub(super) const SECONDARY: &[u8] = b"\x1b[>0;1;0c";

/// Says who we are.
pub(super) fn name() -> String {
    format!("\x1bP>|orchestrator-tui({})\x1b\\", env!("CARGO_PKG_VERSION"))
}

/// Says that it is well, or where the cursor is.
pub(super) fn status(private: bool, what: u16, dialect: &Dialect) -> Option<String> {
    let screen = dialect.parser.screen();
    match what {
        5 if !private => Some("\x1b[0n".to_owned()),
        6 => {
            let (row, column) = screen.cursor_position();
            let row = if dialect.modes.origin { row.saturating_sub(dialect.modes.top) } else { row };
            let column = column.min(screen.size().1.get() - 1);
            Some(format!("\x1b[{}{};{}R", if private { "?" } else { "" }, row + 1, column + 1))
        }
        _ => None,
    }
}

/// Says how many rows and columns there are.
pub(super) fn size(dialect: &Dialect) -> String {
    let (rows, columns) = dialect.parser.screen().size();
    format!("\x1b[8;{rows};{columns}t")
}

/// Says whether a mode is on (1), off (2) or not known (0).
pub(super) fn mode(private: bool, mode: u16, dialect: &Dialect) -> String {
    let screen = dialect.parser.screen();
    let mouse = screen.mouse_protocol_mode();
    let is_on = match (private, mode) {
        (true, 1) => Some(screen.application_cursor()),
        (true, 6) => Some(dialect.modes.origin),
        (true, 25) => Some(!screen.hide_cursor()),
        (true, 9) => Some(mouse == MouseProtocolMode::Press),
        (true, 1000) => Some(mouse == MouseProtocolMode::PressRelease),
        (true, 1002) => Some(mouse == MouseProtocolMode::ButtonMotion),
        (true, 1003) => Some(mouse == MouseProtocolMode::AnyMotion),
        (true, 1006) => Some(screen.mouse_protocol_encoding() == MouseProtocolEncoding::Sgr),
        (true, 47 | 1047 | 1049) => Some(screen.alternate_screen()),
        (true, 1004) => Some(dialect.modes.focus),
        (true, 2004) => Some(screen.bracketed_paste()),
        _ => None,
    };
    let value = is_on.map_or(0, |on| if on { 1 } else { 2 });
    format!("\x1b[{}{mode};{value}$y", if private { "?" } else { "" })
}

/// Answers a string: a query for what we do not have is answered with "no", so that nobody waits for it.
pub(super) fn string(string: &[u8]) -> &'static [u8] {
    match string.get(1..4) {
        Some(b"P$q") => b"\x1bP0$r\x1b\\",
        Some(b"P+q") => b"\x1bP0+r\x1b\\",
        _ => b"",
    }
}
