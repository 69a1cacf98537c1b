//! Finds an action by its name or its words, or a task by its title, from a few typed letters.

use std::cmp::Reverse;

use nucleo::pattern::{CaseMatching, Normalization, Pattern};
use nucleo::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget as _};

use super::able::unable;
use crate::model::id::TaskId;
use crate::ui::action::{Action, Entry, TABLE};
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, framed, note, plain, width};

/// From this width on, names stand beside the words.
const WITH_NAMES: u16 = 60;

/// The most rows that the box takes.
const HIGHEST: u16 = 24;

/// How wide the column of names is.
const NAME: usize = 19;

/// What can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An action; the reason says why it would do nothing now, if so.
    Action(Action, Option<String>),
    /// A task to go to.
    Task(TaskId),
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What it stands for.
    pub target: Target,
    /// Its name, and what it says.
    texts: (String, String),
    /// Which letters of both, with a space between, were typed.
    matched: Vec<u32>,
}

/// The list, narrowed by what was typed.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// The marked line.
    pub marked: usize,
}

/// Scores texts against what was typed.
struct Scorer {
    matcher: Matcher,
    pattern: Pattern,
    letters: Vec<char>,
}

impl Scorer {
    fn new(typed: &str) -> Self {
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        Self { matcher: Matcher::new(Config::DEFAULT), pattern, letters: Vec::new() }
    }

    fn score(&mut self, text: &str) -> Option<(u32, Vec<u32>)> {
        let mut matched = Vec::new();
        let text = Utf32Str::new(text, &mut self.letters);
        let score = self.pattern.indices(text, &mut self.matcher, &mut matched)?;
        matched.sort_unstable();
        matched.dedup();
        Some((score, matched))
    }
}

