//! Everything a person can do on the screen, as one table: name, words, keys. Keymap, help, palette and footer read it.

/// Something a person can do with a key, in the palette or with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Move down a line.
    Down,
    /// Move up a line.
    Up,
    /// Go to the first line.
    Top,
    /// Go to the last line, and follow what comes.
    Bottom,
    /// Move down half a page.
    PageDown,
    /// Move up half a page.
    PageUp,
    /// Open what is selected.
    Open,
    /// Fold or unfold what is marked.
    Fold,
    /// Close one layer.
    Back,
    /// Go to the other pane.
    NextPane,
    /// Give the pane the whole screen, or take it back.
    Zoom,
    /// Show the next tab.
    NextTab,
    /// Show the tab before.
    PrevTab,
    /// Show a tab by its number, from 1.
    Tab(u8),
    /// Answer the oldest task that waits for a person.
    Answer,
    /// Go to the next task that waits for a person.
    NeedsMe,
    /// Start the task now.
    Fix,
    /// Try the task again.
    Retry,
    /// End the task.
    Kill,
    /// Take back what the task landed.
    Undo,
    /// Show the diff.
    Diff,
    /// Land a result that waits for a yes.
    Land,
    /// Throw away a result that waits for a yes.
    Refuse,
    /// Leave this check alone for a while.
    Snooze,
    /// Hold the task until told.
    Hold,
    /// Tell the agent of the task something.
    Message,
    /// Start nothing new, or go on.
    Pause,
    /// Run all checks.
    Check,
    /// Show the terminal of what runs for the task, and type into it if it takes that.
    Terminal,
    /// Only look at that terminal: the keys stay ours.
    Look,
    /// Leave a terminal that has the keys.
    Detach,
    /// Open the file in an editor.
    Edit,
    /// Copy what is selected.
    Copy,
    /// Show only what matches.
    Filter,
    /// Go to the next match.
    NextMatch,
    /// Go to the match before.
    PrevMatch,
    /// Find an action by its name.
    Palette,
    /// Show health and statistics.
    Health,
    /// Show what was spent.
    Costs,
    /// Raise today's lines of the budget.
    Raise,
    /// Show how work went.
    Stats,
    /// Show the roles.
    Roles,
    /// Show what was filed together: the day's work, an orchestration.
    Batches,
    /// Show the report of a day.
    Report,
    /// Show what happened, and what came of it.
    Events,
    /// Write a new task.
    New,
    /// Show the keys.
    Help,
    /// Give the mouse to the terminal, or take it back.
    Mouse,
    /// Draw everything anew.
    Redraw,
    /// Go to the background of the shell.
    Suspend,
    /// Leave.
    Quit,
    /// Stop, as a signal would.
    Interrupt,
}

/// Where an action makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// The list of tasks has the keys.
    Tasks,
    /// The pane of one task has the keys.
    Task,
    /// The text of a full-screen page has the keys: health, help.
    Page,
    /// A terminal is looked at; its program has no keys.
    Terminal,
    /// The program in a terminal has the keys.
    Typing,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// Its name in files and in the palette.
    pub name: &'static str,
    /// What the footer calls it, one or two words.
    pub short: &'static str,
    /// What it does, for help and palette.
    pub doc: &'static str,
    /// Where it makes sense.
    pub contexts: &'static [Context],
    /// Its keys, as files write them; several are separated by spaces, chords of a sequence by `>`.
    pub keys: &'static str,
}

const LISTS: &[Context] = &[Context::Tasks, Context::Task, Context::Page];
const PANES: &[Context] = &[Context::Tasks, Context::Task];
const TASK: &[Context] = &[Context::Task];
const NEW: &[Context] = &[Context::Tasks];
const SCROLLED: &[Context] = &[Context::Tasks, Context::Task, Context::Page, Context::Terminal];
const COPIED: &[Context] = &[Context::Tasks, Context::Task, Context::Terminal];
const SHOWN: &[Context] = &[Context::Tasks, Context::Task, Context::Terminal];
const ATTACHED: &[Context] = &[Context::Terminal, Context::Typing];

const fn entry(
    action: Action,
    name: &'static str,
    keys: &'static str,
    short: &'static str,
    doc: &'static str,
    contexts: &'static [Context],
) -> Entry {
    Entry { action, name, short, doc, contexts, keys }
}

