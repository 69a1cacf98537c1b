//! What happens in a terminal that is looked at: keys and the mouse go in, output comes, it is scrolled and marked.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::arrive::say;
use super::scroll::Move;
use crate::core::view::{CheckRow, Group, Row};
use crate::model::id::SessionId;
use crate::ui::action::{Action, Context};
use crate::ui::event::{Intent, News, Wish};
use crate::ui::keymap::{Chord, Found};
use crate::ui::pane::terminal_area;
use crate::ui::state::State;
use crate::ui::terminal::{self, Attached, Emulator, Phase, Selection};
use crate::ui::toast::Tone;

/// How many lines a notch of the wheel turns.
const NOTCH: i64 = 3;

/// Whether keys and mouse are for the terminal, or for what was asked about it.
pub(super) fn is_on_top(state: &State) -> bool {
    state.terminal.is_some() && state.page.is_none() && state.popups.is_empty()
}

/// Returns the session that runs for the selected task, or else for its check, or else the planner's, or else any, with a
/// name for it.
///
/// # Errors
/// That nothing runs.
pub fn running(state: &State) -> Result<(SessionId, String), String> {
    let of_row = |row: &Row| Some((row.session?, format!("{} {}: {}", row.id, row.title, row.why)));
    let of_check = |check: &CheckRow| Some((check.session?, format!("check {}", check.key)));
    let (selected, checks) = (state.row(), &state.view.checks);
    let its_check = || checks.iter().find(|check| selected.is_some_and(|row| row.check.as_ref() == Some(&check.key)));
    selected
        .and_then(of_row)
        .or_else(|| its_check().and_then(of_check))
        .or_else(|| Some((state.view.head.planner?, "planner".to_owned())))
        .or_else(|| checks.iter().find_map(of_check))
        .or_else(|| state.view.rows.iter().find_map(of_row))
        .ok_or_else(|| match selected.filter(|row| row.group == Group::Working) {
            Some(row) => {
                let key = state.keymap.key_of(Action::Tab(1));
                format!("what works on {} has no terminal; its log ({key}) tells what it does", row.id)
            }
            None => "nothing runs now".to_owned(),
        })
}

/// Shows the terminal of what runs; in one that is shown already, takes or gives up the keys.
pub(super) fn open(state: &mut State, only_looks: bool) -> Vec<Intent> {
    if let Some(shown) = state.terminal.as_mut().filter(|shown| !matches!(shown.phase, Phase::Over(_))) {
        shown.only_looks = only_looks;
        if !only_looks && shown.phase == Phase::Open && !shown.about.typing {
            say(state, Tone::Note, "it takes no keys: it reads nothing from its terminal");
        }
        return Vec::new();
    }
    match running(state) {
        Ok((session, name)) => {
            state.page = None;
            state.pending.clear();
            state.terminal = Some(Box::new(Attached::new(session, name, only_looks)));
            vec![Intent::Terminal(Wish::Attach(session))]
        }
        Err(why) => {
            say(state, Tone::Note, format!("{why}; a terminal is there while a check or an agent runs"));
            Vec::new()
        }
    }
}

/// Shows no terminal any more; its program goes on.
pub(super) fn close(state: &mut State) -> Vec<Intent> {
    match state.terminal.take() {
        Some(_) => {
            state.pending.clear();
            vec![Intent::Terminal(Wish::Detach)]
        }
        None => Vec::new(),
    }
}

/// Gives the program as many columns and rows as there is room, if somebody types into it.
pub(super) fn fit(state: &mut State) -> Option<Intent> {
    let area = terminal_area(state);
    let shown = state.terminal.as_mut().filter(|shown| shown.is_typed())?;
    let size = (area.width.max(2), area.height.max(2));
    if shown.asked == Some(size) {
        return None;
    }
    shown.asked = Some(size);
    Some(Intent::Terminal(Wish::Size(size.0, size.1)))
}

