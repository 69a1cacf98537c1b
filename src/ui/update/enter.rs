//! The one door of the screen: an event in, intents out.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::settle::{Before, settle};
use super::{arrive, key, mouse, question, review, terminal};
use crate::core::view::View;
use crate::model::time::Wall;
use crate::ui::event::{Event, Intent};
use crate::ui::popup::{Popup, room};
use crate::ui::state::State;

/// Takes in one event. The screen is to be drawn again afterwards, unless the event changed nothing a person can see.
pub fn update(state: &mut State, now: Wall, event: Event) -> Vec<Intent> {
    state.sees(now);
    state.toasts.retain(|toast| toast.until.is_none_or(|until| until > now));
    if matches!(event, Event::Key(_) | Event::Paste(_))
        || matches!(event, Event::Mouse(moved) if moved.kind != MouseEventKind::Moved)
    {
        state.toasts_seen();
    }
    let before = Before::of(state);
    let mut intents = take_in(state, event);
    intents.extend(settle(state, &before));
    intents.extend(terminal::fit(state));
    if let Some(tour) = state.tour {
        state.tour = tour.looked(state);
    }
    intents
}

fn take_in(state: &mut State, event: Event) -> Vec<Intent> {
    match event {
        Event::Key(pressed) => key::pressed(state, pressed),
        Event::Mouse(moved) if terminal::is_on_top(state) => terminal::moved(state, moved),
        Event::Mouse(moved) if state.popups.is_empty() => mouse::moved(state, moved),
        Event::Mouse(moved) => over_popup(state, moved),
        Event::Paste(text) if terminal::is_on_top(state) => terminal::pasted(state, &text),
        Event::Terminal(session, news) => terminal::news(state, session, news),
        Event::Paste(text) => {
            paste(state, &text);
            Vec::new()
        }
        Event::Resized(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        Event::Tick => Vec::new(),
        Event::Seen(view) => seen(state, *view),
        Event::Detailed(detail) => {
            arrive::detailed(state, *detail);
            review::review(state)
        }
        Event::Told { task, facts, cut } => {
            arrive::told(state, task, facts, cut);
            Vec::new()
        }
        Event::Whole(id, told) => {
            if let Some(opened) = state.event.as_mut().filter(|opened| opened.id == id) {
                opened.told = Some(told);
            }
            Vec::new()
        }
        Event::Reported(batch, told) => {
            if let Some(report) = state.report.as_mut().filter(|report| report.batch == batch) {
                report.told = Some(told);
            }
            Vec::new()
        }
        Event::Happened(fact) => {
            arrive::happened(state, *fact);
            Vec::new()
        }
        Event::Answered(answer) => {
            arrive::answered(state, answer);
            Vec::new()
        }
        Event::Gone(why) => {
            question::gone(state, &why);
            state.gone = Some(why);
            Vec::new()
        }
    }
}

fn seen(state: &mut State, view: View) -> Vec<Intent> {
    let (was_seen, waited) = (state.seen, review::waiting(&state.view));
    let is_back = state.gone.take().is_some();
    let mut intents = arrive::seen(state, view);
    if is_back {
        intents.extend(question::back(state));
    }
    intents.extend(review::review(state));
    if was_seen {
        // What waited before the person came is on the screen; ringing is for what comes while they look elsewhere.
        intents.extend(review::attention(state, &waited));
    }
    intents
}

/// A click answers where it hits an answer, the wheel scrolls; neither reaches what lies below.
fn over_popup(state: &mut State, moved: MouseEvent) -> Vec<Intent> {
    let at = Position { x: moved.column, y: moved.row };
    let screen = room(state);
    let target = match (state.popups.last(), moved.kind) {
        (Some(Popup::Ask(ask)), MouseEventKind::Down(MouseButton::Left)) => ask.sheet(state).answer_at(screen, at),
        (Some(Popup::Reply(replying)), MouseEventKind::Down(MouseButton::Left)) => {
            replying.sheet(state).answer_at(screen, at)
        }
        (Some(Popup::Palette(palette)), MouseEventKind::Down(MouseButton::Left)) => palette.line_at(state, screen, at),
        _ => None,
    };
    match (moved.kind, target) {
        (MouseEventKind::ScrollDown, _) => key::scrolled(state, 3),
        (MouseEventKind::ScrollUp, _) => key::scrolled(state, -3),
        (_, Some(line)) => return key::clicked(state, line),
        (_, None) => {}
    }
    Vec::new()
}

/// Pasted text goes only where text is typed; it never counts as keys.
fn paste(state: &mut State, text: &str) {
    let line: String = text
        .chars()
        .take_while(|letter| *letter != '\n' && *letter != '\r')
        .filter(|letter| !letter.is_control())
        .collect();
    if let Some(popup) = state.popups.last_mut() {
        match popup {
            Popup::Palette(palette) => {
                palette.text.push_str(&line);
                palette.marked = 0;
            }
            Popup::Reply(replying) => {
                if let Some(typing) = &mut replying.typing {
                    typing.push_str(&line);
                }
            }
            Popup::Write(writing) => writing.text.push_str(&line),
            Popup::Ask(_) => {}
        }
    } else if state.filter.editing {
        state.filter.text.push_str(&line);
    } else if state.page_filter.editing {
        state.page_filter.text.push_str(&line);
    } else if state.search.editing {
        state.search.text.push_str(&line);
    }
}
