//! Carries out an action: changes what is shown, or says what the app shall do.

use super::arrive::{fetch_if_new, say};
use super::scroll::{Move, bring, go};
use super::terminal;
use super::write;
use super::{copy, costs, page, question};
use crate::core::command::Command;
use crate::core::view::{Group, Row};
use crate::model::id::TaskId;
use crate::ui::action::Action;
use crate::ui::body::Target;
use crate::ui::event::Intent;
use crate::ui::popup::{Palette, Popup, unable};
use crate::ui::state::{Filter, Focus, Page, Scroll, State, Tab};
use crate::ui::toast::Tone;

/// Carries out an action.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Intent> {
    if let Some(why) = unable(state, action).filter(|_| !question::is_held_already(state, action)) {
        say(state, Tone::Note, why);
        return Vec::new();
    }
    match action {
        Action::Down => go(state, Move::Lines(1)),
        Action::Up => go(state, Move::Lines(-1)),
        Action::Top => go(state, Move::Top),
        Action::Bottom => go(state, Move::Bottom),
        Action::PageDown => go(state, Move::HalfPage(1)),
        Action::PageUp => go(state, Move::HalfPage(-1)),
        Action::Open if state.page.is_some() => page::open(state),
        Action::Open => match state.focus {
            Focus::Tasks => {
                state.focus = Focus::Task;
                Vec::new()
            }
            Focus::Task => open_spot(state, true),
        },
        Action::Fold => fold(state),
        Action::Back => back(state),
        Action::NextPane => {
            state.focus = if state.focus == Focus::Tasks { Focus::Task } else { Focus::Tasks };
            Vec::new()
        }
        Action::NextTab => turn(state, 1),
        Action::PrevTab => turn(state, Tab::ALL.len() - 1),
        Action::Tab(number) => {
            if let Some(tab) = usize::from(number).checked_sub(1).and_then(|at| Tab::ALL.get(at)) {
                state.tab = *tab;
            }
            Vec::new()
        }
        Action::Diff => {
            state.tab = Tab::Diff;
            state.focus = Focus::Task;
            Vec::new()
        }
        Action::NeedsMe => needs_me(state),
        Action::Answer => question::answer(state),
        Action::Fix if is_planned(state) => question::about(state, action),
        Action::Fix => command(state, |task| Command::Fix { task }),
        Action::Retry => command(state, |task| Command::Retry { task }),
        Action::Kill | Action::Undo | Action::Land | Action::Refuse | Action::Snooze | Action::Hold => {
            question::about(state, action)
        }
        Action::Message => write::open(state),
        Action::Pause => question::pause(state),
        Action::Check => vec![Intent::Command(Command::Check)],
        Action::Edit => edit(state),
        Action::Terminal => terminal::open(state, false),
        Action::Look => terminal::open(state, true),
        Action::Detach => terminal::close(state),
        Action::Copy if terminal::is_on_top(state) => terminal::copy(state),
        Action::Copy => copy::copy(state),
        Action::Zoom => {
            state.shape.zoom = !state.shape.zoom;
            Vec::new()
        }
        Action::Filter if state.page.is_some() => {
            state.page_filter = Filter { editing: true, ..Filter::default() };
            page::turn_to_top(state);
            Vec::new()
        }
        Action::Filter => {
            match state.focus {
                Focus::Tasks => state.filter = Filter { editing: true, ..Filter::default() },
                Focus::Task => {
                    state.search = Filter { editing: true, ..Filter::default() };
                    state.search_at = None;
                }
            }
            Vec::new()
        }
        Action::NextMatch => search(state, true),
        Action::PrevMatch => search(state, false),
        Action::Palette => {
            state.popups.push(Popup::Palette(Palette::default()));
            Vec::new()
        }
        Action::Health => page::toggle(state, Page::Health),
        Action::Costs => page::toggle(state, Page::Costs),
        Action::Stats => page::toggle(state, Page::Stats),
        Action::Roles => page::toggle(state, Page::Roles),
        Action::Batches => page::toggle(state, Page::Batches),
        Action::Events => page::toggle(state, Page::Events),
        Action::Report => page::report(state),
        Action::New => write::begin(state),
        Action::Raise => costs::raise(state),
        Action::Help => page::toggle(state, Page::Help),
        Action::Mouse => {
            state.mouse = !state.mouse;
            say(state, Tone::Note, if state.mouse { "the mouse is ours" } else { "the mouse is the terminal's" });
            vec![Intent::Mouse(state.mouse)]
        }
        Action::Redraw => vec![Intent::Redraw],
        Action::Suspend => vec![Intent::Suspend],
        Action::Quit => question::quit(state),
        Action::Interrupt => vec![Intent::Interrupt],
    }
}

/// Closes one layer; on the lowest, nothing happens.
fn back(state: &mut State) -> Vec<Intent> {
    if page::close(state) {
        return Vec::new();
    }
    if state.terminal.is_some() {
        return terminal::close(state);
    }
    if state.focus == Focus::Task {
        if state.search == Filter::default() {
            state.focus = Focus::Tasks;
        } else {
            state.search = Filter::default();
        }
    } else if state.filter == Filter::default() {
        state.toasts.clear();
    } else {
        state.filter = Filter::default();
    }
    Vec::new()
}

