//! Says whether an action would do something now, and if not, why not.

use crate::core::view::{Allowed, Group, Row};
use crate::ui::action::{Action, Context};
use crate::ui::body::Target;
use crate::ui::keymap::{Chord, Found};
use crate::ui::state::{Filter, Page, State};
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
        Action::Open if state.page.is_some() => {
            state.page_mark.is_none().then(|| "nothing on this page leads anywhere".to_owned())
        }
        Action::Filter if state.page.is_some_and(|(page, _)| page != Page::Events) => {
            Some("only the tasks and the events can be filtered".to_owned())
        }
        Action::Fold => {
            let folds = state.spot().is_some_and(|spot| matches!(spot.target, Target::Branch(_) | Target::Fold(_)));
            (!folds).then(|| "nothing is marked that folds; j and k mark".to_owned())
        }
        Action::Open | Action::Diff | Action::Edit | Action::NextTab | Action::PrevTab | Action::Tab(_)
            if state.row().is_none() =>
        {
            Some(none())
        }
        Action::Answer | Action::NeedsMe => {
            let failed = |row: &Row| action == Action::NeedsMe && row.group == Group::Failed;
            let waits = state.view.rows.iter().any(|row| row.group == Group::NeedsYou || failed(row));
            (!waits).then(|| "nothing waits for you".to_owned())
        }
        Action::Report if !state.view.batches.iter().any(|batch| batch.date.is_some()) => {
            Some("no task file is under way; orchestrator-tui start FILE begins a day's work".to_owned())
        }
        Action::Fix => task(state, |allowed| allowed.fix || allowed.approve, "there is nothing to start"),
        Action::Retry => {
            task(state, |allowed| allowed.retry, "only what failed, or is to be looked at, can be tried again")
        }
        Action::Kill => task(state, |allowed| allowed.kill, "there is nothing to end"),
        Action::Undo => task(state, |allowed| allowed.undo, "nothing of it is in your files that could be taken back"),
        Action::Land => task(state, |allowed| allowed.land, "it has no result that waits for a yes"),
        Action::Refuse => {
            task(state, |allowed| allowed.refuse || allowed.approve, "it has no result that waits for a yes")
        }
        Action::Message => task(state, |allowed| allowed.message, "no agent runs for it that could hear a message"),
        Action::Hold => task(state, |allowed| allowed.hold, "there is nothing to hold"),
        Action::Snooze => task(state, |allowed| allowed.snooze || allowed.unsnooze, "its check is gone"),
        Action::Raise if state.view.costs.lines.is_empty() => {
            Some("no line of the day is set: budget.day_usd, budget.day_tokens".to_owned())
        }
        Action::NextMatch | Action::PrevMatch if state.search == Filter::default() => {
            Some(format!("nothing is searched for; {} searches", state.keymap.key_of(Action::Filter)))
        }
        _ => None,
    }
}

/// Says why a key that works elsewhere does nothing here, if it works elsewhere.
pub(in crate::ui) fn elsewhere(state: &State, chord: Chord) -> Option<String> {
    let contexts = [Context::Tasks, Context::Task, Context::Page];
    let action = contexts.into_iter().find_map(|context| match state.keymap.find(context, &[chord]) {
        Found::Action(action) => Some(action),
        Found::More(_) | Found::Nothing => None,
    })?;
    let short = action.entry()?.short;
    let close = if state.page.is_some() {
        format!("; {} closes this page", state.keymap.key_of(Action::Back))
    } else {
        String::new()
    };
    Some(format!("{chord}: {short} {}{close}", unable(state, action)?))
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
            | Action::Message
            | Action::New
            | Action::Pause
            | Action::Check
            | Action::Raise
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

fn task(state: &State, is_allowed: impl Fn(&Allowed) -> bool, why: &str) -> Option<String> {
    match state.row() {
        None => Some(none()),
        Some(row) => (!is_allowed(&row.allowed)).then(|| format!("{}; {why}", stands(row))),
    }
}

/// Says where a task stands.
fn stands(row: &Row) -> String {
    let Row { id, why, .. } = row;
    match row.group {
        Group::Working => format!("{id} is at work ({why})"),
        Group::NeedsYou => format!("{id} waits for you"),
        Group::Held => format!("{id} is {why}"),
        Group::Queued => format!("{id} is queued ({why})"),
        Group::Done | Group::Failed => format!("{id} is over: {why}"),
    }
}
