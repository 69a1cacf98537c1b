//! Draws one cell of a program: its letter and its colours, and nothing that an outer terminal would act on.

use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr as _;

/// The colours that every terminal has.
const ANSI: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// Returns the text of a cell as it may be drawn; nothing: the second half of a wide letter.
pub(super) fn text(cell: &vt100::Cell) -> Option<String> {
    if cell.is_wide_continuation() {
        return None;
    }
    let contents = cell.contents();
    if contents.len() <= 1 {
        let letter = contents.chars().next().filter(|letter| !letter.is_control());
        return Some(letter.unwrap_or(' ').to_string());
    }
    let mut text: String = contents.chars().filter(|letter| !is_hostile(*letter)).collect();
    let wide = if cell.is_wide() { 2 } else { 1 };
    if text.width() != wide {
        // Terminals do not agree on its width, and one wrong cell shifts the rest of the row.
        text = contents.chars().find(|letter| !is_hostile(*letter)).map(String::from).unwrap_or_default();
    }
    if text.width() != wide {
        text = if wide == 2 { "  ".to_owned() } else { " ".to_owned() };
    }
    Some(text)
}

/// Whether a letter is none: it controls, turns the direction of a line, or makes its neighbour wider in some terminals.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(letter, '\u{61c}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(letter, '\u{e0000}'..='\u{e0fff}')
}

/// Returns the colours and styles of a cell.
pub(super) fn style(cell: &vt100::Cell) -> Style {
    let mut style = Style::new().fg(colour(cell.fgcolor())).bg(colour(cell.bgcolor()));
    for (is_on, modifier) in [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        if is_on {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn colour(colour: vt100::Color) -> Color {
    match colour {
        vt100::Color::Default => Color::Reset,
        // The first sixteen are the terminal's own, and not every terminal has the others.
        vt100::Color::Idx(index) => ANSI.get(usize::from(index)).copied().unwrap_or(Color::Indexed(index)),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
