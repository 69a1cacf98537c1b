//! The first line: is the project green, what does it cost, is everything well.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::events;
use super::time::{age, count};
use crate::core::view::Course;
use crate::model::health::{Level, Part};
use crate::model::number::thousands;
use crate::ui::action::Action;
use crate::ui::keyed::keyed;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, clip_line, plain, put, width};

/// From this width on there is room for more than what is news.
const ROOMY: u16 = 100;

/// The columns that the name of the project gets before what is said beside it is shortened.
const NAME: usize = 14;

/// The most columns of the agent's name, and on a narrow screen.
const AGENT: usize = 20;
const AGENT_NARROW: usize = 12;

/// The most columns of the name of a check that runs.
const CHECK: usize = 20;

/// How long a check must run to be news.
const NEWS: Duration = Duration::from_secs(1);

/// Draws the header.
pub(in crate::ui) fn draw(state: &State, area: Rect, buf: &mut Buffer) {
    let right = right(state);
    let taken = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width);
    let left = left(state, usize::from(area.width.saturating_sub(taken + 1)));
    put(&left, Rect { width: area.width.saturating_sub(taken), ..area }, buf);
    put(&right, Rect { x: area.right() - taken, width: taken, ..area }, buf);
}

fn left(state: &State, room: usize) -> Line<'static> {
    let style = |role| state.theme.style(role);
    let mut parts = standing(state);
    let wide = |parts: &[Piece]| parts.iter().map(|part| width(&part.text) + 2).sum::<usize>();
    // What runs while something is red is told where there is room beside all else.
    let is_told =
        state.red() == (0, 0) || matches!(state.view.head.course, Course::Stopping(..)) || state.gone.is_some();
    if let Some((which, time)) = under_way(state).filter(|_| !is_told) {
        let busy = state.glyphs.busy;
        for text in [format!("{busy} {which} {time}"), format!("{busy} {time}")] {
            if wide(&parts) + width(&text) + 2 + NAME <= room {
                parts.insert(1, Piece::new(text, Role::Busy));
                break;
            }
        }
    }
    // Where not all of it fits beside the name, in fewer words, the last ones first.
    for at in (0..parts.len()).rev() {
        if wide(&parts) + NAME > room {
            parts[at].shorten();
        }
    }
    let stands = wide(&parts);
    let mut spans = vec![Span::raw(" ")];
    if !state.label.is_empty() {
        spans.push(Span::styled(format!("{} ", state.label), style(Role::Warn)));
    }
    // How it stands is worth more than the names.
    let rest = room.saturating_sub(Line::from(spans.clone()).width() + stands);
    let project = clip(&plain(&state.project), rest.max(4), state.glyphs.more);
    let branch = state.view.head.branch.as_ref().map(|branch| clip(&plain(branch), 24, state.glyphs.more));
    let branch = branch.filter(|branch| width(&project) + width(branch) + 2 <= rest);
    spans.push(Span::styled(project, style(Role::Accent)));
    if let Some(branch) = branch {
        spans.push(Span::styled(format!("  {branch}"), style(Role::Dim)));
    }
    for Piece { text, role, .. } in parts {
        spans.push(Span::raw("  "));
        spans.push(Span::styled(text, style(role)));
    }
    clip_line(Line::from(spans), room, state.glyphs.more)
}

/// A few words about how the project stands.
struct Piece {
    text: String,
    /// The same in fewer words; empty: there are none.
    less: String,
    role: Role,
}

impl Piece {
    fn new(text: String, role: Role) -> Self {
        Self { text, less: String::new(), role }
    }

    fn shorten(&mut self) {
        if !self.less.is_empty() {
            self.text = std::mem::take(&mut self.less);
        }
    }
}

/// Says how the project stands, then what keeps anything from going on as usual.
fn standing(state: &State) -> Vec<Piece> {
    let glyphs = &state.glyphs;
    let head = &state.view.head;
    if let Some(why) = &state.gone {
        let why = if why.is_empty() { "the supervisor has ended".to_owned() } else { why.clone() };
        return vec![Piece::new(format!("{} {why}", glyphs.bad), Role::Bad)];
    }
    if !state.seen || head.course == Course::Starting {
        return vec![Piece::new(format!("{} starting", glyphs.busy), Role::Busy)];
    }
    let mut parts = vec![checks(state)];
    if let Course::Stopping(_, until) = head.course {
        let left = if until > state.now { format!(", at most {}", count(state.now, until)) } else { String::new() };
        parts.push(Piece::new(format!("{} stopping{left}", glyphs.busy), Role::Warn));
        return parts;
    }
    let sign = glyphs.held;
    if head.paused {
        let key = state.keymap.key_of(Action::Pause);
        let text = format!("{sign} paused, {key} goes on");
        parts.push(Piece { text, less: format!("{sign} paused"), role: Role::Warn });
    } else if let Some((until, why)) = &head.parked {
        let left = until.filter(|until| *until > state.now).map(|until| format!(", {}", count(state.now, until)));
        let left = left.unwrap_or_default();
        let text = format!("{sign} parked: {}{left}", keyed(state, why));
        parts.push(Piece { text, less: format!("{sign} parked{left}"), role: Role::Warn });
    } else if state.view.costs.reached().is_some() {
        let key = state.keymap.key_of(Action::Raise);
        let text = format!("{sign} over today's budget, {key} raises it");
        parts.push(Piece { text, less: format!("{sign} over budget, {key}"), role: Role::Warn });
    } else if let Some(operation) = &head.operation {
        parts.push(Piece::new(format!("{sign} {operation} under way"), Role::Warn));
    }
    if let Some((text, less)) = events::unseen(state) {
        parts.push(Piece { text, less, role: Role::Warn });
    } else if let Some((text, less)) = events::pending(state) {
        parts.push(Piece { text, less, role: Role::Dim });
    }
    if head.refused.is_some() {
        let (sign, key) = (glyphs.needs, state.keymap.key_of(Action::Health));
        let text = format!("{sign} old configuration in force: {key} says why");
        parts.push(Piece { text, less: format!("{sign} old configuration: {key}"), role: Role::Warn });
    }
    parts
}

