//! The page that says how well each part works and what mends it, how each check stands, and the numbers.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::checks;
use super::time::{age, clock, count};
use crate::core::view::LaneRow;
use crate::model::cost::Spent;
use crate::model::health::{Level, Part};
use crate::model::number::thousands;
use crate::model::time::{Wall, hours};
use crate::ui::keyed::keyed;
use crate::ui::state::State;
use crate::ui::theme::Role;
use crate::ui::widget::{clip, plain};

/// Returns the lines of the page.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    let heading = |text: &'static str| Line::styled(text, state.theme.style(Role::Heading));
    let mut lines = vec![heading("HEALTH")];
    lines.extend(Part::ALL.into_iter().flat_map(|part| part_lines(state, part)));
    lines.push(heart(state));
    lines.extend(refused(state));
    if let Some((until, why)) = &state.view.head.parked {
        let until = until.map(|until| format!(", goes on in {}", count(state.now, until))).unwrap_or_default();
        lines.push(Line::styled(
            format!("  {} nothing starts: {}{until}", state.glyphs.held, keyed(state, why)),
            state.theme.style(Role::Warn),
        ));
    }
    lines.push(Line::default());
    lines.push(heading("CHECKS"));
    if state.view.checks.is_empty() {
        lines.push(Line::styled("  none has run yet; c runs them", state.theme.style(Role::Dim)));
    }
    lines.extend(checks::lines(state, "  "));
    lines.push(Line::default());
    lines.push(heading("STATISTICS"));
    lines.extend(numbers(state));
    lines
}

fn part_lines(state: &State, part: Part) -> Vec<Line<'static>> {
    let level = state.view.head.health.get(&part).unwrap_or(&Level::Up);
    let (glyph, role, word, fault) = match level {
        Level::Up if !state.seen => (state.glyphs.quiet, Role::Dim, "not known yet", None),
        Level::Up => (state.glyphs.good, Role::Good, "up", None),
        Level::Degraded { reason, since } => (state.glyphs.needs, Role::Warn, "degraded", Some((reason, *since))),
        Level::Down { reason, since } => (state.glyphs.bad, Role::Bad, "down", Some((reason, *since))),
    };
    let style = state.theme.style(role);
    let mut head = vec![
        Span::styled(format!("  {glyph} "), style),
        Span::raw(format!("{:<18} ", named(state, part))),
        Span::styled(word, style),
    ];
    let Some((reason, since)) = fault else { return vec![Line::from(head)] };
    let ago = match age(since, state.now).as_str() {
        "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    };
    head.push(Span::styled(format!(" since {}, {ago}", clock(state, since)), state.theme.style(Role::Dim)));
    let reason = keyed(state, reason);
    let mut lines = vec![Line::from(head), Line::from(format!("    {}", reason.replace('`', "")))];
    lines.extend(commands(&reason).map(|command| {
        Line::from(vec![
            Span::styled("    mend it: ", state.theme.style(Role::Dim)),
            Span::styled(command.to_owned(), state.theme.style(Role::Accent)),
        ])
    }));
    lines
}

/// Says that the configuration as it is written is not in force, why, and what ends that.
fn refused(state: &State) -> Vec<Line<'static>> {
    let Some((since, why)) = &state.view.head.refused else { return Vec::new() };
    let warn = state.theme.style(Role::Warn);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("  {} ", state.glyphs.needs), warn),
        Span::raw(format!("{:<18} ", "configuration")),
        Span::styled("refused", warn),
        Span::styled(
            format!(" since {}: the one before is in force", clock(state, *since)),
            state.theme.style(Role::Dim),
        ),
    ])];
    lines.extend(why.lines().map(|line| Line::from(format!("    {}", keyed(state, line)))));
    lines.push(Line::styled("    it is read again as soon as its file is saved", state.theme.style(Role::Dim)));
    lines
}

/// Names a part; the agent has its own name.
fn named(state: &State, part: Part) -> String {
    match part {
        Part::ClaudeInstances if !state.view.head.agent.is_empty() => {
            format!("agent {}", clip(&plain(&state.view.head.agent), 12, state.glyphs.more))
        }
        Part::ClaudeInstances => "agent".to_owned(),
        Part::StateManager | Part::FileWatcher | Part::TestRunner => part.name().to_owned(),
    }
}

