//! A question with a few answers; what it is about is shown whole and scrolls.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use super::subject::{self, Subject};
use crate::model::id::TaskId;
use crate::model::workspace::TreeId;
use crate::ui::event::Intent;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, framed, plain, width, wrapped_rows, write_lines};

/// On a screen smaller than this, a question takes all of it.
const ROOMY: (u16, u16) = (50, 16);

/// The widest question: longer lines are hard to read.
const WIDEST: u16 = 110;

/// The narrowest one, where there is room: a small box is overlooked.
const NARROWEST: u16 = 52;

/// One of the answers.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The key that takes it, besides its number.
    pub key: char,
    /// What it says.
    pub text: String,
    /// What follows.
    pub intents: Vec<Intent>,
    /// Whether it is an answer to what is shown, and so has to wait until that is there.
    pub informed: bool,
}

impl Choice {
    /// An answer that may be given at any time.
    pub fn new(key: char, text: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { key, text: text.into(), intents, informed: false }
    }

    /// An answer that may be given once what it is about is shown.
    pub fn informed(key: char, text: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { informed: true, ..Self::new(key, text, intents) }
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What it is about.
    pub subject: Subject,
    /// The answers; `esc` is always another one, and changes nothing.
    pub choices: Vec<Choice>,
    /// The marked answer; enter takes it.
    pub marked: usize,
    /// The first line of the body that is shown.
    pub top: usize,
    /// The result that was shown, so that no answer goes to another one.
    pub shown: Option<TreeId>,
}

/// Where everything of a question lies.
struct Places {
    area: Rect,
    body: Rect,
    choices: Rect,
    /// The first row of the choices that is shown.
    first: usize,
}

impl Ask {
    /// Asks; the first choice is marked.
    pub fn new(subject: Subject, choices: Vec<Choice>) -> Self {
        Self { subject, choices, marked: 0, top: 0, shown: None }
    }

    /// Returns the task it is about, if it is about one.
    pub fn task(&self) -> Option<TaskId> {
        self.subject.task().map(|row| row.id)
    }