/// Takes in what comes from a session; of one that is not shown any more, nothing.
pub(super) fn news(state: &mut State, session: SessionId, news: News) -> Vec<Intent> {
    let Some(shown) = state.terminal.as_mut().filter(|shown| shown.session == session) else { return Vec::new() };
    let before = shown.emulator.is_alternate();
    let mut intents = Vec::new();
    match news {
        News::About(about, live_from) => {
            shown.emulator = Emulator::new(about.size, about.raw);
            (shown.about, shown.live_from, shown.phase) = (about, live_from, Phase::Open);
        }
        News::Output(offset, bytes) => intents = output(shown, offset, &bytes),
        News::Hole(bytes) => {
            // A sequence that is cut off does not go on after the hole.
            let text = format!("\x18\r\n[{} KB are left out here]\r\n", bytes.div_ceil(1024));
            let text = if shown.emulator.is_alternate() { "\x18" } else { &text };
            shown.emulator.feed(text.as_bytes());
        }
        News::Size(columns, rows) => {
            shown.emulator.resize((columns, rows));
            shown.marked = None;
        }
        News::Over(why) => shown.phase = Phase::Over(why),
    }
    if before != shown.emulator.is_alternate() {
        // The lines of the one screen are not those of the other.
        (shown.foot, shown.marked) = (None, None);
    }
    intents
}

/// Shows what the program wrote, and answers what it asked, unless that was asked of somebody else.
fn output(shown: &mut Attached, offset: u64, bytes: &[u8]) -> Vec<Intent> {
    let known = usize::try_from(shown.live_from.saturating_sub(offset)).unwrap_or(usize::MAX).min(bytes.len());
    let (old, new) = bytes.split_at(known);
    shown.emulator.feed(old);
    let answer = shown.emulator.feed(new);
    if answer.is_empty() || !shown.is_typed() {
        return Vec::new();
    }
    vec![Intent::Terminal(Wish::Answer(offset + bytes.len() as u64, answer))]
}

/// Takes a key for the program; only one chord is ours.
pub(super) fn pressed(state: &mut State, key: KeyEvent) -> Vec<Intent> {
    let Some(shown) = state.terminal.as_mut() else { return Vec::new() };
    if let Phase::Over(_) = shown.phase
        && matches!(key.code, KeyCode::Esc | KeyCode::Enter)
    {
        return close(state);
    }
    shown.held.push(key);
    let chords: Vec<Chord> = shown.held.iter().filter_map(|key| Chord::of(*key)).collect();
    let is_unbound = state.keymap.keys_of(Action::Detach).is_empty();
    // Whoever takes every key away still gets out.
    let is_last_resort = is_unbound && key.code == KeyCode::Char('q') && key.modifiers == KeyModifiers::CONTROL;
    match state.keymap.find(Context::Typing, &chords) {
        Found::Action(Action::Detach) => return close(state),
        Found::More(_) if chords.len() == shown.held.len() => return Vec::new(),
        Found::Action(_) | Found::More(_) | Found::Nothing if is_last_resort => return close(state),
        Found::Action(_) | Found::More(_) | Found::Nothing => {}
    }
    let held = std::mem::take(&mut shown.held);
    if !shown.is_typed() {
        return Vec::new();
    }
    let bytes: Vec<u8> = held.into_iter().flat_map(|key| terminal::key(&shown.emulator, key)).collect();
    typed(shown, bytes)
}

/// Takes pasted text for the program.
pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Intent> {
    let Some(shown) = state.terminal.as_mut().filter(|shown| shown.is_typed()) else { return Vec::new() };
    let bytes = terminal::paste(&shown.emulator, text);
    typed(shown, bytes)
}

fn typed(shown: &mut Attached, bytes: Vec<u8>) -> Vec<Intent> {
    if bytes.is_empty() {
        return Vec::new();
    }
    shown.was_typed = true;
    // Whoever types looks at where it appears.
    (shown.foot, shown.marked) = (None, None);
    vec![Intent::Terminal(Wish::Type(bytes))]
}

