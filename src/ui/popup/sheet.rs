//! A box with a text that scrolls and a few answers below it: what questions and the first screens have in common.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, framed, note, plain, width, wrapped_rows, write_lines};

/// On a screen smaller than this, a box takes all of it.
const ROOMY: (u16, u16) = (50, 16);

/// The widest box: longer lines are hard to read.
const WIDEST: u16 = 110;

/// The narrowest one, where there is room: a small box is overlooked.
const NARROWEST: u16 = 52;

/// Below this many columns, answers are shown in short.
const NARROW: usize = 44;

/// An answer as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ui) struct Answer {
    /// The key that gives it, besides its number.
    pub(in crate::ui) key: Option<char>,
    /// What it says.
    pub(in crate::ui) text: String,
    /// The same for a narrow box; empty: the same words.
    pub(in crate::ui) short: &'static str,
    /// Whether it cannot be given just now.
    pub(in crate::ui) is_dim: bool,
}

impl Answer {
    fn label(&self, columns: usize) -> String {
        let is_short = columns < NARROW && !self.short.is_empty();
        let text = plain(if is_short { self.short } else { &self.text });
        self.key.map_or_else(|| text.clone(), |key| format!("{text} ({key})"))
    }

    fn rows(&self, columns: usize) -> usize {
        wrapped_rows(&[Line::from(self.label(columns))], columns.saturating_sub(3)).max(1)
    }
}

/// The box.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Sheet {
    /// What stands in the border.
    pub(in crate::ui) title: String,
    /// The text.
    pub(in crate::ui) lines: Vec<Line<'static>>,
    /// The answers.
    pub(in crate::ui) answers: Vec<Answer>,
    /// The marked answer, if one is.
    pub(in crate::ui) marked: Option<usize>,
    /// The first row of the text that is shown.
    pub(in crate::ui) top: usize,
    /// What the other keys do, in long and in short.
    pub(in crate::ui) hints: (&'static str, &'static str),
}

/// Where everything of a box lies.
struct Places {
    area: Rect,
    text: Rect,
    answers: Rect,
    /// The first row of the answers that is shown.
    first: usize,
}

/// Returns how many columns the text of a box may have on a screen.
pub(in crate::ui) fn widest(screen: Rect) -> u16 {
    screen.width.saturating_sub(margin(screen)).min(WIDEST).saturating_sub(4)
}

fn margin(screen: Rect) -> u16 {
    if screen.width >= ROOMY.0 && screen.height >= ROOMY.1 { 4 } else { 0 }
}

impl Sheet {
    fn places(&self, screen: Rect) -> Places {
        let margin = margin(screen);
        let widest = screen.width.saturating_sub(margin).min(WIDEST);
        let answers = self.answers.iter().map(|answer| width(&answer.label(usize::from(widest))) + 3);
        let needed = self.lines.iter().map(Line::width).chain(answers).max().unwrap_or(0) + 4;
        let wide = u16::try_from(needed).unwrap_or(u16::MAX).clamp(NARROWEST.min(widest), widest);
        let columns = usize::from(wide.saturating_sub(4));
        let rows = u16::try_from(wrapped_rows(&self.lines, columns)).unwrap_or(u16::MAX);
        let all: usize = self.answers.iter().map(|answer| answer.rows(columns)).sum();
        let tallest = screen.height.saturating_sub(margin / 2);
        // At least two rows of what is asked about, and a row between.
        let for_answers = u16::try_from(all).unwrap_or(u16::MAX).min(tallest.saturating_sub(5).max(1));
        let high = rows.saturating_add(for_answers).saturating_add(3).min(tallest);
        let area = Rect {
            x: screen.x + (screen.width - wide) / 2,
            y: screen.y + (screen.height - high) / 2,
            width: wide,
            height: high,
        };
        let inner =
            Rect { x: area.x + 2, y: area.y + 1, width: wide.saturating_sub(4), height: high.saturating_sub(2) };
        let for_answers = for_answers.min(inner.height);
        let answers = Rect { y: inner.bottom() - for_answers, height: for_answers, ..inner };
        let rows_to = |number| self.answers.iter().take(number).map(|answer| answer.rows(columns)).sum::<usize>();
        let marked = self.marked.unwrap_or(0);
        let first = rows_to(marked + 1).saturating_sub(usize::from(for_answers)).min(rows_to(marked));
        let text = Rect { height: inner.height.saturating_sub(for_answers + 1), ..inner };
        Places { area, text, answers, first }
    }