/// Says how the checks stand.
fn checks(state: &State) -> Piece {
    let glyphs = &state.glyphs;
    let (red, broken) = state.red();
    let running = state.view.checks.iter().any(|check| check.running.is_some() || check.wanted);
    let (text, role) = match (red, broken, running) {
        (0, 0, true) => (format!("{} checking", glyphs.busy), Role::Busy),
        (0, 0, false) if state.view.checks.is_empty() => (format!("{} nothing checked yet", glyphs.quiet), Role::Dim),
        (0, 0, false) => (format!("{} all green", glyphs.good), Role::Good),
        (0, broken, _) => (format!("{} {broken} cannot run", glyphs.bad), Role::Bad),
        (red, 0, _) => (format!("{} {red} red", glyphs.bad), Role::Bad),
        (red, broken, _) => (format!("{} {red} red, {broken} cannot run", glyphs.bad), Role::Bad),
    };
    match under_way(state).filter(|_| (red, broken) == (0, 0)) {
        Some((which, time)) => Piece { text: format!("{text}: {which} {time}"), less: text, role },
        None => Piece::new(text, role),
    }
}

/// Names the checks that run, and says for how long the oldest of them does; nothing about one that is over in a moment.
fn under_way(state: &State) -> Option<(String, String)> {
    let running: Vec<_> = state.view.checks.iter().filter_map(|check| Some((check, check.running?))).collect();
    let (first, since) = running.iter().min_by_key(|(_, since)| *since)?;
    if state.now.since(*since) < NEWS {
        return None;
    }
    let which = match running.len() {
        1 => clip(&plain(&first.key.to_string()), CHECK, state.glyphs.more),
        more => format!("{more} checks"),
    };
    Some((which, count(*since, state.now)))
}

fn right(state: &State) -> Line<'static> {
    let head = &state.view.head;
    let style = |role| state.theme.style(role);
    let mut spans: Vec<Span<'static>> = Vec::new();
    if state.gone.is_some() {
        // Nothing of it is known any more, and why not is worth the whole line.
        return Line::default();
    }
    // What keeps anything from going on is worth more than what is watched.
    if state.seen && state.size.0 >= ROOMY && head.refused.is_none() && events::unseen(state).is_none() {
        spans.push(Span::styled(format!("watching {} files  ", thousands(head.files as u64)), style(Role::Dim)));
    }
    if state.seen && state.size.0 >= 60 {
        spans.extend(money(state));
    }
    let heart = if state.is_late() {
        (format!("{} heart late {}  ", state.glyphs.bad, age(head.beat, state.now)), Role::Bad)
    } else if !state.seen {
        (format!("{}  ", state.glyphs.quiet), Role::Dim)
    } else {
        (format!("{}  ", state.glyphs.heart), Role::Good)
    };
    spans.push(Span::styled(heart.0, style(heart.1)));
    for part in Part::ALL {
        let (glyph, role) = match head.health.get(&part).unwrap_or(&Level::Up) {
            Level::Up if !state.seen => (state.glyphs.quiet, Role::Dim),
            Level::Up => (state.glyphs.good, Role::Good),
            Level::Degraded { .. } => (state.glyphs.needs, Role::Warn),
            Level::Down { .. } => (state.glyphs.bad, Role::Bad),
        };
        let is_up = glyph == state.glyphs.good;
        if is_up && (state.size.0 < ROOMY || part == Part::ClaudeInstances && !head.fixing) {
            // On a narrow screen only what is not well is worth its room; and nobody fixes where only checks are run.
            continue;
        }
        spans.push(Span::styled(short(state, part), if is_up { style(Role::Dim) } else { Style::new() }));
        spans.push(Span::styled(format!("{glyph} "), style(role)));
    }
    Line::from(spans)
}

/// Says what was spent: today, of the day's line, if there is one.
fn money(state: &State) -> Vec<Span<'static>> {
    let costs = &state.view.costs;
    let Some(line) = costs.lines.iter().max_by_key(|line| line.percent()) else {
        let spent = state.view.head.spent;
        return spent.price().map(|_| Span::raw(format!("{spent}  "))).into_iter().collect();
    };
    let role = match (line.is_reached(), line.is_near()) {
        (true, _) => Role::Bad,
        (false, true) => Role::Warn,
        (false, false) => Role::Text,
    };
    let open = if costs.today.spent().unpriced { "?" } else { "" };
    let text = format!("{}{open}  ", line.line.share(line.used, line.limit));
    vec![Span::styled(text, state.theme.style(role))]
}

/// Names a part in a word; the agent has its own name.
fn short(state: &State, part: Part) -> String {
    match part {
        Part::StateManager => "state".to_owned(),
        Part::FileWatcher => "watch".to_owned(),
        Part::TestRunner => "tests".to_owned(),
        Part::ClaudeInstances if state.view.head.agent.is_empty() => "agent".to_owned(),
        Part::ClaudeInstances => {
            let most = if state.size.0 < ROOMY { AGENT_NARROW } else { AGENT };
            clip(&plain(&state.view.head.agent), most, state.glyphs.more)
        }
    }
}