/// Takes a move of the mouse: for the program if it asked for it, else to scroll and to mark.
pub(super) fn moved(state: &mut State, event: MouseEvent) -> Vec<Intent> {
    let area = terminal_area(state);
    let at = Position { x: event.column, y: event.row };
    let Some(shown) = state.terminal.as_mut() else { return Vec::new() };
    let near = Position {
        // In a window of one row there is no pane at all.
        x: at.x.min(area.right().saturating_sub(1)).max(area.x),
        y: at.y.min(area.bottom().saturating_sub(1)).max(area.y),
    };
    // With shift the mouse is the person's, as in every terminal.
    let is_theirs = shown.is_typed() && shown.emulator.wants_mouse() && !event.modifiers.contains(KeyModifiers::SHIFT);
    if is_theirs && shown.foot.is_none() {
        if !area.contains(at) {
            return Vec::new();
        }
        let bytes = terminal::mouse(&shown.emulator, event, (at.x - area.x, at.y - area.y));
        shown.was_typed |= !bytes.is_empty();
        return if bytes.is_empty() { Vec::new() } else { vec![Intent::Terminal(Wish::Mouse(bytes))] };
    }
    let spot = shown.emulator.spot(area, shown.foot, near);
    match (event.kind, spot) {
        (MouseEventKind::ScrollDown, _) => shown.turn(area, NOTCH),
        (MouseEventKind::ScrollUp, _) => shown.turn(area, -NOTCH),
        (MouseEventKind::Down(MouseButton::Left), Some(spot)) if area.contains(at) => {
            shown.marked = Some(Selection { from: spot, to: spot });
            shown.is_marking = true;
        }
        (MouseEventKind::Drag(MouseButton::Left), Some(spot)) if shown.is_marking => {
            if let Some(marked) = &mut shown.marked {
                marked.to = spot;
            }
        }
        (MouseEventKind::Up(MouseButton::Left), _) if shown.is_marking => {
            shown.is_marking = false;
            if shown.marked.is_some_and(|marked| marked.from == marked.to) {
                shown.marked = None;
                return Vec::new();
            }
            return copy(state);
        }
        _ => {}
    }
    Vec::new()
}

/// Scrolls it.
pub(super) fn go(state: &mut State, how: Move) {
    let area = terminal_area(state);
    let Some(shown) = state.terminal.as_mut() else { return };
    let half = i64::from((area.height / 2).max(1));
    match how {
        Move::Lines(lines) => shown.turn(area, i64::try_from(lines).unwrap_or(0)),
        Move::HalfPage(way) => shown.turn(area, i64::try_from(way).unwrap_or(0) * half),
        // Further than any terminal remembers.
        Move::Top => shown.turn(area, i64::from(i32::MIN)),
        Move::Bottom => shown.foot = None,
    }
}

/// Copies what is marked, or else all that is shown.
pub(super) fn copy(state: &mut State) -> Vec<Intent> {
    let area = terminal_area(state);
    let Some(shown) = &state.terminal else { return Vec::new() };
    let whole = || {
        let corner = |x, y| shown.emulator.spot(area, shown.foot, Position { x, y });
        let last = (area.y..area.bottom()).rev().find_map(|y| corner(area.right().saturating_sub(1), y))?;
        Some(Selection { from: corner(area.x, area.y)?, to: last })
    };
    let text = shown.marked.or_else(whole).map(|marked| shown.emulator.text(&marked)).unwrap_or_default();
    let text = text.trim_end().to_owned();
    if text.is_empty() {
        say(state, Tone::Note, "there is nothing to copy");
        return Vec::new();
    }
    let lines = text.lines().count();
    say(state, Tone::Note, format!("copied {lines} line{}", if lines == 1 { "" } else { "s" }));
    vec![Intent::Copy(text)]
}
