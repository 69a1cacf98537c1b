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