    fn places(&self, screen: Rect, body: &[Line<'_>]) -> Places {
        let is_roomy = screen.width >= ROOMY.0 && screen.height >= ROOMY.1;
        let margin = if is_roomy { 4 } else { 0 };
        let widest = screen.width.saturating_sub(margin).min(WIDEST);
        let choices = self.choices.iter().map(|choice| width(&label(choice)) + 6);
        let needed = body.iter().map(Line::width).chain(choices).max().unwrap_or(0) + 4;
        let wide = u16::try_from(needed).unwrap_or(u16::MAX).clamp(NARROWEST.min(widest), widest);
        let columns = usize::from(wide.saturating_sub(4));
        let rows = u16::try_from(wrapped_rows(body, columns)).unwrap_or(u16::MAX);
        let all: usize = self.choices.iter().map(|choice| choice_rows(choice, columns)).sum();
        let tallest = screen.height.saturating_sub(margin / 2);
        // At least two rows of what is asked about, and a row between.
        let for_choices = u16::try_from(all).unwrap_or(u16::MAX).min(tallest.saturating_sub(5)).max(1);
        let high = rows.saturating_add(for_choices).saturating_add(3).min(tallest);
        let area = Rect {
            x: screen.x + (screen.width - wide) / 2,
            y: screen.y + (screen.height - high) / 2,
            width: wide,
            height: high,
        };
        let inner =
            Rect { x: area.x + 2, y: area.y + 1, width: wide.saturating_sub(4), height: high.saturating_sub(2) };
        let for_choices = for_choices.min(inner.height);
        let choices = Rect { y: inner.bottom() - for_choices, height: for_choices, ..inner };
        let above: usize = self.choices.iter().take(self.marked + 1).map(|choice| choice_rows(choice, columns)).sum();
        Places {
            area,
            body: Rect { height: inner.height.saturating_sub(for_choices + 1), ..inner },
            choices,
            first: above.saturating_sub(usize::from(for_choices)),
        }
    }

    /// Draws it.
    pub fn draw(&self, state: &State, screen: Rect, buf: &mut Buffer) {
        let lines = subject::lines(state, self);
        let places = self.places(screen, &lines);
        Clear.render(places.area, buf);
        framed(state, places.area, &plain(&self.subject.title(state)), true, buf);
        let body = places.body;
        let last = wrapped_rows(&lines, usize::from(body.width)).saturating_sub(usize::from(body.height));
        write_lines(state, &lines, body, self.top.min(last), buf);
        if last > 0 {
            let text = format!("{} pgdn for {} more ", state.glyphs.dash, last - self.top.min(last));
            let text = if self.top >= last { format!("{} the end ", state.glyphs.dash) } else { text };
            let style = state.theme.style(if self.top >= last { Role::Dim } else { Role::Accent });
            buf.set_stringn(body.x, body.bottom(), &text, usize::from(body.width), style);
        }
        self.draw_choices(state, &places, buf);
        let hint = if self.choices.is_empty() {
            " esc close "
        } else if places.area.width < 44 {
            " enter takes   esc not now "
        } else {
            " key or number answers   enter takes   esc not now "
        };
        let hint = clip(hint, usize::from(places.area.width.saturating_sub(4)), state.glyphs.more);
        let at = places.area.right().saturating_sub(u16::try_from(width(&hint)).unwrap_or(0) + 2);
        let style = state.theme.style(Role::Dim);
        buf.set_stringn(at, places.area.bottom().saturating_sub(1), &hint, usize::from(places.area.width), style);
    }

    fn draw_choices(&self, state: &State, places: &Places, buf: &mut Buffer) {
        let area = places.choices;
        let is_informed = subject::is_informed(state, self);
        let mut row = 0_usize;
        for (number, choice) in self.choices.iter().enumerate() {
            let rows = choice_rows(choice, usize::from(area.width));
            let from = row;
            row += rows;
            if row <= places.first || from >= places.first + usize::from(area.height) {
                continue;
            }
            let skipped = places.first.saturating_sub(from);
            let y = area.y + u16::try_from(from + skipped - places.first).unwrap_or(0);
            let height = u16::try_from(rows - skipped).unwrap_or(1).min(area.bottom().saturating_sub(y));
            let is_marked = number == self.marked;
            let role = match (is_marked, choice.informed && !is_informed) {
                (true, _) => Role::Selected,
                (false, true) => Role::Dim,
                (false, false) => Role::Text,
            };
            if skipped == 0 {
                let mark = if is_marked { state.glyphs.cursor } else { " " };
                let accent = state.theme.style(Role::Accent);
                let head =
                    Line::from(vec![Span::styled(mark, accent), Span::styled(format!("{} ", number + 1), accent)]);
                buf.set_line(area.x, y, &head, area.width);
            }
            let text = Line::styled(label(choice), state.theme.style(role));
            let rest = Rect { x: area.x + 3, y, width: area.width.saturating_sub(3), height };
            write_lines(state, &[text], rest, skipped, buf);
        }
    }

    /// Returns the first line of the body at which its end is shown.
    pub fn last_top(&self, state: &State) -> usize {
        let lines = subject::lines(state, self);
        let body = self.places(crate::ui::draw::screen(state), &lines).body;
        wrapped_rows(&lines, usize::from(body.width)).saturating_sub(usize::from(body.height))
    }

    /// Returns how many rows of the body are shown.
    pub fn page(&self, state: &State) -> usize {
        let lines = subject::lines(state, self);
        usize::from(self.places(crate::ui::draw::screen(state), &lines).body.height).max(2)
    }

    /// Returns the choice that is drawn at a place of the screen.
    pub fn choice_at(&self, state: &State, at: Position) -> Option<usize> {
        let lines = subject::lines(state, self);
        let places = self.places(crate::ui::draw::screen(state), &lines);
        if !places.choices.contains(at) {
            return None;
        }
        let wanted = places.first + usize::from(at.y - places.choices.y);
        let mut row = 0;
        self.choices.iter().position(|choice| {
            row += choice_rows(choice, usize::from(places.choices.width));
            wanted < row
        })
    }
}

/// What a choice says, with its letter.
fn label(choice: &Choice) -> String {
    format!("{} ({})", choice.text, choice.key)
}

fn choice_rows(choice: &Choice, columns: usize) -> usize {
    wrapped_rows(&[Line::from(label(choice))], columns.saturating_sub(3)).max(1)
}
