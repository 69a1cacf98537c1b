//! Puts one of the first screens together.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text;
use super::what::{Front, Offer};
use crate::model::time::Wall;
use crate::ui::draw::{finish, screen};
use crate::ui::layout::SMALLEST;
use crate::ui::popup::{Answer, Sheet, widest};
use crate::ui::state::State;
use crate::ui::widget::put;

/// One of the first screens, and where the person is in it.
#[derive(Clone, Debug)]
pub struct FrontState {
    /// What is said.
    pub front: Front,
    /// What the dashboard will go on with: size, time, theme, signs.
    pub state: State,
    pub(super) marked: Option<usize>,
    pub(super) top: usize,
    /// The lowest row of the text that was at the top of the box.
    pub(super) seen: usize,
}

impl FrontState {
    /// Begins with the first thing to say.
    pub fn new(state: State, front: Front) -> Self {
        let marked = front.marked();
        let mut new = Self { front, state, marked, top: 0, seen: 0 };
        new.state.be_deaf(new.state.now);
        new
    }

    /// Says something else. An answer that was on its way to what stood there before does not count.
    pub fn show(&mut self, front: Front, now: Wall) {
        self.state.sees(now);
        if front == self.front {
            return;
        }
        if !matches!(front, Front::Starting { .. }) {
            self.state.be_deaf(now);
        }
        if std::mem::discriminant(&front) != std::mem::discriminant(&self.front) {
            self.top = 0;
            self.marked = front.marked();
        }
        self.front = front;
        self.begin_again();
    }

    /// Forgets what was seen: rows are others now. What a yes would be given to is read from its beginning.
    pub(super) fn begin_again(&mut self) {
        self.seen = 0;
        if self.front.must_see() > 0 {
            self.top = 0;
        }
    }

    /// Returns when something on the screen changes by time alone.
    pub fn next_tick(&self) -> Option<Wall> {
        match self.front {
            Front::Starting { .. } => Some(Wall((self.state.now.0 / 1000 + 1) * 1000)),
            Front::Trust { .. }
            | Front::NoChecks { .. }
            | Front::BadConfig { .. }
            | Front::Held { .. }
            | Front::Failed { .. } => None,
        }
    }

    /// Whether all that a yes would be given to has been shown.
    pub(super) fn is_informed(&self) -> bool {
        self.sheet().has_shown(screen(&self.state), self.front.must_see(), self.seen)
    }

    /// Returns it as it is drawn now.
    pub(super) fn sheet(&self) -> Sheet {
        let columns = usize::from(widest(screen(&self.state)));
        let answer =
            |offer: Offer| Answer { key: Some(offer.key), text: offer.text, short: offer.short, is_dim: false };
        Sheet {
            title: text::title(&self.front, columns),
            lines: text::lines(&self.state, &self.front, columns),
            answers: self.front.offers().into_iter().map(answer).collect(),
            marked: self.marked,
            top: self.top,
            hints: match self.marked {
                Some(_) => ("key or number answers   enter takes", "enter takes"),
                None => ("key or number answers", ""),
            },
        }
    }
}

/// Draws one of the first screens.
pub fn draw_front(front: &FrontState, frame: &mut Frame) {
    let area = frame.area();
    draw_front_into(front, area, frame.buffer_mut());
}

/// Draws one of the first screens into a buffer.
pub fn draw_front_into(front: &FrontState, area: Rect, buf: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        put(&Line::from("too small"), area, buf);
        return;
    }
    let mut sheet = front.sheet();
    let is_informed = front.is_informed();
    for (answer, offer) in sheet.answers.iter_mut().zip(front.front.offers()) {
        answer.is_dim = offer.answer.is_yes() && !is_informed;
    }
    sheet.draw(&front.state, area, buf);
    finish(&front.state, area, buf);
}
