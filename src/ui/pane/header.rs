//! The first line: is the project green, what does it cost, is everything well.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::time::{age, count};
use crate::core::view::Course;
use crate::model::check::Verdict;
use crate::model::health::{Level, Part};
use crate::ui::action::Action;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, clip_line, plain, put, width};

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
    let (text, role) = verdict(state);
    let mut spans = vec![Span::raw(" ")];
    if !state.label.is_empty() {
        spans.push(Span::styled(format!("{} ", state.label), style(Role::Warn)));
    }
    // How it stands is worth more than the names.
    let rest = room.saturating_sub(Line::from(spans.clone()).width() + width(&text) + 2);
    let project = clip(&plain(&state.project), rest.max(4), state.glyphs.more);
    let branch = state.view.head.branch.as_ref().map(|branch| clip(&plain(branch), 24, state.glyphs.more));
    let branch = branch.filter(|branch| width(&project) + width(branch) + 2 <= rest);
    spans.push(Span::styled(project, style(Role::Accent)));
    if let Some(branch) = branch {
        spans.push(Span::styled(format!("  {branch}"), style(Role::Dim)));
    }
    spans.push(Span::raw("  "));
    spans.push(Span::styled(text, style(role)));
    clip_line(Line::from(spans), room, state.glyphs.more)
}

/// Says in a few words how the project stands.
fn verdict(state: &State) -> (String, Role) {
    let glyphs = &state.glyphs;
    let head = &state.view.head;
    if let Some(why) = &state.gone {
        let why = if why.is_empty() { "the supervisor has ended".to_owned() } else { why.clone() };
        return (format!("{} {why}", glyphs.bad), Role::Bad);
    }
    if !state.seen {
        return (format!("{} starting", glyphs.busy), Role::Busy);
    }
    match head.course {
        Course::Stopping(_, until) => {
            let left = if until > state.now { format!(", at most {}", count(state.now, until)) } else { String::new() };
            return (format!("{} stopping{left}", glyphs.busy), Role::Warn);
        }
        Course::Starting => return (format!("{} starting", glyphs.busy), Role::Busy),
        Course::Up | Course::Gone => {}
    }
    if head.paused {
        let key = state.keymap.key_of(Action::Pause);
        return (format!("{} paused, {key} goes on", glyphs.held), Role::Warn);
    }
    if let Some((until, why)) = &head.parked {
        let left = until.filter(|until| *until > state.now).map(|until| format!(", {}", count(state.now, until)));
        return (format!("{} parked: {}{}", glyphs.held, plain(why), left.unwrap_or_default()), Role::Warn);
    }
    if state.view.costs.reached().is_some() {
        let key = state.keymap.key_of(Action::Raise);
        return (format!("{} over today's budget, {key} raises it", glyphs.held), Role::Warn);
    }
    if let Some(operation) = &head.operation {
        return (format!("{} {operation} under way", glyphs.held), Role::Warn);
    }
    let red =
        state.view.checks.iter().filter(|check| check.verdict.is_some_and(|verdict| verdict != Verdict::Green)).count();
    let running = state.view.checks.iter().any(|check| check.running.is_some() || check.wanted);
    match (red, running) {
        (0, true) => (format!("{} checking", glyphs.busy), Role::Busy),
        (0, false) if state.view.checks.is_empty() => (format!("{} nothing checked yet", glyphs.quiet), Role::Dim),
        (0, false) => (format!("{} all green", glyphs.good), Role::Good),
        (red, _) => (format!("{} {red} red", glyphs.bad), Role::Bad),
    }
}

fn right(state: &State) -> Line<'static> {
    let head = &state.view.head;
    let style = |role| state.theme.style(role);
    let mut spans: Vec<Span<'static>> = Vec::new();
    if state.seen && state.size.0 >= 100 {
        spans.push(Span::styled(format!("watching {} files  ", thousands(head.files)), style(Role::Dim)));
    }
    if state.seen && state.size.0 >= 60 {
        spans.extend(money(state));
    }
    let heart = if state.is_late() {
        (format!("{} heart late {}  ", state.glyphs.bad, age(head.beat, state.now)), Role::Bad)
    } else if state.gone.is_some() || !state.seen {
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
        if is_up && state.size.0 < 100 {
            // On a narrow screen only what is not well is worth its room.
            continue;
        }
        spans.push(Span::styled(short(part), if is_up { style(Role::Dim) } else { Style::new() }));
        spans.push(Span::styled(format!("{glyph} "), style(role)));
    }
    Line::from(spans)
}

/// Says what was spent: today, of the day's line, if there is one.
fn money(state: &State) -> Vec<Span<'static>> {
    let costs = &state.view.costs;
    let Some(line) = costs.lines.iter().max_by_key(|line| line.percent()) else {
        return vec![Span::raw(format!("{}  ", state.view.head.spent))];
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

fn short(part: Part) -> &'static str {
    match part {
        Part::StateManager => "state",
        Part::FileWatcher => "watch",
        Part::TestRunner => "tests",
        Part::ClaudeInstances => "claude",
    }
}

/// Writes a number with a comma between thousands.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1204), "1,204");
        assert_eq!(thousands(1_000_000), "1,000,000");
    }
}
