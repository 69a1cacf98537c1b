//! Where a person can look: the panes and their shares of the screen, the tabs of a task, the pages.

/// The tabs of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    /// One line for each thing that happened.
    Log,
    /// What was changed.
    Diff,
    /// What the planner advised.
    Plan,
    /// What the check says.
    Check,
    /// The journal.
    Facts,
    /// What it waits for, and what waits for it.
    Tree,
}

impl Tab {
    /// Every tab, in the order shown.
    pub const ALL: [Self; 6] = [Self::Log, Self::Diff, Self::Plan, Self::Check, Self::Facts, Self::Tree];

    /// Returns the title; what a task is about is a check, or else what it is to bring.
    pub fn title(self, brings: bool) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Diff => "Diff",
            Self::Plan => "Plan",
            Self::Check if brings => "Goal",
            Self::Check => "Check",
            Self::Facts => "Facts",
            Self::Tree => "Tree",
        }
    }
}

/// A full-screen page over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Health and statistics.
    Health,
    /// What was spent.
    Costs,
    /// How work went.
    Stats,
    /// The roles.
    Roles,
    /// What was filed together: days, orchestrations.
    Batches,
    /// The report of a day.
    Report,
    /// What happened, and what came of it.
    Events,
    /// One of them, whole.
    Event,
    /// The keys.
    Help,
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    Tasks,
    /// The task beside it.
    Task,
}

/// Where a text is scrolled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scroll {
    /// The first line shown.
    pub top: usize,
    /// Whether it sticks to the end.
    pub follow: bool,
}

/// How the panes share the screen, as a person wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Shape {
    /// How many columns the list has, if the divider was moved.
    pub split: Option<u16>,
    /// Whether the pane with the keys has the whole screen.
    pub zoom: bool,
    /// Whether the divider is held with the mouse.
    pub is_dragging: bool,
}
