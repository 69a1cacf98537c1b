//! What each part of the screen looks like: roles to styles, with and without colour.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text is, so that a theme can say what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// What is not news.
    Dim,
    /// The one accent: titles, keys, the focused border.
    Accent,
    /// The border of a pane without the focus.
    Border,
    /// Green, landed, healthy.
    Good,
    /// Red, failed, down.
    Bad,
    /// Waits for a person, degraded.
    Warn,
    /// At work.
    Busy,
    /// The selected row.
    Selected,
    /// A heading of the list.
    Heading,
    /// An added line of a diff.
    Added,
    /// A removed line of a diff.
    Removed,
    /// What is new within a changed line.
    AddedWord,
    /// What is gone within a changed line.
    RemovedWord,
    /// What matches a search.
    Match,
}

/// The names of the roles in theme files.
pub const ROLES: &[(&str, Role)] = &[
    ("text", Role::Text),
    ("dim", Role::Dim),
    ("accent", Role::Accent),
    ("border", Role::Border),
    ("good", Role::Good),
    ("bad", Role::Bad),
    ("warn", Role::Warn),
    ("busy", Role::Busy),
    ("selected", Role::Selected),
    ("heading", Role::Heading),
    ("added", Role::Added),
    ("removed", Role::Removed),
    ("added-word", Role::AddedWord),
    ("removed-word", Role::RemovedWord),
    ("match", Role::Match),
];

/// A theme: a style for each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: BTreeMap<Role, Style>,
}

impl Default for Theme {
    /// The 16 colours of the terminal, so that it fits whatever the user chose.
    fn default() -> Self {
        let plain = Style::new();
        let styles = [
            (Role::Text, plain),
            (Role::Dim, plain.add_modifier(Modifier::DIM)),
            (Role::Accent, plain.fg(Color::Cyan)),
            (Role::Border, plain.add_modifier(Modifier::DIM)),
            (Role::Good, plain.fg(Color::Green)),
            (Role::Bad, plain.fg(Color::Red)),
            (Role::Warn, plain.fg(Color::Yellow)),
            (Role::Busy, plain.fg(Color::Blue)),
            (Role::Selected, plain.add_modifier(Modifier::REVERSED)),
            (Role::Heading, plain.add_modifier(Modifier::BOLD | Modifier::DIM)),
            (Role::Added, plain.fg(Color::Green)),
            (Role::Removed, plain.fg(Color::Red)),
            (Role::AddedWord, plain.fg(Color::Green).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)),
            (Role::RemovedWord, plain.fg(Color::Red).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)),
            (Role::Match, plain.fg(Color::Black).bg(Color::Yellow)),
        ];
        Self { styles: styles.into() }
    }
}

impl Theme {
    /// Makes a theme in which every role looks like nothing.
    pub fn blank() -> Self {
        Self { styles: BTreeMap::new() }
    }

    /// Returns the theme in the 256 colours that nearly every terminal has.
    #[must_use]
    pub fn in_256(&self) -> Self {
        let near = |style: &Style| Style { fg: style.fg.map(nearest), bg: style.bg.map(nearest), ..*style };
        Self { styles: self.styles.iter().map(|(role, style)| (*role, near(style))).collect() }
    }

    /// Returns the style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// Says what a role looks like from now on.
    pub fn set(&mut self, role: Role, style: Style) {
        self.styles.insert(role, style);
    }

    /// Returns the same theme without colours, as `NO_COLOR` asks for; bold, dim and reversed stay.
    #[must_use]
    pub fn without_colour(&self) -> Self {
        let grey = |style: &Style| Style { fg: None, bg: None, underline_color: None, ..*style };
        let mut styles: BTreeMap<Role, Style> = self.styles.iter().map(|(role, style)| (*role, grey(style))).collect();
        styles.insert(Role::Match, Style::new().add_modifier(Modifier::REVERSED));
        Self { styles }
    }
}

/// Returns the colour of the 256 that is nearest: one of the 6×6×6 cube, or one of the greys.
fn nearest(colour: Color) -> Color {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Color::Rgb(red, green, blue) = colour else { return colour };
    let step = |value: u8| (0_u8..6).min_by_key(|step| STEPS[usize::from(*step)].abs_diff(value)).unwrap_or(0);
    let far = |r: u8, g: u8, b: u8| {
        [(r, red), (g, green), (b, blue)].iter().map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum::<u32>()
    };
    let (r, g, b) = (step(red), step(green), step(blue));
    let cube = far(STEPS[usize::from(r)], STEPS[usize::from(g)], STEPS[usize::from(b)]);
    let grey = (0_u8..24).map(|grey| (far(8 + 10 * grey, 8 + 10 * grey, 8 + 10 * grey), grey)).min();
    match grey {
        Some((distance, grey)) if distance < cube => Color::Indexed(232 + grey),
        _ => Color::Indexed(16 + 36 * r + 6 * g + b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_colours_have_a_near_one_among_256() {
        assert_eq!(nearest(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(nearest(Color::Rgb(250, 250, 255)), Color::Indexed(231));
        assert_eq!(nearest(Color::Rgb(30, 30, 32)), Color::Indexed(234));
        assert_eq!(nearest(Color::Cyan), Color::Cyan);
    }

    #[test]
    fn every_role_has_a_name() {
        for role in [Role::Text, Role::Match, Role::AddedWord, Role::RemovedWord] {
            assert!(ROLES.iter().any(|(_, known)| *known == role));
        }
        assert_eq!(Theme::default().styles.len(), ROLES.len());
    }
}