impl Palette {
    /// Returns what matches: what works now, then tasks, then what does not work now; the best first in each.
    pub fn found(&self, state: &State) -> Vec<Hit> {
        let mut scorer = Scorer::new(&self.text);
        let mut hits: Vec<((u8, Reverse<u32>), Hit)> = Vec::new();
        if !self.text.starts_with('#') {
            // The palette itself is open already.
            for entry in TABLE.iter().filter(|entry| entry.action != Action::Palette) {
                let Some((score, matched)) = scorer.score(&format!("{} {}", entry.name, entry.doc)) else { continue };
                // Who types a name means it; a sentence only happens to have its letters.
                let score = score + scorer.score(entry.name).map_or(0, |(score, _)| score);
                let reason = unable(state, entry.action);
                let rank = match (&reason, self.text.is_empty() && is_move(entry.action)) {
                    (None, false) => 0,
                    (None, true) => 1,
                    (Some(_), _) => 3,
                };
                hits.push(((rank, Reverse(score)), of_action(entry, reason, matched)));
            }
        }
        // A few letters are somewhere in most sentences; beside a real match such a one is noise.
        let best = hits.iter().map(|((_, score), _)| score.0).max().unwrap_or(0);
        hits.retain(|((_, score), _)| score.0 * 5 >= best * 3);
        if !self.text.is_empty() {
            for row in &state.view.rows {
                let texts = (row.id.to_string(), plain(&row.title.clone()));
                if let Some((score, matched)) = scorer.score(&format!("{} {}", texts.0, texts.1)) {
                    hits.push(((2, Reverse(score)), Hit { target: Target::Task(row.id), texts, matched }));
                }
            }
        }
        hits.sort_by_key(|(rank, _)| *rank);
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    /// Returns what is marked.
    pub fn taken(&self, state: &State) -> Option<Target> {
        self.found(state).into_iter().nth(self.marked).map(|hit| hit.target)
    }

    /// Returns the area for so many lines at the most.
    fn area(screen: Rect, lines: usize) -> Rect {
        let is_small = screen.width < WITH_NAMES || screen.height < 16;
        let (margin, top) = if is_small { (0, 0) } else { (4, 1) };
        let wide = screen.width.saturating_sub(margin).min(96);
        let needed = u16::try_from(lines.max(1)).unwrap_or(u16::MAX).saturating_add(3);
        let high = screen.height.saturating_sub(margin / 2).min(HIGHEST).min(needed);
        Rect { x: screen.x + (screen.width - wide) / 2, y: screen.y + top, width: wide, height: high }
    }

    /// Returns how many lines are shown at a time at the most.
    pub fn page(screen: Rect) -> usize {
        usize::from(Self::area(screen, usize::from(HIGHEST)).height.saturating_sub(3)).max(1)
    }

    fn top(&self, screen: Rect) -> usize {
        (self.marked + 1).saturating_sub(Self::page(screen))
    }

    /// Returns the line that is drawn at a place of the screen.
    pub fn line_at(&self, state: &State, screen: Rect, at: Position) -> Option<usize> {
        let area = Self::area(screen, self.found(state).len());
        let list = Rect { y: area.y + 2, height: area.height.saturating_sub(3), ..area };
        list.contains(at).then(|| self.top(screen) + usize::from(at.y - list.y))
    }

    /// Draws it.
    pub fn draw(&self, state: &State, screen: Rect, buf: &mut Buffer) {
        let style = |role| state.theme.style(role);
        let found = self.found(state);
        let area = Self::area(screen, found.len());
        Clear.render(area, buf);
        let inner = framed(state, area, "Commands", true, buf);
        let prompt = Line::from(vec![
            Span::styled(": ", style(Role::Accent)),
            Span::raw(plain(&self.text)),
            Span::styled(" ", style(Role::Selected)),
        ]);
        buf.set_line(inner.x, inner.y, &prompt, inner.width);
        let hint = if self.text.is_empty() { "type to find; # finds tasks" } else { "" };
        let room = usize::from(inner.width).saturating_sub(prompt.width() + 2);
        if width(hint) <= room {
            let at = inner.right().saturating_sub(u16::try_from(width(hint)).unwrap_or(0) + 1);
            buf.set_stringn(at, inner.y, hint, room, style(Role::Dim));
        }
        let top = self.top(screen);
        for (y, (number, hit)) in (inner.y + 1..inner.bottom()).zip(found.iter().enumerate().skip(top)) {
            let area = Rect { y, height: 1, ..inner };
            draw_hit(state, hit, area, buf);
            if number == self.marked {
                buf.set_style(area, style(Role::Selected));
            }
        }
        if found.is_empty() {
            let text = "nothing matches; backspace widens, esc closes";
            let text = clip(text, usize::from(inner.width.saturating_sub(2)), state.glyphs.more);
            buf.set_stringn(inner.x + 1, inner.y + 1, text, usize::from(inner.width), style(Role::Dim));
        }
        let below = found.len().saturating_sub(top + usize::from(inner.height.saturating_sub(1)));
        let text = if below > 0 { format!("{below} more below") } else { "enter takes   esc close".to_owned() };
        note(state, area, &text, buf);
    }
}

/// Whether an action only moves about, which nobody looks up first.
fn is_move(action: Action) -> bool {
    matches!(
        action,
        Action::Down
            | Action::Up
            | Action::Top
            | Action::Bottom
            | Action::PageDown
            | Action::PageUp
            | Action::Back
            | Action::NextPane
            | Action::NextTab
            | Action::PrevTab
            | Action::Tab(_)
    )
}

fn of_action(entry: &'static Entry, reason: Option<String>, matched: Vec<u32>) -> Hit {
    let texts = (entry.name.to_owned(), entry.doc.to_owned());
    Hit { target: Target::Action(entry.action, reason), texts, matched }
}

fn draw_hit(state: &State, hit: &Hit, area: Rect, buf: &mut Buffer) {
    let (name, says) = &hit.texts;
    let (key, reason) = match &hit.target {
        Target::Action(action, reason) => (state.keymap.key_of(*action), reason.as_deref()),
        Target::Task(_) => ("go to".to_owned(), None),
    };
    let role = if reason.is_some() { Role::Dim } else { Role::Text };
    let after = u32::try_from(name.chars().count() + 1).unwrap_or(u32::MAX);
    let keys = width(&key) + 1;
    let room = usize::from(area.width).saturating_sub(keys + 2);
    let mut spans = vec![Span::raw(" ")];
    if area.width >= WITH_NAMES - 2 || matches!(hit.target, Target::Task(_)) {
        let cut = clip(name, NAME, state.glyphs.more);
        let pad = if matches!(hit.target, Target::Task(_)) { 1 } else { NAME.saturating_sub(width(&cut)) + 1 };
        spans.extend(marked(state, &cut, 0, &hit.matched, role));
        spans.push(Span::raw(" ".repeat(pad)));
        let room = room.saturating_sub(width(&cut) + pad);
        match reason {
            Some(reason) => {
                let reason = clip(&plain(reason), room, state.glyphs.more);
                spans.push(Span::styled(reason, state.theme.style(Role::Dim)));
            }
            None => spans.extend(marked(state, &clip(says, room, state.glyphs.more), after, &hit.matched, role)),
        }
    } else {
        spans.extend(marked(state, &clip(says, room, state.glyphs.more), after, &hit.matched, role));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
    let style = state.theme.style(if reason.is_some() { Role::Dim } else { Role::Accent });
    let at = area.right().saturating_sub(u16::try_from(keys).unwrap_or(0)).max(area.x);
    buf.set_stringn(at, area.y, &key, keys, style);
}

/// Returns a text with the typed letters marked; `from`: the place of its first letter in what was searched.
fn marked(state: &State, text: &str, from: u32, matched: &[u32], role: Role) -> Vec<Span<'static>> {
    let plain = state.theme.style(role);
    let hit = state.theme.style(Role::Accent).add_modifier(ratatui::style::Modifier::BOLD);
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (place, letter) in (from..).zip(text.chars()) {
        let style = if matched.binary_search(&place).is_ok() { hit } else { plain };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(letter),
            _ => spans.push(Span::styled(letter.to_string(), style)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Wall;

    fn first(typed: &str) -> Option<&'static str> {
        let state = State::new("p", (80, 24), Wall(0));
        let palette = Palette { text: typed.to_owned(), marked: 0 };
        let hits = palette.found(&state);
        let Target::Action(action, _) = hits.first()?.target else { return None };
        action.entry().map(|entry| entry.name)
    }

    #[test]
    fn a_few_letters_of_a_name_find_it() {
        for (typed, name) in
            [("undo", "task.undo"), ("sno", "task.snooze"), ("run", "check.run"), ("heal", "health"), ("quit", "quit")]
        {
            assert_eq!(first(typed), Some(name), "{typed}");
        }
        assert_eq!(first("statistics"), Some("health"));
        assert_eq!(first("zzz"), None);
    }

    #[test]
    fn what_does_nothing_now_comes_last_and_says_why() {
        let state = State::new("p", (80, 24), Wall(0));
        let hits = Palette::default().found(&state);
        let reasons: Vec<bool> = hits.iter().map(|hit| matches!(hit.target, Target::Action(_, Some(_)))).collect();
        assert!(reasons.is_sorted() && reasons.contains(&true) && reasons.contains(&false));
        let kill = hits.iter().find(|hit| matches!(hit.target, Target::Action(Action::Kill, _)));
        assert_eq!(
            kill.map(|hit| hit.target.clone()),
            Some(Target::Action(Action::Kill, Some("no task is selected".to_owned())))
        );
    }
}
