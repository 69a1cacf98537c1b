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
use crate::ui::widget::{clip, framed, plain, width};

/// The most tasks that are listed; whoever wants another one types on.
const TASKS: usize = 50;

/// From this width on, names stand beside the words.
const WITH_NAMES: u16 = 60;

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
                let reason = unable(state, entry.action);
                let rank = if reason.is_none() { 0 } else { 2 };
                hits.push(((rank, Reverse(score)), of_action(entry, reason, matched)));
            }
        }
        if !self.text.is_empty() {
            let mut tasks = Vec::new();
            for row in &state.view.rows {
                let texts = (row.id.to_string(), plain(&row.key.to_string()));
                if let Some((score, matched)) = scorer.score(&format!("{} {}", texts.0, texts.1)) {
                    tasks.push(((1, Reverse(score)), Hit { target: Target::Task(row.id), texts, matched }));
                }
            }
            tasks.sort_by_key(|(rank, _)| *rank);
            hits.extend(tasks.into_iter().take(TASKS));
        }
        hits.sort_by_key(|(rank, _)| *rank);
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    /// Returns what is marked.
    pub fn taken(&self, state: &State) -> Option<Target> {
        self.found(state).into_iter().nth(self.marked).map(|hit| hit.target)
    }

    fn area(screen: Rect) -> Rect {
        let is_small = screen.width < WITH_NAMES || screen.height < 16;
        let (margin, top) = if is_small { (0, 0) } else { (4, 1) };
        let wide = screen.width.saturating_sub(margin).min(96);
        let high = screen.height.saturating_sub(margin / 2).min(24);
        Rect { x: screen.x + (screen.width - wide) / 2, y: screen.y + top, width: wide, height: high }
    }

    /// Returns how many lines are shown at a time.
    pub fn page(screen: Rect) -> usize {
        usize::from(Self::area(screen).height.saturating_sub(3)).max(1)
    }

    fn top(&self, screen: Rect) -> usize {
        (self.marked + 1).saturating_sub(Self::page(screen))
    }

    /// Returns the line that is drawn at a place of the screen.
    pub fn line_at(&self, screen: Rect, at: Position) -> Option<usize> {
        let area = Self::area(screen);
        let list = Rect { y: area.y + 2, height: area.height.saturating_sub(3), ..area };
        list.contains(at).then(|| self.top(screen) + usize::from(at.y - list.y))
    }

    /// Draws it.
    pub fn draw(&self, state: &State, screen: Rect, buf: &mut Buffer) {
        let style = |role| state.theme.style(role);
        let area = Self::area(screen);
        Clear.render(area, buf);
        let found = self.found(state);
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
            buf.set_stringn(inner.x + 1, inner.y + 1, text, usize::from(inner.width), style(Role::Dim));
        }
        let below = found.len().saturating_sub(top + usize::from(inner.height.saturating_sub(1)));
        let text = if below > 0 { format!(" {below} more below ") } else { " enter takes   esc close ".to_owned() };
        let at = area.right().saturating_sub(u16::try_from(width(&text)).unwrap_or(0) + 2).max(area.x);
        buf.set_stringn(at, area.bottom().saturating_sub(1), &text, usize::from(area.right() - at), style(Role::Dim));
    }
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
    let mut spans = vec![Span::raw(" ")];
    if area.width >= WITH_NAMES - 2 || matches!(hit.target, Target::Task(_)) {
        let cut = clip(name, NAME, state.glyphs.more);
        let pad = if matches!(hit.target, Target::Task(_)) { 1 } else { NAME.saturating_sub(width(&cut)) + 1 };
        spans.extend(marked(state, &cut, 0, &hit.matched, role));
        spans.push(Span::raw(" ".repeat(pad)));
        match reason {
            Some(reason) => spans.push(Span::styled(plain(reason), state.theme.style(Role::Dim))),
            None => spans.extend(marked(state, says, after, &hit.matched, role)),
        }
    } else {
        spans.extend(marked(state, says, after, &hit.matched, role));
    }
    let keys = u16::try_from(width(&key)).unwrap_or(0) + 1;
    buf.set_line(area.x, area.y, &Line::from(spans), area.width.saturating_sub(keys + 1));
    let style = state.theme.style(if reason.is_some() { Role::Dim } else { Role::Accent });
    buf.set_stringn(area.right().saturating_sub(keys), area.y, &key, usize::from(keys), style);
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
