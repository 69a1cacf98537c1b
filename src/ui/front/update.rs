//! Turns keys and clicks on the first screens into answers.

use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

use super::screen::FrontState;
use super::what::FrontAnswer;
use crate::model::time::Wall;
use crate::ui::draw::screen;
use crate::ui::event::Event;

/// Takes in one event; what comes from a supervisor is none of these screens' business.
pub fn update_front(front: &mut FrontState, now: Wall, event: &Event) -> Option<FrontAnswer> {
    front.state.sees(now);
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(front, *key),
        Event::Mouse(event) => moved(front, *event),
        Event::Resized(columns, rows) => {
            front.state.size = (*columns, *rows);
            front.begin_again();
            None
        }
        Event::Key(_)
        | Event::Paste(_)
        | Event::Tick
        | Event::Seen(_)
        | Event::Detailed(_)
        | Event::Told { .. }
        | Event::Happened(_)
        | Event::Answered(_)
        | Event::Whole(..)
        | Event::Reported(..)
        | Event::Terminal(..)
        | Event::Gone(_) => None,
    }
}

fn pressed(front: &mut FrontState, key: KeyEvent) -> Option<FrontAnswer> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        match key.code {
            KeyCode::Char('c') => return Some(FrontAnswer::Interrupt),
            KeyCode::Char('l') => return Some(FrontAnswer::Redraw),
            KeyCode::Char('z') => return Some(FrontAnswer::Suspend),
            _ => {}
        }
    }
    if front.state.now < front.state.deaf_until {
        return None;
    }
    let offers = front.front.offers();
    let last = offers.len().saturating_sub(1);
    let page = page(front);
    let is_plain = key.modifiers.is_empty() || key.modifiers == KeyModifiers::SHIFT;
    match key.code {
        KeyCode::Enter => return front.marked.and_then(|at| take(front, at)),
        KeyCode::Char(letter) if is_plain => {
            let number = letter.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
            let known = offers.iter().position(|offer| offer.key == letter);
            if let Some(at) = number.or(known).filter(|at| *at <= last) {
                return take(front, at);
            }
            match letter {
                ' ' => scroll(front, page),
                'j' => scroll(front, 1),
                'k' => scroll(front, -1),
                'g' => front.top = 0,
                'G' => scroll(front, isize::MAX),
                _ => {}
            }
        }
        KeyCode::Char('d') => scroll(front, page / 2),
        KeyCode::Char('u') => scroll(front, -page / 2),
        KeyCode::Down | KeyCode::Tab => front.marked = Some(front.marked.map_or(0, |at| (at + 1).min(last))),
        KeyCode::Up | KeyCode::BackTab => front.marked = Some(front.marked.map_or(last, |at| at.saturating_sub(1))),
        KeyCode::PageDown => scroll(front, page),
        KeyCode::PageUp => scroll(front, -page),
        KeyCode::Home => front.top = 0,
        KeyCode::End => scroll(front, isize::MAX),
        _ => {}
    }
    None
}

fn page(front: &FrontState) -> isize {
    isize::try_from(front.sheet().page(screen(&front.state))).unwrap_or(1)
}

fn scroll(front: &mut FrontState, lines: isize) {
    let last = front.sheet().last_top(screen(&front.state));
    front.top = front.top.min(last).saturating_add_signed(lines).min(last);
    // Nobody has read what a leap to the end passed over.
    if front.top <= front.seen + front.sheet().page(screen(&front.state)) {
        front.seen = front.seen.max(front.top);
    }
}

/// Takes an answer. A yes to what was not shown yet shows more of it instead.
fn take(front: &mut FrontState, at: usize) -> Option<FrontAnswer> {
    let answer = front.front.offers().get(at)?.answer;
    if answer.is_yes() && !front.is_informed() {
        front.top = front.seen;
        let page = page(front);
        scroll(front, page);
        return None;
    }
    Some(answer)
}

fn moved(front: &mut FrontState, event: MouseEvent) -> Option<FrontAnswer> {
    match event.kind {
        MouseEventKind::ScrollDown => scroll(front, 3),
        MouseEventKind::ScrollUp => scroll(front, -3),
        MouseEventKind::Down(MouseButton::Left) if front.state.now >= front.state.deaf_until => {
            let at = Position { x: event.column, y: event.row };
            let number = front.sheet().answer_at(screen(&front.state), at)?;
            return take(front, number);
        }
        _ => {}
    }
    None
}
