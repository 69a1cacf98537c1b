//! Says whether an action would do something now, and if not, why not.

use crate::core::view::{Allowed, Group, Row};
use crate::ui::action::{Action, Context};
use crate::ui::state::{Filter, State};
use crate::ui::update::running;

/// Why a task is held that a person holds.
pub(in crate::ui) const BY_YOU: &str = "held: by you";

/// Says why an action would do nothing now, if so.
pub fn unable(state: &State, action: Action) -> Option<String> {
    let entry = action.entry()?;
    if !entry.contexts.contains(&state.context()) {
        let places: Vec<&str> = entry.contexts.iter().map(|context| place(*context)).collect();
        return Some(format!("works in {}", places.join(" and ")));
    }
    if state.gone.is_some() && is_wish(action) {
        return Some("the supervisor is gone".to_owned());
    }
    match action {
        Action::Terminal | Action::Look if state.terminal.is_none() => running(state).err(),
        Action::Open | Action::Diff | Action::Edit if state.row().is_none() => Some(none()),
        Action::Answer | Action::NeedsMe => {
            let waits = state.view.rows.iter().any(|row| row.group == Group::NeedsYou);
            (!waits).then(|| "nothing waits for you".to_owned())
        }
        Action::Fix => task(state, |allowed| allowed.fix),
        Action::Retry => task(state, |allowed| allowed.retry),
        Action::Kill => task(state, |allowed| allowed.kill),
        Action::Undo => task(state, |allowed| allowed.undo),
        Action::Land => task(state, |allowed| allowed.land),
        Action::Refuse => task(state, |allowed| allowed.refuse),
        Action::Hold => task(state, |allowed| allowed.hold),
        Action::Snooze => task(state, |allowed| allowed.snooze || allowed.unsnooze),
        Action::NextMatch | Action::PrevMatch if state.search == Filter::default() => {
            Some("nothing is searched for".to_owned())
        }
        _ => None,
    }
}

/// Whether an action asks something of the supervisor.
fn is_wish(action: Action) -> bool {
    matches!(
        action,
        Action::Answer
            | Action::Fix
            | Action::Retry
            | Action::Kill
            | Action::Undo
            | Action::Land
            | Action::Refuse
            | Action::Snooze
            | Action::Hold
            | Action::Pause
            | Action::Check
    )
}

fn none() -> String {
    "no task is selected".to_owned()
}

fn place(context: Context) -> &'static str {
    match context {
        Context::Tasks => "the list",
        Context::Task => "the pane of a task",
        Context::Page => "pages",
        Context::Terminal | Context::Typing => "a terminal",
    }
}

fn task(state: &State, is_allowed: impl Fn(&Allowed) -> bool) -> Option<String> {
    match state.row() {
        None => Some(none()),
        Some(row) => (!is_allowed(&row.allowed)).then(|| stands(row)),
    }
}

/// Says where a task stands, as a reason against something.
fn stands(row: &Row) -> String {
    match row.group {
        Group::Working => format!("{} is at work: {}", row.id, row.why),
        Group::NeedsYou | Group::Held | Group::Queued | Group::Done | Group::Failed => {
            format!("{}: {}", row.id, row.why)
        }
    }
}