/// The table, in the order of the help.
pub const TABLE: &[Entry] = &[
    entry(Action::Down, "move.down", "j down", "down", "Move down", SCROLLED),
    entry(Action::Up, "move.up", "k up", "up", "Move up", SCROLLED),
    entry(Action::Top, "move.top", "g>g home", "top", "Go to the first line", SCROLLED),
    entry(Action::Bottom, "move.bottom", "G end", "bottom", "Go to the last line and follow what comes", SCROLLED),
    entry(Action::PageDown, "move.page-down", "ctrl+d pagedown", "page down", "Move down half a page", SCROLLED),
    entry(Action::PageUp, "move.page-up", "ctrl+u pageup", "page up", "Move up half a page", SCROLLED),
    entry(Action::Open, "open", "enter o", "open", "Open what is selected", LISTS),
    entry(Action::Fold, "fold", "space", "fold", "Fold or unfold what is marked: a branch of the tree, details", TASK),
    entry(Action::Back, "back", "esc", "back", "Close one layer; never quits", SCROLLED),
    entry(Action::NextPane, "pane.next", "tab", "other pane", "Go to the other pane", PANES),
    entry(Action::Zoom, "pane.zoom", "z", "zoom", "Give this pane the whole screen, or take it back", PANES),
    entry(Action::NextTab, "tab.next", "]", "next tab", "Show the next tab", PANES),
    entry(Action::PrevTab, "tab.previous", "[", "tab before", "Show the tab before", PANES),
    entry(Action::Tab(1), "tab.log", "1", "log", "Show what happened in the task", PANES),
    entry(Action::Tab(2), "tab.diff", "2", "diff", "Show what was changed", PANES),
    entry(Action::Tab(3), "tab.plan", "3", "plan", "Show the strategy of the planner", PANES),
    entry(Action::Tab(4), "tab.check", "4", "check", "Show what the check says, or what the task is to bring", PANES),
    entry(Action::Tab(5), "tab.facts", "5", "facts", "Show the journal of the task", PANES),
    entry(Action::Tab(6), "tab.tree", "6", "tree", "Show what the task waits for, and what waits for it", PANES),
    entry(Action::New, "task.new", "n", "new task", "Write a new task, in a line", NEW),
    entry(Action::Answer, "task.answer", "a", "answer", "Answer the oldest task that waits for you", PANES),
    entry(
        Action::NeedsMe,
        "task.needs-me",
        "!",
        "next that needs me",
        "Go to the next task that waits for you, or failed",
        PANES,
    ),
    entry(
        Action::Fix,
        "task.fix",
        "f",
        "fix now",
        "Start the task now, also one that is held; a plan as a whole (asks)",
        PANES,
    ),
    entry(Action::Retry, "task.retry", "r", "retry", "Try the task again, from its first attempt", PANES),
    entry(Action::Kill, "task.kill", "x", "kill", "End the task and whatever works on it (asks)", PANES),
    entry(Action::Undo, "task.undo", "u", "undo", "Take back what the task landed (asks, shows the diff)", PANES),
    entry(Action::Diff, "task.diff", "d", "diff", "Show the diff of the task", PANES),
    entry(Action::Land, "task.land", "L", "land", "Land a verified result that waits (asks, shows the diff)", PANES),
    entry(
        Action::Refuse,
        "task.refuse",
        "D",
        "refuse",
        "Throw away a result that waits, or a whole plan (asks)",
        PANES,
    ),
    entry(
        Action::Snooze,
        "task.snooze",
        "s",
        "snooze",
        "Leave this check alone: 10 min, until green, this branch",
        PANES,
    ),
    entry(Action::Hold, "task.hold", "p", "hold", "Hold the task until you say so", PANES),
    entry(Action::Message, "task.message", "m", "message", "Tell the agent that works on the task something", PANES),
    entry(Action::Pause, "pause", "P", "pause", "Start nothing new, or go on", PANES),
    entry(Action::Check, "check.run", "c", "run checks", "Run all checks now", PANES),
    entry(Action::Terminal, "terminal", "t", "terminal", "Show the terminal of what runs, and type into it", SHOWN),
    entry(Action::Look, "terminal.look", "T", "look", "Show that terminal without typing into it", SHOWN),
    entry(Action::Detach, "terminal.leave", "ctrl+q", "leave", "Leave the terminal; it goes on", ATTACHED),
    entry(Action::Edit, "open.editor", "e", "edit", "Open the file in $EDITOR, at the failing line", PANES),
    entry(Action::Copy, "copy", "y", "copy", "Copy what is marked, or all that is shown", COPIED),
    entry(Action::Filter, "filter", "/", "filter", "Show only what matches; in a pane: search", LISTS),
    entry(Action::NextMatch, "filter.next", "n", "next match", "Go to the next match", TASK),
    entry(Action::PrevMatch, "filter.previous", "N", "match before", "Go to the match before", TASK),
    entry(Action::Palette, "palette", ": ctrl+p", "commands", "Find an action by its name", SCROLLED),
    entry(Action::Health, "health", "h", "health", "Show health and statistics", LISTS),
    entry(Action::Costs, "costs", "$", "costs", "Show what was spent, and what may be", LISTS),
    entry(Action::Raise, "budget.raise", "+", "raise budget", "Raise today's lines of the budget (asks)", LISTS),
    entry(Action::Stats, "stats", "S", "statistics", "Show how work went, by day, role, agent and check", LISTS),
    entry(
        Action::Batches,
        "work",
        "W",
        "the day's work",
        "Show what was filed together: a day, an orchestration",
        LISTS,
    ),
    entry(Action::Report, "report", "w", "report", "Show the report of the day, and where it lies", LISTS),
    entry(Action::Events, "events", "E", "events", "Show what happened, and which tasks it started", LISTS),
    entry(Action::Roles, "roles", "A", "roles", "Show who plays which part, and what it is for", LISTS),
    entry(Action::Help, "help", "?", "help", "Show the keys", SCROLLED),
    entry(Action::Mouse, "mouse", "M", "mouse", "Give the mouse to the terminal, or take it back", SCROLLED),
    entry(Action::Redraw, "redraw", "ctrl+l", "redraw", "Draw everything anew", SCROLLED),
    entry(Action::Suspend, "suspend", "ctrl+z", "suspend", "Go to the background of the shell", SCROLLED),
    entry(Action::Quit, "quit", "q", "quit", "Leave; asks while an agent works, and ends a check that runs", LISTS),
    entry(Action::Interrupt, "interrupt", "ctrl+c", "stop", "Stop, as SIGINT does", SCROLLED),
];

impl Action {
    /// Returns the row of the table.
    pub fn entry(self) -> Option<&'static Entry> {
        TABLE.iter().find(|entry| entry.action == self)
    }

    /// Finds an action by its name.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|entry| entry.name == name).map(|entry| entry.action)
    }
}