/// Returns what stands between backticks: reasons write commands so.
fn commands(reason: &str) -> impl Iterator<Item = &str> {
    reason.split('`').skip(1).step_by(2).filter(|command| command.contains(' '))
}

fn heart(state: &State) -> Line<'static> {
    let head = &state.view.head;
    if let Some(why) = &state.gone {
        let text = format!("  {} the supervisor is gone: {}", state.glyphs.bad, plain(why));
        return Line::styled(text, state.theme.style(Role::Bad));
    }
    if state.is_late() {
        let late = Duration::from_millis(state.now.0.saturating_sub(head.beat.0));
        let text = format!(
            "  {} heartbeat is late: the last was {} ago; process {} hangs, or the machine slept",
            state.glyphs.bad,
            hours(late),
            head.pid
        );
        return Line::styled(text, state.theme.style(Role::Bad));
    }
    if !state.seen {
        return Line::styled(format!("  {} no heartbeat yet", state.glyphs.quiet), state.theme.style(Role::Dim));
    }
    Line::from(vec![
        Span::styled(format!("  {} ", state.glyphs.heart), state.theme.style(Role::Good)),
        Span::raw(format!("{:<18} every {} s, process {}", "heartbeat", head.heartbeat / 1000, head.pid)),
    ])
}

fn numbers(state: &State) -> Vec<Line<'static>> {
    let head = &state.view.head;
    let numbers = head.numbers;
    let rate = match numbers.percent() {
        Some(percent) => format!("{percent} of those that succeeded or failed"),
        None => "no task yet".to_owned(),
    };
    let uptime = if head.started == Wall(0) {
        String::new()
    } else {
        hours(Duration::from_millis(state.now.0.saturating_sub(head.started.0)))
    };
    let by_you = numbers.said_by_person().map(|how| ("ended by you", how));
    let rows = [
        ("uptime", uptime),
        ("tasks processed", numbers.ended.to_string()),
        ("tasks succeeded", numbers.succeeded.to_string()),
        ("tasks failed", numbers.failed.to_string()),
        ("tasks escalated", numbers.escalated.to_string()),
    ];
    let rows = rows.into_iter().chain(by_you).chain([
        ("success rate", rate),
        ("cost", head.spent.price().map_or_else(|| Spent::NO_PRICE.to_owned(), |_| head.spent.to_string())),
        ("tokens", format!("{} in, {} out", thousands(head.spent.tokens_in), thousands(head.spent.tokens_out))),
        ("files watched", head.files.to_string()),
        ("agents", at_work(&head.lanes)),
    ]);
    let line = |(name, value)| {
        Line::from(vec![Span::styled(format!("    {name:<18} "), state.theme.style(Role::Dim)), Span::raw(value)])
    };
    rows.map(line).collect()
}

/// Says how many agents are at work, of how many; by lane where there is more than fixes.
fn at_work(lanes: &[LaneRow]) -> String {
    let of = |row: &LaneRow| format!("{} of {}", row.at_work, row.most);
    let lanes: Vec<String> = match lanes {
        [] => vec!["none".to_owned()],
        [only] => vec![of(only)],
        lanes => lanes.iter().map(|row| format!("{} {}", row.lane, of(row))).collect(),
    };
    format!("{} at work", lanes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{at_work, commands};
    use crate::core::view::LaneRow;
    use crate::model::assignment::Lane;

    #[test]
    fn agents_are_counted_by_lane_once_there_is_more_than_fixes() {
        let row = |lane, at_work, most| LaneRow { lane, at_work, most };
        assert_eq!(at_work(&[row(Lane::Fix, 1, 2)]), "1 of 2 at work");
        assert_eq!(at_work(&[row(Lane::Fix, 0, 1), row(Lane::Day, 3, 3)]), "fix 0 of 1, day 3 of 3 at work");
    }

    #[test]
    fn what_mends_a_fault_is_taken_from_its_reason() {
        let reason = "`inotify` is out of watches; `sudo sysctl x=1` mends it, or `poll = true` does";
        assert_eq!(commands(reason).collect::<Vec<_>>(), ["sudo sysctl x=1", "poll = true"]);
    }
}
