//! The one door of the screen: an event in, intents out.

use super::{arrive, key, mouse};
use crate::model::time::Wall;
use crate::ui::event::{Event, Intent};
use crate::ui::popup::Popup;
use crate::ui::state::State;

/// Takes in one event. The screen is to be drawn again afterwards, unless the event changed nothing a person can see.
pub fn update(state: &mut State, now: Wall, event: Event) -> Vec<Intent> {
    state.now = now;
    state.toasts.retain(|toast| toast.until > now);
    match event {
        Event::Key(pressed) => key::pressed(state, pressed),
        Event::Mouse(moved) => mouse::moved(state, moved),
        Event::Paste(text) => {
            paste(state, &text);
            Vec::new()
        }
        Event::Resized(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        Event::Tick => Vec::new(),
        Event::Seen(view) => arrive::seen(state, *view),
        Event::Detailed(detail) => {
            arrive::detailed(state, *detail);
            Vec::new()
        }
        Event::Told { task, facts, cut } => {
            arrive::told(state, task, facts, cut);
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
            state.gone = Some(why);
            Vec::new()
        }
    }
}

/// Pasted text goes only where text is typed; it never counts as keys.
fn paste(state: &mut State, text: &str) {
    let line: String = text
        .chars()
        .take_while(|letter| *letter != '\n' && *letter != '\r')
        .filter(|letter| !letter.is_control())
        .collect();
    if let Some(Popup::Palette(palette)) = state.popups.last_mut() {
        palette.text.push_str(&line);
        palette.marked = 0;
    } else if state.filter.editing {
        state.filter.text.push_str(&line);
    } else if state.search.editing {
        state.search.text.push_str(&line);
    }
}
