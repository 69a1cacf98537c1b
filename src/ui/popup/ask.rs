//! A question with a few choices; what is asked about is shown whole and scrolls.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::ui::event::Intent;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{framed, wrapped_rows, write_lines};

/// One of the answers.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The key that takes it, besides its number.
    pub key: char,
    /// What it says.
    pub text: String,
    /// What follows.
    pub intents: Vec<Intent>,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What it is about, in the border.
    pub title: String,
    /// What is asked, and what it is asked about: a diff, a reason.
    pub body: Vec<Line<'static>>,
    /// The answers; `esc` is always another one, and changes nothing.
    pub choices: Vec<Choice>,
    /// The marked answer; enter takes it.
    pub marked: usize,
    /// The first line of the body that is shown.
    pub top: usize,
}

impl Ask {
    /// Asks; the first choice is marked.
    pub fn new(title: impl Into<String>, body: Vec<Line<'static>>, choices: Vec<Choice>) -> Self {
        Self { title: title.into(), body, choices, marked: 0, top: 0 }
    }

    /// Returns how much room it takes on a screen of this size.
    pub fn area(&self, screen: Rect) -> Rect {
        let width = screen.width.saturating_sub(4).min(100);
        let choices = u16::try_from(self.choices.len()).unwrap_or(u16::MAX) + 1;
        let inner = usize::from(width.saturating_sub(4));
        let body = u16::try_from(wrapped_rows(&self.body, inner)).unwrap_or(u16::MAX);
        let height = body.saturating_add(choices).saturating_add(3).min(screen.height.saturating_sub(2));
        Rect {
            x: screen.x + (screen.width - width) / 2,
            y: screen.y + (screen.height.saturating_sub(height)) / 2,
            width,
            height,
        }
    }

    /// Draws it.
    pub fn draw(&self, state: &State, screen: Rect, buf: &mut Buffer) {
        let area = self.area(screen);
        Clear.render(area, buf);
        let inner = framed(state, area, &self.title, true, buf);
        let below = u16::try_from(self.choices.len()).unwrap_or(u16::MAX) + 1;
        let body = Rect {
            height: inner.height.saturating_sub(below),
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            ..inner
        };
        write_lines(state, &self.body, body, self.top, buf);
        for (number, choice) in self.choices.iter().enumerate() {
            let row = inner.y + body.height + 1 + u16::try_from(number).unwrap_or(u16::MAX);
            if row >= inner.bottom() {
                break;
            }
            let style =
                if number == self.marked { state.theme.style(Role::Selected) } else { state.theme.style(Role::Text) };
            let mark = if number == self.marked { state.glyphs.cursor } else { " " };
            let line = Line::from(vec![
                Span::raw(format!("{mark} ")),
                Span::styled(format!("{} ", number + 1), state.theme.style(Role::Accent)),
                Span::styled(format!("{} ({})", choice.text, choice.key), style),
            ]);
            buf.set_line(inner.x, row, &line, inner.width);
        }
        let hint = " enter take   esc not now ";
        let at = area.right().saturating_sub(u16::try_from(hint.len()).unwrap_or(0) + 2);
        buf.set_stringn(
            at,
            area.bottom().saturating_sub(1),
            hint,
            usize::from(area.width),
            state.theme.style(Role::Dim),
        );
    }
}

impl Ask {
    /// Returns the first line of the body at which its end is shown.
    pub fn last_top(&self, state: &State) -> usize {
        let area = self.area(crate::ui::draw::screen(state));
        let choices = self.choices.len() + 1;
        let rows = usize::from(area.height.saturating_sub(2)).saturating_sub(choices);
        wrapped_rows(&self.body, usize::from(area.width.saturating_sub(4))).saturating_sub(rows)
    }
}
