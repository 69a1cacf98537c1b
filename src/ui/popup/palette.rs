//! Finds an action by typing part of its name.

use nucleo::pattern::{CaseMatching, Normalization, Pattern};
use nucleo::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use crate::ui::action::{Action, Context, Entry, TABLE};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::framed;

/// The list of actions, narrowed by what was typed.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// The marked line.
    pub marked: usize,
    context: Context,
}

impl Palette {
    /// Opens it with the actions of a context.
    pub fn new(context: Context) -> Self {
        Self { text: String::new(), marked: 0, context }
    }

    /// Returns the entries that match, best first.
    pub fn found(&self) -> Vec<&'static Entry> {
        let entries = TABLE.iter().filter(|entry| entry.contexts.contains(&self.context));
        if self.text.is_empty() {
            return entries.collect();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(&self.text, CaseMatching::Ignore, Normalization::Smart);
        let mut letters = Vec::new();
        let mut scored: Vec<(u32, &'static Entry)> = entries
            .filter_map(|entry| {
                let text = format!("{} {}", entry.name, entry.doc);
                pattern.score(Utf32Str::new(&text, &mut letters), &mut matcher).map(|score| (score, entry))
            })
            .collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        scored.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Returns the marked action.
    pub fn taken(&self) -> Option<Action> {
        self.found().get(self.marked).map(|entry| entry.action)
    }

    /// Draws it.
    pub fn draw(&self, state: &State, screen: Rect, buf: &mut Buffer) {
        let width = screen.width.saturating_sub(4).min(76);
        let found = self.found();
        let height = screen.height.saturating_sub(2).min(18);
        let area = Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + 1, width, height };
        Clear.render(area, buf);
        let inner = framed(state, area, "Commands", true, buf);
        let prompt = Line::from(vec![
            Span::styled(": ", state.theme.style(Role::Accent)),
            Span::raw(self.text.clone()),
            Span::styled(" ", state.theme.style(Role::Selected)),
        ]);
        buf.set_line(inner.x, inner.y, &prompt, inner.width);
        let room = usize::from(inner.height.saturating_sub(1));
        let top = (self.marked + 1).saturating_sub(room);
        for (line, entry) in found.iter().enumerate().skip(top).take(room) {
            let row = inner.y + 1 + u16::try_from(line - top).unwrap_or(0);
            let style = state.theme.style(if line == self.marked { Role::Selected } else { Role::Text });
            let key = state.keymap.key_of(entry.action);
            let text = format!(" {:<20} {}", entry.name, entry.doc);
            let keys = u16::try_from(key.chars().count()).unwrap_or(0) + 1;
            buf.set_stringn(inner.x, row, &text, usize::from(inner.width.saturating_sub(keys + 1)), style);
            buf.set_stringn(
                inner.right().saturating_sub(keys),
                row,
                &key,
                usize::from(keys),
                state.theme.style(Role::Accent),
            );
        }
        if found.is_empty() {
            buf.set_stringn(
                inner.x + 1,
                inner.y + 1,
                "nothing matches; backspace widens",
                usize::from(inner.width),
                state.theme.style(Role::Dim),
            );
        }
    }
}