    /// Draws it.
    pub(in crate::ui) fn draw(&self, state: &State, screen: Rect, buf: &mut Buffer) {
        let places = self.places(screen);
        Clear.render(places.area, buf);
        framed(state, places.area, &plain(&self.title), true, buf);
        let text = places.text;
        let last = self.last_in(text);
        let top = self.top.min(last);
        write_lines(state, &self.lines, text, top, buf);
        if last > 0 {
            let (words, role) = if top == last {
                (format!("{} the end", state.glyphs.dash), Role::Dim)
            } else {
                (format!("{} pgdn for {} more", state.glyphs.dash, last - top), Role::Accent)
            };
            buf.set_stringn(text.x, text.bottom(), &words, usize::from(text.width), state.theme.style(role));
        }
        self.draw_answers(state, &places, buf);
        let (long, short) = self.hints;
        let hint = if width(long) + 6 <= usize::from(places.area.width) { long } else { short };
        let hint = clip(hint, usize::from(places.area.width.saturating_sub(6)), state.glyphs.more);
        note(state, places.area, &hint, buf);
    }

    fn draw_answers(&self, state: &State, places: &Places, buf: &mut Buffer) {
        let area = places.answers;
        let accent = state.theme.style(Role::Accent);
        let mut row = 0_usize;
        for (number, answer) in self.answers.iter().enumerate() {
            let rows = answer.rows(usize::from(area.width));
            let from = row;
            row += rows;
            if row <= places.first || from >= places.first + usize::from(area.height) {
                continue;
            }
            let skipped = places.first.saturating_sub(from);
            let y = area.y + u16::try_from(from + skipped - places.first).unwrap_or(0);
            let height = u16::try_from(rows - skipped).unwrap_or(1).min(area.bottom().saturating_sub(y));
            let is_marked = self.marked == Some(number);
            let role = match (is_marked, answer.is_dim) {
                (true, _) => Role::Selected,
                (false, true) => Role::Dim,
                (false, false) => Role::Text,
            };
            if skipped == 0 {
                let mark = if is_marked { state.glyphs.cursor } else { " " };
                let head = Line::from(vec![Span::styled(mark, accent), Span::styled((number + 1).to_string(), accent)]);
                buf.set_line(area.x, y, &head, area.width);
            }
            let text = Line::styled(answer.label(usize::from(area.width)), state.theme.style(role));
            let rest = Rect { x: area.x + 3, y, width: area.width.saturating_sub(3), height };
            write_lines(state, &[text], rest, skipped, buf);
        }
    }

    fn last_in(&self, text: Rect) -> usize {
        wrapped_rows(&self.lines, usize::from(text.width)).saturating_sub(usize::from(text.height))
    }

    /// Returns the first row of the text at which its end is shown.
    pub(in crate::ui) fn last_top(&self, screen: Rect) -> usize {
        self.last_in(self.places(screen).text)
    }

    /// Whether the first so many lines of the text have been shown to somebody who has scrolled down to row `seen`.
    pub(in crate::ui) fn has_shown(&self, screen: Rect, lines: usize, seen: usize) -> bool {
        let text = self.places(screen).text;
        let needed = wrapped_rows(&self.lines[..lines.min(self.lines.len())], usize::from(text.width));
        seen + usize::from(text.height) >= needed
    }

    /// Returns how many rows of the text are shown.
    pub(in crate::ui) fn page(&self, screen: Rect) -> usize {
        usize::from(self.places(screen).text.height).max(1)
    }

    /// Returns the answer that is drawn at a place of the screen.
    pub(in crate::ui) fn answer_at(&self, screen: Rect, at: Position) -> Option<usize> {
        let places = self.places(screen);
        if !places.answers.contains(at) {
            return None;
        }
        let wanted = places.first + usize::from(at.y - places.answers.y);
        let mut row = 0;
        self.answers.iter().position(|answer| {
            row += answer.rows(usize::from(places.answers.width));
            wanted < row
        })
    }
}