/// Whether the selected task is part of a plan that waits for a yes.
fn is_planned(state: &State) -> bool {
    state.row().is_some_and(|row| row.allowed.approve)
}

fn turn(state: &mut State, by: usize) -> Vec<Intent> {
    let at = Tab::ALL.iter().position(|tab| *tab == state.tab).unwrap_or(0);
    state.tab = Tab::ALL[(at + by) % Tab::ALL.len()];
    state.search_at = None;
    Vec::new()
}

/// Selects the next task that waits for a person, after the selected one: with a question, then those that failed.
fn needs_me(state: &mut State) -> Vec<Intent> {
    let waits = |row: &&Row| matches!(row.group, Group::NeedsYou | Group::Failed);
    let waiting: Vec<_> = state.view.rows.iter().filter(waits).map(|row| row.id).collect();
    let at = waiting.iter().position(|id| Some(*id) == state.selected);
    let next = at.map_or(0, |at| (at + 1) % waiting.len());
    match waiting.get(next) {
        Some(task) => {
            if state.list.line_of(*task).is_none() {
                state.filter = Filter::default();
            }
            state.selected = Some(*task);
        }
        None => return Vec::new(),
    }
    fetch_if_new(state, false)
}

/// Asks for something about the selected task.
fn command(state: &State, command: impl Fn(TaskId) -> Command) -> Vec<Intent> {
    state.row().map(|row| Intent::Command(command(row.id))).into_iter().collect()
}

/// Opens or closes the marked fold, or opens the marked place if `places` says so.
pub(super) fn open_spot(state: &mut State, places: bool) -> Vec<Intent> {
    match state.spot().map(|spot| spot.target.clone()) {
        Some(Target::Fold(seq)) => {
            let fold = (state.tab, seq);
            // What follows the end would move away under the reader.
            let top = state.top();
            if !state.unfolded.remove(&fold) {
                state.unfolded.insert(fold);
            }
            state.scrolls.insert(state.tab, Scroll { top, follow: false });
            Vec::new()
        }
        Some(Target::Place(file, line)) if places => vec![Intent::Edit(file, line)],
        Some(Target::Task(task) | Target::Branch(task))
            if places && state.view.rows.iter().any(|row| row.id == task) =>
        {
            if state.list.line_of(task).is_none() {
                state.filter = Filter::default();
            }
            state.selected = Some(task);
            fetch_if_new(state, false)
        }
        Some(Target::Event(event, _)) if places => page::whole(state, event),
        Some(Target::Place(..) | Target::Task(_) | Target::Branch(_) | Target::Event(..) | Target::Batch(_)) | None => {
            Vec::new()
        }
    }
}

/// Folds or unfolds what is marked: a branch of the tree, or details.
pub(super) fn fold(state: &mut State) -> Vec<Intent> {
    match state.spot().map(|spot| spot.target.clone()) {
        Some(Target::Branch(task)) => {
            // What is marked stays where it is; what is below it comes or goes.
            let top = state.top();
            if !state.folded.remove(&task) {
                state.folded.insert(task);
            }
            state.scrolls.insert(state.tab, Scroll { top, follow: false });
            Vec::new()
        }
        Some(Target::Fold(_) | Target::Place(..) | Target::Task(_) | Target::Event(..) | Target::Batch(_)) | None => {
            open_spot(state, false)
        }
    }
}

/// Opens the marked place, or else the first one that the failures name, or else the file of the task.
fn edit(state: &mut State) -> Vec<Intent> {
    if let (Focus::Task, Some(Target::Place(file, line))) = (state.focus, state.spot().map(|spot| &spot.target)) {
        return vec![Intent::Edit(file.clone(), *line)];
    }
    let place = state.told().and_then(|story| story.detail.as_ref()).and_then(|detail| {
        let failure = detail.task.failures.iter().find_map(|failure| Some((failure.file.clone()?, failure.line)));
        failure.or_else(|| detail.task.files.first().map(|file| (file.clone(), None)))
    });
    if let Some((file, line)) = place {
        return vec![Intent::Edit(file, line)];
    }
    say(state, Tone::Note, "no file is known for this");
    Vec::new()
}

/// Goes to the next row of the shown tab that holds the searched text, around the end.
fn search(state: &mut State, forward: bool) -> Vec<Intent> {
    if state.search.text.is_empty() {
        return Vec::new();
    }
    let found = state.body.find(&state.search.text);
    let from = state.search_at.unwrap_or_else(|| state.top());
    let next = match (forward, state.search_at) {
        (true, Some(_)) => found.iter().find(|row| **row > from),
        (true, None) => found.iter().find(|row| **row >= from),
        (false, _) => found.iter().rev().find(|row| **row < from),
    };
    let next = next.or(if forward { found.first() } else { found.last() }).copied();
    state.search_at = next;
    if let Some(row) = next {
        bring(state, row);
    } else {
        let text = format!("{:?} is not here", state.search.text);
        say(state, Tone::Note, text);
    }
    Vec::new()
}
